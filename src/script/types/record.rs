//! What every value of the workbench is in a script: a shared, unchanging record.

use std::cmp::Ordering;
use std::sync::Arc;

use rhai::{Dynamic, FuncRegistration, Module};
use serde::Serialize;

use super::super::context::Context;
use super::super::json;
use super::super::raised::{Raised, Result};
use super::super::render::Cell;

/// A JSON key, which is also the getter of that name.
pub struct Key<T> {
    /// Name in JSON and in scripts.
    pub name: &'static str,
    /// One line for help.
    pub doc: &'static str,
    /// The getter's value; turned into JSON it equals the key's.
    pub get: fn(&T) -> Dynamic,
}

/// A getter that asks the workbench: not part of the JSON.
pub struct Noun<T> {
    /// Name in scripts.
    pub name: &'static str,
    /// One line for help.
    pub doc: &'static str,
    /// The getter.
    pub get: fn(&Arc<Context>, &Handle<T>) -> Result<Dynamic>,
}

/// A column of the table that people see.
pub struct Column<T> {
    /// Heading.
    pub title: &'static str,
    /// What stands in it.
    pub cell: fn(&T) -> Cell,
}

/// A value of the workbench.
pub trait Record: Serialize + Clone + PartialEq + Send + Sync + Sized + 'static {
    /// Its type's name in scripts and messages.
    const NAME: &'static str;
    /// The name of a list of it; most records that come alone have none.
    const LIST: &'static str = "";
    /// Its JSON keys in order.
    const KEYS: &'static [Key<Self>];
    /// Getters beside the keys.
    const NOUNS: &'static [Noun<Self>] = &[];
    /// Its table.
    const COLUMNS: &'static [Column<Self>];

    /// A few words: what `print` and back-ticks show.
    fn brief(&self) -> String;

    /// One line of a plain listing; `None` is the columns, separated by tabs.
    fn line(&self) -> Option<String> {
        None
    }

    /// The order of two of them; a stable one.
    fn order(&self, other: &Self) -> Ordering {
        self.brief().cmp(&other.brief())
    }
}

/// A shared record; copies are the same thing.
#[derive(Debug)]
pub struct Handle<T>(pub Arc<T>);

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Handle<T> {
    /// A handle on `record`.
    pub fn new(record: T) -> Self {
        Self(Arc::new(record))
    }
}

impl<T> std::ops::Deref for Handle<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: PartialEq> PartialEq for Handle<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

/// Puts `T`'s getters, comparisons and texts into `module`.
pub fn register<T: Record>(module: &mut Module, context: &Arc<Context>) {
    module.set_custom_type::<Handle<T>>(T::NAME);
    for key in T::KEYS {
        let get = key.get;
        FuncRegistration::new_getter(key.name)
            .set_into_module(module, move |handle: &mut Handle<T>| -> Dynamic { get(handle) });
    }
    for noun in T::NOUNS {
        let get = noun.get;
        let context = Arc::clone(context);
        FuncRegistration::new_getter(noun.name)
            .with_volatility(true)
            .set_into_module(module, move |handle: &mut Handle<T>| -> Result<Dynamic> {
                get(&context, handle)
            });
    }
    refuse_tag::<Handle<T>>(module, T::NAME);
    FuncRegistration::new("==")
        .set_into_module(module, |left: &mut Handle<T>, right: Handle<T>| -> bool { *left == right });
    FuncRegistration::new("!=")
        .set_into_module(module, |left: &mut Handle<T>, right: Handle<T>| -> bool { *left != right });
    FuncRegistration::new("<").set_into_module(module, |left: &mut Handle<T>, right: Handle<T>| -> bool {
        left.order(&right).is_lt()
    });
    FuncRegistration::new(">").set_into_module(module, |left: &mut Handle<T>, right: Handle<T>| -> bool {
        left.order(&right).is_gt()
    });
    for name in ["to_string", "print"] {
        FuncRegistration::new(name)
            .set_into_module(module, |handle: &mut Handle<T>| -> String { handle.brief() });
    }
    for name in ["to_debug", "debug"] {
        FuncRegistration::new(name)
            .set_into_module(module, |handle: &mut Handle<T>| -> String { debug(&**handle) });
    }
}

/// Every Rhai value has a `tag`; on our values it would be mistaken for an image's tag.
pub(super) fn refuse_tag<H: Clone + Send + Sync + 'static>(module: &mut Module, name: &'static str) {
    let refusal = move || -> Raised {
        Raised::invalid(format!("a value of type `{name}` has no property `tag`")).with_hint(
            "an image's names are `image.references`; `tag(image, \"name:tag\")` gives it one more",
        )
    };
    FuncRegistration::new_setter("tag")
        .set_into_module(module, move |_: &mut H, _: Dynamic| -> Result<()> { Err(refusal().into()) });
    FuncRegistration::new_getter("tag")
        .set_into_module(module, move |_: &mut H| -> Result<Dynamic> { Err(refusal().into()) });
}

/// The one-line form: the type's name and what it is.
pub fn debug<T: Record>(record: &T) -> String {
    format!("{}({})", T::NAME, record.brief())
}

/// A record whose type is forgotten: what rendering and JSON need.
pub trait AnyRecord {
    /// The type's name.
    fn type_name(&self) -> &'static str;
    /// Its JSON.
    fn json(&self) -> serde_json::Value;
    /// One line.
    fn debug(&self) -> String;
    /// A few words.
    fn brief(&self) -> String;
    /// The value of one key.
    fn field(&self, name: &str) -> Option<Dynamic>;
    /// Keys and values, in order.
    fn fields(&self) -> Vec<(&'static str, Dynamic)>;
}

impl<T: Record> AnyRecord for Handle<T> {
    fn type_name(&self) -> &'static str {
        T::NAME
    }
    fn json(&self) -> serde_json::Value {
        json::serialize(&*self.0)
    }
    fn debug(&self) -> String {
        debug(&*self.0)
    }
    fn brief(&self) -> String {
        self.0.brief()
    }
    fn field(&self, name: &str) -> Option<Dynamic> {
        T::KEYS.iter().find(|key| key.name == name).map(|key| (key.get)(&self.0))
    }
    fn fields(&self) -> Vec<(&'static str, Dynamic)> {
        T::KEYS.iter().map(|key| (key.name, (key.get)(&self.0))).collect()
    }
}
