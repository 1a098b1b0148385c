//! Pseudo terminals.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;

use super::{at, mount};

/// Rows and columns of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Lines.
    pub rows: u16,
    /// Characters a line.
    pub columns: u16,
}

/// A pseudo terminal in a `devpts` of its own that is not attached anywhere yet: the container's.
#[derive(Debug)]
pub struct Pty {
    /// The mount of the `devpts`, to be attached at the container's `/dev/pts`.
    pub tree: OwnedFd,
    /// The side that plays the person.
    pub master: OwnedFd,
    /// The side that the program sees.
    pub slave: OwnedFd,
}

impl Pty {
    /// Makes a new `devpts` with the given options and opens its first terminal.
    ///
    /// # Errors
    /// EPERM without `CAP_SYS_ADMIN`, EINVAL for an option (such as a group that is not mapped).
    pub fn new(options: &[(&CStr, &CStr)]) -> nix::Result<Self> {
        let context = mount::Context::new(c"devpts")?;
        // Old kernels share one instance without this; new ones accept it and do nothing.
        context.set_flag(c"newinstance")?;
        for (key, value) in options {
            context.set(key, value)?;
        }
        let tree = context.create(mount::NOSUID | mount::NOEXEC)?;
        let flags = libc::O_RDWR | libc::O_NOCTTY;
        let master = at::open(std::os::fd::AsFd::as_fd(&tree), c"ptmx", flags, 0, at::NO_SYMLINKS)?;
        let unlocked: libc::c_int = 0;
        // SAFETY: TIOCSPTLCK reads one int.
        Errno::result(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCSPTLCK, &raw const unlocked) })?;
        // By the master, not by name: nothing can be put in between.
        // SAFETY: TIOCGPTPEER takes open flags by value.
        let slave = unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCGPTPEER, flags | libc::O_CLOEXEC) };
        let slave = Errno::result(slave)?;
        // SAFETY: a descriptor the kernel has just made for us.
        let slave = unsafe { OwnedFd::from_raw_fd(slave) };
        Ok(Self { tree, master, slave })
    }
}

/// Makes `terminal` the controlling terminal of the calling session leader.
///
/// # Errors
/// EPERM when it has one already.
pub fn make_controlling(terminal: BorrowedFd<'_>) -> nix::Result<()> {
    // SAFETY: takes a number.
    Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSCTTY, 0) }).map(drop)
}

/// The size of a terminal.
///
/// # Errors
/// ENOTTY.
pub fn size(terminal: BorrowedFd<'_>) -> nix::Result<Size> {
    // SAFETY: winsize is plain data.
    let mut size: libc::winsize = unsafe { std::mem::zeroed() };
    // SAFETY: TIOCGWINSZ writes one winsize.
    Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) })?;
    Ok(Size { rows: size.ws_row, columns: size.ws_col })
}

/// Sets the size; the programs on it get SIGWINCH.
///
/// # Errors
/// ENOTTY.
pub fn set_size(terminal: BorrowedFd<'_>, size: Size) -> nix::Result<()> {
    let size = libc::winsize { ws_row: size.rows, ws_col: size.columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCSWINSZ reads one winsize.
    Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) }).map(drop)
}
