//! `why`.

use rhai::Dynamic;

use super::super::types::List;
use super::parameters::{LAYER, PATH, SUBJECT};
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "why",
    group: Group::Analysis,
    summary: "why a path counts as changed: mode, owner, time, content, … before and after",
    doc: "\
What the layer did to the path, else what the last layer that touched it did; empty where it did nothing.
Of an image that is only looked at in place nobody reads files: `content?` says that the time differs and
the size does not. `load` it for certainty.",
    overloads: &[
        Overload { params: &[SUBJECT, PATH], returns: "Reasons" },
        Overload { params: &[SUBJECT, PATH, LAYER], returns: "Reasons" },
    ],
    options: &[],
    examples: &[Example {
        about: "a changed mode",
        code: r#"let c = run(base(), "touch /f; chmod 600 /f"); let v = c.commit("demo:why"); let d = run(v, "chmod 644 /f"); why(d, "/f").map(|r| [r.aspect, r.before, r.after])"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let reasons = call.context.workbench.why(&call.subject(0)?, &call.text(1), call.layer_index(2))?;
        Ok(Dynamic::from(reasons.into_iter().collect::<List<_>>()))
    },
};
