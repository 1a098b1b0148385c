//! Building trees and tars.

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use crate::layer::{
    self, Entry, Error, Index, Limits, OverlayFormat, Source, TarOptions, UnpackOptions, scan, write_tar,
};
use crate::sys::file::{self, Name};

pub fn is_root() -> bool {
    crate::sys::file::own_ids().0 == 0
}

/// Says why a test did nothing; where that is not wanted, fails.
pub fn skip(why: &str) {
    assert!(std::env::var_os("PLYWOOD_REQUIRE_PEERS").is_none(), "skipped: {why}");
    eprintln!("skipped: {why}");
}

/// A directory with `fs` in it, that vanishes.
pub struct Part(tempfile::TempDir);

impl Part {
    pub fn new() -> Self {
        let part = tempfile::tempdir().unwrap();
        std::fs::create_dir(part.path().join("fs")).unwrap();
        Self(part)
    }
    pub fn path(&self) -> &Path {
        self.0.path()
    }
    pub fn fs(&self) -> PathBuf {
        self.0.path().join("fs")
    }
    /// The entries, with whoever runs the tests as the owner 0: others cannot give files away.
    pub fn scan(&self) -> Vec<Entry> {
        let mut entries = scan(&self.fs(), OverlayFormat::User).unwrap();
        if !is_root() {
            entries.iter_mut().for_each(|entry| (entry.uid, entry.gid) = (0, 0));
        }
        entries
    }
    pub fn unpack(&self, tar: &[u8]) -> Result<Unpacked, Error> {
        unpack(tar, self.path(), &options())
    }
}

/// What unpacking came to, and the entries that it wrote.
#[derive(Debug)]
pub struct Unpacked {
    pub entries: Vec<Entry>,
    summary: layer::Unpacked,
}

impl std::ops::Deref for Unpacked {
    type Target = layer::Unpacked;

    fn deref(&self) -> &Self::Target {
        &self.summary
    }
}

pub fn unpack(
    tar: impl std::io::Read + Send,
    part: &Path,
    options: &UnpackOptions,
) -> Result<Unpacked, Error> {
    let summary = layer::unpack(tar, part, options)?;
    Ok(Unpacked { entries: entries_of(&part.join("index")), summary })
}

/// The entries of a tar that is only listed.
pub fn index_tar(tar: impl Source, limits: &Limits) -> Result<Vec<Entry>, Error> {
    let place = tempfile::NamedTempFile::new().unwrap();
    layer::index_tar(tar, limits, place.path()).map(|()| entries_of(place.path()))
}

fn entries_of(index: &Path) -> Vec<Entry> {
    Index::open(index).unwrap().iter().map(|entry| entry.to_entry()).collect()
}

/// Trees of these tests can be deeper than a path, or closed to their own owner.
impl Drop for Part {
    fn drop(&mut self) {
        if let (Ok(dir), Ok(name)) = (file::open_root(self.path()), Name::new(b"fs")) {
            let _ = file::remove_tree(dir.as_fd(), &name);
        }
    }
}

pub fn options() -> UnpackOptions {
    UnpackOptions {
        format: OverlayFormat::User,
        limits: Limits::default(),
        expected: None,
        owners: is_root(),
        keep_split: true,
    }
}

/// The canonical tar of the tree at `fs`.
pub fn tar_of(entries: &[Entry], fs: &Path) -> Vec<u8> {
    let mut tar = Vec::new();
    let content = crate::layer::DirContent::open(fs).unwrap();
    let size =
        write_tar(entries.iter().map(Entry::as_ref), &content, &mut tar, &TarOptions::default()).unwrap();
    assert_eq!(size, tar.len() as u64);
    tar
}
