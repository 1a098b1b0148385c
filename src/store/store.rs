//! The store itself: where everything is, and what is opened when.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::statvfs::{FsFlags, statvfs};
use rusqlite::Connection;
use tempfile::NamedTempFile;

use super::ballast::Ballast;
use super::lock::Locks;
use super::parts::PartMaker;
use super::random::Random;
use super::records::{Failure, Records, pins, snapshots, tidy};
use super::session::{self, Session};
use super::trash::{self, Trash};
use super::{Error, PartId, reach, remove};
use crate::oci::Digest;
use crate::sys::file;

/// Made in this order, so that the last one tells that all are there.
const FOLDERS: [&str; 6] = ["blobs", "blobs/sha256", "parts", "packages", "tmp", "sessions"];

/// The records; SQLite puts `-wal`, `-shm` and, while it makes the file, `-journal` beside it.
const DATABASE: &str = "plywood.db";

/// What is given up when a removal finds the disk full.
const BALLAST: &str = "ballast";

/// The containers' slots.
const LOCKS: &str = "locks";

/// What was typed at the prompt, and its copy while it is written; the prompt's, which comes before the store.
const HISTORY: &str = "history";

/// A directory with everything that Plywood keeps. Cheap to open; the database follows at the first record.
///
/// May be used by several threads. Dropping it waits for what is still being removed.
pub struct Store {
    inner: Arc<Inner>,
}

/// What the background threads need too.
pub(super) struct Inner {
    root: PathBuf,
    records: Mutex<Option<Records>>,
    session: Mutex<Option<Arc<Session>>>,
    maker: PartMaker,
    trash: Trash,
    ballast: Ballast,
    /// Whether the thread has been told to copy SQLite's log.
    tidying: Arc<AtomicBool>,
    pub(super) locks: Locks,
    pub(super) random: Random,
}

impl Store {
    /// Opens the store at `root`, makes it where there is none, and begins to sweep up after dead processes.
    ///
    /// # Errors
    /// [`Error::NotADirectory`], [`Error::NotAStore`], [`Error::Foreign`], [`Error::Denied`], [`Error::ReadOnly`],
    /// [`Error::NoSpace`]. Faults of the database show at the first record.
    pub fn open(root: &Path) -> Result<Self, Error> {
        ensure_folders(root)?;
        let inner = Arc::new(Inner {
            root: root.to_owned(),
            records: Mutex::default(),
            session: Mutex::default(),
            maker: PartMaker::new(root.join("parts")),
            trash: Trash::default(),
            ballast: Ballast::new(root.join(BALLAST)),
            tidying: Arc::default(),
            locks: Locks::new(root.join(LOCKS)),
            random: Random::default(),
        });
        let dead = session::dead_sessions(&inner.sessions())?;
        if !dead.is_empty() {
            let sweeper = Arc::clone(&inner);
            inner.trash.push(Box::new(move || sweeper.sweep(dead)));
        }
        Ok(Self { inner })
    }

    /// The store's directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.inner.root
    }

    /// Where programs for the starter image's `pkg` are.
    #[must_use]
    pub fn packages_dir(&self) -> PathBuf {
        self.inner.root.join("packages")
    }

    /// A part's directory: `fs`, `work`, and for a layer `index` and perhaps `split`.
    #[must_use]
    pub fn part_dir(&self, part: &PartId) -> PathBuf {
        self.inner.part_dir(part)
    }

    /// A part's tree.
    #[must_use]
    pub fn part_fs(&self, part: &PartId) -> PathBuf {
        self.part_dir(part).join("fs")
    }

    /// A part's work directory, as overlay wants one.
    #[must_use]
    pub fn part_work(&self, part: &PartId) -> PathBuf {
        self.part_dir(part).join("work")
    }

    /// A layer's file index.
    #[must_use]
    pub fn part_index(&self, part: &PartId) -> PathBuf {
        self.part_dir(part).join("index")
    }

    /// A fresh part, with an empty `fs` (mode 0755) and `work`. Until a record names it, it lasts as long as this
    /// store is open.
    ///
    /// # Errors
    /// [`Error::NoSpace`], [`Error::Io`].
    pub fn new_part(&self) -> Result<PartId, Error> {
        let session = self.inner.session()?;
        self.inner.maker.take(&session)
    }

    /// Removes a part that no record names any more, in the background.
    ///
    /// # Errors
    /// Those of beginning a session; what cannot be removed is left for [`Store::prune`].
    pub fn remove_part(&self, part: &PartId) -> Result<(), Error> {
        self.inner.discard(self.part_dir(part))
    }

    /// Waits until everything is removed that was to be.
    pub fn wait_for_removals(&self) {
        self.inner.trash.finish();
    }

    /// A directory in `tmp` of its own, swept when this process dies; [`Self::remove_temporary`] removes it.
    ///
    /// # Errors
    /// [`Error::NoSpace`], [`Error::Io`].
    pub fn temporary_dir(&self) -> Result<PathBuf, Error> {
        let path = self.inner.temporary().join(self.inner.session()?.fresh_name());
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|source| Error::io("create", &path, source))?;
        Ok(path)
    }

    /// Removes what [`Self::temporary_dir`] made, in the background.
    ///
    /// # Errors
    /// Those of beginning a session; what cannot be removed is left for [`Store::prune`].
    pub fn remove_temporary(&self, path: PathBuf) -> Result<(), Error> {
        self.inner.discard(path)
    }

    /// A file in `tmp` of its own, swept when this process dies and removed with the value.
    ///
    /// # Errors
    /// [`Error::NoSpace`], [`Error::Io`].
    pub fn temporary_file(&self) -> Result<NamedTempFile, Error> {
        let (folder, name) = (self.inner.temporary(), self.inner.session()?.fresh_name());
        let made = tempfile::Builder::new().prefix(&name).rand_bytes(0).tempfile_in(&folder);
        made.map_err(|source| Error::io("create", folder.join(name), source))
    }

    /// Something will be staged in `folder`, which is not the store's, under names that begin with what this gives:
    /// when this process dies, it is swept. Everybody else who does so in this process gets the same beginning.
    ///
    /// # Errors
    /// [`Error::NoSpace`], [`Error::Io`].
    pub fn stage_outside(&self, folder: &Path) -> Result<String, Error> {
        let session = self.inner.session()?;
        let folder = std::path::absolute(folder).map_err(|source| Error::io("find", folder, source))?;
        session.note_outside(folder);
        Ok(session.outside_prefix())
    }

    /// Brings everything to the disk: what was done before survives a power cut.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::NoSpace`].
    pub fn sync(&self) -> Result<(), Error> {
        let root = &self.inner.root;
        let synced = File::open(root).and_then(|root| nix::unistd::syncfs(&root).map_err(io::Error::from));
        synced.map_err(|source| Error::io("write", root, source))
    }

    pub(super) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.inner.maker.close();
        self.inner.forget_passing();
        self.inner.trash.close();
        let wrote = self.inner.current_session().is_some();
        self.inner.end_session();
        if let Some(records) = lock(&self.inner.records).take() {
            records.close();
        }
        if wrote && !self.inner.ballast.is_kept() {
            self.inner.ballast.keep();
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Store").field("root", &self.inner.root).finish_non_exhaustive()
    }
}

impl Inner {
    pub(super) fn blobs(&self) -> PathBuf {
        self.root.join("blobs/sha256")
    }

    pub(super) fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.blobs().join(digest.hex())
    }

    pub(super) fn parts(&self) -> PathBuf {
        self.root.join("parts")
    }

    pub(super) fn part_dir(&self, part: &PartId) -> PathBuf {
        self.parts().join(part.as_str())
    }

    pub(super) fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }

    pub(super) fn sessions(&self) -> PathBuf {
        self.root.join("sessions")
    }

    /// This process's session; begins at the first call.
    pub(super) fn session(&self) -> Result<Arc<Session>, Error> {
        let mut session = lock(&self.session);
        if let Some(session) = session.as_ref() {
            return Ok(Arc::clone(session));
        }
        let begun = Arc::new(Session::begin(&self.sessions(), &self.random)?);
        *session = Some(Arc::clone(&begun));
        Ok(begun)
    }

    /// The session of a process that is about to remove something: on a full disk too.
    fn removing(&self) -> Result<Arc<Session>, Error> {
        self.on_full_disk(|| self.session())
    }

    /// The session, if one has begun.
    pub(super) fn current_session(&self) -> Option<Arc<Session>> {
        lock(&self.session).clone()
    }

    /// This session's passing snapshots go.
    fn forget_passing(&self) {
        let Some(session) = self.current_session().filter(|session| session.has_passing()) else { return };
        match self.write(|database| snapshots::remove_passing(database, session.name())) {
            Ok(parts) => parts.iter().for_each(|part| drop(self.discard(self.part_dir(part)))),
            // Whoever finds this session dead does it.
            Err(_) => session.leave_traces(),
        }
    }

    fn end_session(&self) {
        let Some(session) = lock(&self.session).take() else { return };
        if session.is_pinned() {
            // A pin that stays belongs to a dead session, and means nothing.
            let _ = self.write(|database| pins::remove_all(database, session.name()));
        }
    }

    /// Reads records, all of one moment.
    pub(super) fn read<T>(&self, body: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T, Error> {
        self.with_records(|records| records.read(body))
    }

    /// Writes records, all or none.
    pub(super) fn write<T>(&self, body: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T, Error> {
        let (value, untidy) =
            self.with_records(|records| records.write(body).map(|value| (value, records.is_untidy())))?;
        if untidy && !self.tidying.swap(true, Ordering::Relaxed) {
            let (path, tidying) = (self.database(), Arc::clone(&self.tidying));
            self.trash.push(Box::new(move || {
                tidy(&path);
                tidying.store(false, Ordering::Relaxed);
            }));
        }
        Ok(value)
    }

    /// The same for what removes something, which must be possible on a full disk too. `body` may be called again when
    /// it failed.
    pub(super) fn write_removal<T>(
        &self,
        body: impl Fn(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        // What the records let go of is removed by a session.
        self.removing()?;
        self.on_full_disk(|| self.write(&body))
    }

    /// Does `body`, and once more after making room if the disk was full.
    pub(super) fn on_full_disk<T>(&self, body: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
        match body() {
            Err(Error::NoSpace { .. }) => {
                self.ballast.give_up();
                if let Some(records) = lock(&self.records).as_mut() {
                    records.shorten_log();
                }
                body()
            }
            done => done,
        }
    }

    pub(super) fn with_records<T>(
        &self,
        body: impl FnOnce(&Records) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut records = lock(&self.records);
        if records.is_none() {
            let opened = match Records::open(&self.database()) {
                // Who cannot even see what is there cannot choose what to remove.
                Err(Error::NoSpace { .. }) if self.ballast.give_up() => Records::open(&self.database()),
                opened => opened,
            };
            *records = Some(opened?);
        }
        match records.as_ref() {
            Some(records) => body(records),
            None => Err(Error::Stuck { path: self.database() }),
        }
    }

    fn database(&self) -> PathBuf {
        self.root.join(DATABASE)
    }

    /// A record is about to name this part, so it must be there.
    pub(super) fn require_part(&self, part: &PartId) -> Result<(), Error> {
        if self.part_dir(part).join("fs").is_dir() {
            Ok(())
        } else {
            Err(Error::MissingPart { part: part.clone() })
        }
    }

    /// Removes something of the store in the background.
    pub(super) fn discard(&self, path: PathBuf) -> Result<(), Error> {
        let session = self.removing()?;
        let temporary = self.temporary();
        self.trash.push(Box::new(move || trash::discard(&temporary, &path, &session)));
        Ok(())
    }

    /// Removes what dead sessions made and no record names.
    fn sweep(&self, dead: Vec<session::Dead>) {
        let closing = self.trash.closing();
        // Read after the sessions were found dead: what they have named is in it.
        let Ok(own) = self.removing() else { return };
        for dead in &dead {
            let parts = self.write_removal(|database| snapshots::remove_passing(database, &dead.name));
            for part in parts.unwrap_or_default() {
                trash::discard(&self.temporary(), &self.part_dir(&part), &own);
            }
        }
        let Ok(reached) = self.read(reach::parts) else { return };
        let (parts, temporary) = (names(&self.parts()), names(&self.temporary()));
        for dead in dead {
            let of_dead = |name: &&String| session::owner(name) == Some(dead.name.as_str());
            let mut clean = dead.sweep_outside();
            for name in temporary.iter().filter(of_dead) {
                // What is left, the next process to open the store finds.
                if closing.load(Ordering::Relaxed) {
                    return;
                }
                clean &= remove::remove(&self.temporary(), name, &|| own.fresh_name()).is_ok();
            }
            for name in parts.iter().filter(of_dead) {
                if closing.load(Ordering::Relaxed) {
                    return;
                }
                if !reached.contains(name.as_str()) {
                    trash::discard(&self.temporary(), &self.parts().join(name), &own);
                }
            }
            clean &= self.write_removal(|database| pins::remove_all(database, &dead.name)).is_ok();
            if clean {
                dead.bury();
            }
        }
    }
}

/// A panic while holding it leaves the value whole: it is set in one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The names in a folder; those that are not UTF-8 are not ours.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

fn ensure_folders(root: &Path) -> Result<(), Error> {
    let fail = |source| Error::io("open", root, source);
    let status = match fs::metadata(root) {
        Ok(status) => status,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(root, true)?;
            fs::metadata(root).map_err(fail)?
        }
        // Something above it is a file.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(Error::NotADirectory { path: root.to_owned() });
        }
        Err(source) => return Err(fail(source)),
    };
    if !status.is_dir() {
        return Err(Error::NotADirectory { path: root.to_owned() });
    }
    let user = nix::unistd::geteuid().as_raw();
    if status.uid() != user {
        return Err(Error::Foreign { path: root.to_owned(), owner: status.uid(), user });
    }
    if statvfs(root).is_ok_and(|status| status.flags().contains(FsFlags::ST_RDONLY)) {
        return Err(Error::ReadOnly { path: root.to_owned() });
    }
    if root.join(FOLDERS[FOLDERS.len() - 1]).is_dir() {
        return Ok(());
    }
    // Another process may be making it at this moment.
    let known = |name: &str| {
        FOLDERS.contains(&name)
            || [LOCKS, BALLAST].contains(&name)
            || name.starts_with(DATABASE)
            || name.starts_with(HISTORY)
    };
    for entry in fs::read_dir(root).map_err(fail)? {
        let entry = entry.map_err(fail)?.file_name().to_string_lossy().into_owned();
        if !known(&entry) {
            return Err(Error::NotAStore { path: root.to_owned(), entry });
        }
    }
    fs::set_permissions(root, Permissions::from_mode(0o700)).map_err(fail)?;
    FOLDERS.iter().try_for_each(|folder| make(&root.join(folder), false))?;
    // Only a matter of speed, and only some file systems know it.
    if let Ok(parts) = file::open_root(&root.join("parts")) {
        let _ = file::spread_subdirectories(parts.as_fd());
    }
    Ok(())
}

fn make(path: &Path, with_parents: bool) -> Result<(), Error> {
    if with_parents && let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, source))?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        // Another process is opening the store for the first time too.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result.map_err(|source| Error::io("create", path, source)),
    }
}
