//! Loading a seccomp filter, and the instructions it is made of.
//!
//! Only what a filter of system calls needs of classic BPF: an accumulator that is loaded
//! with a word of `struct seccomp_data`, jumps forward, and the answer.

/// One classic BPF instruction, laid out as the kernel's `struct sock_filter`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// How many instructions to skip when a jump's condition holds.
    pub jt: u8,
    /// How many to skip when it does not.
    pub jf: u8,
    /// Operand: offset, value compared with, distance of an unconditional jump, or answer.
    pub k: u32,
}

/// The condition of a jump: how the accumulator compares with the operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Equal.
    Equal,
    /// Greater or equal, unsigned.
    AtLeast,
    /// At least one common bit.
    AnyBit,
}

/// Offset of the call's number in `struct seccomp_data`.
pub const NUMBER: u32 = 0;
/// Offset of the `AUDIT_ARCH` value.
pub const ARCH: u32 = 4;
/// Offset of the lower half of the first argument (little-endian machines).
pub const ARGUMENT_LOW: u32 = 16;
/// Offset of its upper half.
pub const ARGUMENT_HIGH: u32 = 20;
/// From one argument to the next.
pub const ARGUMENT_SIZE: u32 = 8;

impl Instruction {
    /// Loads the 32-bit word at `offset` of `struct seccomp_data`.
    #[must_use]
    pub const fn load(offset: u32) -> Self {
        Self::plain(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset)
    }

    /// Skips `yes` or `no` instructions as the accumulator compares with `value`.
    #[must_use]
    pub const fn branch(condition: Condition, value: u32, yes: u8, no: u8) -> Self {
        let test = match condition {
            Condition::Equal => libc::BPF_JEQ,
            Condition::AtLeast => libc::BPF_JGE,
            Condition::AnyBit => libc::BPF_JSET,
        };
        let code = (libc::BPF_JMP | libc::BPF_K | test) as u16;
        Self { code, jt: yes, jf: no, k: value }
    }

    /// Skips `distance` instructions.
    #[must_use]
    pub const fn skip(distance: u32) -> Self {
        Self::plain(libc::BPF_JMP | libc::BPF_JA, distance)
    }

    /// Ends with a `SECCOMP_RET_…` value.
    #[must_use]
    pub const fn answer(value: u32) -> Self {
        Self::plain(libc::BPF_RET | libc::BPF_K, value)
    }

    const fn plain(code: libc::__u32, k: u32) -> Self {
        Self { code: code as u16, jt: 0, jf: 0, k }
    }
}

/// Binds the calling thread, and all it starts, to `program` for ever.
///
/// The thread must have `no_new_privs` set or hold `CAP_SYS_ADMIN` in its user namespace.
/// Nothing is allocated, no lock is taken and nothing but `errno` is written, so a child that
/// shares its parent's memory may call it.
///
/// # Errors
/// The `errno` of the kernel: `EACCES` without the right, `EINVAL` for a program it refuses,
/// among them one that is empty or longer than 4096.
pub fn load_raw(program: &[Instruction]) -> Result<(), i32> {
    let Ok(len) = u16::try_from(program.len()) else {
        return Err(libc::EINVAL);
    };
    let filter = libc::sock_fprog { len, filter: program.as_ptr().cast_mut().cast() };
    let filter = &raw const filter;
    // As runc does: no mitigation of speculation for being filtered, which on kernels before
    // 5.16 costs every program in the container a good deal.
    for flags in [libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW, 0] {
        // SAFETY: `filter` and the program it points to outlive the call and are only read;
        // `Instruction` has the layout of `sock_filter`.
        let answer =
            unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, filter) };
        match (answer, errno()) {
            (0, _) => return Ok(()),
            (_, libc::EINVAL | libc::ENOSYS) => {}
            (_, error) => return Err(error),
        }
    }
    let mode = libc::SECCOMP_MODE_FILTER as libc::c_ulong;
    // SAFETY: as above.
    let answer = unsafe { libc::syscall(libc::SYS_prctl, libc::PR_SET_SECCOMP, mode, filter, 0, 0) };
    if answer == 0 { Ok(()) } else { Err(errno()) }
}

/// The error number of the call before.
fn errno() -> i32 {
    // SAFETY: the address is the thread's own and always valid.
    unsafe { *libc::__errno_location() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::mem::{align_of, offset_of, size_of};

    use super::*;

    /// What a forked child answers with: its exit status is the value `body` returns.
    fn in_child(body: impl FnOnce() -> i32) -> i32 {
        // SAFETY: the child makes system calls only and leaves by `_exit`.
        unsafe {
            let pid = libc::fork();
            assert!(pid >= 0);
            if pid == 0 {
                libc::_exit(body());
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(pid, &mut status, 0), pid);
            assert!(libc::WIFEXITED(status), "status {status:#x}");
            libc::WEXITSTATUS(status)
        }
    }

    fn no_new_privileges() {
        // SAFETY: takes no pointers.
        unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    }

    #[test]
    fn an_instruction_is_a_sock_filter() {
        assert_eq!(size_of::<Instruction>(), size_of::<libc::sock_filter>());
        assert_eq!(align_of::<Instruction>(), align_of::<libc::sock_filter>());
        assert_eq!(offset_of!(Instruction, jt), offset_of!(libc::sock_filter, jt));
        assert_eq!(offset_of!(Instruction, jf), offset_of!(libc::sock_filter, jf));
        assert_eq!(offset_of!(Instruction, k), offset_of!(libc::sock_filter, k));
        assert_eq!(offset_of!(libc::seccomp_data, nr), NUMBER as usize);
        assert_eq!(offset_of!(libc::seccomp_data, arch), ARCH as usize);
        assert_eq!(offset_of!(libc::seccomp_data, args), ARGUMENT_LOW as usize);
    }

    #[test]
    fn a_loaded_filter_answers() {
        let program = [
            Instruction::load(NUMBER),
            Instruction::branch(Condition::Equal, libc::SYS_getpriority as u32, 0, 1),
            Instruction::answer(libc::SECCOMP_RET_ERRNO | 77),
            Instruction::answer(libc::SECCOMP_RET_ALLOW),
        ];
        let status = in_child(|| {
            no_new_privileges();
            if load_raw(&program).is_err() {
                return 100;
            }
            // SAFETY: takes no pointers.
            let answer = unsafe { libc::syscall(libc::SYS_getpriority, libc::PRIO_PROCESS, 0) };
            if answer == -1 { errno() } else { 101 }
        });
        assert_eq!(status, 77);
    }

    #[test]
    fn a_program_the_kernel_refuses_is_an_error() {
        let endless = [Instruction::skip(7)];
        for program in [&[][..], &endless[..]] {
            let status = in_child(|| {
                no_new_privileges();
                load_raw(program).err().unwrap_or(0)
            });
            assert_eq!(status, libc::EINVAL);
        }
        let long = vec![Instruction::answer(libc::SECCOMP_RET_ALLOW); 70_000];
        assert_eq!(load_raw(&long), Err(libc::EINVAL));
    }
}
