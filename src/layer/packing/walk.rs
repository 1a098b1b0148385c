//! One of the two archives, entry by entry, with the bytes of its headers.

use std::cell::RefCell;
use std::rc::Rc;

use super::PackingRules;
use crate::layer::error::Error;
use crate::layer::tar::{Member, Reader, Recorder, Source, padding};

/// Header bytes of one entry; each extended header is bounded by the reader, their number is not.
const MOST_HEADS: usize = 64 << 20;

/// One entry.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) member: Member,
    /// Its headers.
    pub(super) raw: Vec<u8>,
    /// Its path from the root, as it would be unpacked.
    pub(super) path: Vec<u8>,
    /// Among those that count.
    pub(super) position: u32,
}

/// What follows the last entry.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct End {
    pub(super) bytes: u64,
    pub(super) is_zero: bool,
}

/// What fills up last blocks where that is not zeros.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Filling {
    pub(super) count: u64,
    pub(super) first: Option<(Vec<u8>, Vec<u8>)>,
    sum: u64,
}

/// The bytes between contents, as the reader passes them.
#[derive(Debug, Default, Clone)]
pub(super) struct Tape(Rc<RefCell<Passed>>);

#[derive(Debug, Default)]
struct Passed {
    kept: Vec<u8>,
    /// At the end nothing is kept.
    ending: Option<End>,
}

impl Recorder for Tape {
    fn raw(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut passed = self.0.borrow_mut();
        if let Some(end) = &mut passed.ending {
            end.bytes += bytes.len() as u64;
            end.is_zero &= bytes.iter().all(|byte| *byte == 0);
            return Ok(());
        }
        if passed.kept.len() + bytes.len() > MOST_HEADS {
            let allowed = MOST_HEADS as u64;
            return Err(Error::Limit {
                limit: "extension_bytes",
                allowed,
                path: "one entry's headers".to_owned(),
            });
        }
        passed.kept.extend_from_slice(bytes);
        Ok(())
    }

    fn content(&mut self, _: &[u8], _: u64) -> Result<(), Error> {
        Ok(())
    }
}

pub(super) struct Walk<'a, S> {
    reader: Reader<'a, S>,
    tape: Tape,
    rules: &'a PackingRules<'a>,
    /// Of the last entry: its path and how long its padding is.
    last: Option<(Vec<u8>, usize)>,
    position: u32,
    is_done: bool,
    pub(super) filling: Filling,
    pub(super) end: End,
}

impl<'a, S: Source> Walk<'a, S> {
    pub(super) fn new(source: S, tape: &'a mut Tape, rules: &'a PackingRules<'a>) -> Self {
        let kept = tape.clone();
        Self {
            reader: Reader::new(source, rules.limits, Some(tape)),
            tape: kept,
            rules,
            last: None,
            position: 0,
            is_done: false,
            filling: Filling::default(),
            end: End::default(),
        }
    }

    /// The next entry that counts; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Item>, Error> {
        while !self.is_done {
            let member = self.reader.next()?;
            let mut raw = std::mem::take(&mut self.tape.0.borrow_mut().kept);
            let path = member.as_ref().map(|member| plain(&member.path));
            self.fill(&mut raw);
            let (Some(member), Some(path)) = (member, path) else {
                self.finish(&raw)?;
                return Ok(None);
            };
            self.last = Some((path.clone(), padding(member.stored)));
            self.reader.copy_content(&mut |_| Ok(()))?;
            if (self.rules.counts)(meant(&path).as_ref()) {
                let position = self.position;
                self.position = position.saturating_add(1);
                return Ok(Some(Item { member, raw, path, position }));
            }
        }
        Ok(None)
    }

    /// Takes what fills up the last entry's content off the front of what was passed.
    fn fill(&mut self, raw: &mut Vec<u8>) {
        let Some((path, length)) = self.last.take() else { return };
        let filling: Vec<u8> = raw.drain(..length.min(raw.len())).collect();
        if filling.iter().all(|byte| *byte == 0) || !(self.rules.counts)(meant(&path).as_ref()) {
            return;
        }
        // Enough to tell two apart; nobody's security hangs on it.
        for byte in filling.iter().chain(&path) {
            self.filling.sum = self.filling.sum.wrapping_mul(1_099_511_628_211) ^ u64::from(*byte);
        }
        self.filling.count += 1;
        self.filling.first.get_or_insert((path, filling));
    }

    fn finish(&mut self, zeros: &[u8]) -> Result<(), Error> {
        self.is_done = true;
        self.tape.0.borrow_mut().ending = Some(End { bytes: 0, is_zero: true });
        self.tape.raw(zeros)?;
        self.reader.finish()?;
        self.end = self.tape.0.borrow_mut().ending.take().unwrap_or_default();
        Ok(())
    }
}

/// A path from the root, however it is spelled.
fn plain(path: &[u8]) -> Vec<u8> {
    let names = path.split(|byte| *byte == b'/').filter(|name| !matches!(*name, b"" | b"."));
    names.collect::<Vec<_>>().join(&b'/')
}

/// What an entry is about: a whiteout is about what it hides.
fn meant(path: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let (dir, name) = crate::layer::entry::split_path(path);
    match name.strip_prefix(b".wh.") {
        None => path.into(),
        Some(b".wh..opq") => dir.into(),
        Some(hidden) if dir.is_empty() => hidden.into(),
        Some(hidden) => [dir, b"/", hidden].concat().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whiteouts_are_about_what_they_hide() {
        for (path, wanted) in
            [("a/b", "a/b"), ("a/.wh.b", "a/b"), (".wh.b", "b"), ("a/.wh..wh..opq", "a"), ("", "")]
        {
            assert_eq!(meant(path.as_bytes()).as_ref(), wanted.as_bytes());
        }
        assert_eq!(plain(b"./a//b/"), b"a/b");
    }
}
