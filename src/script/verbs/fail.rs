//! `fail`.

use super::super::raised::Raised;
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};
use crate::workbench::ErrorKind;

const MESSAGE: Param = Param { name: "message", kinds: &[Kind::Text], completes: Completes::Nothing };

/// The entry.
pub static VERB: Verb = Verb {
    name: "fail",
    group: Group::Script,
    summary: "end with an error of kind `fail`",
    doc: "\
It can be caught like any other.",
    overloads: &[Overload { params: &[MESSAGE], returns: "never" }],
    options: &[],
    examples: &[Example {
        about: "caught",
        code: r#"try { fail("too big") } catch (e) { e.kind + ": " + e.message }"#,
        needs: Needs::Nothing,
    }],
    call: |call| Err(Raised::new(ErrorKind::Fail.as_str(), call.text(0)).into()),
};
