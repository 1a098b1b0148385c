//! The folder from which `pkg` installs.
//!
//! ```text
//! list                one package a line: name, version, number of files, bytes, description
//! manifests/NAME      one path a line: bytes, path without its leading slash
//! archives/NAME.tar   the files themselves
//! ```
//! Fields are separated by tabs. Archives and not a tree: a few dozen files are made in a fraction
//! of the time that thousands take. The folder holds nothing but what the catalogue names and the
//! libraries of that; what the starter image has already is left out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::catalogue::{CATALOGUE, PACKAGE_LIMIT, Package};
use super::plan::{Item, Plan};
use super::programs::Builder;
use super::{Error, Host, versions};

/// Offered on every machine, whatever its programs are.
const HELLO: &str = "#!/bin/sh\necho \"Hello, ${1:-world}! This program came with a layer.\"\n";

/// Fills the existing empty directory `folder` with the packages that this host can offer to
/// containers of the image whose root file system is `base`.
///
/// # Errors
/// [`Error::Io`] if the folder cannot be written. A program that cannot be taken, for want of a
/// library or of the right to read it, is not offered.
pub fn assemble_packages(folder: &Path, base: &Path, host: &Host) -> Result<(), Error> {
    let mut packages = plan_packages(base, host);
    let mut hello = Plan::default();
    hello.text("/usr/bin/hello", HELLO, 0o755);
    packages.insert("hello", (env!("CARGO_PKG_VERSION").to_owned(), "a greeting", hello));

    let mut folders = Plan::default();
    let mut list = String::new();
    folders.directory("/archives", 0o755);
    for (name, (version, description, plan)) in &packages {
        let mut manifest = String::new();
        for (path, item) in &plan.items {
            // Formatting into a string cannot fail.
            let _ =
                writeln!(manifest, "{}\t{}", item.size(), path.strip_prefix("/").unwrap_or(path).display());
        }
        let _ = writeln!(list, "{name}\t{version}\t{}\t{}\t{description}", plan.items.len(), plan.size());
        folders.text(&format!("/manifests/{name}"), manifest, 0o644);
    }
    folders.write(folder)?;
    for (name, (_, _, plan)) in &packages {
        plan.write_tar(&folder.join(format!("archives/{name}.tar")))?;
    }
    // Last: a folder without its list is one that `pkg` takes for empty.
    let mut last = Plan::default();
    last.directory("/archives", 0o755);
    last.text("/list", list, 0o644);
    last.write(folder)
}

/// For each package that can be offered its version, description and files, sorted by name.
fn plan_packages(base: &Path, host: &Host) -> BTreeMap<&'static str, (String, &'static str, Plan)> {
    let known = versions::installed(host);
    let mut builder = Builder::new(host);
    let mut packages = BTreeMap::new();
    for package in CATALOGUE {
        let Some(mut plan) = plan_package(&mut builder, package, base) else { continue };
        plan.items.retain(|path, item| {
            let named = path.to_str().is_some_and(|path| !path.contains(['\n', '\t', '\\']));
            named && !matches!(item, Item::Directory { .. }) && below(base, path).symlink_metadata().is_err()
        });
        if plan.items.is_empty() || plan.size() > PACKAGE_LIMIT {
            continue;
        }
        let version = package_names(package)
            .find_map(|name| known.get(name))
            .map_or_else(|| "host".to_owned(), |version| versions::upstream(version).to_owned());
        packages.insert(package.name, (version, package.description, plan));
    }
    packages
}

fn plan_package(builder: &mut Builder<'_>, package: &Package, base: &Path) -> Option<Plan> {
    let mut plan = Plan::default();
    let mut found = false;
    for name in package.programs.split_whitespace() {
        let Some(path) = builder.host.program(name) else { continue };
        // A script may rely on the image's shell.
        let mut part = Plan::default();
        for shell in ["sh", "bash"] {
            let place = Path::new("/usr/bin").join(shell);
            if below(base, &place).symlink_metadata().is_ok() {
                part.items.insert(place, Item::Directory { mode: 0o755 });
            }
        }
        if builder.attempt(&mut part, &path, &path) {
            part.items.retain(|_, item| !matches!(item, Item::Directory { .. }));
            // What the image has does not make a package.
            found |= part.items.keys().any(|place| below(base, place).symlink_metadata().is_err());
            plan.absorb(part);
        }
    }
    if !found {
        return None;
    }
    for pattern in package.data {
        for path in builder.host.matches(Path::new(pattern)) {
            builder.add_data(&mut plan, &path, package.without);
        }
    }
    Some(plan)
}

fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// What the package may be called by the host's package manager.
fn package_names(package: &Package) -> impl Iterator<Item = &'static str> {
    let others: &[&str] = match package.name {
        "dig" => &["bind9-dnsutils", "dnsutils", "bind-tools"],
        "iputils" => &["iputils-ping"],
        "netcat" => &["netcat-openbsd", "netcat-traditional", "openbsd-netcat"],
        "perl" => &["perl-base"],
        "python3" => &["python", "python3-minimal"],
        "vim" => &["vim-tiny"],
        "xz" => &["xz-utils"],
        _ => &[],
    };
    std::iter::once(package.name).chain(others.iter().copied())
}
