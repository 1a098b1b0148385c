//! `Error`: what `catch (e)` and `attempt` give.

use rhai::Dynamic;

use super::super::json;
use super::super::raised::Raised;
use super::super::render::{Cell, Tone};
use super::{Column, Handle, Key, Record};

impl Record for Raised {
    const NAME: &'static str = "Error";
    const KEYS: &'static [Key<Self>] = &[
        Key {
            name: "kind",
            doc: "which kind: `not_found`, `exit`, `invalid`, …",
            get: |it| json::text(&it.kind),
        },
        Key { name: "message", doc: "what went wrong", get: |it| json::text(&it.message) },
        Key { name: "hint", doc: "what to do next, else `()`", get: |it| json::optional(it.hint.as_ref()) },
        Key {
            name: "exit_code",
            doc: "of a command that ended non-zero, else `()`",
            get: |it| it.exit_code.map_or(Dynamic::UNIT, |code| Dynamic::from_int(code.into())),
        },
        Key {
            name: "stderr",
            doc: "that command's error output, else `()`",
            get: |it| json::optional(it.stderr.as_ref()),
        },
        Key {
            name: "container",
            doc: "the container it ran in, else `()`",
            get: |it| it.container.clone().map_or(Dynamic::UNIT, |it| Dynamic::from(Handle::new(it))),
        },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "kind", cell: |it| Cell::toned(it.kind.to_string(), Tone::Bad) },
        Column { title: "message", cell: |it| Cell::text(&it.message) },
    ];

    fn brief(&self) -> String {
        self.message.clone()
    }
}
