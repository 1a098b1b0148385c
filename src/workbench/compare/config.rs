//! Configurations and histories side by side.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::side::Side;
use super::{ConfigDifference, HistoryDifference};
use crate::image::Config;

/// What containers of them would be told, setting by setting.
pub(super) fn compare(one: &Side, other: &Side) -> Vec<ConfigDifference> {
    let (Some(one), Some(other)) = (&one.config, &other.config) else { return Vec::new() };
    let (one, other) = (settings(one), settings(other));
    let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    keys.into_iter()
        .filter(|key| one.get(*key) != other.get(*key))
        .map(|key| ConfigDifference {
            key: key.clone(),
            before: one.get(key).cloned(),
            after: other.get(key).cloned(),
        })
        .collect()
}

fn settings(config: &Config) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for key in ["architecture", "variant", "os", "os.version", "author"] {
        if let Some(text) = config.value()[key].as_str().filter(|text| !text.is_empty()) {
            found.insert(key.to_owned(), text.to_owned());
        }
    }
    let runtime = config.runtime_value();
    for (key, value) in runtime.as_object().into_iter().flatten() {
        match value {
            Value::Array(items) if key == "Env" => {
                for item in items.iter().filter_map(Value::as_str) {
                    let (name, value) = item.split_once('=').unwrap_or((item, ""));
                    found.insert(format!("Env.{name}"), value.to_owned());
                }
            }
            Value::Object(items) => {
                for (name, value) in items {
                    found.insert(format!("{key}.{name}"), text(value));
                }
            }
            value if is_nothing(value) => {}
            value => drop(found.insert(key.clone(), text(value))),
        }
    }
    found
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Documents of different builders write what is not set in different ways.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(items) => items.is_empty(),
        _ => false,
    }
}

/// The steps that only one of them has.
pub(super) fn compare_histories(one: &Side, other: &Side) -> Vec<HistoryDifference> {
    let steps = |side: &Side| -> Vec<String> {
        let history = side.config.as_ref().map(Config::history).unwrap_or_default();
        let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        let told = |entry| match text(entry, "created_by") {
            command if command.is_empty() => text(entry, "comment"),
            command => command,
        };
        history.iter().map(told).collect()
    };
    let (old, new) = (steps(one), steps(other));
    let mut found = Vec::new();
    let mut note = |kind: &str, steps: &[String], start: usize| {
        for (place, step) in steps.iter().enumerate() {
            let kind = kind.to_owned();
            found.push(HistoryDifference { kind, index: start + place, created_by: step.clone() });
        }
    };
    for operation in capture_diff_slices(Algorithm::Myers, &old, &new) {
        if let DiffOp::Equal { .. } = operation {
            continue;
        }
        let (before, after) = (operation.old_range(), operation.new_range());
        note("D", &old[before.clone()], before.start);
        note("A", &new[after.clone()], after.start);
    }
    found
}
