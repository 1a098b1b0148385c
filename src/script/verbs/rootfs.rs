//! `rootfs`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::parameters::{OPTIONS, REFERENCE};
use super::{Completes, Example, Group, Kind, Needs, Opt, Overload, Param, Takes, Verb};
use crate::workbench::RootfsOptions;

const SOURCE: Param = Param { name: "tar_or_dir", kinds: &[Kind::Text], completes: Completes::HostPath };

/// The entry.
pub static VERB: Verb = Verb {
    name: "rootfs",
    group: Group::Images,
    summary: "an image of one layer from a tar or a folder, as `docker import` makes it",
    doc: "\
The source is a tar, compressed or not, or a folder of the host.",
    overloads: &[
        Overload { params: &[SOURCE, REFERENCE], returns: "Image" },
        Overload { params: &[SOURCE, REFERENCE, OPTIONS], returns: "Image" },
    ],
    options: &[
        Opt { name: "message", takes: Takes::Text, doc: "history's comment", completes: Completes::Nothing },
        Opt {
            name: "change",
            takes: Takes::Texts,
            doc: "Dockerfile instructions such as `CMD [\"sh\"]`",
            completes: Completes::Nothing,
        },
    ],
    examples: &[Example {
        about: "a folder with one file",
        code: r#"write_file("root/hello", "hi"); rootfs("root", "demo/tree").references"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let options = call.options(2)?;
        let options = RootfsOptions {
            message: options.text("message"),
            change: options.texts("change").unwrap_or_default(),
        };
        let image = call.context.workbench.rootfs(&call.text(0), &call.text(1), options)?;
        Ok(Dynamic::from(Handle::new(image)))
    },
};
