//! Help by words: which verbs, options, getters and functions have to do with what somebody asks.

use super::library::MODULES as STDLIB;
use super::members::{about, members};
use super::types::{self, list_methods};
use super::verbs;

/// Something that there is help on, found by words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// What help on it is asked by, or what it is typed as.
    pub name: String,
    /// One line.
    pub about: String,
}

/// What is looked through besides the tables: name, one line.
pub type More<'a> = (&'a str, &'a str);

/// Hits that are given at most.
const MOST: usize = 12;

/// So many are shown although they are much less good than the best one.
const FEW: usize = 6;

/// A hit is worth showing if it is at least so good as the best one.
const WORTH: f64 = 0.3;

/// Words that say nothing.
const EMPTY: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from", "get", "go", "how",
    "i", "in", "is", "it", "its", "me", "my", "of", "on", "one", "or", "please", "show", "that", "the",
    "there", "this", "to", "use", "want", "was", "were", "what", "when", "where", "which", "with", "you",
];

/// Words that mean much the same here, as [`stem`] leaves them.
const SAME: &[&[&str]] = &[
    &["delet", "remov", "rm", "eras", "rmi"],
    &["copi", "cp"],
    &["chang", "differ", "diff", "modifi", "edit"],
    &["undo", "back", "revert", "rollback", "restor", "befor"],
    &["sav", "stor", "export", "writ"],
    &["load", "import", "open", "read"],
    &["pull", "download", "fetch"],
    &["push", "upload", "publish"],
    &["run", "start", "execut", "exec", "launch"],
    &["folder", "directori", "dir"],
    &["siz", "byt", "big", "larg", "spac"],
    &["wast", "vain", "useless", "hidden", "dive"],
    &["variabl", "env", "environ"],
    &["login", "password", "credential", "user"],
    &["keep", "commit", "build"],
    &["tim", "duration", "second", "fast", "slow", "long"],
    &["list", "ls", "ps", "all"],
    &["shell", "terminal", "interactiv", "bash"],
    &["tag", "nam", "referenc", "label"],
    &["problem", "error", "fail", "broken", "fsck"],
    &["test", "check", "assert"],
    &["compar", "experiment", "matrix", "variant"],
    &["teach", "lesson", "learn", "cours"],
    &["exit", "leav", "quit", "end", "stop"],
    &["mount", "volum"],
    &["port", "network", "internet"],
];

/// A text in which words are looked for, and what a word in it weighs.
struct Field(f64, String);

/// Something that can be found.
struct Topic {
    hit: Hit,
    fields: Vec<Field>,
    /// What one does comes before what one gets.
    worth: f64,
}

/// What has to do with `query`, best first.
#[must_use]
pub fn search(query: &str, more: &[More<'_>]) -> Vec<Hit> {
    let mut wanted: Vec<String> =
        words(query).filter(|word| !EMPTY.contains(&word.as_str())).map(|word| stem(&word)).collect();
    wanted.dedup();
    if wanted.is_empty() {
        return Vec::new();
    }
    let topics = topics(more);
    let indexed: Vec<Vec<(f64, Vec<String>)>> = topics
        .iter()
        .map(|topic| {
            let field =
                |Field(weight, text): &Field| (*weight, words(text).map(|word| stem(&word)).collect());
            topic.fields.iter().map(field).collect()
        })
        .collect();
    let best = |word: &str, fields: &[(f64, Vec<String>)]| {
        let weighed = fields.iter().map(|(weight, words)| {
            let fit = words.iter().map(|it| likeness(word, it)).fold(0.0, f64::max);
            weight * fit
        });
        weighed.fold(0.0, f64::max)
    };
    let mut scores = vec![(0.0_f64, 0_usize); topics.len()];
    for word in &wanted {
        let weights: Vec<f64> = indexed.iter().map(|fields| best(word, fields)).collect();
        let found = weights.iter().filter(|weight| **weight > 0.0).count();
        // What is everywhere says little.
        #[allow(clippy::cast_precision_loss)]
        let rare = (1.0 + topics.len() as f64 / (found as f64 + 1.0)).ln();
        for (score, weight) in scores.iter_mut().zip(weights) {
            if weight > 0.0 {
                *score = (score.0 + rare * weight, score.1 + 1);
            }
        }
    }
    #[allow(clippy::cast_precision_loss)]
    let share = |count: usize| count as f64 / wanted.len() as f64;
    let mut hits: Vec<(f64, Hit)> = scores
        .into_iter()
        .zip(topics)
        .filter(|((score, _), _)| *score > 0.0)
        .map(|((score, count), topic)| (score * share(count) * topic.worth, topic.hit))
        .collect();
    hits.sort_by(|left, right| right.0.total_cmp(&left.0).then_with(|| left.1.name.cmp(&right.1.name)));
    let best = hits.first().map_or(0.0, |(score, _)| *score);
    hits.into_iter()
        .enumerate()
        .take_while(|(place, (score, _))| *score >= best * if *place < FEW { WORTH / 3.0 } else { WORTH })
        .take(MOST)
        .map(|(_, (_, hit))| hit)
        .collect()
}

fn topics(more: &[More<'_>]) -> Vec<Topic> {
    let topic = |name: String, about: &str, fields: Vec<Field>| {
        let mut all = vec![Field(4.0, about.to_owned())];
        // Of `Change.size` the type is the lesser half.
        match name.split_once('.').filter(|(of, _)| !of.is_empty()) {
            Some((of, getter)) => all.extend([Field(3.0, of.to_owned()), Field(5.0, getter.to_owned())]),
            None => all.push(Field(6.0, name.clone())),
        }
        all.extend(fields);
        let worth = if verbs::find(&name).is_some() { 1.4 } else { 1.0 };
        Topic {
            worth,
            hit: Hit { name, about: about.lines().next().unwrap_or_default().to_owned() },
            fields: all,
        }
    };
    let mut all = Vec::new();
    let types = types::all();
    for verb in verbs::ALL {
        let options: String = verb.options.iter().map(|it| format!("{} {} ", it.name, it.doc)).collect();
        let examples: String = verb.examples.iter().map(|it| format!("{} ", it.about)).collect();
        // What it gives is a part of what it is asked for.
        let given = verb.overloads.last().map(|overload| overload.returns);
        let given =
            types.iter().filter(|info| info.list.or(Some(info.name)) == given || Some(info.name) == given);
        let given: String = given.flat_map(|info| &info.getters).map(|(_, doc)| format!("{doc} ")).collect();
        let fields = vec![
            Field(2.5, verb.doc.to_owned()),
            Field(1.5, options),
            Field(1.5, examples),
            Field(1.0, verb.group.title().to_owned()),
            Field(1.5, given),
        ];
        all.push(topic(verb.name.to_owned(), verb.summary, fields));
        for option in verb.options {
            let fields = vec![Field(1.0, verb.summary.to_owned())];
            all.push(topic(format!("{} {}:", verb.name, option.name), option.doc, fields));
        }
    }
    for info in &types {
        for (getter, doc) in &info.getters {
            all.push(topic(format!("{}.{getter}", info.name), doc, Vec::new()));
        }
    }
    for (method, arguments, doc) in list_methods::METHODS {
        all.push(topic(
            format!(".{method}{arguments}"),
            doc,
            vec![Field(1.0, "list lists items".to_owned())],
        ));
    }
    for (name, text) in STDLIB {
        all.push(topic((*name).to_owned(), &about(text), vec![Field(1.5, prose(&head(text)).to_owned())]));
        let alias = name.rsplit('/').next().unwrap_or(name);
        for member in members(text) {
            let first = member.doc.lines().next().unwrap_or_default().to_owned();
            all.push(topic(
                format!("{alias}::{}", member.name),
                &first,
                vec![Field(2.0, prose(&member.doc).to_owned())],
            ));
        }
    }
    for (name, about) in more {
        all.push(topic((*name).to_owned(), about, Vec::new()));
    }
    all.dedup_by(|left, right| left.hit.name == right.hit.name);
    all
}

/// The comment that a text begins with.
fn head(text: &str) -> String {
    text.lines().take_while(|line| line.starts_with("//")).flat_map(|line| [line, "\n"]).collect()
}

/// What a comment says before its first example.
fn prose(comment: &str) -> &str {
    comment.split("```").next().unwrap_or_default()
}

/// The words of a text, in small letters; parts of a name are words too.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// How like two stems are, from 0 to 1.
fn likeness(wanted: &str, word: &str) -> f64 {
    if wanted == word {
        return 1.0;
    }
    if SAME.iter().any(|group| group.contains(&wanted) && group.contains(&word)) {
        return 0.7;
    }
    let begins = |long: &str, short: &str| short.len() >= 4 && long.starts_with(short);
    if begins(word, wanted) || begins(wanted, word) { 0.5 } else { 0.0 }
}

/// A word without its ending: `changed`, `changes` and `change` are one.
fn stem(word: &str) -> String {
    let mut word = word.to_owned();
    let strip = |word: &mut String, ending: &str, least: usize| {
        let fits = word.len() >= least + ending.len() && word.ends_with(ending);
        if fits {
            word.truncate(word.len() - ending.len());
        }
        fits
    };
    if strip(&mut word, "ies", 2) || strip(&mut word, "ied", 2) {
        word.push('i');
        return word;
    }
    let cut = strip(&mut word, "ing", 3) || strip(&mut word, "ed", 3) || strip(&mut word, "es", 3);
    if !cut && !word.ends_with("ss") {
        strip(&mut word, "s", 2);
    }
    strip(&mut word, "e", 2);
    // `running`, `stopped`.
    let mut back = word.chars().rev();
    if let (Some(last), Some(before)) = (back.next(), back.next())
        && cut
        && last == before
        && !"ls".contains(last)
    {
        word.pop();
    }
    if word.len() > 2 && word.ends_with('y') {
        word.pop();
        word.push('i');
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn finds(query: &str, wanted: &[&str]) {
        let more =
            [(":undo", "back by a statement"), (":goto", "to the state after entry N"), (":quit", "leave")];
        let hits: Vec<String> = search(query, &more).into_iter().map(|hit| hit.name).collect();
        for name in wanted {
            assert!(hits.iter().take(8).any(|hit| hit == name), "{query}: no {name} in {hits:?}");
        }
    }

    #[test]
    fn words_find_what_they_mean() {
        finds("who changed file", &["diff"]);
        finds("what did the container change", &["diff"]);
        finds("delete image", &["rm"]);
        finds("copy a folder into a container", &["copy_in"]);
        finds("environment variable", &["run env:"]);
        finds("set working directory", &["run workdir:"]);
        finds("hidden bytes", &["waste"]);
        finds("download image", &["pull"]);
        finds("go back", &[":undo"]);
        finds("leave", &[":quit"]);
        finds("password registry", &["login"]);
        finds("exit code", &["Container.exit_code"]);
        finds("compare variants", &["std/experiment"]);
        finds("lesson", &["std/lesson"]);
        finds("filter items", &[".filter(|item| bool)"]);
        finds("keep changes as image", &["commit"]);
        finds("size of layers", &["layers", "Layer.size"]);
        finds("compress zstd", &["save compression:"]);
        finds("snapshot", &["snapshot"]);
        finds("timeout", &["run timeout:"]);
    }

    #[test]
    fn nothing_is_found_for_nothing() {
        for query in ["", "the of a", "xyzzy plugh", "???", "日本"] {
            assert_eq!(search(query, &[]), [], "{query}");
        }
        assert!(search("image", &[]).len() <= MOST);
    }

    #[test]
    fn endings_go() {
        for (words, stemmed) in [
            ("change changes changed changing", "chang"),
            ("file files", "fil"),
            ("copy copies copied", "copi"),
            ("run runs running", "run"),
            ("delete deleted deletes deleting", "delet"),
            ("process", "process"),
            ("is", "is"),
        ] {
            for word in words.split(' ') {
                assert_eq!(stem(word), stemmed, "{word}");
            }
        }
    }
}
