//! `fail`.

use super::super::raised::Raised;
use super::parameters::OPTIONS;
use super::{Completes, Example, Group, Kind, Needs, Opt, Overload, Param, Takes, Verb};
use crate::workbench::ErrorKind;

const MESSAGE: Param = Param { name: "message", kinds: &[Kind::Text], completes: Completes::Nothing };

/// The entry.
pub static VERB: Verb = Verb {
    name: "fail",
    group: Group::Script,
    summary: "end with an error, of kind `fail` unless another one is named",
    doc: "\
It can be caught like any other.",
    overloads: &[
        Overload { params: &[MESSAGE], returns: "never" },
        Overload { params: &[MESSAGE, OPTIONS], returns: "never" },
    ],
    options: &[
        Opt {
            name: "kind",
            takes: Takes::Text,
            doc: "another kind, for those who catch it",
            completes: Completes::Nothing,
        },
        Opt { name: "hint", takes: Takes::Text, doc: "what to do next", completes: Completes::Nothing },
    ],
    examples: &[
        Example {
            about: "caught",
            code: r#"try { fail("too big") } catch (e) { e.kind + ": " + e.message }"#,
            needs: Needs::Nothing,
        },
        Example {
            about: "with a kind of its own",
            code: r#"attempt(|| fail("nothing came", #{ kind: "timeout" })).error.kind"#,
            needs: Needs::Nothing,
        },
    ],
    call: |call| {
        let options = call.options(1)?;
        let kind = options.text("kind").unwrap_or_else(|| ErrorKind::Fail.as_str().to_owned());
        // That one would end the script as Ctrl-C does.
        if kind == ErrorKind::Interrupted.as_str() {
            return Err(Raised::invalid("an error of kind `interrupted` is Ctrl-C's own").into());
        }
        Err(Raised::new(kind, call.text(0)).with_hint(options.text("hint").unwrap_or_default()).into())
    },
};
