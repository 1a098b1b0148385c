//! `docker run` and `docker create`.

use super::code::{Options, array, call, literal};
use super::flags::{Flag, Given, read, switch, value};
use super::words::{Part, Word};
use super::{Answer, Verbs};
use crate::repl::quoted::quoted;

/// The flags that have a value, and the short ones; all others take none.
const FLAGS: &[Flag] = &[
    switch('i', "interactive"),
    switch('t', "tty"),
    switch('d', "detach"),
    switch('P', "publish-all"),
    switch('q', "quiet"),
    value('e', "env"),
    value(' ', "env-file"),
    value('v', "volume"),
    value(' ', "mount"),
    value('w', "workdir"),
    value('u', "user"),
    value('h', "hostname"),
    value(' ', "name"),
    value(' ', "entrypoint"),
    value(' ', "network"),
    value(' ', "net"),
    value('p', "publish"),
    value('l', "label"),
    value('a', "attach"),
    value('m', "memory"),
    value('c', "cpu-shares"),
    value(' ', "add-host"),
    value(' ', "cap-add"),
    value(' ', "cap-drop"),
    value(' ', "cgroup-parent"),
    value(' ', "cgroupns"),
    value(' ', "cidfile"),
    value(' ', "cpus"),
    value(' ', "cpuset-cpus"),
    value(' ', "cpuset-mems"),
    value(' ', "detach-keys"),
    value(' ', "device"),
    value(' ', "dns"),
    value(' ', "dns-search"),
    value(' ', "domainname"),
    value(' ', "expose"),
    value(' ', "gpus"),
    value(' ', "group-add"),
    value(' ', "health-cmd"),
    value(' ', "ip"),
    value(' ', "ipc"),
    value(' ', "isolation"),
    value(' ', "label-file"),
    value(' ', "link"),
    value(' ', "log-driver"),
    value(' ', "log-opt"),
    value(' ', "mac-address"),
    value(' ', "memory-swap"),
    value(' ', "network-alias"),
    value(' ', "pid"),
    value(' ', "pids-limit"),
    value(' ', "platform"),
    value(' ', "pull"),
    value(' ', "restart"),
    value(' ', "runtime"),
    value(' ', "security-opt"),
    value(' ', "shm-size"),
    value(' ', "stop-signal"),
    value(' ', "stop-timeout"),
    value(' ', "sysctl"),
    value(' ', "tmpfs"),
    value(' ', "ulimit"),
    value(' ', "userns"),
    value(' ', "uts"),
    value(' ', "volumes-from"),
];

/// The line for `docker run` (or `create`) with these words after it.
pub fn run(words: &[Word], has: Verbs<'_>) -> Answer {
    let given = read(words, FLAGS, true);
    let [image, command @ ..] = given.words.as_slice() else {
        return Answer::code("let c = run(base())")
            .note("`docker run` wants an image; `base()` is the one that Plywood makes from this machine's programs");
    };
    let mut notes = Vec::new();
    let mut options = options(&given, &mut notes);
    let detached = given.has("detach");
    let command = (!command.is_empty()).then(|| array(command));
    if command.is_some() && given.has("tty") && !detached {
        options.set("tty", "true");
    }
    let verb = if detached && has("start") { "start" } else { "run" };
    if detached && verb == "run" {
        notes.push("`run` waits for the end: Plywood has no background containers yet".to_owned());
    }
    if given.has("interactive") && !given.has("tty") && command.is_some() {
        notes.push("what the command reads is given with `stdin: \"…\"`".to_owned());
    }
    let mut answer =
        Answer::code(format!("let c = {}", call(verb, [Some(literal(image)), command, options.written()])));
    answer.notes = notes;
    answer
}

fn options(given: &Given, notes: &mut Vec<String>) -> Options {
    let mut options = Options::default();
    for (flag, value) in &given.flags {
        let off = value.is("false");
        match flag.as_str() {
            "interactive" | "tty" | "detach" | "quiet" | "sig-proxy" | "init" | "attach" => {}
            "env" => options.add("env", literal(value)),
            "volume" => options.add("volumes", literal(value)),
            "mount" => match mount(value) {
                Some(volume) => options.add("volumes", volume),
                None => notes.push("of `--mount` only `type=bind` is known here".to_owned()),
            },
            "workdir" => options.set("workdir", literal(value)),
            "user" => options.set("user", literal(value)),
            "hostname" => options.set("hostname", literal(value)),
            "name" => options.set("name", literal(value)),
            "rm" if !off => options.set("rm", "true"),
            "rm" => {}
            "entrypoint" if value.is("") => options.set("entrypoint", "[]"),
            "entrypoint" => options.set("entrypoint", literal(value)),
            "network" | "net" => network(value, &mut options, notes),
            "publish" | "publish-all" | "expose" => {
                notes.push("no ports to publish: the container uses the host's network".to_owned());
            }
            "env-file" => {
                notes.push("`--env-file`: give the variables with `env: #{ NAME: \"value\" }`".to_owned())
            }
            "privileged" | "cap-add" | "cap-drop" | "security-opt" | "device" | "gpus" | "userns" => {
                notes.push(format!(
                    "`{}` is left out: containers here have Docker's default rights, no more",
                    dashed(flag)
                ));
            }
            "memory" | "memory-swap" | "cpus" | "cpu-shares" | "pids-limit" | "ulimit" | "shm-size" => {
                notes.push(format!("`{}` is left out: there are no limits yet", dashed(flag)));
            }
            "restart" => notes.push("`--restart` is left out: a container here runs once".to_owned()),
            "tmpfs" | "read-only" | "volumes-from" => {
                notes.push(format!("`{}` is left out: Plywood has none", dashed(flag)))
            }
            // They change nothing that one would see here.
            "platform" | "pull" | "label" | "label-file" | "log-driver" | "log-opt" | "no-healthcheck"
            | "stop-signal" | "stop-timeout" | "detach-keys" | "cidfile" => {}
            _ => notes.push(format!("`{}` is left out: Plywood does not know it", dashed(flag))),
        }
    }
    options
}

fn dashed(flag: &str) -> String {
    if flag.chars().count() == 1 { format!("-{flag}") } else { format!("--{flag}") }
}

fn network(value: &Word, options: &mut Options, notes: &mut Vec<String>) {
    match value.text() {
        Some("none") => options.set("network", quoted("none")),
        Some("host") => options.set("network", quoted("host")),
        _ => {
            notes.push("a container here has the host's network, or none with `network: \"none\"`".to_owned())
        }
    }
}

/// `type=bind,source=/a,target=/b,readonly` as `"/a:/b:ro"`.
fn mount(value: &Word) -> Option<String> {
    let (mut source, mut target, mut read_only) = (None, None, false);
    let mut bind = true;
    for field in fields(value) {
        let head = field.head().to_owned();
        let (key, value) = match head.find('=') {
            Some(at) => (&head[..at], field.skip(at + 1)),
            None => (head.as_str(), Word::plain("true")),
        };
        match key {
            "type" => bind = value.is("bind"),
            "source" | "src" => source = Some(value),
            "target" | "destination" | "dst" => target = Some(value),
            "readonly" | "ro" => read_only = !value.is("false"),
            _ => {}
        }
    }
    let (source, target) = (source.filter(|_| bind)?, target?);
    let mut parts = source.0;
    parts.push(Part::Text(":".to_owned()));
    parts.extend(target.0);
    if read_only {
        parts.push(Part::Text(":ro".to_owned()));
    }
    let joined = parts.into_iter().fold(Word::default(), |mut word, part| {
        match (word.0.last_mut(), part) {
            (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
            (_, part) => word.0.push(part),
        }
        word
    });
    Some(literal(&joined))
}

/// The pieces of a word between its commas.
fn fields(word: &Word) -> Vec<Word> {
    let mut fields = vec![Word::default()];
    for part in &word.0 {
        let Part::Text(text) = part else {
            if let Some(last) = fields.last_mut() {
                last.0.push(part.clone());
            }
            continue;
        };
        for (index, piece) in text.split(',').enumerate() {
            if index > 0 {
                fields.push(Word::default());
            }
            if let Some(last) = fields.last_mut().filter(|_| !piece.is_empty()) {
                last.0.push(Part::Text(piece.to_owned()));
            }
        }
    }
    fields
}
