//! Text that cannot steer a terminal.

use std::fmt::Write as _;

/// `text` with every control character but newline and tab written as an escape.
#[must_use]
pub fn visible(text: &str) -> String {
    escape(text, true)
}

/// The same on one line: newlines and tabs are escaped too.
#[must_use]
pub fn visible_line(text: &str) -> String {
    escape(text, false)
}

/// JSON `text` with the same characters as JSON writes them; a serializer leaves the ones above U+001F as they are.
#[must_use]
pub fn visible_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if char >= ' ' && is_steering(char) {
            // All are below U+10000. Writing to a String cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(char));
        } else {
            out.push(char);
        }
    }
    out
}

fn escape(text: &str, lines: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' | '\t' if lines => out.push(char),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if is_steering(char) => {
                let code = u32::from(char);
                // Writing to a String cannot fail.
                let _ =
                    if code < 0x100 { write!(out, "\\x{code:02x}") } else { write!(out, "\\u{{{code:x}}}") };
            }
            _ => out.push(char),
        }
    }
    out
}

/// Control characters, and the marks that turn the direction of what follows.
fn is_steering(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn nothing_steers() {
        assert_eq!(visible("a\x1b[31mb\n\tc\r\u{9b}x\u{202e}"), "a\\x1b[31mb\n\tc\\r\\x9bx\\u{202e}");
        assert_eq!(visible_line("a\nb\tc"), "a\\nb\\tc");
        assert_eq!(visible("grün 日本"), "grün 日本");
        let json = serde_json::json!({ "ü": "\u{9b}31m\u{7f}\u{202e}\x1b" });
        let shown = visible_json(&json.to_string());
        assert_eq!(shown, r#"{"ü":"\u009b31m\u007f\u202e\u001b"}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), json);
    }
}
