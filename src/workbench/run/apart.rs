//! Running beside the writable directory, where the kernel's overlayfs cannot be used: in a copy of everything, or in
//! an empty directory upon which `fuse-overlayfs` writes. What has been written becomes part of the container's state
//! when the run has ended, at once and whole.

use std::path::{Path, PathBuf};

use super::super::fallback::Trees;
use super::super::{Error, Result, Workbench};
use crate::container::{Root, Spec};
use crate::layer::copy::{self, Snapshot};
use crate::layer::owners::Recorder;
use crate::layer::{self, Stack};
use crate::store::PartId;

/// Where the container writes meanwhile, in the part's directory.
const TREE: &str = "tree";

/// What a run writes, and how it is taken over.
pub(super) enum Apart {
    /// A copy, and what it was like.
    Copy(Snapshot),
    /// What was changed, with marks of `fuse-overlayfs`.
    Fuse,
}

impl Workbench {
    /// Prepares for a run apart, where that is this store's way; `None` where it is overlayfs.
    pub(super) fn set_apart(&self, spec: &mut Spec) -> Result<Option<Apart>> {
        let tree = spec.upper.with_file_name(TREE);
        let copying = match self.kind_of_trees()? {
            Trees::Overlay => {
                // One that a process which was killed left there would look like one in use.
                absent(&tree)?;
                return Ok(None);
            }
            Trees::Fuse(program) => {
                fresh(&tree)?;
                layer::carry_links(&spec.upper, None, &tree, self.format()?)?;
                spec.lowers.insert(0, std::mem::replace(&mut spec.upper, tree));
                spec.root = Root::Fuse(program.clone());
                return Ok(Some(Apart::Fuse));
            }
            Trees::Copies(copying, _) => *copying,
        };
        fresh(&tree)?;
        let layers: Vec<PathBuf> = std::iter::once(&spec.upper).chain(&spec.lowers).cloned().collect();
        let stack = Stack::open(&layers, self.format()?)?;
        let snapshot = copy::materialise(&stack, &tree, copying, self.recorder(&tree)?)?;
        spec.root = Root::Directory(tree);
        Ok(Some(Apart::Copy(snapshot)))
    }

    /// Makes the writable directory what the run made of it.
    pub(super) fn take_over(&self, spec: &Spec, apart: &Apart) -> Result<()> {
        let tree = spec.upper.with_file_name(TREE);
        let new = spec.upper.with_file_name("new");
        fresh(&new)?;
        let format = self.format()?;
        match (apart, spec.lowers.split_first()) {
            (Apart::Copy(snapshot), _) => {
                let lowers = Stack::open(&spec.lowers, format)?;
                let recorder = self.recorder(&new)?;
                copy::harvest(&tree, snapshot, &spec.upper, &lowers, &new, recorder)?;
                exchange(&new, &spec.upper)?;
            }
            (Apart::Fuse, Some((before, _))) => {
                layer::translate(&tree, format)?;
                layer::merge(&[tree.clone(), before.clone()], &new, format, &layer::never)?;
                exchange(&new, before)?;
            }
            (Apart::Fuse, None) => {}
        }
        for done in [&new, &tree] {
            std::fs::remove_dir_all(done).map_err(|error| Error::io("removing a copy", &error))?;
        }
        Ok(())
    }

    /// Whether a container that runs with `part` does so apart: then the part tells nothing of this run yet.
    pub(in super::super) fn is_apart(&self, part: &PartId) -> Result<bool> {
        Ok(self.store()?.part_dir(part).join(TREE).exists())
    }

    fn recorder(&self, tree: &Path) -> Result<Option<Recorder>> {
        Ok(if self.is_single_id()? { Some(Recorder::open(tree)?) } else { None })
    }
}

/// An empty directory; what an earlier process left there goes.
fn fresh(path: &Path) -> Result<()> {
    absent(path)?;
    std::fs::create_dir(path).map_err(|error| Error::io("making a copy", &error))
}

fn absent(path: &Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("removing an old copy", &error))
        }
        _ => Ok(()),
    }
}

fn exchange(new: &Path, old: &Path) -> Result<()> {
    use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
    let said = |error| Error::io("keeping what the container wrote", &error);
    match renameat2(AT_FDCWD, new, AT_FDCWD, old, RenameFlags::RENAME_EXCHANGE) {
        Ok(()) => Ok(()),
        // A file system that cannot: in two steps.
        Err(nix::errno::Errno::EINVAL) => {
            let aside = old.with_file_name("old");
            std::fs::rename(old, &aside)
                .and_then(|()| std::fs::rename(new, old))
                .and_then(|()| std::fs::rename(&aside, new))
                .map_err(said)
        }
        Err(errno) => Err(said(errno.into())),
    }
}
