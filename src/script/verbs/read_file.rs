//! `read_file`.

use std::io;

use rhai::Dynamic;

use super::super::raised::Raised;
use super::parameters::HOST_PATH;
use super::{Example, Group, Needs, Overload, Verb};
use crate::workbench::ErrorKind;

/// The entry.
pub static VERB: Verb = Verb {
    name: "read_file",
    group: Group::Script,
    summary: "the text of a file of the host",
    doc: "\
The text must be UTF-8.",
    overloads: &[Overload { params: &[HOST_PATH], returns: "text" }],
    options: &[],
    examples: &[Example {
        about: "what was written",
        code: r#"write_file("a.txt", "hi"); read_file("a.txt")"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let path = call.text(0);
        std::fs::read_to_string(&path).map(Dynamic::from).map_err(|error| {
            let kind = match error.kind() {
                io::ErrorKind::NotFound => ErrorKind::NotFound,
                io::ErrorKind::PermissionDenied => ErrorKind::Denied,
                io::ErrorKind::InvalidData => ErrorKind::Invalid,
                _ => ErrorKind::Io,
            };
            Raised::new(kind.as_str(), format!("cannot read `{path}`: {error}")).into()
        })
    },
};
