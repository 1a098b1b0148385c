//! `write`.

use rhai::Dynamic;

use super::parameters::{CONTAINER, PATH};
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const CONTENT: Param =
    Param { name: "content", kinds: &[Kind::Text, Kind::Blob], completes: Completes::Nothing };

/// The entry.
pub static VERB: Verb = Verb {
    name: "write",
    group: Group::Files,
    summary: "put text or bytes into a file of a container",
    doc: "\
Folders that are missing are made; an existing file keeps its mode.",
    overloads: &[Overload { params: &[CONTAINER, PATH, CONTENT], returns: "()" }],
    options: &[],
    examples: &[Example {
        about: "a configuration file",
        code: r#"let c = run(base(), "true"); c.write("/etc/demo.conf", "a = 1\n"); c.read("/etc/demo.conf")"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        call.context.workbench.write(&call.container(0)?, &call.text(1), &call.bytes(2))?;
        Ok(Dynamic::UNIT)
    },
};
