//! Descriptor-relative file operations that `std` and `nix` lack.
//!
//! Everything here takes an open directory and a [`Name`], which is one component: no call can
//! leave the directory it is given, and none follows a symbolic link unless it says so. That is
//! also why depth does not matter: no path is ever longer than one name.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

mod copy;
mod remove;
mod spread;
mod xattr;

pub use copy::{copy_bytes, copy_data, same_data};
pub use remove::remove_tree;
pub use spread::spread_subdirectories;
pub use xattr::{get_xattr, get_xattr_of, list_xattrs, remove_xattr, set_xattr, set_xattr_of, use_paths};

/// Longest name of one directory entry, in bytes (`NAME_MAX`).
pub const NAME_MAX: usize = 255;

/// One path component, ready for a system call: not empty, not `.` or `..`, without `/` and NUL.
#[derive(Clone, Copy)]
pub struct Name {
    bytes: [u8; NAME_MAX + 1],
    len: u8,
}

impl Name {
    /// `name` as a component.
    ///
    /// # Errors
    /// `ENAMETOOLONG` beyond 255 bytes; `EINVAL` for what is not one component.
    pub fn new(name: &[u8]) -> io::Result<Self> {
        if matches!(name, b"" | b"." | b"..") || name.iter().any(|&byte| byte == b'/' || byte == 0) {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        let mut bytes = [0; NAME_MAX + 1];
        let (Some(room), Ok(len)) = (bytes.get_mut(..name.len()), u8::try_from(name.len())) else {
            return Err(io::Error::from_raw_os_error(libc::ENAMETOOLONG));
        };
        room.copy_from_slice(name);
        Ok(Self { bytes, len })
    }

    /// The name without its terminator.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    fn as_ptr(&self) -> *const libc::c_char {
        self.bytes.as_ptr().cast()
    }
}

/// What `stat(2)` says of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Type and permission bits, `st_mode`.
    pub mode: u32,
    /// How many names it has.
    pub nlink: u64,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes; for a symbolic link the length of its target.
    pub size: u64,
    /// Whole seconds of the modification time.
    pub mtime: i64,
    /// Nanoseconds of the modification time.
    pub mtime_nanos: u32,
    /// Inode number.
    pub ino: u64,
    /// The file system it is on.
    pub dev: u64,
    /// Major and minor number, for device nodes.
    pub device: (u32, u32),
}

impl Stat {
    /// The `S_IFMT` part of the mode.
    #[must_use]
    pub const fn file_type(&self) -> u32 {
        self.mode & libc::S_IFMT
    }

    /// Whether it is a directory.
    #[must_use]
    pub const fn is_dir(&self) -> bool {
        self.file_type() == libc::S_IFDIR
    }

    /// Whether it is a regular file.
    #[must_use]
    pub const fn is_file(&self) -> bool {
        self.file_type() == libc::S_IFREG
    }

    /// Whether it is a symbolic link.
    #[must_use]
    pub const fn is_symlink(&self) -> bool {
        self.file_type() == libc::S_IFLNK
    }

    /// Whether it is the character device 0:0, which overlayfs reads as "nothing here".
    #[must_use]
    pub const fn is_whiteout(&self) -> bool {
        self.file_type() == libc::S_IFCHR && self.device.0 == 0 && self.device.1 == 0
    }
}

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

#[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, reason = "field types differ by architecture")]
fn stat_of(raw: &libc::stat) -> Stat {
    Stat {
        mode: raw.st_mode,
        nlink: raw.st_nlink as u64,
        uid: raw.st_uid,
        gid: raw.st_gid,
        size: raw.st_size as u64,
        mtime: raw.st_mtime as i64,
        mtime_nanos: raw.st_mtime_nsec as u32,
        ino: raw.st_ino as u64,
        dev: raw.st_dev as u64,
        device: (libc::major(raw.st_rdev), libc::minor(raw.st_rdev)),
    }
}

fn fstatat(dir: BorrowedFd<'_>, name: *const libc::c_char, flags: libc::c_int) -> io::Result<Stat> {
    let mut raw = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: every caller passes a terminated name that outlives the call; `raw` is writable.
    check(unsafe { libc::fstatat(dir.as_raw_fd(), name, raw.as_mut_ptr(), flags) })?;
    // SAFETY: the call succeeded, so the kernel filled it; zeroes would be valid too.
    Ok(stat_of(&unsafe { raw.assume_init() }))
}

/// What `name` in `dir` is; a symbolic link is not followed.
///
/// # Errors
/// Whatever `fstatat(2)` answers.
pub fn stat_at(dir: BorrowedFd<'_>, name: &Name) -> io::Result<Stat> {
    fstatat(dir, name.as_ptr(), libc::AT_SYMLINK_NOFOLLOW)
}

/// What an open descriptor is.
///
/// # Errors
/// Whatever `fstatat(2)` answers.
pub fn stat_of_fd(fd: BorrowedFd<'_>) -> io::Result<Stat> {
    fstatat(fd, c"".as_ptr(), libc::AT_EMPTY_PATH)
}

/// As [`stat_at`], with "no such file" as `None`.
///
/// # Errors
/// Whatever else `fstatat(2)` answers.
pub fn find_at(dir: BorrowedFd<'_>, name: &Name) -> io::Result<Option<Stat>> {
    match stat_at(dir, name) {
        Ok(stat) => Ok(Some(stat)),
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A time as seconds and nanoseconds.
pub type Time = (i64, u32);

/// Which file `name` in `dir` is (inode and when it was made: numbers are used again), and when anything of it last
/// changed, a time that no program can set.
///
/// # Errors
/// Whatever `statx(2)` answers.
pub fn changed(dir: BorrowedFd<'_>, name: &Name) -> io::Result<((u64, Time), Time)> {
    let raw = statx(dir, name, libc::STATX_INO | libc::STATX_BTIME | libc::STATX_CTIME)?;
    let time = |time: libc::statx_timestamp| (time.tv_sec, time.tv_nsec);
    Ok(((raw.stx_ino, time(raw.stx_btime)), time(raw.stx_ctime)))
}

fn statx(dir: BorrowedFd<'_>, name: &Name, mask: u32) -> io::Result<libc::statx> {
    let mut raw = MaybeUninit::<libc::statx>::zeroed();
    let flags = libc::AT_SYMLINK_NOFOLLOW;
    // SAFETY: the name is terminated and outlives the call; `raw` is writable.
    check(unsafe { libc::statx(dir.as_raw_fd(), name.as_ptr(), flags, mask, raw.as_mut_ptr()) })?;
    // SAFETY: the call succeeded, so the kernel filled it; zeroes would be valid too.
    Ok(unsafe { raw.assume_init() })
}

/// Gives the empty file `into` the content of `from` without copying it, where the file system can.
///
/// # Errors
/// `ioctl_ficlone(2)`'s: EOPNOTSUPP, EXDEV, EINVAL, ENOTTY where it cannot.
pub fn share_blocks(from: &File, into: &File) -> io::Result<()> {
    // SAFETY: plain numbers.
    check(unsafe { libc::ioctl(into.as_raw_fd(), libc::FICLONE as _, from.as_raw_fd()) }).map(drop)
}

/// When `name` in `dir` was made, as seconds and nanoseconds; zeros where the file system does not know.
///
/// # Errors
/// Whatever `statx(2)` answers.
pub fn born(dir: BorrowedFd<'_>, name: &Name) -> io::Result<Time> {
    let raw = statx(dir, name, libc::STATX_BTIME)?;
    Ok((raw.stx_btime.tv_sec, raw.stx_btime.tv_nsec))
}

/// The same of an open file.
///
/// # Errors
/// Whatever `statx(2)` answers.
pub fn born_of(file: BorrowedFd<'_>) -> io::Result<Time> {
    let raw = super::notify::statx(file, 0, libc::STATX_BTIME)?;
    Ok((raw.stx_btime.tv_sec, raw.stx_btime.tv_nsec))
}

fn openat(dir: BorrowedFd<'_>, name: *const libc::c_char, flags: i32, mode: u32) -> io::Result<OwnedFd> {
    // SAFETY: every caller passes a terminated name that outlives the call.
    let fd = check(unsafe { libc::openat(dir.as_raw_fd(), name, flags | libc::O_CLOEXEC, mode) })?;
    // SAFETY: the kernel has just given us this descriptor; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Opens the directory at a host path, following links as the host does.
///
/// # Errors
/// Whatever `open(2)` answers.
pub fn open_root(path: &Path) -> io::Result<OwnedFd> {
    let path = std::ffi::CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: AT_FDCWD is a valid base for the length of this process.
    let here = unsafe { BorrowedFd::borrow_raw(libc::AT_FDCWD) };
    openat(here, path.as_ptr(), libc::O_RDONLY | libc::O_DIRECTORY, 0)
}

/// Opens the directory `name` in `dir` for listing.
///
/// # Errors
/// `ENOTDIR` also for a symbolic link; whatever else `openat(2)` answers.
pub fn open_dir(dir: BorrowedFd<'_>, name: &Name) -> io::Result<OwnedFd> {
    openat(dir, name.as_ptr(), libc::O_RDONLY | libc::O_DIRECTORY | libc::O_NOFOLLOW, 0)
}

/// Opens the directory `name` in `dir` only as a base for further calls: needs no read permission.
///
/// # Errors
/// `ENOTDIR` also for a symbolic link; whatever else `openat(2)` answers.
pub fn open_base(dir: BorrowedFd<'_>, name: &Name) -> io::Result<OwnedFd> {
    openat(dir, name.as_ptr(), libc::O_PATH | libc::O_DIRECTORY | libc::O_NOFOLLOW, 0)
}

/// Opens the same directory once more, for listing.
///
/// # Errors
/// Whatever `openat(2)` answers.
pub fn reopen_dir(dir: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    openat(dir, c".".as_ptr(), libc::O_RDONLY | libc::O_DIRECTORY, 0)
}

/// Opens the parent of `dir`; the caller must check that it is the one it means.
///
/// # Errors
/// Whatever `openat(2)` answers.
pub fn open_parent(dir: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    openat(dir, c"..".as_ptr(), libc::O_RDONLY | libc::O_DIRECTORY, 0)
}

/// Opens the regular file `name` in `dir` for reading.
///
/// # Errors
/// `ELOOP` for a symbolic link. A FIFO or device does not block the call, so check what came.
pub fn open_file(dir: BorrowedFd<'_>, name: &Name) -> io::Result<File> {
    openat(dir, name.as_ptr(), libc::O_RDONLY | libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY, 0)
        .map(File::from)
}

/// Makes the regular file `name` in `dir`, which must not exist, mode 0600.
///
/// # Errors
/// `EEXIST`; whatever else `openat(2)` answers.
pub fn create_file(dir: BorrowedFd<'_>, name: &Name) -> io::Result<File> {
    openat(dir, name.as_ptr(), libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL | libc::O_NOFOLLOW, 0o600)
        .map(File::from)
}

/// Makes the directory `name` in `dir`; `mode` is cut by the umask.
///
/// # Errors
/// Whatever `mkdirat(2)` answers.
pub fn make_dir(dir: BorrowedFd<'_>, name: &Name, mode: u32) -> io::Result<()> {
    // SAFETY: the name is terminated and outlives the call.
    check(unsafe { libc::mkdirat(dir.as_raw_fd(), name.as_ptr(), mode) }).map(drop)
}

/// Makes a FIFO or a device node; `mode` holds the type and is cut by the umask.
///
/// # Errors
/// `EPERM` where the caller may not make devices; whatever else `mknodat(2)` answers.
pub fn make_node(dir: BorrowedFd<'_>, name: &Name, mode: u32, device: (u32, u32)) -> io::Result<()> {
    let device = libc::makedev(device.0, device.1);
    // SAFETY: the name is terminated and outlives the call.
    check(unsafe { libc::mknodat(dir.as_raw_fd(), name.as_ptr(), mode, device) }).map(drop)
}

/// Makes the character device 0:0, which needs no privilege (Linux 5.8).
///
/// # Errors
/// Whatever `mknodat(2)` answers.
pub fn make_whiteout(dir: BorrowedFd<'_>, name: &Name) -> io::Result<()> {
    make_node(dir, name, libc::S_IFCHR, (0, 0))
}

/// Makes a symbolic link to `target`.
///
/// # Errors
/// `EINVAL` for a NUL in the target; whatever else `symlinkat(2)` answers.
pub fn make_symlink(target: &[u8], dir: BorrowedFd<'_>, name: &Name) -> io::Result<()> {
    let target = std::ffi::CString::new(target)?;
    // SAFETY: both are terminated and outlive the call.
    check(unsafe { libc::symlinkat(target.as_ptr(), dir.as_raw_fd(), name.as_ptr()) }).map(drop)
}

/// Gives the file `old` in `from` the further name `new` in `into`; links are not followed.
///
/// # Errors
/// Whatever `linkat(2)` answers.
pub fn make_link(from: BorrowedFd<'_>, old: &Name, into: BorrowedFd<'_>, new: &Name) -> io::Result<()> {
    // SAFETY: both names are terminated and outlive the call.
    check(unsafe { libc::linkat(from.as_raw_fd(), old.as_ptr(), into.as_raw_fd(), new.as_ptr(), 0) })
        .map(drop)
}

/// The target of the symbolic link `name`.
///
/// # Errors
/// Whatever `readlinkat(2)` answers.
pub fn read_link(dir: BorrowedFd<'_>, name: &Name) -> io::Result<Vec<u8>> {
    // A target is shorter than PATH_MAX, so one call is always enough.
    let mut target = vec![0_u8; 4096];
    // SAFETY: the name is terminated; the buffer is as long as we say.
    let len =
        unsafe { libc::readlinkat(dir.as_raw_fd(), name.as_ptr(), target.as_mut_ptr().cast(), target.len()) };
    let len = usize::try_from(len).map_err(|_| io::Error::last_os_error())?;
    target.truncate(len);
    target.shrink_to_fit();
    Ok(target)
}

/// Removes one file, or one empty directory.
///
/// # Errors
/// Whatever `unlinkat(2)` answers.
pub fn remove(dir: BorrowedFd<'_>, name: &Name, is_dir: bool) -> io::Result<()> {
    let flags = if is_dir { libc::AT_REMOVEDIR } else { 0 };
    // SAFETY: the name is terminated and outlives the call.
    check(unsafe { libc::unlinkat(dir.as_raw_fd(), name.as_ptr(), flags) }).map(drop)
}

/// Sets owner and group of `name`; a symbolic link's own.
///
/// # Errors
/// `EINVAL` for an id that this user namespace does not map; whatever else `fchownat(2)` answers.
pub fn set_owner(dir: BorrowedFd<'_>, name: &Name, uid: u32, gid: u32) -> io::Result<()> {
    let flags = libc::AT_SYMLINK_NOFOLLOW;
    // SAFETY: the name is terminated and outlives the call.
    check(unsafe { libc::fchownat(dir.as_raw_fd(), name.as_ptr(), uid, gid, flags) }).map(drop)
}

/// Sets owner and group of an open file.
///
/// # Errors
/// As [`set_owner`].
pub fn set_owner_of(fd: BorrowedFd<'_>, uid: u32, gid: u32) -> io::Result<()> {
    // SAFETY: plain numbers.
    check(unsafe { libc::fchown(fd.as_raw_fd(), uid, gid) }).map(drop)
}

/// Sets the permission bits of `name`, which must not be a symbolic link: it would be followed.
///
/// # Errors
/// Whatever `fchmodat(2)` answers.
pub fn set_mode(dir: BorrowedFd<'_>, name: &Name, mode: u32) -> io::Result<()> {
    // SAFETY: the name is terminated and outlives the call.
    check(unsafe { libc::fchmodat(dir.as_raw_fd(), name.as_ptr(), mode, 0) }).map(drop)
}

/// Sets the permission bits of an open file or directory.
///
/// # Errors
/// Whatever `fchmod(2)` answers.
pub fn set_mode_of(fd: BorrowedFd<'_>, mode: u32) -> io::Result<()> {
    // SAFETY: plain numbers.
    check(unsafe { libc::fchmod(fd.as_raw_fd(), mode) }).map(drop)
}

/// The access time is left alone: nothing here keeps it.
#[allow(clippy::cast_possible_truncation, reason = "nanoseconds are below 10^9")]
fn times(seconds: i64, nanos: u32) -> [libc::timespec; 2] {
    [
        libc::timespec { tv_sec: 0, tv_nsec: libc::UTIME_OMIT },
        libc::timespec { tv_sec: seconds as libc::time_t, tv_nsec: nanos as libc::c_long },
    ]
}

/// Sets the modification time of `name`; a symbolic link's own.
///
/// # Errors
/// Whatever `utimensat(2)` answers.
pub fn set_mtime(dir: BorrowedFd<'_>, name: &Name, seconds: i64, nanos: u32) -> io::Result<()> {
    let times = times(seconds, nanos);
    let flags = libc::AT_SYMLINK_NOFOLLOW;
    // SAFETY: the name is terminated; two times, as the call wants.
    check(unsafe { libc::utimensat(dir.as_raw_fd(), name.as_ptr(), times.as_ptr(), flags) }).map(drop)
}

/// Sets the modification time of an open file or directory.
///
/// # Errors
/// Whatever `futimens(2)` answers.
pub fn set_mtime_of(fd: BorrowedFd<'_>, seconds: i64, nanos: u32) -> io::Result<()> {
    let times = times(seconds, nanos);
    // SAFETY: two times, as the call wants.
    check(unsafe { libc::futimens(fd.as_raw_fd(), times.as_ptr()) }).map(drop)
}

/// The user and group that new files of this process get.
#[must_use]
pub fn own_ids() -> (u32, u32) {
    // SAFETY: these cannot fail and touch no memory of ours.
    unsafe { (libc::geteuid(), libc::getegid()) }
}

/// Calls `visit` with the name of each entry of `dir` but `.` and `..`, in the kernel's order.
///
/// `buffer` is scratch space, kept by the caller so that a walk allocates once.
///
/// # Errors
/// Whatever `getdents64(2)` answers, and the first error of `visit`.
pub fn list(
    dir: BorrowedFd<'_>,
    buffer: &mut Vec<u8>,
    visit: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    const ROOM: usize = 64 * 1024;
    // The fixed part of `struct linux_dirent64`: d_ino, d_off, d_reclen, d_type.
    const NAME_AT: usize = 19;
    buffer.resize(ROOM, 0);
    // SAFETY: plain numbers. The descriptor may have been read before.
    if unsafe { libc::lseek(dir.as_raw_fd(), 0, libc::SEEK_SET) } < 0 {
        return Err(io::Error::last_os_error());
    }
    loop {
        // SAFETY: the buffer is as long as we say.
        let got = unsafe { libc::syscall(libc::SYS_getdents64, dir.as_raw_fd(), buffer.as_mut_ptr(), ROOM) };
        let got = usize::try_from(got).map_err(|_| io::Error::last_os_error())?;
        if got == 0 {
            return Ok(());
        }
        let mut rest = &buffer[..got];
        while rest.len() > NAME_AT {
            let length = usize::from(u16::from_ne_bytes([rest[16], rest[17]]));
            let Some(record) = rest.get(NAME_AT..length) else {
                return Err(io::Error::from_raw_os_error(libc::EIO));
            };
            let name = CStr::from_bytes_until_nul(record).map_or(record, CStr::to_bytes);
            if !matches!(name, b"." | b"..") {
                visit(name)?;
            }
            rest = &rest[length..];
        }
    }
}

/// Tells the kernel that a file will be read from front to back; advice, so failure is nothing.
pub fn will_read(file: &File) {
    // SAFETY: plain numbers.
    unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_SEQUENTIAL) };
}

/// Maps a whole file for reading. Who maps a file promises that nobody shortens it meanwhile.
///
/// # Errors
/// Whatever `mmap(2)` answers.
pub fn map(file: &File) -> io::Result<memmap2::Mmap> {
    // SAFETY: only finished files that are never written again are mapped (see the doc above).
    unsafe { memmap2::Mmap::map(file.as_fd().as_raw_fd()) }
}
