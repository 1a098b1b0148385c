//! The values of the workbench as scripts see them: one file a type.
//!
//! Each type declares its JSON keys once ([`Key`]); getters, tables, `map("key")`, suggestions and
//! help are read from that, and a test compares it with what `serde` writes.

mod change;
mod check;
mod comparison;
mod config_difference;
mod container;
mod duplicate;
mod file;
mod file_difference;
mod finding;
mod fsck_report;
mod getters;
mod history_difference;
mod history_entry;
mod image;
mod junk;
mod layer;
mod layer_difference;
pub mod list;
pub mod list_methods;
mod missing;
mod operators;
mod package;
mod package_difference;
mod packing_difference;
mod problem;
mod properties;
mod prune_report;
mod raised;
mod reason;
pub mod record;
mod snapshot;
pub mod tree_item;
mod verdict;
mod version;
mod waste;
mod waste_item;

use std::any::TypeId;
use std::collections::HashSet;

use rhai::{Dynamic, Module};

pub use getters::getter_type;
pub use list::{AnyList, List};
use operators::Operators;
pub use record::{AnyRecord, Column, Handle, Key, Noun, Record};

use super::raised::Raised;
use crate::workbench::{
    Change, Check, Comparison, ConfigDifference, Container, Duplicate, File, FileDifference, Finding,
    FindingItem, FsckReport, HistoryDifference, HistoryEntry, Image, InstalledPackage, Junk, Layer,
    LayerDifference, PackageDifference, PackingDifference, Problem, PruneReport, Reason, Snapshot, TreeItem,
    Verdict, Version, Waste, WasteItem,
};

/// What help, suggestions and completion know of a type.
#[derive(Debug, Clone)]
pub struct TypeInfo {
    /// Its name.
    pub name: &'static str,
    /// The name of a list of it, where there are lists of it.
    pub list: Option<&'static str>,
    /// Getters: name, one line.
    pub getters: Vec<(&'static str, &'static str)>,
}

macro_rules! types {
    (listed: $($record:ty),*; single: $($single:ty),* $(,)?) => {
        /// What `read` says of the record in `value`, if it is one.
        pub fn with_record<R>(value: &Dynamic, read: impl FnOnce(&dyn AnyRecord) -> R) -> Option<R> {
            // The ids are compared first: asking every type for its value costs three times as much.
            let id = value.type_id();
            $(if id == TypeId::of::<Handle<$record>>() {
                return value.read_lock::<Handle<$record>>().map(|handle| read(&*handle));
            })*
            $(if id == TypeId::of::<Handle<$single>>() {
                return value.read_lock::<Handle<$single>>().map(|handle| read(&*handle));
            })*
            None
        }

        /// The list in `value`, if it is one.
        pub fn as_list(value: &Dynamic) -> Option<Box<dyn AnyList>> {
            let id = value.type_id();
            $(if id == TypeId::of::<List<$record>>() {
                return value.read_lock::<List<$record>>().map(|list| Box::new(list.clone()) as Box<dyn AnyList>);
            })*
            None
        }

        /// Every type.
        #[must_use]
        pub fn all() -> Vec<TypeInfo> {
            vec![
                $(info::<$record>(Some(<$record as Record>::LIST)),)*
                $(info::<$single>(None),)*
            ]
        }

        /// Puts every type's getters and methods into `module`.
        pub fn register(module: &mut Module) {
            let operators = Operators::new();
            $(operators.of_record::<$record>(module);
              operators.of_list::<$record>(module);)*
            $(operators.of_record::<$single>(module);)*
            let mut names = HashSet::new();
            $(add_names::<$record>(&mut names);)*
            $(add_names::<$single>(&mut names);)*
            properties::register(module, names);
            list_methods::register(module);
        }
    };
}

types! {
    listed: Image, Container, Snapshot, Layer, Change, File, WasteItem, HistoryEntry, Problem, Check,
        TreeItem, Version, Reason, Junk, Duplicate, InstalledPackage, Finding, FindingItem,
        FileDifference, ConfigDifference, HistoryDifference, LayerDifference, PackageDifference,
        PackingDifference;
    single: Comparison, Waste, Verdict, PruneReport, FsckReport, Raised,
}

fn add_names<T: Record>(names: &mut HashSet<&'static str>) {
    names.extend(T::KEYS.iter().map(|key| key.name));
    names.extend(T::NOUNS.iter().map(|noun| noun.name));
}

fn info<T: Record>(list: Option<&'static str>) -> TypeInfo {
    let keys = T::KEYS.iter().map(|key| (key.name, key.doc));
    let nouns = T::NOUNS.iter().map(|noun| (noun.name, noun.doc));
    TypeInfo { name: T::NAME, list, getters: keys.chain(nouns).collect() }
}

/// The record in `value`, if it is one.
pub fn as_record(value: &Dynamic) -> Option<Box<dyn AnyRecord>> {
    with_record(value, |record| record.boxed())
}

/// The name of `value`'s type as messages say it.
#[must_use]
pub fn name(value: &Dynamic) -> String {
    if let Some(name) = with_record(value, |record| record.type_name()) {
        return name.to_owned();
    }
    if let Some(list) = as_list(value) {
        return list.type_name().to_owned();
    }
    plain_name(value.type_name()).to_owned()
}

/// Rhai's type names in the words that messages use.
#[must_use]
pub fn plain_name(rhai: &str) -> &str {
    match rhai {
        "()" => "nothing",
        "bool" => "true or false",
        "i64" | "int" => "number",
        "f64" | "float" => "decimal number",
        "string" | "&str" | "ImmutableString" | "immutable_string" | "&str | ImmutableString | String" => {
            "text"
        }
        "char" => "character",
        "array" => "array",
        "map" => "map",
        "blob" => "blob",
        "Fn" => "function",
        "range" | "range=" => "range",
        "timestamp" => "time stamp",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::script::json;

    pub(super) fn keys_are_getters<T: Record>(example: &T) {
        let wanted = serde_json::to_value(example).unwrap();
        let object = wanted.as_object().unwrap();
        let keys: Vec<&str> = object.keys().map(String::as_str).collect();
        let declared: Vec<&str> = T::KEYS.iter().map(|key| key.name).collect();
        assert_eq!(keys, declared, "{}", T::NAME);
        for key in T::KEYS {
            let got = json::of(&(key.get)(example));
            assert_eq!(got, object[key.name], "{}.{}", T::NAME, key.name);
            assert!(!key.doc.is_empty(), "{}.{} has no doc", T::NAME, key.name);
        }
        for noun in T::NOUNS {
            assert!(!declared.contains(&noun.name), "{}.{} twice", T::NAME, noun.name);
            assert!(!noun.doc.is_empty());
        }
        assert!(!T::COLUMNS.is_empty(), "{} has no table", T::NAME);
    }

    #[test]
    fn every_json_key_is_a_getter_of_the_same_value() {
        use crate::script::sample;
        keys_are_getters(&sample::image());
        keys_are_getters(&sample::container());
        keys_are_getters(&sample::snapshot());
        keys_are_getters(&sample::layer());
        keys_are_getters(&sample::change("A", "/usr/bin/wget", 3));
        keys_are_getters(&sample::file());
        keys_are_getters(&sample::waste());
        keys_are_getters(&sample::waste_item());
        keys_are_getters(&sample::history_entry());
        keys_are_getters(&PruneReport::default());
        keys_are_getters(&sample::fsck_report());
        keys_are_getters(&sample::problem());
        keys_are_getters(&sample::check());
        keys_are_getters(&sample::tree_item());
        keys_are_getters(&sample::version());
        keys_are_getters(&sample::reason());
        keys_are_getters(&sample::junk());
        keys_are_getters(&sample::duplicate());
        keys_are_getters(&sample::package());
        keys_are_getters(&sample::file_difference());
        keys_are_getters(&sample::config_difference());
        keys_are_getters(&sample::history_difference());
        keys_are_getters(&sample::layer_difference());
        keys_are_getters(&sample::package_difference());
        keys_are_getters(&sample::packing_difference());
        keys_are_getters(&Raised { container: Some(sample::container()), ..Raised::invalid("x") });
    }

    #[test]
    fn type_names_are_distinct() {
        let mut names: Vec<&str> =
            all().iter().flat_map(|info| [Some(info.name), info.list]).flatten().collect();
        let before = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(before, names.len());
    }
}
