//! What Docker lets a container ask of the kernel, by name.
//!
//! The source of every rule is Docker's own default profile (moby's `profiles/seccomp`). It
//! is a list of what is allowed; everything else answers `EPERM`. The names are grouped here
//! by what they are for.

use std::collections::HashMap;

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Action {
    /// The kernel runs it.
    Allow,
    /// The call answers this error number and the kernel does nothing.
    Errno(u16),
    /// The thread is killed with SIGSYS: the call came by an ABI nobody has rules for.
    Kill,
    /// Allowed if an argument passes, else `EPERM`.
    AllowIf(Check),
    /// Handed over to the engine, which answers it.
    HandOver,
    /// Handed over if the argument with this index has one of these bits, else allowed.
    HandOverIf(u8, u32),
    /// Handed over if the argument with this index is this number, else allowed.
    HandOverFor(u8, u32),
}

/// A condition on the first argument of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Check {
    /// Any but these values of the low 32 bits, which are all the kernel looks at.
    NoneOf(&'static [u32]),
    /// One of these values, and nothing in the upper 32 bits.
    OneOf(&'static [u32]),
    /// None of these bits.
    NoBits(u32),
}

/// When a group of names counts.
#[derive(Debug, Clone, Copy)]
enum When {
    Always,
    Granted(u8),
    Missing(u8),
}

struct Group {
    when: When,
    action: Action,
    names: &'static str,
}

const fn always(names: &'static str) -> Group {
    Group { when: When::Always, action: Action::Allow, names }
}

const fn granted(capability: u8, names: &'static str) -> Group {
    Group { when: When::Granted(capability), action: Action::Allow, names }
}

// Capability numbers, `linux/capability.h`.
const CAP_DAC_READ_SEARCH: u8 = 2;
const CAP_SYS_MODULE: u8 = 16;
const CAP_SYS_RAWIO: u8 = 17;
const CAP_SYS_CHROOT: u8 = 18;
const CAP_SYS_PTRACE: u8 = 19;
const CAP_SYS_PACCT: u8 = 20;
const CAP_SYS_ADMIN: u8 = 21;
const CAP_SYS_BOOT: u8 = 22;
const CAP_SYS_NICE: u8 = 23;
const CAP_SYS_TIME: u8 = 25;
const CAP_SYS_TTY_CONFIG: u8 = 26;
const CAP_SYSLOG: u8 = 34;
const CAP_PERFMON: u8 = 38;
const CAP_BPF: u8 = 39;

/// The kernel's crypto sockets and the hypervisor's: neither belongs to a network namespace.
const SOCKETS_OF_THE_HOST: &[u32] = &[libc::AF_ALG as u32, libc::AF_VSOCK as u32];

/// Linux, UNAME26 and PER_LINUX32, both together, and the question what is set.
const PERSONALITIES: &[u32] = &[0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/// Every namespace flag of `clone`; time namespaces cannot be asked for there.
const NEW_NAMESPACES: u32 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWCGROUP) as u32;

const GROUPS: &[Group] = &[
    // Paths: names, links, modes, owners, attributes.
    always(
        "access chdir chmod chown chown32 creat faccessat faccessat2 fchdir fchmod fchmodat
        fchmodat2 fchown fchown32 fchownat fgetxattr flistxattr fremovexattr fsetxattr fstat
        fstat64 fstatat64 fstatfs fstatfs64 futimesat getcwd getdents getdents64 getxattr
        getxattrat lchown lchown32 lgetxattr link linkat listxattr listxattrat llistxattr
        lremovexattr lsetxattr lstat lstat64 mkdir mkdirat mknod mknodat name_to_handle_at
        newfstatat open openat openat2 readlink readlinkat removexattr removexattrat rename
        renameat renameat2 rmdir setxattr setxattrat stat stat64 statfs statfs64 statx symlink
        symlinkat truncate truncate64 umask unlink unlinkat utime utimensat utimensat_time64
        utimes",
    ),
    // Descriptors and what is read and written through them.
    always(
        "_llseek close close_range copy_file_range dup dup2 dup3 fadvise64 fadvise64_64
        fallocate fcntl fcntl64 fdatasync flock fsync ftruncate ftruncate64 io_cancel io_destroy
        io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit ioctl lseek pipe
        pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readv sendfile
        sendfile64 splice sync sync_file_range syncfs tee vmsplice write writev",
    ),
    // Waiting for descriptors, events and changes of files.
    always(
        "_newselect epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2
        epoll_wait epoll_wait_old eventfd eventfd2 fanotify_mark inotify_add_watch inotify_init
        inotify_init1 inotify_rm_watch poll ppoll ppoll_time64 pselect6 pselect6_time64 select",
    ),
    // Memory.
    always(
        "brk cachestat madvise map_shadow_stack membarrier memfd_create memfd_secret mincore
        mlock mlock2 mlockall mmap mmap2 mprotect mremap mseal msync munlock munlockall munmap
        pkey_alloc pkey_free pkey_mprotect remap_file_pages",
    ),
    // Processes and threads; ptrace and the memory of one's own processes since kernel 4.8.
    always(
        "capget capset execve execveat exit exit_group fork futex futex_requeue futex_time64
        futex_wait futex_waitv futex_wake get_robust_list get_thread_area getpgid getpgrp getpid
        getppid getrandom getrlimit getrusage getsid gettid kill pause pidfd_open
        pidfd_send_signal prctl prlimit64 process_mrelease process_vm_readv process_vm_writev
        ptrace restart_syscall rseq set_robust_list set_thread_area set_tid_address setpgid
        setrlimit setsid sysinfo ugetrlimit uname vfork wait4 waitid waitpid",
    ),
    // Who one is.
    always(
        "getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid
        getresgid32 getresuid getresuid32 getuid getuid32 setfsgid setfsgid32 setfsuid
        setfsuid32 setgid setgid32 setgroups setgroups32 setregid setregid32 setresgid
        setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32",
    ),
    // Scheduling and priorities.
    always(
        "getcpu getpriority ioprio_get ioprio_set sched_get_priority_max sched_get_priority_min
        sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
        sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam
        sched_setscheduler sched_yield setpriority",
    ),
    // Signals.
    always(
        "rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
        rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack signalfd signalfd4
        sigprocmask sigreturn tgkill tkill",
    ),
    // Time; adjtimex and its like answer EPERM themselves without CAP_SYS_TIME.
    always(
        "adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64
        clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 getitimer
        gettimeofday nanosleep setitimer time timer_create timer_delete timer_getoverrun
        timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create
        timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times",
    ),
    // Sockets. 32-bit x86 reaches all of them, any family too, through socketcall.
    always(
        "accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom
        recvmmsg recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown
        socketcall socketpair",
    ),
    Group {
        when: When::Always,
        action: Action::AllowIf(Check::NoneOf(SOCKETS_OF_THE_HOST)),
        names: "socket",
    },
    // Shared memory, semaphores and queues of the container's own IPC namespace.
    always(
        "ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend
        mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop
        semtimedop_time64 shmat shmctl shmdt shmget",
    ),
    // Giving rights up, and looking at one's mounts.
    always(
        "landlock_add_rule landlock_create_ruleset landlock_restrict_self listmount seccomp
        statmount",
    ),
    Group { when: When::Always, action: Action::AllowIf(Check::OneOf(PERSONALITIES)), names: "personality" },
    // What one machine alone has.
    always("arch_prctl modify_ldt uretprobe"),
    always("arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls"),
    // What a capability opens.
    granted(CAP_DAC_READ_SEARCH, "open_by_handle_at"),
    granted(
        CAP_SYS_ADMIN,
        "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie
        lsm_get_self_attr lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount
        open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog
        umount umount2 unshare",
    ),
    Group {
        when: When::Missing(CAP_SYS_ADMIN),
        action: Action::AllowIf(Check::NoBits(NEW_NAMESPACES)),
        names: "clone",
    },
    // Its flags are in memory, where a filter cannot look: libc falls back to clone.
    Group { when: When::Missing(CAP_SYS_ADMIN), action: Action::Errno(libc::ENOSYS as u16), names: "clone3" },
    granted(CAP_SYS_BOOT, "reboot"),
    granted(CAP_SYS_CHROOT, "chroot"),
    granted(CAP_SYS_MODULE, "delete_module finit_module init_module"),
    granted(CAP_SYS_PACCT, "acct"),
    granted(CAP_SYS_PTRACE, "kcmp pidfd_getfd process_madvise"),
    granted(CAP_SYS_RAWIO, "ioperm iopl"),
    granted(CAP_SYS_TIME, "clock_settime clock_settime64 settimeofday stime"),
    granted(CAP_SYS_TTY_CONFIG, "vhangup"),
    granted(CAP_SYS_NICE, "get_mempolicy mbind set_mempolicy set_mempolicy_home_node"),
    granted(CAP_SYSLOG, "syslog"),
    granted(CAP_BPF, "bpf"),
    granted(CAP_PERFMON, "perf_event_open"),
];

/// The calls that have a rule under these capabilities (bit n: capability n), by name.
///
/// A name that is absent is one the profile denies.
pub(super) fn rules(capabilities: u64) -> HashMap<&'static str, Action> {
    let has = |capability: u8| capabilities >> capability & 1 == 1;
    let mut rules = HashMap::with_capacity(512);
    for group in GROUPS {
        let counts = match group.when {
            When::Always => true,
            When::Granted(capability) => has(capability),
            When::Missing(capability) => !has(capability),
        };
        if counts {
            rules.extend(group.names.split_ascii_whitespace().map(|name| (name, group.action)));
        }
    }
    rules
}
