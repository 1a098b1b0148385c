//! `Verdict`: what `check` says of an image.

use rhai::Dynamic;

use super::super::json;
use super::super::render::{Cell, Tone};
use super::{Column, Key, List, Record};
use crate::workbench::Verdict;

impl Record for Verdict {
    const NAME: &'static str = "Verdict";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "image", doc: "what was looked at", get: |it| json::text(&it.image) },
        Key { name: "ok", doc: "every rule passed", get: |it| Dynamic::from_bool(it.ok) },
        Key {
            name: "findings",
            doc: "what each rule found",
            get: |it| Dynamic::from(it.findings.iter().cloned().collect::<List<_>>()),
        },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column {
            title: "",
            cell: |it| if it.ok { Cell::toned("ok", Tone::Good) } else { Cell::toned("no", Tone::Bad) },
        },
        Column { title: "image", cell: |it| Cell::strong(&it.image) },
        Column {
            title: "rules that it breaks",
            cell: |it| {
                let broken = it.findings.iter().filter(|finding| !finding.ok);
                Cell::text(broken.map(|finding| finding.rule.as_str()).collect::<Vec<_>>().join(", "))
            },
        },
    ];

    fn brief(&self) -> String {
        let broken = self.findings.iter().filter(|finding| !finding.ok).count();
        format!("{}: {} rules, {broken} broken", self.image, self.findings.len())
    }
}
