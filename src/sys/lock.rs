//! Locks on files that die with their process.
//!
//! Byte-range locks belong to the *open file description* (`F_OFD_SETLK`), not to the process: two openings in one
//! process exclude each other too, and closing some other descriptor of the file does not release them, which classic
//! POSIX locks would do. Source: `fcntl_locking(2)`.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};

/// Takes the exclusive lock on `length` bytes from `start`; false if somebody else has it.
///
/// # Errors
/// Whatever `fcntl(2)` answers, a conflict apart.
pub fn try_range(file: &File, start: u64, length: u64) -> io::Result<bool> {
    let lock = range(libc::F_WRLCK, start, length)?;
    match fcntl(file, FcntlArg::F_OFD_SETLK(&lock)) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// Waits for the exclusive lock on `length` bytes from `start`.
///
/// # Errors
/// `EINTR` when a signal came first, and whatever else `fcntl(2)` answers.
pub fn wait_range(file: &File, start: u64, length: u64) -> io::Result<()> {
    let lock = range(libc::F_WRLCK, start, length)?;
    fcntl(file, FcntlArg::F_OFD_SETLKW(&lock))?;
    Ok(())
}

/// Gives the bytes back.
///
/// # Errors
/// Whatever `fcntl(2)` answers.
pub fn release_range(file: &File, start: u64, length: u64) -> io::Result<()> {
    let lock = range(libc::F_UNLCK, start, length)?;
    fcntl(file, FcntlArg::F_OFD_SETLK(&lock))?;
    Ok(())
}

/// Whether any *other* open file description has a lock on `length` bytes from `start`.
///
/// # Errors
/// Whatever `fcntl(2)` answers.
pub fn is_range_taken(file: &File, start: u64, length: u64) -> io::Result<bool> {
    let mut lock = range(libc::F_WRLCK, start, length)?;
    fcntl(file, FcntlArg::F_OFD_GETLK(&mut lock))?;
    Ok(i32::from(lock.l_type) != libc::F_UNLCK)
}

fn range(kind: libc::c_int, start: u64, length: u64) -> io::Result<libc::flock> {
    let offset = |value: u64| libc::off_t::try_from(value).map_err(|_| io::Error::from(Errno::EOVERFLOW));
    // SAFETY: `flock` is plain numbers, for which zero is a value; OFD locks want `l_pid` to be 0.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock.l_start = offset(start)?;
    lock.l_len = offset(length)?;
    Ok(lock)
}

/// Takes the lock on the whole file or directory (`flock(2)`); false if another opening of it has it.
///
/// # Errors
/// Whatever `flock(2)` answers, a conflict apart.
pub fn try_whole(file: &File) -> io::Result<bool> {
    match flock(file, libc::LOCK_EX | libc::LOCK_NB) {
        Err(Errno::EWOULDBLOCK) => Ok(false),
        result => result.map(|()| true).map_err(io::Error::from),
    }
}

/// Waits for the lock on the whole file or directory, through signals.
///
/// # Errors
/// Whatever `flock(2)` answers.
pub fn wait_whole(file: &File) -> io::Result<()> {
    loop {
        match flock(file, libc::LOCK_EX) {
            Err(Errno::EINTR) => {}
            result => return result.map_err(io::Error::from),
        }
    }
}

fn flock(file: &File, operation: libc::c_int) -> nix::Result<()> {
    // SAFETY: the descriptor is open for as long as `file` is borrowed; no memory is involved.
    Errno::result(unsafe { libc::flock(file.as_raw_fd(), operation) }).map(drop)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn twice() -> (File, File, tempfile::NamedTempFile) {
        let named = tempfile::NamedTempFile::new().unwrap();
        let open = || File::options().read(true).write(true).open(named.path()).unwrap();
        (open(), open(), named)
    }

    #[test]
    fn ranges_exclude_each_other_within_one_process() {
        let (first, second, _named) = twice();
        assert!(try_range(&first, 8, 8).unwrap());
        assert!(try_range(&first, 8, 8).unwrap(), "one's own lock is no conflict");
        assert!(!try_range(&second, 8, 8).unwrap());
        assert!(is_range_taken(&second, 8, 8).unwrap());
        assert!(!is_range_taken(&first, 8, 8).unwrap());
        assert!(try_range(&second, 16, 8).unwrap(), "the next slot is free");
        release_range(&first, 8, 8).unwrap();
        assert!(try_range(&second, 8, 8).unwrap());
        drop(second);
        wait_range(&first, 8, 16).unwrap();
    }

    #[test]
    fn whole_files_too() {
        let (first, second, _named) = twice();
        assert!(try_whole(&first).unwrap());
        assert!(!try_whole(&second).unwrap());
        drop(first);
        wait_whole(&second).unwrap();
    }
}
