//! `rm`.

use rhai::Dynamic;

use super::super::raised::{Raised, Result};
use super::super::types::{List, Record as _};
use super::parameters::OPTIONS;
use super::{Call, Completes, Example, Group, Kind, Needs, Opt, Overload, Param, Takes, Verb};
use crate::workbench::{Container, ErrorKind, Image, ImageTarget, Snapshot, Subject};

const THING: Param = Param {
    name: "thing",
    kinds: &[
        Kind::Image,
        Kind::Container,
        Kind::Snapshot,
        Kind::Text,
        Kind::Images,
        Kind::Containers,
        Kind::Snapshots,
    ],
    completes: Completes::Containers,
};

/// The entry.
pub static VERB: Verb = Verb {
    name: "rm",
    group: Group::Images,
    summary: "remove an image, a container, a snapshot, or every item of a list of them",
    doc: "\
Of an image by one of several names: only that name goes. An image that something needs is an error
that names what. A running container goes only with `force: true`. What a snapshot, a branch or an image
needs of a container stays when it goes. A text that names two things is an error that names both.",
    overloads: &[
        Overload { params: &[THING], returns: "()" },
        Overload { params: &[THING, OPTIONS], returns: "()" },
    ],
    options: &[Opt {
        name: "force",
        takes: Takes::Bool,
        doc: "also what is running; of an image every name, container and snapshot",
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
        } else if let Some(list) = value.read_lock::<List<Snapshot>>() {
            for snapshot in list.items() {
                workbench.rm_snapshot(snapshot)?;
            }
        } else if Kind::Snapshot.fits(&value) {
            workbench.rm_snapshot(&call.snapshot(0)?)?;
        } else if value.is_string()
            && let Some(snapshot) = snapshot_alone(call)?
        {
            workbench.rm_snapshot(&snapshot)?;
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

/// The snapshot that a text names, if nothing else has that name.
fn snapshot_alone(call: &Call<'_>) -> Result<Option<Snapshot>> {
    let name = call.text(0);
    let snapshot = match call.context.workbench.snapshot_named(&name) {
        Ok(snapshot) => snapshot,
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let (what, other) = if let Some(image) = call.stored_image(&name)? {
        ("image", image.brief())
    } else {
        match call.context.workbench.container(&name) {
            Ok(container) => ("container", container.brief()),
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Some(snapshot)),
            Err(error) => return Err(error.into()),
        }
    };
    Err(Raised::new(
        ErrorKind::Ambiguous.as_str(),
        format!("`{name}` is both a snapshot and {what} `{other}`"),
    )
    .with_hint(format!(
        "the snapshot is `{id}`: say `rm(\"{id}\")`, or `rm({what}(\"{name}\"))`",
        id = snapshot.brief()
    ))
    .into())
}
