//! `slim`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::derived::{self, MESSAGE, TAG};
use super::parameters::{IMAGE, OPTIONS};
use super::{Completes, Example, Group, Kind, Needs, Opt, Overload, Param, Takes, Verb};
use crate::workbench::{DeriveOptions, SlimOptions};

const NAMES: &[&str] = &["packages", "logs", "python", "node", "temporary", "caches", "waste"];
const RULES: Param =
    Param { name: "rules", kinds: &[Kind::Text, Kind::Array], completes: Completes::OneOf(NAMES) };

/// The entry.
pub static VERB: Verb = Verb {
    name: "slim",
    group: Group::Fix,
    summary: "an image without junk and waste, proved by running it",
    doc: "\
All rules apply, or those that are named: `packages` (lists and archives of package managers), `logs`,
`python` (compiled files, what pip fetched), `node` (what npm and yarn fetched), `temporary` (files in `/tmp`
and `/var/tmp`), `caches` (of the loader, manual pages and fonts), and `waste`: versions of files that later
layers hide. `saving` of the new image is how much smaller it is.

What goes is a part of what `junk` tells of: that which is made or fetched again, or only tells of the past.
Directories that programs expect stay, symbolic links (such as a log that leads to `/dev/stdout`) too.

`checks` are run in the new image, each in a container of its own; text is for the shell, an array of words
follows the entrypoint. If one fails, the new image is not kept. An image without junk and waste is given back
as it is.",
    overloads: &[
        Overload { params: &[IMAGE], returns: "Image" },
        Overload { params: &[IMAGE, OPTIONS], returns: "Image" },
        Overload { params: &[IMAGE, RULES], returns: "Image" },
        Overload { params: &[IMAGE, RULES, OPTIONS], returns: "Image" },
    ],
    options: &[
        TAG,
        MESSAGE,
        Opt {
            name: "checks",
            takes: Takes::Commands,
            doc: "commands that must succeed in the new image",
            completes: Completes::Nothing,
        },
    ],
    examples: &[
        Example {
            about: "what was removed too late, and logs",
            code: r#"let v1 = run(base(), "mkdir -p /var/log && head -c 4000 /dev/zero > /var/log/x.log && head -c 500 /dev/zero > /old").commit("demo:v1"); let v2 = run(v1, "rm /old").commit("demo:v2"); let v3 = slim(v2, #{ checks: [["ls", "/"], "test ! -e /old"] }); [v3.saving, v2.size - v3.size]"#,
            needs: Needs::Engine,
        },
        Example {
            about: "one rule",
            code: r#"slim(base(), "temporary", #{ tag: "demo:slim" }).references.len() > 0"#,
            needs: Needs::Engine,
        },
    ],
    call: |call| {
        let has_rules = call.count() > 1 && !call.any(1).is_map();
        let rules = if has_rules { derived::texts(call, 1, "rules are texts")? } else { Vec::new() };
        let options = call.options(if has_rules { 2 } else { 1 })?;
        let derive = DeriveOptions { tag: options.text("tag"), message: options.text("message") };
        let options = SlimOptions { rules, checks: options.commands("checks"), derive };
        let image = call.context.workbench.slim(&call.image(0)?, &options)?;
        Ok(Dynamic::from(Handle::new(image)))
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbench::slim_rules;

    #[test]
    fn every_rule_is_offered_and_explained() {
        let rules = slim_rules();
        assert_eq!(rules, NAMES);
        assert!(rules.iter().all(|name| VERB.doc.contains(&format!("`{name}`"))));
    }
}
