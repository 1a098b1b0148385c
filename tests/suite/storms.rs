//! Kills at any moment, disks that fill up, many processes at once: nothing that was reported is lost.

mod crowd;
mod endless;
mod full_disk;
mod kills;
mod origin;
mod scene;

use std::time::{Duration, Instant};

use crate::support::Plywood;

/// That no mount and no process of this store is left.
pub fn assert_no_process_left(plywood: &Plywood) {
    let store = plywood.store().display().to_string();
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(&store), "a mount is left:\n{mounts}");
    let until = Instant::now() + Duration::from_secs(5);
    loop {
        let left: Vec<_> = std::fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()))
            .filter(|entry| {
                let read = |name: &str| std::fs::read_to_string(entry.path().join(name)).unwrap_or_default();
                read("cmdline").contains(&store) || read("mountinfo").contains(&store)
            })
            .map(|entry| entry.path())
            .collect();
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < until, "processes are left: {left:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
