//! The starter image's own `pkg`: one file a package, whose first line is `# NAME VERSION`.

use super::Package;

pub(super) fn package(content: &[u8]) -> Option<Package> {
    let first = content.split(|&byte| byte == b'\n').next()?;
    let text = String::from_utf8_lossy(first);
    let (name, version) = text.strip_prefix("# ")?.split_once(' ')?;
    let (name, version) = (name.to_owned(), version.trim().to_owned());
    Some(Package { manager: "pkg", name, version, architecture: String::new() })
}
