#![allow(clippy::unwrap_used)]
//! What must hold for the whole table.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::script::{Session, SessionOptions, help};
use crate::workbench::{Settings, Workbench};

fn session() -> Session {
    let workbench = Workbench::new(Settings::at("/nonexistent"));
    Session::new(Arc::new(workbench), SessionOptions::default())
}

#[test]
fn names_are_unique_and_words() {
    let names: BTreeSet<&str> = ALL.iter().map(|verb| verb.name).collect();
    assert_eq!(names.len(), ALL.len());
    for name in names {
        assert!(name.chars().all(|char| char.is_ascii_lowercase() || char == '_'), "{name}");
    }
}

#[test]
fn every_entry_is_documented() {
    for verb in ALL {
        let name = verb.name;
        assert!(!verb.summary.is_empty() && !verb.summary.ends_with('.'), "{name}: a summary is no sentence");
        assert!(verb.summary.chars().next().is_some_and(char::is_lowercase), "{name}");
        assert!(verb.doc.ends_with('.') || verb.doc.ends_with('`'), "{name}: {}", verb.doc);
        assert!(verb.doc.lines().all(|line| line.len() <= 110), "{name}: a line of the doc is too long");
        assert!(!verb.overloads.is_empty(), "{name} cannot be called");
        assert!(!verb.examples.is_empty(), "{name} has no example");
        for overload in verb.overloads {
            assert!(!overload.returns.is_empty(), "{name}");
            for param in overload.params {
                assert!(!param.kinds.is_empty(), "{name}: `{}` takes nothing", param.name);
            }
        }
    }
}

#[test]
fn options_are_documented_and_can_be_given() {
    for verb in ALL {
        let takes_options = verb
            .overloads
            .iter()
            .any(|overload| overload.params.iter().any(|param| param.kinds.contains(&Kind::Options)));
        assert_eq!(takes_options, !verb.options.is_empty(), "{}", verb.name);
        let names: BTreeSet<&str> = verb.options.iter().map(|option| option.name).collect();
        assert_eq!(names.len(), verb.options.len(), "{}", verb.name);
        for option in verb.options {
            assert!(!option.doc.is_empty() && !option.name.contains('-'), "{}: {}", verb.name, option.name);
        }
    }
}

#[test]
fn overloads_differ() {
    for verb in ALL {
        let signatures: BTreeSet<String> = verb.signatures().collect();
        assert_eq!(signatures.len(), verb.overloads.len(), "{}", verb.name);
    }
}

#[test]
fn every_example_parses_and_uses_its_verb() {
    let session = session();
    for verb in ALL {
        for example in verb.examples {
            assert!(example.code.contains(verb.name), "{}: {}", verb.name, example.code);
            assert!(!example.about.is_empty());
            assert_eq!(
                session.completeness(example.code),
                crate::script::Completeness::Complete,
                "{}: {}",
                verb.name,
                example.code
            );
        }
    }
}

#[test]
fn examples_that_need_nothing_run() {
    for verb in ALL {
        for example in verb.examples.iter().filter(|example| example.needs == Needs::Nothing) {
            let outcome = session().feed(example.code, verb.name);
            assert!(outcome.error.is_none(), "{}: {:?}", example.code, outcome.error);
        }
    }
}

#[test]
fn help_knows_everything() {
    let overview = help::overview();
    let reference = help::reference();
    for verb in ALL {
        assert!(overview.contains(&format!("  {} ", verb.name)), "{}", verb.name);
        assert!(reference.contains(&format!("`{}(", verb.name)), "{}", verb.name);
        let text = help::of(verb.name).unwrap();
        for option in verb.options {
            assert!(text.contains(option.doc), "{}: {}", verb.name, option.name);
        }
    }
    for info in crate::script::types::all() {
        let text = help::of(info.name).unwrap();
        assert!(info.getters.iter().all(|(_, doc)| text.contains(doc)), "{text}");
        assert!(info.list.is_none_or(|list| help::of(list).unwrap().contains("filter")));
    }
}

#[test]
fn a_verb_refuses_what_it_does_not_take() {
    for verb in ALL {
        let code = format!("{}((|x| x), 1.5, 1.5, 1.5)", verb.name);
        let failure = session().feed(&code, "t").error.unwrap();
        assert_eq!(failure.kind, "invalid", "{failure:?}");
        assert_eq!(
            failure.message,
            format!(
                "`{}` does not take (function, decimal number, decimal number, decimal number)",
                verb.name
            )
        );
        let hint = failure.hint.unwrap();
        assert!(verb.signatures().all(|signature| hint.contains(&signature)), "{hint}");
    }
}
