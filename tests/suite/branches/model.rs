//! Random histories against a model in memory.

mod tree;
mod world;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::assert_nothing_unreachable;
use crate::support::{Chance, Plywood, count, small_image};
use world::World;

/// Histories of random steps on a store each; in so many threads.
fn any_history(cases: usize, length: usize, threads: usize) {
    let folder = tempfile::tempdir().unwrap();
    let load = format!("load(`{}`);", small_image(folder.path()).display());
    let mut chance = Chance::new();
    let mut seed = || std::array::from_fn::<u8, 32, _>(|_| u8::try_from(chance.below(256)).unwrap());
    let run = |seed: [u8; 32]| {
        let cases = u32::try_from(cases.div_ceil(threads)).unwrap();
        let config = Config { cases, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let steps = proptest::collection::vec(any::<[u8; 4]>(), length / 2..length * 2);
        let result = TestRunner::new_with_rng(config, rng).run(&steps, |steps| {
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
        for seed in std::iter::repeat_with(&mut seed).take(threads - 1) {
            scope.spawn(move || run(seed));
        }
        run(seed());
    });
}

#[test]
fn any_history_is_what_the_model_says() {
    any_history(count(10, 400), count(40, 150), 2);
}
