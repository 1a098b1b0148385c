//! `explore`.

use rhai::Dynamic;

use super::super::types::List;
use super::parameters::SUBJECT;
use super::{Example, Group, Needs, Overload, Verb};
use crate::workbench::Explored;

/// The entry.
pub static VERB: Verb = Verb {
    name: "explore",
    group: Group::Analysis,
    summary: "layers, files and waste, full screen; gives what was marked",
    doc: "\
For a person at a terminal; elsewhere it is an error. The keys are those of `dive`, `?` lists all of them:
search, filter, sort, a file's content and what changed in it, where it comes from. `m` marks; the marked
files are the value, a list like `layers(x)[0].files`.",
    overloads: &[Overload { params: &[SUBJECT], returns: "Files" }],
    options: &[],
    examples: &[Example {
        about: "look into the starter image, if somebody is there",
        code: "if ask() { explore(base()).map(\"path\") }",
        needs: Needs::Engine,
    }],
    call: |call| {
        let what = match call.any(0).into_immutable_string() {
            Ok(text) => Explored::Named(text.to_string()),
            Err(_) => Explored::Subject(Box::new(call.subject(0)?)),
        };
        let files = call.context.workbench.explore(what, call.context.options.style.color)?;
        Ok(Dynamic::from(files.into_iter().collect::<List<_>>()))
    },
};
