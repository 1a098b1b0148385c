//! The hostile corpus: archives, manifests and registries that want more than they may have.
//!
//! Each case is made here and tried in every form in which it can come, as root, rootless with a range of ids and
//! rootless with a single id; the quick run takes a sample of that for each case. Whatever it is, nothing outside
//! the store changes, the good image in the store stays whole, the program neither crashes nor hangs nor takes
//! much memory, what it writes cannot steer a terminal, and what is refused leaves nothing.

mod case;
mod form;
mod judge;
#[allow(dead_code)]
#[path = "../transfer_support/layout.rs"]
pub mod layout;
mod listing;
mod place;
mod service;
#[path = "../../src/layer/tests/tar.rs"]
pub mod tars;

mod bounds;
mod damage;
mod devices;
mod documents;
mod fixes;
mod inside;
mod links;
mod packings;
mod paths;
mod saved;
mod servers;
mod sizes;
mod whiteouts;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::support::{Who, is_root};
use case::{Case, Threat};
use judge::Figures;
use place::Place;

/// All of it.
fn corpus() -> Vec<Case> {
    [
        links::cases(),
        paths::cases(),
        sizes::cases(),
        whiteouts::cases(),
        devices::cases(),
        bounds::cases(),
        damage::cases(),
        documents::cases(),
        saved::cases(),
        packings::cases(),
        inside::cases(),
        servers::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether the whole product is tried.
fn is_full() -> bool {
    std::env::var_os("PLYWOOD_FULL").is_some()
}

#[test]
fn the_corpus_is_large_and_covers_every_threat() {
    let corpus = corpus();
    let names: BTreeSet<&str> = corpus.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), corpus.len(), "a name comes twice");
    assert!(names.len() >= 120, "{} cases", names.len());
    let threats: BTreeSet<Threat> = corpus.iter().map(|case| case.threat).collect();
    assert_eq!(threats, BTreeSet::from(Threat::ALL));
}

#[test]
fn nothing_of_the_corpus_does_harm_as_root() {
    // Whoever is not root tries it as whoever they are.
    let who = if is_root() { Who::Root } else { Who::Myself };
    try_all(who, 1);
}

#[test]
fn nothing_of_the_corpus_does_harm_to_a_user_with_a_range_of_ids() {
    try_all(Who::Ranges, 2);
}

#[test]
fn nothing_of_the_corpus_does_harm_to_a_user_with_a_single_id() {
    try_all(Who::Single, 4);
}

/// Tries as that user every `stride`th case in one of its forms; in the full run all in all. `PLYWOOD_CASE`, a part of
/// their names, picks cases that are tried in all forms.
fn try_all(who: Who, stride: usize) {
    let only = std::env::var("PLYWOOD_CASE").unwrap_or_default();
    let corpus: Vec<Case> = corpus().into_iter().filter(|case| case.name.contains(&only)).collect();
    let mut trials = Vec::new();
    for (number, case) in corpus.iter().enumerate() {
        let all = form::variations(case);
        if is_full() || !only.is_empty() {
            trials.extend(all.into_iter().map(|(form, packing)| (case, form, packing)));
        } else if number % stride == 0 {
            let (form, packing) = all[number * 5 % all.len()];
            trials.push((case, form, packing));
        }
    }
    let next = AtomicUsize::new(0);
    let worst: Mutex<(Figures, Figures, &str, &str)> = Mutex::default();
    let failures: Mutex<Vec<String>> = Mutex::default();
    let start = Instant::now();
    let work = || {
        let Some(mut place) = Place::new(who) else { return };
        while let Some((case, form, packing)) = trials.get(next.fetch_add(1, Ordering::Relaxed)) {
            match judge::judge(&place, case, *form, *packing) {
                Ok(figures) => {
                    let mut worst = worst.lock().unwrap();
                    if figures.peak > worst.0.peak {
                        (worst.0, worst.2) = (figures, case.name);
                    }
                    if figures.elapsed > worst.1.elapsed {
                        (worst.1, worst.3) = (figures, case.name);
                    }
                }
                Err(wrong) => {
                    failures
                        .lock()
                        .unwrap()
                        .push(format!("{} ({form:?}, {packing:?}):\n    {wrong}", case.name));
                    // The next case is not to suffer for it.
                    let Some(fresh) = Place::new(who) else { return };
                    place = fresh;
                }
            }
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    assert!(!documents::TRAPPED.load(Ordering::Relaxed), "a layer's address was asked");
    let failures = failures.into_inner().unwrap();
    let (peak, elapsed, hungriest, slowest) = worst.into_inner().unwrap();
    eprintln!(
        "{who:?}: {} trials of {} cases in {:.1} s; at most {} MiB ({hungriest}) and {:.1} s ({slowest})",
        trials.len(),
        corpus.len(),
        start.elapsed().as_secs_f64(),
        peak.peak >> 20,
        elapsed.elapsed.as_secs_f64(),
    );
    assert!(
        failures.is_empty(),
        "{} of {} trials failed:\n{}",
        failures.len(),
        trials.len(),
        failures.join("\n")
    );
}
