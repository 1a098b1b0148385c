//! Paths relative to an open directory, with the kernel confining the walk. Allocates nothing, so that a
//! child that shares its parent's memory can use it.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;

/// `openat2(2)`: the walk must not leave the directory, symbolic links are refused (ELOOP).
pub const NO_SYMLINKS: u64 = 0x04 | 0x08;
/// `openat2(2)`: the walk must not leave the directory.
pub const BENEATH: u64 = 0x08;
/// `openat2(2)`: symbolic links are refused, but for one at the end that is opened itself.
pub const NO_LINKS_ON_THE_WAY: u64 = 0x04;
/// `openat2(2)`: the directory is the root: absolute links and `..` stay in it; magic links are refused.
pub const IN_ROOT: u64 = 0x10 | 0x02;

/// `struct open_how`.
#[repr(C)]
struct OpenHow {
    flags: u64,
    mode: u64,
    resolve: u64,
}

/// Opens `path` below `directory` under the given `resolve` rule; always close-on-exec.
///
/// # Errors
/// `openat2(2)`'s: ENOENT, ELOOP (a forbidden link), EXDEV (it would have left the directory).
pub fn open(
    directory: BorrowedFd<'_>,
    path: &CStr,
    flags: i32,
    mode: u32,
    resolve: u64,
) -> nix::Result<OwnedFd> {
    let how = OpenHow {
        flags: (flags | libc::O_CLOEXEC) as u64,
        // The kernel refuses a mode where nothing can be created.
        mode: if flags & libc::O_CREAT == 0 { 0 } else { u64::from(mode) },
        resolve,
    };
    let mut tries = 0;
    loop {
        // SAFETY: a terminated path and a structure of the stated size.
        let fd = unsafe {
            libc::syscall(
                libc::SYS_openat2,
                directory.as_raw_fd(),
                path.as_ptr(),
                &raw const how,
                size_of::<OpenHow>(),
            )
        };
        match Errno::result(fd) {
            // A rename or mount elsewhere disturbed the walk; the manual asks to try again.
            Err(Errno::EAGAIN | Errno::EINTR) if tries < 128 => tries += 1,
            Err(other) => return Err(other),
            // SAFETY: a descriptor the kernel has just made for us.
            Ok(fd) => return Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) }),
        }
    }
}

/// Opens a path of the process's own (current directory, own root), following links.
///
/// # Errors
/// `open(2)`'s.
pub fn open_own(path: &CStr, flags: i32, mode: u32) -> nix::Result<OwnedFd> {
    // SAFETY: a terminated path.
    let fd = unsafe {
        libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags | libc::O_CLOEXEC, mode)
    };
    // SAFETY: a descriptor the kernel has just made for us.
    Errno::result(fd).map(|fd| unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// Makes a directory; `name` is one component.
///
/// # Errors
/// EEXIST and the other errors of `mkdirat(2)`.
pub fn make_directory(directory: Option<BorrowedFd<'_>>, name: &CStr, mode: u32) -> nix::Result<()> {
    // SAFETY: a terminated path.
    let answer = unsafe { libc::syscall(libc::SYS_mkdirat, number(directory), name.as_ptr(), mode) };
    Errno::result(answer).map(drop)
}

/// Makes an empty regular file; `name` is one component; an existing one is an error.
///
/// # Errors
/// EEXIST and the other errors of `mknodat(2)`.
pub fn make_file(directory: Option<BorrowedFd<'_>>, name: &CStr, mode: u32) -> nix::Result<()> {
    // SAFETY: a terminated path; a regular file needs no device number.
    let answer = unsafe {
        libc::syscall(libc::SYS_mknodat, number(directory), name.as_ptr(), libc::S_IFREG | mode, 0)
    };
    Errno::result(answer).map(drop)
}

/// Makes a symbolic link `name` to `target` in the current directory.
///
/// # Errors
/// EEXIST and the other errors of `symlinkat(2)`.
pub fn make_link(target: &CStr, name: &CStr) -> nix::Result<()> {
    // SAFETY: terminated paths.
    let answer =
        unsafe { libc::syscall(libc::SYS_symlinkat, target.as_ptr(), libc::AT_FDCWD, name.as_ptr()) };
    Errno::result(answer).map(drop)
}

/// Writes all of `bytes`.
///
/// # Errors
/// `write(2)`'s.
pub fn write_all(file: BorrowedFd<'_>, mut bytes: &[u8]) -> nix::Result<()> {
    while !bytes.is_empty() {
        // SAFETY: the slice is readable.
        let done = unsafe { libc::write(file.as_raw_fd(), bytes.as_ptr().cast(), bytes.len()) };
        match Errno::result(done) {
            Err(Errno::EINTR) => {}
            Err(other) => return Err(other),
            Ok(done) => bytes = bytes.get(done as usize..).unwrap_or_default(),
        }
    }
    Ok(())
}

/// Makes `directory` the current one.
///
/// # Errors
/// EACCES, ENOTDIR.
pub fn change_to(directory: BorrowedFd<'_>) -> nix::Result<()> {
    // SAFETY: no memory involved.
    Errno::result(unsafe { libc::fchdir(directory.as_raw_fd()) }).map(drop)
}

/// Makes the directory at `path` the current one.
///
/// # Errors
/// `chdir(2)`'s.
pub fn change_to_path(path: &CStr) -> nix::Result<()> {
    // SAFETY: a terminated path.
    Errno::result(unsafe { libc::chdir(path.as_ptr()) }).map(drop)
}

/// Whether the current directory can be reached from the root.
///
/// # Errors
/// `getcwd(2)`'s: ENOENT for a removed directory.
pub fn current_is_inside_root() -> nix::Result<bool> {
    let mut buffer = [0u8; 4096];
    // SAFETY: the buffer is as long as stated. Raw, because the C library falls back to walking `..`.
    let length = unsafe { libc::syscall(libc::SYS_getcwd, buffer.as_mut_ptr(), buffer.len()) };
    match Errno::result(length) {
        // Deeper than a page can say, but a path from the root: else it would begin with `(unreachable)`.
        Err(Errno::ERANGE | Errno::ENAMETOOLONG) => Ok(true),
        Err(other) => Err(other),
        Ok(_) => Ok(buffer[0] == b'/'),
    }
}

/// Whether the descriptor is a directory.
///
/// # Errors
/// `fstat(2)`'s.
pub fn is_directory(file: BorrowedFd<'_>) -> nix::Result<bool> {
    // SAFETY: stat is plain data.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: `stat` is writable.
    Errno::result(unsafe { libc::fstat(file.as_raw_fd(), &raw mut stat) })?;
    Ok(stat.st_mode & libc::S_IFMT == libc::S_IFDIR)
}

/// Device and inode of a regular file; `None` for anything else.
///
/// # Errors
/// `fstat(2)`'s.
pub fn regular_file(file: BorrowedFd<'_>) -> nix::Result<Option<(u64, u64)>> {
    // SAFETY: stat is plain data.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: `stat` is writable.
    Errno::result(unsafe { libc::fstat(file.as_raw_fd(), &raw mut stat) })?;
    Ok((stat.st_mode & libc::S_IFMT == libc::S_IFREG).then_some((stat.st_dev, stat.st_ino)))
}

/// Reads the beginning of a file; returns how many bytes there were.
///
/// # Errors
/// `pread(2)`'s.
pub fn read_start(file: BorrowedFd<'_>, buffer: &mut [u8]) -> nix::Result<usize> {
    // SAFETY: the buffer is as long as stated.
    let count = unsafe { libc::pread(file.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), 0) };
    Errno::result(count).map(|count| count as usize)
}

/// The magic number of the file system that the descriptor is on (`statfs(2)`).
///
/// # Errors
/// `fstatfs(2)`'s.
pub fn file_system(file: BorrowedFd<'_>) -> nix::Result<i64> {
    // SAFETY: statfs is plain data.
    let mut stat: libc::statfs = unsafe { std::mem::zeroed() };
    // SAFETY: `stat` is writable.
    Errno::result(unsafe { libc::fstatfs(file.as_raw_fd(), &raw mut stat) })?;
    // The field's type differs between architectures and C libraries.
    #[allow(clippy::unnecessary_cast)]
    Ok(stat.f_type as i64)
}

/// Whether a path of the process's own exists, a dangling link included.
#[must_use]
pub fn exists(path: &CStr) -> bool {
    // SAFETY: a terminated path.
    unsafe { libc::faccessat(libc::AT_FDCWD, path.as_ptr(), libc::F_OK, libc::AT_SYMLINK_NOFOLLOW) == 0 }
}

fn number(directory: Option<BorrowedFd<'_>>) -> RawFd {
    directory.map_or(libc::AT_FDCWD, |fd| fd.as_raw_fd())
}
