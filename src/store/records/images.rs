//! Images and the references that point to them.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::image_rows::{BlobDescriptor, ImageRecord, StoredImage, all, layers_of, references_of, whole};
use super::layers::{self, Leftover};
use super::{Failure, lookup, pins, special, values};
use crate::oci::{DiffId, Digest, Reference};
use crate::store::session::Living;
use crate::store::{Error, Noun, Store};

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
