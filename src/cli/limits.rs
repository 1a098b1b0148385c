//! What may be spent: by scripts, and by the archives and registries of strangers. `PLYWOOD_LIMITS`
//! has the same names as `--limit`, with commas between; the arguments come last and win.

use super::Result;
use crate::script::{self, Failure, limits, nearest};
use crate::sys::stack;
use crate::workbench;

/// The most stack that scripts are given where nothing limits it.
const MOST_STACK: u64 = 64 << 20;

/// The limits of both.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How far a script may go.
    pub script: script::Limits,
    /// What an image may ask for.
    pub images: workbench::Limits,
}

impl Limits {
    /// What the environment says, then the arguments.
    ///
    /// # Errors
    /// `usage`: no such limit, or no number.
    pub fn read(variable: &str, arguments: &[String]) -> Result<Self> {
        let set = variable.split(',').map(str::trim).filter(|limit| !limit.is_empty());
        let set: Vec<(&str, &str)> = set
            .map(|limit| ("`PLYWOOD_LIMITS`", limit))
            .chain(arguments.iter().map(|limit| ("`--limit`", limit.as_str())))
            .collect();
        // Arguments and environment lie on the stack too, and natives need their part.
        let stack = stack::size().unwrap_or(2 * MOST_STACK) / 2;
        let stack = usize::try_from(stack.min(MOST_STACK)).unwrap_or(usize::MAX);
        let mut script = script::Limits { stack, ..script::Limits::default() };
        let mut of_images = String::new();
        for (origin, limit) in set {
            let name = limit.split('=').next().unwrap_or_default().trim();
            if workbench::Limits::NAMES.contains(&name) {
                // Each by itself first: the error names where it was set.
                limit
                    .parse::<workbench::Limits>()
                    .map_err(|error| Failure::new("usage", format!("{origin}: {error}")))?;
                of_images = format!("{of_images},{limit}");
            } else if limits::NAMES.iter().any(|(known, _)| *known == name) {
                script.set(limit).map_err(|mut failure| {
                    failure.message = format!("{origin}: {}", failure.message);
                    failure
                })?;
            } else {
                return Err(unknown(origin, limit).into());
            }
        }
        let images = of_images.parse().map_err(|error| Failure::new("usage", format!("{error}")))?;
        Ok(Self { script, images })
    }
}

fn unknown(origin: &str, limit: &str) -> Failure {
    let Some((name, _)) = limit.split_once('=') else {
        let message = format!("{origin}: `{limit}` is no limit: write `NAME=NUMBER`, such as `entries=5M`");
        return Failure::new("usage", message);
    };
    let name = name.trim();
    let all = || limits::NAMES.iter().map(|(name, _)| *name).chain(workbench::Limits::NAMES);
    let mut failure = Failure::new("usage", format!("{origin}: there is no limit `{name}`"));
    failure.hint = Some(match nearest(name, all()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", all().collect::<Vec<_>>().join(", ")),
    });
    failure
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(variable: &str, arguments: &[&str]) -> Result<Limits> {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Limits::read(variable, &arguments)
    }

    #[test]
    fn scripts_and_images_have_theirs_and_arguments_win() {
        let limits = read("operations=10k, entries=5M,calls=7", &["calls=9", "steps=1K"]).unwrap();
        assert_eq!((limits.script.operations, limits.script.calls), (Some(10_000), Some(9)));
        assert_eq!((limits.images.layer.entries, limits.images.layer.steps), (5 << 20, 1 << 10));
        let usual = read("", &[]).unwrap();
        assert_eq!((usual.script.operations, usual.images), (None, workbench::Limits::default()));
    }

    #[test]
    fn slips_are_named_with_their_origin() {
        for (variable, arguments, part) in [
            ("entrees=5", &[][..], "`PLYWOOD_LIMITS`: there is no limit `entrees`"),
            ("", &["operatons=5"][..], "`--limit`: there is no limit `operatons`"),
            ("", &["entries=many"][..], "`--limit`: `entries=many`"),
            ("3", &[][..], "`3` is no limit: write `NAME=NUMBER`"),
            ("calls", &[][..], "`PLYWOOD_LIMITS`: the limit `calls` wants a number"),
        ] {
            let error = read(variable, arguments).unwrap_err();
            let text = format!("{error:?}");
            assert!(text.contains(part), "{text}");
        }
    }
}
