//! `write_file`.

use std::path::Path;
use std::{fs, io};

use rhai::Dynamic;

use super::super::raised::Raised;
use super::parameters::HOST_PATH;
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};
use crate::workbench::ErrorKind;

const CONTENT: Param =
    Param { name: "content", kinds: &[Kind::Text, Kind::Blob], completes: Completes::Nothing };

/// The entry.
pub static VERB: Verb = Verb {
    name: "write_file",
    group: Group::Script,
    summary: "write text or bytes into a file of the host",
    doc: "\
An existing file is replaced; missing folders are made.",
    overloads: &[Overload { params: &[HOST_PATH, CONTENT], returns: "()" }],
    options: &[],
    examples: &[Example {
        about: "a report",
        code: r#"write_file("report/r.csv", "name,size\n"); read_file("report/r.csv")"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let path = call.text(0);
        let folder = Path::new(&path).parent().filter(|folder| !folder.as_os_str().is_empty());
        folder
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, call.bytes(1)))
            .map(|()| Dynamic::UNIT)
            .map_err(|error| {
                let kind = match error.kind() {
                    io::ErrorKind::PermissionDenied => ErrorKind::Denied,
                    io::ErrorKind::StorageFull => ErrorKind::NoSpace,
                    _ => ErrorKind::Io,
                };
                Raised::new(kind.as_str(), format!("cannot write `{path}`: {error}")).into()
            })
    },
};
