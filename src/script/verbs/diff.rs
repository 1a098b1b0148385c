//! `diff`.

use rhai::Dynamic;

use super::super::types::{Handle, List};
use super::parameters::{CONTAINER, OPTIONS};
use super::{Completes, Example, Group, Kind, Needs, Opt, Overload, Param, Takes, Verb};
use crate::workbench::CompareOptions;

const KINDS: &[Kind] = &[Kind::Image, Kind::Container, Kind::Layer, Kind::Text];
const BEFORE: Param = Param { name: "before", kinds: KINDS, completes: Completes::Images };
const AFTER: Param = Param { name: "after", kinds: KINDS, completes: Completes::Images };

/// The entry.
pub static VERB: Verb = Verb {
    name: "diff",
    group: Group::Analysis,
    summary: "what a container changed: A added, C changed, D deleted; or in what two things differ",
    doc: "\
Of a container the same answer as `docker container diff`, sorted by path. Printed where there is no
terminal it is Docker's lines.

Of two images, containers or layers a `Comparison`: `files` with the reasons of each, `config`,
`history`, `layers`, `packages` (of apk, dpkg, npm, pip, pkg, rpm), `same` and a `verdict`. Of a comparison
`d`, `d.text(path)` is the unified diff of one file. Images that are only looked at in place are taken
into the store. For a gate in CI: `exit(if diff(a, b).same { 0 } else { 1 })`.

Where layers hold the same files and yet have other digests, `packing` says why: the order of the entries,
times, owners' names, mode bits, formats and other header fields, PAX records, padding, compression; each with
how many entries show it and the first. `reproducible` is true where there is none of that either, but
for what `ignore` and `except` leave out.",
    overloads: &[
        Overload { params: &[CONTAINER], returns: "Diff" },
        Overload { params: &[BEFORE, AFTER], returns: "Comparison" },
        Overload { params: &[BEFORE, AFTER, OPTIONS], returns: "Comparison" },
    ],
    options: &[
        Opt {
            name: "ignore",
            takes: Takes::Texts,
            doc: "paths that do not count: `/var/log`, `*.pyc`, `/usr/**/cache`",
            completes: Completes::Nothing,
        },
        Opt {
            name: "except",
            takes: Takes::Texts,
            doc: "what does not count: of files `mtime`, `owner`, `mode`, …; settings such as `Cmd`, `Env`, `Labels.x`; of archives `order`, `headers`, `pax`, …; `config`, `packages`, `packing`",
            completes: Completes::OneOf(&[
                "mtime",
                "mode",
                "owner",
                "xattrs",
                "link",
                "device",
                "size",
                "content",
                "type",
                "Cmd",
                "Env",
                "Labels",
                "config",
                "packages",
                "packing",
                "created",
                "documents",
                "order",
                "entries",
                "headers",
                "pax",
                "padding",
                "compression",
            ]),
        },
    ],
    examples: &[
        Example {
            about: "what a command added",
            code: r#"diff(run(base(), "echo hi > /greeting")).filter(|c| c.kind == "A").map("path")"#,
            needs: Needs::Engine,
        },
        Example {
            about: "two images",
            code: r#"let v1 = run(base(), "echo hi > /greeting").commit("demo:d1"); diff(base(), v1).files.map("path")"#,
            needs: Needs::Engine,
        },
        Example {
            about: "what counts",
            code: r#"let v1 = run(base(), "mkdir -p /var/log; echo x > /var/log/x").commit("demo:d2"); diff(base(), v1, #{ ignore: "/var", except: "Cmd" }).same"#,
            needs: Needs::Engine,
        },
        Example {
            about: "why two builds have other digests",
            code: r#"let make = |tag| run(base(), "echo x > /x").commit(tag); diff(make.call("demo:d3"), make.call("demo:d4")).packing.map("field")"#,
            needs: Needs::Engine,
        },
    ],
    call: |call| {
        if call.count() == 1 {
            let diff = call.context.workbench.diff(&call.container(0)?)?;
            return Ok(Dynamic::from(diff.changes.into_iter().collect::<List<_>>()));
        }
        let options = call.options(2)?;
        let wanted = CompareOptions {
            ignore: options.texts("ignore").unwrap_or_default(),
            except: options.texts("except").unwrap_or_default(),
        };
        let found = call.context.workbench.compare(&call.operand(0)?, &call.operand(1)?, &wanted)?;
        Ok(Dynamic::from(Handle::new(found)))
    },
};
