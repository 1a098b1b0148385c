//! Packages, from what their managers leave in the file system.

mod apk;
mod dpkg;
mod npm;
mod pip;
mod pkg;
mod rpm;

pub use rpm::{RpmError, RpmFormat, rpm_packages};

/// One installed package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Package {
    /// `apk`, `dpkg`, `npm`, `pip`, `pkg` or `rpm`.
    pub manager: &'static str,
    /// Its name.
    pub name: String,
    /// Its version, with release and epoch where there are such.
    pub version: String,
    /// The architecture it is for; empty where none is said.
    pub architecture: String,
}

/// A file that tells of packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Database {
    /// A status file of dpkg: paragraphs, one a package.
    Dpkg,
    /// apk's list of what is installed.
    Apk,
    /// One Python distribution's metadata.
    Pip,
    /// One Node package's description.
    Npm,
    /// What the starter image's `pkg` has of one package.
    Pkg,
    /// rpm's, in one of [three formats](RpmFormat).
    Rpm,
}

impl Database {
    /// Whether the file at `path` (no leading `/`) is one, and which.
    #[must_use]
    pub fn of(path: &[u8]) -> Option<Self> {
        let (dir, name) = path
            .iter()
            .rposition(|&byte| byte == b'/')
            .map_or((&b""[..], path), |slash| (&path[..slash], &path[slash + 1..]));
        match (dir, name) {
            (b"var/lib/dpkg", b"status") => Some(Self::Dpkg),
            (b"var/lib/dpkg/status.d", name) if !name.ends_with(b".md5sums") => Some(Self::Dpkg),
            (b"var/lib/pkg/installed", _) => Some(Self::Pkg),
            (b"lib/apk/db" | b"usr/lib/apk/db", b"installed") => Some(Self::Apk),
            (
                b"var/lib/rpm" | b"usr/lib/sysimage/rpm" | b"usr/share/rpm",
                b"rpmdb.sqlite" | b"Packages" | b"Packages.db",
            ) => Some(Self::Rpm),
            (dir, b"METADATA") if dir.ends_with(b".dist-info") => Some(Self::Pip),
            (dir, b"PKG-INFO") if dir.ends_with(b".egg-info") => Some(Self::Pip),
            (_, name) if name.ends_with(b".egg-info") => Some(Self::Pip),
            (dir, b"package.json") if npm::is_package(dir) => Some(Self::Npm),
            _ => None,
        }
    }

    /// The packages that the file's content tells of; none of rpm's, which is no text.
    #[must_use]
    pub fn packages(self, content: &[u8]) -> Vec<Package> {
        match self {
            Self::Dpkg => dpkg::packages(content),
            Self::Apk => apk::packages(content),
            Self::Pip => pip::package(content).into_iter().collect(),
            Self::Npm => npm::package(content).into_iter().collect(),
            Self::Pkg => pkg::package(content).into_iter().collect(),
            Self::Rpm => Vec::new(),
        }
    }
}

/// The package that one record of rpm's database describes.
#[must_use]
pub fn rpm_header(record: &[u8]) -> Option<Package> {
    rpm::package(record)
}

/// `Key: value` of the lines up to the first empty one; lines that begin with a space go on.
fn fields(paragraph: &str) -> impl Iterator<Item = (&str, &str)> {
    paragraph
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| !line.starts_with([' ', '\t']))
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key, value.trim()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn databases_are_known_by_their_place() {
        for (path, database) in [
            ("var/lib/dpkg/status", Some(Database::Dpkg)),
            ("var/lib/dpkg/status.d/base", Some(Database::Dpkg)),
            ("var/lib/dpkg/status.d/base.md5sums", None),
            ("lib/apk/db/installed", Some(Database::Apk)),
            ("usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA", Some(Database::Pip)),
            ("usr/lib/python3/dist-packages/six-1.16.0.egg-info", Some(Database::Pip)),
            ("usr/lib/node_modules/npm/package.json", Some(Database::Npm)),
            ("app/node_modules/@babel/core/package.json", Some(Database::Npm)),
            ("app/node_modules/x/src/package.json", None),
            ("app/package.json", None),
            ("var/lib/pkg/installed/hello", Some(Database::Pkg)),
            ("usr/lib/sysimage/rpm/rpmdb.sqlite", Some(Database::Rpm)),
            ("var/lib/rpm/Packages", Some(Database::Rpm)),
            ("usr/lib/sysimage/rpm/Packages.db", Some(Database::Rpm)),
            ("srv/Packages", None),
            ("status", None),
        ] {
            assert_eq!(Database::of(path.as_bytes()), database, "{path}");
        }
    }

    fn told(database: Database, text: &str) -> Vec<String> {
        let found = database.packages(text.as_bytes());
        found.iter().map(|it| format!("{} {} {}", it.name, it.version, it.architecture)).collect()
    }

    #[test]
    fn databases_are_read() {
        let dpkg = "Package: wget\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.21.3-1\nDescription: x\n Package: no\n\n\
            Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n\nPackage: libc6\nVersion: 2.36-9\nArchitecture: amd64\n";
        assert_eq!(told(Database::Dpkg, dpkg), ["wget 1.21.3-1 amd64", "libc6 2.36-9 amd64"]);
        let apk = "C:Q1x=\nP:musl\nV:1.2.4-r2\nA:x86_64\nF:lib\nR:ld-musl.so\n\nP:busybox\nV:1.36.1-r5\nA:x86_64\n\n";
        assert_eq!(told(Database::Apk, apk), ["musl 1.2.4-r2 x86_64", "busybox 1.36.1-r5 x86_64"]);
        let pip = "Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\n\nName: not this\n";
        assert_eq!(told(Database::Pip, pip), ["six 1.16.0 "]);
        assert_eq!(
            told(Database::Npm, r#"{"name": "@babel/core", "version": "7.1.0"}"#),
            ["@babel/core 7.1.0 "]
        );
        assert_eq!(told(Database::Pkg, "# hello 0.1.0\n/usr/bin/hello\n"), ["hello 0.1.0 "]);
        for database in
            [Database::Dpkg, Database::Pkg, Database::Apk, Database::Pip, Database::Npm, Database::Rpm]
        {
            assert!(database.packages(b"\xff\0 {]\n\n:\n").is_empty());
        }
    }

    /// A header as rpm stores it: counts, index entries of tag, type, offset and count, then the data.
    pub(super) fn header(entries: &[(u32, u32, &[u8])]) -> Vec<u8> {
        let mut index = Vec::new();
        let mut data: Vec<u8> = Vec::new();
        for (tag, kind, value) in entries {
            for number in [*tag, *kind, u32::try_from(data.len()).unwrap(), 1] {
                index.extend(number.to_be_bytes());
            }
            data.extend_from_slice(value);
        }
        let count = u32::try_from(entries.len()).unwrap().to_be_bytes();
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&count[..], &length, &index, &data].concat()
    }

    #[test]
    fn rpm_headers_are_read() {
        let epoch = 2_u32.to_be_bytes();
        let whole = header(&[
            (1003, 4, &epoch),
            (1000, 6, b"bash\0"),
            (1001, 6, b"5.1\0"),
            (1002, 6, b"9.el9\0"),
            (1022, 6, b"x86_64\0"),
        ]);
        let package = rpm_header(&whole).unwrap();
        assert_eq!(
            (package.name.as_str(), package.version.as_str(), package.architecture.as_str()),
            ("bash", "2:5.1-9.el9", "x86_64")
        );
        for end in 0..whole.len() {
            let _ = rpm_header(&whole[..end]);
        }
        assert_eq!(rpm_header(&[0xff; 64]), None);
        // Keys that were imported are kept as packages too, and are none.
        assert_eq!(rpm_header(&header(&[(1000, 6, b"gpg-pubkey\0"), (1001, 6, b"1\0")])), None);
    }
}
