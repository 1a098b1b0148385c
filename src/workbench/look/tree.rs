//! `tree`: what is to be seen, with sizes and what a layer did to it.

use super::Content;
use crate::inspect::model::Row;
use crate::workbench::listed::{absolute, file};
use crate::workbench::{Result, Subject, TreeItem, Workbench};

/// What `tree` is asked for.
#[derive(Debug, Clone, Default)]
pub struct TreeOptions {
    /// After this layer, marked with what it did; the end, unmarked, where none is said. -1 is the last.
    pub layer: Option<i64>,
    /// Only what the layer itself carries.
    pub own: bool,
    /// Marked with all that happened since after this layer.
    pub since: Option<i64>,
}

impl Workbench {
    /// All paths of the subject's tree, sorted by their bytes; directories have the sizes of what is in them.
    ///
    /// # Errors
    /// When the subject is gone or has no such layer.
    pub fn tree_of(&self, subject: &Subject, options: &TreeOptions) -> Result<Vec<TreeItem>> {
        let look = self.look(subject, Content::IfThere)?;
        if look.top().is_none() && options.layer.is_none() {
            return Ok(Vec::new());
        }
        let after = look.layer(options.layer)?;
        let tree = match options {
            TreeOptions { own: true, .. } => look.model.layer_tree(after),
            TreeOptions { since: Some(since), .. } => look.model.tree(Some(look.layer(Some(*since))?), after),
            TreeOptions { layer: Some(_), .. } => look.model.tree(after.checked_sub(1), after),
            _ => look.model.tree(Some(after), after),
        };
        Ok(tree.rows().map(|row| item(&row)).collect())
    }
}

fn item(row: &Row<'_>) -> TreeItem {
    let it = file(&row.entry);
    TreeItem {
        kind: row.change.map(|change| change.letter().to_string()),
        path: absolute(row.entry.path),
        file_type: it.file_type,
        size: row.bytes,
        file_count: row.files,
        mode: it.mode,
        uid: it.uid,
        gid: it.gid,
        mtime: it.mtime,
        link: it.link,
        layer: row.layer,
    }
}
