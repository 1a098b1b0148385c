//! `inspect`.

use super::super::json;
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const SUBJECT: Param = Param {
    name: "image_or_container",
    kinds: &[Kind::Image, Kind::Container, Kind::Text],
    completes: Completes::Containers,
};

/// The entry.
pub static VERB: Verb = Verb {
    name: "inspect",
    group: Group::Analysis,
    summary: "all that is known of an image or container, as a map",
    doc: "\
A text may name either; if it names both, that is an error that names both.",
    overloads: &[Overload { params: &[SUBJECT], returns: "map" }],
    options: &[],
    examples: &[Example { about: "an image", code: r#"type_of(inspect(base()))"#, needs: Needs::Engine }],
    call: |call| {
        let subject = if call.any(0).is_string() { call.named(&call.text(0))? } else { call.subject(0)? };
        Ok(json::to_dynamic(&call.context.workbench.inspect(&subject)?))
    },
};
