//! `junk`.

use rhai::Dynamic;

use super::super::types::List;
use super::parameters::SUBJECT;
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "junk",
    group: Group::Analysis,
    summary: "files that no program needs: package lists, caches, logs, bytecode, documentation",
    doc: "\
Of what the end shows, by known rules, largest first. What a later layer removed is `waste`, not this.

`slim` takes away what of it needs no thought. Documentation, version control and the caches of compilers are
only told: `without` takes any path.",
    overloads: &[Overload { params: &[SUBJECT], returns: "Junk" }],
    options: &[],
    examples: &[Example {
        about: "bytes of logs",
        code: r#"let c = run(base(), "mkdir -p /var/log; echo long > /var/log/app"); junk(c).filter(|it| it.rule == "logs").sum("size")"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let junk = call.context.workbench.junk(&call.subject(0)?)?;
        Ok(Dynamic::from(junk.into_iter().collect::<List<_>>()))
    },
};
