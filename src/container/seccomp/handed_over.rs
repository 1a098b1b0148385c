//! Which calls of a single-id container the engine answers itself.

use super::numbers::Abi;
use super::profile::Action;

/// Owners, identities, devices, and what looks at them; the same on every native ABI.
const NATIVE: &str = "\
    chown fchown lchown fchownat mknod mknodat
    setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups
    getuid geteuid getgid getegid getresuid getresgid getgroups
    stat lstat fstat newfstatat statx chroot
    mkdir mkdirat symlink symlinkat creat
    listxattr llistxattr flistxattr";

/// The same for 32-bit programs, whose older calls have ids of 16 bits; what a file's owner is they
/// are told by the kernel.
const COMPAT: &str = "\
    chown32 fchown32 lchown32 fchownat mknod mknodat
    setuid32 setgid32 setreuid32 setregid32 setresuid32 setresgid32 setfsuid32 setfsgid32 setgroups32
    getuid32 geteuid32 getgid32 getegid32 getresuid32 getresgid32 getgroups32 chroot
    mkdir mkdirat symlink symlinkat
    listxattr llistxattr flistxattr";

/// What copies a file of a lower layer up without a change of owner. Attributes come up with it; a record of what
/// cannot have any stays behind, unless the engine sees to it.
const COPYING_UP: &str = "\
    rename renameat renameat2 link linkat
    chmod fchmod fchmodat fchmodat2 utime utimes futimesat utimensat utimensat_time64";

const LIMIT: u32 = libc::RLIMIT_LOCKS;

/// What happens to a call instead of `action`; with `copying_up` where lower layers have records that do not come up by
/// themselves.
pub(super) fn instead(abi: Abi, name: &str, action: Action, copying_up: bool) -> Action {
    if action != Action::Allow {
        return action;
    }
    let is_native = matches!(abi, Abi::X86_64 | Abi::X32 | Abi::Aarch64);
    let names = if is_native { NATIVE } else { COMPAT };
    let creates = libc::O_CREAT.unsigned_abs();
    match name {
        "open" => Action::HandOverIf(1, creates),
        "openat" => Action::HandOverIf(2, creates),
        "prctl" => Action::HandOverFor(0, libc::PR_SET_KEEPCAPS.unsigned_abs()),
        // Where a process carries its identity along.
        "prlimit64" => Action::HandOverFor(1, LIMIT),
        "setrlimit" => Action::HandOverFor(0, LIMIT),
        "getrlimit" if is_native => Action::HandOverFor(0, LIMIT),
        name if copying_up && COPYING_UP.split_ascii_whitespace().any(|one| one == name) => Action::HandOver,
        name if names.split_ascii_whitespace().any(|one| one == name) => Action::HandOver,
        _ => action,
    }
}
