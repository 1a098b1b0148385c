//! Network namespaces.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;

/// Puts the calling task into the network namespace behind `namespace`.
///
/// # Errors
/// EPERM.
pub fn join(namespace: BorrowedFd<'_>) -> nix::Result<()> {
    // SAFETY: no memory involved.
    Errno::result(unsafe { libc::syscall(libc::SYS_setns, namespace.as_raw_fd(), libc::CLONE_NEWNET) })
        .map(drop)
}

/// Puts the calling thread into a new network namespace.
///
/// # Errors
/// EPERM, ENOSPC at the limit of namespaces.
pub fn enter_new() -> nix::Result<()> {
    // SAFETY: changes this thread alone.
    Errno::result(unsafe { libc::unshare(libc::CLONE_NEWNET) }).map(drop)
}

/// Switches on the loopback device of the calling task's network namespace; the kernel gives it its addresses.
///
/// # Errors
/// EPERM, ENODEV.
pub fn loopback_up() -> nix::Result<()> {
    // SAFETY: makes a descriptor.
    let fd = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    let fd = Errno::result(fd)?;
    // SAFETY: a descriptor the kernel has just made for us.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    // SAFETY: ifreq is plain data.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l' as libc::c_char;
    request.ifr_name[1] = b'o' as libc::c_char;
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: a request of the type that SIOCSIFFLAGS wants.
    Errno::result(unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) })
        .map(drop)
}
