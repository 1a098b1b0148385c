//! Pruning: taking what nothing reaches.

use std::collections::HashSet;

use rusqlite::Connection;

use super::records::layers::{self, Leftover};
use super::records::special;
use super::session::{Living, owner, stager};
use super::store::{Inner, names};
use super::{Error, PartId, Store, blobs, reach, remove};
use crate::oci::{DiffId, Digest};

/// What was removed, or with `dry` would be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PruneReport {
    /// Layers that no image has.
    pub layers: Vec<DiffId>,
    /// Parts that no record names, those of these layers and what was kept for their chains among them.
    pub parts: Vec<PartId>,
    /// Blobs that no record names.
    pub blobs: Vec<Digest>,
    /// What dead processes were writing or removing, as named in `tmp`.
    pub temporary: Vec<String>,
    /// Bytes on the disk, all together; what is deeper than 32 directories is not counted.
    pub bytes: u64,
}

/// What to do with layers that no image has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unneeded {
    /// They stay.
    Keep,
    /// See what would be without them.
    Rehearse,
    /// Forget them.
    Remove,
}

impl Store {
    /// Removes what no record and no living process reaches; with `dry` it only says what that is.
    ///
    /// # Errors
    /// The records' own.
    pub fn prune(&self, dry: bool) -> Result<PruneReport, Error> {
        // What was removed a moment ago is not to be counted again.
        self.wait_for_removals();
        if dry {
            return self.inner().unreachable(Unneeded::Rehearse);
        }
        let mut report = self.inner().unreachable(Unneeded::Remove)?;
        self.inner().take_away(&mut report)?;
        self.wait_for_removals();
        Ok(report)
    }
}

impl Inner {
    /// What no record and no living process reaches.
    pub(super) fn unreachable(&self, unneeded: Unneeded) -> Result<PruneReport, Error> {
        let folder = self.sessions();
        let mut living = Living::new(&folder);
        // Listed before the records are read: what is made in between is not in the lists.
        let (parts, present, temporary) =
            (names(&self.parts()), names(&self.blobs()), names(&self.temporary()));
        let look = |database: &Connection| {
            let mut living = Living::new(&folder);
            let mut leftover = Leftover::default();
            if unneeded != Unneeded::Keep {
                let all = layers::all(database)?.into_iter().map(|layer| layer.diff_id);
                layers::remove_unneeded(database, all, &mut living, &mut leftover)?;
                special::remove_unneeded(database, &mut leftover)?;
            }
            let mut blobs = reach::blobs(database)?;
            blobs.extend(reach::pinned(database, &mut living)?);
            Ok((leftover, reach::parts(database)?, blobs))
        };
        let (leftover, reached_parts, reached_blobs) = if unneeded == Unneeded::Remove {
            self.write_removal(look)?
        } else {
            self.with_records(|records| records.rehearse(look))?
        };
        let mut report = PruneReport { layers: leftover.layers, ..PruneReport::default() };
        // A part goes with its record even if the session that made it still lives.
        let freed: HashSet<PartId> = leftover.parts.into_iter().collect();
        for name in parts {
            let Ok(part) = name.parse::<PartId>() else { continue };
            if freed.contains(&part) || !reached_parts.contains(&name) && !living.is_alive(part.session()) {
                report.bytes += remove::disk_usage(&self.part_dir(&part));
                report.parts.push(part);
            }
        }
        for name in present {
            let Ok(digest) = format!("sha256:{name}").parse::<Digest>() else { continue };
            if !reached_blobs.contains(&digest) {
                report.bytes += remove::disk_usage(&self.blob_path(&digest));
                report.blobs.push(digest);
            }
        }
        for name in temporary {
            let resuming =
                || name.starts_with(blobs::RESUME) && blobs::is_resuming(&self.temporary().join(&name));
            let session = owner(&name).or_else(|| stager(&name));
            if session.is_none_or(|session| !living.is_alive(session)) && !resuming() {
                report.bytes += remove::disk_usage(&self.temporary().join(&name));
                report.temporary.push(name);
            }
        }
        report.layers.sort();
        report.parts.sort();
        report.blobs.sort();
        report.temporary.sort();
        Ok(report)
    }

    /// Removes what was found unreachable; blobs that somebody has come to need meanwhile leave the report.
    pub(super) fn take_away(&self, report: &mut PruneReport) -> Result<(), Error> {
        for part in &report.parts {
            self.discard(self.part_dir(part))?;
        }
        for name in &report.temporary {
            self.discard(self.temporary().join(name))?;
        }
        if !report.blobs.is_empty() {
            report.blobs = self.discard_blobs(&report.blobs)?;
        }
        Ok(())
    }
}
