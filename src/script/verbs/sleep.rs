//! `sleep`.

use std::time::{Duration, Instant};

use rhai::Dynamic;

use super::super::options;
use super::super::raised::Raised;
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};
use crate::workbench::ErrorKind;

const SECONDS: Param =
    Param { name: "seconds", kinds: &[Kind::Int, Kind::Float, Kind::Text], completes: Completes::Nothing };

/// How long Ctrl-C may have to wait.
const SLICE: Duration = Duration::from_millis(20);

/// The entry.
pub static VERB: Verb = Verb {
    name: "sleep",
    group: Group::Script,
    summary: "wait for some seconds",
    doc: "\
Seconds, or text such as `\"1m30s\"`. Ctrl-C ends it. `std/retry` waits until something is so.",
    overloads: &[Overload { params: &[SECONDS], returns: "()" }],
    options: &[],
    examples: &[
        Example { about: "half a second", code: "sleep(0.5)", needs: Needs::Nothing },
        Example { about: "in words", code: r#"sleep("10ms")"#, needs: Needs::Nothing },
    ],
    call: |call| {
        let given = call.any(0);
        let time = options::duration(&given).ok_or_else(|| {
            Raised::invalid(format!("`sleep` wants seconds, got {}", super::super::render::debug(&given)))
                .with_hint("a number from 0 up, or text such as `\"1m30s\"`")
        })?;
        let end = Instant::now().checked_add(time);
        let left = || end.map_or(SLICE, |end| end.saturating_duration_since(Instant::now()));
        while !left().is_zero() {
            std::thread::sleep(left().min(SLICE));
            if (call.context.options.interrupted)() {
                return Err(Raised::new(ErrorKind::Interrupted.as_str(), "interrupted").into());
            }
        }
        Ok(Dynamic::UNIT)
    },
};
