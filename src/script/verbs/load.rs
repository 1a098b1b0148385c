//! `load`.

use rhai::Dynamic;

use super::super::types::List;
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const SOURCE: Param = Param { name: "source", kinds: &[Kind::Text], completes: Completes::HostPath };

/// The entry.
pub static VERB: Verb = Verb {
    name: "load",
    group: Group::Images,
    summary: "images out of an archive or layout",
    doc: "\
`oci:DIR[:tag]`, `oci-archive:FILE`, `docker-archive:FILE`, `dir:DIR`, `docker-daemon:REF` (Docker or
podman on this machine), `docker://REF`; a bare path is recognised. Gives the list of what was in it;
where an image is wanted, a list of one will do.",
    overloads: &[Overload { params: &[SOURCE], returns: "Images" }],
    options: &[],
    examples: &[Example {
        about: "there and back",
        code: r#"save(base(), "docker-archive:b.tar"); load("b.tar")[0].id == base().id"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let images = call.context.workbench.load(&call.text(0))?;
        Ok(Dynamic::from(images.into_iter().collect::<List<_>>()))
    },
};
