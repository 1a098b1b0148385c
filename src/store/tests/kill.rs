//! Processes that die at any moment, and disks that fill up.
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use super::many::{all_there_is_to_do, start};
use super::*;

#[test]
fn killed_at_any_moment_only_garbage_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    let rounds: usize =
        std::env::var("PLYWOOD_TEST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(24);
    let promises = || fs::read_to_string(root.join("packages/done")).unwrap_or_default();
    for round in 0.. {
        // On a busy machine they come to less: then there are more of them, which live longer.
        let extra = (round + 1_usize).saturating_sub(rounds) as u64;
        if extra > 0 && !promises().is_empty() {
            break;
        }
        assert!(extra < 60, "{round} processes promised nothing");
        let mut child = start("forever", &root, 2_000_000 + round);
        // A process that is not killed would take far longer; the pauses reach from before its first step to well
        // into its loop.
        std::thread::sleep(Duration::from_micros(2000 + (round as u64 * 7919) % (60_000 + extra * 10_000)));
        child.kill().unwrap();
        let status = child.wait_with_output().unwrap();
        assert!(status.status.code().is_none(), "{}", String::from_utf8_lossy(&status.stderr));
        if round % 8 == 7 {
            let store = Store::open(&root).unwrap();
            let found = check(&store, false);
            assert_eq!(found.problems, []);
        }
    }
    let store = Store::open(&root).unwrap();
    store.wait_for_removals();
    assert_eq!(count(&root.join("tmp")), 0);
    // What they said was done is there.
    let images = store.images().unwrap();
    let mut promised = 0;
    for line in promises().lines() {
        let (kind, name) = line.split_once(' ').unwrap();
        promised += 1;
        match kind {
            "image" => assert!(images.iter().any(|image| image.record.id.hex() == name), "{line}"),
            _ => assert_eq!(store.container(name).unwrap().id, name),
        }
    }
    eprintln!("{promised} things promised by {rounds} processes or more");
    assert_eq!(check(&store, true).problems, []);
    let left = check(&store, false);
    assert_eq!((left.problems, left.garbage), (vec![], PruneReport::default()));
    all_there_is_to_do(&store, 9_000_000, 0).unwrap();
}

#[test]
fn killed_while_it_opens_for_the_first_time() {
    for round in 0..24 {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("store");
        let mut child = start("forever", &root, round);
        // From the first file on, in steps that a few system calls take.
        while !root.exists() {
            std::thread::sleep(Duration::from_micros(50));
        }
        std::thread::sleep(Duration::from_micros(round as u64 * 150));
        child.kill().unwrap();
        child.wait().unwrap();
        let store = Store::open(&root).unwrap();
        assert_eq!(check(&store, true).problems, []);
        all_there_is_to_do(&store, 1, 1).unwrap();
    }
}

#[test]
fn the_living_are_not_harmed_by_sweeping_after_the_dead() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    let living: Vec<_> = (0..3).map(|seed| start("write", &root, seed)).collect();
    for round in 0..10 {
        let mut child = start("forever", &root, 3_000_000 + round);
        std::thread::sleep(Duration::from_millis(10 + 3 * round as u64));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    living.into_iter().for_each(super::many::finish);
    let store = Store::open(&root).unwrap();
    store.wait_for_removals();
    assert_eq!(check(&store, true).problems, []);
}

/// Runs `body` on a file system of `size` that goes with it; false if we may not mount.
fn on_small_disk(options: &str, body: impl FnOnce(&Path) + Send) -> bool {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            use nix::mount::{MsFlags, mount};
            // A thread may have a mount namespace of its own, and it goes with the thread.
            if nix::sched::unshare(nix::sched::CloneFlags::CLONE_FS | nix::sched::CloneFlags::CLONE_NEWNS)
                .is_err()
            {
                return false;
            }
            let none = None::<&str>;
            mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).unwrap();
            if mount(Some("tmpfs"), folder.path(), Some("tmpfs"), MsFlags::empty(), Some(options)).is_err() {
                return false;
            }
            body(folder.path());
            true
        });
        thread.join().unwrap()
    })
}

#[test]
fn a_full_disk_is_told_and_harms_nothing() {
    let mut done = true;
    for step in 0..16_u64 {
        // Half of them run out of files instead of bytes.
        let options = if step % 2 == 0 {
            format!("size={}k", 160 + step * 40)
        } else {
            format!("size=8m,nr_inodes={}", 8 + step * 7)
        };
        done &= on_small_disk(&options, |folder| {
            let root = folder.join("store");
            let store = match Store::open(&root) {
                Ok(store) => store,
                Err(error) => return assert!(matches!(error, Error::NoSpace { .. }), "{error}"),
            };
            let full =
                (0..10_000).find_map(|round| all_there_is_to_do(&store, 1, round * 2 + 1).err()).unwrap();
            assert!(matches!(full, Error::NoSpace { .. }), "{options}: {full:?}");
            drop(store);
            let store = Store::open(&root).unwrap();
            match store.containers() {
                Ok(_) => {
                    let verify = |_: &LayerRecord| Ok(());
                    let options = FsckOptions { verify_layers: &verify, verify_blobs: true, repair: false };
                    match store.fsck(&options) {
                        Ok(found) => assert_eq!(found.problems, []),
                        Err(error) => assert!(matches!(error, Error::NoSpace { .. }), "{error:?}"),
                    }
                }
                Err(error) => assert!(matches!(error, Error::NoSpace { .. }), "{error:?}"),
            }
        });
    }
    if !done {
        skipped("no file system can be mounted here");
    }
}

/// Fills the disk that `folder` is on, with bytes and with files; gives what must go to have space again.
fn fill(folder: &Path) -> PathBuf {
    let filler = folder.join("filler");
    fs::create_dir(&filler).unwrap();
    let mut all = fs::File::create(filler.join("bytes")).unwrap();
    while all.write(&[1; 4096]).is_ok_and(|written| written > 0) {}
    let mut number = 0;
    while fs::write(filler.join(format!("{number}")), "").is_ok() {
        number += 1;
    }
    filler
}

#[test]
fn a_full_disk_takes_removals() {
    let mut done = true;
    for (options, with_ballast) in
        [("size=16m,nr_inodes=9k", true), ("size=64m,nr_inodes=400", true), ("size=16m,nr_inodes=9k", false)]
    {
        done &= on_small_disk(options, |folder| {
            let root = folder.join("store");
            let ballast = root.join("ballast");
            let store = Store::open(&root).unwrap();
            (0..12).try_for_each(|round| all_there_is_to_do(&store, 1, round)).unwrap();
            let snapshot = {
                let (made, lock) = store
                    .create_container(&NewContainer {
                        parts: vec![store.new_part().unwrap()],
                        ..NewContainer::default()
                    })
                    .unwrap();
                fs::write(store.part_fs(&made.parts[0]).join("x"), "x").unwrap();
                store.take_snapshot(&lock, &NewSnapshot::default(), true).unwrap()
            };
            drop(store);
            assert_eq!(count(&ballast), 8);
            if !with_ballast {
                fs::remove_dir_all(&ballast).unwrap();
            }
            let filler = fill(folder);
            let store = Store::open(&root).unwrap();
            let remove = || {
                store.remove_snapshot(snapshot.row)?;
                for container in store.containers()? {
                    store.remove_container(&store.lock_container(container.row, false)?)?;
                }
                for image in store.images()? {
                    store.remove_image(&image.record.id)?;
                }
                store.prune(false)
            };
            let removed = remove();
            if !with_ballast {
                return assert!(matches!(removed, Err(Error::NoSpace { .. })), "{removed:?}");
            }
            removed.unwrap();
            assert_eq!(store.containers().unwrap().len() + store.images().unwrap().len(), 0);
            drop(store);
            fs::remove_dir_all(filler).unwrap();
            let store = Store::open(&root).unwrap();
            assert_eq!(check(&store, false).garbage, PruneReport::default());
            all_there_is_to_do(&store, 2, 0).unwrap();
            drop(store);
            let space = nix::sys::statvfs::statvfs(folder).unwrap();
            assert_eq!(count(&ballast), 8, "{options}: there is space again: {space:?}");
        });
    }
    if !done {
        skipped("no file system can be mounted here");
    }
}

#[test]
fn a_read_only_disk_is_told() {
    let done = on_small_disk("size=4m", |folder| {
        use nix::mount::{MsFlags, mount};
        let root = folder.join("store");
        image(&Store::open(&root).unwrap(), "x", "a");
        let none = None::<&str>;
        mount(none, folder, none, MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY, none).unwrap();
        for path in [root, folder.join("new")] {
            let refused = Store::open(&path).unwrap_err();
            assert!(matches!(refused, Error::ReadOnly { .. }), "{refused}");
        }
    });
    if !done {
        skipped("no file system can be mounted here");
    }
}
