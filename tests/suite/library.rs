//! The standard library: its own tests, and the examples that need a container.

use std::path::PathBuf;

use plywood::script::library::{self, Claim, Example, FunctionDoc, ModuleDoc};
use plywood::script::verbs::Needs;
use serde_json::Value;

use crate::support::{Outcome, Plywood, debian, project};

/// Examples in a container: the last expression of each step gives what it claims.
#[test]
fn every_example_in_a_container_gives_what_it_claims() {
    let plywood = Plywood::new();
    let mut ran = 0;
    for module in library::docs() {
        let functions = module.functions.iter().flat_map(FunctionDoc::examples);
        for example in module.examples().into_iter().chain(functions) {
            if example.needs == Needs::Engine {
                ran += 1;
                check(&plywood, module, &example);
            }
        }
    }
    assert!(ran >= 20, "only {ran} examples need a container");
    plywood.assert_clean();
}

fn check(plywood: &Plywood, module: &ModuleDoc, example: &Example) {
    let import = format!("import \"{}\" as {};", module.name, module.alias());
    let folder = tempfile::tempdir().unwrap();
    let json = |texts: &[&str]| {
        let mut command = plywood.command();
        command.arg("--json").current_dir(folder.path());
        let outcome = Outcome::of(command.args(texts.iter().flat_map(|text| ["-e", text])));
        assert_eq!(outcome.code, 0, "{}: {}\n{}", module.name, example.code, outcome.stderr);
        serde_json::from_str::<Value>(&outcome.stdout).unwrap_or(Value::Null)
    };
    let mut texts = vec![import.as_str()];
    let steps = example.steps();
    for (index, step) in steps.iter().enumerate() {
        texts.push(&step.code);
        // What only leads to the next claim runs with that one.
        if step.claim.is_none() && index + 1 < steps.len() {
            continue;
        }
        let got = json(&texts);
        let wanted = match &step.claim {
            None => continue,
            Some(Claim::Text(text)) => Value::from(text.as_str()),
            Some(Claim::Value(code)) => json(&[&import, code]),
        };
        assert_eq!(got, wanted, "{}: {}", module.name, step.code);
    }
}

/// The tests in Rhai below `folder`.
fn tests(folder: &str) -> Vec<PathBuf> {
    let folder = project().join("stdlib/tests").join(folder);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|it| it == "rhai")).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn run(plywood: &Plywood, files: &[PathBuf]) {
    let outcome = Outcome::of(plywood.command().arg("test").args(files));
    assert_eq!(outcome.code, 0, "{}\n{}", outcome.stdout, outcome.stderr);
    plywood.assert_clean();
}

#[test]
fn the_library_passes_its_own_tests() {
    let files = tests("");
    // A module whose tests nobody wrote is found here.
    for name in library::names() {
        let name = library::alias(name);
        assert!(files.iter().any(|file| file.ends_with(format!("{name}.rhai"))), "`{name}` has no tests");
    }
    run(&Plywood::new(), &files);
}

#[test]
fn the_library_passes_its_tests_on_a_real_debian() {
    let Some(debian) = debian() else { return };
    run(&debian.plywood(), &tests("debian"));
}
