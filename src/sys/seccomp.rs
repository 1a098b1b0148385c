//! Loading a seccomp filter.

use nix::errno::Errno;

/// One instruction of a classic BPF program: `struct sock_filter`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// How far to jump when true.
    pub jt: u8,
    /// How far to jump when false.
    pub jf: u8,
    /// Operand.
    pub k: u32,
}

/// Filters the system calls of the calling task from now on. Allocates nothing.
///
/// # Errors
/// EACCES without `no_new_privs`, EINVAL for a program the kernel does not accept.
pub fn load(program: &[Instruction]) -> nix::Result<()> {
    let program = libc::sock_fprog {
        len: u16::try_from(program.len()).map_err(|_| Errno::E2BIG)?,
        filter: program.as_ptr().cast_mut().cast(),
    };
    // SAFETY: the kernel copies `len` instructions of the layout it defines.
    let answer = unsafe { libc::syscall(libc::SYS_seccomp, 1, 0, &raw const program) };
    Errno::result(answer).map(drop)
}
