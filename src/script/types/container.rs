//! `Container`.

use std::cmp::Ordering;

use rhai::Dynamic;

use super::super::json;
use super::super::render::{Cell, Tone};
use super::image::short;
use super::{Column, Handle, Key, List, Noun, Record};
use crate::workbench::{Container, Subject};

impl Record for Container {
    const NAME: &'static str = "Container";
    const LIST: &'static str = "Containers";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "id", doc: "64 hexadecimal digits", get: |it| json::text(&it.id) },
        Key { name: "name", doc: "two words, or the `name` option", get: |it| json::text(&it.name) },
        Key { name: "image", doc: "the name of its image", get: |it| json::text(&it.image) },
        Key { name: "command", doc: "what was run, an array", get: |it| json::texts(&it.command) },
        Key { name: "status", doc: "`created`, `running` or `exited`", get: |it| json::text(&it.status) },
        Key {
            name: "exit_code",
            doc: "as Docker's: 126 not executable, 127 not found, 128+n killed by signal n; `()` before the end",
            get: |it| it.exit_code.map_or(Dynamic::UNIT, |code| Dynamic::from_int(code.into())),
        },
        Key { name: "created", doc: "when, RFC 3339", get: |it| json::text(&it.created) },
        Key {
            name: "stdout",
            doc: "output of the run that gave this value",
            get: |it| json::text(&it.stdout),
        },
        Key { name: "stderr", doc: "its error output", get: |it| json::text(&it.stderr) },
        Key { name: "duration", doc: "how long it ran, seconds", get: |it| Dynamic::from_float(it.duration) },
    ];
    const NOUNS: &'static [Noun<Self>] = &[
        Noun {
            name: "stdout_blob",
            doc: "the output's exact bytes",
            get: |_, it| Ok(json::blob(&it.stdout_blob)),
        },
        Noun {
            name: "changes",
            doc: "what it changed: the same as `diff(c)`",
            get: |context, it| {
                let diff = context.workbench.diff(it)?;
                Ok(Dynamic::from(diff.changes.into_iter().collect::<List<_>>()))
            },
        },
        Noun {
            name: "files",
            doc: "every file as its processes see it",
            get: |context, it| {
                let subject = Subject::Container((*it.0).clone());
                Ok(Dynamic::from(context.workbench.files(&subject)?.into_iter().collect::<List<_>>()))
            },
        },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "container", cell: |it| Cell::id(&it.id) },
        Column { title: "name", cell: |it| Cell::strong(&it.name) },
        Column { title: "image", cell: |it| Cell::text(&it.image) },
        Column { title: "command", cell: |it| Cell::text(it.command.join(" ")) },
        Column { title: "status", cell: |it| status(it) },
        Column { title: "created", cell: |it| Cell::time(&it.created) },
    ];

    fn brief(&self) -> String {
        short(&self.id)
    }

    fn order(&self, other: &Self) -> Ordering {
        (&self.created, &self.id).cmp(&(&other.created, &other.id))
    }
}

fn status(it: &Container) -> Cell {
    match it.exit_code {
        Some(0) => Cell::toned(format!("{} 0", it.status), Tone::Good),
        Some(code) => Cell::toned(format!("{} {code}", it.status), Tone::Bad),
        None => Cell::text(&it.status),
    }
}

impl From<Container> for Dynamic {
    fn from(container: Container) -> Self {
        Self::from(Handle::new(container))
    }
}
