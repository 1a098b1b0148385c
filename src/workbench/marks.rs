//! With which marks a store says what was deleted: decided once, when it is made.

use std::fs;
use std::os::fd::AsFd as _;
use std::path::Path;

use super::{Error, Fallback, Result, Settings};
use crate::layer::OverlayFormat;
use crate::sys::file::{self, Name};
use crate::sys::userns::Identity;

/// In the store: `kernel` for overlayfs's marks, `plain` for ours.
const FILE: &str = "marks";
const KERNEL: &str = "kernel";
const PLAIN: &str = "plain";

/// The marks of the store at `root`.
///
/// # Errors
/// When plain ones are forced on a store that has the kernel's.
pub(super) fn find(root: &Path, identity: Identity, settings: &Settings) -> Result<OverlayFormat> {
    let kernels = kernels(identity);
    let forced = settings.force.contains(&Fallback::PlainMarks);
    let path = root.join(FILE);
    match fs::read_to_string(&path).as_deref().map(str::trim) {
        Ok(PLAIN) => return Ok(OverlayFormat::Plain),
        Ok(KERNEL) if forced => {
            return Err(Error::invalid(
                "the store has overlayfs's marks, so plain ones cannot be forced on it",
            )
            .with_hint("force them on a new store: `--store DIR`"));
        }
        Ok(KERNEL) => return Ok(kernels),
        _ => {}
    }
    let plain = forced || holds(root, kernels).is_err();
    // Without the file the next process asks again, and gets the same answer.
    let _ = fs::write(&path, if plain { PLAIN } else { KERNEL });
    Ok(if plain { OverlayFormat::Plain } else { kernels })
}

/// Overlayfs's marks as this process may set them.
pub(super) const fn kernels(identity: Identity) -> OverlayFormat {
    match identity {
        Identity::Root => OverlayFormat::Trusted,
        Identity::Ranges | Identity::Single => OverlayFormat::User,
    }
}

/// Whether the file system takes these marks.
pub(super) fn holds(root: &Path, format: OverlayFormat) -> std::io::Result<()> {
    let folder = tempfile::Builder::new().prefix("marks-").tempdir_in(root.join("tmp"))?;
    let dir = file::open_root(folder.path())?;
    format.set_opaque_of(dir.as_fd())?;
    format.hide(dir.as_fd(), &Name::new(b"deleted")?)
}
