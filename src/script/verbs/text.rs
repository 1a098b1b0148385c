//! `text`.

use super::super::raised::Raised;
use super::super::types::Handle;
use super::parameters::PATH;
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};
use crate::workbench::Comparison;

const COMPARISON: Param =
    Param { name: "comparison", kinds: &[Kind::Comparison], completes: Completes::Nothing };

/// The entry.
pub static VERB: Verb = Verb {
    name: "text",
    group: Group::Analysis,
    summary: "the unified diff of one file of a comparison",
    doc: "\
Empty where both have the same; a file that only one of them has is compared with nothing. Of what is no
UTF-8 text it only says that it differs. At a terminal it is coloured, with the changed words of a line
inverted.",
    overloads: &[Overload { params: &[COMPARISON, PATH], returns: "text" }],
    options: &[],
    examples: &[Example {
        about: "line by line",
        code: r#"let v1 = run(base(), "echo one > /f").commit("demo:t1"); let v2 = run(v1, "echo two > /f").commit("demo:t2"); diff(v1, v2).text("/f")"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let value = call.any(0);
        let Some(comparison) = value.read_lock::<Handle<Comparison>>() else {
            return Err(Raised::invalid("`text` wants what `diff(a, b)` gives").into());
        };
        Ok(comparison.text(&call.text(1))?.into())
    },
};
