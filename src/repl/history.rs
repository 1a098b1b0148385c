//! What was typed, in this session and the ones before.
//!
//! Kept by hand rather than by rustyline: entries of several lines stay one, a repeated entry moves
//! to the end, every entry is on the disk as soon as it was typed, and the file is its owner's alone.
//! The file's format is rustyline's: `#V2`, an entry a line, `\n` and `\\` escaped.

use std::borrow::Cow;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustyline::history::{History, SearchDirection, SearchResult};

use super::layout;

/// Entries that are kept.
const ENTRIES: usize = 10_000;
/// Bytes of the file that are read; a longer one has lost its way.
const LONGEST_FILE: u64 = 64 << 20;
const VERSION: &str = "#V2";

/// The entries, oldest first.
#[derive(Debug)]
pub struct Past {
    entries: Vec<String>,
    path: Option<PathBuf>,
    /// Columns of the prompt: lines after the first begin with as many blanks.
    margin: Arc<AtomicUsize>,
}

impl Past {
    /// What the file at `path` holds; a missing one is empty, an unreadable one is left alone.
    #[must_use]
    pub fn load(path: PathBuf, margin: Arc<AtomicUsize>) -> Self {
        if !may_be_written(&path) {
            return Self { entries: Vec::new(), path: None, margin };
        }
        let Ok((lines, mut entries)) = read(&path) else {
            return Self { entries: Vec::new(), path: Some(path), margin };
        };
        if entries.len() > ENTRIES {
            entries.drain(..entries.len() - ENTRIES);
        }
        // The file only ever grows at its end, so now and then it is written anew.
        if lines > 2 * entries.len() + 100 {
            // Failing leaves the old file, which is as good.
            let _ = rewrite(&path, &entries);
        }
        Self { entries, path: Some(path), margin }
    }

    /// The entries, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[String] {
        &self.entries
    }

    /// Adds an entry as it was typed; blank ones and those that begin with a blank are not kept.
    pub fn remember(&mut self, entry: &str) {
        let entry = entry.trim_end();
        if entry.is_empty()
            || entry.starts_with(char::is_whitespace)
            || self.entries.last().is_some_and(|last| last == entry)
        {
            return;
        }
        self.entries.retain(|known| known != entry);
        if self.entries.len() >= ENTRIES {
            self.entries.remove(0);
        }
        self.entries.push(entry.to_owned());
        if self.path.as_ref().is_some_and(|path| append(path, entry).is_err()) {
            // Whatever stands in the way now will later, too.
            self.path = None;
        }
    }

    fn shown<'a>(&self, entry: &'a str) -> Cow<'a, str> {
        layout::indented(entry, self.margin.load(Ordering::Relaxed))
    }

    fn look(
        &self,
        start: usize,
        direction: SearchDirection,
        found: impl Fn(&str) -> Option<usize>,
    ) -> Option<SearchResult<'_>> {
        let try_one = |index: usize| {
            let entry = self.shown(self.entries.get(index)?);
            let pos = found(&entry)?;
            Some(SearchResult { entry, idx: index, pos })
        };
        if start >= self.entries.len() {
            return None;
        }
        match direction {
            SearchDirection::Reverse => (0..=start).rev().find_map(try_one),
            SearchDirection::Forward => (start..self.entries.len()).find_map(try_one),
        }
    }
}

impl History for Past {
    fn get(&self, index: usize, _: SearchDirection) -> rustyline::Result<Option<SearchResult<'_>>> {
        Ok(self.entries.get(index).map(|entry| SearchResult { entry: self.shown(entry), idx: index, pos: 0 }))
    }

    fn add(&mut self, line: &str) -> rustyline::Result<bool> {
        self.remember(line);
        Ok(true)
    }

    fn add_owned(&mut self, line: String) -> rustyline::Result<bool> {
        self.add(&line)
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn set_max_len(&mut self, _: usize) -> rustyline::Result<()> {
        Ok(())
    }

    fn ignore_dups(&mut self, _: bool) -> rustyline::Result<()> {
        Ok(())
    }

    fn ignore_space(&mut self, _: bool) {}

    fn save(&mut self, path: &Path) -> rustyline::Result<()> {
        Ok(rewrite(path, &self.entries)?)
    }

    fn append(&mut self, _: &Path) -> rustyline::Result<()> {
        Ok(())
    }

    fn load(&mut self, _: &Path) -> rustyline::Result<()> {
        Ok(())
    }

    fn clear(&mut self) -> rustyline::Result<()> {
        self.entries.clear();
        Ok(())
    }

    fn search(
        &self,
        term: &str,
        start: usize,
        dir: SearchDirection,
    ) -> rustyline::Result<Option<SearchResult<'_>>> {
        Ok(if term.is_empty() { None } else { self.look(start, dir, |entry| entry.find(term)) })
    }

    fn starts_with(
        &self,
        term: &str,
        start: usize,
        dir: SearchDirection,
    ) -> rustyline::Result<Option<SearchResult<'_>>> {
        let begins = |entry: &str| entry.starts_with(term).then_some(term.len());
        Ok(if term.is_empty() { None } else { self.look(start, dir, begins) })
    }
}

/// Whether a history may be made there: beside one that exists, in a store, or in a folder that is
/// empty or yet to be made. A folder of something else, given by mistake, is left as it is.
fn may_be_written(path: &Path) -> bool {
    let Some(folder) = path.parent() else { return false };
    if path.exists() || folder.join("sessions").is_dir() {
        return true;
    }
    match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// The number of lines, and the entries: of equal ones the last.
fn read(path: &Path) -> io::Result<(usize, Vec<String>)> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, Vec::new())),
        file => file?,
    };
    let mut bytes = Vec::new();
    file.take(LONGEST_FILE).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut seen = std::collections::HashSet::new();
    let mut lines = 0;
    let mut entries = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && *line != VERSION).rev() {
        lines += 1;
        let entry = unescape(line);
        if seen.insert(entry.clone()) {
            entries.push(entry);
        }
    }
    entries.reverse();
    Ok((lines, entries))
}

fn append(path: &Path, entry: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    let mut text = String::new();
    let status = file.metadata()?;
    if status.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    if status.len() == 0 {
        text.push_str(VERSION);
        text.push('\n');
    }
    text.push_str(&escape(entry));
    text.push('\n');
    // One write: sessions side by side do not mix their lines.
    file.write_all(text.as_bytes())
}

fn rewrite(path: &Path, entries: &[String]) -> io::Result<()> {
    let mut staged = path.as_os_str().to_owned();
    staged.push(format!(".{}", std::process::id()));
    let staged = PathBuf::from(staged);
    let mut text = format!("{VERSION}\n");
    for entry in entries {
        text.push_str(&escape(entry));
        text.push('\n');
    }
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&staged)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| std::fs::rename(&staged, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&staged);
    }
    written
}

fn escape(entry: &str) -> String {
    entry.replace('\\', "\\\\").replace('\n', "\\n")
}

fn unescape(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn past(folder: &Path) -> Past {
        Past::load(folder.join("deep/history"), Arc::new(AtomicUsize::new(5)))
    }

    #[test]
    fn entries_outlive_the_session_and_are_private() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = past(folder.path());
        first.remember("1 + 1");
        first.remember("fn f() {\n  \"a\\nb\"\n}\n");
        first.remember("1 + 1");
        first.remember(" secret");
        first.remember("");
        first.remember("1 + 1");
        let again = past(folder.path());
        assert_eq!(again.entries(), ["fn f() {\n  \"a\\nb\"\n}", "1 + 1"]);
        assert_eq!(first.entries(), again.entries());
        let path = folder.path().join("deep/history");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("#V2\n1 + 1\nfn f() {\\n"));
    }

    #[test]
    fn the_file_does_not_grow_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = past(folder.path());
        for round in 0..200 {
            first.remember(["a", "b"][round % 2]);
        }
        let path = folder.path().join("deep/history");
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 201);
        past(folder.path());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "#V2\na\nb\n");
    }

    #[test]
    fn several_lines_come_back_under_the_prompt() {
        let folder = tempfile::tempdir().unwrap();
        let mut past = past(folder.path());
        past.remember("fn f() {\n1\n}");
        past.remember("f()");
        let entry = past.get(0, SearchDirection::Reverse).unwrap().unwrap().entry.into_owned();
        assert_eq!(entry, format!("fn f() {{\n{0}1\n{0}}}", layout::margin(5)));
        let found = past.search("1", 1, SearchDirection::Reverse).unwrap().unwrap();
        assert_eq!((found.idx, &found.entry[found.pos..=found.pos]), (0, "1"));
        assert_eq!(past.starts_with("f(", 1, SearchDirection::Reverse).unwrap().unwrap().idx, 1);
        assert_eq!(past.starts_with("f(", 0, SearchDirection::Reverse).unwrap(), None);
    }

    #[test]
    fn a_broken_file_is_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("h");
        std::fs::write(&path, b"#V2\nok\\\n\xff\xfe\nlast\\x").unwrap();
        let past = Past::load(path, Arc::default());
        assert_eq!(past.entries().len(), 3);
        assert_eq!(past.entries()[0], "ok\\");
        let foreign = folder.path().join("history");
        let mut past = Past::load(foreign.clone(), Arc::default());
        past.remember("1");
        assert!(!foreign.exists());
        let nowhere = Past::load("/proc/no/such".into(), Arc::default());
        assert!(nowhere.entries().is_empty());
    }
}
