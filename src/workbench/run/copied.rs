//! Running in a copy, where overlayfs cannot be used.

use std::path::{Path, PathBuf};

use super::super::fallback::Trees;
use super::super::{Error, Result, Workbench};
use crate::container::Spec;
use crate::layer::Stack;
use crate::layer::copy::{self, Snapshot};
use crate::layer::owners::Recorder;
use crate::store::PartId;

/// Where a copy is, in the part's directory.
const TREE: &str = "tree";

/// A copy beside the writable directory, and what it was like.
pub(super) struct Copied {
    tree: PathBuf,
    snapshot: Snapshot,
}

impl Workbench {
    /// Copies all that the container is to see, where that is this store's way; `None` where it is overlayfs.
    pub(super) fn copy_tree(&self, spec: &mut Spec) -> Result<Option<Copied>> {
        let tree = spec.upper.with_file_name(TREE);
        let Trees::Copies(copying, _) = self.kind_of_trees()? else {
            // One that a process which was killed left there would look like one in use.
            absent(&tree)?;
            return Ok(None);
        };
        fresh(&tree)?;
        let layers: Vec<PathBuf> = std::iter::once(&spec.upper).chain(&spec.lowers).cloned().collect();
        let stack = Stack::open(&layers, self.format()?)?;
        let snapshot = copy::materialise(&stack, &tree, *copying, self.recorder(&tree)?)?;
        spec.tree = Some(tree.clone());
        Ok(Some(Copied { tree, snapshot }))
    }

    /// Makes the writable directory what the copy says, at once and whole.
    pub(super) fn keep_copy(&self, spec: &Spec, copied: &Copied) -> Result<()> {
        let new = spec.upper.with_file_name("new");
        fresh(&new)?;
        let lowers = Stack::open(&spec.lowers, self.format()?)?;
        let recorder = self.recorder(&new)?;
        copy::harvest(&copied.tree, &copied.snapshot, &spec.upper, &lowers, &new, recorder)?;
        exchange(&new, &spec.upper)?;
        for done in [&new, &copied.tree] {
            std::fs::remove_dir_all(done).map_err(|error| Error::io("removing a copy", &error))?;
        }
        Ok(())
    }

    /// Whether a container that runs with `part` does so in a copy: then the part tells nothing of this run yet.
    pub(in super::super) fn is_in_copy(&self, part: &PartId) -> Result<bool> {
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
