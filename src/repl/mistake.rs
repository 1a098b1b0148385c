//! Where a line that is being typed has gone wrong.

use std::ops::Range;

use super::lexer::{self, Kind};
use super::shared::{Shared, has_verb, with_last_as};
use super::{commands, docker, layout, shell};

/// Longer texts are not looked through with every key.
const LONGEST: usize = 4000;

/// The token of `line` that cannot stand where it does; `None` where all is right, or unfinished, or no code.
pub fn of(line: &str, shared: &Shared) -> Option<Range<usize>> {
    if line.len() > LONGEST || line.trim().is_empty() {
        return None;
    }
    let plain = layout::plain(line);
    if docker::looks_like(&plain) || shell::hint(&plain, &has_verb).is_some() {
        return None;
    }
    let session = shared.session();
    if commands::parse(&plain, &|name| session.known(&[name.to_owned()]).is_some()).is_some()
        || plain.trim_start().starts_with([':', '?', '!'])
        || plain.trim_start().starts_with("help ")
    {
        return None;
    }
    let tokens = lexer::tokens(&plain);
    if tokens
        .iter()
        .any(|it| matches!(it.kind, Kind::Text { closed: false } | Kind::Comment { closed: false }))
    {
        return None;
    }
    // `_` is the last value, in a name as long.
    let at = byte(line, session.mistake(&with_last_as(&plain, "o"))?)?;
    let tokens = lexer::tokens(line);
    tokens.into_iter().find(|it| it.range.contains(&at) && it.kind != Kind::Space).map(|it| it.range)
}

/// The byte of a line and a column that do not count margins.
fn byte(text: &str, (line, column): (usize, usize)) -> Option<usize> {
    let mut start = 0;
    for (number, content) in text.split_inclusive('\n').enumerate() {
        if number + 1 == line {
            let margin = content.len() - content.trim_start_matches(layout::BLANK).len();
            let (at, _) = content[margin..].char_indices().nth(column.checked_sub(1)?)?;
            return Some(start + margin + at);
        }
        start += content.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::complete::session;
    use super::*;

    fn wrong(line: &str) -> Option<String> {
        let shared = Shared::new(session());
        of(line, &shared).map(|at| format!("{}:{}", at.start, &line[at.clone()]))
    }

    #[test]
    fn the_place_is_found() {
        assert_eq!(wrong("let 5 = 1").as_deref(), Some("4:5"));
        assert_eq!(wrong("1 + ]").as_deref(), Some("4:]"));
        assert_eq!(wrong("f(1 2)").as_deref(), Some("4:2"));
        assert_eq!(wrong("_ + ]").as_deref(), Some("4:]"));
        let text = layout::indented("é {\n  let new = 1;\n}", 5).into_owned();
        assert!(wrong(&text).is_some());
        let text = layout::indented("if true {\n  1 + ]\n}", 5).into_owned();
        let at = text.find(']').unwrap_or_default();
        assert_eq!(wrong(&text), Some(format!("{at}:]")));
    }

    #[test]
    fn what_is_unfinished_or_no_code_is_not_wrong() {
        for line in [
            "",
            " ",
            "1 + 1",
            "let x = ",
            "f(",
            "\"abc",
            "`a ${b",
            "/* x",
            "fn f() {",
            ":help ]",
            "?x ]",
            "!ls ]",
            "help ] x",
            "docker run ]",
            "ls -la /etc",
            "switch 1 { _ => 2 }",
            "_",
            "#{ a: ",
        ] {
            assert_eq!(wrong(line), None, "{line}");
        }
    }
}
