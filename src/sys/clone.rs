//! Starting a process that shares this one's memory until it executes a program.
//!
//! `fork` copies the page tables, which costs milliseconds in a large process; a child made with
//! `CLONE_VM | CLONE_VFORK` copies nothing. The price: until it executes a program or ends it runs in
//! *our* memory while our thread is suspended. So it gets a stack of its own, all signals stay
//! blocked, and its body may only make system calls on data prepared before.

use std::ffi::c_void;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;

use super::signal::AllBlocked;

/// A new mount namespace.
pub const NEW_MOUNTS: u64 = libc::CLONE_NEWNS as u64;
/// A new process id namespace, of which the child is process 1.
pub const NEW_PIDS: u64 = libc::CLONE_NEWPID as u64;
/// A new namespace for System V IPC and POSIX message queues.
pub const NEW_IPC: u64 = libc::CLONE_NEWIPC as u64;
/// A new host name.
pub const NEW_UTS: u64 = libc::CLONE_NEWUTS as u64;
/// A new view of the control groups.
pub const NEW_CGROUP: u64 = libc::CLONE_NEWCGROUP as u64;
/// A new network namespace, with nothing but a loopback device that is down.
pub const NEW_NETWORK: u64 = libc::CLONE_NEWNET as u64;

/// Resets caught signals to their default in the child (Linux 5.5, `clone3` only).
const CLEAR_SIGHAND: u64 = 0x1_0000_0000;
/// Guard below the stack, so that an overflow faults instead of writing into other memory.
const GUARD: usize = 64 * 1024;
/// What a body may use; the interpreter of a plan needs a few KiB, a debug build some tens.
const STACK: usize = 256 * 1024;

/// Set once `clone3` turned out to be missing or forbidden (old seccomp profiles answer ENOSYS).
static WITHOUT_CLONE3: AtomicBool = AtomicBool::new(false);

/// Has every later child made by `clone(2)`, as if there were no `clone3(2)`.
pub fn use_clone() {
    WITHOUT_CLONE3.store(true, Ordering::Relaxed);
}

/// Memory for a child's stack, with a guard below it. Can be used for one child after another.
#[derive(Debug)]
pub struct Stack {
    base: *mut c_void,
}

// SAFETY: a private anonymous mapping that only its owner uses.
unsafe impl Send for Stack {}

impl Stack {
    /// Maps a stack of 256 KiB.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn new() -> nix::Result<Self> {
        // SAFETY: a fresh anonymous mapping touches nothing that exists.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                GUARD + STACK,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        let stack = Self { base };
        // SAFETY: the upper part of the mapping made above.
        let done =
            unsafe { libc::mprotect(stack.base.byte_add(GUARD), STACK, libc::PROT_READ | libc::PROT_WRITE) };
        Errno::result(done)?;
        Ok(stack)
    }

    fn usable(&self) -> *mut c_void {
        // SAFETY: inside the mapping.
        unsafe { self.base.byte_add(GUARD) }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: our own mapping, and no child runs on it any more: `vfork` borrows it mutably and
        // returns only when the child has left it.
        unsafe { libc::munmap(self.base, GUARD + STACK) };
    }
}

/// A started child.
#[derive(Debug)]
pub struct Child {
    /// Its id as this process sees it.
    pub pid: i32,
    /// A descriptor of it: readable when it has ended, and safe against reuse of the id.
    pub pidfd: OwnedFd,
}

/// `struct clone_args` of `clone3(2)`, first version (64 bytes).
#[repr(C)]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
}

/// Starts a child in the namespaces of `flags` that shares this process's memory, and returns when it
/// has executed a program or ended. `body` runs in it; what it returns is its exit status.
///
/// The calling thread is suspended meanwhile; other threads go on. The body must not allocate, lock,
/// panic or call the C library's `setuid` family: it shares all that with the other threads, and may
/// be killed at any instruction. It starts with all signals blocked and has to unblock them.
///
/// # Errors
/// `clone(2)`'s: EPERM without the right to make the namespaces, ENOSPC or EUSERS at their limits, EAGAIN.
pub fn vfork(flags: u64, stack: &mut Stack, body: &mut dyn FnMut() -> i32) -> nix::Result<Child> {
    let mut body = body;
    let argument = (&raw mut body).cast::<c_void>();
    let mut pidfd: RawFd = -1;
    let flags = flags | (libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD) as u64;

    let blocked = AllBlocked::new();
    let mut answer = -i64::from(libc::ENOSYS);
    if !WITHOUT_CLONE3.load(Ordering::Relaxed) {
        let arguments = CloneArgs {
            flags: flags | CLEAR_SIGHAND,
            pidfd: (&raw mut pidfd) as u64,
            exit_signal: libc::SIGCHLD as u64,
            stack: stack.usable() as u64,
            stack_size: STACK as u64,
            ..CloneArgs::default()
        };
        // SAFETY: the child runs `enter` on a stack that is borrowed until it has left it; `argument`
        // and `arguments` outlive the call, which returns only then.
        answer = unsafe {
            raw_clone(
                libc::SYS_clone3,
                [(&raw const arguments) as u64, size_of::<CloneArgs>() as u64, 0, 0, 0],
                argument,
            )
        };
        if answer == -i64::from(libc::ENOSYS) {
            WITHOUT_CLONE3.store(true, Ordering::Relaxed);
        }
    }
    if answer == -i64::from(libc::ENOSYS) {
        // clone(flags, stack, parent_tid, …): CLONE_PIDFD stores its result through parent_tid.
        let top = stack.usable() as u64 + STACK as u64;
        // SAFETY: as above.
        answer = unsafe {
            raw_clone(
                libc::SYS_clone,
                [flags | libc::SIGCHLD as u64, top, (&raw mut pidfd) as u64, 0, 0],
                argument,
            )
        };
    }
    drop(blocked);
    if answer < 0 {
        return Err(Errno::from_raw((-answer) as i32));
    }
    // SAFETY: the kernel has just made this descriptor for us.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Child { pid: answer as i32, pidfd })
}

/// Where the child begins.
unsafe extern "C" fn enter(argument: *mut c_void) -> ! {
    // SAFETY: `vfork` passes the address of its `&mut dyn FnMut`, alive while we run.
    let body = unsafe { &mut *argument.cast::<&mut dyn FnMut() -> i32>() };
    let status = body();
    loop {
        // SAFETY: ends this process alone; raw, since `exit` would run the parent's handlers.
        unsafe { libc::syscall(libc::SYS_exit_group, status) };
    }
}

/// Makes the system call `number`; the parent returns its result, the child, on its new stack, calls
/// [`enter`] and never returns.
#[cfg(target_arch = "x86_64")]
#[inline(never)]
unsafe fn raw_clone(number: libc::c_long, arguments: [u64; 5], argument: *mut c_void) -> i64 {
    let mut answer = number;
    // SAFETY: the caller vouches for the arguments. The child has its own stack and touches none of
    // our frame; the registers it needs (r12, r13) are copied by the kernel.
    unsafe {
        std::arch::asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, r12",
            "call r13",
            "ud2",
            "2:",
            inlateout("rax") answer,
            in("rdi") arguments[0],
            in("rsi") arguments[1],
            in("rdx") arguments[2],
            in("r10") arguments[3],
            in("r8") arguments[4],
            in("r12") argument,
            in("r13") enter as *const () as u64,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    answer
}

/// Makes the system call `number`; the parent returns its result, the child, on its new stack, calls
/// [`enter`] and never returns.
#[cfg(target_arch = "aarch64")]
#[inline(never)]
unsafe fn raw_clone(number: libc::c_long, arguments: [u64; 5], argument: *mut c_void) -> i64 {
    let answer: i64;
    // SAFETY: as for x86_64; x20 and x21 carry what the child needs.
    unsafe {
        std::arch::asm!(
            "svc #0",
            "cbnz x0, 2f",
            "mov x29, #0",
            "mov x30, #0",
            "mov x0, x20",
            "blr x21",
            "brk #1",
            "2:",
            inlateout("x0") arguments[0] => answer,
            in("x1") arguments[1],
            in("x2") arguments[2],
            in("x3") arguments[3],
            in("x4") arguments[4],
            in("x8") number,
            in("x20") argument,
            in("x21") enter as *const () as u64,
        );
    }
    answer
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::os::fd::AsFd;

    use super::*;
    use crate::sys::pidfd::{self, Ended};

    #[test]
    fn a_child_works_in_our_memory_and_ends_alone() {
        let mut stack = Stack::new().unwrap();
        for (round, without_clone3) in [false, true, false].into_iter().enumerate() {
            WITHOUT_CLONE3.store(without_clone3, Ordering::Relaxed);
            let mut seen = [0u8; 4096];
            let child = vfork(0, &mut stack, &mut || {
                seen.fill(round as u8 + 1);
                round as i32 + 7
            })
            .unwrap();
            assert!(seen.iter().all(|byte| usize::from(*byte) == round + 1));
            assert_eq!(pidfd::wait(child.pidfd.as_fd()), Ok(Ended::Exited(round as i32 + 7)));
            assert!(child.pid > 0);
        }
    }

    #[test]
    fn a_killed_child_leaves_us_alone() {
        let mut stack = Stack::new().unwrap();
        let child = vfork(0, &mut stack, &mut || {
            // SAFETY: signals this process's own pid, which is the child's.
            unsafe { libc::syscall(libc::SYS_kill, libc::getpid(), libc::SIGKILL) };
            0
        })
        .unwrap();
        assert_eq!(pidfd::wait(child.pidfd.as_fd()), Ok(Ended::Killed(libc::SIGKILL)));
    }
}
