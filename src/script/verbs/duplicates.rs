//! `duplicates`.

use rhai::Dynamic;

use super::super::types::List;
use super::parameters::SUBJECT;
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "duplicates",
    group: Group::Analysis,
    summary: "contents that several files have; hard links are one file",
    doc: "\
Of what the end shows, the most wasteful first. Only files whose size recurs are read; an image that is
only looked at in place is taken into the store for that.",
    overloads: &[Overload { params: &[SUBJECT], returns: "Duplicates" }],
    options: &[],
    examples: &[Example {
        about: "two copies",
        code: r#"let c = run(base(), "head -c 123457 /dev/zero > /a; cp /a /b"); duplicates(c).find(|d| d.size == 123457).paths"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let duplicates = call.context.workbench.duplicates(&call.subject(0)?)?;
        Ok(Dynamic::from(duplicates.into_iter().collect::<List<_>>()))
    },
};
