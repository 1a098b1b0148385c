//! apk: `/lib/apk/db/installed`, one paragraph a package, keys of one letter.

use super::{Package, fields};

pub(super) fn packages(content: &[u8]) -> Vec<Package> {
    let text = String::from_utf8_lossy(content);
    text.split("\n\n").filter_map(|paragraph| package(paragraph.trim_start_matches('\n'))).collect()
}

fn package(paragraph: &str) -> Option<Package> {
    let mut package =
        Package { manager: "apk", name: String::new(), version: String::new(), architecture: String::new() };
    for (key, value) in fields(paragraph) {
        match key {
            "P" => value.clone_into(&mut package.name),
            "V" => value.clone_into(&mut package.version),
            "A" => value.clone_into(&mut package.architecture),
            _ => {}
        }
    }
    (!package.name.is_empty()).then_some(package)
}
