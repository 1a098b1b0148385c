//! Extended attributes of a name in an open directory.
//!
//! Linux 6.13 has calls for it. Before, a path through `/proc/self/fd` says the same thing; its
//! last component is not followed either.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use super::Name;

// The same numbers on every architecture.
const SYS_SETXATTRAT: libc::c_long = 463;
const SYS_GETXATTRAT: libc::c_long = 464;
const SYS_LISTXATTRAT: libc::c_long = 465;
const SYS_REMOVEXATTRAT: libc::c_long = 466;

/// `struct xattr_args` of `linux/xattr.h`.
#[repr(C)]
struct Arguments {
    value: u64,
    size: u32,
    flags: u32,
}

/// Falls once, when the kernel (or a filter that does not know the calls) refuses the new way.
static NEW_WAY: AtomicBool = AtomicBool::new(true);

/// Has every later call go by a path, as if the kernel had no other way.
pub fn use_paths() {
    NEW_WAY.store(false, Ordering::Relaxed);
}

/// Names that fit here cost one call, not two.
const FIRST_GUESS: usize = 256;

fn by_either<T>(
    new: impl FnOnce() -> io::Result<T>,
    old: impl FnOnce() -> io::Result<T>,
    probe: BorrowedFd<'_>,
) -> io::Result<T> {
    if !NEW_WAY.load(Ordering::Relaxed) {
        return old();
    }
    match new() {
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) => {
            // EPERM is also an honest answer: only where listing, which never gives it, is refused too
            // is it a filter's.
            if error.raw_os_error() == Some(libc::EPERM) && new_way_lists(probe) {
                return Err(error);
            }
            NEW_WAY.store(false, Ordering::Relaxed);
            old()
        }
        answer => answer,
    }
}

fn new_way_lists(dir: BorrowedFd<'_>) -> bool {
    // SAFETY: an empty path means the descriptor itself; no buffer is given.
    unsafe {
        libc::syscall(
            SYS_LISTXATTRAT,
            dir.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH,
            std::ptr::null_mut::<u8>(),
            0_usize,
        ) >= 0
    }
}

/// The older way's path; a component cannot contain a NUL, so this never fails.
fn through_proc(dir: BorrowedFd<'_>, name: &Name) -> io::Result<CString> {
    let mut path = format!("/proc/self/fd/{}/", dir.as_raw_fd()).into_bytes();
    path.extend_from_slice(name.as_bytes());
    Ok(CString::new(path)?)
}

fn length(answer: libc::c_long) -> io::Result<usize> {
    usize::try_from(answer).map_err(|_| io::Error::last_os_error())
}

/// Reads something of unknown size: with a small buffer first, then with what the kernel asks for.
fn read_all(call: &dyn Fn(&mut [u8]) -> io::Result<usize>) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; FIRST_GUESS];
    loop {
        match call(&mut buffer) {
            Ok(len) => {
                buffer.truncate(len);
                return Ok(buffer);
            }
            Err(error) if error.raw_os_error() == Some(libc::ERANGE) => {
                // It may grow between the two calls, so ask again until it fits.
                let wanted = call(&mut [])?;
                buffer.resize(wanted.max(buffer.len() + 1), 0);
            }
            Err(error) => return Err(error),
        }
    }
}

fn list_new(dir: BorrowedFd<'_>, name: &Name, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the name is terminated; the buffer is as long as we say.
    length(unsafe {
        libc::syscall(
            SYS_LISTXATTRAT,
            dir.as_raw_fd(),
            name.as_ptr(),
            libc::AT_SYMLINK_NOFOLLOW,
            buffer.as_mut_ptr(),
            buffer.len(),
        )
    })
}

fn list_old(path: &CStr, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the path is terminated; the buffer is as long as we say.
    length(
        unsafe { libc::llistxattr(path.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len()) } as libc::c_long
    )
}

/// The names of the extended attributes of `name`, each followed by a NUL; empty where the file
/// system has none.
///
/// # Errors
/// Whatever `listxattrat(2)` or `llistxattr(2)` answers.
pub fn list_xattrs(dir: BorrowedFd<'_>, name: &Name) -> io::Result<Vec<u8>> {
    let answer = by_either(
        // Most files have none: ask for the length alone, which needs no buffer.
        || {
            if list_new(dir, name, &mut [])? == 0 {
                return Ok(Vec::new());
            }
            read_all(&|buffer| list_new(dir, name, buffer))
        },
        || {
            let path = through_proc(dir, name)?;
            if list_old(&path, &mut [])? == 0 {
                return Ok(Vec::new());
            }
            read_all(&|buffer| list_old(&path, buffer))
        },
        dir,
    );
    match answer {
        Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => Ok(Vec::new()),
        answer => answer,
    }
}

fn get_new(dir: BorrowedFd<'_>, name: &Name, attribute: &CStr, buffer: &mut [u8]) -> io::Result<usize> {
    let mut arguments = Arguments {
        value: buffer.as_mut_ptr() as u64,
        size: u32::try_from(buffer.len()).unwrap_or(0),
        flags: 0,
    };
    // SAFETY: both names are terminated; the arguments describe a live buffer.
    length(unsafe {
        libc::syscall(
            SYS_GETXATTRAT,
            dir.as_raw_fd(),
            name.as_ptr(),
            libc::AT_SYMLINK_NOFOLLOW,
            attribute.as_ptr(),
            &raw mut arguments,
            size_of::<Arguments>(),
        )
    })
}

fn get_old(path: &CStr, attribute: &CStr, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: path and attribute are terminated; the buffer is as long as we say.
    length(unsafe {
        libc::lgetxattr(path.as_ptr(), attribute.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len())
    } as libc::c_long)
}

/// The value of one extended attribute of `name`; `None` where it has none of that name.
///
/// # Errors
/// Whatever `getxattrat(2)` or `lgetxattr(2)` answers.
pub fn get_xattr(dir: BorrowedFd<'_>, name: &Name, attribute: &CStr) -> io::Result<Option<Vec<u8>>> {
    let answer = by_either(
        || read_all(&|buffer| get_new(dir, name, attribute, buffer)),
        || {
            let path = through_proc(dir, name)?;
            read_all(&|buffer| get_old(&path, attribute, buffer))
        },
        dir,
    );
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENODATA | libc::EOPNOTSUPP)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The value of one extended attribute of an open file or directory (not an `O_PATH` one); `None`
/// where it has none of that name.
///
/// # Errors
/// Whatever `fgetxattr(2)` answers.
pub fn get_xattr_of(fd: BorrowedFd<'_>, attribute: &CStr) -> io::Result<Option<Vec<u8>>> {
    let answer = read_all(&|buffer| {
        // SAFETY: the attribute is terminated; the buffer is as long as we say.
        length(unsafe {
            libc::fgetxattr(fd.as_raw_fd(), attribute.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len())
        } as libc::c_long)
    });
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENODATA | libc::EOPNOTSUPP)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sets one extended attribute of an open file or directory (not an `O_PATH` one).
///
/// # Errors
/// Whatever `fsetxattr(2)` answers.
pub fn set_xattr_of(fd: BorrowedFd<'_>, attribute: &CStr, value: &[u8]) -> io::Result<()> {
    // SAFETY: the attribute is terminated; the value is as long as we say.
    super::check(unsafe {
        libc::fsetxattr(fd.as_raw_fd(), attribute.as_ptr(), value.as_ptr().cast(), value.len(), 0)
    })
    .map(drop)
}

/// Sets one extended attribute of `name`.
///
/// # Errors
/// Whatever `setxattrat(2)` or `lsetxattr(2)` answers.
pub fn set_xattr(dir: BorrowedFd<'_>, name: &Name, attribute: &CStr, value: &[u8]) -> io::Result<()> {
    by_either(
        || {
            let size = u32::try_from(value.len()).map_err(|_| io::Error::from_raw_os_error(libc::E2BIG))?;
            let arguments = Arguments { value: value.as_ptr() as u64, size, flags: 0 };
            // SAFETY: both names are terminated; the arguments describe a live buffer.
            length(unsafe {
                libc::syscall(
                    SYS_SETXATTRAT,
                    dir.as_raw_fd(),
                    name.as_ptr(),
                    libc::AT_SYMLINK_NOFOLLOW,
                    attribute.as_ptr(),
                    &raw const arguments,
                    size_of::<Arguments>(),
                )
            })
            .map(drop)
        },
        || {
            let path = through_proc(dir, name)?;
            // SAFETY: path and attribute are terminated; the value is as long as we say.
            super::check(unsafe {
                libc::lsetxattr(path.as_ptr(), attribute.as_ptr(), value.as_ptr().cast(), value.len(), 0)
            })
            .map(drop)
        },
        dir,
    )
}

/// Removes one extended attribute of `name`; that it was not there is no error.
///
/// # Errors
/// Whatever else `removexattrat(2)` or `lremovexattr(2)` answers.
pub fn remove_xattr(dir: BorrowedFd<'_>, name: &Name, attribute: &CStr) -> io::Result<()> {
    let answer = by_either(
        || {
            // SAFETY: both names are terminated and outlive the call.
            length(unsafe {
                libc::syscall(
                    SYS_REMOVEXATTRAT,
                    dir.as_raw_fd(),
                    name.as_ptr(),
                    libc::AT_SYMLINK_NOFOLLOW,
                    attribute.as_ptr(),
                )
            })
            .map(drop)
        },
        || {
            let path = through_proc(dir, name)?;
            // SAFETY: both are terminated and outlive the call.
            super::check(unsafe { libc::lremovexattr(path.as_ptr(), attribute.as_ptr()) }).map(drop)
        },
        dir,
    );
    match answer {
        Err(error) if error.raw_os_error() == Some(libc::ENODATA) => Ok(()),
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::print_stderr)]
    use super::*;
    use crate::sys::file::{create_file, open_root};
    use std::os::fd::AsFd;

    #[test]
    fn both_ways_agree() {
        let place = tempfile::tempdir().unwrap();
        let dir = open_root(place.path()).unwrap();
        let name = Name::new(b"f").unwrap();
        create_file(dir.as_fd(), &name).unwrap();
        let long = vec![7; 1000];
        if let Err(error) = set_xattr(dir.as_fd(), &name, c"user.long", &long) {
            eprintln!("skipped: no user extended attributes here: {error}");
            return;
        }
        let path = through_proc(dir.as_fd(), &name).unwrap();
        let old = read_all(&|buffer| get_old(&path, c"user.long", buffer)).unwrap();
        assert_eq!(old, long);
        assert_eq!(get_xattr(dir.as_fd(), &name, c"user.long").unwrap().unwrap(), long);
        let listed = read_all(&|buffer| list_old(&path, buffer)).unwrap();
        assert_eq!(list_xattrs(dir.as_fd(), &name).unwrap(), listed);
        remove_xattr(dir.as_fd(), &name, c"user.long").unwrap();
        remove_xattr(dir.as_fd(), &name, c"user.long").unwrap();
        assert_eq!(get_xattr(dir.as_fd(), &name, c"user.long").unwrap(), None);
    }
}
