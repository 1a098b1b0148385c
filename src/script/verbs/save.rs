//! `save`.

use rhai::Dynamic;

use super::parameters::{COMPRESSION, OPTIONS};
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};
use crate::workbench::SaveOptions;

const IMAGES: Param = Param {
    name: "images",
    kinds: &[Kind::Image, Kind::Text, Kind::Images, Kind::Array],
    completes: Completes::Images,
};
const TARGET: Param = Param { name: "target", kinds: &[Kind::Text], completes: Completes::Source };

/// The entry.
pub static VERB: Verb = Verb {
    name: "save",
    group: Group::Images,
    summary: "write an image, or several, into an archive or layout",
    doc: "\
`oci:DIR[:name]`, `oci-archive:FILE[:name]`, `docker-archive:FILE[:reference]`, `dir:DIR`,
`docker-daemon:REF` or `docker://REF`; the first three hold several images. When it returns, the file is
on the disk. A layout that is there keeps its other images. What `image` looks at in a registry goes into
`oci:`, `oci-archive:` and `dir:` as it is, file by file as its digests say, without being unpacked or
stored here; a `compression` takes it in first. Docker writes `null` where OCI's
configurations have nothing: such an image gets another id in a layout.",
    overloads: &[
        Overload { params: &[IMAGES, TARGET], returns: "()" },
        Overload { params: &[IMAGES, TARGET, OPTIONS], returns: "()" },
    ],
    options: COMPRESSION,
    examples: &[
        Example {
            about: "a layout that other tools read",
            code: r#"save(base(), "oci:layout:base", #{ compression: "zstd" })"#,
            needs: Needs::Engine,
        },
        Example {
            about: "every image in one archive",
            code: r#"base(); save(images(), "docker-archive:all.tar")"#,
            needs: Needs::Engine,
        },
    ],
    call: |call| {
        let options = call.options(2)?;
        let options = SaveOptions { compression: options.text("compression"), level: options.int("level") };
        call.context.workbench.save(&call.images(0)?, &call.text(1), options)?;
        Ok(Dynamic::UNIT)
    },
};
