//! `packages`.

use rhai::Dynamic;

use super::super::types::List;
use super::parameters::SUBJECT;
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "packages",
    group: Group::Analysis,
    summary: "what apk, dpkg, npm, pip, pkg and rpm say is installed",
    doc: "\
Read from their databases as the end shows them; nothing is run. An image that is only looked at in place
is taken into the store for it.",
    overloads: &[Overload { params: &[SUBJECT], returns: "Packages" }],
    options: &[],
    examples: &[Example {
        about: "from a status file",
        code: r#"let c = run(base(), "mkdir -p /var/lib/dpkg; printf 'Package: wget\nVersion: 1.21\n' > /var/lib/dpkg/status"); packages(c).map("name")"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let packages = call.context.workbench.installed(&call.subject(0)?)?;
        Ok(Dynamic::from(packages.into_iter().collect::<List<_>>()))
    },
};
