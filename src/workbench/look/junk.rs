//! `junk`: what images carry by habit.

use super::Content;
use crate::inspect::JunkRules;
use crate::layer::Kind;
use crate::workbench::listed::absolute;
use crate::workbench::{Junk, Result, Subject, Workbench};

impl Workbench {
    /// The files that the end shows and no program needs, largest first. What a later layer removed is
    /// [`waste`](Self::waste), not this.
    ///
    /// # Errors
    /// When the subject is gone.
    pub fn junk(&self, subject: &Subject) -> Result<Vec<Junk>> {
        let look = self.look(subject, Content::IfThere)?;
        let Some(top) = look.top() else { return Ok(Vec::new()) };
        let rules = JunkRules::built_in();
        let tree = look.model.tree(Some(top), top);
        let mut found: Vec<Junk> = tree
            .rows()
            .filter(|row| row.entry.kind == Kind::File || row.entry.kind == Kind::Hardlink)
            .filter(|row| row.bytes > 0)
            .filter_map(|row| {
                let rule = rules.rule_of(row.entry.path)?.to_owned();
                Some(Junk { path: absolute(row.entry.path), size: row.bytes, rule, layer: row.layer })
            })
            .collect();
        found.sort_by(|one, other| other.size.cmp(&one.size).then_with(|| one.path.cmp(&other.path)));
        Ok(found)
    }
}
