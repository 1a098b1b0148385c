//! The methods of lists, once for lists of every type.

use std::cmp::Ordering;

use rhai::{Array, Dynamic, FnPtr, FuncRegistration, ImmutableString, Module, NativeCallContext};

use super::super::closure;
use super::super::json;
use super::super::raised::{Raised, Result};
use super::super::suggest;
use super::list::AnyList;
use super::{as_list, missing};

type Native<'a> = NativeCallContext<'a>;
type List = Box<dyn AnyList>;

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

/// Puts the methods of lists into `module`.
pub fn register(module: &mut Module) {
    register_plain(module);
    register_with_closures(module);
}

/// The list that a method is called on with `args`, or that there is no such method.
fn list(context: &Native<'_>, value: &Dynamic, args: &[&Dynamic]) -> Result<List> {
    as_list(value).ok_or_else(|| {
        let args: Vec<&Dynamic> = std::iter::once(value).chain(args.iter().copied()).collect();
        missing::function(context, &args)
    })
}

fn register_plain(module: &mut Module) {
    type Of<'a> = &'a mut Dynamic;
    FuncRegistration::new("len").set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>| -> Result<i64> {
            Ok(length(list(&context, value, &[])?.count()))
        },
    );
    FuncRegistration::new_getter("len").set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>| -> Result<i64> {
            let list = as_list(value).ok_or_else(|| missing::property(&context, "len", value))?;
            Ok(length(list.count()))
        },
    );
    FuncRegistration::new("is_empty")
        .set_into_module(module, |context: Native<'_>, value: Of<'_>| -> Result<bool> {
            Ok(list(&context, value, &[])?.count() == 0)
        });
    FuncRegistration::new_getter("is_empty").set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>| -> Result<bool> {
            let list = as_list(value).ok_or_else(|| missing::property(&context, "is_empty", value))?;
            Ok(list.count() == 0)
        },
    );
    FuncRegistration::new_index_getter().set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>, index: i64| -> Result<Dynamic> {
            item(&as_list(value).ok_or_else(|| missing::item(&context, value))?, index)
        },
    );
    FuncRegistration::new("get").set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>, index: i64| -> Result<Dynamic> {
            item(&list(&context, value, &[&index.into()])?, index)
        },
    );
    FuncRegistration::new("reverse").set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>| -> Result<Dynamic> {
            let list = list(&context, value, &[])?;
            Ok(list.pick(&(0..list.count()).rev().collect::<Vec<_>>()))
        },
    );
    FuncRegistration::new("take").set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>, n: i64| -> Result<Dynamic> {
            let list = list(&context, value, &[&n.into()])?;
            Ok(list.pick(&(0..list.count()).take(amount("take", n)?).collect::<Vec<_>>()))
        },
    );
    FuncRegistration::new("skip").set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>, n: i64| -> Result<Dynamic> {
            let list = list(&context, value, &[&n.into()])?;
            Ok(list.pick(&(0..list.count()).skip(amount("skip", n)?).collect::<Vec<_>>()))
        },
    );
    FuncRegistration::new("contains").set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>, item: Dynamic| -> Result<bool> {
            let has = as_list(value).and_then(|list| list.has(&item));
            has.ok_or_else(|| missing::function(&context, &[value, &item]))
        },
    );
    FuncRegistration::new("to_array").set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>| -> Result<Array> {
            Ok(items(&list(&context, value, &[])?).collect())
        },
    );
}

fn register_with_closures(module: &mut Module) {
    type Of<'a> = &'a mut Dynamic;
    FuncRegistration::new("filter").with_volatility(true).set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>, test: FnPtr| -> Result<Dynamic> {
            let list = list(&context, value, &[&Dynamic::from(test.clone())])?;
            let mut kept = Vec::new();
            for (place, item) in items(&list).enumerate() {
                if says_true(&context, &test, item)? {
                    kept.push(place);
                }
            }
            Ok(list.pick(&kept))
        },
    );
    FuncRegistration::new("find").with_volatility(true).set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>, test: FnPtr| -> Result<Dynamic> {
            let list = list(&context, value, &[&Dynamic::from(test.clone())])?;
            for item in items(&list) {
                if says_true(&context, &test, item.clone())? {
                    return Ok(item);
                }
            }
            Ok(Dynamic::UNIT)
        },
    );
    FuncRegistration::new("any").with_volatility(true).set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>, test: FnPtr| -> Result<bool> {
            let list = list(&context, value, &[&Dynamic::from(test.clone())])?;
            for item in items(&list) {
                if says_true(&context, &test, item)? {
                    return Ok(true);
                }
            }
            Ok(false)
        },
    );
    FuncRegistration::new("all").with_volatility(true).set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>, test: FnPtr| -> Result<bool> {
            let list = list(&context, value, &[&Dynamic::from(test.clone())])?;
            for item in items(&list) {
                if !says_true(&context, &test, item)? {
                    return Ok(false);
                }
            }
            Ok(true)
        },
    );
    FuncRegistration::new("map").with_volatility(true).set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>, of: FnPtr| -> Result<Array> {
            each(&context, value, &of).map(|it| it.1)
        },
    );
    FuncRegistration::new("map").set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>, key: ImmutableString| -> Result<Array> {
            column(&context, value, &key).map(|it| it.1)
        },
    );
    FuncRegistration::new("order").with_volatility(true).set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>, of: FnPtr| -> Result<Dynamic> {
            let (list, keys) = each(&context, value, &of)?;
            ordered(&list, &keys)
        },
    );
    FuncRegistration::new("order").set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>, key: ImmutableString| -> Result<Dynamic> {
            let (list, keys) = column(&context, value, &key)?;
            ordered(&list, &keys)
        },
    );
    FuncRegistration::new("sum").with_volatility(true).set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>, of: FnPtr| -> Result<Dynamic> {
            sum(each(&context, value, &of)?.1)
        },
    );
    FuncRegistration::new("sum").set_into_module(
        module,
        |context: Native<'_>, value: Of<'_>, key: ImmutableString| -> Result<Dynamic> {
            sum(column(&context, value, &key)?.1)
        },
    );
}

fn items(list: &List) -> impl Iterator<Item = Dynamic> {
    (0..list.count()).map(|place| list.item(place))
}

/// The list in `value`, and what the closure gives for each of its items.
fn each(context: &Native<'_>, value: &Dynamic, of: &FnPtr) -> Result<(List, Array)> {
    let list = list(context, value, &[&Dynamic::from(of.clone())])?;
    let given = items(&list).map(|item| closure::call(context, of, vec![item])).collect::<Result<Array>>()?;
    Ok((list, given))
}

/// The list in `value`, and what each of its items has under `key`.
fn column(context: &Native<'_>, value: &Dynamic, key: &ImmutableString) -> Result<(List, Array)> {
    let list = list(context, value, &[&key.clone().into()])?;
    let column = list.column(key).ok_or_else(|| {
        Raised::invalid(format!("a `{}` has no key `{key}`", list.item_name())).with_hint(suggest::among(
            key,
            list.keys(),
            "keys",
        ))
    })?;
    Ok((list, column))
}

fn length(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

fn amount(method: &str, n: i64) -> Result<usize> {
    usize::try_from(n)
        .map_err(|_| Raised::invalid(format!("`{method}` wants a number from 0 up, got `{n}`")).into())
}

/// The item at `index`; -1 is the last.
fn item(list: &List, index: i64) -> Result<Dynamic> {
    let len = length(list.count());
    let place = if index < 0 { index + len } else { index };
    let there = usize::try_from(place).ok().filter(|place| *place < list.count());
    there.map(|place| list.item(place)).ok_or_else(|| {
        let range = match len {
            0 => "the list is empty".to_owned(),
            1 => "the list has one item: 0".to_owned(),
            _ => format!("the list has {len} items: 0 to {}, or -1 to -{len} from the end", len - 1),
        };
        Raised::new("not_found", format!("{} has no item `{index}`", list.type_name()))
            .with_hint(range)
            .into()
    })
}

fn says_true(context: &Native<'_>, test: &FnPtr, item: Dynamic) -> Result<bool> {
    let answer = closure::call(context, test, vec![item])?;
    answer.as_bool().map_err(|got| {
        Raised::invalid(format!("the closure must give `true` or `false`, gave `{got}`"))
            .with_hint("such as `|item| item.size > 1_000_000`")
            .into()
    })
}

fn ordered(list: &List, keys: &[Dynamic]) -> Result<Dynamic> {
    let mut failed = None;
    let mut places: Vec<usize> = (0..keys.len()).collect();
    places.sort_by(|left, right| {
        let (left, right) = (&keys[*left], &keys[*right]);
        compare(left, right).unwrap_or_else(|| {
            failed.get_or_insert_with(|| (left.type_name(), right.type_name()));
            Ordering::Equal
        })
    });
    match failed {
        Some((left, right)) => {
            Err(Raised::invalid(format!("`order` cannot compare `{left}` with `{right}`")).into())
        }
        None => Ok(list.pick(&places)),
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
