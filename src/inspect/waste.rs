//! Bytes that an image carries and its final root filesystem does not show.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use crate::layer::{EntryRef, Kind};

/// Why a file's bytes are no longer visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A later layer has other content at the path.
    Overwritten,
    /// A later layer removed the path, or a directory above it.
    Removed,
    /// A later layer carries the same content again with another mode, owner, time or xattr.
    Metadata,
}

impl Cause {
    /// The word that people and JSON read.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overwritten => "overwritten",
            Self::Removed => "removed",
            Self::Metadata => "metadata",
        }
    }
}

/// One version of a file that is not visible at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// Its first name in the layer that added it, without a leading `/`.
    pub path: Vec<u8>,
    /// Its size.
    pub bytes: u64,
    /// Index of the layer that carries it, lowest 0.
    pub added_by: usize,
    /// Index of the layer that hid its last name.
    pub hidden_by: usize,
    /// How.
    pub cause: Cause,
}

/// What a stack of layers carries in vain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waste {
    /// Bytes of all layers' files, hard links once.
    pub total: u64,
    /// Bytes of the versions in `items`.
    pub bytes: u64,
    /// Every hidden version once; largest first, then by path and layer. Those of zero bytes are left out.
    pub items: Vec<Hidden>,
    /// By layer: how many of its own bytes are hidden.
    pub by_layer: Vec<u64>,
}

impl Waste {
    /// The share of `total` that is visible: 1 for an image without files.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn efficiency(&self) -> f64 {
        if self.total == 0 { 1.0 } else { 1.0 - self.bytes as f64 / self.total as f64 }
    }
}

/// Finds what `layers` (lowest first) carry in vain.
///
/// A version counts once whatever hid it, and only when its last name is gone: a hard link
/// adds no bytes and keeps bytes alive. `same_content(lower, upper, path)` tells whether the
/// versions of `path` in these two layers have equal content; it is asked only where the sizes
/// are equal, and decides between [`Cause::Metadata`] and [`Cause::Overwritten`].
pub fn waste<'a, Layer>(
    layers: impl IntoIterator<Item = Layer>,
    mut same_content: impl FnMut(usize, usize, &[u8]) -> bool,
) -> Waste
where
    Layer: IntoIterator<Item = EntryRef<'a>>,
{
    let mut view = View::default();
    for (index, layer) in layers.into_iter().enumerate() {
        let entries: Vec<EntryRef<'a>> = layer.into_iter().collect();
        view.apply(index, &entries, &mut same_content);
    }
    view.finish()
}

/// A file's bytes in one layer, under one or more names.
struct Version<'a> {
    path: &'a [u8],
    layer: usize,
    bytes: u64,
    names: usize,
    hidden: Option<(usize, Cause)>,
}

/// What a name shows: an index into `versions`, or something that has no bytes.
#[derive(Clone, Copy)]
enum Shown {
    Directory,
    Version(usize),
    Other,
}

/// The root filesystem as it would be seen on top of the layers applied so far.
#[derive(Default)]
struct View<'a> {
    shown: BTreeMap<&'a [u8], Shown>,
    versions: Vec<Version<'a>>,
    layers: usize,
}

impl<'a> View<'a> {
    fn apply(
        &mut self,
        layer: usize,
        entries: &[EntryRef<'a>],
        same_content: &mut impl FnMut(usize, usize, &[u8]) -> bool,
    ) {
        self.layers = layer + 1;
        // A whiteout speaks of the layers below, wherever it stands in its own.
        for entry in entries {
            if entry.kind == Kind::Whiteout {
                self.hide(entry.path, layer, Cause::Removed);
                self.hide_below(entry.path, layer);
            } else if entry.kind == Kind::Dir && entry.opaque {
                self.hide_below(entry.path, layer);
            }
        }
        let mut own: HashMap<&[u8], usize> = HashMap::new();
        for entry in entries {
            let path = entry.path;
            if entry.kind == Kind::Whiteout || path.is_empty() {
                continue;
            }
            self.clear_ancestors(path, layer);
            if entry.kind == Kind::Dir {
                if !matches!(self.shown.get(path), Some(Shown::Directory)) {
                    self.hide(path, layer, Cause::Overwritten);
                    self.shown.insert(path, Shown::Directory);
                }
                continue;
            }
            let cause = match self.shown.get(path) {
                Some(&Shown::Version(below))
                    if entry.kind == Kind::File
                        && self.versions[below].bytes == entry.size
                        && same_content(self.versions[below].layer, layer, path) =>
                {
                    Cause::Metadata
                }
                Some(Shown::Directory) => {
                    self.hide_below(path, layer);
                    Cause::Removed
                }
                _ => Cause::Overwritten,
            };
            self.hide(path, layer, cause);
            let shown = match entry.kind {
                Kind::File => {
                    let version = Version { path, layer, bytes: entry.size, names: 1, hidden: None };
                    self.versions.push(version);
                    own.insert(path, self.versions.len() - 1);
                    Shown::Version(self.versions.len() - 1)
                }
                Kind::Hardlink => match own.get(entry.link) {
                    Some(&version) => {
                        self.versions[version].names += 1;
                        Shown::Version(version)
                    }
                    None => Shown::Other,
                },
                _ => Shown::Other,
            };
            self.shown.insert(path, shown);
        }
    }

    /// An entry below what used to be a file makes that a directory.
    fn clear_ancestors(&mut self, path: &'a [u8], layer: usize) {
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        for (end, _) in slashes {
            let ancestor = &path[..end];
            if matches!(self.shown.get(ancestor), Some(Shown::Version(_) | Shown::Other)) {
                self.hide(ancestor, layer, Cause::Overwritten);
                self.shown.insert(ancestor, Shown::Directory);
            }
        }
    }

    fn hide(&mut self, path: &[u8], layer: usize, cause: Cause) {
        if let Some(Shown::Version(version)) = self.shown.remove(path) {
            let version = &mut self.versions[version];
            version.names -= 1;
            if version.names == 0 {
                version.hidden = Some((layer, cause));
            }
        }
    }

    /// Hides all that is under the directory `path`, not `path` itself.
    fn hide_below(&mut self, path: &[u8], layer: usize) {
        let mut first = path.to_vec();
        if !path.is_empty() {
            first.push(b'/');
        }
        let below: Vec<&'a [u8]> = self
            .shown
            .range::<[u8], _>((Bound::Included(first.as_slice()), Bound::Unbounded))
            .map(|(name, _)| *name)
            .take_while(|name| name.starts_with(&first))
            .collect();
        for name in below {
            self.hide(name, layer, Cause::Removed);
        }
    }

    fn finish(self) -> Waste {
        let mut waste = Waste { by_layer: vec![0; self.layers], ..Waste::default() };
        for version in self.versions {
            waste.total = waste.total.saturating_add(version.bytes);
            let Some((hidden_by, cause)) = version.hidden else { continue };
            if version.bytes == 0 {
                continue;
            }
            waste.bytes = waste.bytes.saturating_add(version.bytes);
            let own = &mut waste.by_layer[version.layer];
            *own = own.saturating_add(version.bytes);
            waste.items.push(Hidden {
                path: version.path.to_vec(),
                bytes: version.bytes,
                added_by: version.layer,
                hidden_by,
                cause,
            });
        }
        waste.items.sort_by(|a, b| {
            b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)).then_with(|| a.added_by.cmp(&b.added_by))
        });
        waste
    }
}
