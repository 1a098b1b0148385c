//! Mounting. Allocates nothing, so that a child that shares its parent's memory can use it.

use std::ffi::{CStr, c_void};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;

/// `mount(2)`: set-user-id bits are ignored.
pub const NOSUID: u64 = libc::MS_NOSUID;
/// `mount(2)`: device nodes cannot be opened.
pub const NODEV: u64 = libc::MS_NODEV;
/// `mount(2)`: programs cannot be executed.
pub const NOEXEC: u64 = libc::MS_NOEXEC;
/// `mount(2)`: nothing can be written.
pub const READ_ONLY: u64 = libc::MS_RDONLY;
/// `mount(2)`: access times are always kept.
pub const STRICT_ATIME: u64 = libc::MS_STRICTATIME;

const FSCONFIG_SET_FLAG: u32 = 0;
const FSCONFIG_SET_STRING: u32 = 1;
const FSCONFIG_CMD_CREATE: u32 = 6;
const FSOPEN_CLOEXEC: u32 = 1;
const FSMOUNT_CLOEXEC: u32 = 1;
const MOVE_MOUNT_F_EMPTY_PATH: u32 = 0x04;
const MOVE_MOUNT_T_EMPTY_PATH: u32 = 0x40;
const OPEN_TREE_CLONE: u32 = 1;
const ATTR_READ_ONLY: u64 = 0x01;
const ATTR_NOSUID: u64 = 0x02;
const ATTR_NODEV: u64 = 0x04;
const ATTR_NOEXEC: u64 = 0x08;

/// Set where `mount_setattr` is to count as missing.
static WITHOUT_SETATTR: AtomicBool = AtomicBool::new(false);

/// Has flags of mounts changed by remounting, as if there were no `mount_setattr(2)`.
pub fn use_remount() {
    WITHOUT_SETATTR.store(true, Ordering::Relaxed);
}

/// `struct mount_attr`.
#[repr(C)]
struct MountAttr {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

/// `mount(2)`.
///
/// # Errors
/// Its own.
pub fn mount(
    source: Option<&CStr>,
    target: &CStr,
    kind: Option<&CStr>,
    flags: u64,
    data: Option<&CStr>,
) -> nix::Result<()> {
    // SAFETY: terminated strings or null pointers.
    let answer =
        unsafe { libc::mount(text(source), target.as_ptr(), text(kind), flags, text(data).cast::<c_void>()) };
    Errno::result(answer).map(drop)
}

/// Binds `source` (one mount, not those below it) to `target`. The attributes of the source's mount go with it.
///
/// # Errors
/// `mount(2)`'s: ENOTDIR when one is a directory and the other is not.
pub fn bind(source: &CStr, target: &CStr) -> nix::Result<()> {
    mount(Some(source), target, None, libc::MS_BIND, None)
}

/// Binds `source` with all that is mounted below it to `target`.
///
/// # Errors
/// `mount(2)`'s.
pub fn bind_tree(source: &CStr, target: &CStr) -> nix::Result<()> {
    mount(Some(source), target, None, libc::MS_BIND | libc::MS_REC, None)
}

/// Adds the `flags` of [`mount`] to the mount at `target`, not to those below it, and takes none away.
///
/// # Errors
/// `mount_setattr(2)`'s; before Linux 5.12 `mount(2)`'s.
pub fn restrict(target: &CStr, flags: u64) -> nix::Result<()> {
    let attr = MountAttr { set: attributes(flags), clear: 0, propagation: 0, user_namespace: 0 };
    let set = || {
        if WITHOUT_SETATTR.load(Ordering::Relaxed) {
            return Err(Errno::ENOSYS);
        }
        // SAFETY: a terminated string and a structure of the stated size.
        let answer = unsafe {
            libc::syscall(
                libc::SYS_mount_setattr,
                libc::AT_FDCWD,
                target.as_ptr(),
                0,
                &raw const attr,
                size_of::<MountAttr>(),
            )
        };
        Errno::result(answer)
    };
    match set() {
        Err(Errno::ENOSYS) => {
            // SAFETY: statvfs is plain data.
            let mut stat: libc::statvfs = unsafe { std::mem::zeroed() };
            // SAFETY: a terminated string and writable memory.
            Errno::result(unsafe { libc::statvfs(target.as_ptr(), &raw mut stat) })?;
            // A remount replaces the flags: those of now have to be named (`ST_*` equal `MS_*` for these).
            let kept =
                stat.f_flag & (READ_ONLY | NOSUID | NODEV | NOEXEC | libc::MS_NOATIME | libc::MS_NODIRATIME);
            mount(None, target, None, kept | flags | libc::MS_BIND | libc::MS_REMOUNT, None)
        }
        other => other.map(drop),
    }
}

/// Cuts every mount of this namespace off from the namespace it was copied from.
///
/// # Errors
/// `mount(2)`'s.
pub fn make_all_private() -> nix::Result<()> {
    mount(None, c"/", None, libc::MS_REC | libc::MS_PRIVATE, None)
}

/// A file system being configured (`fsopen(2)`).
#[derive(Debug)]
pub struct Context(OwnedFd);

impl Context {
    /// Begins a file system of the given kind.
    ///
    /// # Errors
    /// ENODEV for an unknown kind, EPERM, ENOSYS before Linux 5.2.
    pub fn new(kind: &CStr) -> nix::Result<Self> {
        // SAFETY: a terminated string.
        let fd = unsafe { libc::syscall(libc::SYS_fsopen, kind.as_ptr(), FSOPEN_CLOEXEC) };
        // SAFETY: a descriptor the kernel has just made for us.
        Errno::result(fd).map(|fd| Self(unsafe { OwnedFd::from_raw_fd(fd as RawFd) }))
    }

    /// Sets an option that has a value (at most 255 bytes).
    ///
    /// # Errors
    /// EINVAL for an option the kernel does not know or a value too long.
    pub fn set(&self, key: &CStr, value: &CStr) -> nix::Result<()> {
        self.configure(FSCONFIG_SET_STRING, Some(key), Some(value))
    }

    /// Sets an option without a value.
    ///
    /// # Errors
    /// EINVAL for an option the kernel does not know.
    pub fn set_flag(&self, key: &CStr) -> nix::Result<()> {
        self.configure(FSCONFIG_SET_FLAG, Some(key), None)
    }

    /// Makes the file system and a mount of it that is attached nowhere, with the `flags` of [`mount`].
    ///
    /// # Errors
    /// Whatever the file system objects to.
    pub fn create(&self, flags: u64) -> nix::Result<OwnedFd> {
        self.configure(FSCONFIG_CMD_CREATE, None, None)?;
        // SAFETY: no memory involved.
        let fd = unsafe {
            libc::syscall(libc::SYS_fsmount, self.0.as_raw_fd(), FSMOUNT_CLOEXEC, attributes(flags))
        };
        // SAFETY: a descriptor the kernel has just made for us.
        Errno::result(fd).map(|fd| unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
    }

    fn configure(&self, command: u32, key: Option<&CStr>, value: Option<&CStr>) -> nix::Result<()> {
        // SAFETY: terminated strings or null pointers, as the command wants them.
        let answer = unsafe {
            libc::syscall(libc::SYS_fsconfig, self.0.as_raw_fd(), command, text(key), text(value), 0)
        };
        Errno::result(answer).map(drop)
    }
}

/// Attaches the mount `tree` on the directory or file `target`.
///
/// # Errors
/// `move_mount(2)`'s: ENOTDIR when one is a directory and the other is not.
pub fn attach(tree: BorrowedFd<'_>, target: BorrowedFd<'_>) -> nix::Result<()> {
    move_mount(tree, target.as_raw_fd(), c"", MOVE_MOUNT_T_EMPTY_PATH)
}

/// Attaches the mount `tree` at a path of the process's own.
///
/// # Errors
/// `move_mount(2)`'s.
pub fn attach_at(tree: BorrowedFd<'_>, target: &CStr) -> nix::Result<()> {
    move_mount(tree, libc::AT_FDCWD, target, 0)
}

fn move_mount(tree: BorrowedFd<'_>, directory: RawFd, path: &CStr, flags: u32) -> nix::Result<()> {
    // SAFETY: terminated strings.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            tree.as_raw_fd(),
            c"".as_ptr(),
            directory,
            path.as_ptr(),
            MOVE_MOUNT_F_EMPTY_PATH | flags,
        )
    };
    Errno::result(answer).map(drop)
}

/// A copy of what is mounted at `path`, with all below it or alone, attached nowhere. Links in `path` are followed.
///
/// # Errors
/// `open_tree(2)`'s.
pub fn clone_tree(path: &CStr, recursive: bool) -> nix::Result<OwnedFd> {
    let recursive = if recursive { libc::AT_RECURSIVE as u32 } else { 0 };
    // SAFETY: a terminated string.
    let fd = unsafe {
        libc::syscall(
            libc::SYS_open_tree,
            libc::AT_FDCWD,
            path.as_ptr(),
            OPEN_TREE_CLONE | libc::O_CLOEXEC as u32 | recursive,
        )
    };
    // SAFETY: a descriptor the kernel has just made for us.
    Errno::result(fd).map(|fd| unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// Adds the `flags` of [`mount`] to the mount `tree` and all below it.
///
/// # Errors
/// ENOSYS before Linux 5.12, EPERM.
pub fn restrict_tree(tree: BorrowedFd<'_>, flags: u64) -> nix::Result<()> {
    if WITHOUT_SETATTR.load(Ordering::Relaxed) {
        return Err(Errno::ENOSYS);
    }
    let attr = MountAttr { set: attributes(flags), clear: 0, propagation: 0, user_namespace: 0 };
    // SAFETY: a structure of the stated size.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            tree.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | libc::AT_RECURSIVE,
            &raw const attr,
            size_of::<MountAttr>(),
        )
    };
    Errno::result(answer).map(drop)
}

/// Makes the current directory, which must be a mount of its own, the root, and detaches the old root
/// with all that is mounted there.
///
/// # Errors
/// `pivot_root(2)`'s and `umount2(2)`'s.
pub fn pivot_to_current() -> nix::Result<()> {
    // SAFETY: terminated strings. With both names `.` the old root ends up on top of the new one (pivot_root(2)).
    Errno::result(unsafe { libc::syscall(libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr()) })?;
    // SAFETY: a terminated string.
    Errno::result(unsafe { libc::umount2(c".".as_ptr(), libc::MNT_DETACH) }).map(drop)
}

fn attributes(flags: u64) -> u64 {
    let mut attributes = 0;
    for (flag, attribute) in
        [(READ_ONLY, ATTR_READ_ONLY), (NOSUID, ATTR_NOSUID), (NODEV, ATTR_NODEV), (NOEXEC, ATTR_NOEXEC)]
    {
        if flags & flag != 0 {
            attributes |= attribute;
        }
    }
    attributes
}

fn text(text: Option<&CStr>) -> *const libc::c_char {
    text.map_or(ptr::null(), CStr::as_ptr)
}
