//! How x32, the 32-bit pointers ABI of x86_64, differs from the native numbers.

/// Calls with an x32 entry; they have no native number there.
pub(super) const OWN: &str = "\
512 rt_sigaction rt_sigreturn ioctl readv writev recvfrom sendmsg recvmsg execve ptrace
522 rt_sigpending rt_sigtimedwait rt_sigqueueinfo sigaltstack timer_create mq_notify
528 kexec_load waitid set_robust_list get_robust_list vmsplice move_pages preadv pwritev
536 rt_tgsigqueueinfo recvmmsg sendmmsg process_vm_readv process_vm_writev setsockopt
542 getsockopt io_setup io_submit execveat preadv2 pwritev2
";

/// Native calls x32 does not have.
pub(super) const ABSENT: &str = "\
uselib _sysctl create_module get_kernel_syms query_module nfsservctl set_thread_area
get_thread_area epoll_ctl_old epoll_wait_old vserver
";
