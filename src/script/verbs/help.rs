//! `help`.

use rhai::Dynamic;

use super::super::raised::Raised;
use super::super::{help, suggest};
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};
use crate::workbench::ErrorKind;

const NAME: Param = Param { name: "name", kinds: &[Kind::Text], completes: Completes::Verbs };

/// The entry.
pub static VERB: Verb = Verb {
    name: "help",
    group: Group::Script,
    summary: "what there is, or all about one verb, type or module",
    doc: "\
`help()` lists the verbs, `help(\"run\")` tells all about one, `help(\"Diff\")` about a type,
`help(\"std/text\")` about a module and `help(\"text::wrap\")` about a function of one that is in the library
or imported. Other words are looked for: `help(\"delete image\")`.",
    overloads: &[Overload { params: &[], returns: "text" }, Overload { params: &[NAME], returns: "text" }],
    options: &[],
    examples: &[
        Example { about: "of a verb", code: r#"help("run").contains("env")"#, needs: Needs::Nothing },
        Example {
            about: "of the library",
            code: r#"help("text::wrap").contains("columns")"#,
            needs: Needs::Nothing,
        },
        Example {
            about: "by words",
            code: r#"help("delete an image").contains("rm")"#,
            needs: Needs::Nothing,
        },
    ],
    call: |call| {
        if call.count() == 0 {
            return Ok(help::overview().into());
        }
        let name = call.text(0);
        let imported = || help::of_imported(&name, call.native.iter_imports());
        let found = || if name.contains(char::is_whitespace) { help::found(&name) } else { None };
        help::of(&name).or_else(imported).or_else(found).map(Dynamic::from).ok_or_else(|| {
            let names = help::names();
            Raised::new(ErrorKind::NotFound.as_str(), format!("there is no help on `{name}`"))
                .with_hint(match suggest::nearest(&name, names.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`help()` lists what there is".to_owned(),
                })
                .into()
        })
    },
};
