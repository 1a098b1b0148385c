//! What the verbs did since somebody last asked: a prompt says it after each statement.

use std::sync::PoisonError;

use super::{Container, Image, Workbench};

/// What happened, summed up.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    /// Runs that ended.
    pub runs: u64,
    /// Their time, seconds.
    pub duration: f64,
    /// The container of the last one, without its output.
    pub container: Option<Container>,
    /// The image that was made last.
    pub image: Option<Image>,
}

impl Workbench {
    /// What happened since this was last called. Costs nothing.
    #[must_use]
    pub fn take_journal(&self) -> Journal {
        std::mem::take(&mut *self.journal.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn note_run(&self, container: &Container) {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.runs += 1;
        journal.duration += container.duration;
        journal.container = Some(Container {
            stdout: String::new(),
            stderr: String::new(),
            stdout_blob: Vec::new(),
            stderr_blob: Vec::new(),
            command: container.command.clone(),
            id: container.id.clone(),
            name: container.name.clone(),
            image: container.image.clone(),
            status: container.status.clone(),
            created: container.created.clone(),
            ..*container
        });
    }

    pub(super) fn note_image(&self, image: &Image) {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).image = Some(image.clone());
    }
}
