//! Colours for what is typed.

use std::ops::Range;

use super::layout;
use super::lexer::{self, Kind, Token};

const KEYWORD: &str = "35";
const VERB: &str = "36";
const TEXT: &str = "32";
const NUMBER: &str = "33";
const COMMENT: &str = "2";
const WRONG: &str = "31";
const MISTAKE: &str = "4;31";
const PARTNER: &str = "1;4";
const COMMAND: &str = "36";

/// `text` with colours; `cursor` is where brackets are matched, `mistake` what cannot stand where it does, `is_verb`
/// knows the verbs.
#[must_use]
pub fn paint(
    text: &str,
    cursor: Option<usize>,
    mistake: Option<Range<usize>>,
    is_verb: &dyn Fn(&str) -> bool,
) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    if text.trim_start().starts_with([':', '?']) {
        write(&mut out, text, Some(COMMAND));
        return out;
    }
    if super::docker::looks_like(&layout::plain(text)) {
        write(&mut out, text, None);
        return out;
    }
    let tokens = lexer::tokens(text);
    let pair = cursor.and_then(|cursor| pair(text, &tokens, cursor));
    for (index, token) in tokens.iter().enumerate() {
        let word = &text[token.range.clone()];
        let matched =
            pair.as_ref().is_some_and(|(here, there)| *here == token.range || *there == token.range);
        let code = match token.kind {
            _ if mistake.as_ref() == Some(&token.range) => Some(MISTAKE),
            _ if matched => Some(PARTNER),
            Kind::Keyword => Some(KEYWORD),
            Kind::Reserved => Some(WRONG),
            Kind::Text { .. } | Kind::Char => Some(TEXT),
            Kind::Number => Some(NUMBER),
            Kind::Comment { .. } => Some(COMMENT),
            Kind::Name if is_verb(word) && is_called(text, &tokens, index) => Some(VERB),
            _ => None,
        };
        write(&mut out, word, code);
    }
    out
}

/// The bracket at or before the cursor, and its partner.
fn pair(text: &str, tokens: &[Token], cursor: usize) -> Option<(Range<usize>, Range<usize>)> {
    let before = text[..cursor].chars().next_back().map(|char| cursor - char.len_utf8());
    [Some(cursor), before].into_iter().flatten().find_map(|at| {
        let here = tokens.iter().find(|token| token.range.contains(&at))?.range.clone();
        Some((here, lexer::partner(text, tokens, at)?))
    })
}

/// Whether a cursor there lights up a bracket.
#[must_use]
pub fn touches_bracket(text: &str, cursor: usize) -> bool {
    let bracket = |char: Option<char>| char.is_some_and(|char| "()[]{}".contains(char));
    bracket(text[cursor..].chars().next()) || bracket(text[..cursor].chars().next_back())
}

fn is_called(text: &str, tokens: &[Token], index: usize) -> bool {
    tokens[index + 1..]
        .iter()
        .find(|token| token.kind != Kind::Space)
        .is_some_and(|token| &text[token.range.clone()] == "(")
}

/// Writes a piece; the margins in it become the continuation's prompt.
fn write(out: &mut String, piece: &str, code: Option<&str>) {
    let mut rest = piece;
    while !rest.is_empty() {
        let margin = rest.find(|char| char != layout::BLANK).unwrap_or(rest.len());
        if margin > 0 {
            let width = margin / layout::BLANK.len_utf8();
            out.push_str(&format!("\x1b[2m{}\x1b[0m", layout::continuation(width)));
            rest = &rest[margin..];
            continue;
        }
        let length = rest.find(layout::BLANK).unwrap_or(rest.len());
        let (now, after) = rest.split_at(length);
        // What a terminal would obey is not drawn; the editor counts it as no column, too.
        let shown: String =
            now.chars().filter(|char| !char.is_control() || matches!(char, '\n' | '\t')).collect();
        let now = shown.as_str();
        match code {
            Some(code) => out.push_str(&format!("\x1b[{code}m{now}\x1b[0m")),
            None => out.push_str(now),
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, cursor: Option<usize>) -> String {
        paint(text, cursor, None, &|name| name == "run")
            .replace("\x1b[0m", "~")
            .replace("\x1b[", "<")
            .replace('m', ">")
    }

    #[test]
    fn kinds_have_colours() {
        assert_eq!(
            shown("let c = run(\"x\", 1) // y", None),
            "<35>let~ c = <36>run~(<32>\"x\"~, <33>1~) <2>// y~"
        );
        assert_eq!(shown("run + new", None), "run + <31>new~");
        assert_eq!(shown(":help run", None), "<36>:help run~");
        assert_eq!(shown("docker run 'x'", None), "docker run 'x'");
    }

    #[test]
    fn brackets_light_up() {
        assert_eq!(shown("f(1)", Some(4)), "f<1;4>(~<33>1~<1;4>)~");
        assert_eq!(shown("f(1)", Some(1)), "f<1;4>(~<33>1~<1;4>)~");
        assert_eq!(shown("f(1", Some(2)), "f(<33>1~");
        assert!(touches_bracket("f(1)", 1) && touches_bracket("f(1)", 4) && !touches_bracket("f(1)", 0));
    }

    #[test]
    fn what_cannot_stand_there_is_marked() {
        let marked = paint("let 5 = 1", None, Some(4..5), &|_| false);
        assert!(marked.contains("\x1b[4;31m5\x1b[0m"), "{marked:?}");
        assert_eq!(shown("a\x07\x08b", None), "ab");
    }

    #[test]
    fn margins_become_prompts_also_inside_texts() {
        let text = layout::indented("`a\nb` +\n1", 5);
        assert_eq!(shown(&text, None), "<32>`a\n~<2>...> ~<32>b`~ +\n<2>...> ~<33>1~");
    }

    #[test]
    fn nothing_but_colours_is_added() {
        for text in ["", "let x = `a ${b} c", "日本 { [ ( é", "\"\\", "/* x"] {
            let mut painted = shown(text, Some(text.len()));
            for mark in ["<31>", "<32>", "<33>", "<35>", "<2>", "<1;4>", "~"] {
                painted = painted.replace(mark, "");
            }
            assert_eq!(painted, text);
        }
    }
}
