//! Node: `node_modules/NAME/package.json`.

use super::Package;

/// Whether `dir` is directly in a `node_modules`, or in a scope there.
pub(super) fn is_package(dir: &[u8]) -> bool {
    let mut names = dir.rsplit(|&byte| byte == b'/');
    let own = names.next().unwrap_or_default();
    match names.next() {
        Some(b"node_modules") => !own.starts_with(b"@"),
        Some(scope) if scope.starts_with(b"@") => names.next() == Some(b"node_modules"),
        _ => false,
    }
}

pub(super) fn package(content: &[u8]) -> Option<Package> {
    let document: serde_json::Value = serde_json::from_slice(content).ok()?;
    let text = |key: &str| document.get(key)?.as_str().map(str::to_owned);
    Some(Package {
        manager: "npm",
        name: text("name")?,
        version: text("version")?,
        architecture: String::new(),
    })
}
