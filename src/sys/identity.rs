//! Who a process is and what it may become. Raw system calls: the C library's own functions change every
//! thread of the process, which a child that shares its parent's memory must not do.

use std::ffi::{CStr, c_int, c_ulong};

use nix::errno::Errno;

/// Makes the caller the leader of a new session without a terminal.
///
/// # Errors
/// EPERM for a process that leads a group already.
pub fn new_session() -> nix::Result<()> {
    // SAFETY: no memory involved.
    Errno::result(unsafe { libc::setsid() }).map(drop)
}

/// Sets the host name of the UTS namespace.
///
/// # Errors
/// EINVAL for more than 64 bytes, EPERM.
pub fn set_hostname(name: &CStr) -> nix::Result<()> {
    // SAFETY: the length is the string's.
    Errno::result(unsafe { libc::sethostname(name.as_ptr(), name.count_bytes()) }).map(drop)
}

/// Sets the supplementary groups of this task alone.
///
/// # Errors
/// EPERM where a user namespace denies it, EINVAL for a group that is not mapped.
pub fn set_groups(groups: &[u32]) -> nix::Result<()> {
    // SAFETY: the count is the slice's.
    Errno::result(unsafe { libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) }).map(drop)
}

/// Sets real, effective and saved group of this task alone.
///
/// # Errors
/// EINVAL for a group that is not mapped, EPERM.
pub fn set_group(gid: u32) -> nix::Result<()> {
    // SAFETY: no memory involved.
    Errno::result(unsafe { libc::syscall(libc::SYS_setresgid, gid, gid, gid) }).map(drop)
}

/// Sets real, effective and saved user of this task alone.
///
/// # Errors
/// EINVAL for a user that is not mapped, EPERM.
pub fn set_user(uid: u32) -> nix::Result<()> {
    // SAFETY: no memory involved.
    Errno::result(unsafe { libc::syscall(libc::SYS_setresuid, uid, uid, uid) }).map(drop)
}

/// Has the kernel kill this process when the thread that made it ends. Forgotten at a change of user, so
/// to be asked for after one.
///
/// # Errors
/// None that is known.
pub fn die_with_parent() -> nix::Result<()> {
    control(libc::PR_SET_PDEATHSIG, libc::SIGKILL as c_ulong)
}

/// Promises that executing a program never gives more privileges.
///
/// # Errors
/// None that is known.
pub fn no_new_privileges() -> nix::Result<()> {
    control(libc::PR_SET_NO_NEW_PRIVS, 1)
}

/// Whether other processes of the same user may look into this one's memory. The state belongs to the
/// memory: whoever shares it shares this.
#[must_use]
pub fn is_dumpable() -> bool {
    // SAFETY: no memory involved.
    unsafe { libc::prctl(libc::PR_GET_DUMPABLE, 0, 0, 0, 0) == 1 }
}

/// Sets what [`is_dumpable`] answers.
///
/// # Errors
/// None that is known.
pub fn set_dumpable(dumpable: bool) -> nix::Result<()> {
    control(libc::PR_SET_DUMPABLE, c_ulong::from(dumpable))
}

/// Sets the mask for the modes of new files.
pub fn set_umask(mask: u32) {
    // SAFETY: no memory involved; cannot fail.
    unsafe { libc::umask(mask) };
}

fn control(option: c_int, value: c_ulong) -> nix::Result<()> {
    // SAFETY: options that take one number.
    Errno::result(unsafe { libc::prctl(option, value, 0 as c_ulong, 0 as c_ulong, 0 as c_ulong) }).map(drop)
}
