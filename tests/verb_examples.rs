//! Every example of every verb runs, as help shows it.
#![allow(clippy::unwrap_used)]

use std::process::Command;

use plywood::script::verbs as table;
use plywood::script::verbs::Needs;

#[test]
fn every_example_runs() {
    let store = tempfile::tempdir().unwrap();
    let mut failed = Vec::new();
    for verb in table::ALL {
        for example in verb.examples {
            if example.needs == Needs::Nothing {
                continue;
            }
            let folder = tempfile::tempdir().unwrap();
            let output = Command::new(env!("CARGO_BIN_EXE_plywood"))
                .args(["-e", example.code])
                .env("PLYWOOD_STORE", store.path())
                .current_dir(folder.path())
                .output()
                .unwrap();
            if !output.status.success() {
                failed.push(format!(
                    "{}: {}\n{}\n{}",
                    verb.name,
                    example.about,
                    example.code,
                    String::from_utf8_lossy(&output.stderr)
                ));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}
