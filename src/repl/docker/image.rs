//! What Docker does with images.

use super::code::{Options, call, literal};
use super::flags::{Flag, read, switch, value};
use super::words::{Command, Part, Word};
use super::{Answer, Named, Verbs, container_named, prune, registry};
use crate::repl::quoted::quoted;

/// Flags of `docker images`.
pub const LIST_FLAGS: &[Flag] = &[
    switch('a', "all"),
    switch('q', "quiet"),
    switch(' ', "no-trunc"),
    switch(' ', "digests"),
    value('f', "filter"),
    value(' ', "format"),
];

const REMOVE_FLAGS: &[Flag] = &[switch('f', "force"), switch(' ', "no-prune")];
const HISTORY_FLAGS: &[Flag] =
    &[switch('H', "human"), switch('q', "quiet"), switch(' ', "no-trunc"), value(' ', "format")];
const SAVE_FLAGS: &[Flag] = &[value('o', "output"), value(' ', "platform"), value(' ', "format")];
const LOAD_FLAGS: &[Flag] = &[value('i', "input"), switch('q', "quiet"), value(' ', "platform")];
const IMPORT_FLAGS: &[Flag] = &[value('c', "change"), value('m', "message"), value(' ', "platform")];
const PULL_FLAGS: &[Flag] = &[switch('a', "all-tags"), switch('q', "quiet"), value(' ', "platform")];
const INSPECT_FLAGS: &[Flag] = &[value('f', "format"), value(' ', "type"), switch('s', "size")];

/// The answer to `docker image VERB WORDS…`.
pub fn answer(verb: &str, words: &[Word], command: &Command, has: Verbs<'_>) -> Answer {
    match verb {
        "ls" | "list" => list(words),
        "history" => of_each(words, HISTORY_FLAGS, |image| Answer::code(format!("history({image})"))),
        "inspect" => inspect(words, Some("image")),
        "rm" | "remove" => remove(words),
        "tag" => tag(words),
        "save" => save(words, command),
        "load" => load(words, command),
        "import" => import(words, command),
        "pull" => pull(words, has),
        "push" => push(words, has),
        "build" => build(),
        "prune" => prune(),
        "" => Answer::code("images()"),
        other => {
            Answer::only(format!("Plywood does not know `docker image {other}`; `:help` lists its verbs"))
        }
    }
}

/// `dive IMAGE`, the image analyser.
pub fn dive(words: &[Word], has: Verbs<'_>) -> Answer {
    let given = read(words, &[value(' ', "source"), value('j', "json"), switch(' ', "ci")], false);
    let image = given.words.last().map_or_else(|| "v1".to_owned(), literal);
    let mut answer =
        Answer { code: vec![format!("layers({image})"), format!("waste({image})")], notes: Vec::new() };
    if has("explore") {
        answer.code.push(format!("explore({image})"));
    }
    answer
        .note("`layers(image)[1].files` lists a layer's files, `waste` says which bytes are hidden, by whom")
}

/// `docker build` and its relatives.
pub fn build() -> Answer {
    Answer {
        code: vec![
            "let c = run(base(), \"the first RUN\").run(\"the next RUN\")".to_owned(),
            "commit(c, \"name:tag\", #{ change: [\"CMD [\\\"sh\\\"]\", \"ENV A=1\"] })".to_owned(),
        ],
        notes: vec![
            "Plywood reads no Dockerfile: a script runs the steps, `change` takes the other instructions"
                .to_owned(),
        ],
    }
}

/// `docker inspect`, of an image or a container or what has the name.
pub fn inspect(words: &[Word], what: Option<&str>) -> Answer {
    let given = read(words, INSPECT_FLAGS, false);
    let what = what.or_else(|| given.last("type").and_then(Word::text));
    let mut answer = Answer::default();
    for word in &given.words {
        let thing = match (what, word.0.as_slice()) {
            (_, [Part::Output(_) | Part::Variable(_)]) | (Some("container"), _) => {
                container_named(word).expression().to_owned()
            }
            _ => literal(word),
        };
        answer.append(Answer::code(format!("inspect({thing})")));
    }
    if given.words.is_empty() {
        answer = Answer::code("inspect(last())");
    }
    if given.last("format").is_some() {
        return answer.note("it is a value: take what you want of it, as in `image(\"NAME\").config.Cmd`");
    }
    answer
}

fn of_each(words: &[Word], known: &[Flag], line: impl Fn(String) -> Answer) -> Answer {
    let given = read(words, known, false);
    let mut answer = Answer::default();
    for word in &given.words {
        answer.append(line(image_named(word).expression().to_owned()));
    }
    if given.words.is_empty() {
        return line("v1".to_owned()).note("the argument is an image or its name");
    }
    answer
}

/// `$(docker images -q NAME)` is that image, everything else a text.
fn image_named(word: &Word) -> Named {
    match word.0.as_slice() {
        [Part::Output(inside)] => super::listing(inside).unwrap_or_else(|| Named::One("v1".to_owned())),
        [Part::Variable(_)] => Named::One("v1".to_owned()),
        _ => Named::One(literal(word)),
    }
}

fn list(words: &[Word]) -> Answer {
    let given = read(words, LIST_FLAGS, false);
    if let Some(name) = given.words.first() {
        return Answer::code(format!("image({})", literal(name)));
    }
    let answer = Answer::code(if given.has("quiet") { "images().map(\"id\")" } else { "images()" });
    if given.last("filter").is_some() || given.last("format").is_some() {
        return answer.note(
            "filters and formats are closures: `images().filter(|i| i.size > 1_000_000).map(|i| i.id)`",
        );
    }
    answer
}

fn remove(words: &[Word]) -> Answer {
    let given = read(words, REMOVE_FLAGS, false);
    let force = given.has("force").then(|| "#{ force: true }".to_owned());
    if given.words.is_empty() {
        return Answer::code("rm(\"name:tag\")");
    }
    let mut answer = Answer::default();
    for word in &given.words {
        let image = image_named(word).expression().to_owned();
        answer.append(Answer::code(call("rm", [Some(image), force.clone()])));
    }
    answer
}

fn tag(words: &[Word]) -> Answer {
    match read(words, &[], false).words.as_slice() {
        [from, to] => Answer::code(format!("tag({}, {})", image_named(from).expression(), literal(to))),
        _ => Answer::code("tag(image, \"name:tag\")"),
    }
}

/// The target of a `save`: podman's formats are the layout's.
fn save(words: &[Word], command: &Command) -> Answer {
    let given = read(words, SAVE_FLAGS, false);
    let kind = match given.last("format").and_then(Word::text) {
        Some("oci-archive") => "oci-archive:",
        Some("oci-dir") => "oci:",
        _ => "docker-archive:",
    };
    let mut file =
        given.last("output").or(command.output.as_ref()).cloned().unwrap_or_else(|| Word::plain("image.tar"));
    match file.0.first_mut() {
        Some(Part::Text(text)) => text.insert_str(0, kind),
        _ => file.0.insert(0, Part::Text(kind.to_owned())),
    }
    let images: Vec<String> =
        given.words.iter().map(|word| image_named(word).expression().to_owned()).collect();
    let images = match images.as_slice() {
        [] => "image".to_owned(),
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    Answer::code(format!("save({images}, {})", literal(&file)))
}

fn load(words: &[Word], command: &Command) -> Answer {
    let given = read(words, LOAD_FLAGS, false);
    let file = given.last("input").or(command.input.as_ref()).or(given.words.first());
    Answer::code(format!("load({})", file.map_or_else(|| quoted("image.tar"), literal)))
}

fn import(words: &[Word], command: &Command) -> Answer {
    let given = read(words, IMPORT_FLAGS, false);
    let mut words = given.words.iter();
    let source = words.next().filter(|word| !word.is("-")).or(command.input.as_ref());
    let reference = words.next().map_or_else(|| quoted("name:tag"), literal);
    let mut options = Options::default();
    for (flag, value) in &given.flags {
        match flag.as_str() {
            "change" => options.add("change", literal(value)),
            "message" => options.set("message", literal(value)),
            _ => {}
        }
    }
    let answer = Answer::code(call(
        "rootfs",
        [Some(source.map_or_else(|| quoted("tree.tar"), literal)), Some(reference), options.written()],
    ));
    if source.is_some_and(|word| word.head().contains("://")) {
        return answer.note("the source is a tar or a folder of this machine: fetch it first");
    }
    answer
}

fn pull(words: &[Word], has: Verbs<'_>) -> Answer {
    let given = read(words, PULL_FLAGS, false);
    let name = given.words.first().map_or_else(|| quoted("name:tag"), literal);
    if has("pull") {
        return Answer::code(format!("pull({name})"));
    }
    let mut answer = Answer::code(format!("image({name})"));
    answer.append(registry(has));
    answer
}

fn push(words: &[Word], has: Verbs<'_>) -> Answer {
    let given = read(words, PULL_FLAGS, false);
    let name = given.words.first().map_or_else(|| quoted("name:tag"), literal);
    if has("push") {
        return Answer::code(format!("push({name}, {name})"));
    }
    Answer::code(format!("save({name}, \"oci-archive:image.tar\")"))
        .note("Plywood does not talk to a registry yet: other tools push what `save` wrote")
}
