//! `exit`.

use super::super::raised::{ExitCode, Raised};
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const CODE: Param = Param { name: "code", kinds: &[Kind::Int], completes: Completes::Nothing };

/// The entry.
pub static VERB: Verb = Verb {
    name: "exit",
    group: Group::Script,
    summary: "end the script with that exit code, or 0",
    doc: "\
Neither `try` nor `attempt` stops it. A code is 0 to 255.",
    overloads: &[Overload { params: &[], returns: "never" }, Overload { params: &[CODE], returns: "never" }],
    options: &[],
    examples: &[Example {
        about: "in the middle of something",
        code: r#"if false { exit(3) }; "still here""#,
        needs: Needs::Nothing,
    }],
    call: |call| {
        let code = if call.count() == 0 { 0 } else { call.int(0).unwrap_or(1) };
        if !(0..=255).contains(&code) {
            return Err(Raised::invalid(format!("an exit code is 0 to 255, got `{code}`")).into());
        }
        Err(ExitCode(i32::try_from(code).unwrap_or(1)).into())
    },
};
