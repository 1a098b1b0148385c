//! The script language itself: our session against a bare engine of the same crate and features.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use plywood::script::{Session, SessionOptions};
use plywood::workbench::{Settings, Workbench};

use crate::measure::Row;

/// A million steps: ten operations each round.
const LOOP: &str = "let sum = 0; for i in 0..200000 { sum += i; if sum > 1000000000 { sum = 0; } } sum";

static RAISED: AtomicBool = AtomicBool::new(false);

fn session(store: &std::path::Path) -> Session {
    Session::new(Arc::new(Workbench::new(Settings::at(store))), SessionOptions::default())
}

/// Closures that natives call, which find their functions anew each time. There are more functions than in a bare
/// engine; what the bar guards against is that each is searched for in lists, which took eighteen times as long.
const CLOSURES: &str =
    "let a = []; a.pad(20000, \"xyz\"); a.filter(|x| x.contains(\"y\")).map(|x| x.len() + 1).len()";

/// The rows.
pub fn a_loop() -> Option<Vec<Row>> {
    Some(vec![
        beside_bare("1 million steps in a session / bare Rhai", LOOP, 1.1),
        beside_bare("40,000 calls of closures in a session / bare Rhai", CLOSURES, 1.3),
    ])
}

fn beside_bare(name: &'static str, text: &str, bar: f64) -> Row {
    let folder = tempfile::tempdir().unwrap();
    let mut session = session(&folder.path().join("store"));
    let mut engine = rhai::Engine::new();
    engine.set_max_operations(0);
    engine.on_progress(|_| RAISED.load(Ordering::Relaxed).then_some(rhai::Dynamic::UNIT));
    let bare = engine.compile(text).unwrap();
    let timed = |work: &mut dyn FnMut()| -> Duration {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..15 {
        ours.push(timed(&mut || assert!(session.feed(text, "bench").error.is_none())));
        theirs.push(timed(&mut || assert!(engine.eval_ast::<i64>(&bare).is_ok())));
    }
    Row::new(name, &mut ours, &mut theirs, bar)
}
