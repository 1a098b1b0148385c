//! Versions of installed programs, from the databases of the host's package manager.

use std::collections::BTreeMap;
use std::path::Path;

use super::Host;

/// Package names and versions of dpkg, apk or pacman; empty for others.
pub(super) fn installed(host: &Host) -> BTreeMap<String, String> {
    if let Some(text) = host.text(Path::new("/var/lib/dpkg/status")) {
        return fields(&text, "Package: ", "Version: ");
    }
    if let Some(text) = host
        .text(Path::new("/lib/apk/db/installed"))
        .or_else(|| host.text(Path::new("/usr/lib/apk/db/installed")))
    {
        return fields(&text, "P:", "V:");
    }
    host.list(Path::new("/var/lib/pacman/local"))
        .into_keys()
        .filter_map(|name| {
            let mut parts = name.rsplitn(3, '-');
            let (release, version, package) = (parts.next()?, parts.next()?, parts.next()?);
            Some((package.to_owned(), format!("{version}-{release}")))
        })
        .collect()
}

fn fields(text: &str, name_field: &str, version_field: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for paragraph in text.split("\n\n") {
        let field = |name| paragraph.lines().find_map(|line| line.strip_prefix(name));
        if let (Some(name), Some(version)) = (field(name_field), field(version_field)) {
            found.insert(name.trim().to_owned(), version.trim().to_owned());
        }
    }
    found
}

/// Without Debian's epoch and revision, Alpine's and Arch's release: what the program itself says.
pub(super) fn upstream(version: &str) -> &str {
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    let version = version.rsplit_once('-').map_or(version, |(upstream, _)| upstream);
    version.split(['+', '~']).next().unwrap_or(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_programs_tell_them() {
        for (full, short) in [
            ("1.21.3-1+deb12u1", "1.21.3"),
            ("2:9.0.1378-2+deb12u2", "9.0.1378"),
            ("1.36.1-r29", "1.36.1"),
            ("7.88.1", "7.88.1"),
            ("4.9+git20230101-1", "4.9"),
        ] {
            assert_eq!(upstream(full), short);
        }
    }

    #[test]
    fn paragraphs() {
        let found =
            fields("Package: wget\nVersion: 1.21\n\nPackage: curl\nStatus: x\n", "Package: ", "Version: ");
        assert_eq!(found.len(), 1);
        assert_eq!(found["wget"], "1.21");
    }
}
