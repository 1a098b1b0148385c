//! Traces that a volatile overlay leaves.

use std::io;
use std::path::Path;

/// Readies a work directory for another mount: overlayfs marks the work directory of a volatile mount and
/// refuses a second one (`Documentation/filesystems/overlayfs.rst`, "Volatile mount"), since after a crash
/// the upper directory may be incomplete. The caller knows better: it did not crash in between.
///
/// # Errors
/// Those of removing files. A directory that is not there is none.
pub fn forget(work: &Path) -> io::Result<()> {
    // Nothing else is in it once its mount is gone; overlayfs makes it anew.
    match std::fs::remove_dir_all(work.join("work")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
