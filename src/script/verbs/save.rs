//! `save`.

use rhai::Dynamic;

use super::parameters::{IMAGE, OPTIONS};
use super::{Completes, Example, Group, Kind, Needs, Opt, Overload, Param, Takes, Verb};
use crate::workbench::SaveOptions;

const TARGET: Param = Param { name: "target", kinds: &[Kind::Text], completes: Completes::Source };

/// The entry.
pub static VERB: Verb = Verb {
    name: "save",
    group: Group::Images,
    summary: "write an image into an archive or layout",
    doc: "\
`oci:DIR[:tag]`, `oci-archive:FILE`, `docker-archive:FILE`, `dir:DIR`, `docker-daemon:REF` or
`docker://REF`. When it returns, the file is on the disk.",
    overloads: &[
        Overload { params: &[IMAGE, TARGET], returns: "()" },
        Overload { params: &[IMAGE, TARGET, OPTIONS], returns: "()" },
    ],
    options: &[
        Opt {
            name: "compression",
            takes: Takes::Text,
            doc: "`none`, `gzip` or `zstd`, for layers that have no compressed form yet",
            completes: Completes::OneOf(&["none", "gzip", "zstd"]),
        },
        Opt {
            name: "level",
            takes: Takes::Int,
            doc: "the compressor's level: gzip 0 to 9 (3), zstd 1 to 19 (3)",
            completes: Completes::Nothing,
        },
    ],
    examples: &[Example {
        about: "a layout that other tools read",
        code: r#"save(base(), "oci:layout:base", #{ compression: "zstd" })"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let options = call.options(2)?;
        let options = SaveOptions { compression: options.text("compression"), level: options.int("level") };
        let image = call.image(0)?;
        call.context.workbench.save(&image, &call.text(1), options)?;
        Ok(Dynamic::UNIT)
    },
};
