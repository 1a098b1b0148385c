//! Layers: which part holds which, and how its tar is had again.

use std::io::ErrorKind;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Failure, pins, values};
use crate::oci::{DiffId, Digest};
use crate::store::session::Living;
use crate::store::store::Inner;
use crate::store::{Error, PartId, Store};

/// An unpacked layer. Its part is complete and nobody writes to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerRecord {
    /// The digest of its uncompressed tar.
    pub diff_id: DiffId,
    /// Where its tree and its index are.
    pub part: PartId,
    /// Bytes in its files, hard links once.
    pub size: u64,
    /// Bytes of its uncompressed tar.
    pub tar_size: u64,
    /// Entries of every kind.
    pub file_count: u64,
    /// How the exact tar is had again.
    pub tar: TarSource,
}

/// Where a layer's exact tar comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TarSource {
    /// The canonical tar of its tree.
    Canonical,
    /// The part's `split`, together with the tree.
    Split,
    /// A blob as it came, of this media type.
    Blob(Digest, String),
}

/// What [`Store::add_layer`] found or made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedLayer {
    /// The layer, as it stands now.
    pub record: LayerRecord,
    /// False if it was there already; then the part offered should be removed.
    pub added: bool,
}

const COLUMNS: &str = "diff_id, part, size, tar_size, file_count, tar, blob, media_type";

impl Store {
    /// The layer, if it is here. It may be pruned at any time unless an image has it; see [`Self::pin_layer`].
    ///
    /// # Errors
    /// The records' own.
    pub fn layer(&self, diff_id: &DiffId) -> Result<Option<LayerRecord>, Error> {
        self.inner().read(|database| find(database, diff_id))
    }

    /// The layer, if it is here; then it stays until this store is closed or an image has it.
    ///
    /// # Errors
    /// The records' own.
    pub fn pin_layer(&self, diff_id: &DiffId) -> Result<Option<LayerRecord>, Error> {
        let session = self.inner().session()?;
        self.inner().write(|database| {
            let found = find(database, diff_id)?;
            if found.is_some() {
                pins::add(database, &session, &diff_id.0)?;
            }
            Ok(found)
        })
    }

    /// All layers.
    ///
    /// # Errors
    /// The records' own.
    pub fn layers(&self) -> Result<Vec<LayerRecord>, Error> {
        self.inner().read(all)
    }

    /// Records a complete layer, or finds that another process was first. It is pinned either way.
    ///
    /// # Errors
    /// [`Error::MissingPart`], [`Error::MissingBlob`], and the records' own.
    pub fn add_layer(&self, record: &LayerRecord) -> Result<AddedLayer, Error> {
        let inner = self.inner();
        let session = inner.session()?;
        inner.write(|database| {
            pins::add(database, &session, &record.diff_id.0)?;
            if let Some(record) = find(database, &record.diff_id)? {
                return Ok(AddedLayer { record, added: false });
            }
            inner.require_part(&record.part)?;
            let (tar, blob) = match &record.tar {
                TarSource::Canonical => (0, None),
                TarSource::Split => (1, None),
                TarSource::Blob(digest, media_type) => {
                    if !self.has_blob(digest) {
                        return Err(Error::MissingBlob { digest: *digest }.into());
                    }
                    (2, Some((digest, media_type)))
                }
            };
            database
                .prepare_cached(&format!(
                    "INSERT INTO layers ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
                ))?
                .execute(params![
                    record.diff_id.0.as_bytes(),
                    record.part.as_str(),
                    values::signed(record.size),
                    values::signed(record.tar_size),
                    values::signed(record.file_count),
                    tar,
                    blob.map(|(digest, _)| digest.as_bytes()),
                    blob.map(|(_, media_type)| media_type),
                ])?;
            Ok(AddedLayer { record: record.clone(), added: true })
        })
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<LayerRecord> {
    let tar = match (row.get(5)?, values::optional_digest(row, 6)?) {
        (0, _) => TarSource::Canonical,
        (1, _) => TarSource::Split,
        (2, Some(digest)) => TarSource::Blob(digest, row.get(7)?),
        (kind, _) => {
            let detail = format!("no tar source has number {kind}");
            return Err(values::unreadable(5, Error::BadRecord { table: "layers", detail }));
        }
    };
    Ok(LayerRecord {
        diff_id: values::diff_id(row, 0)?,
        part: values::part(row, 1)?,
        size: values::unsigned(row, 2)?,
        tar_size: values::unsigned(row, 3)?,
        file_count: values::unsigned(row, 4)?,
        tar,
    })
}

pub(in crate::store) fn find(
    database: &Connection,
    diff_id: &DiffId,
) -> Result<Option<LayerRecord>, Failure> {
    let mut statement =
        database.prepare_cached(&format!("SELECT {COLUMNS} FROM layers WHERE diff_id = ?1"))?;
    Ok(statement.query_row([diff_id.0.as_bytes()], from_row).optional()?)
}

pub(in crate::store) fn all(database: &Connection) -> Result<Vec<LayerRecord>, Failure> {
    let mut statement = database.prepare_cached(&format!("SELECT {COLUMNS} FROM layers"))?;
    let rows = statement.query_map([], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Forgets a layer, whoever has it.
pub(in crate::store) fn remove(database: &Connection, diff_id: &DiffId) -> Result<(), Failure> {
    database.prepare_cached("DELETE FROM layers WHERE diff_id = ?1")?.execute([diff_id.0.as_bytes()])?;
    Ok(())
}

/// Whether a record names this part as one that several may need: a layer's, a frozen or a special one.
pub(in crate::store) fn is_needed(database: &Connection, part: &PartId) -> Result<bool, Failure> {
    let mut statement = database.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM layers WHERE part = ?1) OR EXISTS (SELECT 1 FROM frozen WHERE part = ?1)
             OR EXISTS (SELECT 1 FROM special WHERE part = ?1)",
    )?;
    Ok(statement.query_row([part.as_str()], |row| row.get(0))?)
}

/// What goes with records that were deleted: after the transaction, and blobs only if nobody names them by then.
#[derive(Debug, Default)]
pub(in crate::store) struct Leftover {
    pub(in crate::store) layers: Vec<DiffId>,
    pub(in crate::store) parts: Vec<PartId>,
    pub(in crate::store) blobs: Vec<Digest>,
}

/// Forgets those of `candidates` that no image has and no living session has pinned.
pub(in crate::store) fn remove_unneeded(
    database: &Connection,
    candidates: impl IntoIterator<Item = DiffId>,
    living: &mut Living<'_>,
    leftover: &mut Leftover,
) -> Result<(), Failure> {
    for diff_id in candidates {
        let mut in_image =
            database.prepare_cached("SELECT EXISTS (SELECT 1 FROM image_layers WHERE diff_id = ?1)")?;
        if in_image.query_row([diff_id.0.as_bytes()], |row| row.get(0))? {
            continue;
        }
        if pins::sessions_of(database, &diff_id.0)?.iter().any(|session| living.is_alive(session)) {
            continue;
        }
        let Some(record) = find(database, &diff_id)? else { continue };
        remove(database, &diff_id)?;
        leftover.layers.push(diff_id);
        if !is_needed(database, &record.part)? {
            leftover.parts.push(record.part);
        }
        if let TarSource::Blob(digest, _) = record.tar {
            leftover.blobs.push(digest);
        }
    }
    Ok(())
}

impl Inner {
    /// Removes what is left over. Failing here leaves garbage, no more.
    pub(in crate::store) fn dispose(&self, leftover: &Leftover) -> Result<(), Error> {
        for part in &leftover.parts {
            self.discard(self.part_dir(part))?;
        }
        if !leftover.blobs.is_empty() {
            self.discard_blobs(&leftover.blobs)?;
        }
        Ok(())
    }

    /// Takes blobs away unless somebody needs them: while nobody else can write records, so that nobody begins to.
    pub(in crate::store) fn discard_blobs(&self, blobs: &[Digest]) -> Result<Vec<Digest>, Error> {
        let session = self.session()?;
        let moved = self.write_removal(|database| {
            let folder = self.sessions();
            let mut living = Living::new(&folder);
            let mut moved = Vec::new();
            for digest in blobs {
                let mut named = database.prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM layers WHERE blob = ?1)
                         OR EXISTS (SELECT 1 FROM image_layers WHERE blob = ?1)",
                )?;
                if named.query_row([digest.as_bytes()], |row| row.get(0))?
                    || pins::sessions_of(database, digest)?.iter().any(|session| living.is_alive(session))
                {
                    continue;
                }
                let target = self.temporary().join(session.fresh_name());
                let path = self.blob_path(digest);
                let gone = match std::fs::rename(&path, &target) {
                    // Only so that nobody waits for a large file to go while we have the records.
                    Err(error) if error.kind() == ErrorKind::StorageFull => std::fs::remove_file(path),
                    renamed => renamed,
                };
                if gone.is_ok() {
                    moved.push((*digest, target));
                }
            }
            Ok(moved)
        })?;
        let mut gone = Vec::with_capacity(moved.len());
        for (digest, target) in moved {
            self.discard(target)?;
            gone.push(digest);
        }
        Ok(gone)
    }
}
