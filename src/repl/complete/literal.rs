//! Texts between quotes: what they say, and how something is said in them.

/// A text that is being typed: its characters, and the byte of each in the code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// What it says so far, each character with the place where its spelling begins.
    chars: Vec<(char, usize)>,
    /// Where it goes on.
    end: usize,
}

impl Said {
    /// What `raw`, which stands at `start` after `quote`, says; `None` where it has an escape of a rare kind.
    pub fn of(raw: &str, start: usize, quote: char) -> Option<Self> {
        let mut chars = Vec::new();
        let mut rest = raw.char_indices();
        while let Some((at, char)) = rest.next() {
            let said = match (quote, char) {
                ('"', '\\') => match rest.next()?.1 {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    same @ ('\\' | '"' | '\'') => same,
                    _ => return None,
                },
                ('`', '`') => rest.next()?.1,
                _ => char,
            };
            chars.push((said, start + at));
        }
        Some(Self { chars, end: start + raw.len() })
    }

    /// How many characters.
    pub fn len(&self) -> usize {
        self.chars.len()
    }

    /// The text from a character on.
    pub fn from(&self, index: usize) -> String {
        self.chars.get(index..).unwrap_or_default().iter().map(|(char, _)| char).collect()
    }

    /// Where in the code a character stands, or the end.
    pub fn place(&self, index: usize) -> usize {
        self.chars.get(index).map_or(self.end, |(_, place)| *place)
    }

    /// The characters.
    pub fn chars(&self) -> impl Iterator<Item = char> + '_ {
        self.chars.iter().map(|(char, _)| *char)
    }
}

/// `text` as it is spelled after `quote`.
pub fn spelled(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match (quote, char) {
            ('"', '"' | '\\') => out.extend(['\\', char]),
            ('"', '\n') => out.push_str("\\n"),
            ('"', '\t') => out.push_str("\\t"),
            ('`', '`') => out.push_str("``"),
            // `${` would begin code.
            ('`', '$') if chars.peek() == Some(&'{') => out.push_str("${\"$\"}"),
            _ => out.push(char),
        }
    }
    out
}

/// What a whole literal says, quotes and all.
pub fn value(literal: &str) -> Option<String> {
    let quote = literal.chars().next().filter(|quote| matches!(quote, '"' | '`'))?;
    let inner = literal.strip_prefix(quote)?.strip_suffix(quote)?;
    Said::of(inner, 0, quote).map(|said| said.from(0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_spelled_is_said() {
        for text in ["plain", "a b", "q\"u`o\\t'e", "line\nend\t", "日本 é", "$x"] {
            for quote in ['"', '`'] {
                let spelled = spelled(text, quote);
                assert_eq!(Said::of(&spelled, 0, quote).unwrap().from(0), text, "{spelled}");
                assert_eq!(value(&format!("{quote}{spelled}{quote}")).as_deref(), Some(text));
            }
        }
        assert_eq!(spelled("a${b", '`'), "a${\"$\"}{b");
        assert_eq!(Said::of("a\\x41", 0, '"'), None);
        assert_eq!((value("x"), value("'x'"), value("\"x")), (None, None, None));
    }

    #[test]
    fn characters_have_places() {
        let said = Said::of("a\\\\é b", 10, '"').unwrap();
        assert_eq!(said.from(0), "a\\é b");
        assert_eq!((said.place(0), said.place(1), said.place(2), said.place(3)), (10, 11, 13, 15));
        assert_eq!((said.place(9), said.len(), said.from(3)), (17, 5, " b".to_owned()));
    }
}
