//! What the verbs did since somebody last asked: a prompt says it after each statement.

use std::sync::PoisonError;

use super::{Checkpoint, Container, Image, Workbench};

/// What happened, summed up.
#[derive(Debug, Default)]
pub struct Journal {
    /// Runs that ended.
    pub runs: u64,
    /// Their time, seconds.
    pub duration: f64,
    /// The container of the last one, without its output.
    pub container: Option<Container>,
    /// A person worked in a container's terminal.
    pub by_hand: bool,
    /// The image that was made last.
    pub image: Option<Image>,
    /// Ids of the containers that were made or changed.
    pub changed: Vec<String>,
    /// What those that were there had been before, if [`Workbench::keep_checkpoints`] was asked for.
    pub before: Option<Vec<Checkpoint>>,
}

impl Workbench {
    /// What happened since this was last called. Costs nothing.
    #[must_use]
    pub fn take_journal(&self) -> Journal {
        self.with_journal(|journal| {
            let next = Journal { before: journal.before.as_ref().map(|_| Vec::new()), ..Journal::default() };
            std::mem::replace(journal, next)
        })
    }

    pub(super) fn note_run(&self, container: &Container, terminal: bool) {
        self.with_journal(|journal| {
            journal.runs += 1;
            journal.by_hand |= terminal;
            journal.duration += container.duration;
            if !journal.changed.contains(&container.id) {
                journal.changed.push(container.id.clone());
            }
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
        });
    }

    pub(super) fn note_image(&self, image: &Image) {
        self.with_journal(|journal| journal.image = Some(image.clone()));
    }

    pub(super) fn with_journal<T>(&self, change: impl FnOnce(&mut Journal) -> T) -> T {
        change(&mut self.journal.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
