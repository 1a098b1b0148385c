//! The configuration that follows another.

use serde_json::{Map, Value, json};

use super::conform::ARCHITECTURE;
use super::document::{UNTOLD, array, forget_parent, makes_layer, object, read};
use super::{Change, Config, Error};
use crate::oci::DiffId;

/// What a commit adds to a configuration.
#[derive(Debug, Clone, Default)]
pub struct Next {
    /// When, RFC 3339.
    pub created: String,
    /// The command that made the change, as people read it.
    pub created_by: String,
    /// Who, as given.
    pub author: Option<String>,
    /// Why, as given.
    pub comment: Option<String>,
    /// The layer on top; `None` adds an `empty_layer` history entry instead.
    pub diff_id: Option<DiffId>,
    /// How the container ran: `Cmd`, `Entrypoint`, `Env` … override the old ones; `null` removes.
    pub runtime: Map<String, Value>,
    /// Instructions applied last.
    pub changes: Vec<Change>,
}

impl Next {
    /// The configuration after `self` on top of `base`. What `base` says and this does not
    /// mention is kept, known field or not.
    ///
    /// # Errors
    /// [`Error::Config`] if the outcome cannot be read back, which `base` being odd can cause.
    pub fn on(&self, base: &Config) -> Result<Config, Error> {
        let mut document = base.value().as_object().cloned().unwrap_or_default();
        self.apply(&mut document)
    }

    fn apply(&self, document: &mut Map<String, Value>) -> Result<Config, Error> {
        document.insert("created".into(), json!(self.created));
        if let Some(author) = &self.author {
            document.insert("author".into(), json!(author));
        }
        forget_parent(document);
        let runtime = object(document, "config");
        for (key, value) in &self.runtime {
            if value.is_null() {
                runtime.shift_remove(key);
            } else {
                runtime.insert(key.clone(), value.clone());
            }
        }
        for change in &self.changes {
            change.apply(runtime);
        }
        let rootfs = object(document, "rootfs");
        rootfs.insert("type".into(), json!("layers"));
        let diff_ids = array(rootfs, "diff_ids");
        let below = diff_ids.len();
        if let Some(diff_id) = self.diff_id {
            diff_ids.push(json!(diff_id.to_string()));
        }
        let history = array(document, "history");
        // The steps that made layers and the layers are matched by counting: of what is below, something must be said.
        let told = history.iter().filter(|entry| makes_layer(entry)).count();
        history.extend((told..below).map(|_| json!({ "comment": UNTOLD })));
        history.push(self.history_entry());
        read(document)
    }

    fn history_entry(&self) -> Value {
        let mut entry = Map::new();
        entry.insert("created".into(), json!(self.created));
        entry.insert("created_by".into(), json!(self.created_by));
        if let Some(author) = &self.author {
            entry.insert("author".into(), json!(author));
        }
        if let Some(comment) = &self.comment {
            entry.insert("comment".into(), json!(comment));
        }
        if self.diff_id.is_none() {
            entry.insert("empty_layer".into(), json!(true));
        }
        Value::Object(entry)
    }
}

/// The configuration of an image that has `next` and nothing below it, for this machine's
/// architecture.
///
/// # Errors
/// [`Error::Config`] if the outcome cannot be read back.
pub fn from_scratch(next: &Next) -> Result<Config, Error> {
    let mut document = Map::new();
    document.insert("architecture".into(), json!(ARCHITECTURE));
    document.insert("os".into(), json!("linux"));
    next.apply(&mut document)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::oci::Digest;

    fn base() -> Config {
        Config::parse(
            br#"{"architecture":"amd64","os":"linux","x-unknown":7,"container":"old",
                "config":{"Cmd":["sh"],"Env":["A=1"],"Healthcheck":{"Test":["NONE"]}},
                "rootfs":{"type":"layers","diff_ids":[]},"history":null}"#
                .to_vec(),
        )
        .unwrap()
    }

    #[test]
    fn what_is_not_mentioned_is_kept() {
        let diff_id = DiffId(Digest::of(b"layer"));
        let next = Next {
            created: "2024-01-02T03:04:05Z".into(),
            created_by: "pkg install wget".into(),
            comment: Some("wget".into()),
            diff_id: Some(diff_id),
            changes: vec!["CMD wget -q".parse().unwrap()],
            ..Next::default()
        };
        let after = next.on(&base()).unwrap();
        assert_eq!(after.value()["x-unknown"], 7);
        assert_eq!(after.value()["config"]["Healthcheck"]["Test"][0], "NONE");
        assert_eq!(after.value().get("container"), None);
        assert_eq!(after.cmd(), ["/bin/sh", "-c", "wget -q"]);
        assert_eq!(after.diff_ids(), [diff_id]);
        assert_eq!(after.history()[0]["comment"], "wget");
        assert_eq!(after.history()[0].get("empty_layer"), None);
        assert_ne!(after.id(), base().id());
    }

    #[test]
    fn layers_without_a_history_are_counted() {
        let layer = |text: &[u8]| DiffId(Digest::of(text));
        let base = json!({ "architecture": "amd64", "os": "linux", "rootfs": {
            "type": "layers", "diff_ids": [layer(b"1"), layer(b"2")],
        }, "history": [{ "created_by": "one" }, { "empty_layer": true }] });
        let base = Config::parse(base.to_string().into_bytes()).unwrap();
        let next = Next { created_by: "three".into(), diff_id: Some(layer(b"3")), ..Next::default() };
        let after = next.on(&base).unwrap();
        assert_eq!(after.history().len(), 4);
        assert_eq!(after.history()[2]["comment"], "a layer of which nothing is told");
        assert_eq!(after.history()[3]["created_by"], "three");
        assert_eq!(next.on(&after).unwrap().history().len(), 5);
    }

    #[test]
    fn nothing_changed_is_an_empty_layer() {
        let next = Next { created: "2024-01-02T03:04:05Z".into(), ..Next::default() };
        let after = next.on(&base()).unwrap();
        assert!(after.diff_ids().is_empty());
        assert_eq!(after.history()[0]["empty_layer"], true);
    }

    #[test]
    fn a_scratch_image_is_this_machines() {
        let next = Next { created: "2024-01-02T03:04:05Z".into(), ..Next::default() };
        assert_eq!(from_scratch(&next).unwrap().os(), "linux");
    }
}
