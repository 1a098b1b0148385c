//! `run`.

use std::sync::Arc;

use rhai::Dynamic;

use super::parameters::{OPTIONS, SUBJECT};
use super::{Completes, Example, Group, Kind, Needs, Opt, Overload, Param, Takes, Verb};
use crate::workbench::{RunOptions, Stream};

const COMMAND: Param =
    Param { name: "command", kinds: &[Kind::Text, Kind::Array], completes: Completes::Program };

/// The entry.
pub static VERB: Verb = Verb {
    name: "run",
    group: Group::Containers,
    summary: "run a command, or a shell at a terminal, in a fresh container or once more in the same one",
    doc: "\
Of an image: a fresh container. Of a container: once more, on the same files, so that steps can be
chained. A text is run by `/bin/sh -c` in place of the entrypoint; an array is appended to the
image's entrypoint, as Docker does. Without a command the image's own one is run, and at a terminal
it gets the screen and the keyboard.

With a command the output is captured: `stdout`, `stderr`, `exit_code` and `duration` belong to the
run that gave the value. A command that ends non-zero is an error of kind `exit`, with `exit_code`,
`stderr` and `container`, unless `check: false`. Standard input is empty unless `stdin` is given.",
    overloads: &[
        Overload { params: &[SUBJECT], returns: "Container" },
        Overload { params: &[SUBJECT, COMMAND], returns: "Container" },
        Overload { params: &[SUBJECT, OPTIONS], returns: "Container" },
        Overload { params: &[SUBJECT, COMMAND, OPTIONS], returns: "Container" },
    ],
    options: &[
        opt("check", Takes::Bool, "a non-zero exit is an error; true unless said otherwise"),
        opt("stream", Takes::Bool, "show the output as it comes; true at the prompt, false in scripts"),
        opt("tty", Takes::Bool, "give it the terminal and the keyboard, also with a command"),
        Opt {
            name: "env",
            takes: Takes::Environment,
            doc: "variables; a name without a value copies the caller's",
            completes: Completes::Environment,
        },
        Opt {
            name: "workdir",
            takes: Takes::Text,
            doc: "working directory, made if missing",
            completes: Completes::InnerPath,
        },
        opt("user", Takes::Text, "user or uid, `USER:GROUP` for both"),
        Opt {
            name: "name",
            takes: Takes::Text,
            doc: "the container's name; two words at random otherwise",
            completes: Completes::Nothing,
        },
        opt("hostname", Takes::Text, "the container's host name"),
        Opt {
            name: "volumes",
            takes: Takes::Texts,
            doc: "folders or files of the host: `HOST:CONTAINER[:ro]`",
            completes: Completes::Volume,
        },
        opt("rm", Takes::Bool, "remove the container afterwards; the value keeps its output"),
        Opt {
            name: "entrypoint",
            takes: Takes::Texts,
            doc: "instead of the image's",
            completes: Completes::Program,
        },
        Opt {
            name: "network",
            takes: Takes::Text,
            doc: "`host` (the default) or `none`",
            completes: Completes::OneOf(&["host", "none"]),
        },
        opt("stdin", Takes::Bytes, "what the command reads"),
        opt("timeout", Takes::Duration, "end it after so many seconds, or `\"1m30s\"`"),
        opt("wait", Takes::Bool, "wait for another process that uses the container, instead of failing"),
    ],
    examples: &[
        Example {
            about: "a command's output",
            code: r#"run(base(), "echo hello").stdout"#,
            needs: Needs::Engine,
        },
        Example {
            about: "several steps in one container",
            code: r#"base().run("echo one > /a").run("echo two >> /a").read("/a")"#,
            needs: Needs::Engine,
        },
        Example {
            about: "no shell, a variable, and the exit code as a value",
            code: r#"run(base(), ["sh", "-c", "exit $CODE"], #{ env: #{ CODE: 3 }, check: false }).exit_code"#,
            needs: Needs::Engine,
        },
    ],
    call: |call| {
        let subject = call.subject(0)?;
        let has_command = !call.any(1).is_unit() && !call.any(1).is_map();
        let command = if has_command { Some(call.command(1)?) } else { None };
        let options = call.options(if has_command { 2 } else { 1 })?;
        let stream = options.flag("stream").unwrap_or(call.context.options.interactive);
        let sink = Arc::clone(&call.context.options.out.stream);
        let container = call.context.workbench.run(
            subject,
            command,
            RunOptions {
                tty: options.flag("tty"),
                env: options.environment("env"),
                workdir: options.text("workdir"),
                user: options.text("user"),
                name: options.text("name"),
                hostname: options.text("hostname"),
                volumes: options.texts("volumes").unwrap_or_default(),
                rm: options.flag("rm").unwrap_or(false),
                entrypoint: options.texts("entrypoint"),
                network: options.text("network"),
                check: options.flag("check").unwrap_or(true),
                stream,
                stdin: options.bytes("stdin"),
                timeout: options.duration("timeout"),
                wait: options.flag("wait").unwrap_or(false),
                on_output: if stream {
                    Some(Box::new(move |from: Stream, bytes: &[u8]| sink(from, bytes)))
                } else {
                    None
                },
            },
        )?;
        Ok(Dynamic::from(super::super::types::Handle::new(container)))
    },
};

const fn opt(name: &'static str, takes: Takes, doc: &'static str) -> Opt {
    Opt { name, takes, doc, completes: Completes::Nothing }
}
