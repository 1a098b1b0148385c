//! Completion inside a command that a container's shell will read: programs where one is expected, else paths.

use super::candidate::{Candidate, Completion};
use super::inside::{inner, within};
use super::literal::spelled;
use super::typed::Typed;
use super::world::Thing;
use crate::workbench::Bearings;

/// The word of a command at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Word {
    /// Its first character.
    start: usize,
    /// What it says, quotes taken away.
    value: String,
    /// For each character of `value` where it stands.
    places: Vec<usize>,
    /// The quote that is open at its end.
    quote: Option<char>,
    /// It names a program.
    is_program: bool,
}

/// Words after which the next one names a program.
const LEAD: &[&str] =
    &["then", "do", "else", "if", "while", "until", "!", "{", "exec", "sudo", "time", "env", "nohup"];

/// Reads `command` as a shell does, as far as needed.
fn last_word(command: impl Iterator<Item = char>) -> Word {
    let fresh = |start: usize, is_program: bool| Word { start, is_program, ..Word::default() };
    let mut word = fresh(0, true);
    let mut chars = command.enumerate().peekable();
    while let Some((at, char)) = chars.next() {
        let take = |word: &mut Word, char: char| {
            word.value.push(char);
            word.places.push(at);
        };
        match (word.quote, char) {
            (Some(open), _) if char == open => word.quote = None,
            (Some('\''), _) => take(&mut word, char),
            (_, '\\') => {
                if let Some((_, next)) = chars.next() {
                    take(&mut word, next);
                }
            }
            (Some(_), _) => take(&mut word, char),
            (None, '"' | '\'') => word.quote = Some(char),
            (None, ' ' | '\t') => {
                let unread = word.value.is_empty();
                // `NAME=value program`.
                let sets = word.is_program && word.value.contains('=');
                let leads = word.is_program && (unread || sets || LEAD.contains(&word.value.as_str()));
                word = fresh(at + 1, leads);
            }
            (None, '\n' | ';' | '|' | '&' | '(') => word = fresh(at + 1, true),
            (None, '<' | '>') => word = fresh(at + 1, false),
            (None, _) => take(&mut word, char),
        }
    }
    word
}

/// What can stand at the end of a command.
pub fn complete(typed: &Typed<'_>, thing: &Thing) -> Completion {
    let Some(bearings) = typed.world.bearings(thing) else { return Completion::none(typed.start) };
    let word = last_word(typed.said.chars());
    if word.is_program && !word.value.contains('/') {
        let start = typed.said.place(word.start);
        return Completion { start, candidates: programs(typed, thing, &bearings, &word.value) };
    }
    // `--file=/etc/pas`: the path is what follows the sign.
    let skipped = match word.value.find('=') {
        Some(at) if word.value.starts_with('-') => word.value[..=at].chars().count(),
        _ => 0,
    };
    let path: String = word.value.chars().skip(skipped).collect();
    let (folder, name) = path.split_at(path.rfind('/').map_or(0, |at| at + 1));
    let first = skipped + folder.chars().count();
    let start = word.places.get(first).copied().unwrap_or(typed.said.len());
    // A quote that opens right here stays where it is.
    let start = typed.said.place(start);
    let files = typed.world.inside(thing, &within(&bearings.workdir, folder), name);
    let hidden = name.starts_with('.');
    let candidates = files
        .iter()
        .filter(|file| hidden || !file.name.starts_with('.'))
        // Our spelling of odd bytes is nothing that a shell reads.
        .filter(|file| !file.name.contains('\\'))
        .filter(|file| !word.is_program || file.is_dir || file.is_program)
        .map(|file| {
            let label = if file.is_dir { format!("{}/", file.name) } else { file.name.clone() };
            Candidate::plain(label.clone()).text(spelled(&quoted(&label, word.quote), typed.quote))
        })
        .collect();
    Completion { start, candidates }
}

/// A program as the first item of an array, where no shell reads it.
pub fn program(typed: &Typed<'_>, thing: &Thing) -> Completion {
    let given = typed.said.from(0);
    let Some(bearings) = typed.world.bearings(thing) else { return Completion::none(typed.start) };
    if given.contains('/') {
        return inner(typed, Some(thing), 0, &bearings.workdir, false);
    }
    let mut candidates = programs(typed, thing, &bearings, &given);
    for it in &mut candidates {
        it.text = typed.closed(&it.label).text;
    }
    Completion { start: typed.start, candidates }
}

fn programs(typed: &Typed<'_>, thing: &Thing, bearings: &Bearings, begin: &str) -> Vec<Candidate> {
    let mut names: Vec<String> = bearings
        .path
        .iter()
        .flat_map(|folder| typed.world.inside(thing, folder, begin))
        .filter(|file| file.is_program && (!file.name.starts_with('.') || begin.starts_with('.')))
        .map(|file| file.name)
        .collect();
    names.sort();
    names.dedup();
    names
        .iter()
        .map(|name| Candidate::plain(name.as_str()).text(spelled(&quoted(name, None), typed.quote)))
        .collect()
}

/// `name` so that a shell reads it as one word, after the quote that is open.
fn quoted(name: &str, quote: Option<char>) -> String {
    let special = |char: char| match quote {
        Some('\'') => false,
        Some(_) => matches!(char, '"' | '$' | '`' | '\\'),
        None => !(char.is_alphanumeric() || "/._-+:@%,=~".contains(char)) || char == '~',
    };
    let mut out = String::with_capacity(name.len());
    for char in name.chars() {
        match char {
            '\'' if quote == Some('\'') => out.push_str("'\\''"),
            char if special(char) => out.extend(['\\', char]),
            char => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(command: &str) -> (String, bool, Option<char>) {
        let word = last_word(command.chars());
        (word.value, word.is_program, word.quote)
    }

    #[test]
    fn words_are_read_as_a_shell_reads_them() {
        for (command, value, is_program) in [
            ("", "", true),
            ("ca", "ca", true),
            ("cat ", "", false),
            ("cat /etc/pa", "/etc/pa", false),
            ("cat a && l", "l", true),
            ("cat a | gr", "gr", true),
            ("cat a; ", "", true),
            ("echo $(l", "l", true),
            ("LANG=C l", "l", true),
            ("if tes", "tes", true),
            ("sudo l", "l", true),
            ("echo x > /tm", "/tm", false),
            ("a\\ b", "a b", true),
            ("cat 'a b", "a b", false),
            ("cat \"a b", "a b", false),
            ("cat a\nl", "l", true),
        ] {
            let (got, program, _) = word(command);
            assert_eq!((got.as_str(), program), (value, is_program), "{command}");
        }
        assert_eq!(word("cat 'a").2, Some('\''));
        assert_eq!(word("cat \"a").2, Some('"'));
    }

    #[test]
    fn names_are_quoted_for_the_shell() {
        assert_eq!(quoted("a b$", None), "a\\ b\\$");
        assert_eq!(quoted("it's", Some('\'')), "it'\\''s");
        assert_eq!(quoted("a b$", Some('"')), "a b\\$");
        assert_eq!(quoted("lib/x-1.2_3", None), "lib/x-1.2_3");
    }
}
