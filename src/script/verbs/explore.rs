//! `explore`.

use rhai::Dynamic;

use super::super::types::List;
use super::parameters::SUBJECT;
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};
use crate::workbench::Explored;

const OTHER: Param =
    Param { name: "other", kinds: &[Kind::Image, Kind::Container, Kind::Text], completes: Completes::Images };

/// The entry.
pub static VERB: Verb = Verb {
    name: "explore",
    group: Group::Analysis,
    summary: "layers, files and waste, or two images beside each other, full screen; gives what was marked",
    doc: "\
For a person at a terminal; elsewhere it is an error. The keys are those of `dive`, `?` lists all of them:
search, filter, sort, a file's content and what changed in it, where it comes from. `m` marks; the marked
files are the value, a list like `layers(x)[0].files`.

Of two images or containers the trees in step, in what they differ marked: `]` goes to the next
difference, `=` leaves out what is the same, Enter shows both contents beside each other, `c` lists what
else differs, Tab says whose file is marked. Images that are only looked at in place are taken into the
store for it. `diff(a, b)` gives the same as a value.",
    overloads: &[
        Overload { params: &[SUBJECT], returns: "Files" },
        Overload { params: &[SUBJECT, OTHER], returns: "Files" },
    ],
    options: &[],
    examples: &[
        Example {
            about: "look into the starter image, if somebody is there",
            code: "if ask() { explore(base()).map(\"path\") }",
            needs: Needs::Engine,
        },
        Example {
            about: "an image and what was made of it beside each other",
            code: r#"let v1 = run(base(), "echo hi > /greeting").commit("demo:e1"); if ask() { explore(base(), v1) }"#,
            needs: Needs::Engine,
        },
    ],
    call: |call| {
        let what = |index| match call.any(index).into_immutable_string() {
            Ok(text) => Ok(Explored::Named(text.to_string())),
            Err(_) => call.subject(index).map(|subject| Explored::Subject(Box::new(subject))),
        };
        let other = if call.count() > 1 { Some(what(1)?) } else { None };
        let files = call.context.workbench.explore(what(0)?, other, call.context.options.style.color)?;
        Ok(Dynamic::from(files.into_iter().collect::<List<_>>()))
    },
};
