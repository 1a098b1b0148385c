//! System call numbers by name, for the four machines and x32.
//!
//! The numbers are the kernel's promise to programs and never change. They are kept as text,
//! read when a filter is compiled: a table of 400 lines would say nothing more.

mod aarch64;
mod arm;
mod i386;
mod x32;
mod x86_64;

/// From here (kernel 5.1) on every machine gives a new call the same number.
const SHARED: &str = "\
424 pidfd_send_signal io_uring_setup io_uring_enter io_uring_register open_tree move_mount
430 fsopen fsconfig fsmount fspick pidfd_open clone3 close_range openat2 pidfd_getfd
439 faccessat2 process_madvise epoll_pwait2 mount_setattr quotactl_fd
444 landlock_create_ruleset landlock_add_rule landlock_restrict_self memfd_secret
448 process_mrelease futex_waitv set_mempolicy_home_node cachestat fchmodat2
453 map_shadow_stack futex_wake futex_wait futex_requeue statmount listmount
459 lsm_get_self_attr lsm_set_self_attr lsm_list_modules mseal setxattrat getxattrat
465 listxattrat removexattrat open_tree_attr file_getattr file_setattr listns
471 rseq_slice_yield
";

/// The bit that marks a call as x32's.
pub(super) const X32_BIT: u32 = 0x4000_0000;

/// One way of calling the kernel: a register width and a table of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Abi {
    /// Native on x86_64.
    X86_64,
    /// 32-bit programs on x86_64.
    I386,
    /// x86_64 with 32-bit pointers: the same `AUDIT_ARCH`, its numbers have [`X32_BIT`].
    X32,
    /// Native on aarch64.
    Aarch64,
    /// 32-bit programs on aarch64.
    Arm,
}

impl Abi {
    /// What the kernel tells a filter as `arch` (`linux/audit.h`).
    pub(super) fn audit_arch(self) -> u32 {
        match self {
            Self::X86_64 | Self::X32 => 0xc000_003e,
            Self::I386 => 0x4000_0003,
            Self::Aarch64 => 0xc000_00b7,
            Self::Arm => 0x4000_0028,
        }
    }

    /// Where runs of numbers begin, ascending; the first is the ABI's lowest number.
    ///
    /// A call added to the kernel later gets a number at the end of a run.
    pub(super) fn runs(self) -> &'static [u32] {
        match self {
            Self::X86_64 | Self::I386 | Self::Aarch64 => &[0],
            Self::X32 => &[X32_BIT, X32_BIT + 512],
            Self::Arm => &[0, arm::PRIVATE_START],
        }
    }

    /// Every call of this ABI as (number, name), in no order.
    pub(super) fn calls(self) -> Vec<(u32, &'static str)> {
        let mut calls = Vec::with_capacity(512);
        let (own, absent) = match self {
            Self::X86_64 => (x86_64::NAMES, ""),
            Self::I386 => (i386::NAMES, ""),
            Self::X32 => (x86_64::NAMES, x32::ABSENT),
            Self::Aarch64 => (aarch64::NAMES, ""),
            Self::Arm => (arm::NAMES, arm::ABSENT),
        };
        read(own, &mut calls);
        read(SHARED, &mut calls);
        calls.retain(|(_, name)| !absent.split_ascii_whitespace().any(|gone| gone == *name));
        match self {
            Self::X32 => {
                let mut replaced = Vec::new();
                read(x32::OWN, &mut replaced);
                calls.retain(|(_, name)| !replaced.iter().any(|(_, own)| own == name));
                calls.append(&mut replaced);
                for (number, _) in &mut calls {
                    *number |= X32_BIT;
                }
            }
            Self::Arm => read(arm::PRIVATE, &mut calls),
            Self::X86_64 | Self::I386 | Self::Aarch64 => {}
        }
        calls
    }
}

/// Reads a table: a word of digits sets the number of the next name, each name counts one up.
fn read(table: &'static str, into: &mut Vec<(u32, &'static str)>) {
    let mut number = 0;
    for word in table.split_ascii_whitespace() {
        if let Ok(next) = word.parse() {
            number = next;
        } else {
            into.push((number, word));
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::collections::BTreeSet;

    use super::*;

    const ALL: [Abi; 5] = [Abi::X86_64, Abi::I386, Abi::X32, Abi::Aarch64, Abi::Arm];

    fn number(abi: Abi, name: &str) -> Option<u32> {
        let found = abi.calls().into_iter().find(|call| call.1 == name);
        found.map(|call| call.0)
    }

    #[test]
    fn no_number_and_no_name_comes_twice() {
        for abi in ALL {
            let calls = abi.calls();
            let numbers: BTreeSet<_> = calls.iter().map(|call| call.0).collect();
            let names: BTreeSet<_> = calls.iter().map(|call| call.1).collect();
            assert_eq!((numbers.len(), names.len()), (calls.len(), calls.len()), "{abi:?}");
            assert!(calls.len() > 300, "{abi:?} has only {}", calls.len());
            assert!(calls.iter().all(|call| call.0 >= abi.runs()[0]), "{abi:?}");
        }
    }

    #[test]
    fn known_calls_are_where_the_kernel_has_them() {
        for (name, expected) in [
            ("read", [Some(0), Some(3), Some(X32_BIT), Some(63), Some(3)]),
            ("clone", [Some(56), Some(120), Some(X32_BIT + 56), Some(220), Some(120)]),
            ("ioctl", [Some(16), Some(54), Some(X32_BIT + 514), Some(29), Some(54)]),
            ("socket", [Some(41), Some(359), Some(X32_BIT + 41), Some(198), Some(281)]),
            ("socketcall", [None, Some(102), None, None, None]),
            ("uselib", [Some(134), Some(86), None, None, Some(86)]),
            ("memfd_secret", [Some(447), Some(447), Some(X32_BIT + 447), Some(447), None]),
            ("set_tls", [None, None, None, None, Some(0xf_0005)]),
            ("uretprobe", [Some(335), None, Some(X32_BIT + 335), None, None]),
            ("removexattrat", [Some(466), Some(466), Some(X32_BIT + 466), Some(466), Some(466)]),
        ] {
            assert_eq!(ALL.map(|abi| number(abi, name)), expected, "{name}");
        }
    }

    #[test]
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    fn the_native_table_agrees_with_libc() {
        #[cfg(target_arch = "x86_64")]
        let native = Abi::X86_64;
        #[cfg(target_arch = "aarch64")]
        let native = Abi::Aarch64;
        for (name, expected) in [
            ("execve", libc::SYS_execve),
            ("openat2", libc::SYS_openat2),
            ("mount", libc::SYS_mount),
            ("unshare", libc::SYS_unshare),
            ("personality", libc::SYS_personality),
            ("accept4", libc::SYS_accept4),
            ("bpf", libc::SYS_bpf),
            ("clone3", libc::SYS_clone3),
            ("futex_waitv", libc::SYS_futex_waitv),
            ("mseal", libc::SYS_mseal),
        ] {
            assert_eq!(number(native, name).map(i64::from), Some(expected), "{name}");
        }
    }
}
