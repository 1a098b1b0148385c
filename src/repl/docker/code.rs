//! Writes Plywood's code: literals, option maps, calls.

use super::words::{Part, Word};
use crate::repl::quoted::quoted;

/// `word` as a Rhai expression of text; variables of the shell become `env(…)`.
#[must_use]
pub fn literal(word: &Word) -> String {
    if let Some(text) = word.text() {
        return match text.strip_prefix("~/") {
            Some(rest) => template(&[Part::Variable("HOME".into()), Part::Text(format!("/{rest}"))]),
            None => quoted(text),
        };
    }
    template(&word.0)
}

fn template(parts: &[Part]) -> String {
    if let [Part::Variable(name)] = parts {
        return format!("env({})", quoted(name));
    }
    let mut out = String::from("`");
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(&text.replace('`', "``")),
            Part::Variable(name) => out.push_str(&format!("${{env({})}}", quoted(name))),
            Part::Output(command) if command.trim() == "pwd" => out.push_str("${env(\"PWD\")}"),
            Part::Output(_) => out.push('…'),
        }
    }
    out.push('`');
    out
}

/// `words` as an array.
#[must_use]
pub fn array(words: &[Word]) -> String {
    format!("[{}]", words.iter().map(literal).collect::<Vec<_>>().join(", "))
}

/// An option map under construction: keys in the order they came, what is given twice an array.
#[derive(Debug, Default)]
pub struct Options(Vec<(&'static str, Vec<String>)>);

impl Options {
    /// Gives `key` the expression `value`; a later one replaces it.
    pub fn set(&mut self, key: &'static str, value: impl Into<String>) {
        self.0.retain(|(known, _)| *known != key);
        self.0.push((key, vec![value.into()]));
    }

    /// Gives `key` one more expression.
    pub fn add(&mut self, key: &'static str, value: impl Into<String>) {
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value.into()),
            None => self.0.push((key, vec![value.into()])),
        }
    }

    /// `#{ … }`, or nothing.
    #[must_use]
    pub fn written(&self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let pairs: Vec<String> = self
            .0
            .iter()
            .map(|(key, values)| match values.as_slice() {
                [one] if *key != "env" => format!("{key}: {one}"),
                many => format!("{key}: [{}]", many.join(", ")),
            })
            .collect();
        Some(format!("#{{ {} }}", pairs.join(", ")))
    }
}

/// `verb(a, b)` of the arguments that are there.
#[must_use]
pub fn call(verb: &str, arguments: impl IntoIterator<Item = Option<String>>) -> String {
    format!("{verb}({})", arguments.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::words::commands;
    use super::*;

    fn of(word: &str) -> String {
        literal(&commands(word)[0].words[0])
    }

    #[test]
    fn words_become_literals() {
        assert_eq!(of("debian:12"), "\"debian:12\"");
        assert_eq!(of(r#"'a "b" \c'"#), r#""a \"b\" \\c""#);
        assert_eq!(of("$PWD:/data"), "`${env(\"PWD\")}:/data`");
        assert_eq!(of("$(pwd)/x:/data"), "`${env(\"PWD\")}/x:/data`");
        assert_eq!(of("$TAG"), "env(\"TAG\")");
        assert_eq!(of("~/data"), "`${env(\"HOME\")}/data`");
    }

    #[test]
    fn options_keep_their_order() {
        let mut options = Options::default();
        assert_eq!(options.written(), None);
        options.set("rm", "true");
        options.add("env", "\"A=1\"");
        options.add("volume", "\"/a:/b\"");
        options.set("rm", "false");
        options.add("volume", "\"/c:/d\"");
        assert_eq!(
            options.written().unwrap_or_default(),
            "#{ env: [\"A=1\"], volume: [\"/a:/b\", \"/c:/d\"], rm: false }"
        );
    }
}
