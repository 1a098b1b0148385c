#![allow(clippy::unwrap_used)]
use std::sync::Arc;

use super::*;
use crate::script::SessionOptions;
use crate::workbench::{HostEnvironment, Settings};

fn session(folder: &std::path::Path) -> Session {
    let settings = Settings {
        store: folder.join("store"),
        interrupt: crate::sys::Interrupt,
        source_date_epoch: None,
        terminal: false,
        host: HostEnvironment::default(),
        force: Vec::new(),
        limits: crate::workbench::Limits::default(),
    };
    Session::new(
        Arc::new(Workbench::new(settings)),
        SessionOptions { interactive: true, ..SessionOptions::default() },
    )
}

fn type_in(timeline: &mut Timeline, session: &mut Session, number: usize, code: &str) {
    let failed = session.feed(code, "test").error.is_some();
    let mut journal = session.workbench().take_journal();
    let step = Step { number, code: code.to_owned(), valued: false, by_hand: false };
    timeline.add(step, failed, session, &mut journal);
}

fn value(session: &Session, name: &str) -> Option<String> {
    session.variable(name).map(|value| value.debug())
}

#[test]
fn variables_go_back_and_forth() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = session(folder.path());
    let mut timeline = Timeline::new(&session);
    type_in(&mut timeline, &mut session, 1, "let a = 1; let list = [1];");
    type_in(&mut timeline, &mut session, 2, "a = 2; list.push(2); fn f() { 1 }");
    type_in(&mut timeline, &mut session, 3, "no_such");
    type_in(&mut timeline, &mut session, 4, "let b = a + 1;");
    assert_eq!(timeline.back(1), Some(3));
    // The one that failed is no step.
    assert_eq!(timeline.back(2), Some(1));
    assert_eq!(timeline.back(4), None);
    timeline.go(1, &mut session).unwrap();
    assert_eq!(
        (value(&session, "a"), value(&session, "list"), value(&session, "b")),
        (Some("1".into()), Some("[1]".into()), None)
    );
    assert!(session.names().functions.is_empty());
    type_in(&mut timeline, &mut session, 5, "let c = 5;");
    timeline.call("other");
    timeline.go(4, &mut session).unwrap();
    assert_eq!((value(&session, "b"), value(&session, "c")), (Some("3".into()), None));
    assert_eq!(timeline.find("other"), Some(5));
    assert_eq!(timeline.find("[4]>"), Some(4));
    assert_eq!(timeline.find("9"), None);
    assert_eq!(
        timeline.lines(),
        [
            "  [1] let a = 1; let list = [1];",
            "  [2] a = 2; list.push(2); fn f() { 1 }",
            "  [3] ✗ no_such",
            "* [4] let b = a + 1;",
            "    [5] (other) let c = 5;",
        ]
    );
    let way: Vec<usize> = timeline.way().iter().map(|step| step.number).collect();
    assert_eq!(way, [1, 2, 4]);
    timeline.go(0, &mut session).unwrap();
    assert!(session.names().variables.is_empty());
}
