//! dpkg: `/var/lib/dpkg/status`, one paragraph a package.

use super::{Package, fields};

pub(super) fn packages(content: &[u8]) -> Vec<Package> {
    let text = String::from_utf8_lossy(content);
    text.split("\n\n").filter_map(|paragraph| package(paragraph.trim_start_matches('\n'))).collect()
}

fn package(paragraph: &str) -> Option<Package> {
    let mut package =
        Package { manager: "dpkg", name: String::new(), version: String::new(), architecture: String::new() };
    for (key, value) in fields(paragraph) {
        match key {
            "Package" => value.clone_into(&mut package.name),
            "Version" => value.clone_into(&mut package.version),
            "Architecture" => value.clone_into(&mut package.architecture),
            // Removed but for its settings, or half installed.
            "Status" if !value.ends_with(" installed") => return None,
            _ => {}
        }
    }
    (!package.name.is_empty()).then_some(package)
}
