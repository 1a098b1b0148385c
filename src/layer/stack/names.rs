//! The first few names of a directory that begin so: what completion asks, with each key pressed on Tab.
//!
//! Of a layer that has an index only those names are looked at, however many there are; of a container's own
//! part, which has none, the names are read and only the fitting ones are examined.

use std::io;
use std::iter::Peekable;
use std::os::fd::AsFd as _;

use super::super::entry::Kind;
use super::super::error::Error;
use super::super::index::Index;
use super::{Cursor, Merged, Stack, join};
use crate::sys::file::{self, Name};

/// Names that are read at most from a directory without an index.
const MOST_READ: usize = 50_000;

/// What a name is, at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glance {
    /// A directory, or a symbolic link to one.
    pub is_dir: bool,
    /// A file that somebody may execute, or a symbolic link to no directory.
    pub is_program: bool,
    is_symlink: bool,
}

impl Glance {
    const fn of(kind: Kind, mode: u32) -> Self {
        let is_symlink = matches!(kind, Kind::Symlink);
        let is_file = matches!(kind, Kind::File | Kind::Hardlink);
        Self {
            is_dir: matches!(kind, Kind::Dir),
            is_program: is_symlink || is_file && mode & 0o111 != 0,
            is_symlink,
        }
    }
}

/// Names in order; `None` for one that a layer takes away.
type Names<'a> = Peekable<Box<dyn Iterator<Item = (Vec<u8>, Option<Glance>)> + 'a>>;

impl Stack {
    /// The first `most` names in the directory at `dir` (symbolic links followed) that begin with `begin`,
    /// sorted by bytes. `indexes` are the layers' where they have one, in the layers' order.
    ///
    /// # Errors
    /// [`Error::Path`] for a way through what is no directory; [`Error::Io`].
    pub fn names_beginning(
        &self,
        dir: &[u8],
        begin: &[u8],
        most: usize,
        indexes: &[Option<Index>],
    ) -> Result<Vec<(Vec<u8>, Glance)>, Error> {
        let dir = self.resolve(dir, true)?.path;
        let mut cursor = self.cursor();
        let mut found = cursor.beginning(&dir, begin, most, indexes)?;
        for (name, glance) in found.iter_mut().filter(|(_, glance)| glance.is_symlink) {
            let mut path = dir.clone();
            join(&mut path, name);
            glance.is_dir = self
                .resolve(&path, true)
                .is_ok_and(|resolved| resolved.node.is_some_and(|node| node.stat.is_dir()));
            glance.is_program &= !glance.is_dir;
        }
        Ok(found)
    }
}

impl Cursor {
    fn beginning(
        &mut self,
        path: &[u8],
        begin: &[u8],
        most: usize,
        indexes: &[Option<Index>],
    ) -> Result<Vec<(Vec<u8>, Glance)>, Error> {
        let Some(dir) = self.dir(path)? else { return Ok(Vec::new()) };
        let failed = |source| Error::io("list", path, source);
        let mut layers: Vec<Names<'_>> = Vec::with_capacity(dir.parts.len());
        for (layer, _) in &dir.parts {
            let names: Box<dyn Iterator<Item = _>> = match indexes.get(*layer).and_then(Option::as_ref) {
                Some(index) => Box::new(from_index(index, path, begin)),
                None => Box::new(dir.names_on_disk(*layer, begin).map_err(failed)?),
            };
            layers.push(names.peekable());
        }
        let mut found = Vec::new();
        while found.len() < most {
            let first = layers.iter_mut().filter_map(|names| Some(names.peek()?.0.clone())).min();
            let Some(name) = first else { break };
            // The uppermost layer that has the name says what it is.
            let mut says = None;
            for names in &mut layers {
                if let Some((_, glance)) = names.next_if(|(other, _)| *other == name) {
                    says = says.or(Some(glance));
                }
            }
            found.extend(says.flatten().map(|glance| (name, glance)));
        }
        Ok(found)
    }
}

fn from_index<'a>(
    index: &'a Index,
    dir: &[u8],
    begin: &[u8],
) -> impl Iterator<Item = (Vec<u8>, Option<Glance>)> + use<'a> {
    let names = if dir.is_empty() { 0 } else { dir.len() + 1 };
    index.children_beginning(dir, begin).map(move |entry| {
        let name = entry.path.get(names..).unwrap_or_default().to_vec();
        (name, (entry.kind != Kind::Whiteout).then(|| Glance::of(entry.kind, entry.mode)))
    })
}

impl Merged {
    /// The same from the disk; what a name is, is found out when it is asked for.
    fn names_on_disk(
        &self,
        layer: usize,
        begin: &[u8],
    ) -> io::Result<impl Iterator<Item = (Vec<u8>, Option<Glance>)> + use<'_>> {
        let Some((_, dir)) = self.parts.iter().find(|(part, _)| *part == layer) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let readable = file::reopen_dir(dir.as_fd())?;
        let mut names = Vec::new();
        let mut read = 0;
        let stop = || io::Error::from(io::ErrorKind::Interrupted);
        let listed = file::list(readable.as_fd(), &mut Vec::new(), &mut |name| {
            read += 1;
            if name.starts_with(begin) {
                names.push(name.to_vec());
            }
            if read < MOST_READ { Ok(()) } else { Err(stop()) }
        });
        if let Err(error) = listed
            && read < MOST_READ
        {
            return Err(error);
        }
        names.sort_unstable();
        Ok(names.into_iter().filter_map(move |name| {
            let known = Name::new(&name).ok()?;
            let stat = self.stat(layer, dir.as_fd(), &known).ok()??;
            if self.format.is_about_parent(&known) {
                return None;
            }
            let hides = self.format.is_hidden(dir.as_fd(), &known, &stat).ok()?;
            let glance = Kind::of_mode(stat.mode).filter(|_| !hides);
            Some((name, glance.map(|kind| Glance::of(kind, stat.mode))))
        }))
    }
}
