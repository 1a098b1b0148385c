//! The operations of a plan.

use std::ffi::{CStr, CString};
use std::fmt;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

use super::{Layers, Overlay, Place};
use crate::sys::exec::Strings;
use crate::sys::seccomp::Instruction;

/// One thing for the child to do. Relative names are below the current directory, which is always the root
/// of a file system of the kernel's that the engine has mounted itself: nothing in an image can bend them.
#[derive(Debug)]
pub enum Step<'a> {
    /// Default dispositions for all signals.
    ResetSignals,
    /// Name the UTS namespace.
    Hostname(CString),
    /// Enter a network namespace prepared ahead.
    JoinNetwork(BorrowedFd<'a>),
    /// Switch on the loopback device.
    LoopbackUp,
    /// Cut the mounts off from the host's.
    PrivateMounts,
    /// Set the mask for modes.
    Umask(u32),
    /// Mount the container's root and remember it.
    Overlay(Overlay),
    /// Attach a mount that is to be the container's root and remember it.
    Root {
        /// Where, in the container's namespace alone.
        at: CString,
        /// The mount.
        tree: BorrowedFd<'a>,
    },
    /// Mount a kernel file system on a real directory in the container's root, verify that it is there and
    /// make it the current directory.
    Mount {
        /// The directory; one component.
        at: &'static CStr,
        /// File system, also given as source.
        kind: &'static CStr,
        /// As for `mount(2)`.
        flags: u64,
        /// Options.
        data: &'static CStr,
        /// Its magic number.
        magic: i64,
    },
    /// Mount a read-only `sysfs` likewise; where the kernel refuses a fresh one, the host's, all read-only.
    Sysfs,
    /// Make a directory in the current one and mount a file system on it.
    Submount {
        /// The directory.
        name: &'static CStr,
        /// Whether it has to be made.
        make: bool,
        /// Source, as mount tables show it.
        source: &'static CStr,
        /// File system.
        kind: &'static CStr,
        /// As for `mount(2)`.
        flags: u64,
        /// Options.
        data: &'static CStr,
        /// Go on where the kernel does not have it or does not allow it.
        optional: bool,
    },
    /// Make a directory in the current one and attach a prepared mount on it.
    Attach {
        /// The directory.
        name: &'static CStr,
        /// The prepared mount.
        tree: BorrowedFd<'a>,
    },
    /// Make an empty file in the current directory and bind a device node on it.
    Device {
        /// Path on the host, or relative to the current directory.
        source: &'static CStr,
        /// The file.
        name: &'static CStr,
        /// The node is the host's: its mode and owner must not be changed through it, so the mount is
        /// read-only (which does not keep a device from being written).
        shared: bool,
    },
    /// Make a symbolic link in the current directory.
    Link {
        /// Where it leads.
        target: &'static CStr,
        /// Its name.
        name: &'static CStr,
    },
    /// Bind the stage's `dev` on the container's `/dev`, verify it and make it the current directory.
    Dev {
        /// Absolute path in the stage.
        source: CString,
    },
    /// Hide a file or directory of the current directory, if it exists: behind the container's read-only
    /// `/dev/null` or the stage's empty directory.
    Mask {
        /// Its name.
        name: &'static CStr,
        /// It is a directory.
        directory: bool,
    },
    /// Make a file or directory of the current directory read-only, if it exists.
    ReadOnly {
        /// Its name.
        name: &'static CStr,
    },
    /// Mount a `tmpfs` in the host's tree, which the container never sees; it gets pieces of it. With a
    /// directory for `/dev` and an empty one, which becomes a read-only mount of its own.
    Stage {
        /// An existing directory, absolute.
        at: CString,
        /// Directory to make for `/dev`.
        dev: CString,
        /// Directory to make and to keep empty.
        empty: CString,
    },
    /// Write a file there and bind it into the container's root.
    File {
        /// Absolute path in the stage.
        source: CString,
        /// Its contents.
        contents: &'a [u8],
        /// The existing mount point.
        target: Place,
    },
    /// Bind a tree of the host into the container's root; the mount point is made when missing.
    Volume {
        /// Absolute path on the host.
        source: CString,
        /// The mount point.
        target: Place,
        /// What to add to its mounts' flags.
        flags: u64,
    },
    /// Make the working directory when missing and remember it.
    WorkingDirectory(Place),
    /// Make the overlay the root, detach the host's, go to the working directory and verify it.
    Pivot,
    /// Lead a new session.
    Session,
    /// Make a descriptor the controlling terminal.
    ControllingTerminal(BorrowedFd<'a>),
    /// Descriptors that become 0, 1 and 2; `None`: the container's `/dev/null`.
    Streams([Option<BorrowedFd<'a>>; 3]),
    /// Bound every set of capabilities.
    Bound(u64),
    /// Set supplementary groups.
    Groups(&'a [u32]),
    /// Set the group.
    Group(u32),
    /// Set the user. Nobody else of that user may look into this memory meanwhile.
    User(u32),
    /// Set permitted and effective capabilities; inheritable and ambient become empty.
    Capabilities(u64),
    /// Die with the parent, and die now if it is gone already: the second descriptor is closed, the first
    /// then tells whether anyone else still has it.
    DieWithParent([BorrowedFd<'a>; 2]),
    /// Gain nothing from set-user-id programs.
    NoNewPrivileges,
    /// Close all descriptors but 0, 1 and 2.
    CloseDescriptors,
    /// Filter system calls.
    Filter(Program),
    /// Filter system calls, and send the listener for those that are handed over through a socket.
    FilterWithListener(Program, BorrowedFd<'a>),
    /// Let signals in again.
    UnblockSignals,
    /// Refuse a program or interpreter that is this very engine, reached by a magic link: the container
    /// could write to the host's file through it later (CVE-2019-5736).
    Refuse {
        /// Paths in the order of trial.
        candidates: Arc<[CString]>,
        /// Device and inode of the engine's own program.
        own: (u64, u64),
    },
    /// Execute the first candidate that can be.
    Execute {
        /// Paths in the order of trial.
        candidates: Arc<[CString]>,
        /// They come from `PATH`.
        searched: bool,
        /// Arguments.
        arguments: Strings<'a>,
        /// Environment.
        environment: Strings<'a>,
    },
}

/// A seccomp program; prints as its length.
#[derive(Clone)]
pub struct Program(pub Arc<[Instruction]>);

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} instructions", self.0.len())
    }
}

impl fmt::Display for Step<'_> {
    /// What it does, to follow "could not".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ResetSignals => write!(f, "reset signals"),
            Self::Hostname(name) => write!(f, "set the host name `{}`", name.to_string_lossy()),
            Self::JoinNetwork(_) => write!(f, "enter the network namespace"),
            Self::LoopbackUp => write!(f, "switch on the loopback device"),
            Self::PrivateMounts => write!(f, "make mounts private"),
            Self::Umask(_) => write!(f, "set the file mode mask"),
            Self::Overlay(Overlay { layers: Layers::Directory, .. }) => write!(f, "mount the root"),
            Self::Root { .. } => write!(f, "mount the root"),
            Self::Overlay(overlay) => write!(f, "mount the overlay of {} layers", overlay.lowers),
            Self::Mount { at, kind, .. } => write!(f, "mount {} at `/{}`", name(kind), name(at)),
            Self::Sysfs => write!(f, "mount sysfs at `/sys`"),
            Self::Submount { name: at, kind, .. } => write!(f, "mount {} at `{}`", name(kind), name(at)),
            Self::Attach { name: at, .. } => write!(f, "mount devpts at `{}`", name(at)),
            Self::Device { source, .. } => write!(f, "bind `{}` into the container", name(source)),
            Self::Link { name: link, .. } => write!(f, "make the link `/dev/{}`", name(link)),
            Self::Mask { name: path, .. } => write!(f, "mask `{}`", name(path)),
            Self::ReadOnly { name: path } => write!(f, "make `{}` read-only", name(path)),
            Self::Stage { .. } => write!(f, "prepare the container's own files"),
            Self::Dev { .. } => write!(f, "mount tmpfs at `/dev`"),
            Self::File { target, .. } => write!(f, "mount `{target}`"),
            Self::Volume { source, target, .. } => {
                write!(f, "mount volume `{}` at `{target}`", source.to_string_lossy())
            }
            Self::WorkingDirectory(place) => write!(f, "make the working directory `{place}`"),
            Self::Pivot => write!(f, "enter the container's root and working directory"),
            Self::Session => write!(f, "begin a session"),
            Self::ControllingTerminal(_) => write!(f, "take the terminal"),
            Self::Streams(_) => write!(f, "connect standard input and output"),
            Self::Bound(_) => write!(f, "drop capabilities from the bounding set"),
            Self::Groups(_) => write!(f, "set the supplementary groups"),
            Self::Group(gid) => write!(f, "become group {gid}"),
            Self::User(uid) => write!(f, "become user {uid}"),
            Self::Capabilities(_) => write!(f, "set the capabilities"),
            Self::DieWithParent(_) => write!(f, "bind the container's life to this process"),
            Self::NoNewPrivileges => write!(f, "give up new privileges"),
            Self::CloseDescriptors => write!(f, "close descriptors"),
            Self::Filter(_) | Self::FilterWithListener(..) => write!(f, "load the seccomp filter"),
            Self::UnblockSignals => write!(f, "unblock signals"),
            Self::Refuse { .. } => write!(f, "check the program"),
            Self::Execute { arguments, .. } => {
                let program = arguments.as_slice().first().map(|text| text.to_string_lossy());
                write!(f, "execute `{}`", program.unwrap_or_default())
            }
        }
    }
}

fn name(text: &CStr) -> std::borrow::Cow<'_, str> {
    text.to_string_lossy()
}
