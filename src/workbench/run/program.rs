//! What to say when a program could not be started or did not succeed.

use super::{Container, Error, ErrorKind, RunConfig, shown};
use crate::container;

/// The engine's error as the caller's.
pub fn explain(error: container::Error, config: &RunConfig, string_form: bool, value: Container) -> Error {
    let code = error.exit_code();
    let program = config.argv.first().map_or("", String::as_str);
    let told = match code {
        127 if string_form => Error::new(ErrorKind::NotFound, "the image has no shell (`/bin/sh`)").with_hint(
            "give the command as an array, which needs no shell: `run(image, [\"program\", \"argument\"])`",
        ),
        127 => Error::new(ErrorKind::NotFound, format!("`{program}`: no such program in the container"))
            .with_hint(if program.contains(' ') {
                "each word is an element of its own: `[\"program\", \"argument\"]`; or give a string to use a shell"
            } else {
                "it is neither a path nor on the container's PATH; install it first, or check the spelling"
            }),
        126 => Error::new(ErrorKind::Denied, format!("`{program}` cannot be executed in the container"))
            .with_hint("it is a directory, lacks the `x` permission, or is not for this machine"),
        _ => Error::from(error),
    };
    let exit_code = Some(code);
    Error { exit_code, container: Some(Box::new(value)), ..told }
}

/// One line that says what failed and how.
pub fn failure_text(value: &Container, code: i32) -> String {
    let command = shown(&value.command);
    let command = if command.chars().count() > 80 {
        format!("{}…", command.chars().take(79).collect::<String>())
    } else {
        command
    };
    let last = value.stderr.lines().rev().find(|line| !line.trim().is_empty());
    match last {
        Some(line) => format!("`{command}` exited with {code}: {}", line.trim()),
        None => format!("`{command}` exited with {code}"),
    }
}
