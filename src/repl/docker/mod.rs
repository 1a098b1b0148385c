//! Docker's words: a pasted `docker …` line is answered with the Plywood line, flags and all.
//!
//! Pure: text in, text out. Nothing is run, because a person who pastes a line of another program
//! should see what it means here before it happens.

mod code;
mod container;
mod flags;
mod image;
mod pipe;
mod run;
mod words;

use words::{Command, Part, Word};

/// The answer to a pasted line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Plywood's lines; empty where it has none for it.
    pub code: Vec<String>,
    /// What to say beside them.
    pub notes: Vec<String>,
}

impl Answer {
    fn code(line: impl Into<String>) -> Self {
        Self { code: vec![line.into()], notes: Vec::new() }
    }

    fn only(note: impl Into<String>) -> Self {
        Self { code: Vec::new(), notes: vec![note.into()] }
    }

    fn note(mut self, note: impl Into<String>) -> Self {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
        self
    }

    fn append(&mut self, other: Self) {
        self.code.extend(other.code);
        for note in other.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }
}

/// Programs whose words these are.
const CLIENTS: &[&str] = &["docker", "podman", "nerdctl"];

/// Which verbs this build of Plywood has.
pub type Verbs<'a> = &'a dyn Fn(&str) -> bool;

/// The answer to `line`, if it is one of Docker's; `has` says which verbs there are.
#[must_use]
pub fn answer(line: &str, has: Verbs<'_>) -> Option<Answer> {
    let line = unwrapped(line);
    let commands = words::commands(line);
    let first = commands.first()?;
    subcommand(first).or_else(|| dive(first))?;

    let mut answer = Answer::default();
    let mut commands = commands.iter().peekable();
    while let Some(command) = commands.next() {
        let mut one = match (subcommand(command), dive(command)) {
            (Some(words), _) => docker(words, command, has),
            (None, Some(words)) => image::dive(words, has),
            (None, None) => {
                super::shell::hint(&shown(command), has).map_or_else(Answer::default, Answer::only)
            }
        };
        let mut piped = command.piped;
        while piped {
            let Some(next) = commands.next_if(|next| subcommand(next).is_none()) else { break };
            pipe::apply(&mut one, next);
            piped = next.piped;
        }
        answer.append(one);
    }
    Some(answer)
}

/// Whether `text` begins as one of Docker's lines does.
#[must_use]
pub fn looks_like(text: &str) -> bool {
    words::commands(unwrapped(text))
        .first()
        .is_some_and(|first| subcommand(first).is_some() || dive(first).is_some())
}

/// The line without what a web page or a terminal puts around it: `` `…`{{execute T1}} ``, `$ `, `# `.
fn unwrapped(line: &str) -> &str {
    let mut line = line.trim();
    line = line.strip_prefix("- ").unwrap_or(line).trim_start();
    if let Some(at) = line.find("{{").filter(|_| line.ends_with("}}")) {
        line = line[..at].trim_end();
    }
    if let Some(inside) = line.strip_prefix('`').and_then(|line| line.strip_suffix('`')) {
        line = inside.trim();
    }
    ["$ ", "# ", "% ", "> "]
        .iter()
        .find_map(|prompt| line.strip_prefix(prompt))
        .or_else(|| after_prompt(line))
        .unwrap_or(line)
        .trim()
}

/// What follows `root@host:~# ` or `[me@host dir]$ `.
fn after_prompt(line: &str) -> Option<&str> {
    let end = line.find(['$', '#'])?;
    let (prompt, rest) = line.split_at(end);
    let plain = |char: char| char.is_alphanumeric() || "@:~/.-_[] ".contains(char);
    (prompt.contains('@') && prompt.chars().all(plain)).then(|| rest[1..].strip_prefix(' '))?
}

/// The words after `docker`, without its global flags; `sudo` and `NAME=value` before it are passed.
fn subcommand(command: &Command) -> Option<&[Word]> {
    let mut words = command.words.as_slice();
    while let [first, rest @ ..] = words {
        let head = first.head();
        let assignment = head.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
        });
        if !(first.is("sudo") || first.is("time") || assignment) {
            break;
        }
        words = rest;
    }
    let [first, rest @ ..] = words else { return None };
    let program = first.text()?.rsplit('/').next()?;
    if !CLIENTS.contains(&program) {
        return None;
    }
    let mut rest = rest;
    while let [flag, after @ ..] = rest {
        let text = flag.head();
        if !text.starts_with('-') {
            break;
        }
        let valued = matches!(text, "-H" | "--host" | "-c" | "--context" | "--config" | "-l" | "--log-level");
        rest = if valued { after.get(1..).unwrap_or_default() } else { after };
    }
    Some(rest)
}

fn dive(command: &Command) -> Option<&[Word]> {
    match command.words.as_slice() {
        [first, rest @ ..] if first.is("dive") => Some(rest),
        [sudo, first, rest @ ..] if sudo.is("sudo") && first.is("dive") => Some(rest),
        _ => None,
    }
}

/// The words of a command as text, for messages.
fn shown(command: &Command) -> String {
    command.words.iter().map(|word| word.text().unwrap_or("…")).collect::<Vec<_>>().join(" ")
}

fn docker(words: &[Word], command: &Command, has: Verbs<'_>) -> Answer {
    let [first, rest @ ..] = words else {
        return Answer::only("Plywood is here instead of a `docker` command: `:help` lists its verbs");
    };
    let name = first.text().unwrap_or_default();
    match (name, rest) {
        ("container", [verb, rest @ ..]) => {
            container::answer(verb.text().unwrap_or_default(), rest, command, has)
        }
        ("image", [verb, rest @ ..]) => image::answer(verb.text().unwrap_or_default(), rest, command, has),
        ("container", []) => Answer::code("containers()"),
        ("image", []) => Answer::code("images()"),
        ("system", [verb, ..]) if verb.is("prune") => prune(),
        ("system", [verb, ..]) if verb.is("df") => Answer::code("images().sum(\"size\")")
            .note("bytes of all images; `prune()` removes what nothing needs"),
        ("info" | "version" | "system", _) => Answer::code("doctor()").note("what this machine allows"),
        ("login" | "logout", _) => registry(has),
        ("search", _) => Answer::only("Plywood does not search a registry; the names are on its web page"),
        ("compose" | "stack" | "service" | "swarm" | "node" | "secret" | "config", _) => Answer::only(
            format!("Plywood has no `{name}`: it runs one container at a time, to look at what that changes"),
        ),
        ("network", _) => Answer::only(
            "Plywood has no networks of its own: a container has the host's, or none with `#{ network: \"none\" }`",
        ),
        ("volume", _) => Answer::only(
            "Plywood has no volumes of its own: `run(image, command, #{ volumes: \"/host/folder:/inside\" })` shows a folder of the host",
        ),
        ("builder" | "buildx" | "buildah" | "bake", _) => image::build(),
        ("help", _) => Answer::code("help()"),
        ("rmi", rest) => image::answer("rm", rest, command, has),
        ("images", rest) => image::answer("ls", rest, command, has),
        ("build" | "history" | "import" | "load" | "pull" | "push" | "save" | "tag", rest) => {
            image::answer(name, rest, command, has)
        }
        ("inspect", rest) => image::inspect(rest, None),
        _ => container::answer(name, rest, command, has),
    }
}

fn prune() -> Answer {
    Answer::code("prune()")
        .note("it takes only what no image and no container needs; `rm(containers())` removes those first")
}

fn registry(has: Verbs<'_>) -> Answer {
    if has("push") {
        Answer::only(
            "Plywood uses the credentials that `docker login` or `podman login` left on this machine",
        )
    } else {
        Answer::only(
            "Plywood does not talk to a registry yet: `load(\"FILE.tar\")` reads what `docker save` or `skopeo copy` wrote",
        )
    }
}

/// The containers that a word names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Named {
    /// One, as an expression.
    One(String),
    /// All that a listing gives, as an expression.
    Many(String),
}

impl Named {
    fn expression(&self) -> &str {
        match self {
            Self::One(code) | Self::Many(code) => code,
        }
    }
}

/// `$(docker ps -lq)` is `last()`, `$(docker ps -aq)` is `containers()`, a name `container("name")`.
fn container_named(word: &Word) -> Named {
    match word.0.as_slice() {
        [Part::Output(inside)] => listing(inside).unwrap_or_else(|| Named::One("last()".to_owned())),
        // What a shell keeps in a variable, a script keeps in one, too.
        [Part::Variable(_)] => Named::One("c".to_owned()),
        _ => Named::One(format!("container({})", code::literal(word))),
    }
}

/// What a listing command in `$(…)` gives.
fn listing(inside: &str) -> Option<Named> {
    let commands = words::commands(inside);
    let words = subcommand(commands.first()?)?;
    let (images, rest) = match words {
        [group, verb, rest @ ..]
            if group.is("container") && ["ls", "ps", "list"].iter().any(|name| verb.is(name)) =>
        {
            (false, rest)
        }
        [group, verb, rest @ ..] if group.is("image") && ["ls", "list"].iter().any(|name| verb.is(name)) => {
            (true, rest)
        }
        [verb, rest @ ..] if verb.is("ps") => (false, rest),
        [verb, rest @ ..] if verb.is("images") => (true, rest),
        _ => return None,
    };
    if images {
        let name = flags::read(rest, image::LIST_FLAGS, false).words.into_iter().next();
        return Some(match name {
            Some(name) => Named::One(format!("image({})", code::literal(&name))),
            None => Named::Many("images()".to_owned()),
        });
    }
    let given = flags::read(rest, container::LIST_FLAGS, false);
    let latest = given.has("latest") || given.last("last").is_some_and(|count| count.is("1"));
    Some(if latest { Named::One("last()".to_owned()) } else { Named::Many("containers()".to_owned()) })
}

#[cfg(test)]
mod tests;
