//! Where a program's input and output go.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;

use super::Error;
use crate::sys::at;

/// Which of a program's two outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Told of a piece of output.
pub type OnOutput<'a> = dyn FnMut(Stream, &[u8]) + 'a;

/// What a captured program reads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Stdin {
    /// Nothing: `/dev/null`.
    #[default]
    Empty,
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// What this process reads.
    Inherit,
}

/// Where a program's input and output go.
pub enum Io<'a> {
    /// Output is kept, and handed on as it comes.
    Captured {
        /// Its input.
        stdin: Stdin,
        /// Told of every piece of output, in the order in which it was read.
        on_output: Option<&'a mut OnOutput<'a>>,
    },
    /// It gets a terminal of its own, joined to this process's standard input and output: raw mode, size and its
    /// changes, everything put back on every way out.
    Terminal,
}

impl std::fmt::Debug for Io<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Captured { stdin, .. } => {
                f.debug_struct("Captured").field("stdin", stdin).finish_non_exhaustive()
            }
            Self::Terminal => write!(f, "Terminal"),
        }
    }
}

/// Lets a user other than root open its own standard streams by name (`/dev/stdout`), as Docker does.
pub fn give(stream: BorrowedFd<'_>, uid: u32) {
    if uid != 0 {
        // An id that is not mapped is refused later, where it can be said properly.
        let _ = nix::unistd::fchown(stream, Some(uid.into()), None);
    }
}

/// The host's `/dev/null`.
pub fn null() -> Result<BorrowedFd<'static>, Error> {
    static NULL: OnceLock<Result<OwnedFd, Errno>> = OnceLock::new();
    let opened = NULL.get_or_init(|| at::open_own(c"/dev/null", OFlag::O_RDWR.bits(), Mode::empty().bits()));
    opened.as_ref().map(AsFd::as_fd).map_err(|errno| Error::setup("open /dev/null")(*errno))
}
