//! The init layer: empty mount points between an image and its containers.
//!
//! The engine mounts over these paths. Because the mount points are in a read-only layer, what is
//! mounted never shows in a diff and is never committed. Source: Docker's `daemon/initlayer`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};

use super::Error;
use super::place::{Attributes, dress};
use crate::layer::owners::Recorder;
use crate::layer::{OverlayFormat, Stack};
use crate::oci::ChainId;
use crate::store::{PartId, Store};

/// What the engine needs at a path.
enum Point {
    Directory,
    File,
    Link(&'static str),
}

/// Docker's list.
const POINTS: [(&str, Point); 10] = [
    ("dev/pts", Point::Directory),
    ("dev/shm", Point::Directory),
    ("proc", Point::Directory),
    ("sys", Point::Directory),
    (".dockerenv", Point::File),
    ("etc/resolv.conf", Point::File),
    ("etc/hosts", Point::File),
    ("etc/hostname", Point::File),
    ("dev/console", Point::File),
    ("etc/mtab", Point::Link("/proc/mounts")),
];

/// The kind under which the store keeps these parts.
const KIND: &str = "init";

/// The init layer's directory for the image with these layers, made at first need.
pub fn layer(
    store: &Store,
    chain: Option<ChainId>,
    layers: &[PathBuf],
    format: OverlayFormat,
) -> Result<PathBuf, Error> {
    let part = match store.special_part(KIND, chain)? {
        Some(part) => part,
        None => make(store, chain, layers, format)?,
    };
    Ok(store.part_dir(&part).join("fs"))
}

fn make(
    store: &Store,
    chain: Option<ChainId>,
    layers: &[PathBuf],
    format: OverlayFormat,
) -> Result<PartId, Error> {
    let part = store.new_part()?;
    let root = store.part_dir(&part).join("fs");
    let kept = Stack::open(layers, format)
        .map_err(Error::from)
        .and_then(|image| fill(&root, &image))
        .and_then(|()| Ok(store.put_special_part(KIND, chain, &part)?));
    // Another process may have been first; then its part is the one to use.
    if kept.as_ref().ok() != Some(&part) {
        store.remove_part(&part)?;
    }
    kept
}

fn fill(root: &Path, image: &Stack) -> Result<(), Error> {
    let mut recorder = if image.has_records() { Some(Recorder::open(root)?) } else { None };
    let mut directories = Vec::new();
    for (path, point) in &POINTS {
        let mut seen = String::new();
        let parents = path.rsplit_once('/').map_or("", |(parents, _)| parents);
        let wanted = match point {
            Point::Directory => path,
            Point::File | Point::Link(_) => parents,
        };
        for name in wanted.split('/').filter(|name| !name.is_empty()) {
            if !seen.is_empty() {
                seen.push('/');
            }
            seen.push_str(name);
            let target = root.join(&seen);
            if !target.exists() {
                fs::create_dir(&target).map_err(|source| Error::Io { path: target.clone(), source })?;
                directories.push(seen.clone());
            }
        }
        make_point(root, path, point)?;
    }
    // This layer is the topmost: its directories would hide the attributes of the image's.
    // Deepest first, since making entries changes a directory's time.
    for path in directories.iter().rev() {
        let target = root.join(path);
        let is_dir = image.lookup(path.as_bytes())?.is_some_and(|node| node.is_dir());
        match Attributes::of(image, path.as_bytes())?.filter(|_| is_dir) {
            Some(attributes) => dress(&target, &attributes, recorder.as_mut())?,
            None => fs::set_permissions(&target, fs::Permissions::from_mode(0o755))
                .map_err(|source| Error::Io { path: target.clone(), source })?,
        }
    }
    // The root's own attributes come from here too: it is the topmost of the lower directories.
    if let Some(attributes) = Attributes::of(image, b"")? {
        dress(root, &attributes, recorder.as_mut())?;
    }
    Ok(())
}

fn make_point(root: &Path, path: &str, point: &Point) -> Result<(), Error> {
    let target = root.join(path);
    let made = match point {
        Point::Directory => Ok(()),
        Point::File => fs::File::create_new(&target)
            .and_then(|file| file.set_permissions(fs::Permissions::from_mode(0o755))),
        Point::Link(to) => symlink(to, &target),
    };
    made.and_then(|()| lchown(&target, Some(0), Some(0))).map_err(|source| Error::Io { path: target, source })
}
