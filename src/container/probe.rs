//! Whether this kernel mounts overlays for us.

use std::os::fd::AsFd;
use std::path::Path;

use super::plan::{Overlay, Plan, Step};
use super::{Error, process};
use crate::sys::{clone, file, notify};

/// Whether an overlay of these directories (empty, absolute) can be mounted and take the marks it needs. The
/// mount is gone when this returns.
///
/// # Errors
/// What the kernel said.
pub fn probe_overlay(lower: &Path, upper: &Path, work: &Path, userxattr: bool) -> Result<(), Error> {
    let mark = if userxattr { c"user.overlay.probe" } else { c"trusted.overlay.probe" };
    let directory = file::open_root(upper)
        .and_then(|upper| file::set_xattr_of(upper.as_fd(), mark, b"y").map(|()| upper))
        .map_err(|error| Error::setup("mark a directory with an attribute")(notify::errno_of(&error)))?;
    drop(directory);
    let overlay = Overlay::probe(lower, upper, work, userxattr)?;
    let plan =
        Plan { namespaces: clone::NEW_MOUNTS, steps: vec![Step::PrivateMounts, Step::Overlay(overlay)] };
    process::start(&plan)?.wait().map(drop)
}
