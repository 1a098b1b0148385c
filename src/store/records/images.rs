//! Images and the references that point to them.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::layers::{self, Leftover};
use super::{Failure, lookup, pins, special, values};
use crate::oci::{DiffId, Digest, Reference};
use crate::store::session::Living;
use crate::store::{Error, Noun, Store};

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

/// A reference that pointed to another image before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedReference {
    /// The reference.
    pub reference: Reference,
    /// The image it pointed to.
    pub from: Digest,
}

/// What went with an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemovedImage {
    /// The references that pointed to it.
    pub references: Vec<Reference>,
    /// The layers that nothing else needed.
    pub layers: Vec<DiffId>,
}

const COLUMNS: &str = "id, config, manifest, manifest_digest, created, damage";

impl Store {
    /// Records an image and points `references` to it; those that pointed to another image before.
    ///
    /// An image that is there already keeps its time; its manifest and blobs are replaced where new ones are given.
    ///
    /// # Errors
    /// [`Error::MissingLayer`] and [`Error::MissingBlob`] if something it has is not in the store,
    /// [`Error::WrongDigest`] if its id is not that of its configuration, and the records' own.
    pub fn put_image(
        &self,
        image: &ImageRecord,
        references: &[Reference],
    ) -> Result<Vec<MovedReference>, Error> {
        let actual = Digest::of(&image.config);
        if actual != image.id {
            return Err(Error::WrongDigest { expected: image.id, actual });
        }
        let session = self.inner().current_session();
        self.inner().write(|database| {
            database
                .prepare_cached(
                    "INSERT INTO images (id, config, manifest, manifest_digest, created) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (id) DO UPDATE SET manifest = coalesce(excluded.manifest, manifest), damage = NULL,
                         manifest_digest = coalesce(excluded.manifest_digest, manifest_digest)",
                )?
                .execute(params![
                    image.id.as_bytes(),
                    image.config,
                    image.manifest,
                    image.manifest_digest.as_ref().map(Digest::as_bytes),
                    image.created,
                ])?;
            for (position, diff_id) in image.diff_ids.iter().enumerate() {
                if layers::find(database, diff_id)?.is_none() {
                    return Err(Error::MissingLayer { diff_id: *diff_id }.into());
                }
                let blob = image.compressed.get(position).and_then(Option::as_ref);
                if let Some(blob) = blob.filter(|blob| !self.has_blob(&blob.digest)) {
                    return Err(Error::MissingBlob { digest: blob.digest }.into());
                }
                put_layer(database, &image.id, position, diff_id, blob)?;
                if let Some(session) = &session {
                    pins::remove(database, session.name(), &diff_id.0)?;
                    if let Some(blob) = blob {
                        pins::remove(database, session.name(), &blob.digest)?;
                    }
                }
            }
            let mut moved = Vec::new();
            for reference in references {
                if let Some(from) = point(database, reference, &image.id)? {
                    moved.push(MovedReference { reference: reference.clone(), from });
                }
            }
            Ok(moved)
        })
    }

    /// The image that `reference` points to.
    ///
    /// # Errors
    /// [`Error::Damaged`], and the records' own.
    pub fn image_by_ref(&self, reference: &Reference) -> Result<Option<ImageRecord>, Error> {
        self.inner().read(|database| match target(database, reference)? {
            Some(id) => whole(database, &id),
            None => Ok(None),
        })
    }

    /// The image with this id.
    ///
    /// # Errors
    /// [`Error::Damaged`], and the records' own.
    pub fn image(&self, id: &Digest) -> Result<Option<ImageRecord>, Error> {
        self.inner().read(|database| whole(database, id))
    }

    /// The newest image that came with this manifest.
    ///
    /// # Errors
    /// [`Error::Damaged`], and the records' own.
    pub fn image_by_manifest(&self, manifest: &Digest) -> Result<Option<ImageRecord>, Error> {
        self.inner().read(|database| {
            let mut statement = database.prepare_cached(
                "SELECT id FROM images WHERE manifest_digest = ?1 ORDER BY created DESC LIMIT 1",
            )?;
            let id = statement.query_row([manifest.as_bytes()], |row| values::digest(row, 0)).optional()?;
            id.map_or(Ok(None), |id| whole(database, &id))
        })
    }

    /// The image whose id begins so; `sha256:` may stand before it.
    ///
    /// # Errors
    /// [`Error::Ambiguous`], [`Error::Damaged`], and the records' own.
    pub fn image_by_id_prefix(&self, prefix: &str) -> Result<Option<ImageRecord>, Error> {
        let digits = prefix.strip_prefix("sha256:").unwrap_or(prefix);
        let Some((low, high)) = lookup::range(digits) else { return Ok(None) };
        self.inner().read(|database| {
            let mut statement = database
                .prepare_cached("SELECT id FROM images WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT 10")?;
            let found = statement.query_map([low, high], |row| values::digest(row, 0))?;
            let found = found.collect::<rusqlite::Result<Vec<_>>>()?;
            match found.as_slice() {
                [] => Ok(None),
                [id] => whole(database, id),
                several => {
                    let matches = several.iter().map(Digest::short).collect();
                    Err(Error::Ambiguous { noun: Noun::Image, prefix: prefix.to_owned(), matches }.into())
                }
            }
        })
    }

    /// All images, the damaged too, newest first.
    ///
    /// # Errors
    /// The records' own.
    pub fn images(&self) -> Result<Vec<StoredImage>, Error> {
        self.inner().read(all)
    }

    /// The references that point to an image, sorted.
    ///
    /// # Errors
    /// The records' own.
    pub fn refs_of(&self, id: &Digest) -> Result<Vec<Reference>, Error> {
        self.inner().read(|database| references_of(database, id))
    }

    /// Points `reference` to an image; the image it pointed to before, if that was another one.
    ///
    /// # Errors
    /// [`Error::NotFound`], and the records' own.
    pub fn tag(&self, id: &Digest, reference: &Reference) -> Result<Option<Digest>, Error> {
        self.inner().write(|database| {
            require(database, id)?;
            point(database, reference, id)
        })
    }

    /// Takes `reference` away; the image that it pointed to.
    ///
    /// # Errors
    /// The records' own.
    pub fn untag(&self, reference: &Reference) -> Result<Option<Digest>, Error> {
        self.inner().write_removal(|database| {
            let id = target(database, reference)?;
            database
                .prepare_cached("DELETE FROM refs WHERE reference = ?1")?
                .execute([reference.canonical()])?;
            Ok(id)
        })
    }

    /// Removes an image with all its references, and the layers that nothing else needs.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::InUse`] if a container is made of it, and the records' own.
    pub fn remove_image(&self, id: &Digest) -> Result<RemovedImage, Error> {
        let folder = self.inner().sessions();
        let (references, leftover) = self.inner().write_removal(|database| {
            require(database, id)?;
            refuse_if_used(database, id)?;
            let references = references_of(database, id)?;
            let layers = layers_of(database, id)?;
            for sql in [
                "DELETE FROM refs WHERE image = ?1",
                "DELETE FROM image_layers WHERE image = ?1",
                "DELETE FROM images WHERE id = ?1",
            ] {
                database.prepare_cached(sql)?.execute([id.as_bytes()])?;
            }
            let mut leftover = Leftover::default();
            leftover
                .blobs
                .extend(layers.iter().filter_map(|(_, blob)| blob.as_ref().map(|blob| blob.digest)));
            let diff_ids = layers.iter().map(|(diff_id, _)| *diff_id);
            let diff_ids: Vec<DiffId> = diff_ids.collect();
            special::release(database, &diff_ids, &mut leftover)?;
            layers::remove_unneeded(database, diff_ids, &mut Living::new(&folder), &mut leftover)?;
            Ok((references, leftover))
        })?;
        self.inner().dispose(&leftover)?;
        Ok(RemovedImage { references, layers: leftover.layers })
    }
}

fn put_layer(
    database: &Connection,
    image: &Digest,
    position: usize,
    diff_id: &DiffId,
    blob: Option<&BlobDescriptor>,
) -> Result<(), Failure> {
    database
        .prepare_cached(
            "INSERT INTO image_layers (image, position, diff_id, blob, blob_size, media_type)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (image, position) DO UPDATE SET blob = excluded.blob, blob_size = excluded.blob_size,
                 media_type = excluded.media_type WHERE excluded.blob IS NOT NULL",
        )?
        .execute(params![
            image.as_bytes(),
            values::signed(position as u64),
            diff_id.0.as_bytes(),
            blob.map(|blob| blob.digest.as_bytes()),
            blob.map(|blob| values::signed(blob.size)),
            blob.map(|blob| &blob.media_type),
        ])?;
    Ok(())
}

/// Where a reference points.
fn target(database: &Connection, reference: &Reference) -> Result<Option<Digest>, Failure> {
    let mut statement = database.prepare_cached("SELECT image FROM refs WHERE reference = ?1")?;
    Ok(statement.query_row([reference.canonical()], |row| values::digest(row, 0)).optional()?)
}

/// Points a reference; where it pointed before, if elsewhere.
fn point(database: &Connection, reference: &Reference, id: &Digest) -> Result<Option<Digest>, Failure> {
    let before = target(database, reference)?;
    if before.as_ref() == Some(id) {
        return Ok(None);
    }
    database
        .prepare_cached("INSERT OR REPLACE INTO refs (reference, image) VALUES (?1, ?2)")?
        .execute(params![reference.canonical(), id.as_bytes()])?;
    Ok(before)
}

/// An image must be there, damaged or not.
fn require(database: &Connection, id: &Digest) -> Result<(), Failure> {
    let mut statement = database.prepare_cached("SELECT EXISTS (SELECT 1 FROM images WHERE id = ?1)")?;
    if statement.query_row([id.as_bytes()], |row| row.get(0))? {
        return Ok(());
    }
    Err(Error::NotFound { noun: Noun::Image, name: id.short() }.into())
}

/// An image must be there and be whole.
pub(in crate::store) fn require_whole(database: &Connection, id: &Digest) -> Result<(), Failure> {
    let mut statement = database.prepare_cached("SELECT damage FROM images WHERE id = ?1")?;
    match statement.query_row([id.as_bytes()], |row| row.get::<_, Option<String>>(0)).optional()? {
        Some(None) => Ok(()),
        Some(Some(damage)) => Err(Error::Damaged { image: id.short(), damage }.into()),
        None => Err(Error::NotFound { noun: Noun::Image, name: id.short() }.into()),
    }
}

fn refuse_if_used(database: &Connection, id: &Digest) -> Result<(), Failure> {
    for (noun, table) in [(Noun::Container, "containers"), (Noun::Snapshot, "snapshots")] {
        let mut statement = database.prepare_cached(&format!(
            "SELECT name, count(*) FROM {table} WHERE image = ?1 HAVING count(*) > 0"
        ))?;
        let user = statement
            .query_row([id.as_bytes()], |row| Ok((row.get(0)?, values::unsigned(row, 1)?)))
            .optional()?;
        if let Some((user, count)) = user {
            return Err(Error::InUse { image: id.short(), noun, user, others: count - 1 }.into());
        }
    }
    Ok(())
}

fn whole(database: &Connection, id: &Digest) -> Result<Option<ImageRecord>, Failure> {
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

type Layer = (DiffId, Option<BlobDescriptor>);

fn layers_of(database: &Connection, id: &Digest) -> Result<Vec<Layer>, Failure> {
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

fn references_of(database: &Connection, id: &Digest) -> Result<Vec<Reference>, Failure> {
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
