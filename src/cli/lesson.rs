//! `plywood lesson`: the lessons that come with the program, and others from files.

use std::path::Path;

use super::arguments::LessonAction;
use super::console::Console;
use super::surroundings::Surroundings;
use super::{Result, finish};
use crate::script::Failure;

/// The lessons in the program: name and script.
const LESSONS: &[(&str, &str)] =
    &[("01-from-container-to-image", include_str!("../../scripts/01-from-container-to-image.rhai"))];

/// The variable that tells a lesson to test itself.
const MODE: &str = "PLYWOOD_LESSON";

/// Does what `action` says.
pub fn run(action: &LessonAction, around: &Surroundings, console: &Console) -> Result {
    match action {
        LessonAction::List => {
            list(console);
            Ok(0)
        }
        LessonAction::Run { name, args } => play(name, args, "run", around, console),
        LessonAction::Test { name, args } => play(name, args, "test", around, console),
    }
}

fn list(console: &Console) {
    if console.json {
        let lessons: Vec<_> = LESSONS
            .iter()
            .map(|(name, text)| serde_json::json!({ "name": name, "title": title(text) }))
            .collect();
        console.line(&serde_json::Value::from(lessons).to_string());
        return;
    }
    for (name, text) in LESSONS {
        console.line(&format!("{name}  {}", title(text)));
    }
}

/// A lesson's first comment line is its title.
fn title(text: &str) -> &str {
    text.lines().find_map(|line| line.strip_prefix("//! ")).unwrap_or("").trim()
}

fn play(name: &str, args: &[String], mode: &str, around: &Surroundings, console: &Console) -> Result {
    let (name, text) = find(name)?;
    let mut session = around.session_with(console, args.to_vec(), false, &[(MODE, mode)]);
    finish(session.feed(&text, &name), console, console.json)
}

fn find(name: &str) -> Result<(String, String)> {
    if name.contains('/') || Path::new(name).extension().is_some_and(|ending| ending == "rhai") {
        return std::fs::read_to_string(name).map(|text| (name.to_owned(), text)).map_err(|error| {
            Failure::new("not_found", format!("cannot read the lesson `{name}`: {error}")).into()
        });
    }
    let exact = LESSONS.iter().find(|(known, _)| *known == name);
    let found = exact.or_else(|| LESSONS.iter().find(|(known, _)| known.starts_with(name)));
    found.map(|(name, text)| (format!("{name}.rhai"), (*text).to_owned())).ok_or_else(|| {
        let mut failure = Failure::new("not_found", format!("there is no lesson `{name}`"));
        let names: Vec<&str> = LESSONS.iter().map(|(name, _)| *name).collect();
        failure.hint = Some(format!("there is {}; a file is named with its `.rhai`", names.join(", ")));
        failure.into()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lessons_have_a_title_and_are_found_by_their_beginning() {
        for (name, text) in LESSONS {
            assert!(!title(text).is_empty(), "{name}");
        }
        assert_eq!(find("01").unwrap().0, "01-from-container-to-image.rhai");
        assert!(find("no").is_err());
    }
}
