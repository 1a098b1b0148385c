//! The default filter in a real kernel: what it answers, and what loading it costs.
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::time::Instant;

use plywood::container::seccomp::docker_default;
use plywood::sys::seccomp::{Instruction, load_raw};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

#[allow(dead_code)]
#[path = "../src/container/seccomp/interpreter.rs"]
mod interpreter;

/// Docker's fourteen capabilities.
const DEFAULT: u64 = 0xa804_25fb;

/// Runs `body` in a child that has `program` loaded; what it writes into the array comes back
/// with the signal that ended it, if one did. The second value is the load time in ns.
fn filtered<const N: usize>(
    program: &[Instruction],
    body: impl FnOnce(&mut [i64; N]),
) -> ([i64; N], u64, Option<i32>) {
    let size = size_of::<([i64; N], u64)>();
    // SAFETY: the shared page outlives the child; the child makes system calls only, allocates
    // nothing and leaves by `_exit`.
    unsafe {
        let page = libc::mmap(
            std::ptr::null_mut(),
            size,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        assert_ne!(page, libc::MAP_FAILED);
        let shared = page.cast::<([i64; N], u64)>();
        let pid = libc::fork();
        assert!(pid >= 0);
        if pid == 0 {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            let begin = Instant::now();
            if load_raw(program).is_err() {
                libc::_exit(1);
            }
            (*shared).1 = begin.elapsed().as_nanos() as u64;
            body(&mut (*shared).0);
            libc::_exit(0);
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(pid, &mut status, 0), pid);
        assert_ne!(status, 1 << 8, "the filter was refused");
        let (answers, nanoseconds) = *shared;
        libc::munmap(page, size);
        (answers, nanoseconds, libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status)))
    }
}

/// The kernel's own answer: a value, or an error number below zero.
fn call(number: i64, arguments: [u64; 3]) -> i64 {
    let [a, b, c] = arguments;
    // SAFETY: the callers pass no addresses but null.
    let answer = unsafe { libc::syscall(number, a, b, c) };
    if answer == -1 {
        -i64::from(std::io::Error::last_os_error().raw_os_error().unwrap_or(0))
    } else {
        answer
    }
}

const EPERM: i64 = -(libc::EPERM as i64);
const ENOSYS: i64 = -(libc::ENOSYS as i64);

#[test]
fn the_kernel_answers_as_the_filter_says() {
    let (answers, _, signal) = filtered(&docker_default(DEFAULT), |answers: &mut [i64; 14]| {
        *answers = [
            call(libc::SYS_unshare, [libc::CLONE_NEWUTS as u64, 0, 0]),
            call(libc::SYS_clone, [(libc::CLONE_NEWUSER | libc::SIGCHLD) as u64, 0, 0]),
            call(libc::SYS_clone3, [0, 0, 0]),
            call(libc::SYS_keyctl, [u64::MAX, 0, 0]),
            call(libc::SYS_io_uring_setup, [0, 0, 0]),
            call(libc::SYS_socket, [libc::AF_VSOCK as u64, libc::SOCK_STREAM as u64, 0]),
            call(libc::SYS_socket, [1 << 32 | libc::AF_ALG as u64, libc::SOCK_STREAM as u64, 0]),
            call(libc::SYS_personality, [4, 0, 0]),
            call(libc::SYS_setns, [u64::MAX, 0, 0]),
            call(600, [0, 0, 0]),
            i64::from(call(libc::SYS_getppid, [0, 0, 0]) > 0),
            i64::from(call(libc::SYS_socket, [libc::AF_UNIX as u64, libc::SOCK_STREAM as u64, 0]) >= 0),
            call(libc::SYS_personality, [0, 0, 0]),
            {
                // SAFETY: as in `filtered`.
                let pid = unsafe { libc::fork() };
                if pid == 0 {
                    // SAFETY: ends the process.
                    unsafe { libc::_exit(5) };
                }
                let mut status = 0;
                // SAFETY: `status` is valid.
                unsafe { libc::waitpid(pid, &mut status, 0) };
                i64::from(libc::WEXITSTATUS(status))
            },
        ];
    });
    assert_eq!(signal, None);
    assert_eq!(answers[..9], [EPERM, EPERM, ENOSYS, EPERM, EPERM, EPERM, EPERM, EPERM, EPERM]);
    assert_eq!(answers[9..], [ENOSYS, 1, 1, 0, 5]);
}

#[test]
fn capabilities_open_calls() {
    let open = docker_default(DEFAULT | 1 << 21);
    let (answers, _, signal) = filtered(&open, |answers: &mut [i64; 3]| {
        *answers = [
            call(libc::SYS_clone3, [0, 0, 0]),
            call(libc::SYS_setns, [u64::MAX, 0, 0]),
            call(libc::SYS_io_uring_setup, [0, 0, 0]),
        ];
    });
    assert_eq!(signal, None);
    // What the kernel says of nonsense, but for the last, which no capability opens.
    assert_eq!(answers, [-i64::from(libc::EINVAL), -i64::from(libc::EBADF), EPERM]);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn the_other_abis_are_filtered_too() {
    /// A call by the i386 way in, without arguments that matter.
    fn i386(number: u32, first: u32) -> i64 {
        let answer: u32;
        // SAFETY: no call made here takes an address; the registers the kernel may change are
        // named. `rbx`, the first argument, belongs to the compiler and is put back.
        unsafe {
            std::arch::asm!(
                "xchg rbx, {first}",
                "int 0x80",
                "xchg rbx, {first}",
                first = inout(reg) u64::from(first) => _,
                inlateout("eax") number => answer,
                in("ecx") 0, in("edx") 0, in("esi") 0, in("edi") 0,
                out("r8") _, out("r9") _, out("r10") _, out("r11") _,
            );
        }
        i64::from(answer as i32)
    }
    let filter = docker_default(DEFAULT);
    let (answers, _, signal) = filtered(&filter, |answers: &mut [i64; 2]| {
        const X32: i64 = 0x4000_0000;
        *answers = [call(X32 | 272, [0, 0, 0]), call(X32 | 467, [0, 0, 0])];
    });
    assert_eq!((answers, signal), ([EPERM, ENOSYS], None));
    let (answers, _, signal) = filtered(&filter, |answers: &mut [i64; 6]| {
        *answers = [
            i64::from(i386(20, 0) > 0),
            i386(310, 0),
            i386(435, 0),
            i386(359, libc::AF_VSOCK as u32),
            i386(120, libc::CLONE_NEWUSER as u32),
            i386(500, 0),
        ];
    });
    if signal == Some(libc::SIGSEGV) {
        eprintln!("skipped: this kernel has no 32-bit programs");
        return;
    }
    assert_eq!((answers, signal), ([1, EPERM, ENOSYS, EPERM, EPERM, ENOSYS], None));
}

#[test]
fn loading_costs_a_fraction_of_a_linear_filter() {
    let (target, arch) = if cfg!(target_arch = "aarch64") {
        (TargetArch::aarch64, 0xc000_00b7)
    } else {
        (TargetArch::x86_64, 0xc000_003e)
    };
    let ours = docker_default(DEFAULT);
    let raw: Vec<_> = ours.iter().map(|i| (i.code, i.jt, i.jf, i.k)).collect();
    let allowed: BTreeMap<i64, Vec<_>> = (0..=600)
        .filter(|&number| {
            let call = interpreter::Call { arch, number, arguments: [0; 6] };
            interpreter::answer(&raw, &call).0 == libc::SECCOMP_RET_ALLOW
        })
        .map(|number| (i64::from(number), vec![]))
        .collect();
    let denied = SeccompAction::Errno(libc::EPERM as u32);
    let linear: BpfProgram =
        SeccompFilter::new(allowed, denied, SeccompAction::Allow, target).unwrap().try_into().unwrap();
    let linear: Vec<Instruction> =
        linear.iter().map(|i| Instruction { code: i.code, jt: i.jt, jf: i.jf, k: i.k }).collect();
    let measure = |program: &[Instruction]| {
        let mut times: Vec<u64> = (0..60).map(|_| filtered(program, |_: &mut [i64; 0]| {}).1).collect();
        times.sort_unstable();
        times[times.len() / 2]
    };
    let (ours_ns, linear_ns) = (measure(&ours), measure(&linear));
    eprintln!(
        "load: tree {} instructions {} us, linear {} instructions {} us",
        ours.len(),
        ours_ns / 1000,
        linear.len(),
        linear_ns / 1000
    );
    assert!(ours_ns * 2 < linear_ns, "{ours_ns} ns against {linear_ns} ns");
}
