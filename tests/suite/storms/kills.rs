//! Each verb, killed at any moment.

use std::collections::BTreeMap;
use std::time::Duration;

use super::assert_no_process_left;
use super::origin::Origin;
use super::scene::{Reported, Scene, VERBS, Verb};
use crate::support::{Chance, count, kill_after};

/// How often a verb may come to its end before the kill, in a row.
const MISSES: usize = 50;

/// What came of one verb.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    kills: usize,
    /// Images that were done before the kill.
    reported: usize,
    /// The last act that nobody disturbed.
    took: Duration,
}

/// Kills the verb once. It dies anywhere between its start and its end.
fn strike(scene: &mut Scene<'_>, tally: &mut Tally, chance: &mut Chance) {
    scene.prepare();
    for miss in 0.. {
        assert!(miss < MISSES, "{:?} is always faster than {:?}", scene.verb, tally.took);
        let act = scene.act();
        let ended = kill_after(scene.plywood.command().args(["-e", &act]), chance.pause(tally.took));
        let reported = Reported::of(&ended.lines);
        assert_eq!(reported.failed, None, "{:?}", scene.verb);
        if ended.killed {
            tally.kills += 1;
            tally.reported += reported.done.len();
            // Either the store is looked at and set right first, or the next try has to deal with what it finds.
            if chance.below(2) == 0 {
                scene.assert_store_is_whole();
            }
            scene.verify(&reported);
            break;
        }
        scene.verify(&reported);
        scene.prepare();
    }
    tally.took = scene.again().max(Duration::from_millis(20));
    scene.assert_tidy();
}

#[test]
fn a_kill_at_any_moment_of_any_verb_harms_nothing() {
    let mut chance = Chance::new();
    let Some(origin) = Origin::new(&mut chance) else { return };
    let kills = count(12, 300);
    let mut tallies: BTreeMap<usize, Tally> = BTreeMap::new();
    for (index, verb) in VERBS.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let mut scene = Scene::new(&origin, verb, folder.path());
        scene.prepare();
        let mut tally = Tally { took: scene.again(), ..Tally::default() };
        while tally.kills < kills / VERBS.len() {
            strike(&mut scene, &mut tally, &mut chance);
        }
        assert_no_process_left(&scene.plywood);
        tallies.insert(index, tally);
    }
    let told: Vec<(Verb, &Tally)> = VERBS.into_iter().zip(tallies.values()).collect();
    eprintln!("{told:?}");
    assert!(tallies.values().map(|tally| tally.kills).sum::<usize>() >= kills);
}
