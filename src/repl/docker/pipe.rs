//! What comes after a `|`: a method of the value.

use super::Answer;
use super::flags::{read, switch, value};
use super::words::{Command, Word};
use crate::repl::quoted::quoted;

/// Applies the command that `answer`'s output is piped into.
pub fn apply(answer: &mut Answer, command: &Command) {
    let [program, rest @ ..] = command.words.as_slice() else { return };
    let program = program.text().unwrap_or_default();
    let method = match program {
        "grep" | "egrep" | "rg" => grep(answer, rest),
        "wc" if rest.iter().any(|word| word.is("-l")) => Some(".len()".to_owned()),
        "head" => Some(format!(".take({})", count(rest))),
        "less" | "more" | "cat" | "jq" if is_list(answer) => Some(String::new()),
        "gzip" | "zstd" if answer.code.iter().any(|line| line.starts_with("save(")) => {
            let kind = if program == "zstd" { "zstd" } else { "gzip" };
            for line in &mut answer.code {
                line.truncate(line.len() - 1);
                line.push_str(&format!(", #{{ compression: \"{kind}\" }})"));
            }
            return;
        }
        _ => None,
    };
    match (method, answer.code.last_mut()) {
        (Some(method), Some(line)) => line.push_str(&method),
        (None, _) => answer.notes.push(format!(
            "`| {program}`: a result is a value here, with methods such as `.filter(|x| …)`, `.map(|x| …)`, `.order(\"size\")`, `.len()`"
        )),
        (Some(_), None) => {}
    }
}

/// The key that a `grep` over this listing looks at.
fn grep(answer: &Answer, words: &[Word]) -> Option<String> {
    let line = answer.code.last()?;
    let given = read(words, &[switch('v', "invert"), switch('i', "ignore"), value('e', "expression")], false);
    let pattern = given.last("expression").or(given.words.first())?.text()?;
    let key = match line.split('(').next()? {
        "diff" => "path",
        "containers" => "name",
        "history" => "created_by",
        _ => return None,
    };
    if pattern.contains(['^', '$', '*', '[', '\\', '.', '|', '+', '?', '(']) {
        return None;
    }
    let not = if given.has("invert") { "!" } else { "" };
    Some(format!(".filter(|x| {not}x.{key}.contains({}))", quoted(pattern)))
}

fn is_list(answer: &Answer) -> bool {
    !answer.code.is_empty()
}

/// Of `head -5`, `head -n 5`, `head`.
fn count(words: &[Word]) -> u32 {
    words
        .iter()
        .filter_map(Word::text)
        .filter_map(|text| text.trim_start_matches(['-', 'n']).parse().ok())
        .next()
        .unwrap_or(10)
}
