//! `with_port`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::derived::{self, MESSAGE, TAG};
use super::parameters::{IMAGE, OPTIONS};
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const PORTS: Param =
    Param { name: "ports", kinds: &[Kind::Int, Kind::Text, Kind::Array], completes: Completes::Nothing };

/// The entry.
pub static VERB: Verb = Verb {
    name: "with_port",
    group: Group::Fix,
    summary: "an image that says which ports it listens on",
    doc: "\
A number, `53/udp`, or an array of them; those that it says already stay.",
    overloads: &[
        Overload { params: &[IMAGE, PORTS], returns: "Image" },
        Overload { params: &[IMAGE, PORTS, OPTIONS], returns: "Image" },
    ],
    options: &[TAG, MESSAGE],
    examples: &[Example {
        about: "two",
        code: r#"with_port(base(), [80, "53/udp"]).config.ExposedPorts.keys()"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let (ports, options) =
            (derived::texts(call, 1, "ports are texts or numbers")?, derived::options(call, 2)?);
        let image = call.context.workbench.with_port(&call.image(0)?, &ports, &options)?;
        Ok(Dynamic::from(Handle::new(image)))
    },
};
