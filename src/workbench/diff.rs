//! `diff`: what a container changed.

use super::{Change, Container, Diff, Result, Workbench};
use crate::layer;

impl Workbench {
    /// What `container` changed against its image: `docker container diff`'s answer, sorted by
    /// the paths' bytes.
    ///
    /// # Errors
    /// When the container is gone or its directories cannot be read.
    pub fn diff(&self, container: &Container) -> Result<Diff> {
        let record = self.container_record(container)?;
        let prepared = self.prepare_container(&record)?;
        let changes = layer::changes_of(&self.part_trees(&record)?, &prepared.chain.view()?)?;
        Ok(Diff { changes: changes.iter().map(value).collect() })
    }
}

fn value(change: &layer::Change) -> Change {
    Change {
        kind: change.kind.letter().to_string(),
        path: layer::escape_path(&change.path),
        size: change.size,
        file_type: change.file_type.as_str().to_owned(),
    }
}
