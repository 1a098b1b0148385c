//! Packages side by side, from the managers' databases.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;

use super::super::listed::absolute;
use super::super::look::{Content, Look};
use super::super::{Error, ErrorKind, InstalledPackage, Result, Subject, Workbench};
use super::PackageDifference;
use super::side::Side;
use crate::inspect::packages::{Database, Package, RpmError, RpmFormat, rpm_header, rpm_packages};
use crate::layer::Kind;
use crate::store::blobs_in;

/// No honest database is larger; of one that is, the beginning is read.
const MOST: u64 = 256 << 20;

impl Workbench {
    /// The packages that the subject shows, sorted by manager and name: those of apk, dpkg, npm, pip, pkg and rpm.
    ///
    /// # Errors
    /// When the subject is gone, or a database of rpm is damaged.
    pub fn installed(&self, subject: &Subject) -> Result<Vec<InstalledPackage>> {
        let look = self.look(subject, Content::Needed)?;
        let value = |package: Package| InstalledPackage {
            manager: package.manager.to_owned(),
            name: package.name,
            version: package.version,
            architecture: package.architecture,
        };
        Ok(packages(&look)?.into_iter().map(value).collect())
    }
}

fn packages(look: &Look) -> Result<BTreeSet<Package>> {
    let Some(top) = look.top() else { return Ok(BTreeSet::new()) };
    let reader = look.reader();
    let mut found = BTreeSet::new();
    for version in look.model.shown_after(top) {
        let Some(database) = Database::of(version.entry.path) else { continue };
        if look.model.file(&version).kind != Kind::File {
            continue;
        }
        let Some(file) = reader.file(version.layer, version.entry.path) else { continue };
        if database == Database::Rpm {
            found.extend(rpm(&file).map_err(|error| {
                let path = absolute(version.entry.path);
                let message = format!("`{path}` of `{}` tells of no packages: {error}", look.label);
                Error::new(ErrorKind::Corrupt, message)
                    .with_hint("`diff(a, b, #{ except: \"packages\" })` compares without packages")
            })?);
            continue;
        }
        let mut content = Vec::new();
        if file.take(MOST).read_to_end(&mut content).is_ok() {
            found.extend(database.packages(&content));
        }
    }
    Ok(found)
}

/// What a database of rpm holds, whichever of its formats it has.
fn rpm(file: &File) -> std::result::Result<Vec<Package>, RpmError> {
    let mut start = [0; 16];
    let is_sqlite =
        file.read_exact_at(&mut start, 0).is_ok() && RpmFormat::of(&start) == Some(RpmFormat::Sqlite);
    if is_sqlite {
        return Ok(blobs_in(file, "Packages", "blob").iter().filter_map(|blob| rpm_header(blob)).collect());
    }
    rpm_packages(file)
}

pub(super) fn compare(one: &Side, other: &Side) -> Result<Vec<PackageDifference>> {
    // A layer alone has a database as a whole or not at all: that says nothing of packages.
    if one.config.is_none() || other.config.is_none() || one.id.is_some() && one.id == other.id {
        return Ok(Vec::new());
    }
    let versions = |side: &Side| -> Result<_> {
        let mut found: BTreeMap<(&'static str, String), BTreeSet<String>> = BTreeMap::new();
        for package in packages(&side.look)? {
            found.entry((package.manager, package.name)).or_default().insert(package.version);
        }
        Ok(found)
    };
    let (old, new) = (versions(one)?, versions(other)?);
    let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let found = names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| {
            let told = |of: &BTreeMap<_, BTreeSet<String>>| {
                of.get(name).map(|versions| versions.iter().cloned().collect::<Vec<_>>().join(", "))
            };
            let (before, after) = (told(&old), told(&new));
            let kind = match (&before, &after) {
                (None, _) => "A",
                (_, None) => "D",
                _ => "C",
            };
            PackageDifference {
                kind: kind.to_owned(),
                manager: name.0.to_owned(),
                name: name.1.clone(),
                before,
                after,
            }
        })
        .collect();
    Ok(found)
}
