//! What can stand at the cursor.

/// One of the things that can.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidate {
    /// What takes the place of the word.
    pub text: String,
    /// What a list of many shows.
    pub label: String,
    /// What a list of few shows instead, such as a signature.
    pub form: String,
    /// One line about it.
    pub about: String,
}

/// What can stand at the cursor, in order, and where the word begins whose place it takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    /// The word's first byte.
    pub start: usize,
    /// In the order that they are shown.
    pub candidates: Vec<Candidate>,
}

impl Candidate {
    /// A word that stands for itself.
    pub fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { label: text.clone(), form: text.clone(), text, about: String::new() }
    }

    /// The same with a line about it.
    pub fn about(self, about: impl Into<String>) -> Self {
        let about: String = about.into();
        let first = about.lines().next().unwrap_or_default();
        Self { about: first.to_owned(), ..self }
    }

    /// Another text than what is shown.
    pub fn text(self, text: impl Into<String>) -> Self {
        Self { text: text.into(), ..self }
    }

    /// Another form for short lists.
    pub fn form(self, form: impl Into<String>) -> Self {
        Self { form: form.into(), ..self }
    }
}

impl Completion {
    /// Nothing.
    pub const fn none(start: usize) -> Self {
        Self { start, candidates: Vec::new() }
    }

    /// Those of `all` that begin with `word`; where none does, those that have it in them in any case.
    pub fn of(start: usize, word: &str, all: impl IntoIterator<Item = Candidate>) -> Self {
        let all: Vec<Candidate> = all.into_iter().collect();
        let begins = |it: &&Candidate| it.text.trim_start_matches('"').starts_with(word);
        let mut candidates: Vec<Candidate> = all.iter().filter(begins).cloned().collect();
        if candidates.is_empty() && word.chars().count() > 1 {
            let word = word.to_lowercase();
            candidates = all.into_iter().filter(|it| it.text.to_lowercase().contains(&word)).collect();
        }
        Self { start, candidates }.sorted()
    }

    /// In order, each once.
    fn sorted(mut self) -> Self {
        self.candidates.sort_by(|left, right| left.label.cmp(&right.label));
        self.candidates.dedup_by(|left, right| left.text == right.text);
        self
    }

    /// What the word that stands there becomes before one has to choose: what all candidates begin with, unless that
    /// would take something away.
    #[must_use]
    pub fn common<'a>(&'a self, word: &'a str) -> &'a str {
        let Some((first, rest)) = self.candidates.split_first() else { return word };
        if rest.is_empty() {
            return &first.text;
        }
        let same = |other: &Candidate| {
            let pairs = first.text.char_indices().zip(other.text.chars());
            pairs
                .take_while(|((_, left), right)| left == right)
                .map(|((at, char), _)| at + char.len_utf8())
                .last()
        };
        let length = rest.iter().map(|other| same(other).unwrap_or(0)).min().unwrap_or(0);
        let common = &first.text[..length];
        if common.len() >= word.len() && common.to_lowercase().starts_with(&word.to_lowercase()) {
            common
        } else {
            word
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(word: &str, all: &[&str]) -> (Vec<String>, String) {
        let found = Completion::of(0, word, all.iter().map(|text| Candidate::plain(*text)));
        let texts = found.candidates.iter().map(|it| it.text.clone()).collect();
        (texts, found.common(word).to_owned())
    }

    #[test]
    fn the_common_beginning() {
        assert_eq!(of("a", &["abd", "abc", "x"]), (vec!["abc".into(), "abd".into()], "ab".into()));
        assert_eq!(of("", &["abd", "x"]).1, "");
        assert_eq!(of("fé", &["fée", "fête"]), (vec!["fée".into()], "fée".into()));
        assert_eq!(of("f", &["fée", "fête"]).1, "f");
        // What only has the word in it takes its place alone, and never takes something away.
        assert_eq!(of("code", &["exit_code", "x"]).1, "exit_code");
        assert_eq!(of("code", &["exit_code", "encode"]).1, "code");
        assert_eq!(of("C", &["commit(", "x"]).0, Vec::<String>::new());
        assert_eq!(of("CO", &["commit(", "command"]).1, "comm");
        assert_eq!(of("zz", &["a"]), (Vec::new(), "zz".into()));
    }
}
