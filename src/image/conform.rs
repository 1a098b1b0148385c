//! Configurations as the image specification has them.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

/// Go's name of the architecture that this program was built for.
pub const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };

/// What may be missing from a configuration, but not be `null`.
///
/// Source: image-spec `schema/config-schema.json`; `Entrypoint`, `Cmd`, `Volumes` and `Labels` may be both.
const DOCUMENT: [&str; 10] = [
    "created",
    "author",
    "architecture",
    "variant",
    "os",
    "os.version",
    "os.features",
    "config",
    "rootfs",
    "history",
];
const RUNTIME: [&str; 6] = ["User", "ExposedPorts", "Env", "WorkingDir", "StopSignal", "ArgsEscaped"];
const HISTORY: [&str; 5] = ["created", "author", "created_by", "comment", "empty_layer"];

/// The configuration `raw` as the specification's schema wants it: without the `null`s that Docker writes for what is
/// not set, and with the machine that its old versions did not name. The same bytes where there is nothing to do.
#[must_use]
pub fn conform(raw: &[u8]) -> Cow<'_, [u8]> {
    let Ok(Value::Object(mut document)) = serde_json::from_slice(raw) else { return Cow::Borrowed(raw) };
    if !conform_document(&mut document) {
        return Cow::Borrowed(raw);
    }
    serde_json::to_vec(&document).map_or(Cow::Borrowed(raw), Cow::Owned)
}

/// The same on a document; whether anything was changed.
pub(super) fn conform_document(document: &mut Map<String, Value>) -> bool {
    let mut changed = drop_nulls(document, &DOCUMENT);
    if let Some(runtime) = object(document, "config") {
        changed |= drop_nulls(runtime, &RUNTIME);
    }
    let entries = document.get_mut("history").and_then(Value::as_array_mut);
    for entry in entries.into_iter().flatten().filter_map(Value::as_object_mut) {
        changed |= drop_nulls(entry, &HISTORY);
    }
    if let Some(rootfs) = object(document, "rootfs") {
        changed |= drop_nulls(rootfs, &["type", "diff_ids"]);
        changed |= default(rootfs, "type", || json!("layers"));
        changed |= default(rootfs, "diff_ids", || json!([]));
    }
    changed |= default(document, "architecture", || json!(ARCHITECTURE));
    changed | default(document, "os", || json!("linux"))
}

fn object<'a>(map: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Map<String, Value>> {
    map.get_mut(key)?.as_object_mut()
}

fn drop_nulls(map: &mut Map<String, Value>, keys: &[&str]) -> bool {
    let before = map.len();
    map.retain(|key, value| !value.is_null() || !keys.contains(&key.as_str()));
    map.len() != before
}

fn default(map: &mut Map<String, Value>, key: &str, value: impl FnOnce() -> Value) -> bool {
    let missing = !map.contains_key(key);
    if missing {
        map.insert(key.to_owned(), value());
    }
    missing
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn conformed(document: &Value) -> Value {
        serde_json::from_slice(&conform(document.to_string().as_bytes())).unwrap()
    }

    #[test]
    fn what_is_right_stays_as_it_is() {
        let raw = br#"{"os":"linux", "architecture":"s390x","x":null,
            "config":{"Cmd":null,"Labels":null,"OnBuild":null},"rootfs":{"type":"layers","diff_ids":[]}}"#;
        assert!(matches!(conform(raw), Cow::Borrowed(_)));
        assert!(matches!(conform(b"[null]"), Cow::Borrowed(_)));
        assert!(matches!(conform(b"junk"), Cow::Borrowed(_)));
    }

    #[test]
    fn nulls_go_and_order_stays() {
        let odd = json!({
            "created": null, "os": "linux", "architecture": "arm64", "docker_version": "1.9",
            "config": { "User": "", "Env": null, "Cmd": null, "ExposedPorts": null },
            "rootfs": { "type": "layers", "diff_ids": null },
            "history": [{ "created": null, "created_by": "x", "y": null }],
        });
        let right = json!({
            "os": "linux", "architecture": "arm64", "docker_version": "1.9",
            "config": { "User": "", "Cmd": null },
            "rootfs": { "type": "layers", "diff_ids": [] },
            "history": [{ "created_by": "x", "y": null }],
        });
        assert_eq!(conformed(&odd), right);
        assert_eq!(
            String::from_utf8(conform(odd.to_string().as_bytes()).into_owned()).unwrap(),
            right.to_string()
        );
        assert_eq!(conformed(&right), right);
    }

    #[test]
    fn an_old_configuration_is_for_this_machine() {
        let document = conformed(&json!({ "rootfs": { "diff_ids": [] }, "config": null }));
        assert_eq!(document["os"], "linux");
        assert_eq!(document["rootfs"]["type"], "layers");
        assert!(document["architecture"].is_string() && document.get("config").is_none());
    }
}
