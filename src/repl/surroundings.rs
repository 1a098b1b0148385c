//! What completion may ask about, answered by the session, its store and this machine.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::MutexGuard;

use super::complete::{MOST, Thing, World};
use super::shared::{LAST, OUT, Shared};
use crate::script::{Known, Member, Names, Session};
use crate::workbench::{Bearings, InnerFile, Subject, Workbench};

/// The session while one question is answered.
pub struct Surroundings<'a> {
    shared: &'a Shared,
    session: MutexGuard<'a, Session>,
    names: OnceCell<Names>,
}

impl<'a> Surroundings<'a> {
    /// Those of `shared`.
    pub fn new(shared: &'a Shared) -> Self {
        Self { shared, session: shared.session(), names: OnceCell::new() }
    }

    /// The workbench, if there is a store: completion must not be what makes it.
    fn workbench(&self) -> Option<&Workbench> {
        let workbench = self.session.workbench();
        workbench.settings().store.join("plywood.db").exists().then_some(workbench)
    }

    /// What a thing is; nothing is fetched for it.
    fn subject(&self, thing: &Thing) -> Option<Subject> {
        let workbench = self.workbench()?;
        let image = |text: &str| Some(Subject::Image(workbench.stored_image(text).ok()??));
        let container = |name: &str| workbench.container(name).ok().map(Subject::Container);
        match thing {
            Thing::Last => workbench.last().ok().map(Subject::Container),
            Thing::Image(name) => image(name),
            Thing::Container(name) => container(name),
            Thing::Value(path) => {
                let known = self.session.known(path)?;
                let id = known.id?;
                if known.of == "Image" { image(&id) } else { container(&id) }
            }
        }
    }
}

impl World for Surroundings<'_> {
    fn names(&self) -> &Names {
        self.names.get_or_init(|| {
            let mut names = self.session.names();
            names.variables.retain(|(name, _)| name != LAST && name != OUT);
            names
        })
    }

    fn known(&self, path: &[String]) -> Option<Known> {
        match path.split_first() {
            // What the prompt calls `_`.
            Some((name, rest)) if name == "_" => {
                let path: Vec<String> =
                    std::iter::once(LAST.to_owned()).chain(rest.iter().cloned()).collect();
                self.session.known(&path)
            }
            _ => self.session.known(path),
        }
    }

    fn comment_on(&self, function: &str) -> Option<String> {
        self.session.comment_on(function)
    }

    fn members_of(&self, alias: &str) -> Option<Vec<Member>> {
        self.session.members_of(alias)
    }

    fn members_in(&self, path: &str) -> Option<Vec<Member>> {
        self.session.members_in(path)
    }

    fn images(&self, begin: &str) -> Vec<String> {
        self.workbench().and_then(|it| it.references_beginning(begin, MOST).ok()).unwrap_or_default()
    }

    fn containers(&self, begin: &str) -> Vec<String> {
        self.workbench().and_then(|it| it.containers_beginning(begin, MOST).ok()).unwrap_or_default()
    }

    fn snapshots(&self, begin: &str) -> Vec<String> {
        self.workbench().and_then(|it| it.snapshots_beginning(begin, MOST).ok()).unwrap_or_default()
    }

    fn inside(&self, thing: &Thing, folder: &str, begin: &str) -> Vec<InnerFile> {
        let names = |workbench: &Workbench| {
            workbench.names_beginning(&self.subject(thing)?, folder, begin, MOST).ok()
        };
        self.workbench().and_then(names).unwrap_or_default()
    }

    fn bearings(&self, thing: &Thing) -> Option<Bearings> {
        self.workbench()?.bearings(&self.subject(thing)?).ok()?
    }

    fn home(&self) -> Option<PathBuf> {
        dirs::home_dir()
    }

    fn environment(&self) -> Vec<String> {
        let variables = &self.session.workbench().settings().host.env;
        variables.iter().map(|(name, _)| name.clone()).filter(|name| is_name(name)).collect()
    }

    fn places(&self) -> Vec<(String, String)> {
        self.shared.places()
    }
}

/// Whether a variable's name can be a key as it is.
fn is_name(name: &str) -> bool {
    name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
        && !name.starts_with(|char: char| char.is_ascii_digit())
}
