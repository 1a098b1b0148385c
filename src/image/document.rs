//! A configuration's document while it is changed.

use serde_json::{Map, Value};

use super::conform::conform_document;
use super::{Config, Error};

/// The comment of a history entry that stands for a layer of which the history says nothing.
pub(super) const UNTOLD: &str = "a layer of which nothing is told";

/// Takes away Docker's notes on the container that made the parent: they are untrue of this image.
pub(super) fn forget_parent(document: &mut Map<String, Value>) {
    for stale in ["container", "container_config", "id", "parent", "docker_version"] {
        document.shift_remove(stale);
    }
}

pub(super) fn object<'a>(document: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    let value = document.entry(key).or_insert(Value::Null);
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("it was made an object above"),
    }
}

pub(super) fn array<'a>(document: &'a mut Map<String, Value>, key: &str) -> &'a mut Vec<Value> {
    let value = document.entry(key).or_insert(Value::Null);
    if !value.is_array() {
        *value = Value::Array(Vec::new());
    }
    match value {
        Value::Array(items) => items,
        _ => unreachable!("it was made an array above"),
    }
}

/// Whether a history entry tells of a step that made a layer.
pub(super) fn makes_layer(entry: &Value) -> bool {
    entry.get("empty_layer") != Some(&Value::Bool(true))
}

/// The configuration that the document is now.
pub(super) fn read(document: &mut Map<String, Value>) -> Result<Config, Error> {
    conform_document(document);
    let raw = serde_json::to_vec(document).map_err(|error| Error::Config { reason: error.to_string() })?;
    Config::parse(raw)
}
