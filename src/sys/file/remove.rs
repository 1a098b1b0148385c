//! Removing a whole tree, whatever its depth.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::{Name, list, open_dir, open_parent, remove, set_mode, stat_of_fd};

/// How many directories stay open on the way down; above, `..` leads back.
const OPEN: usize = 64;

struct Step {
    name: Name,
    /// `None` while too many deeper ones are open.
    dir: Option<OwnedFd>,
    identity: (u64, u64),
    subdirectories: Vec<Name>,
}

impl Step {
    fn enter(parent: BorrowedFd<'_>, name: Name, buffer: &mut Vec<u8>) -> io::Result<Self> {
        let dir = match open_dir(parent, &name) {
            Err(error) if error.raw_os_error() == Some(libc::EACCES) => {
                set_mode(parent, &name, 0o700)?;
                open_dir(parent, &name)?
            }
            answer => answer?,
        };
        let stat = stat_of_fd(dir.as_fd())?;
        if stat.mode & 0o700 != 0o700 {
            super::set_mode_of(dir.as_fd(), 0o700)?;
        }
        let mut names = Vec::new();
        list(dir.as_fd(), buffer, &mut |name| {
            names.push(Name::new(name)?);
            Ok(())
        })?;
        let mut subdirectories = Vec::new();
        for name in names {
            match remove(dir.as_fd(), &name, false) {
                Ok(()) => {}
                Err(error) if matches!(error.raw_os_error(), Some(libc::EISDIR | libc::EPERM)) => {
                    subdirectories.push(name);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Self { name, dir: Some(dir), identity: (stat.dev, stat.ino), subdirectories })
    }
}

/// Removes `name` in `dir` with all that is below it. Needs neither stack nor open files in
/// proportion to the depth, and opens directories that their owner had closed.
///
/// # Errors
/// `ENOENT` where there is nothing; whatever else the kernel answers. `EIO` where somebody moved
/// directories meanwhile.
pub fn remove_tree(dir: BorrowedFd<'_>, name: &Name) -> io::Result<()> {
    match remove(dir, name, false) {
        Err(error) if matches!(error.raw_os_error(), Some(libc::EISDIR | libc::EPERM)) => {}
        answer => return answer,
    }
    let mut buffer = Vec::new();
    let mut steps = vec![Step::enter(dir, *name, &mut buffer)?];
    while let Some(step) = steps.last_mut() {
        let gone = || io::Error::from_raw_os_error(libc::EIO);
        if let Some(name) = step.subdirectories.pop() {
            let parent = step.dir.as_ref().ok_or_else(gone)?;
            let next = Step::enter(parent.as_fd(), name, &mut buffer)?;
            steps.push(next);
            if let Some(far) = steps.len().checked_sub(OPEN).and_then(|index| steps.get_mut(index)) {
                far.dir = None;
            }
            continue;
        }
        let Some(done) = steps.pop() else { break };
        let Some(above) = steps.last_mut() else {
            remove(dir, &done.name, true)?;
            break;
        };
        if above.dir.is_none() {
            let parent = open_parent(done.dir.as_ref().ok_or_else(gone)?.as_fd())?;
            let stat = stat_of_fd(parent.as_fd())?;
            if (stat.dev, stat.ino) != above.identity {
                return Err(gone());
            }
            above.dir = Some(parent);
        }
        let parent = above.dir.as_ref().ok_or_else(gone)?;
        remove(parent.as_fd(), &done.name, true)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sys::file::{make_dir, open_base, open_root};

    #[test]
    fn a_deep_tree_goes() {
        let place = tempfile::tempdir().unwrap();
        let root = open_root(place.path()).unwrap();
        let name = Name::new(&[b'd'; 200]).unwrap();
        let mut here = root.try_clone().unwrap();
        for _ in 0..3000 {
            make_dir(here.as_fd(), &name, 0o700).unwrap();
            here = open_base(here.as_fd(), &name).unwrap();
            make_dir(here.as_fd(), &Name::new(b"side").unwrap(), 0).unwrap();
        }
        remove_tree(root.as_fd(), &name).unwrap();
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    }
}
