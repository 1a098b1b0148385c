//! Lists of records: they never change, and what filters or orders one gives one of the same type.

use std::cmp::Ordering;
use std::sync::Arc;

use rhai::{Array, Dynamic, FnPtr, FuncRegistration, ImmutableString, Module, NativeCallContext};

use super::super::closure;
use super::super::context::Context;
use super::super::json;
use super::super::raised::{Raised, Result};
use super::super::render::Cell;
use super::super::suggest;
use super::record::{Handle, Record, refuse_tag};

/// A list of `T`; copies are the same list.
#[derive(Debug)]
pub struct List<T> {
    items: Arc<[Handle<T>]>,
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        Self { items: Arc::clone(&self.items) }
    }
}

impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.items, &other.items) || self.items == other.items
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self { items: items.into_iter().map(Handle::new).collect() }
    }
}

impl<T> FromIterator<Handle<T>> for List<T> {
    fn from_iter<I: IntoIterator<Item = Handle<T>>>(items: I) -> Self {
        Self { items: items.into_iter().collect() }
    }
}

impl<T> List<T> {
    /// The items.
    pub fn items(&self) -> &[Handle<T>] {
        &self.items
    }
}

/// The methods of every list, for help, suggestions and completion: name, arguments, one line.
pub const METHODS: &[(&str, &str, &str)] = &[
    ("len", "()", "how many items"),
    ("is_empty", "()", "whether there is none"),
    ("filter", "(|item| bool)", "the items for which the closure says true; the same type of list"),
    ("map", "(|item| value) or (\"key\")", "an array of what the closure gives, or of one key"),
    (
        "order",
        "(|item| value) or (\"key\")",
        "ordered by that, smallest first; `-item.size` is largest first; stable",
    ),
    ("reverse", "()", "the other way round"),
    ("take", "(n)", "the first n"),
    ("skip", "(n)", "all but the first n"),
    ("find", "(|item| bool)", "the first for which the closure says true, else `()`"),
    ("any", "(|item| bool)", "whether it is true for one"),
    ("all", "(|item| bool)", "whether it is true for every one"),
    ("sum", "(|item| number) or (\"key\")", "the numbers added up"),
    ("contains", "(item)", "whether the item is in the list; also `item in list`"),
    ("to_array", "()", "an array of the items, which can be changed"),
];

/// Puts the methods of lists of `T` into `module`.
pub fn register<T: Record>(module: &mut Module, _context: &Arc<Context>) {
    module.set_custom_type::<List<T>>(T::LIST);
    module.set_iter(std::any::TypeId::of::<List<T>>(), |list| {
        let items = list.cast::<List<T>>().items;
        Box::new((0..items.len()).map(move |index| Dynamic::from(items[index].clone())))
    });
    refuse_tag::<List<T>>(module, T::LIST);
    register_plain::<T>(module);
    register_with_closures::<T>(module);
}

fn register_plain<T: Record>(module: &mut Module) {
    type Of<'a, T> = &'a mut List<T>;
    for registration in [FuncRegistration::new("len"), FuncRegistration::new_getter("len")] {
        registration.set_into_module(module, |list: Of<'_, T>| -> i64 { count(list.items.len()) });
    }
    for registration in [FuncRegistration::new("is_empty"), FuncRegistration::new_getter("is_empty")] {
        registration.set_into_module(module, |list: Of<'_, T>| -> bool { list.items.is_empty() });
    }
    FuncRegistration::new_index_getter()
        .set_into_module(module, |list: Of<'_, T>, index: i64| -> Result<Handle<T>> { item(list, index) });
    FuncRegistration::new("get")
        .set_into_module(module, |list: Of<'_, T>, index: i64| -> Result<Handle<T>> { item(list, index) });
    FuncRegistration::new("==")
        .set_into_module(module, |left: Of<'_, T>, right: List<T>| -> bool { *left == right });
    FuncRegistration::new("!=")
        .set_into_module(module, |left: Of<'_, T>, right: List<T>| -> bool { *left != right });
    FuncRegistration::new("reverse")
        .set_into_module(module, |list: Of<'_, T>| -> List<T> { list.items.iter().rev().cloned().collect() });
    FuncRegistration::new("take").set_into_module(module, |list: Of<'_, T>, n: i64| -> Result<List<T>> {
        Ok(list.items.iter().take(amount("take", n)?).cloned().collect())
    });
    FuncRegistration::new("skip").set_into_module(module, |list: Of<'_, T>, n: i64| -> Result<List<T>> {
        Ok(list.items.iter().skip(amount("skip", n)?).cloned().collect())
    });
    FuncRegistration::new("contains")
        .set_into_module(module, |list: Of<'_, T>, item: Handle<T>| -> bool { list.items.contains(&item) });
    FuncRegistration::new("to_array").set_into_module(module, |list: Of<'_, T>| -> Array {
        list.items.iter().cloned().map(Dynamic::from).collect()
    });
    for name in ["to_string", "print"] {
        FuncRegistration::new(name).set_into_module(module, |list: Of<'_, T>| -> String {
            super::super::render::plain(&Dynamic::from(list.clone()))
        });
    }
    for name in ["to_debug", "debug"] {
        FuncRegistration::new(name).set_into_module(module, |list: Of<'_, T>| -> String { debug(list) });
    }
}

fn register_with_closures<T: Record>(module: &mut Module) {
    type Of<'a, T> = &'a mut List<T>;
    FuncRegistration::new("filter").with_volatility(true).set_into_module(
        module,
        |context: NativeCallContext<'_>, list: Of<'_, T>, test: FnPtr| -> Result<List<T>> {
            let mut kept = Vec::new();
            for item in list.items.iter() {
                if says_true(&context, &test, item)? {
                    kept.push(item.clone());
                }
            }
            Ok(kept.into_iter().collect())
        },
    );
    FuncRegistration::new("find").with_volatility(true).set_into_module(
        module,
        |context: NativeCallContext<'_>, list: Of<'_, T>, test: FnPtr| -> Result<Dynamic> {
            for item in list.items.iter() {
                if says_true(&context, &test, item)? {
                    return Ok(Dynamic::from(item.clone()));
                }
            }
            Ok(Dynamic::UNIT)
        },
    );
    FuncRegistration::new("any").with_volatility(true).set_into_module(
        module,
        |context: NativeCallContext<'_>, list: Of<'_, T>, test: FnPtr| -> Result<bool> {
            for item in list.items.iter() {
                if says_true(&context, &test, item)? {
                    return Ok(true);
                }
            }
            Ok(false)
        },
    );
    FuncRegistration::new("all").with_volatility(true).set_into_module(
        module,
        |context: NativeCallContext<'_>, list: Of<'_, T>, test: FnPtr| -> Result<bool> {
            for item in list.items.iter() {
                if !says_true(&context, &test, item)? {
                    return Ok(false);
                }
            }
            Ok(true)
        },
    );
    FuncRegistration::new("map").with_volatility(true).set_into_module(
        module,
        |context: NativeCallContext<'_>, list: Of<'_, T>, of: FnPtr| -> Result<Array> {
            list.items.iter().map(|item| of_item(&context, &of, item)).collect()
        },
    );
    FuncRegistration::new("map").set_into_module(
        module,
        |list: Of<'_, T>, key: ImmutableString| -> Result<Array> {
            let get = getter::<T>(&key)?;
            Ok(list.items.iter().map(|item| get(item)).collect())
        },
    );
    FuncRegistration::new("order").with_volatility(true).set_into_module(
        module,
        |context: NativeCallContext<'_>, list: Of<'_, T>, of: FnPtr| -> Result<List<T>> {
            let keys =
                list.items.iter().map(|item| of_item(&context, &of, item)).collect::<Result<Vec<_>>>()?;
            ordered(list, keys)
        },
    );
    FuncRegistration::new("order").set_into_module(
        module,
        |list: Of<'_, T>, key: ImmutableString| -> Result<List<T>> {
            let get = getter::<T>(&key)?;
            let keys = list.items.iter().map(|item| get(item)).collect();
            ordered(list, keys)
        },
    );
    FuncRegistration::new("sum").with_volatility(true).set_into_module(
        module,
        |context: NativeCallContext<'_>, list: Of<'_, T>, of: FnPtr| -> Result<Dynamic> {
            let numbers =
                list.items.iter().map(|item| of_item(&context, &of, item)).collect::<Result<Vec<_>>>()?;
            sum(numbers)
        },
    );
    FuncRegistration::new("sum").set_into_module(
        module,
        |list: Of<'_, T>, key: ImmutableString| -> Result<Dynamic> {
            let get = getter::<T>(&key)?;
            sum(list.items.iter().map(|item| get(item)).collect())
        },
    );
}

fn count(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

fn amount(method: &str, n: i64) -> Result<usize> {
    usize::try_from(n)
        .map_err(|_| Raised::invalid(format!("`{method}` wants a number from 0 up, got `{n}`")).into())
}

/// The item at `index`; -1 is the last.
fn item<T: Record>(list: &List<T>, index: i64) -> Result<Handle<T>> {
    let len = count(list.items.len());
    let place = if index < 0 { index + len } else { index };
    usize::try_from(place).ok().and_then(|place| list.items.get(place)).cloned().ok_or_else(|| {
        let range = match len {
            0 => "the list is empty".to_owned(),
            1 => "the list has one item: 0".to_owned(),
            _ => format!("the list has {len} items: 0 to {}, or -1 to -{len} from the end", len - 1),
        };
        Raised::new("not_found", format!("{} has no item `{index}`", T::LIST)).with_hint(range).into()
    })
}

fn getter<T: Record>(key: &str) -> Result<fn(&T) -> Dynamic> {
    T::KEYS.iter().find(|known| known.name == key).map(|known| known.get).ok_or_else(|| {
        let names = T::KEYS.iter().map(|known| known.name);
        Raised::invalid(format!("a `{}` has no key `{key}`", T::NAME))
            .with_hint(suggest::among(key, names, "keys"))
            .into()
    })
}

/// What `closure` says of `item`.
fn of_item<T: Record>(context: &NativeCallContext<'_>, closure: &FnPtr, item: &Handle<T>) -> Result<Dynamic> {
    closure::call(context, closure, vec![Dynamic::from(item.clone())])
}

fn says_true<T: Record>(context: &NativeCallContext<'_>, test: &FnPtr, item: &Handle<T>) -> Result<bool> {
    let answer = of_item(context, test, item)?;
    answer.as_bool().map_err(|got| {
        Raised::invalid(format!("the closure must give `true` or `false`, gave `{got}`"))
            .with_hint("such as `|item| item.size > 1_000_000`")
            .into()
    })
}

fn ordered<T: Record>(list: &List<T>, keys: Vec<Dynamic>) -> Result<List<T>> {
    let mut failed = None;
    let mut pairs: Vec<_> = keys.into_iter().zip(list.items.iter().cloned()).collect();
    pairs.sort_by(|(left, _), (right, _)| {
        compare(left, right).unwrap_or_else(|| {
            failed.get_or_insert_with(|| (left.type_name(), right.type_name()));
            Ordering::Equal
        })
    });
    match failed {
        Some((left, right)) => {
            Err(Raised::invalid(format!("`order` cannot compare `{left}` with `{right}`")).into())
        }
        None => Ok(pairs.into_iter().map(|(_, item)| item).collect()),
    }
}

/// The order of two keys; nothing (`()`) comes first. `None` where there is no order.
pub fn compare(left: &Dynamic, right: &Dynamic) -> Option<Ordering> {
    match (left.is_unit(), right.is_unit()) {
        (true, true) => return Some(Ordering::Equal),
        (true, false) => return Some(Ordering::Less),
        (false, true) => return Some(Ordering::Greater),
        (false, false) => {}
    }
    if let (Ok(left), Ok(right)) = (left.as_int(), right.as_int()) {
        return Some(left.cmp(&right));
    }
    if let (Some(left), Some(right)) = (json::float(left), json::float(right)) {
        return Some(left.total_cmp(&right));
    }
    if let (Ok(left), Ok(right)) = (left.as_immutable_string_ref(), right.as_immutable_string_ref()) {
        return Some(left.as_str().cmp(right.as_str()));
    }
    if let (Ok(left), Ok(right)) = (left.as_bool(), right.as_bool()) {
        return Some(left.cmp(&right));
    }
    if let (Ok(left), Ok(right)) = (left.as_array_ref(), right.as_array_ref()) {
        for (left, right) in left.iter().zip(right.iter()) {
            match compare(left, right)? {
                Ordering::Equal => {}
                other => return Some(other),
            }
        }
        return Some(left.len().cmp(&right.len()));
    }
    None
}

fn sum(numbers: Vec<Dynamic>) -> Result<Dynamic> {
    let mut whole = Some(0_i64);
    let mut float = 0.0;
    for number in numbers {
        if number.is_unit() {
            continue;
        }
        if let Ok(int) = number.as_int() {
            whole = whole.and_then(|sum| sum.checked_add(int));
        } else {
            whole = None;
        }
        float += json::float(&number).ok_or_else(|| -> Box<rhai::EvalAltResult> {
            Raised::invalid(format!("`sum` wants numbers, got `{}`", number.type_name())).into()
        })?;
    }
    Ok(whole.map_or_else(|| Dynamic::from_float(float), Dynamic::from_int))
}

fn debug<T: Record>(list: &List<T>) -> String {
    format!("{}[{}]", T::LIST, list.items.len())
}

/// A list whose type is forgotten: what rendering and JSON need.
pub trait AnyList {
    /// The list type's name.
    fn type_name(&self) -> &'static str;
    /// Its JSON: an array.
    fn json(&self) -> serde_json::Value;
    /// One line.
    fn debug(&self) -> String;
    /// How many items.
    fn count(&self) -> usize;
    /// The table's headings.
    fn titles(&self) -> Vec<&'static str>;
    /// One item's cells.
    fn row(&self, index: usize) -> Vec<Cell>;
    /// One item's own line, where its type has one.
    fn line(&self, index: usize) -> Option<String>;
    /// A few words for one item.
    fn brief(&self, index: usize) -> String;
}

impl<T: Record> AnyList for List<T> {
    fn type_name(&self) -> &'static str {
        T::LIST
    }
    fn json(&self) -> serde_json::Value {
        serde_json::Value::Array(self.items.iter().map(|item| json::serialize(&*item.0)).collect())
    }
    fn debug(&self) -> String {
        debug(self)
    }
    fn count(&self) -> usize {
        self.items.len()
    }
    fn titles(&self) -> Vec<&'static str> {
        T::COLUMNS.iter().map(|column| column.title).collect()
    }
    fn row(&self, index: usize) -> Vec<Cell> {
        T::COLUMNS.iter().map(|column| (column.cell)(&self.items[index])).collect()
    }
    fn line(&self, index: usize) -> Option<String> {
        self.items[index].line()
    }
    fn brief(&self, index: usize) -> String {
        self.items[index].brief()
    }
}
