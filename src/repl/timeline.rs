//! The way of a conversation: one can go back on it, and another way from there.
//!
//! Each entry remembers what the session knew after it, and which version of which container it left behind. A
//! container's version is the number of the entry that changed it last, 0 for what it was before. What a container
//! is about to lose is kept as a [`Checkpoint`] by the verb that changes it.

use std::collections::{BTreeMap, HashMap};

use crate::script::{Session, SessionState};
use crate::workbench::{self, Checkpoint, Journal, Workbench};

/// Entries whose variables are kept: those of a long day would not fit.
const KEPT: usize = 300;

/// One entry that was run.
#[derive(Debug)]
struct Entry {
    parent: usize,
    code: String,
    /// It gave a value, so that `_` changed.
    valued: bool,
    failed: bool,
    /// A person worked in a container's terminal.
    by_hand: bool,
    state: Option<SessionState>,
    /// Containers by id, with their version.
    versions: HashMap<String, usize>,
}

/// A statement on the way to here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its number.
    pub number: usize,
    /// What was typed.
    pub code: String,
    /// It gave a value.
    pub valued: bool,
    /// A person worked in a container's terminal.
    pub by_hand: bool,
}

/// Why one cannot go there.
#[derive(Debug)]
pub enum Refused {
    /// There is no entry of that number or name.
    Unknown,
    /// Its variables are not kept any more.
    Forgotten,
    /// A container cannot be changed back now: its name.
    Runs(String),
    /// The store's own.
    Failed(workbench::Error),
}

/// What going there meant.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Names of the containers that are as they were.
    pub containers: Vec<String>,
    /// Names of those that are gone, and stay so.
    pub missing: Vec<String>,
}

/// All entries, and where one is.
#[derive(Debug)]
pub struct Timeline {
    entries: BTreeMap<usize, Entry>,
    here: usize,
    /// Which version each container has now.
    live: HashMap<String, usize>,
    /// What containers were, by id and version.
    kept: HashMap<(String, usize), Checkpoint>,
    names: BTreeMap<String, usize>,
}

impl Timeline {
    /// Begins at `session`, as entry 0.
    pub fn new(session: &Session) -> Self {
        session.workbench().keep_checkpoints();
        let start = Entry {
            parent: 0,
            code: String::new(),
            valued: false,
            failed: false,
            by_hand: false,
            state: Some(session.state()),
            versions: HashMap::new(),
        };
        Self {
            entries: BTreeMap::from([(0, start)]),
            here: 0,
            live: HashMap::new(),
            kept: HashMap::new(),
            names: BTreeMap::new(),
        }
    }

    /// An entry was run from here, and left the session as it is.
    pub fn add(&mut self, step: Step, failed: bool, session: &Session, journal: &mut Journal) {
        let Step { number, code, valued, by_hand } = step;
        let workbench = session.workbench();
        for before in journal.before.iter_mut().flat_map(std::mem::take) {
            let version = *self.live.get(&before.container).unwrap_or(&0);
            match self.kept.entry((before.container.clone(), version)) {
                std::collections::hash_map::Entry::Vacant(free) => drop(free.insert(before)),
                // Should it stay, it goes with the process.
                std::collections::hash_map::Entry::Occupied(_) => drop(workbench.drop_checkpoint(&before)),
            }
        }
        for container in std::mem::take(&mut journal.changed) {
            self.live.insert(container, number);
        }
        let state = Some(session.state());
        let versions = self.live.clone();
        self.entries
            .insert(number, Entry { parent: self.here, code, valued, failed, by_hand, state, versions });
        self.here = number;
        if let Some(old) = number.checked_sub(KEPT).filter(|old| *old > 0)
            && let Some(entry) = self.entries.get_mut(&old)
        {
            entry.state = None;
        }
    }

    /// Where one is.
    pub const fn here(&self) -> usize {
        self.here
    }

    /// The entry so many steps back on the way to here; those that failed and changed nothing do not count.
    pub fn back(&self, steps: usize) -> Option<usize> {
        let mut at = self.here;
        let mut left = steps;
        while left > 0 {
            let entry = self.entries.get(&at).filter(|_| at > 0)?;
            let parent = self.entries.get(&entry.parent)?;
            if !entry.failed || entry.versions != parent.versions {
                left -= 1;
            }
            at = entry.parent;
        }
        Some(at)
    }

    /// The entry that a number or a name means.
    pub fn find(&self, text: &str) -> Option<usize> {
        let number = text.trim_start_matches('[').trim_end_matches([']', '>']).parse().ok();
        number.filter(|number| self.entries.contains_key(number)).or_else(|| self.names.get(text).copied())
    }

    /// Calls the place where one is `name`.
    pub fn call(&mut self, name: &str) {
        self.names.insert(name.to_owned(), self.here);
    }

    /// The last `most` entries and all that have a name: number or name, and what was typed.
    pub fn places(&self, most: usize) -> Vec<(String, String)> {
        let line = |number: usize| self.code(number).lines().next().unwrap_or_default().to_owned();
        let recent = self.entries.keys().rev().filter(|number| **number > 0).take(most);
        let named = self.names.iter().map(|(name, number)| (name.clone(), line(*number)));
        recent.map(|number| (number.to_string(), line(*number))).chain(named).collect()
    }

    /// What was typed as that entry.
    pub fn code(&self, number: usize) -> &str {
        self.entries.get(&number).map_or("", |entry| &entry.code)
    }

    /// Makes session and containers what they were after `target`. All or nothing is not promised: a container that
    /// fails half-way leaves those before it changed back, and the session as it is.
    pub fn go(&mut self, target: usize, session: &mut Session) -> Result<Moved, Refused> {
        let entry = self.entries.get(&target).ok_or(Refused::Unknown)?;
        let state = entry.state.clone().ok_or(Refused::Forgotten)?;
        let mut changes: Vec<(String, usize, usize)> = Vec::new();
        for (container, now) in &self.live {
            let wanted = entry.versions.get(container).copied().or_else(|| {
                // It was there before this conversation changed it; else it is younger, and stays.
                self.kept.contains_key(&(container.clone(), 0)).then_some(0)
            });
            if let Some(wanted) = wanted.filter(|wanted| wanted != now) {
                changes.push((container.clone(), *now, wanted));
            }
        }
        changes.sort();
        let workbench: &Workbench = session.workbench();
        let mut moved = Moved::default();
        let mut ready = Vec::new();
        for (container, now, wanted) in changes {
            let key = (container.clone(), now);
            let is_kept = self.kept.contains_key(&key);
            if !is_kept {
                match workbench.checkpoint(&container).map_err(Refused::Failed)? {
                    Some(checkpoint) => drop(self.kept.insert(key, checkpoint)),
                    None => match workbench.container(&container) {
                        Ok(running) => return Err(Refused::Runs(running.name)),
                        Err(_) => {
                            let name = self.kept.get(&(container.clone(), wanted));
                            moved.missing.extend(name.map(|kept| kept.name.clone()));
                            continue;
                        }
                    },
                }
            }
            ready.push((container, wanted));
        }
        for (container, wanted) in ready {
            let Some(checkpoint) = self.kept.get(&(container.clone(), wanted)) else { continue };
            match workbench.return_to(checkpoint).map_err(Refused::Failed)? {
                Some(container) => moved.containers.push(container.name),
                None => moved.missing.push(checkpoint.name.clone()),
            }
            self.live.insert(container, wanted);
        }
        session.restore(state);
        self.here = target;
        moved.containers.sort();
        moved.missing.sort();
        Ok(moved)
    }

    /// Forgets all variables. Containers stay as they are, and so does the way back.
    pub fn restart(&mut self, session: &mut Session) {
        if let Some(state) = self.entries.get(&0).and_then(|entry| entry.state.clone()) {
            session.restore(state);
        }
        self.here = 0;
    }

    /// The statements that lead here and did not fail, in order.
    pub fn way(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut at = self.here;
        while let Some(entry) = self.entries.get(&at).filter(|_| at > 0) {
            if !entry.failed {
                let Entry { code, valued, by_hand, .. } = entry;
                steps.push(Step { number: at, code: code.clone(), valued: *valued, by_hand: *by_hand });
            }
            at = entry.parent;
        }
        steps.reverse();
        steps
    }

    /// A line for each entry: side ways are indented, `*` is here.
    pub fn lines(&self) -> Vec<String> {
        let mut depths: HashMap<usize, usize> = HashMap::new();
        let mut firsts: HashMap<usize, usize> = HashMap::new();
        let mut lines = Vec::new();
        for (&number, entry) in self.entries.iter().filter(|(number, _)| **number > 0) {
            let parent = depths.get(&entry.parent).copied().unwrap_or(0);
            // The first that goes on from an entry stays in its column.
            let first = *firsts.entry(entry.parent).or_insert(number) == number;
            let depth = if first { parent } else { parent + 1 };
            depths.insert(number, depth);
            let mark = if number == self.here { '*' } else { ' ' };
            let called: String = self
                .names
                .iter()
                .filter(|(_, at)| **at == number)
                .map(|(name, _)| format!(" ({name})"))
                .collect();
            let failed = if entry.failed { " ✗" } else { "" };
            let code = entry.code.lines().next().unwrap_or_default();
            lines.push(format!("{mark} {}[{number}]{called}{failed} {code}", "  ".repeat(depth)));
        }
        lines
    }
}

#[cfg(test)]
mod tests;
