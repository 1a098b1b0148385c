//! Unified diffs in colour: what went red, what came green, the changed words of a line inverted.

use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::visible;

const TITLE: &str = "1";
const HUNK: &str = "36";
const GONE: &str = "31";
const CAME: &str = "32";
const NOTE: &str = "2";
/// Within a line, on top of its colour, and back to that.
const CHANGED: (&str, &str) = ("\x1b[7m", "\x1b[27m");

/// In longer lines no words are looked for.
const LONGEST: usize = 2000;
/// Nor in more pairs of lines than these.
const MOST_PAIRS: usize = 2000;

/// `text` in colour if it is a unified diff from its first line on. Whatever could steer a terminal is spelled.
pub fn unified(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.strip_suffix('\n').unwrap_or(text).split('\n').collect();
    let is_one = lines.len() > 2
        && lines[0].starts_with("--- ")
        && lines[1].starts_with("+++ ")
        && hunk(lines[2]).is_some();
    if !is_one {
        return None;
    }
    let mut out = Vec::with_capacity(lines.len());
    let mut pairs = MOST_PAIRS;
    let mut rest = lines.as_slice();
    while let Some((line, after)) = rest.split_first() {
        rest = after;
        if let Some(counts) = hunk(line) {
            out.push(painted(line, HUNK));
            rest = body(rest, counts, &mut pairs, &mut out);
        } else if line.starts_with("--- ") || line.starts_with("+++ ") {
            out.push(painted(line, TITLE));
        } else {
            out.push(visible(line));
        }
    }
    Some(out.join("\n"))
}

/// How many lines of the one and of the other `@@ -1,3 +1,4 @@` announces.
fn hunk(line: &str) -> Option<(usize, usize)> {
    let mut words = line.strip_prefix("@@ ")?.split(' ');
    let mut count = |sign: char| {
        let range = words.next()?.strip_prefix(sign)?;
        let (start, count) = range.split_once(',').unwrap_or((range, "1"));
        start.parse::<usize>().ok()?;
        count.parse().ok()
    };
    let counts = (count('-')?, count('+')?);
    words.next()?.starts_with("@@").then_some(counts)
}

/// The lines of a hunk; what follows it.
fn body<'a>(
    mut rest: &'a [&'a str],
    (mut old, mut new): (usize, usize),
    pairs: &mut usize,
    out: &mut Vec<String>,
) -> &'a [&'a str] {
    while old > 0 || new > 0 || rest.first().is_some_and(|line| line.starts_with('\\')) {
        let run = |rest: &[&str], sign: char, most: usize| {
            rest.iter().take(most).take_while(|line| line.starts_with(sign)).count()
        };
        let gone = run(rest, '-', old);
        let came = run(&rest[gone..], '+', new);
        if gone + came == 0 {
            let Some((line, after)) = rest.split_first() else { return rest };
            match line.chars().next() {
                Some('\\') => out.push(painted(line, NOTE)),
                // Some writers leave the blank of an empty line out.
                Some(' ') | None => {
                    (old, new) = (old.saturating_sub(1), new.saturating_sub(1));
                    out.push(visible(line));
                }
                // It is not as long as it says.
                Some(_) => return rest,
            }
            rest = after;
            continue;
        }
        let (before, after) = (&rest[..gone], &rest[gone..gone + came]);
        let marked: Vec<_> = if gone == came && gone <= *pairs {
            *pairs -= gone;
            before.iter().zip(after).map(|(one, other)| words(&one[1..], &other[1..])).collect()
        } else {
            Vec::new()
        };
        let mut push = |lines: &[&str], colour: &str, side: fn(&(String, String)) -> &String| {
            for (place, line) in lines.iter().enumerate() {
                match marked.get(place).and_then(Option::as_ref) {
                    Some(both) => out.push(format!("\x1b[{colour}m{}{}\x1b[0m", &line[..1], side(both))),
                    None => out.push(painted(line, colour)),
                }
            }
        };
        push(before, GONE, |both| &both.0);
        push(after, CAME, |both| &both.1);
        (old, new) = (old - gone, new - came);
        rest = &rest[gone + came..];
    }
    rest
}

fn painted(line: &str, colour: &str) -> String {
    format!("\x1b[{colour}m{}\x1b[0m", visible(line))
}

/// Two lines with the words marked in which they differ; `None` where they have little in common.
fn words(one: &str, other: &str) -> Option<(String, String)> {
    if one.len() > LONGEST || other.len() > LONGEST {
        return None;
    }
    let (old, new) = (tokens(one), tokens(other));
    let operations = capture_diff_slices(Algorithm::Myers, &old, &new);
    let length = |tokens: &[&str]| tokens.iter().map(|token| token.trim().len()).sum::<usize>();
    let kept: usize = operations
        .iter()
        .filter(|it| it.tag() == DiffTag::Equal)
        .map(|it| length(&old[it.old_range()]))
        .sum();
    if kept * 3 < length(&old).max(length(&new)) {
        return None;
    }
    let (mut before, mut after) = (String::new(), String::new());
    for operation in operations {
        let is_same = operation.tag() == DiffTag::Equal;
        for (tokens, line) in
            [(&old[operation.old_range()], &mut before), (&new[operation.new_range()], &mut after)]
        {
            let text = visible(&tokens.concat());
            if is_same || text.is_empty() {
                line.push_str(&text);
            } else {
                line.push_str(CHANGED.0);
                line.push_str(&text);
                line.push_str(CHANGED.1);
            }
        }
    }
    Some((before, after))
}

/// Words, blanks, and every other character for itself.
fn tokens(line: &str) -> Vec<&str> {
    let kind = |char: char| match char {
        _ if char.is_alphanumeric() || char == '_' => 1,
        _ if char.is_whitespace() => 2,
        _ => 0,
    };
    let mut tokens = Vec::new();
    let (mut start, mut last) = (0, None);
    for (at, char) in line.char_indices() {
        let now = kind(char);
        if last.is_some_and(|last| last != now || now == 0) {
            tokens.push(&line[start..at]);
            start = at;
        }
        last = Some(now);
    }
    if start < line.len() {
        tokens.push(&line[start..]);
    }
    tokens
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn marked(text: &str) -> String {
        let out = unified(text).unwrap();
        out.replace("\x1b[7m", "[").replace("\x1b[27m", "]").replace("\x1b[0m", "~").replace("\x1b[", "<")
    }

    #[test]
    fn lines_and_words_have_their_colours() {
        let text = "--- a:/f\n+++ b:/f\n@@ -1,4 +1,4 @@\n one\n-PATH=/usr/bin:/bin x\n+PATH=/usr/sbin:/bin x\n two\n-three\n+drei vier\n@@ -9 +9,2 @@\n-last\n+last\n+--- more\n\\ No newline at end of file\n";
        assert_eq!(
            marked(text).lines().collect::<Vec<_>>(),
            [
                "<1m--- a:/f~",
                "<1m+++ b:/f~",
                "<36m@@ -1,4 +1,4 @@~",
                " one",
                "<31m-PATH=/usr/[bin]:/bin x~",
                "<32m+PATH=/usr/[sbin]:/bin x~",
                " two",
                "<31m-three~",
                "<32m+drei vier~",
                "<36m@@ -9 +9,2 @@~",
                "<31m-last~",
                "<32m+last~",
                "<32m+--- more~",
                "<2m\\ No newline at end of file~",
            ]
        );
    }

    #[test]
    fn what_is_no_diff_stays() {
        for text in [
            "",
            "--- a\n",
            "--- a\n+++ b\nno hunk",
            "x\n--- a\n+++ b\n@@ -1 +1 @@\n-a\n+b",
            "--- a\n+++ b\n@@ -x +1 @@",
        ] {
            assert_eq!(unified(text), None, "{text}");
        }
    }

    #[test]
    fn nothing_in_it_steers() {
        let text = "--- a\x1b[2J\n+++ b\n@@ -1,3 +1,2 @@ \x1b]0;x\x07\n \x1b[31mred\n-a b c \x1b[5mblink\n+a b d \x1b[5mblink\n-\x1b[1mx\n";
        let out = unified(text).unwrap();
        for wrong in ["\x1b[2J", "\x1b]", "\x1b[5m", "\x1b[31mred", "\x1b[1mx", "\x07"] {
            assert!(!out.contains(wrong), "{out:?}");
        }
        assert!(out.contains("\\x1b[5m") && out.contains("\x1b[7mc\x1b[27m"), "{out:?}");
        // Shorter and longer than it says, and characters of several bytes.
        for text in [
            "--- a\n+++ b\n@@ -9,9 +9,9 @@\n-ä\n+ö",
            "--- a\n+++ b\n@@ -1 +1 @@\n-ä\n+ö\n-ü\nwhatever",
            "--- a\n+++ b\n@@ -99999999999999999999 +1 @@",
            "--- a\n+++ b\n@@ -1,2 +1,2 @@\nö\n",
            "--- a\n+++ b\n@@ -0,0 +0,0 @@\n\\\n\\",
        ] {
            let _ = unified(text);
        }
    }
}
