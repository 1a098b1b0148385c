//! Splits a half-typed line into tokens, for colours, brackets and completion.
//!
//! Rhai's own lexer stops at the first mistake, and a line that is being typed is one mistake
//! after the other; this one takes every text and loses nothing: the tokens' ranges follow each
//! other and cover it.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Blanks and new lines.
    Space,
    /// `// …` and `/* … */`; `closed` is false for a block comment that goes on.
    Comment {
        /// It has its end.
        closed: bool,
    },
    /// A keyword of the language.
    Keyword,
    /// A word that the language keeps for itself.
    Reserved,
    /// A name.
    Name,
    /// A number.
    Number,
    /// A text, or one piece of a back-tick text between its `${…}`.
    Text {
        /// It has its end.
        closed: bool,
    },
    /// `'x'`.
    Char,
    /// `(`, `[`, `{`, `#{`, `${`.
    Open,
    /// `)`, `]`, `}`.
    Close,
    /// Everything else: operators, commas, stray characters.
    Sign,
}

/// A piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its bytes.
    pub range: Range<usize>,
}

const KEYWORDS: &[&str] = &[
    "let", "const", "fn", "private", "if", "else", "switch", "for", "in", "while", "loop", "do", "until",
    "break", "continue", "return", "throw", "try", "catch", "import", "export", "as", "true", "false",
    "this", "global",
];

const RESERVED: &[&str] = &[
    "with",
    "new",
    "use",
    "default",
    "match",
    "case",
    "static",
    "shared",
    "async",
    "await",
    "sync",
    "yield",
    "spawn",
    "thread",
    "go",
    "void",
    "null",
    "nil",
    "is",
    "public",
    "protected",
    "super",
    "goto",
    "package",
    "module",
    "var",
];

/// The keywords, for completion.
#[must_use]
pub const fn keywords() -> &'static [&'static str] {
    KEYWORDS
}

/// The tokens of `text`, in order and without gaps.
#[must_use]
pub fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0, nesting: Vec::new(), tokens: Vec::new() };
    while lexer.at < text.len() {
        lexer.step();
    }
    lexer.tokens
}

/// Inside what the lexer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nesting {
    /// A `{` of the code.
    Brace,
    /// The `${` of a back-tick text, which goes on after its `}`.
    Interpolation,
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    nesting: Vec<Nesting>,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Makes the next `length` bytes a token.
    fn push(&mut self, kind: Kind, length: usize) {
        let end = (self.at + length).min(self.text.len());
        self.tokens.push(Token { kind, range: self.at..end });
        self.at = end;
    }

    fn step(&mut self) {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return };
        match first {
            _ if first.is_whitespace() => self.push(Kind::Space, span(rest, char::is_whitespace)),
            '/' if rest.starts_with("//") => {
                self.push(Kind::Comment { closed: true }, rest.find('\n').unwrap_or(rest.len()));
            }
            '/' if rest.starts_with("/*") => self.block_comment(),
            '"' => self.text(),
            '`' => {
                let (length, kind, opens) = back_tick(rest, 1);
                self.push(kind, length);
                self.interpolation(opens);
            }
            '\'' => {
                let length = character(rest);
                self.push(if length > 1 { Kind::Char } else { Kind::Sign }, length);
            }
            '#' => self.hash(),
            '(' | '[' => self.push(Kind::Open, 1),
            '{' => {
                self.nesting.push(Nesting::Brace);
                self.push(Kind::Open, 1);
            }
            ')' | ']' => self.push(Kind::Close, 1),
            '}' => {
                self.push(Kind::Close, 1);
                if self.nesting.pop() == Some(Nesting::Interpolation) {
                    let (length, kind, opens) = back_tick(self.rest(), 0);
                    if length > 0 {
                        self.push(kind, length);
                    }
                    self.interpolation(opens);
                }
            }
            '0'..='9' => {
                let length = number(rest);
                self.push(Kind::Number, length);
            }
            _ if is_name(first) => {
                let length = span(rest, is_name);
                let kind = match &rest[..length] {
                    word if KEYWORDS.contains(&word) => Kind::Keyword,
                    word if RESERVED.contains(&word) => Kind::Reserved,
                    _ => Kind::Name,
                };
                self.push(kind, length);
            }
            _ => self.push(Kind::Sign, first.len_utf8()),
        }
    }

    fn interpolation(&mut self, opens: bool) {
        if opens {
            self.nesting.push(Nesting::Interpolation);
            self.push(Kind::Open, 2);
        }
    }

    /// Block comments nest.
    fn block_comment(&mut self) {
        let bytes = self.rest().as_bytes();
        let (mut depth, mut at) = (0_usize, 0);
        while at < bytes.len() {
            match &bytes[at..] {
                [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
                [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
                _ => at += 1,
            }
            if depth == 0 {
                return self.push(Kind::Comment { closed: true }, at);
            }
        }
        self.push(Kind::Comment { closed: false }, bytes.len());
    }

    /// `"…"`: ends with its line, unless that ends with a backslash.
    fn text(&mut self) {
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, char)) = chars.next() {
            match char {
                '\\' => {
                    chars.next();
                }
                '"' => return self.push(Kind::Text { closed: true }, at + 1),
                '\n' => return self.push(Kind::Text { closed: false }, at),
                _ => {}
            }
        }
        self.push(Kind::Text { closed: false }, usize::MAX - self.at);
    }

    /// `#{` or a raw text `#"…"#`.
    fn hash(&mut self) {
        let rest = self.rest();
        let hashes = span(rest, |char| char == '#');
        match rest[hashes..].chars().next() {
            Some('{') if hashes == 1 => {
                self.nesting.push(Nesting::Brace);
                self.push(Kind::Open, 2);
            }
            Some('"') => {
                let end = format!("\"{}", &rest[..hashes]);
                let body = hashes + 1;
                match rest[body..].find(&end) {
                    Some(found) => self.push(Kind::Text { closed: true }, body + found + end.len()),
                    None => self.push(Kind::Text { closed: false }, rest.len()),
                }
            }
            _ => self.push(Kind::Sign, hashes),
        }
    }
}

/// How far a back-tick text goes, from `from` on: to its end, or to a `${`.
fn back_tick(rest: &str, from: usize) -> (usize, Kind, bool) {
    let bytes = rest.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        match &bytes[at..] {
            // Two of them stand for one.
            [b'`', b'`', ..] => at += 2,
            [b'`', ..] => return (at + 1, Kind::Text { closed: true }, false),
            [b'$', b'{', ..] => return (at, Kind::Text { closed: true }, true),
            _ => at += 1,
        }
    }
    (bytes.len(), Kind::Text { closed: false }, false)
}

/// The length of a character literal, or 1 for a lone quote.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => {
            chars.next();
            // Up to `\U12345678`.
            let close = chars.take(9).take_while(|(_, char)| *char != '\n').find(|(_, char)| *char == '\'');
            close.map_or(1, |(at, _)| at + 1)
        }
        Some((_, '\'' | '\n')) | None => 1,
        Some(_) => match chars.next() {
            Some((at, '\'')) => at + 1,
            _ => 1,
        },
    }
}

/// The length of a number: `1_000`, `0xff`, `1.5e-3`, but not the dots of `1..5` or `1.abs()`.
fn number(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    if matches!(bytes, [b'0', b'x' | b'X' | b'o' | b'O' | b'b' | b'B', ..]) {
        return 2 + span(&rest[2..], |char| char.is_ascii_hexdigit() || char == '_');
    }
    let digits = |from: usize| span(&rest[from..], |char| char.is_ascii_digit() || char == '_');
    let mut at = digits(0);
    if bytes.get(at) == Some(&b'.')
        && !bytes
            .get(at + 1)
            .is_some_and(|next| *next == b'.' || is_name(char::from(*next)) && !next.is_ascii_digit())
    {
        at += 1;
        at += digits(at);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        if bytes.get(at + 1 + sign).is_some_and(u8::is_ascii_digit) {
            at += 1 + sign;
            at += digits(at);
        }
    }
    at
}

/// Whether a name may have `char`; a digit only after its beginning.
#[must_use]
pub fn is_name(char: char) -> bool {
    char == '_' || char.is_alphanumeric()
}

fn span(text: &str, wanted: impl Fn(char) -> bool) -> usize {
    text.find(|char| !wanted(char)).unwrap_or(text.len())
}

/// The bracket that belongs to the one at byte `at`, if there is one.
#[must_use]
pub fn partner(text: &str, tokens: &[Token], at: usize) -> Option<Range<usize>> {
    let here = tokens.iter().position(|token| token.range.contains(&at))?;
    let shape = |index: usize| text[tokens[index].range.clone()].chars().next_back();
    let (step, same): (isize, Kind) = match tokens[here].kind {
        Kind::Open => (1, Kind::Open),
        Kind::Close => (-1, Kind::Close),
        _ => return None,
    };
    let mut depth = 0_usize;
    let mut index = here;
    loop {
        match tokens[index].kind {
            kind if kind == same => depth += 1,
            Kind::Open | Kind::Close => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let fits = matches!(
                (shape(here)?, shape(index)?),
                ('(', ')') | ('[', ']') | ('{', '}') | (')', '(') | (']', '[') | ('}', '{')
            );
            return fits.then(|| tokens[index].range.clone());
        }
        index = index.checked_add_signed(step).filter(|index| *index < tokens.len())?;
    }
}

#[cfg(test)]
mod tests;
