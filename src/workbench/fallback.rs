//! Older ways of doing what newer kernels do better, and which of them is used.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{Error, ErrorKind, Result, Workbench, marks};
use crate::container;
use crate::layer::OverlayFormat;
use crate::layer::copy::Copying;
use crate::store::Store;
use crate::sys;
use crate::sys::userns::Identity;

/// An older way that is to be used although the kernel has a newer one; for tests, and for machines where the
/// newer one misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fallback {
    /// Overlays by `mount(2)` without `lowerdir+` (before Linux 6.7).
    OldMount,
    /// Processes by `clone(2)` instead of `clone3(2)` (before 5.5, and under old seccomp profiles).
    OldClone,
    /// Mount flags by remounting instead of `mount_setattr(2)` (before 5.12).
    OldAttributes,
    /// Extended attributes by paths in `/proc` instead of `getxattrat(2)` (before 6.13).
    OldXattrs,
    /// No overlayfs of the kernel's: the program `fuse-overlayfs` serves containers' roots.
    Fuse,
    /// No overlayfs: containers run in copies, blocks shared where the file system can.
    Reflink,
    /// No overlayfs: containers run in full copies.
    Copy,
    /// Deletions marked in a way that every file system can hold and overlayfs does not know; for new stores.
    PlainMarks,
}

impl Fallback {
    /// All of them with their names.
    pub const ALL: [(&'static str, Self); 8] = [
        ("old-mount", Self::OldMount),
        ("old-clone", Self::OldClone),
        ("old-attributes", Self::OldAttributes),
        ("old-xattrs", Self::OldXattrs),
        ("fuse-overlayfs", Self::Fuse),
        ("reflink", Self::Reflink),
        ("copy", Self::Copy),
        ("plain-marks", Self::PlainMarks),
    ];

    /// Whether it says how containers get their roots.
    pub(super) const fn is_for_roots(self) -> bool {
        matches!(self, Self::Fuse | Self::Reflink | Self::Copy | Self::PlainMarks)
    }

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, one)| *one == self).map_or("", |(name, _)| name)
    }
}

impl FromStr for Fallback {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(one, _)| *one == name);
        found.map(|(_, fallback)| *fallback).ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.iter().map(|(name, _)| *name).collect();
            Error::invalid(format!("`{name}` is no way that can be forced"))
                .with_hint(format!("there are {}", all.join(", ")))
        })
    }
}

/// How a container gets its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trees {
    /// Layers under overlayfs.
    Overlay,
    /// Layers that this program shows as one tree.
    Fuse(PathBuf),
    /// A copy for each run, and why.
    Copies(Copying, String),
}

/// What was found out about this store; `KERNEL IDENTITY FILESYSTEM ANSWER`.
const FILE: &str = "trees";
const WORKS: &str = "overlay";
/// The program that can serve an overlay.
const FUSE: &str = "fuse-overlayfs";

impl Workbench {
    /// Makes the kernel's newer ways count as missing, as the settings say.
    pub(super) fn force(&self) {
        for fallback in &self.settings.force {
            match fallback {
                Fallback::OldClone => sys::clone::use_clone(),
                Fallback::OldAttributes => sys::mount::use_remount(),
                Fallback::OldXattrs => sys::file::use_paths(),
                Fallback::OldMount
                | Fallback::Fuse
                | Fallback::Reflink
                | Fallback::Copy
                | Fallback::PlainMarks => {}
            }
        }
    }

    pub(super) fn is_forced(&self, fallback: Fallback) -> bool {
        self.settings.force.contains(&fallback)
    }

    /// The names of what is forced.
    pub(super) fn forced(&self) -> Vec<&'static str> {
        self.settings.force.iter().map(|fallback| fallback.name()).collect()
    }

    /// How containers of this store get their roots: found out once, and kept in the store.
    pub(super) fn kind_of_trees(&self) -> Result<&Trees> {
        if let Some(trees) = self.trees.get() {
            return Ok(trees);
        }
        let trees = self.find_trees()?;
        Ok(self.trees.get_or_init(|| trees))
    }

    fn find_trees(&self) -> Result<Trees> {
        for (fallback, copying) in [(Fallback::Copy, Copying::Bytes), (Fallback::Reflink, Copying::Reflink)] {
            if self.is_forced(fallback) {
                return Ok(Trees::Copies(copying, "forced".to_owned()));
            }
        }
        let opened = self.opened()?;
        if self.is_forced(Fallback::Fuse) {
            let found = match opened.format {
                OverlayFormat::Plain => Err("the store has marks that it does not know".to_owned()),
                OverlayFormat::Trusted | OverlayFormat::User => self.probe_fuse(),
            };
            return found.map(Trees::Fuse).map_err(|why| {
                Error::new(ErrorKind::Unsupported, format!("`{FUSE}` was asked for: {why}"))
                    .with_hint("install it, and see that /dev/fuse can be opened; or do not ask for it")
            });
        }
        if opened.format == OverlayFormat::Plain {
            let why = match marks::holds(opened.store.root(), marks::kernels(opened.identity)) {
                Ok(()) => "the store has plain marks".to_owned(),
                Err(error) => format!("the store's file system takes none of overlayfs's marks ({error})"),
            };
            return Ok(Trees::Copies(Copying::Reflink, why));
        }
        let known = opened.store.root().join(FILE);
        let here = here(opened.identity, opened.store.root());
        if let Ok(text) = fs::read_to_string(&known)
            && text.strip_prefix(&here).is_some_and(|answer| answer.trim() == WORKS)
        {
            return Ok(Trees::Overlay);
        }
        let why = match self.probe_overlay(&opened.store) {
            Ok(()) => {
                // Only a memory aid: where it cannot be written the next process asks again.
                let _ = fs::write(&known, format!("{here}{WORKS}\n"));
                return Ok(Trees::Overlay);
            }
            Err(why) => why,
        };
        Ok(match self.probe_fuse() {
            Ok(program) => Trees::Fuse(program),
            Err(also) => Trees::Copies(Copying::Reflink, format!("{why}; and no fuse-overlayfs: {also}")),
        })
    }

    /// The program `fuse-overlayfs`, if there is one and it can be given a mount to serve; why not.
    fn probe_fuse(&self) -> std::result::Result<PathBuf, String> {
        let path = self.settings.host.path.iter().flat_map(std::env::split_paths);
        let mut places = path.chain(["/usr/local/bin", "/usr/bin"].map(PathBuf::from));
        let found = places.find_map(|place| Some(place.join(FUSE)).filter(|program| program.is_file()));
        let program = found.ok_or_else(|| "it is not installed".to_owned())?;
        container::probe_fuse().map(|()| program).map_err(|error| error.to_string())
    }

    /// Mounts an overlay of empty directories in a mount namespace that goes at once; why not.
    pub(super) fn probe_overlay(&self, store: &Store) -> std::result::Result<(), String> {
        let folder = store.temporary_dir().map_err(|error| error.to_string())?;
        let probed = self.probe_overlay_in(&folder);
        store.remove_temporary(folder).map_err(|error| error.to_string())?;
        probed
    }

    fn probe_overlay_in(&self, folder: &Path) -> std::result::Result<(), String> {
        let make = |name: &str| {
            let path = folder.join(name);
            fs::create_dir(&path).map(|()| path).map_err(|error| error.to_string())
        };
        let opened = self.opened().map_err(|error| error.message)?;
        let format = marks::kernels(opened.identity);
        let (lower, upper, work) = (make("lower")?, make("upper")?, make("work")?);
        container::probe_overlay(&lower, &upper, &work, format == OverlayFormat::User)
            .map_err(|error| error.to_string())
    }
}

/// What the answer depends on.
fn here(identity: Identity, store: &Path) -> String {
    let release = nix::sys::utsname::uname()
        .map(|names| names.release().to_string_lossy().into_owned())
        .unwrap_or_default();
    let kind = nix::sys::statfs::statfs(store).map(|found| found.filesystem_type().0);
    format!("{release} {identity:?} {:x} ", kind.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_way_has_a_name() {
        for (name, fallback) in Fallback::ALL {
            assert_eq!(name.parse::<Fallback>().unwrap(), fallback);
            assert_eq!(fallback.name(), name);
        }
        assert!("overlay".parse::<Fallback>().is_err());
    }
}
