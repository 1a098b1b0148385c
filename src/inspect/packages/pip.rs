//! Python: `*.dist-info/METADATA` and its elder `PKG-INFO`, headers as in mail.

use super::{Package, fields};

pub(super) fn package(content: &[u8]) -> Option<Package> {
    let text = String::from_utf8_lossy(content);
    let find = |wanted: &str| {
        fields(&text).find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.to_owned())
    };
    let name = find("Name").filter(|name| !name.is_empty())?;
    Some(Package { manager: "pip", name, version: find("Version")?, architecture: String::new() })
}
