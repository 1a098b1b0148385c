//! Two images or containers for the explorer: looked into at once, compared as deep as it is asked for.

use super::super::look::{Content, Reader};
use super::super::{Look, Result, Subject, Workbench};
use super::side::Side;
use super::{config, packages};
use crate::sys::file;

/// Both.
#[derive(Debug)]
pub(in super::super) struct Beside([Side; 2]);

/// What is other: what it is, its name, and what either side says.
pub(in super::super) type Told = (String, String, [Option<String>; 2]);

impl Workbench {
    /// Looks into both. Images that are only looked at in place are taken into the store.
    pub(in super::super) fn beside(&self, subjects: [&Subject; 2]) -> Result<Beside> {
        let side = |subject| self.side_with(subject, self.glance(subject, Content::Needed)?);
        Ok(Beside([side(subjects[0])?, side(subjects[1])?]))
    }
}

impl Beside {
    pub(in super::super) fn looks(&self) -> [&Look; 2] {
        [&self.0[0].look, &self.0[1].look]
    }

    /// Settings and steps of the history that are not the same.
    pub(in super::super) fn settings(&self) -> Vec<Told> {
        let [one, other] = &self.0;
        let settings = config::compare(one, other).into_iter();
        let mut told: Vec<Told> =
            settings.map(|it| ("config".to_owned(), it.key, [it.before, it.after])).collect();
        for step in config::compare_histories(one, other) {
            let command = Some(step.created_by);
            let values = if step.kind == "D" { [command, None] } else { [None, command] };
            told.push(("history".to_owned(), step.index.to_string(), values));
        }
        told
    }

    /// Packages that are not the same, which takes reading the managers' databases; or why they cannot be read.
    pub(in super::super) fn packages(&self) -> Vec<Told> {
        match packages::compare(&self.0[0], &self.0[1]) {
            Ok(found) => found.into_iter().map(|it| (it.manager, it.name, [it.before, it.after])).collect(),
            Err(error) => vec![("packages".to_owned(), error.message, [None, None])],
        }
    }

    /// Reads files of both.
    pub(in super::super) fn readers(&self) -> Readers<'_> {
        Readers { sides: &self.0, readers: [self.0[0].look.reader(), self.0[1].look.reader()] }
    }
}

/// Both sides' files, opened.
#[derive(Debug)]
pub(in super::super) struct Readers<'b> {
    sides: &'b [Side; 2],
    readers: [Reader; 2],
}

impl Readers<'_> {
    /// Whether both show the same content at a path; `None` where that cannot be known.
    pub(in super::super) fn same(&self, path: &[u8]) -> Option<bool> {
        let layer = |side: &Side| {
            let model = &side.look.model;
            Some(model.shown(model.find(path)?, side.look.top()?)?.layer)
        };
        let (one, other) = (layer(&self.sides[0])?, layer(&self.sides[1])?);
        // The same layer has the same file.
        let ids = (self.sides[0].diff_id(one), self.sides[1].diff_id(other));
        if ids.0.is_some() && ids.0 == ids.1 {
            return Some(true);
        }
        file::same_data(&self.readers[0].file(one, path)?, &self.readers[1].file(other, path)?).ok()
    }
}
