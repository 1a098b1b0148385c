//! Images as the records' rows have them.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Failure, values};
use crate::oci::{DiffId, Digest, Reference};
use crate::store::Error;

/// An image: a configuration and its layers, lowest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageRecord {
    /// The digest of `config`.
    pub id: Digest,
    /// The configuration's JSON, as it came.
    pub config: Vec<u8>,
    /// The manifest's JSON, as it came; none for an image that was made here.
    pub manifest: Option<Vec<u8>>,
    /// The manifest's digest.
    pub manifest_digest: Option<Digest>,
    /// The layers, lowest first. All are in the store.
    pub diff_ids: Vec<DiffId>,
    /// For each layer the compressed blob that it came as, where that is kept. As long as `diff_ids`.
    pub compressed: Vec<Option<BlobDescriptor>>,
    /// When it was stored, in nanoseconds since 1970.
    pub created: i64,
}

/// A compressed layer in `blobs/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobDescriptor {
    /// Of the compressed bytes.
    pub digest: Digest,
    /// How many those are.
    pub size: u64,
    /// `…tar+gzip` and the like.
    pub media_type: String,
}

/// An image with what the listing shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredImage {
    /// The image.
    pub record: ImageRecord,
    /// What points to it, sorted.
    pub references: Vec<Reference>,
    /// What `fsck` found wrong with it.
    pub damage: Option<String>,
}

const COLUMNS: &str = "id, config, manifest, manifest_digest, created, damage";

/// An image that is there and whole.
pub(super) fn whole(database: &Connection, id: &Digest) -> Result<Option<ImageRecord>, Failure> {
    let mut statement = database.prepare_cached(&format!("SELECT {COLUMNS} FROM images WHERE id = ?1"))?;
    let Some((mut record, damage)) = statement.query_row([id.as_bytes()], from_row).optional()? else {
        return Ok(None);
    };
    if let Some(damage) = damage {
        return Err(Error::Damaged { image: id.short(), damage }.into());
    }
    (record.diff_ids, record.compressed) = layers_of(database, id)?.into_iter().unzip();
    Ok(Some(record))
}

/// Whether an image has just these layers, lowest first.
pub(super) fn has_layers(database: &Connection, diff_ids: &[DiffId]) -> Result<bool, Failure> {
    let Some(top) = diff_ids.last() else {
        let mut without = database.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM images WHERE id NOT IN (SELECT image FROM image_layers))",
        )?;
        return Ok(without.query_row([], |row| row.get(0))?);
    };
    let mut candidates =
        database.prepare_cached("SELECT image FROM image_layers WHERE diff_id = ?1 AND position = ?2")?;
    let position = values::signed(diff_ids.len() as u64 - 1);
    let mut rows = candidates.query(params![top.0.as_bytes(), position])?;
    while let Some(row) = rows.next()? {
        let layers = layers_of(database, &values::digest(row, 0)?)?;
        if layers.iter().map(|(diff_id, _)| diff_id).eq(diff_ids) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) type Layer = (DiffId, Option<BlobDescriptor>);

pub(super) fn layers_of(database: &Connection, id: &Digest) -> Result<Vec<Layer>, Failure> {
    let mut statement = database.prepare_cached(
        "SELECT diff_id, blob, blob_size, media_type FROM image_layers WHERE image = ?1 ORDER BY position",
    )?;
    let rows = statement.query_map([id.as_bytes()], |row| layer_from_row(row, 0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn layer_from_row(row: &Row<'_>, first: usize) -> rusqlite::Result<Layer> {
    let diff_id = values::diff_id(row, first)?;
    let blob = match values::optional_digest(row, first + 1)? {
        Some(digest) => Some(BlobDescriptor {
            digest,
            size: values::unsigned(row, first + 2)?,
            media_type: row.get(first + 3)?,
        }),
        None => None,
    };
    Ok((diff_id, blob))
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<(ImageRecord, Option<String>)> {
    let record = ImageRecord {
        id: values::digest(row, 0)?,
        config: row.get(1)?,
        manifest: row.get(2)?,
        manifest_digest: values::optional_digest(row, 3)?,
        diff_ids: Vec::new(),
        compressed: Vec::new(),
        created: row.get(4)?,
    };
    Ok((record, row.get(5)?))
}

pub(super) fn references_of(database: &Connection, id: &Digest) -> Result<Vec<Reference>, Failure> {
    let mut statement =
        database.prepare_cached("SELECT reference FROM refs WHERE image = ?1 ORDER BY reference")?;
    let rows = statement.query_map([id.as_bytes()], |row| reference(row, 0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn reference(row: &Row<'_>, column: usize) -> rusqlite::Result<Reference> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|error| values::unreadable(column, error))
}

/// All images with three queries, however many there are.
pub(in crate::store) fn all(database: &Connection) -> Result<Vec<StoredImage>, Failure> {
    let mut statement =
        database.prepare_cached(&format!("SELECT {COLUMNS} FROM images ORDER BY created DESC, id"))?;
    let mut images = statement
        .query_map([], from_row)?
        .map(|row| row.map(|(record, damage)| StoredImage { record, references: Vec::new(), damage }))
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let places: HashMap<Digest, usize> =
        images.iter().enumerate().map(|(place, image)| (image.record.id, place)).collect();
    let mut statement = database.prepare_cached(
        "SELECT image, diff_id, blob, blob_size, media_type FROM image_layers ORDER BY image, position",
    )?;
    for row in statement.query_map([], |row| Ok((values::digest(row, 0)?, layer_from_row(row, 1)?)))? {
        let (image, (diff_id, blob)) = row?;
        if let Some(&place) = places.get(&image) {
            images[place].record.diff_ids.push(diff_id);
            images[place].record.compressed.push(blob);
        }
    }
    let mut statement = database.prepare_cached("SELECT image, reference FROM refs ORDER BY reference")?;
    for row in statement.query_map([], |row| Ok((values::digest(row, 0)?, reference(row, 1)?)))? {
        let (image, reference) = row?;
        if let Some(&place) = places.get(&image) {
            images[place].references.push(reference);
        }
    }
    Ok(images)
}
