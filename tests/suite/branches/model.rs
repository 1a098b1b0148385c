//! Random histories against a model in memory.

mod tree;
mod world;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::assert_nothing_unreachable;
use crate::support::{Plywood, count, small_image};
use world::World;

/// Histories of random steps on a store each; in so many threads.
fn any_history(cases: usize, length: usize, threads: usize) {
    let folder = tempfile::tempdir().unwrap();
    let load = format!("load(`{}`);", small_image(folder.path()).display());
    let run = || {
        let cases = u32::try_from(cases.div_ceil(threads)).unwrap();
        let config = Config { cases, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
        let steps = proptest::collection::vec(any::<[u8; 4]>(), length / 2..length * 2);
        let result = TestRunner::new(config).run(&steps, |steps| {
            let mut world = World::new();
            steps.into_iter().for_each(|step| world.step(step));
            world.perform(&Plywood::new(), &load, assert_nothing_unreachable);
            Ok(())
        });
        if let Err(error) = result {
            panic!("{error}");
        }
    };
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(run)));
        run();
    });
}

#[test]
fn any_history_is_what_the_model_says() {
    any_history(count(10, 400), count(40, 150), 2);
}
