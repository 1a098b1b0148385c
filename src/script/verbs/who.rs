//! `who`.

use rhai::Dynamic;

use super::super::types::List;
use super::parameters::{PATH, SUBJECT};
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "who",
    group: Group::Analysis,
    summary: "which layers brought, replaced and removed a path, and by which command",
    doc: "\
Every version of the path, lowest layer first, with what hid it: the one with `gone_in == ()` is what the
end shows. A path that is no longer there is found too. Links on the way are followed, the path's own is
not.",
    overloads: &[Overload { params: &[SUBJECT, PATH], returns: "Versions" }],
    options: &[],
    examples: &[
        Example {
            about: "who brought a program",
            code: r#"who(base(), "/bin/sh")[0].layer"#,
            needs: Needs::Engine,
        },
        Example {
            about: "the story of a file",
            code: r#"let v1 = run(base(), "echo one > /f").commit("demo:f1"); let v2 = run(v1, "rm /f").commit("demo:f2"); who(v2, "/f").map(|v| v.came)"#,
            needs: Needs::Engine,
        },
    ],
    call: |call| {
        let versions = call.context.workbench.who(&call.subject(0)?, &call.text(1))?;
        Ok(Dynamic::from(versions.into_iter().collect::<List<_>>()))
    },
};
