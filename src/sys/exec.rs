//! Executing a program, and what it finds open. Allocates nothing.

use std::ffi::{CStr, CString, c_char};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use nix::errno::Errno;

/// Pointers to strings with a null pointer behind the last, as `execve(2)` wants them.
#[derive(Debug)]
pub struct Strings<'a> {
    texts: &'a [CString],
    pointers: Vec<*const c_char>,
}

// SAFETY: the pointers lead into `texts`, which is borrowed and so does not change.
unsafe impl Send for Strings<'_> {}
// SAFETY: as above.
unsafe impl Sync for Strings<'_> {}

impl<'a> Strings<'a> {
    /// Prepares the strings.
    #[must_use]
    pub fn new(texts: &'a [CString]) -> Self {
        let mut pointers = Vec::with_capacity(texts.len() + 1);
        pointers.extend(texts.iter().map(|text| text.as_ptr()));
        pointers.push(std::ptr::null());
        Self { texts, pointers }
    }

    /// The strings.
    #[must_use]
    pub fn as_slice(&self) -> &'a [CString] {
        self.texts
    }
}

/// Executes the program at `path`; returns only when it cannot.
pub fn execute(path: &CStr, arguments: &Strings<'_>, environment: &Strings<'_>) -> Errno {
    // SAFETY: terminated strings in terminated arrays.
    unsafe {
        libc::syscall(
            libc::SYS_execve,
            path.as_ptr(),
            arguments.pointers.as_ptr(),
            environment.pointers.as_ptr(),
        )
    };
    Errno::last()
}

/// Makes `from` known as descriptor `to`, which stays open in the program.
///
/// # Errors
/// EBADF.
pub fn place(from: RawFd, to: RawFd) -> nix::Result<()> {
    let answer = if from == to {
        // dup2 would leave close-on-exec as it is.
        // SAFETY: clears a flag of a descriptor of ours.
        unsafe { libc::fcntl(to, libc::F_SETFD, 0) }
    } else {
        // SAFETY: descriptors of this process; what `to` was is meant to be closed.
        unsafe { libc::dup2(from, to) }
    };
    Errno::result(answer).map(drop)
}

/// Closes this task's copy of a descriptor that its parent goes on using; for a child with a table of its own.
///
/// # Errors
/// EBADF.
pub fn close_copy(fd: BorrowedFd<'_>) -> nix::Result<()> {
    // SAFETY: the table is a copy, in which nobody uses this number again.
    Errno::result(unsafe { libc::syscall(libc::SYS_close, fd.as_raw_fd()) }).map(drop)
}

/// Closes every descriptor from `first` on, in this task's own table.
///
/// # Errors
/// ENOSYS before Linux 5.9.
pub fn close_from(first: RawFd) -> nix::Result<()> {
    // SAFETY: for a child on its way to a program: it owns a copy of the table and uses none of these again.
    Errno::result(unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) }).map(drop)
}
