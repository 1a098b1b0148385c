//! What every value of the workbench is in a script: a shared, unchanging record.

use std::cmp::Ordering;
use std::sync::Arc;

use rhai::Dynamic;
use serde::Serialize;

use super::super::context::Context;
use super::super::json;
use super::super::raised::Result;
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
    /// The value of a getter that asks the workbench.
    fn noun(&self, context: &Arc<Context>, name: &str) -> Option<Result<Dynamic>>;
    /// Keys and values, in order.
    fn fields(&self) -> Vec<(&'static str, Dynamic)>;
    /// Its order beside another record of the same type.
    fn compare(&self, other: &Dynamic) -> Option<Ordering>;
    /// Whether `other` is the same record or an equal one.
    fn equals(&self, other: &Dynamic) -> bool;
    /// The same record, to keep.
    fn boxed(&self) -> Box<dyn AnyRecord>;
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
    fn noun(&self, context: &Arc<Context>, name: &str) -> Option<Result<Dynamic>> {
        T::NOUNS.iter().find(|noun| noun.name == name).map(|noun| (noun.get)(context, self))
    }
    fn fields(&self) -> Vec<(&'static str, Dynamic)> {
        T::KEYS.iter().map(|key| (key.name, (key.get)(&self.0))).collect()
    }
    fn compare(&self, other: &Dynamic) -> Option<Ordering> {
        other.read_lock::<Self>().map(|other| self.order(&other))
    }
    fn equals(&self, other: &Dynamic) -> bool {
        other.read_lock::<Self>().is_some_and(|other| *self == *other)
    }
    fn boxed(&self) -> Box<dyn AnyRecord> {
        Box::new(self.clone())
    }
}
