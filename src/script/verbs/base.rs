//! `base`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "base",
    group: Group::Images,
    summary: "the starter image, made once from this machine's own programs",
    doc: "\
It needs no network and is kept as `plywood/base`. The same programs on the host give the same
digest. Inside, `pkg list` names what can be added and `pkg install NAME` copies a program of the
host with its libraries.",
    overloads: &[Overload { params: &[], returns: "Image" }],
    options: &[],
    examples: &[
        Example { about: "what it is called", code: r#"base().references"#, needs: Needs::Engine },
        Example {
            about: "a shell command in it",
            code: r#"base().run("pkg install hello && hello").stdout"#,
            needs: Needs::Engine,
        },
    ],
    call: |call| Ok(Dynamic::from(Handle::new(call.context.workbench.base()?))),
};
