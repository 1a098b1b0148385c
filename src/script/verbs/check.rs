//! `check`.

use std::path::Path;

use rhai::Dynamic;

use super::super::raised::Raised;
use super::super::types::Handle;
use super::parameters::{OPTIONS, SUBJECT};
use super::{Completes, Example, Group, Needs, Opt, Overload, Takes, Verb};
use crate::workbench::{RULES, Rules};

const fn opt(name: &'static str, takes: Takes, doc: &'static str) -> Opt {
    Opt { name, takes, doc, completes: Completes::Nothing }
}

/// The entry.
pub static VERB: Verb = Verb {
    name: "check",
    group: Group::Analysis,
    summary: "whether an image is as it is asked to be: waste, size, junk, paths, packages, set-id files",
    doc: "\
Raises nothing: `.ok` says whether every rule passed, `.findings` what each found, with the files and
the layers they are in. Equality passes. Without options dive's rules hold: an efficiency of 0.9 and a
tenth of one's own bytes wasted. A file of rules is dive's `.dive-ci`, which may have our own rules
beside dive's: `highestBytes`, `highestGrowth`, `highestJunkBytes`, `forbiddenPaths`,
`forbiddenPackages`, `allowedSetId`, and outside of `rules` the keys `base` and `ignore`. Options win.",
    overloads: &[
        Overload { params: &[SUBJECT], returns: "Verdict" },
        Overload { params: &[SUBJECT, OPTIONS], returns: "Verdict" },
    ],
    options: &[
        Opt { name: "config", takes: Takes::Text, doc: "a file of rules", completes: Completes::HostPath },
        opt("efficiency", Takes::Amount, "the least share of bytes that is to be seen at the end, 0 to 1"),
        opt("waste", Takes::Amount, "the most bytes that may be hidden, such as `\"20MB\"`"),
        opt("user_waste", Takes::Amount, "the largest share of one's own bytes that may be hidden, 0 to 1"),
        opt("size", Takes::Amount, "the most bytes in all layers"),
        opt("growth", Takes::Amount, "the most bytes above the base"),
        opt("junk", Takes::Amount, "the most bytes of known junk"),
        opt("forbidden", Takes::Texts, "paths that must not be there"),
        opt("packages", Takes::Texts, "packages that must not be installed"),
        opt("set_id", Takes::Texts, "the only paths that may be set-user-id or set-group-id"),
        opt("ignore", Takes::Texts, "paths that count for nothing"),
        Opt {
            name: "base",
            takes: Takes::Text,
            doc: "the image whose layers count for nothing",
            completes: Completes::Images,
        },
    ],
    examples: &[
        Example { about: "dive's rules", code: "check(base()).ok", needs: Needs::Engine },
        Example {
            about: "which file is in the way",
            code: r#"let v1 = run(base(), "mkdir -p /var/log; echo long > /var/log/app").commit("demo:v1"); check(v1, #{ junk: 0, base: "plywood/base" }).findings.find(|f| !f.ok).items[0].name"#,
            needs: Needs::Engine,
        },
    ],
    call: |call| {
        let options = call.options(1)?;
        let workbench = &call.context.workbench;
        let mut rules = match options.text("config") {
            Some(path) => workbench.read_rules(Path::new(&path))?,
            None => Rules::default(),
        };
        for (_, name) in RULES {
            if let Some(value) = options.rule(name) {
                rules.set(name, &value).map_err(Raised::invalid)?;
            }
        }
        rules.ignore.extend(options.texts("ignore").unwrap_or_default());
        if let Some(base) = options.text("base") {
            rules.base = Some(base);
        }
        let subject = call.subject(0)?;
        Ok(Dynamic::from(Handle::new(workbench.check(&subject, &rules)?)))
    },
};
