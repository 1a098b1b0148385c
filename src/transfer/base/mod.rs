//! The starter image `plywood/base`, assembled from this machine's own programs.
//!
//! [`assemble`] writes a small root file system: a shell and the usual programs, each with its
//! interpreter and libraries as the loader would find them, and [`config`] is the image's
//! configuration. [`assemble_packages`] prepares the folder from which the image's own little
//! package manager, `pkg`, installs more. No network, no root, nothing is executed.
//!
//! Promise: the same host files give the same tree, and so the same digest. Owners are 0, modes
//! are 0755 or 0644 without set-id bits, every time is [`MTIME`].

mod catalogue;
mod elf;
mod error;
mod furniture;
mod host;
mod libraries;
mod packages;
mod plan;
mod programs;
mod versions;

use std::path::Path;

use serde_json::{Value, json};

use crate::image::ARCHITECTURE;
use crate::oci::DiffId;

pub use error::Error;
pub use host::Host;
pub use packages::assemble_packages;

/// The reference under which the starter image is kept.
pub const REFERENCE: &str = "plywood/base";

/// The time of every file in the image, seconds since 1970: the first second of 2000. Not zero,
/// because `tar` warns of times that old and `zip` cannot write them.
pub const MTIME: u64 = 946_684_800;

/// The label by which the engine knows that an image wants the package folder mounted.
pub const PACKAGES_LABEL: &str = "io.plywood.packages";

/// Where the package folder is mounted, read only.
pub const PACKAGES_MOUNT: &str = "/usr/share/plywood/packages";

/// What [`assemble`] put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembled {
    /// Number of regular files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Why something that could have been in the image is not, one sentence each.
    pub notices: Vec<String>,
}

/// Writes the starter image's root file system into the existing empty directory `tree`.
///
/// # Errors
/// [`Error::NoShell`], [`Error::MissingLibrary`] or [`Error::MissingInterpreter`] if the host's
/// shell cannot be taken; [`Error::Io`]. Any other program that cannot be taken is left out and
/// named in [`Assembled::notices`].
pub fn assemble(tree: &Path, host: &Host) -> Result<Assembled, Error> {
    let mut plan = plan::Plan::default();
    let mut builder = programs::Builder::new(host);
    builder.add_shell(&mut plan)?;
    builder.add_usual(&mut plan);
    furniture::add(&mut builder, &mut plan)?;
    plan.write(tree)?;
    let is_file = |item: &&plan::Item| matches!(item, plan::Item::Copy { .. } | plan::Item::Text { .. });
    Ok(Assembled {
        files: plan.items.values().filter(is_file).count() as u64,
        bytes: plan.size(),
        notices: builder.notices,
    })
}

/// The image's configuration document: one layer with that DiffID, and a shell as its command.
///
/// Source: OCI image-spec `config.md`. Nothing in it depends on when it is made.
#[must_use]
pub fn config(diff_id: &DiffId) -> Value {
    json!({
        "created": "2000-01-01T00:00:00Z",
        "architecture": ARCHITECTURE,
        "os": "linux",
        "config": {
            "Env": [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "LANG=C.UTF-8",
                "ENV=/etc/shrc",
            ],
            "Cmd": ["/bin/sh"],
            "WorkingDir": "/",
            "Labels": { (PACKAGES_LABEL): PACKAGES_MOUNT },
        },
        "rootfs": { "type": "layers", "diff_ids": [diff_id] },
        "history": [{
            "created": "2000-01-01T00:00:00Z",
            "created_by": "plywood base",
            "comment": "assembled from this machine's own programs",
        }],
    })
}
