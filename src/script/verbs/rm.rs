//! `rm`.

use rhai::Dynamic;

use super::super::types::List;
use super::parameters::OPTIONS;
use super::{Completes, Example, Group, Kind, Needs, Opt, Overload, Param, Takes, Verb};
use crate::workbench::{Container, Image, ImageTarget, Subject};

const THING: Param = Param {
    name: "thing",
    kinds: &[Kind::Image, Kind::Container, Kind::Text, Kind::Images, Kind::Containers],
    completes: Completes::Containers,
};

/// The entry.
pub static VERB: Verb = Verb {
    name: "rm",
    group: Group::Images,
    summary: "remove an image, a container, or every item of a list of them",
    doc: "\
Of an image by one of several names: only that name goes. An image that something needs is an error
that names what. A running container goes only with `force: true`. A text that names both an image
and a container is an error that names both.",
    overloads: &[
        Overload { params: &[THING], returns: "()" },
        Overload { params: &[THING, OPTIONS], returns: "()" },
    ],
    options: &[Opt {
        name: "force",
        takes: Takes::Bool,
        doc: "also what is running, and every name of an image",
        completes: Completes::Nothing,
    }],
    examples: &[
        Example {
            about: "a container",
            code: r#"let c = run(base(), "true"); rm(c); attempt(|| container(c.id)).ok"#,
            needs: Needs::Engine,
        },
        Example {
            about: "many",
            code: r#"run(base(), "true"); rm(containers()); containers().len()"#,
            needs: Needs::Engine,
        },
    ],
    call: |call| {
        let force = call.options(1)?.flag("force").unwrap_or(false);
        let value = call.any(0);
        let workbench = &call.context.workbench;
        if let Some(list) = value.read_lock::<List<Container>>() {
            for container in list.items() {
                workbench.rm_container(container, force)?;
            }
        } else if let Some(list) = value.read_lock::<List<Image>>() {
            for image in list.items() {
                workbench.rm_image(&ImageTarget::Image(Box::new((*image.0).clone())), force)?;
            }
        } else if value.is_string() {
            match call.named(&call.text(0))? {
                Subject::Image(_) => workbench.rm_image(&ImageTarget::Reference(call.text(0)), force)?,
                Subject::Container(container) => workbench.rm_container(&container, force)?,
            }
        } else {
            match call.subject(0)? {
                Subject::Image(image) => workbench.rm_image(&ImageTarget::Image(Box::new(image)), force)?,
                Subject::Container(container) => workbench.rm_container(&container, force)?,
            }
        }
        Ok(Dynamic::UNIT)
    },
};
