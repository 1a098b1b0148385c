//! What Docker does with containers.

use super::code::{Options, array, call, literal};
use super::flags::{Flag, Given, read, switch, value};
use super::words::{Command, Word};
use super::{Answer, Named, Verbs, container_named, image, prune, run};

/// Flags of `docker ps`.
pub const LIST_FLAGS: &[Flag] = &[
    switch('a', "all"),
    switch('l', "latest"),
    switch('q', "quiet"),
    switch('s', "size"),
    switch(' ', "no-trunc"),
    value('n', "last"),
    value('f', "filter"),
    value(' ', "format"),
];

const COMMIT_FLAGS: &[Flag] = &[
    value('m', "message"),
    value('a', "author"),
    value('c', "change"),
    switch('p', "pause"),
    switch('q', "quiet"),
];

const REMOVE_FLAGS: &[Flag] = &[switch('f', "force"), switch('v', "volumes"), switch('l', "link")];

const EXEC_FLAGS: &[Flag] = &[
    switch('i', "interactive"),
    switch('t', "tty"),
    switch('d', "detach"),
    value('e', "env"),
    value('w', "workdir"),
    value('u', "user"),
    value(' ', "env-file"),
    value(' ', "detach-keys"),
];

const OTHER_FLAGS: &[Flag] = &[
    switch('a', "attach"),
    switch('i', "interactive"),
    switch('f', "follow"),
    switch('t', "timestamps"),
    value('n', "tail"),
    value(' ', "since"),
    value(' ', "until"),
    value('s', "signal"),
    value(' ', "time"),
    value('o', "output"),
];

/// The answer to `docker container VERB WORDS…`, or to `docker VERB WORDS…`.
pub fn answer(verb: &str, words: &[Word], command: &Command, has: Verbs<'_>) -> Answer {
    match verb {
        "run" => run::run(words, has),
        "create" => run::run(words, has).note("`run` makes the container and runs it in one step"),
        "diff" => of_each(words, &[], |given, c| Answer::code(call("diff", [Some(c), filter(given)]))),
        "commit" => commit(words),
        "ps" | "ls" | "list" => list(words),
        "inspect" => image::inspect(words, Some("container")),
        "rm" | "remove" => remove(words),
        "cp" | "copy" => copy(words),
        "exec" => exec(words, has),
        "start" | "restart" => of_each(words, OTHER_FLAGS, |_, c| {
            Answer::code(format!("let c = run({c})"))
                .note("`run` of a container runs its command once more in the same files")
        }),
        "attach" => Answer::only(
            "`run` without a command has the terminal from the beginning: there is nothing to attach to",
        ),
        "logs" => logs(words, has),
        "wait" if has("wait") => of_each(words, OTHER_FLAGS, |_, c| Answer::code(format!("wait({c})"))),
        "stop" if has("stop") => of_each(words, OTHER_FLAGS, |_, c| Answer::code(format!("stop({c})"))),
        "kill" if has("kill") => of_each(words, OTHER_FLAGS, |given, c| {
            Answer::code(call("kill", [Some(c), given.last("signal").map(literal)]))
        }),
        "wait" => Answer::only("`run` waits by itself: `run(…).exit_code` is what `docker wait` prints"),
        "stop" | "kill" => Answer::only(
            "nothing runs while the prompt is there: Ctrl-C ends a command that runs, `exit` ends a container's shell",
        ),
        "export" => export(words, command),
        "prune" => prune(),
        "top" | "stats" | "port" | "pause" | "unpause" | "rename" | "update" => Answer::only(format!(
            "Plywood has no `{verb}`: its containers run while you watch, and then `diff`, `commit` and `layers` look at what they left"
        )),
        "" => Answer::only("`:help` lists Plywood's verbs"),
        other => Answer::only(format!("Plywood does not know `docker {other}`; `:help` lists its verbs")),
    }
}

/// `diff` takes nothing more.
const fn filter(_given: &Given) -> Option<String> {
    None
}

/// One line a container; none named: the last one.
fn of_each(words: &[Word], known: &[Flag], line: impl Fn(&Given, String) -> Answer) -> Answer {
    let given = read(words, known, false);
    let mut answer = Answer::default();
    if given.words.is_empty() {
        return line(&given, "last()".to_owned());
    }
    for word in &given.words {
        let mut one = match container_named(word) {
            Named::One(code) => line(&given, code),
            Named::Many(code) => {
                let mut one = line(&given, "c".to_owned());
                for code_line in &mut one.code {
                    *code_line = format!("for c in {code} {{ {code_line} }}");
                }
                one
            }
        };
        one.code.retain(|code| !answer.code.contains(code));
        answer.append(one);
    }
    answer
}

fn commit(words: &[Word]) -> Answer {
    let given = read(words, COMMIT_FLAGS, false);
    let container = given
        .words
        .first()
        .map_or_else(|| "last()".to_owned(), |word| container_named(word).expression().to_owned());
    let mut options = Options::default();
    for (flag, value) in &given.flags {
        match flag.as_str() {
            "message" => options.set("message", literal(value)),
            "author" => options.set("author", literal(value)),
            "change" => options.add("change", literal(value)),
            "pause" if value.is("false") => options.set("pause", "false"),
            _ => {}
        }
    }
    let reference = given.words.get(1).map_or_else(|| "\"\"".to_owned(), literal);
    let answer = Answer::code(format!(
        "let v1 = {}",
        call("commit", [Some(container), Some(reference), options.written()])
    ));
    if given.words.len() < 2 {
        return answer.note("the second argument is the new image's name, such as \"training:v1\"");
    }
    answer
}

fn list(words: &[Word]) -> Answer {
    let given = read(words, LIST_FLAGS, false);
    if given.has("latest") || given.last("last").is_some_and(|count| count.is("1")) {
        return Answer::code("last()");
    }
    let mut code = "containers()".to_owned();
    if let Some(count) = given.last("last").and_then(Word::text).filter(|text| text.parse::<u32>().is_ok()) {
        code.push_str(&format!(".take({count})"));
    }
    if given.has("quiet") {
        code.push_str(".map(\"id\")");
    }
    let answer = Answer::code(code);
    if given.all("filter").next().is_some() {
        return answer.note("a filter is a closure: `containers().filter(|c| c.exit_code == 0)`");
    }
    if given.all("format").next().is_some() {
        return answer.note("a format is a closure: `containers().map(|c| c.name)`");
    }
    answer
}

fn remove(words: &[Word]) -> Answer {
    let given = read(words, REMOVE_FLAGS, false);
    let force = given.has("force").then(|| "#{ force: true }".to_owned());
    if given.words.is_empty() {
        return Answer::code(call("rm", [Some("last()".to_owned()), force]));
    }
    let mut answer = Answer::default();
    for word in &given.words {
        let code = container_named(word).expression().to_owned();
        answer.append(Answer::code(call("rm", [Some(code), force.clone()])));
    }
    answer
}

fn copy(words: &[Word]) -> Answer {
    let given =
        read(words, &[switch('a', "archive"), switch('L', "follow-link"), switch('q', "quiet")], false);
    let [from, to] = given.words.as_slice() else {
        return Answer::code("c.copy_in(\"file\", \"/inside\")")
            .note("and `c.copy_out(\"/inside\", \"file\")` the other way");
    };
    match (inside(from), inside(to)) {
        (Some((c, path)), None) => Answer::code(format!("{c}.copy_out({}, {})", literal(&path), literal(to))),
        (None, Some((c, path))) => {
            Answer::code(format!("{c}.copy_in({}, {})", literal(from), literal(&path)))
        }
        _ => Answer::only(
            "one side of `docker cp` is `CONTAINER:PATH`: here `c.copy_in(\"file\", \"/inside\")` or `c.copy_out(\"/inside\", \"file\")`",
        ),
    }
}

/// `NAME:/path` as the container and the path; a path of the host has a `/` before any colon.
fn inside(word: &Word) -> Option<(String, Word)> {
    let colon = word.0.iter().enumerate().find_map(|(part, it)| match it {
        super::words::Part::Text(text) => text.find(':').map(|at| (part, at)),
        _ => None,
    })?;
    let (part, at) = colon;
    let mut name = Word(word.0[..part].to_vec());
    let super::words::Part::Text(text) = &word.0[part] else { return None };
    if at > 0 {
        name.0.push(super::words::Part::Text(text[..at].to_owned()));
    }
    if name.0.is_empty() || name.head().contains('/') || name.head().starts_with('.') {
        return None;
    }
    let mut path = Word(word.0[part..].to_vec());
    path = path.skip(at + 1);
    Some((container_named(&name).expression().to_owned(), path))
}

fn exec(words: &[Word], has: Verbs<'_>) -> Answer {
    let given = read(words, EXEC_FLAGS, true);
    let [container, command @ ..] = given.words.as_slice() else {
        return Answer::code("run(c, \"command\")")
            .note("`run` of a container runs one command more in the same files");
    };
    let mut options = Options::default();
    for (flag, value) in &given.flags {
        match flag.as_str() {
            "env" => options.add("env", literal(value)),
            "workdir" => options.set("workdir", literal(value)),
            "user" => options.set("user", literal(value)),
            _ => {}
        }
    }
    if given.has("tty") && !command.is_empty() {
        options.set("tty", "true");
    }
    let container = container_named(container).expression().to_owned();
    let command = (!command.is_empty()).then(|| array(command));
    if has("exec") && given.has("detach") {
        return Answer::code(call("exec", [Some(container), command, options.written()]));
    }
    Answer::code(call("run", [Some(container), command, options.written()]))
        .note("`run` of a container runs one command more in the same files")
}

fn logs(words: &[Word], has: Verbs<'_>) -> Answer {
    if has("logs") {
        return of_each(words, OTHER_FLAGS, |_, c| Answer::code(format!("logs({c})")));
    }
    Answer::code("c.stdout").note("`let c = run(…)` keeps the output: `c.stdout` and `c.stderr`")
}

fn export(words: &[Word], command: &Command) -> Answer {
    let given = read(words, OTHER_FLAGS, false);
    let container = given
        .words
        .first()
        .map_or_else(|| "last()".to_owned(), |word| container_named(word).expression().to_owned());
    let file = given
        .last("output")
        .or(command.output.as_ref())
        .map_or_else(|| "tree.tar".to_owned(), |word| word.text().unwrap_or("tree.tar").to_owned());
    Answer::code(format!("save(commit({container}, \"exported:latest\"), \"docker-archive:{file}\")"))
        .note("`docker export` writes a bare file tree; Plywood writes images, and `c.copy_out(\"/path\", \"file\")` copies single files")
}
