//! Lists of records: they never change, and what filters or orders one gives one of the same type.

use std::sync::Arc;

use rhai::Dynamic;

use super::super::json;
use super::super::render::Cell;
use super::record::{Handle, Record};

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

/// A list whose type is forgotten: what rendering, JSON and the methods need.
pub trait AnyList {
    /// The list type's name.
    fn type_name(&self) -> &'static str;
    /// The name of its items' type.
    fn item_name(&self) -> &'static str;
    /// Its JSON: an array.
    fn json(&self) -> serde_json::Value;
    /// How many items.
    fn count(&self) -> usize;
    /// The item at `index`, which there is.
    fn item(&self, index: usize) -> Dynamic;
    /// A list of the same type of the items at `places`, which there are.
    fn pick(&self, places: &[usize]) -> Dynamic;
    /// Whether `other` is the same list or an equal one.
    fn equals(&self, other: &Dynamic) -> bool;
    /// Whether `item` is one of its items; nothing where it is of another type.
    fn has(&self, item: &Dynamic) -> Option<bool>;
    /// The items' keys.
    fn keys(&self) -> Vec<&'static str>;
    /// What each item has under `key`, if that is a key.
    fn column(&self, key: &str) -> Option<Vec<Dynamic>>;
    /// The table's headings.
    fn titles(&self) -> Vec<&'static str>;
    /// One item's cells.
    fn row(&self, index: usize) -> Vec<Cell>;
    /// One item's own line, where its type has one.
    fn line(&self, index: usize) -> Option<String>;
    /// A few words for one item.
    fn brief(&self, index: usize) -> String;
}

impl dyn AnyList + '_ {
    /// One line.
    pub fn debug(&self) -> String {
        format!("{}[{}]", self.type_name(), self.count())
    }
}

impl<T: Record> AnyList for List<T> {
    fn type_name(&self) -> &'static str {
        T::LIST
    }
    fn item_name(&self) -> &'static str {
        T::NAME
    }
    fn json(&self) -> serde_json::Value {
        serde_json::Value::Array(self.items.iter().map(|item| json::serialize(&*item.0)).collect())
    }
    fn count(&self) -> usize {
        self.items.len()
    }
    fn item(&self, index: usize) -> Dynamic {
        Dynamic::from(self.items[index].clone())
    }
    fn pick(&self, places: &[usize]) -> Dynamic {
        let items: Arc<[Handle<T>]> = places.iter().map(|place| self.items[*place].clone()).collect();
        Dynamic::from(Self { items })
    }
    fn equals(&self, other: &Dynamic) -> bool {
        other.read_lock::<Self>().is_some_and(|other| *self == *other)
    }
    fn has(&self, item: &Dynamic) -> Option<bool> {
        let item = item.read_lock::<Handle<T>>()?;
        Some(self.items.contains(&item))
    }
    fn keys(&self) -> Vec<&'static str> {
        T::KEYS.iter().map(|known| known.name).collect()
    }
    fn column(&self, key: &str) -> Option<Vec<Dynamic>> {
        let get = T::KEYS.iter().find(|known| known.name == key)?.get;
        Some(self.items.iter().map(|item| get(item)).collect())
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
