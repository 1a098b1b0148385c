//! Reaching directories one after another without walking each path from the root.

use std::collections::VecDeque;
use std::io;

/// How many levels stay open; above them a far jump begins at the root again.
const RUNGS: usize = 48;

/// An open place in some tree from which one can go down by one name.
pub(super) trait Rung: Sized {
    /// What can go wrong.
    type Error;
    /// The directory `name` in this one; `None` where there is none.
    fn down(&self, name: &[u8]) -> Result<Option<Self>, Self::Error>;
}

/// Remembers the way to the directory visited last. Visiting in path order costs about one step
/// down for each directory, at any depth, with a bounded number of open files.
pub(super) struct Ladder<R> {
    root: R,
    path: Vec<u8>,
    /// The end of each step in `path`, and what is open there; deepest last.
    rungs: VecDeque<(usize, R)>,
}

impl<R: Rung> Ladder<R> {
    pub(super) const fn new(root: R) -> Self {
        Self { root, path: Vec::new(), rungs: VecDeque::new() }
    }

    /// The place at `dir`; `None` where a component of it is missing.
    pub(super) fn go(&mut self, dir: &[u8]) -> Result<Option<&R>, R::Error> {
        if (self.path != dir || self.rungs.is_empty()) && !self.climb(dir)? {
            return Ok(None);
        }
        Ok(Some(self.rungs.back().map_or(&self.root, |(_, rung)| rung)))
    }

    fn climb(&mut self, dir: &[u8]) -> Result<bool, R::Error> {
        // On the way down, which is most ways, the old path is the beginning of the new one.
        let common = if dir.starts_with(&self.path) {
            self.path.len()
        } else {
            self.path.iter().zip(dir).take_while(|(one, other)| one == other).count()
        };
        while self
            .rungs
            .back()
            .is_some_and(|&(end, _)| end > common || dir.get(end).is_some_and(|&byte| byte != b'/'))
        {
            self.rungs.pop_back();
        }
        let mut end = self.rungs.back().map_or(0, |&(end, _)| end);
        self.path.truncate(end);
        while end < dir.len() {
            let start = if end == 0 { 0 } else { end + 1 };
            let rest = &dir[start..];
            let length = rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len());
            let here = self.rungs.back().map_or(&self.root, |(_, rung)| rung);
            let Some(next) = here.down(&rest[..length])? else { return Ok(false) };
            end = start + length;
            self.path.clear();
            self.path.extend_from_slice(&dir[..end]);
            self.rungs.push_back((end, next));
            if self.rungs.len() > RUNGS {
                self.rungs.pop_front();
            }
        }
        Ok(true)
    }

    /// Lets go of `dir` and what is below it: it is about to be replaced.
    pub(super) fn forget(&mut self, dir: &[u8]) {
        let inside = self.path.starts_with(dir) && self.path.get(dir.len()).is_none_or(|&byte| byte == b'/');
        if !inside {
            return;
        }
        while self.rungs.back().is_some_and(|&(end, _)| end >= dir.len()) {
            self.rungs.pop_back();
        }
        self.path.truncate(self.rungs.back().map_or(0, |&(end, _)| end));
    }
}

/// A directory that [`Ladder::go`] did not find, where there must be one.
pub(super) fn gone() -> io::Error {
    io::Error::from_raw_os_error(libc::ENOENT)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::cell::Cell;
    use std::rc::Rc;

    struct Place {
        path: String,
        steps: Rc<Cell<usize>>,
    }

    impl Rung for Place {
        type Error = ();
        fn down(&self, name: &[u8]) -> Result<Option<Self>, ()> {
            self.steps.set(self.steps.get() + 1);
            let name = std::str::from_utf8(name).unwrap();
            assert!(!name.contains('/'));
            let path = if self.path.is_empty() { name.to_owned() } else { format!("{}/{name}", self.path) };
            Ok((name != "missing").then(|| Self { path, steps: self.steps.clone() }))
        }
    }

    #[test]
    fn every_place_is_reached_and_few_steps_are_made() {
        let steps = Rc::new(Cell::new(0));
        let mut ladder = Ladder::new(Place { path: String::new(), steps: steps.clone() });
        for dir in
            ["", "a", "a/b", "a/bc", "a/b", "ab", "a/b/c/d", "", "a/b/c", "a/missing", "a/b", "missing/x"]
        {
            let found = ladder.go(dir.as_bytes()).unwrap().map(|place| place.path.clone());
            assert_eq!(found, (!dir.contains("missing")).then(|| dir.to_owned()));
        }
        steps.set(0);
        ladder.go(b"x/y").unwrap();
        ladder.go(b"x/z").unwrap();
        ladder.go(b"x/z").unwrap();
        assert_eq!(steps.get(), 3);
        ladder.forget(b"x/z");
        ladder.go(b"x").unwrap();
        assert_eq!(steps.get(), 3);
        ladder.go(b"x/z").unwrap();
        assert_eq!(steps.get(), 4);
    }

    #[test]
    fn depth_is_cheap_on_the_way_down() {
        let steps = Rc::new(Cell::new(0));
        let mut ladder = Ladder::new(Place { path: String::new(), steps: steps.clone() });
        let mut dir = String::from("d");
        for _ in 0..1000 {
            assert_eq!(ladder.go(dir.as_bytes()).unwrap().unwrap().path, dir);
            dir.push_str("/d");
        }
        assert_eq!(steps.get(), 1000);
        assert!(ladder.rungs.len() <= RUNGS);
    }
}
