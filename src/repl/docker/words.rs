//! A line as a shell reads it: commands, words, quotes, `$NAME`, `$(…)`, redirections.
//!
//! Nothing is expanded: what a word holds is kept as parts, so that `$HOME` can become
//! `env("HOME")` and `$(docker ps -lq)` can become `last()`.

/// A piece of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// `$NAME`, `${NAME}`.
    Variable(String),
    /// `$(…)` and the back-tick form: the command's text.
    Output(String),
}

/// A word of a command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Word(pub Vec<Part>);

/// A command of the line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// Its words, the program first.
    pub words: Vec<Word>,
    /// `< FILE`.
    pub input: Option<Word>,
    /// `> FILE`, `>> FILE`.
    pub output: Option<Word>,
    /// Its output goes into the next command: `|`.
    pub piped: bool,
}

impl Word {
    /// A word of plain text.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self(vec![Part::Text(text.into())])
    }

    /// Its text, where it is nothing but text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether it is exactly `text`.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.text() == Some(text)
    }

    /// The text that it begins with.
    #[must_use]
    pub fn head(&self) -> &str {
        match self.0.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// The word without its first `count` bytes, which its head has.
    #[must_use]
    pub fn skip(&self, count: usize) -> Self {
        let mut parts = self.0.clone();
        if let Some(Part::Text(text)) = parts.first_mut() {
            *text = text.get(count..).unwrap_or_default().to_owned();
            if text.is_empty() {
                parts.remove(0);
            }
        }
        Self(parts)
    }

    fn push(&mut self, char: char) {
        match self.0.last_mut() {
            Some(Part::Text(text)) => text.push(char),
            _ => self.0.push(Part::Text(char.to_string())),
        }
    }
}

/// The commands of `line`, one after the other; a comment ends it.
#[must_use]
pub fn commands(line: &str) -> Vec<Command> {
    let mut reader = Reader { chars: line.chars().collect(), at: 0 };
    let mut commands = vec![Command::default()];
    let mut target = Target::Words;
    while let Some(item) = reader.next() {
        let Some(current) = commands.last_mut() else { break };
        match item {
            Item::Word(word) => match std::mem::replace(&mut target, Target::Words) {
                Target::Words => current.words.push(word),
                Target::Input => current.input = Some(word),
                Target::Output => current.output = Some(word),
                Target::Nowhere => {}
            },
            Item::Redirect(to) => target = to,
            Item::End { piped } => {
                current.piped = piped;
                target = Target::Words;
                commands.push(Command::default());
            }
        }
    }
    commands.retain(|command| !command.words.is_empty());
    commands
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Words,
    Input,
    Output,
    /// `2>FILE`, `2>&1`.
    Nowhere,
}

enum Item {
    Word(Word),
    Redirect(Target),
    End { piped: bool },
}

struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn peek_at(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<Item> {
        loop {
            match self.peek()? {
                '\n' => {
                    self.at += 1;
                    return Some(Item::End { piped: false });
                }
                '\\' if self.peek_at(1) == Some('\n') => self.at += 2,
                char if char.is_whitespace() => self.at += 1,
                '#' => {
                    while self.peek().is_some_and(|char| char != '\n') {
                        self.at += 1;
                    }
                }
                ';' => {
                    self.at += 1;
                    return Some(Item::End { piped: false });
                }
                sign @ ('&' | '|') => {
                    let double = self.peek_at(1) == Some(sign);
                    self.at += 1 + usize::from(double);
                    return Some(Item::End { piped: sign == '|' && !double });
                }
                '<' => {
                    self.at += 1;
                    return Some(Item::Redirect(Target::Input));
                }
                '>' => {
                    self.skip_arrow();
                    return Some(Item::Redirect(Target::Output));
                }
                '2' if self.peek_at(1) == Some('>') => {
                    self.at += 1;
                    self.skip_arrow();
                    return Some(Item::Redirect(Target::Nowhere));
                }
                _ => return Some(Item::Word(self.word())),
            }
        }
    }

    /// `>`, `>>`, `>&`.
    fn skip_arrow(&mut self) {
        self.at += 1;
        while matches!(self.peek(), Some('>' | '&')) {
            self.at += 1;
        }
    }

    fn word(&mut self) -> Word {
        let mut word = Word::default();
        while let Some(char) = self.peek() {
            match char {
                _ if char.is_whitespace() => break,
                ';' | '&' | '|' | '<' | '>' => break,
                '\'' => {
                    self.at += 1;
                    // An empty pair of quotes is a word, too.
                    word.0.push(Part::Text(String::new()));
                    while let Some(char) = self.peek() {
                        self.at += 1;
                        if char == '\'' {
                            break;
                        }
                        word.push(char);
                    }
                }
                '"' => self.double_quoted(&mut word),
                '\\' => {
                    self.at += 1;
                    match self.peek() {
                        Some('\n') | None => {}
                        Some(char) => word.push(char),
                    }
                    self.at += 1;
                }
                '$' | '`' => self.expansion(&mut word),
                _ => {
                    word.push(char);
                    self.at += 1;
                }
            }
        }
        word.0 = joined(word.0);
        word
    }

    fn double_quoted(&mut self, word: &mut Word) {
        self.at += 1;
        word.0.push(Part::Text(String::new()));
        while let Some(char) = self.peek() {
            match char {
                '"' => {
                    self.at += 1;
                    return;
                }
                '\\' if matches!(self.peek_at(1), Some('"' | '\\' | '$' | '`')) => {
                    self.at += 1;
                    word.push(self.chars[self.at]);
                    self.at += 1;
                }
                '$' | '`' => self.expansion(word),
                _ => {
                    word.push(char);
                    self.at += 1;
                }
            }
        }
    }

    fn expansion(&mut self, word: &mut Word) {
        let back_tick = self.peek() == Some('`');
        self.at += 1;
        if back_tick {
            let inside = self.until('`');
            word.0.push(Part::Output(inside));
            return;
        }
        match self.peek() {
            Some('(') => {
                self.at += 1;
                let inside = self.until(')');
                word.0.push(Part::Output(inside));
            }
            Some('{') => {
                self.at += 1;
                let inside = self.until('}');
                // `${NAME:-else}` is taken as `NAME`.
                let name = inside.split([':', '-', '#', '%', '/']).next().unwrap_or_default();
                word.0.push(Part::Variable(name.to_owned()));
            }
            Some(char) if char == '_' || char.is_ascii_alphanumeric() => {
                let mut name = String::new();
                while let Some(char) = self.peek().filter(|char| *char == '_' || char.is_ascii_alphanumeric())
                {
                    name.push(char);
                    self.at += 1;
                }
                word.0.push(Part::Variable(name));
            }
            _ => word.push('$'),
        }
    }

    /// Everything up to `close`, which is passed; `$(` inside counts.
    fn until(&mut self, close: char) -> String {
        let mut inside = String::new();
        let mut depth = 0_usize;
        while let Some(char) = self.peek() {
            self.at += 1;
            match char {
                '(' if close == ')' => depth += 1,
                _ if char == close && depth == 0 => return inside,
                ')' if close == ')' => depth -= 1,
                _ => {}
            }
            inside.push(char);
        }
        inside
    }
}

/// Neighbouring texts are one, and an empty one beside something else is none.
fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::new();
    for part in parts {
        match (out.last_mut(), part) {
            (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
            (_, part) => out.push(part),
        }
    }
    if out.len() > 1 {
        out.retain(|part| *part != Part::Text(String::new()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<Vec<String>> {
        commands(line)
            .iter()
            .map(|command| command.words.iter().map(|word| word.text().unwrap_or("?").to_owned()).collect())
            .collect()
    }

    #[test]
    fn words_and_commands_are_apart() {
        assert_eq!(texts("a  b\tc"), [["a", "b", "c"]]);
        assert_eq!(texts(r#"a 'b c' "d \"e\"" f\ g '' #h"#), [["a", "b c", "d \"e\"", "f g", ""]]);
        assert_eq!(
            texts("a \\\n b\nc && d; e || f"),
            [vec!["a", "b"], vec!["c"], vec!["d"], vec!["e"], vec!["f"]]
        );
        assert_eq!(texts("a=b'c'\"d\""), [["a=bcd"]]);
        assert_eq!(texts("'open"), [["open"]]);
        assert_eq!(texts(" # only a comment"), Vec::<Vec<String>>::new());
        assert_eq!(texts("a#b"), [["a#b"]]);
    }

    #[test]
    fn expansions_are_kept() {
        let words = &commands(r#"rm $(docker ps -lq) `x y` "$A/${B:-c}" '$D' $ "#)[0].words;
        assert_eq!(words[1], Word(vec![Part::Output("docker ps -lq".into())]));
        assert_eq!(words[2], Word(vec![Part::Output("x y".into())]));
        assert_eq!(
            words[3],
            Word(vec![Part::Variable("A".into()), Part::Text("/".into()), Part::Variable("B".into())])
        );
        assert_eq!(words[4].text(), Some("$D"));
        assert_eq!(words[5].text(), Some("$"));
        assert_eq!(commands("a $(b $(c) d)")[0].words[1], Word(vec![Part::Output("b $(c) d".into())]));
    }

    #[test]
    fn redirections_are_no_words() {
        let all = commands("a < in > out 2>&1 | b 2>/dev/null");
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].words.len(), 1);
        assert_eq!(all[0].input, Some(Word::plain("in")));
        assert_eq!(all[0].output, Some(Word::plain("out")));
        assert!(all[0].piped && !all[1].piped);
        assert_eq!(all[1].words, [Word::plain("b")]);
    }
}
