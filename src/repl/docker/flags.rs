//! A command's flags as Docker's own parser reads them.

use super::words::Word;

/// A flag that takes a value or none.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// Its one-letter form.
    pub short: Option<char>,
    /// Its long form, without dashes.
    pub long: &'static str,
    /// A value follows it.
    pub takes_value: bool,
}

/// A flag with a value.
#[must_use]
pub const fn value(short: char, long: &'static str) -> Flag {
    Flag { short: if short == ' ' { None } else { Some(short) }, long, takes_value: true }
}

/// A flag without one.
#[must_use]
pub const fn switch(short: char, long: &'static str) -> Flag {
    Flag { short: if short == ' ' { None } else { Some(short) }, long, takes_value: false }
}

/// What was given.
#[derive(Debug, Default)]
pub struct Given {
    /// Flags by their long name, with their value.
    pub flags: Vec<(String, Word)>,
    /// The words that are no flags.
    pub words: Vec<Word>,
}

impl Given {
    /// Whether the flag was given, and not as `=false`.
    #[must_use]
    pub fn has(&self, long: &str) -> bool {
        self.flags.iter().any(|(name, value)| name == long && !value.is("false"))
    }

    /// The values of a flag.
    pub fn all(&self, long: &str) -> impl Iterator<Item = &Word> {
        self.flags.iter().filter(move |(name, _)| name == long).map(|(_, value)| value)
    }

    /// Its last value.
    #[must_use]
    pub fn last(&self, long: &str) -> Option<&Word> {
        self.all(long).last()
    }
}

/// Reads `words` by `known`. Where `stops` the first word that is no flag ends them, as for
/// `docker run`, whose command has flags of its own. A flag that is not known takes no value
/// but one with `=`.
#[must_use]
pub fn read(words: &[Word], known: &[Flag], stops: bool) -> Given {
    let mut given = Given::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let head = word.head();
        if head == "--" {
            given.words.extend(words.cloned());
            break;
        }
        if let Some(rest) = head.strip_prefix("--") {
            let (name, inline) = match rest.find('=') {
                Some(at) => (&rest[..at], Some(word.skip(2 + at + 1))),
                None => (rest, None),
            };
            let flag = known.iter().find(|flag| flag.long == name);
            let value = match (inline, flag) {
                (Some(value), _) => value,
                (None, Some(flag)) if flag.takes_value => words.next().cloned().unwrap_or_default(),
                (None, _) => Word::plain("true"),
            };
            given.flags.push((name.to_owned(), value));
        } else if head.len() > 1 && head.starts_with('-') {
            bundle(word, known, &mut words, &mut given);
        } else {
            given.words.push(word.clone());
            if stops {
                given.words.extend(words.cloned());
                break;
            }
        }
    }
    given
}

/// `-it`, `-eA=1`, `-e A=1`, `-itv /a:/b`.
fn bundle<'a>(word: &Word, known: &[Flag], words: &mut impl Iterator<Item = &'a Word>, given: &mut Given) {
    let head = word.head();
    for (at, short) in head.char_indices().skip(1) {
        match known.iter().find(|flag| flag.short == Some(short)) {
            Some(flag) if flag.takes_value => {
                let rest = word.skip(at + short.len_utf8());
                let rest = if rest.head().starts_with('=') { rest.skip(1) } else { rest };
                let value = if rest.0.is_empty() { words.next().cloned().unwrap_or_default() } else { rest };
                given.flags.push((flag.long.to_owned(), value));
                return;
            }
            Some(flag) => given.flags.push((flag.long.to_owned(), Word::plain("true"))),
            None => given.flags.push((short.to_string(), Word::plain("true"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::commands;
    use super::*;

    const KNOWN: &[Flag] = &[
        value('e', "env"),
        value('v', "volume"),
        switch('i', "interactive"),
        switch('t', "tty"),
        switch(' ', "rm"),
    ];

    fn flags(line: &str, stops: bool) -> (Vec<(String, String)>, Vec<String>) {
        let given = read(&commands(line)[0].words, KNOWN, stops);
        let text = |word: &Word| word.text().unwrap_or("?").to_owned();
        (
            given.flags.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
            given.words.iter().map(text).collect(),
        )
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn flags_in_all_their_forms() {
        let (given, words) = flags("-it --rm -eA=1 -e B=2 --env=C=3 --env D --volume /a:/b img cmd -x", true);
        assert_eq!(
            given,
            pairs(&[
                ("interactive", "true"),
                ("tty", "true"),
                ("rm", "true"),
                ("env", "A=1"),
                ("env", "B=2"),
                ("env", "C=3"),
                ("env", "D"),
                ("volume", "/a:/b"),
            ])
        );
        assert_eq!(words, ["img", "cmd", "-x"]);
    }

    #[test]
    fn flags_after_words_count_where_they_may() {
        assert_eq!(flags("a -t b", false), (pairs(&[("tty", "true")]), vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(flags("--new thing", true), (pairs(&[("new", "true")]), vec!["thing".to_owned()]));
        assert_eq!(flags("-itv /a:/b x", true).0.len(), 3);
        assert_eq!(flags("-t -- -t", false).1, ["-t"]);
        assert_eq!(flags("-", false).1, ["-"]);
        assert_eq!(flags("-e", false).0, pairs(&[("env", "")]));
    }
}
