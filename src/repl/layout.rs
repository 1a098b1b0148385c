//! How an entry of several lines stands under its prompt.
//!
//! rustyline draws a prompt before the first line only. Here each further line of the edited text
//! begins with a margin of blanks that nobody types (figure spaces), as wide as the prompt; the
//! highlighter draws `...> ` over them, and [`plain`] takes them out again.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr as _;

/// The blank of the margin: one column, and no key makes it.
pub const BLANK: char = '\u{2007}';

/// A margin of `width` columns.
#[must_use]
pub fn margin(width: usize) -> String {
    BLANK.to_string().repeat(width)
}

/// `text` with a margin of `width` columns before each line but the first.
#[must_use]
pub fn indented(text: &str, width: usize) -> Cow<'_, str> {
    if text.contains('\n') && width > 0 {
        text.replace('\n', &format!("\n{}", margin(width))).into()
    } else {
        text.into()
    }
}

/// `text` without margins.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    if text.contains(BLANK) { text.replace(BLANK, "").into() } else { text.into() }
}

/// What is drawn over a margin of `width` columns.
#[must_use]
pub fn continuation(width: usize) -> String {
    match width {
        0 | 1 => " ".repeat(width),
        _ => format!("{}> ", ".".repeat(width - 2)),
    }
}

/// The prompt of entry `number`.
#[must_use]
pub fn prompt(number: usize) -> String {
    format!("[{number}]> ")
}

/// How many lines of the screen `text` takes after a prompt of `width` columns.
#[must_use]
pub fn rows(text: &str, width: usize, columns: usize) -> usize {
    let lines = text.split('\n').enumerate();
    lines.map(|(index, line)| (line.width() + if index == 0 { width } else { 0 }) / columns.max(1) + 1).sum()
}

/// The line in which byte `pos` of `text` stands: what is before it and what is after it, both
/// without the margin, and how wide that is.
#[must_use]
pub fn line_at(text: &str, pos: usize) -> (&str, &str, usize) {
    let start = text[..pos].rfind('\n').map_or(0, |at| at + 1);
    let end = text[pos..].find('\n').map_or(text.len(), |at| pos + at);
    let width = text[start..end].chars().take_while(|char| *char == BLANK).count();
    let body = start + width * BLANK.len_utf8();
    (text.get(body..pos).unwrap_or_default(), &text[pos.max(body)..end], width)
}

/// Prompts that were copied with the code they stood before, taken out: `[3]> `, `...> `.
#[must_use]
pub fn without_prompts(text: &str) -> Cow<'_, str> {
    let prompted = |line: &str| prompt_length(line) > 0;
    if !text.lines().next().is_some_and(prompted) {
        return text.into();
    }
    let lines: Vec<&str> = text.lines().map(|line| &line[prompt_length(line)..]).collect();
    lines.join("\n").into()
}

fn prompt_length(line: &str) -> usize {
    let rest = if let Some(rest) = line.strip_prefix('[') {
        let digits = rest.find(|char: char| !char.is_ascii_digit()).unwrap_or(rest.len());
        if digits == 0 {
            return 0;
        }
        let Some(rest) = rest[digits..].strip_prefix("]>") else { return 0 };
        rest
    } else {
        let rest = line.trim_start_matches('.');
        if line.len() - rest.len() < 3 {
            return 0;
        }
        let Some(rest) = rest.strip_prefix('>') else { return 0 };
        rest
    };
    line.len() - rest.strip_prefix(' ').unwrap_or(rest).len()
}

/// `text` with its long lines broken between words; what is broken off is indented as its line, by
/// `more` columns more, or to the second column of a list such as `  name  what it is`.
#[must_use]
pub fn wrapped(text: &str, width: usize, more: usize) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut paragraph: Vec<&str> = Vec::new();
    for line in text.lines().map(Some).chain([None]) {
        if let Some(line) = line.filter(|line| !line.is_empty() && !line.starts_with(' ')) {
            paragraph.push(line);
            continue;
        }
        // A paragraph that does not fit is filled anew.
        if paragraph.iter().any(|line| line.chars().count() > width) {
            out.push(wrapped_line(&paragraph.join(" "), width, more));
        } else {
            out.extend(paragraph.iter().map(|line| (*line).to_owned()));
        }
        paragraph.clear();
        out.extend(line.map(|line| wrapped_line(line, width, more)));
    }
    out.join("\n")
}

fn wrapped_line(line: &str, width: usize, more: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    let body = line.trim_start();
    let blanks = line.len() - body.len();
    let gap = body.find("  ").map(|at| at + body[at..].len() - body[at..].trim_start().len());
    let indentation = match gap {
        Some(gap) if blanks > 0 && blanks + gap < width * 2 / 3 => blanks + gap,
        _ => blanks + more,
    };
    let mut out = String::new();
    let mut column = 0;
    for word in line.split_inclusive(' ') {
        let length = word.trim_end().chars().count();
        if column + length > width && column > indentation {
            out.truncate(out.trim_end().len());
            out.push('\n');
            out.push_str(&" ".repeat(indentation));
            column = indentation;
        }
        out.push_str(word);
        column += word.chars().count();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_come_and_go() {
        let text = indented("a {\n  b\n}", 5);
        assert_eq!(text.matches(BLANK).count(), 10);
        assert_eq!(plain(&text), "a {\n  b\n}");
        assert_eq!(prompt(12).len(), 6);
        assert_eq!(continuation(6), "....> ");
        assert_eq!(continuation(5), "...> ");
    }

    #[test]
    fn lines_are_found() {
        let text = indented("ab\ncd\n", 4);
        assert_eq!(line_at(&text, 1), ("a", "b", 0));
        let second = 3 + 4 * BLANK.len_utf8();
        assert_eq!(line_at(&text, second), ("", "cd", 4));
        assert_eq!(line_at(&text, second + 1), ("c", "d", 4));
        assert_eq!(line_at(&text, text.len()), ("", "", 4));
        assert_eq!(line_at(&text, 3), ("", "cd", 4));
    }

    #[test]
    fn lines_of_the_screen() {
        assert_eq!(rows("", 5, 80), 1);
        assert_eq!(rows(&"x".repeat(74), 5, 80), 1);
        assert_eq!(rows(&"x".repeat(75), 5, 80), 2);
        assert_eq!(rows(&indented("a\nb\n", 5), 5, 80), 3);
        assert_eq!(rows("日本語", 5, 10), 2);
        assert_eq!(rows("x", 5, 0), 7);
    }

    #[test]
    fn long_lines_are_broken_between_words() {
        assert_eq!(wrapped("hint: one two three four", 16, 6), "hint: one two\n      three four");
        assert_eq!(wrapped("  name    one two three", 20, 0), "  name    one two\n          three");
        assert_eq!(wrapped("one two three\nfour\n\n x", 10, 0), "one two\nthree four\n\n x");
        assert_eq!(wrapped("short\n\nlines", 16, 0), "short\n\nlines");
        assert_eq!(wrapped("averyverylongwordindeed", 10, 0), "averyverylongwordindeed");
        assert_eq!(wrapped("  f(a, b) -> c", 10, 0), "  f(a, b)\n  -> c");
    }

    #[test]
    fn copied_prompts_go() {
        assert_eq!(without_prompts("[3]> fn f() {\n...> 1\n...> }"), "fn f() {\n1\n}");
        assert_eq!(without_prompts("[12]>"), "");
        for code in ["[1, 2]", "[3] > 2", "...", "a[1]> 2", "", "[]> 1"] {
            assert_eq!(without_prompts(code), code);
        }
    }
}
