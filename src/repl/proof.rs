//! A conversation as a script, and the proof that it runs.

use std::sync::Arc;

use super::quoted::quoted;
use super::shared::{LAST, with_last};
use super::timeline::Step;
use crate::script::{Failure, Session, SessionOptions};
use crate::workbench::{Settings, Workbench};

/// The statements as a script: a value that a later one calls `_` gets that name.
pub fn script(steps: &[Step]) -> String {
    let mut text = String::from("#!/usr/bin/env plywood\n");
    for statement in statements(steps) {
        text.push_str(&statement);
        text.push('\n');
    }
    text
}

/// The same as a lesson, each statement a step of it.
pub fn lesson(steps: &[Step], title: &str) -> String {
    let mut text = format!(
        "#!/usr/bin/env plywood\n//! {title}\n\nimport \"std/lesson\" as lesson;\n\nlet lesson_ = lesson::lesson({});\n",
        quoted(title)
    );
    let statements = statements(steps);
    // What a step makes, later ones use: their closures share what is declared before them.
    let mut declared: Vec<&str> = Vec::new();
    for statement in &statements {
        if let Some(name) = declared_by(statement).filter(|name| !declared.contains(name)) {
            declared.push(name);
            text.push_str(&format!("let {name} = ();\n"));
        }
    }
    let (functions, rest): (Vec<_>, Vec<_>) =
        statements.iter().partition(|statement| statement.starts_with("fn "));
    functions.iter().for_each(|function| text.push_str(&format!("{function}\n")));
    for statement in rest {
        let does = statement.strip_prefix("let ").filter(|_| declared_by(statement).is_some());
        let code = does.unwrap_or(statement).trim_end().trim_end_matches(';');
        let title = code.lines().next().unwrap_or_default();
        text.push_str(&format!(
            "\nlesson_.step({}, #{{\n    text: \"\",\n    run: || {{ {code}; }},\n}});\n",
            quoted(title)
        ));
    }
    text.push_str("\nlesson_.start();\n");
    text
}

/// The name that a statement `let name = …` declares.
fn declared_by(statement: &str) -> Option<&str> {
    let rest = statement.strip_prefix("let ")?;
    let end = rest.find(|char: char| !char.is_alphanumeric() && char != '_')?;
    let (name, after) = rest.split_at(end);
    after.trim_start().starts_with('=').then_some(name)
}

fn statements(steps: &[Step]) -> Vec<String> {
    let uses_last = |code: &str| with_last(code) != *code;
    let mut lines = Vec::new();
    for (index, Step { code, valued, .. }) in steps.iter().enumerate() {
        // Only until the next value takes the name.
        let later = &steps[index + 1..];
        let end = later.iter().position(|step| step.valued).map_or(later.len(), |at| at + 1);
        let named = *valued && later[..end].iter().any(|step| uses_last(&step.code));
        let lead = if named { format!("let {LAST} = ") } else { String::new() };
        let ended = code.trim_end().ends_with(';') || code.trim_end().ends_with('}') && !named;
        lines.push(format!("{lead}{}{}", with_last(code), if ended { "" } else { ";" }));
    }
    lines
}

/// Why a script is not proved.
#[derive(Debug)]
pub enum Unproved {
    /// There was no room for a store.
    NoStore(std::io::Error),
    /// It fails there.
    Fails(Box<Failure>),
    /// It ends the process.
    Leaves(i32),
}

/// Runs `script`, called `name`, in a store that is new and goes at the end.
pub fn prove(script: &str, name: &str, settings: &Settings) -> Result<(), Unproved> {
    let folder = tempfile::Builder::new().prefix("plywood-proof-").tempdir().map_err(Unproved::NoStore)?;
    let settings = Settings { store: folder.path().join("store"), terminal: false, ..settings.clone() };
    let interrupt = settings.interrupt;
    interrupt.reset();
    let environment = settings.host.env.clone();
    let options = SessionOptions { environment, ..SessionOptions::default() };
    let workbench = Arc::new(Workbench::new(settings));
    let mut session = Session::new(workbench, options);
    let outcome = session.feed(script, name);
    match (outcome.error, outcome.exit) {
        (Some(failure), _) => Err(Unproved::Fails(Box::new(failure))),
        (None, Some(code)) if code != 0 => Err(Unproved::Leaves(code)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(all: &[(&str, bool)]) -> Vec<Step> {
        let step = |(number, (code, valued)): (usize, &(&str, bool))| Step {
            number,
            code: (*code).to_owned(),
            valued: *valued,
            by_hand: false,
        };
        all.iter().enumerate().map(step).collect()
    }

    #[test]
    fn statements_become_a_script() {
        let steps = steps(&[
            ("let a = 1", false),
            ("a + 1", true),
            ("_ * 2", true),
            ("print(_)", false),
            ("fn f() { 1 }", false),
        ]);
        assert_eq!(
            script(&steps),
            "#!/usr/bin/env plywood\nlet a = 1;\nlet _last = a + 1;\nlet _last = _last * 2;\nprint(_last);\nfn f() { 1 }\n"
        );
    }

    #[test]
    fn statements_become_a_lesson() {
        let text = lesson(
            &steps(&[
                ("let c = run(base(), \"true\")", false),
                ("fn f() { 1 }", false),
                ("c.exit_code;", true),
            ]),
            "Mine",
        );
        assert!(text.contains("let c = ();\nfn f() { 1 }\n"), "{text}");
        assert!(text.contains("lesson_.step(\"c = run(base(), \\\"true\\\")\", #{"), "{text}");
        assert!(text.contains("run: || { c.exit_code; },"), "{text}");
        assert!(text.ends_with("lesson_.start();\n"));
    }
}
