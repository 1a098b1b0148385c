//! `fsck`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::parameters::OPTIONS;
use super::{Completes, Example, Group, Needs, Opt, Overload, Takes, Verb};
use crate::workbench::FsckOptions;

/// The entry.
pub static VERB: Verb = Verb {
    name: "fsck",
    group: Group::Care,
    summary: "check that the store is whole",
    doc: "\
Reads everything and compares digests. With `repair` damaged things are put aside and garbage is
removed.",
    overloads: &[
        Overload { params: &[], returns: "FsckReport" },
        Overload { params: &[OPTIONS], returns: "FsckReport" },
    ],
    options: &[Opt {
        name: "repair",
        takes: Takes::Bool,
        doc: "put damaged things aside and remove garbage",
        completes: Completes::Nothing,
    }],
    examples: &[Example {
        about: "a healthy store",
        code: r#"base(); fsck().problems.len()"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let repair = call.options(0)?.flag("repair").unwrap_or(false);
        Ok(Dynamic::from(Handle::new(call.context.workbench.fsck(FsckOptions { repair })?)))
    },
};
