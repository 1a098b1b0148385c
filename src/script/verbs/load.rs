//! `load`.

use rhai::Dynamic;

use super::super::types::{Handle, List};
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const SOURCE: Param = Param { name: "source", kinds: &[Kind::Text], completes: Completes::Source };

/// The entry.
pub static VERB: Verb = Verb {
    name: "load",
    group: Group::Images,
    summary: "the image in an archive or layout",
    doc: "\
`oci:DIR[:name]`, `oci-archive:FILE[:name]`, `docker-archive:FILE[:reference]`, `dir:DIR`,
`docker-daemon:REF` (Docker or podman on this machine), `docker://REF`; a bare path is recognised.
`@N` instead of a name is the image at that place of the list, from 0; `oci:DIR:@sha256:…` the one with
that digest. Gives the image that was in it; where there were several, the list of them. What is not what
it says is refused, and nothing of it kept; a bound that the error names is raised with
`PLYWOOD_LIMITS=NAME=NUMBER` in the environment.",
    overloads: &[Overload { params: &[SOURCE], returns: "Image" }],
    options: &[],
    examples: &[Example {
        about: "there and back",
        code: r#"save(base(), "docker-archive:b.tar"); load("b.tar").id == base().id"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let images = call.context.workbench.load(&call.text(0))?;
        match <[_; 1]>::try_from(images) {
            Ok([only]) => Ok(Dynamic::from(Handle::new(only))),
            Err(several) => Ok(Dynamic::from(several.into_iter().collect::<List<_>>())),
        }
    },
};
