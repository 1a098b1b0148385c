//! The performance budget: each row beside its peer, in one run, as a ratio.
//!
//! `cargo bench` runs them all; `cargo bench -- run start` runs rows whose names begin so. A row whose peer is not
//! installed says so. A row that misses its bar makes the whole run fail at its end. Peers and fixtures:
//! `bubblewrap`, `python3`, `openssl`, `docker-registry`, `skopeo`, `podman`, `umoci`, `ipython`, `dive`; `PLYWOOD_TEST_DOCKER_HOST` and `PLYWOOD_TEST_DEBIAN`
//! for the rows with Docker, `PLYWOOD_TEST_DIVE` for dive.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

// Images made by hand are the same for tests and benchmarks.
#[path = "../../tests/suite/support/archive.rs"]
mod archive;
mod archives;
mod explore;
mod fixture;
mod language;
mod large;
mod look;
mod measure;
mod processes;
mod prompt;
mod registry;
mod terminal;
mod wget;

use measure::Row;

/// Measures one or more rows; `None` where the peer is missing.
type Measure = fn() -> Option<Vec<Row>>;

const ROWS: &[(&str, Measure)] = &[
    ("start", processes::start),
    ("language", language::a_loop),
    ("run", processes::run_in_a_loop),
    ("whole", processes::whole_run),
    ("prompt", prompt::keys),
    ("ipython", prompt::start),
    ("look", look::look),
    ("explorer", explore::keys),
    ("large", large::bounded_memory),
    ("wget", wget::diff_and_commit),
    ("archives", archives::load_and_save),
    ("registry", registry::pull_and_push),
];

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let mut missed = Vec::new();
    for (name, measure) in ROWS {
        if !wanted.is_empty() && !wanted.iter().any(|word| name.starts_with(word.as_str())) {
            continue;
        }
        let Some(rows) = measure() else { continue };
        for row in rows {
            println!("{row}");
            if !row.is_met() {
                missed.push(row.name.clone());
            }
        }
    }
    if !missed.is_empty() {
        println!("missed: {}", missed.join(", "));
        std::process::exit(1);
    }
}
