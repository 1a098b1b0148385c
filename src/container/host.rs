//! What this machine offers, asked once.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;

use crate::sys::calls;
use crate::sys::mount::Context;

/// Newer system calls, for each of which there is an older way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ways {
    /// `clone3(2)`, Linux 5.3.
    pub clone3: bool,
    /// Overlay layers one by one, 6.7.
    pub lowerdir_plus: bool,
    /// `mount_setattr(2)`, 5.12.
    pub mount_setattr: bool,
    /// `getxattrat(2)` and its like, 6.13.
    pub getxattrat: bool,
}

impl Ways {
    /// Asks the kernel by calls that do nothing.
    #[must_use]
    pub fn of_this_kernel() -> Self {
        Self {
            clone3: calls::is_known(calls::CLONE3),
            lowerdir_plus: Host::get().lowerdir_plus,
            mount_setattr: calls::is_known(calls::MOUNT_SETATTR),
            getxattrat: calls::is_known(calls::GETXATTRAT),
        }
    }
}

/// Abilities that decide between two ways of doing a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// Overlay layers can be given one by one (`lowerdir+`, Linux 6.7).
    pub lowerdir_plus: bool,
    /// `/sys/fs/cgroup` is the unified hierarchy.
    pub cgroup2: bool,
    /// Group 5 (`tty`) exists in this user namespace.
    pub tty_group: bool,
    /// `setgroups` is allowed in this user namespace.
    pub set_groups: bool,
    /// Device and inode of this very program.
    pub program: (u64, u64),
}

impl Host {
    /// This machine's, seen from the user namespace that the process is in at the first call.
    pub fn get() -> Self {
        static HOST: OnceLock<Host> = OnceLock::new();
        *HOST.get_or_init(|| Self {
            lowerdir_plus: Context::new(c"overlay")
                .is_ok_and(|overlay| overlay.set(c"lowerdir+", c"/").is_ok()),
            cgroup2: fs::exists("/sys/fs/cgroup/cgroup.controllers").unwrap_or(false),
            // A kernel without user namespaces has neither file, and all groups.
            tty_group: fs::read_to_string("/proc/self/gid_map").map_or(true, |map| maps(&map, 5)),
            set_groups: fs::read_to_string("/proc/self/setgroups").map_or(true, |text| text.trim() != "deny"),
            program: fs::metadata("/proc/self/exe").map_or((0, 0), |own| (own.dev(), own.ino())),
        })
    }
}

/// Whether a map of `/proc/PID/gid_map` (inside, outside, count) has `id` inside.
fn maps(map: &str, id: u64) -> bool {
    map.lines().any(|line| {
        let mut fields = line.split_whitespace().map(|field| field.parse::<u64>().unwrap_or(u64::MAX));
        match (fields.next(), fields.next(), fields.next()) {
            (Some(inside), Some(_), Some(count)) => (inside..inside.saturating_add(count)).contains(&id),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::maps;

    #[test]
    fn a_map_of_ids_says_which_are_inside() {
        assert!(maps("         0          0 4294967295\n", 5));
        assert!(maps("0 1000 1\n1 100000 65536\n", 5));
        assert!(!maps("         0       1000          1\n", 5));
        assert!(!maps("", 5));
    }
}
