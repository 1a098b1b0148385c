//! Each verb, on a disk that has no more room at some moment.

use super::origin::Origin;
use super::scene::{Reported, Scene, VERBS, Verb};
use crate::support::{Chance, SmallDisk, count, is_root, leave_to_root};

/// What came of one verb.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    tries: usize,
    full: usize,
    /// Images that were done before the disk was full.
    reported: usize,
    /// Whether all was removed while it was.
    emptied: usize,
}

/// Bytes and files with which the verb comes to its end, as far as is known.
#[derive(Debug, Clone, Copy)]
struct Enough {
    bytes: u64,
    files: u64,
}

/// How often a disk may turn out to be large enough, for each that is not.
const MISSES: usize = 10;

/// Does the verb on a disk with too little room, then with enough.
fn strike(
    scene: &mut Scene<'_>,
    disk: &SmallDisk,
    enough: &mut Enough,
    tally: &mut Tally,
    chance: &mut Chance,
) {
    scene.prepare();
    let (bytes, files) = if chance.below(3) == 0 {
        (None, Some(chance.below(enough.files)))
    } else {
        (Some(chance.below(enough.bytes) / 4096 * 4096), None)
    };
    disk.leave(bytes, files);
    let outcome = scene.plywood.eval(&scene.act());
    outcome.assert_ok();
    let reported = Reported::of(&outcome.stdout.lines().map(str::to_owned).collect::<Vec<_>>());
    tally.tries += 1;
    if let Some(failed) = &reported.failed {
        assert!(failed.starts_with("no_space: "), "{:?}: {failed}", scene.verb);
        tally.full += 1;
        tally.reported += reported.done.len();
        assert_ne!(scene.verb, Verb::Prune, "pruning makes room and needs none");
    } else {
        enough.bytes = bytes.unwrap_or(enough.bytes).max(64 * 1024);
        enough.files = files.unwrap_or(enough.files).max(8);
    }
    // What gives room can be done without any.
    let emptied = matches!(scene.verb, Verb::Pull | Verb::Load) && chance.below(2) == 0;
    if emptied {
        scene.plywood.eval("rm(images()); prune();").assert_ok();
        assert_eq!(scene.plywood.json("images().len()"), 0);
        tally.emptied += 1;
    }
    disk.leave_plenty();
    scene.assert_store_is_whole();
    if !emptied {
        scene.verify(&reported);
    }
    scene.again();
    scene.assert_tidy();
}

#[test]
fn a_disk_that_is_full_at_any_moment_of_any_verb_harms_nothing() {
    if !is_root() {
        return leave_to_root("a small disk is mounted");
    }
    let mut chance = Chance::new();
    let Some(origin) = Origin::new(&mut chance) else { return };
    let each = count(1, 17);
    for verb in VERBS {
        SmallDisk::with(|disk| {
            let mut scene = Scene::new(&origin, verb, disk.path());
            scene.prepare();
            scene.again();
            scene.assert_tidy();
            let (bytes, files) = match verb {
                Verb::Pull | Verb::Load => (12 << 20, 400),
                Verb::Save => (6 << 20, 60),
                Verb::Commit => (300 << 10, 20),
                Verb::Push => (4 << 20, 16),
                Verb::Prune => (256 << 10, 16),
            };
            let mut enough = Enough { bytes, files };
            let mut tally = Tally::default();
            // Pruning never finds it full: it is tried as often as the others fail.
            while if verb == Verb::Prune { tally.tries } else { tally.full } < each {
                assert!(tally.tries < each * MISSES + MISSES, "{verb:?} is never in need: {tally:?}");
                strike(&mut scene, disk, &mut enough, &mut tally, &mut chance);
            }
            eprintln!("{verb:?} with less than {enough:?}: {tally:?}");
        });
    }
}
