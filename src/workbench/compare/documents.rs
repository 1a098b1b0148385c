//! What else the documents of two images tell: when they were made, by what, and what is noted beside them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::side::Side;
use super::{PackingDifference, Rules};
use crate::image::Config;
use crate::layer::Facet;

/// Of a configuration these are compared elsewhere.
const KNOWN: [&str; 9] =
    ["architecture", "variant", "os", "os.version", "author", "created", "config", "rootfs", "history"];
/// Longer values are cut: they are examples.
const MOST: usize = 120;

/// Times and notes that are not the same.
pub(super) fn compare(one: &Side, other: &Side, rules: &Rules) -> Vec<PackingDifference> {
    let mut found = Vec::new();
    if let (Some(was), Some(is)) = (&one.config, &other.config) {
        if rules.regards(Facet::Created) {
            created(was, is, &mut found);
        }
        if rules.regards(Facet::Documents) {
            notes(&configuration(was), &configuration(is), &mut found);
            if found.is_empty() && one.id != other.id && was.value() == is.value() {
                let told = |side: &Side| side.id.clone();
                found.push(difference(Facet::Documents, "configuration's spelling", told(one), told(other)));
            }
        }
    }
    if let (Some(was), Some(is), true) = (&one.manifest, &other.manifest, rules.regards(Facet::Documents)) {
        notes(&manifest(was), &manifest(is), &mut found);
    }
    found
}

fn difference(facet: Facet, field: &str, before: Option<String>, after: Option<String>) -> PackingDifference {
    let (part, field) = (facet.as_str().to_owned(), field.to_owned());
    PackingDifference { layer: None, part, field, count: 1, path: None, before, after }
}

fn created(was: &Config, is: &Config, found: &mut Vec<PackingDifference>) {
    let date = |config: &Config| config.created().map(str::to_owned);
    if date(was) != date(is) {
        found.push(difference(Facet::Created, "created", date(was), date(is)));
    }
    let dates = |config: &Config| -> Vec<Option<String>> {
        config.history().iter().map(|step: &Value| step["created"].as_str().map(str::to_owned)).collect()
    };
    let (was, is) = (dates(was), dates(is));
    let mut differing = was.iter().zip(&is).filter(|(was, is)| was != is);
    if was.len() == is.len()
        && let Some((before, after)) = differing.next()
    {
        let count = 1 + differing.count() as u64;
        let first = difference(Facet::Created, "history created", before.clone(), after.clone());
        found.push(PackingDifference { count, ..first });
    }
}

type Notes = BTreeMap<String, String>;

/// What builders note in a configuration beside what it is for.
fn configuration(config: &Config) -> Notes {
    let all = config.value().as_object().into_iter().flatten();
    let others = all.filter(|(key, value)| !KNOWN.contains(&key.as_str()) && !value.is_null());
    others.map(|(key, value)| (format!("configuration {key}"), text(value))).collect()
}

/// What a manifest says beside which blobs there are.
fn manifest(document: &Value) -> Notes {
    let mut notes = Notes::new();
    let mut note = |field: String, value: &Value| {
        if !value.is_null() {
            notes.insert(field, text(value));
        }
    };
    note("manifest media type".to_owned(), &document["mediaType"]);
    note("artifact type".to_owned(), &document["artifactType"]);
    note("configuration media type".to_owned(), &document["config"]["mediaType"]);
    for (key, value) in document["annotations"].as_object().into_iter().flatten() {
        note(format!("annotation {key}"), value);
    }
    for (index, layer) in document["layers"].as_array().into_iter().flatten().enumerate() {
        for (key, value) in layer["annotations"].as_object().into_iter().flatten() {
            note(format!("layer {index} annotation {key}"), value);
        }
    }
    notes
}

fn notes(was: &Notes, is: &Notes, found: &mut Vec<PackingDifference>) {
    let mut keys: Vec<&String> = was.keys().chain(is.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys.into_iter().filter(|key| was.get(*key) != is.get(*key)) {
        let cut = |notes: &Notes| {
            let value = notes.get(key)?;
            let end = value.char_indices().nth(MOST).map_or(value.len(), |(end, _)| end);
            Some(if end < value.len() { format!("{}…", &value[..end]) } else { value.clone() })
        };
        found.push(difference(Facet::Documents, key, cut(was), cut(is)));
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
