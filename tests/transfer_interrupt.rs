//! Ctrl-C during a load or a save. Alone in its process: the count of interrupts is the process's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod transfer_support;

use std::fs;

use plywood::sys::Interrupt;
use plywood::transfer::{Error, SaveOptions};
use transfer_support::{Bench, trees};

#[test]
fn an_interrupt_ends_it_and_leaves_nothing() {
    let bench = Bench::new();
    let trees = trees(&bench.path("trees"));
    let image = bench.image("a", &[&trees[0], &trees[2]]);
    let good = bench.path("good.tar");
    bench.save(&image, good.to_str().unwrap(), &SaveOptions::default()).unwrap();
    let out = bench.path("out");
    fs::create_dir(&out).unwrap();
    Interrupt.raise();
    for target in ["docker-archive:", "oci-archive:", "oci:"] {
        let text = format!("{target}{}", out.join("x").display());
        let error = bench.save(&image, &text, &SaveOptions::default()).unwrap_err();
        assert!(matches!(error, Error::Interrupted), "{error}");
    }
    assert_eq!(fs::read_dir(out).unwrap().count(), 0);
    let fresh = Bench::new();
    let error = fresh.load(good.to_str().unwrap()).unwrap_err();
    assert!(matches!(error, Error::Interrupted), "{error}");
    assert!(fresh.store.images().unwrap().is_empty() && fresh.store.layers().unwrap().is_empty());
    Interrupt.reset();
    fresh.load_one(good.to_str().unwrap());
}
