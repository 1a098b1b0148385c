//! `duplicates`: files of the same content.

use std::io;

use super::Content;
use crate::inspect::model::NodeId;
use crate::layer::Kind;
use crate::oci::{Digest, Digester};
use crate::workbench::listed::absolute;
use crate::workbench::{Duplicate, Error, ErrorKind, Result, Subject, Workbench};

impl Workbench {
    /// Contents that the end shows in more than one file; the most wasteful first. Hard links are one file.
    /// Only files whose size recurs are read.
    ///
    /// # Errors
    /// When the subject is gone or a file cannot be read.
    pub fn duplicates(&self, subject: &Subject) -> Result<Vec<Duplicate>> {
        let look = self.look(subject, Content::Needed)?;
        let Some(top) = look.top() else { return Ok(Vec::new()) };
        let tree = look.model.tree(Some(top), top);
        // A file with several names has its bytes at one of them.
        let files = tree.rows().filter(|row| row.entry.kind != Kind::Dir && row.bytes > 0);
        let mut by_size: Vec<(u64, NodeId)> = files.map(|row| (row.bytes, row.node)).collect();
        by_size.sort_unstable_by_key(|(size, node)| (std::cmp::Reverse(*size), *node));
        let reader = look.reader();
        let mut found = Vec::new();
        for alike in by_size.chunk_by(|one, other| one.0 == other.0).filter(|alike| alike.len() > 1) {
            let size = alike[0].0;
            // A list to be sorted, since a million files of one size may all differ.
            let mut contents: Vec<(Digest, NodeId)> = Vec::new();
            for row in alike.iter().filter_map(|(_, node)| tree.row(*node)) {
                if self.settings.interrupt.raised() {
                    return Err(Error::new(ErrorKind::Interrupted, "interrupted while reading files"));
                }
                let digest = match row.entry.digest {
                    Some(digest) => Digest::from_bytes(digest),
                    None => {
                        let mut digester = Digester::default();
                        let path = absolute(row.entry.path);
                        let said = |error: io::Error| Error::io(format!("reading `{path}`"), &error);
                        let mut file = match reader.file(row.layer, row.entry.path) {
                            Some(file) => file,
                            None => look.open_at(row.layer, row.entry.path)?,
                        };
                        io::copy(&mut file, &mut digester).map_err(said)?;
                        digester.finish()
                    }
                };
                contents.push((digest, row.node));
            }
            contents.sort_unstable();
            for files in contents.chunk_by(|one, other| one.0 == other.0).filter(|files| files.len() > 1) {
                let count = files.len() as u64;
                let paths = files.iter().map(|(_, node)| absolute(look.model.path(*node))).collect();
                found.push(Duplicate {
                    digest: files[0].0.to_string(),
                    size,
                    count,
                    wasted: size.saturating_mul(count - 1),
                    paths,
                });
            }
        }
        found.sort_by(|one, other| other.wasted.cmp(&one.wasted).then_with(|| one.paths.cmp(&other.paths)));
        Ok(found)
    }
}
