//! Which system calls the kernel has.

use nix::errno::Errno;

/// `clone3(2)`.
pub const CLONE3: libc::c_long = libc::SYS_clone3;
/// `mount_setattr(2)`.
pub const MOUNT_SETATTR: libc::c_long = libc::SYS_mount_setattr;
/// `getxattrat(2)`; the same number on every architecture.
pub const GETXATTRAT: libc::c_long = 464;

/// Whether the kernel, and whatever filters its calls, knows this one of the calls above. They are made with
/// arguments that are refused before anything happens.
#[must_use]
pub fn is_known(number: libc::c_long) -> bool {
    // SAFETY: no pointer is valid and every size is wrong: each of these calls checks them first.
    let answer = unsafe { libc::syscall(number, -1_i64, 0_usize, 0_usize, 0_usize, 0_usize, 0_usize) };
    !(answer == -1 && Errno::last() == Errno::ENOSYS)
}
