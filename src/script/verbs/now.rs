//! `now`.

use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "now",
    group: Group::Script,
    summary: "the time, RFC 3339",
    doc: "\
In UTC and to the microsecond, spelled as `created` and `mtime` are. `std/time` reads such times and
reckons with them.",
    overloads: &[Overload { params: &[], returns: "text" }],
    options: &[],
    examples: &[Example {
        about: "a date",
        code: r#"print(now().sub_string(0, 10))"#,
        needs: Needs::Nothing,
    }],
    call: |_| {
        let now = jiff::Timestamp::now();
        // A time of day cannot fail to be rounded to a microsecond.
        Ok(now.round(jiff::Unit::Microsecond).unwrap_or(now).to_string().into())
    },
};
