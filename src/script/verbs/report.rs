//! `report`.

use std::path::Path;

use rhai::Dynamic;

use super::parameters::{HOST_PATH, OPTIONS, SUBJECT};
use super::{Completes, Example, Group, Needs, Opt, Overload, Takes, Verb};
use crate::workbench::{Error, ReportFormat};

/// The entry.
pub static VERB: Verb = Verb {
    name: "report",
    group: Group::Analysis,
    summary: "write what an image is made of to a page, for people or for other programs",
    doc: "\
The file's ending says how: `.html` is one page that needs nothing else, with a map of sizes, layers,
waste, junk and a search; `.md` is Markdown, `.json` everything. `format: \"dive\"` writes what
`dive --json` writes, with figures that add up.",
    overloads: &[
        Overload { params: &[SUBJECT, HOST_PATH], returns: "()" },
        Overload { params: &[SUBJECT, HOST_PATH, OPTIONS], returns: "()" },
    ],
    options: &[Opt {
        name: "format",
        takes: Takes::Text,
        doc: "`html`, `markdown`, `json` or `dive`; else as the file's ending says",
        completes: Completes::OneOf(&["html", "markdown", "json", "dive"]),
    }],
    examples: &[
        Example { about: "a page", code: r#"report(base(), "base.html")"#, needs: Needs::Engine },
        Example {
            about: "for tools that read dive's",
            code: r#"report(base(), "base.json", #{ format: "dive" }); parse_json(read_file("base.json")).image.inefficientBytes"#,
            needs: Needs::Engine,
        },
    ],
    call: |call| {
        let path = call.text(1);
        let path = Path::new(&path);
        let options = call.options(2)?;
        let format = match options.text("format") {
            Some(format) => format.parse::<ReportFormat>()?,
            None => ReportFormat::of(path).ok_or_else(|| {
                Error::invalid(format!("`{}` does not say how the report is to be written", path.display()))
                    .with_hint("let it end with `.html`, `.md` or `.json`, or say `format`")
            })?,
        };
        call.context.workbench.report(&call.subject(0)?, path, format)?;
        Ok(Dynamic::UNIT)
    },
};
