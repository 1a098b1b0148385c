//! The configuration of an image whose layers were made anew.

use serde_json::{Map, Value, json};

use super::document::{UNTOLD, array, forget_parent, makes_layer, object, read};
use super::{Config, Error};
use crate::oci::DiffId;

/// What a step did to an image's layers, and how history tells it.
#[derive(Debug, Clone, Default)]
pub struct Rewrite {
    /// When, RFC 3339.
    pub created: String,
    /// What was done, as people read it.
    pub created_by: String,
    /// Why, as given.
    pub comment: Option<String>,
    /// What became of each layer, lowest first; `None` where nothing is left of it: then its step made no layer.
    pub layers: Vec<Option<DiffId>>,
    /// How many of the old layers are below the step's own entry; all of them puts it at the end.
    pub above: usize,
    /// The layer that the step made, if it did.
    pub made: Option<DiffId>,
}

impl Rewrite {
    /// The configuration after the step. What `base` says and this does not mention is kept.
    ///
    /// # Errors
    /// [`Error::LayerCount`] if this is about another number of layers; [`Error::Config`] if the outcome cannot be
    /// read back, which `base` being odd can cause.
    pub fn on(&self, base: &Config) -> Result<Config, Error> {
        let count = base.diff_ids().len();
        if self.layers.len() != count {
            return Err(Error::LayerCount { configured: count, listed: self.layers.len() });
        }
        let mut document = base.value().as_object().cloned().unwrap_or_default();
        document.insert("created".into(), json!(self.created));
        forget_parent(&mut document);
        let mut history = history_of(base);
        let mut layers = self.layers.iter();
        for entry in history.iter_mut().filter(|entry| makes_layer(entry)) {
            if layers.next().is_some_and(Option::is_none)
                && let Some(entry) = entry.as_object_mut()
            {
                entry.insert("empty_layer".into(), json!(true));
            }
        }
        let place = if self.above >= count { history.len() } else { end_of(&history_of(base), self.above) };
        history.insert(place, self.entry());
        let (below, above) = self.layers.split_at(self.above.min(count));
        let diff_ids = below.iter().flatten().chain(&self.made).chain(above.iter().flatten());
        set_layers(&mut document, diff_ids, history);
        read(&mut document)
    }

    fn entry(&self) -> Value {
        let mut entry = Map::new();
        entry.insert("created".into(), json!(self.created));
        entry.insert("created_by".into(), json!(self.created_by));
        if let Some(comment) = &self.comment {
            entry.insert("comment".into(), json!(comment));
        }
        if self.made.is_none() {
            entry.insert("empty_layer".into(), json!(true));
        }
        Value::Object(entry)
    }
}

/// The configuration of `image`, whose lowest layers are those of `old`, upon `new` instead.
///
/// What it says of running is its own where it differs from what `old` says, else what `new` says: variables, labels,
/// ports and volumes one by one. `step` tells what was done.
///
/// # Errors
/// [`Error::Config`] if the outcome cannot be read back.
pub fn rebase(image: &Config, old: &Config, new: &Config, step: &Rewrite) -> Result<Config, Error> {
    let mut document = image.value().as_object().cloned().unwrap_or_default();
    document.insert("created".into(), json!(step.created));
    forget_parent(&mut document);
    for key in ["variant", "os.version", "os.features"] {
        match new.value().get(key) {
            Some(value) => document.insert(key.into(), value.clone()),
            None => document.shift_remove(key),
        };
    }
    let all = history_of(image);
    let told = old.history().len();
    let same = all.len() >= told && all[..told] == *old.history() && old.history() == history_of(old);
    let below = old.diff_ids().len();
    let own = if same { told } else { end_of(&all, below) };
    let mut history = history_of(new);
    history.extend(all.into_iter().skip(own));
    history.push(step.entry());
    let diff_ids = new.diff_ids().iter().chain(image.diff_ids().iter().skip(below));
    set_layers(&mut document, diff_ids, history);
    let runtime = |config: &Config| config.runtime_value().as_object().cloned().unwrap_or_default();
    let merged = merged_runtime(&runtime(image), &runtime(old), &runtime(new));
    document.insert("config".into(), Value::Object(merged));
    read(&mut document)
}

fn merged_runtime(
    own: &Map<String, Value>,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) -> Map<String, Value> {
    let mut merged = merged_map(own, old, new);
    for key in ["Labels", "ExposedPorts", "Volumes"] {
        let part = |map: &Map<String, Value>| map.get(key).and_then(Value::as_object).cloned();
        let Some(of_own) = part(own) else { continue };
        let value = merged_map(&of_own, &part(old).unwrap_or_default(), &part(new).unwrap_or_default());
        merged.insert(key.to_owned(), Value::Object(value));
    }
    let variables = |map: &Map<String, Value>| -> Map<String, Value> {
        let lines = map.get("Env").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let lines = lines.iter().filter_map(Value::as_str);
        lines.map(|line| (line.split('=').next().unwrap_or(line).to_owned(), json!(line))).collect()
    };
    if own.get("Env").is_some_and(Value::is_array) {
        let lines = merged_map(&variables(own), &variables(old), &variables(new));
        merged.insert("Env".into(), lines.into_iter().map(|(_, line)| line).collect());
    }
    merged
}

/// What `own` changed of `old`, done to `new`: in the order of `own`, then what only `new` has.
fn merged_map(
    own: &Map<String, Value>,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) -> Map<String, Value> {
    let mut merged = Map::new();
    for (key, value) in own {
        let kept = if old.get(key) == Some(value) { new.get(key) } else { Some(value) };
        merged.extend(kept.map(|value| (key.clone(), value.clone())));
    }
    for (key, value) in new.iter().filter(|(key, _)| !own.contains_key(*key)) {
        // What was taken away from the old base stays away.
        if !old.contains_key(key) {
            merged.insert(key.clone(), value.clone());
        }
    }
    merged
}

/// The history with exactly one step that makes a layer for each layer.
fn history_of(config: &Config) -> Vec<Value> {
    let count = config.diff_ids().len();
    let mut history: Vec<Value> =
        config.history().iter().filter(|entry| entry.is_object()).cloned().collect();
    let surplus = history.iter_mut().filter(|entry| makes_layer(entry)).skip(count);
    for entry in surplus.filter_map(Value::as_object_mut) {
        entry.insert("empty_layer".into(), json!(true));
    }
    let told = history.iter().filter(|entry| makes_layer(entry)).count();
    history.extend((told..count).map(|_| json!({ "comment": UNTOLD })));
    history
}

/// How many entries there are up to that of the `count`th layer.
fn end_of(history: &[Value], count: usize) -> usize {
    let makers = history.iter().enumerate().filter(|(_, entry)| makes_layer(entry));
    makers.take(count).last().map_or(0, |(place, _)| place + 1)
}

fn set_layers<'a>(
    document: &mut Map<String, Value>,
    diff_ids: impl Iterator<Item = &'a DiffId>,
    history: Vec<Value>,
) {
    let rootfs = object(document, "rootfs");
    rootfs.insert("type".into(), json!("layers"));
    *array(rootfs, "diff_ids") = diff_ids.map(|diff_id| json!(diff_id.to_string())).collect();
    *array(document, "history") = history;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::oci::Digest;

    fn layer(name: &str) -> DiffId {
        DiffId(Digest::of(name.as_bytes()))
    }

    /// Names of layers; a name with a dash is a step without one.
    fn config(steps: &[&str], runtime: &Value) -> Config {
        let diff_ids: Vec<DiffId> =
            steps.iter().filter(|step| !step.starts_with('-')).map(|step| layer(step)).collect();
        let history: Vec<Value> = steps
            .iter()
            .map(|step| match step.strip_prefix('-') {
                Some(step) => json!({ "created_by": step, "empty_layer": true }),
                None => json!({ "created_by": step }),
            })
            .collect();
        let document = json!({
            "architecture": "amd64", "os": "linux", "x-kept": 1, "container": "old", "config": runtime,
            "rootfs": { "type": "layers", "diff_ids": diff_ids.iter().map(ToString::to_string).collect::<Vec<_>>() },
            "history": history,
        });
        Config::parse(document.to_string().into_bytes()).unwrap()
    }

    fn told(config: &Config) -> Vec<String> {
        let entries = config.history().iter().map(|entry| {
            let text = entry["created_by"].as_str().or(entry["comment"].as_str()).unwrap_or_default();
            if makes_layer(entry) { text.to_owned() } else { format!("-{text}") }
        });
        entries.collect()
    }

    fn step(by: &str) -> Rewrite {
        Rewrite { created: "2024-01-02T03:04:05Z".into(), created_by: by.into(), ..Rewrite::default() }
    }

    #[test]
    fn squashed_steps_are_told_and_make_nothing() {
        let base = config(&["a", "-env", "b", "c", "-cmd", "d", "-end"], &json!({}));
        let rewrite = Rewrite {
            layers: vec![Some(layer("a")), None, None, Some(layer("d"))],
            above: 3,
            made: Some(layer("bc")),
            ..step("squash")
        };
        let after = rewrite.on(&base).unwrap();
        assert_eq!(after.diff_ids(), [layer("a"), layer("bc"), layer("d")]);
        assert_eq!(told(&after), ["a", "-env", "-b", "-c", "squash", "-cmd", "d", "-end"]);
        assert_eq!(after.value()["x-kept"], 1);
        assert_eq!(after.value().get("container"), None);
        let rewrite =
            Rewrite { layers: vec![None; 4], above: 4, made: Some(layer("all")), ..step("flatten") };
        let after = rewrite.on(&base).unwrap();
        assert_eq!(told(&after), ["-a", "-env", "-b", "-c", "-cmd", "-d", "-end", "flatten"]);
        assert_eq!(after.diff_ids(), [layer("all")]);
        assert!(Rewrite { layers: vec![None], ..step("x") }.on(&base).is_err());
    }

    #[test]
    fn layers_that_change_or_vanish_keep_their_steps() {
        let base = config(&["a", "b", "-cmd"], &json!({}));
        let rewrite = Rewrite { layers: vec![Some(layer("A")), None], above: 2, ..step("without /x") };
        let after = rewrite.on(&base).unwrap();
        assert_eq!(after.diff_ids(), [layer("A")]);
        assert_eq!(told(&after), ["a", "-b", "-cmd", "-without /x"]);
    }

    #[test]
    fn a_history_that_does_not_fit_is_made_to() {
        let mut document = config(&["a", "b", "c"], &json!({})).value().clone();
        document["history"] = json!([{ "created_by": "a" }]);
        let short = Config::parse(document.to_string().into_bytes()).unwrap();
        let keep = |base: &Config| Rewrite {
            layers: base.diff_ids().iter().copied().map(Some).collect(),
            above: 9,
            ..step("x")
        };
        assert_eq!(told(&keep(&short).on(&short).unwrap()), ["a", UNTOLD, UNTOLD, "-x"]);
        document["history"] = json!([1, { "created_by": "a" }, {}, {}, { "created_by": "d" }]);
        let long = Config::parse(document.to_string().into_bytes());
        if let Ok(long) = long {
            assert_eq!(told(&keep(&long).on(&long).unwrap()), ["a", "", "", "-d", "-x"]);
        }
    }

    #[test]
    fn a_rebased_image_keeps_what_is_its_own() {
        let old = config(
            &["o1", "o2", "-cmd"],
            &json!({ "Env": ["PATH=/bin", "V=1", "GONE=1"], "Cmd": ["old"], "Labels": { "a": "1" } }),
        );
        let image = config(
            &["o1", "o2", "-cmd", "mine", "-mine"],
            &json!({ "Env": ["PATH=/bin", "V=1", "X=y"], "Cmd": ["old"], "User": "me",
                     "Labels": { "a": "1", "b": "2" } }),
        );
        let new = config(
            &["n1", "-n"],
            &json!({ "Env": ["PATH=/sbin", "V=2", "GONE=2", "N=3"], "Cmd": ["new"], "Labels": { "a": "9", "c": "3" },
                     "StopSignal": "SIGINT" }),
        );
        let after = rebase(&image, &old, &new, &step("rebase")).unwrap();
        assert_eq!(after.diff_ids(), [layer("n1"), layer("mine")]);
        assert_eq!(told(&after), ["n1", "-n", "mine", "-mine", "-rebase"]);
        assert_eq!(
            after.value()["config"],
            json!({ "Env": ["PATH=/sbin", "V=2", "X=y", "N=3"], "Cmd": ["new"], "User": "me",
                    "Labels": { "a": "9", "b": "2", "c": "3" }, "StopSignal": "SIGINT" })
        );
        // Without a history that says so, the split is after the old base's last layer.
        let other = config(&["o1", "o2", "mine"], &json!({}));
        assert_eq!(
            told(&rebase(&other, &old, &new, &step("rebase")).unwrap()),
            ["n1", "-n", "mine", "-rebase"]
        );
    }
}
