//! A failure in words: what, where, what led there, what to do.

use std::fmt::Write as _;

use crate::script::{Failure, Place, Style, visible};

/// The failure's text, without a trailing newline:
///
/// ```text
/// error: there is no variable `imgae`
///   --> lesson.rhai:3:9
///    |
///  3 | run(imgae)
///    |     ^^^^^
/// hint: did you mean `image`?
/// ```
#[must_use]
pub fn failure_text(failure: &Failure, style: &Style) -> String {
    let paint = |code: &str, text: &str| {
        if style.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    };
    let mut out = format!("{}: {}", paint("1;31", "error"), paint("1", &visible(&failure.message)));
    // Writing to a String cannot fail.
    if let Some(at) = &failure.at {
        let number = at.line.to_string();
        let margin = " ".repeat(number.len());
        let _ = write!(out, "\n {margin}{} {}", paint("34", "-->"), place(at));
        if let Some(line) = &failure.line {
            let bar = paint("34", "|");
            let start: String = line.chars().take(at.column - 1).collect();
            let indent = shown(&start).chars().count();
            let line = shown(line);
            let room = line.chars().count().saturating_sub(indent).max(1);
            let caret = "^".repeat(failure.width.clamp(1, room));
            let _ = write!(out, "\n {margin} {bar}\n {} {bar} {}", paint("34", &number), line.trim_end());
            let _ = write!(out, "\n {margin} {bar} {}{}", " ".repeat(indent), paint("31", &caret));
        }
    }
    for call in &failure.calls {
        let _ = write!(out, "\n  in {}", visible(&call.function));
        if let Some(at) = &call.at {
            let _ = write!(out, ", called at {}", place(at));
        }
    }
    if let Some(stderr) = failure.stderr.as_deref().filter(|text| !failure.message.contains(text.trim())) {
        let lines: Vec<&str> = stderr.trim_end().lines().collect();
        let skipped = lines.len().saturating_sub(LAST_LINES);
        out.push_str("\nits error output:");
        if skipped > 0 {
            let _ = write!(out, " (the last {LAST_LINES} of {} lines)", lines.len());
        }
        for line in &lines[skipped..] {
            let _ = write!(out, "\n  {} {}", paint("34", "|"), shown(line));
        }
    }
    if let Some(hint) = &failure.hint {
        let _ = write!(out, "\n{}: {}", paint("1;36", "hint"), visible(hint));
    }
    out
}

/// How much of a command's errors is shown.
const LAST_LINES: usize = 20;

fn place(at: &Place) -> String {
    format!("{}:{}:{}", visible(&at.source), at.line, at.column)
}

/// One line as it is shown: tabs would move the caret.
fn shown(line: &str) -> String {
    visible(line).replace('\t', "    ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::CallSite;

    const PLAIN: Style = Style { width: 80, color: false, plain: true, whole: true };

    #[test]
    fn place_caret_calls_and_hint() {
        let at = |line, column| Some(Place { source: "a.rhai".to_owned(), line, column });
        let failure = Failure {
            hint: Some("did you mean `image`?".to_owned()),
            at: at(12, 6),
            line: Some("\trun(imgae)".to_owned()),
            width: 5,
            calls: vec![CallSite { function: "step".to_owned(), at: at(30, 1) }],
            stderr: Some("one\ntwo\x1b[0m\n".to_owned()),
            ..Failure::new("script", "there is no variable `imgae`")
        };
        assert_eq!(
            failure_text(&failure, &PLAIN),
            "error: there is no variable `imgae`\n   --> a.rhai:12:6\n    |\n 12 |     run(imgae)\n    |         ^^^^^\n  in step, called at a.rhai:30:1\nits error output:\n  | one\n  | two\\x1b[0m\nhint: did you mean `image`?"
        );
    }

    #[test]
    fn a_failure_without_a_place_is_one_line() {
        assert_eq!(failure_text(&Failure::new("io", "no"), &PLAIN), "error: no");
    }
}
