//! Checking that the records say the truth.

use std::fs::File;
use std::io::{self, Read as _};

use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};

use super::prune::{PruneReport, Unneeded};
use super::records::containers::{self, ContainerRecord};
use super::records::layers::{self, LayerRecord, TarSource};
use super::records::{Failure, image_rows, snapshots, special};
use super::{Error, PartId, Store, StoredImage};
use crate::oci::{DiffId, Digest};

/// How thorough a check is.
pub struct FsckOptions<'a> {
    /// Reads a layer's tree and says what is wrong with it. The store knows nothing of tars.
    pub verify_layers: &'a dyn Fn(&LayerRecord) -> Result<(), String>,
    /// Whether every blob is read and hashed; otherwise it only has to be there.
    pub verify_blobs: bool,
    /// Whether what is wrong is set right where that can be done, and garbage removed.
    pub repair: bool,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FsckReport {
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What is not wrong, only in the way.
    pub garbage: Garbage,
    /// Whether the garbage was removed.
    pub garbage_removed: bool,
}

/// What no record and no living process reaches.
pub type Garbage = PruneReport;

impl FsckReport {
    /// Whether nothing is wrong; garbage may lie about.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What sort of thing.
    pub kind: ProblemKind,
    /// Which one: a digest, a name, a reference.
    pub name: String,
    /// What is wrong with it.
    pub detail: String,
    /// Whether it was set right, or set aside.
    pub repaired: bool,
}

/// What a problem is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// The database file; cannot be repaired.
    Database,
    /// A blob; repaired by removing it, with the layers that need it.
    Blob,
    /// A layer; repaired by removing it.
    Layer,
    /// An image; repaired by setting it aside, so that using it is a clear error until it is stored again.
    Image,
    /// A reference to no image; repaired by removing it.
    Reference,
    /// A container whose directories are gone; repaired by removing it.
    Container,
    /// A snapshot whose directories are gone; repaired by removing it.
    Snapshot,
    /// A special part that is gone; repaired by forgetting it.
    Special,
}

impl ProblemKind {
    /// As reports name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Blob => "blob",
            Self::Layer => "layer",
            Self::Image => "image",
            Self::Reference => "reference",
            Self::Container => "container",
            Self::Snapshot => "snapshot",
            Self::Special => "special",
        }
    }
}

impl Store {
    /// Checks that every record is true, and finds what no record reaches.
    ///
    /// Others may go on using the store: what they change meanwhile is not taken for a fault. Layers are looked at
    /// before images, so that an image with a bad layer is one problem more.
    ///
    /// # Errors
    /// Those of the records that make a check impossible: [`Error::Corrupt`], [`Error::Newer`], [`Error::Io`].
    pub fn fsck(&self, options: &FsckOptions<'_>) -> Result<FsckReport, Error> {
        self.wait_for_removals();
        let mut check = Check { store: self, options, problems: Vec::new() };
        check.database()?;
        if !check.problems.is_empty() {
            // What such records say is no ground to remove anything.
            return Ok(FsckReport { problems: check.problems, ..FsckReport::default() });
        }
        check.blobs()?;
        check.layers()?;
        check.images()?;
        check.references()?;
        check.containers()?;
        check.snapshots()?;
        check.special()?;
        let problems = check.problems;
        let mut garbage = self.inner().unreachable(Unneeded::Keep)?;
        if options.repair {
            self.inner().take_away(&mut garbage)?;
            self.wait_for_removals();
        }
        Ok(FsckReport { problems, garbage, garbage_removed: options.repair })
    }
}

struct Check<'a> {
    store: &'a Store,
    options: &'a FsckOptions<'a>,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn add(&mut self, kind: ProblemKind, name: String, detail: String, repaired: bool) {
        self.problems.push(Problem { kind, name, detail, repaired });
    }

    /// Looks, and with `repair` sets right.
    fn settle<T>(&self, body: impl Fn(&Connection) -> Result<T, Failure>) -> Result<T, Error> {
        let inner = self.store.inner();
        if self.options.repair { inner.write_removal(body) } else { inner.read(body) }
    }

    fn database(&mut self) -> Result<(), Error> {
        for fault in self.store.inner().with_records(super::records::Records::faults)? {
            self.add(ProblemKind::Database, "plywood.db".to_owned(), fault, false);
        }
        Ok(())
    }

    fn blobs(&mut self) -> Result<(), Error> {
        let inner = self.store.inner();
        let mut named: Vec<Digest> = inner.read(super::reach::blobs)?.into_iter().collect();
        named.sort();
        for digest in named {
            let Err(detail) = self.blob(&digest) else { continue };
            // It may have gone with its image while we were looking.
            if !inner.read(super::reach::blobs)?.contains(&digest) {
                continue;
            }
            if self.options.repair {
                // Only the file: layers and images that need it find it missing and are dealt with below.
                inner.discard(inner.blob_path(&digest))?;
                self.store.wait_for_removals();
                inner.write_removal(|database| {
                    database
                        .prepare_cached(
                            "UPDATE image_layers SET blob = NULL, blob_size = NULL, media_type = NULL WHERE blob = ?1",
                        )?
                        .execute([digest.as_bytes()])?;
                    Ok(())
                })?;
            }
            self.add(ProblemKind::Blob, digest.to_string(), detail, self.options.repair);
        }
        Ok(())
    }

    fn blob(&self, digest: &Digest) -> Result<(), String> {
        let path = self.store.blob_path(digest);
        let mut file = File::open(path).map_err(|error| missing_or(&error))?;
        if !self.options.verify_blobs {
            return Ok(());
        }
        let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 256 * 1024]);
        loop {
            match file.read(&mut buffer).map_err(|error| error.to_string())? {
                0 => break,
                count => hasher.update(&buffer[..count]),
            }
        }
        let actual = Digest::from_bytes(hasher.finalize().into());
        if actual == *digest { Ok(()) } else { Err(format!("its bytes have digest `{actual}`")) }
    }

    fn layers(&mut self) -> Result<(), Error> {
        let inner = self.store.inner();
        for record in inner.read(layers::all)? {
            let Err(detail) = self.layer(&record) else { continue };
            let now = inner.read(|database| layers::find(database, &record.diff_id))?;
            if now.as_ref() != Some(&record) {
                continue;
            }
            if self.options.repair {
                inner.write_removal(|database| layers::remove(database, &record.diff_id))?;
            }
            self.add(ProblemKind::Layer, record.diff_id.to_string(), detail, self.options.repair);
        }
        Ok(())
    }

    fn layer(&self, record: &LayerRecord) -> Result<(), String> {
        let part = self.store.part_dir(&record.part);
        for name in ["fs", "index"] {
            if !part.join(name).exists() {
                return Err(format!("`{name}` of its part `{}` is missing", record.part));
            }
        }
        match &record.tar {
            TarSource::Split if !part.join("split").exists() => {
                return Err(format!("`split` of its part `{}` is missing", record.part));
            }
            TarSource::Blob(digest, _) if !self.store.has_blob(digest) => {
                return Err(format!("its blob `{digest}` is missing"));
            }
            _ => {}
        }
        (self.options.verify_layers)(record)
    }

    fn images(&mut self) -> Result<(), Error> {
        let inner = self.store.inner();
        let bad: Vec<DiffId> = self
            .problems
            .iter()
            .filter(|problem| problem.kind == ProblemKind::Layer)
            .filter_map(|problem| problem.name.parse().ok())
            .collect();
        for image in inner.read(image_rows::all)? {
            let id = image.record.id;
            let detail = match &image.damage {
                Some(damage) => Some(damage.clone()),
                None => self.image(&image, &bad)?,
            };
            let Some(detail) = detail else { continue };
            let repaired = self.options.repair;
            let still_there = self.settle(|database| {
                if repaired {
                    let mut aside = database.prepare_cached("UPDATE images SET damage = ?2 WHERE id = ?1")?;
                    return Ok(aside.execute(params![id.as_bytes(), detail])? > 0);
                }
                let mut there = database.prepare_cached("SELECT 1 FROM images WHERE id = ?1")?;
                Ok(there.query_row([id.as_bytes()], |_| Ok(())).optional()?.is_some())
            })?;
            if still_there {
                let repaired = repaired || image.damage.is_some();
                self.add(ProblemKind::Image, id.to_string(), detail, repaired);
            }
        }
        Ok(())
    }

    fn image(&self, image: &StoredImage, bad: &[DiffId]) -> Result<Option<String>, Error> {
        let actual = Digest::of(&image.record.config);
        if actual != image.record.id {
            return Ok(Some(format!("its configuration has digest `{actual}`")));
        }
        for diff_id in &image.record.diff_ids {
            if bad.contains(diff_id) {
                return Ok(Some(format!("layer `{diff_id}` is damaged")));
            }
            // Of one moment with the image: it may have been removed since, and the layer with it.
            let missing = self.store.inner().read(|database| {
                let mut there = database.prepare_cached("SELECT 1 FROM images WHERE id = ?1")?;
                let there = there.query_row([image.record.id.as_bytes()], |_| Ok(())).optional()?.is_some();
                Ok(there && layers::find(database, diff_id)?.is_none())
            })?;
            if missing {
                return Ok(Some(format!("layer `{diff_id}` is missing")));
            }
        }
        Ok(None)
    }

    fn references(&mut self) -> Result<(), Error> {
        let repair = self.options.repair;
        let dangling = self.settle(|database| {
            let mut statement = database
                .prepare_cached("SELECT reference FROM refs WHERE image NOT IN (SELECT id FROM images)")?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            let dangling = rows.collect::<rusqlite::Result<Vec<_>>>()?;
            if repair {
                for reference in &dangling {
                    database.prepare_cached("DELETE FROM refs WHERE reference = ?1")?.execute([reference])?;
                }
            }
            Ok(dangling)
        })?;
        for reference in dangling {
            self.add(ProblemKind::Reference, reference, "it points to no image".to_owned(), repair);
        }
        Ok(())
    }

    fn containers(&mut self) -> Result<(), Error> {
        let inner = self.store.inner();
        for container in inner.read(containers::all)? {
            let Some(detail) = self.container(&container)? else { continue };
            let now = inner.read(|database| {
                let mut same = database.prepare_cached("SELECT parts FROM containers WHERE row = ?1")?;
                Ok(same.query_row([container.row], |row| super::records::values::parts(row, 0)).optional()?)
            })?;
            if now.as_ref() != Some(&container.parts) {
                continue;
            }
            let lock =
                if self.options.repair { self.store.lock_container(container.row, false).ok() } else { None };
            if let Some(lock) = &lock {
                self.store.remove_container(lock)?;
            }
            self.add(ProblemKind::Container, container.name, detail, lock.is_some());
        }
        Ok(())
    }

    fn container(&self, container: &ContainerRecord) -> Result<Option<String>, Error> {
        self.missing("containers", container.row, &container.parts, container.image.as_ref())
    }

    /// What the container or snapshot at `row` of `table` needs and has not.
    fn missing(
        &self,
        table: &str,
        row: i64,
        parts: &[PartId],
        image: Option<&Digest>,
    ) -> Result<Option<String>, Error> {
        for part in parts {
            if !self.store.part_fs(part).exists() {
                return Ok(Some(format!("its part `{part}` is missing")));
            }
        }
        let Some(image) = image else { return Ok(None) };
        let missing = self.store.inner().read(|database| {
            let mut statement = database.prepare_cached(&format!(
                "SELECT 1 FROM {table} WHERE row = ?1 AND image NOT IN (SELECT id FROM images)"
            ))?;
            Ok(statement.query_row([row], |_| Ok(())).optional()?.is_some())
        })?;
        Ok(missing.then(|| format!("its image `{image}` is missing")))
    }

    fn snapshots(&mut self) -> Result<(), Error> {
        let inner = self.store.inner();
        for snapshot in inner.read(snapshots::all)? {
            let found = self.missing("snapshots", snapshot.row, &snapshot.parts, snapshot.image.as_ref())?;
            let Some(detail) = found else { continue };
            // It may have gone with its parts while we were looking.
            match self.store.snapshot(&snapshot.id) {
                Err(Error::NotFound { .. }) => continue,
                other => other?,
            };
            if self.options.repair {
                self.store.remove_snapshot(snapshot.row)?;
            }
            self.add(ProblemKind::Snapshot, snapshot.name, detail, self.options.repair);
        }
        Ok(())
    }

    fn special(&mut self) -> Result<(), Error> {
        let inner = self.store.inner();
        for (kind, key, part) in inner.read(special::all)? {
            if self.store.part_fs(&part).exists() {
                continue;
            }
            if inner.read(|database| special::find(database, &kind, &key))?.as_ref() != Some(&part) {
                continue;
            }
            if self.options.repair {
                inner.write_removal(|database| special::remove(database, &kind, &key))?;
            }
            let detail = format!("its part `{part}` is missing");
            self.add(ProblemKind::Special, format!("{kind} {key}"), detail, self.options.repair);
        }
        Ok(())
    }
}

fn missing_or(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::NotFound { "it is missing".to_owned() } else { error.to_string() }
}
