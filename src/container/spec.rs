//! What a caller wants to run.

use std::ffi::CString;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Capabilities, Network};
use crate::sys::seccomp::Instruction;

/// A directory or file of the host shown in the container, with all that is mounted below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Absolute path on the host; links in it are followed.
    pub source: PathBuf,
    /// Absolute path in the container; made when missing, links resolved inside the container.
    pub target: PathBuf,
    /// Nothing can be written through it.
    pub read_only: bool,
}

/// How the container's overlay is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MountApi {
    /// `mount(2)`, which is the quicker one, while its options are short; else `fsopen`, where the kernel can.
    #[default]
    Auto,
    /// `mount(2)`, whose options must fit in a page; for tests.
    Old,
    /// `fsopen` with `lowerdir+` (Linux 6.7); for tests.
    New,
}

/// How the layers become one root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Root {
    /// The kernel's overlayfs.
    #[default]
    Overlay,
    /// The program `fuse-overlayfs`, at this path. Its marks in `upper` are its own (see `layer::translate`).
    Fuse(PathBuf),
    /// A directory that shows all that the container is to see. It becomes the root and is written; `lowers` and
    /// `upper` are left alone.
    Directory(PathBuf),
}

/// Which system calls a container may make.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Seccomp {
    /// Those of Docker's default profile, as its capabilities are.
    #[default]
    Docker,
    /// Those that this program lets pass.
    Program(Arc<[Instruction]>),
    /// All.
    Unconfined,
}

/// One program in one container.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Directories of the image's layers, the topmost first; at least one.
    pub lowers: Vec<PathBuf>,
    /// The writable directory. One container at a time.
    pub upper: PathBuf,
    /// Overlay's work directory, on the file system of `upper`. Empty before the first run;
    /// [`super::volatile::forget`] readies it for another, after a run that failed, too.
    pub work: PathBuf,
    /// Overlay's own attributes are `user.overlay.*`, as a user namespace needs it.
    pub userxattr: bool,
    /// The kernel need not write the upper directory to the disk when the container ends.
    pub volatile: bool,
    /// Way to mount the overlay.
    pub mount_api: MountApi,
    /// The program and its arguments; a name without `/` is looked up in `search_path`.
    pub argv: Vec<CString>,
    /// `NAME=value`, as [`super::environment`] makes them.
    pub env: Vec<CString>,
    /// Working directory, absolute; made when missing.
    pub cwd: CString,
    /// User id in the container.
    pub uid: u32,
    /// Group id in the container.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Name of the host as the container sees it; at most 64 bytes.
    pub hostname: String,
    /// Which network it sees.
    pub network: Network,
    /// Directories and files of the host.
    pub volumes: Vec<Volume>,
    /// Files kept out of the image (`/etc/hosts`, …) and their contents: mounted over files that the
    /// caller has put in a lower directory.
    pub files: Vec<(&'static str, Vec<u8>)>,
    /// What its root may do; also the bound for everyone else.
    pub capabilities: Capabilities,
    /// Which system calls it may make.
    pub seccomp: Seccomp,
    /// The container's `PATH`.
    pub search_path: Vec<u8>,
    /// The process is root of a user namespace only.
    pub rootless: bool,
    /// How the container gets its root.
    pub root: Root,
    /// That namespace has one user only. Owners and identities are pretended (`ownership`), for which
    /// `seccomp` has to be [`super::seccomp::docker_default_single_id`]'s; records are kept beside `upper`.
    pub single_id: bool,
}
