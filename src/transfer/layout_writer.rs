//! Writing an OCI image layout, as a directory or into an archive.
//!
//! Source: OCI image-spec `image-layout.md`.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use serde_json::{Map, Value, json};

use super::bundle::blob_name;
use super::images::FLAT_VERSION;
use super::layer_tar::Hashing;
use super::output::{self, Output};
use super::staging::{Staging, replace_directory};
use super::tar_writer::TarWriter;
use super::{Error, Limits};
use crate::oci::{Digest, media_type};
use crate::store::WholeBlob;

const MARKER: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// Where blobs go.
pub(super) enum LayoutWriter<'a> {
    /// Into a directory that is a layout, or becomes one.
    Directory(Directory<'a>),
    /// Into a new archive.
    Archive { writer: TarWriter, output: Output, written: HashSet<Digest>, entries: Vec<Entry> },
}

/// An image for the index: its descriptor, and the name in that.
type Entry = (Value, Option<String>);

/// A layout that is being added to.
pub(super) struct Directory<'a> {
    staging: Staging<'a>,
    /// Where it is written; a new one has its name only at the end.
    root: PathBuf,
    /// Blobs side by side and one manifest, as `dir:` has them.
    flat: bool,
    /// Where a new one goes.
    rename_to: Option<PathBuf>,
    /// What is to be added to the index.
    entries: Vec<Entry>,
    /// To be removed if this fails.
    made: Vec<PathBuf>,
    finished: bool,
}

impl<'a> LayoutWriter<'a> {
    /// Begins an archive at `path`.
    pub fn archive(path: &Path, staging: Staging<'a>) -> Result<Self, Error> {
        let output = Output::create(path, staging)?;
        let mut writer = TarWriter::new(output.file()?);
        let begun = writer.add("oci-layout", MARKER);
        let begun =
            begun.and_then(|()| writer.directory("blobs/")).and_then(|()| writer.directory("blobs/sha256/"));
        begun.map_err(Error::io("write", path))?;
        Ok(Self::Archive { writer, output, written: HashSet::new(), entries: Vec::new() })
    }

    /// Begins a directory at `path`, or adds to the layout that is there.
    pub fn directory(path: &Path, limits: &Limits, staging: Staging<'a>) -> Result<Self, Error> {
        match fs::read_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Directory::fresh(path, false, staging);
            }
            Err(error) => return Err(Error::io("write", path)(error)),
            Ok(mut names) => {
                if names.next().is_some() {
                    // What cannot be added to is refused before anything is written.
                    present(path, limits)?;
                }
            }
        }
        let mut directory = Directory::new(path, None, false, staging);
        directory.make_folders()?;
        Ok(Self::Directory(directory))
    }

    /// Begins a `dir:` at `path`, which takes the place of one that is there.
    ///
    /// Source: containers/image `directory/directory_dest.go`.
    pub fn flat(path: &Path, staging: Staging<'a>) -> Result<Self, Error> {
        let ours = |entry: &fs::DirEntry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            ["version", "manifest.json"].contains(&&*name)
                || name.len() == 64
                || name.starts_with("signature-")
        };
        let foreign = match fs::read_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Error::io("write", path)(error)),
            Ok(entries) => entries.flatten().find(|entry| !ours(entry)),
        };
        if let Some(entry) = foreign {
            return Err(Error::Name {
                text: path.display().to_string(),
                reason: format!("has `{}` in it, which no `dir:` has", entry.file_name().to_string_lossy()),
            });
        }
        Directory::fresh(path, true, staging)
    }

    /// Writes a blob; its digest and size.
    pub fn blob(
        &mut self,
        produce: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
    ) -> Result<(Digest, u64), Error> {
        match self {
            Self::Directory(directory) => directory.blob(produce),
            Self::Archive { writer, output, written, .. } => {
                let failed = |error| Error::io("write", output.path())(error);
                let open = writer.begin().map_err(failed)?;
                let mut out = Hashing::new(&mut *writer);
                produce(&mut out)?;
                let (digest, size) = out.finish();
                if written.contains(&digest) {
                    writer.forget(open).map_err(failed)?;
                } else {
                    writer.end(open, &blob_name(&digest)).map_err(failed)?;
                    written.insert(digest);
                }
                Ok((digest, size))
            }
        }
    }

    /// Takes in a blob that is whole.
    pub fn adopt(&mut self, digest: &Digest, blob: WholeBlob) -> Result<(), Error> {
        let blob = match self {
            Self::Directory(directory) => directory.adopt(digest, blob)?,
            Self::Archive { .. } => Some(blob),
        };
        let Some(blob) = blob else { return Ok(()) };
        let mut bytes = blob.reader()?;
        let copied = |error| Error::io("copy", Path::new("a layer"))(error);
        self.blob(|out| io::copy(&mut bytes, out).map(drop).map_err(copied))?;
        blob.discard();
        Ok(())
    }

    /// Is that blob there already?
    pub fn has(&self, digest: &Digest, size: u64) -> bool {
        match self {
            Self::Directory(directory) => fs::metadata(directory.root.join(directory.blob_name(digest)))
                .is_ok_and(|found| found.len() == size),
            Self::Archive { written, .. } => written.contains(digest),
        }
    }

    /// Writes a blob that is at hand, unless it is there; its digest and size.
    pub fn document(&mut self, bytes: &[u8]) -> Result<(Digest, u64), Error> {
        let (digest, size) = (Digest::of(bytes), bytes.len() as u64);
        if self.has(&digest, size) {
            return Ok((digest, size));
        }
        self.blob(|out| out.write_all(bytes).map_err(Error::io("write", Path::new("the image's documents"))))
    }

    /// Puts an image on the index, under `name`.
    pub fn add(&mut self, mut descriptor: Value, name: Option<&str>) {
        if let Some(name) = name {
            descriptor["annotations"][REF_NAME] = json!(name);
        }
        let (Self::Directory(Directory { entries, .. }) | Self::Archive { entries, .. }) = self;
        entries.push((descriptor, name.map(str::to_owned)));
    }

    /// Writes the index, with which the images are there.
    pub fn finish(self) -> Result<(), Error> {
        match self {
            Self::Directory(directory) => directory.finish(),
            Self::Archive { mut writer, output, entries, .. } => {
                let failed = |error| Error::io("write", output.path())(error);
                writer.add("index.json", &merge(new_index(), &entries)).map_err(failed)?;
                writer.finish().map_err(failed)?;
                output.finish()
            }
        }
    }
}

fn new_index() -> Map<String, Value> {
    let parts = [
        ("schemaVersion", json!(2)),
        ("mediaType", json!(media_type::OCI_INDEX)),
        ("manifests", Value::Array(Vec::new())),
    ];
    parts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// The index with `entries` added: one name means one image, the newest.
fn merge(mut index: Map<String, Value>, entries: &[Entry]) -> Vec<u8> {
    let mut all = match index.get_mut("manifests") {
        Some(Value::Array(present)) => std::mem::take(present),
        _ => Vec::new(),
    };
    for (descriptor, name) in entries {
        all.retain(|entry| {
            let called = entry.get("annotations").and_then(|all| all.get(REF_NAME)).and_then(Value::as_str);
            called != name.as_deref() || (name.is_none() && entry.get("digest") != descriptor.get("digest"))
        });
        all.push(descriptor.clone());
    }
    index.insert("manifests".to_owned(), Value::Array(all));
    Value::Object(index).to_string().into_bytes()
}

/// The index of the layout at `path`, with all that it says; an error if that is something else.
fn present(path: &Path, limits: &Limits) -> Result<Map<String, Value>, Error> {
    let bundle = super::bundle::Bundle::Directory(path.to_owned());
    if !bundle.has("oci-layout") {
        return Err(Error::Name {
            text: path.display().to_string(),
            reason: "is a directory with other things in it, and no OCI layout".to_owned(),
        });
    }
    if !bundle.has("index.json") {
        return Ok(new_index());
    }
    let refuse = |reason: String| Error::document(path.join("index.json").display().to_string(), reason);
    let index: Value = serde_json::from_slice(&bundle.document("index.json", limits)?)
        .map_err(|error| refuse(error.to_string()))?;
    match index {
        Value::Object(index) if index.get("manifests").is_some_and(Value::is_array) => Ok(index),
        _ => Err(refuse("it has no list of manifests".to_owned())),
    }
}

impl<'a> Directory<'a> {
    fn new(root: &Path, rename_to: Option<&Path>, flat: bool, staging: Staging<'a>) -> Self {
        Self {
            staging,
            root: root.to_owned(),
            flat,
            rename_to: rename_to.map(Path::to_owned),
            entries: Vec::new(),
            made: Vec::new(),
            finished: false,
        }
    }

    fn blob_name(&self, digest: &Digest) -> String {
        if self.flat { digest.hex() } else { blob_name(digest) }
    }

    /// Where blobs are.
    fn folder(&self) -> PathBuf {
        if self.flat { self.root.clone() } else { self.root.join("blobs/sha256") }
    }

    fn fresh(path: &Path, flat: bool, staging: Staging<'a>) -> Result<LayoutWriter<'a>, Error> {
        let root = staging.directory(&output::directory_of(path))?;
        let mut directory = Self::new(&root, Some(path), flat, staging);
        directory.made.push(root);
        directory.make_folders()?;
        Ok(LayoutWriter::Directory(directory))
    }

    fn make_folders(&mut self) -> Result<(), Error> {
        if self.flat {
            return self.put(&self.root.join("version"), format!("{FLAT_VERSION}1.1\n").as_bytes());
        }
        let folder = self.folder();
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let marker = self.root.join("oci-layout");
        if !marker.exists() {
            self.put(&marker, MARKER)?;
        }
        Ok(())
    }

    fn put(&self, path: &Path, content: &[u8]) -> Result<(), Error> {
        let output = Output::create(path, self.staging)?;
        output.file()?.write_all(content).map_err(Error::io("write", path))?;
        output.finish()
    }

    fn blob(
        &mut self,
        produce: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
    ) -> Result<(Digest, u64), Error> {
        let folder = self.folder();
        let temporary = self.staging.file(&folder)?;
        let mut out = Hashing::new(io::BufWriter::with_capacity(1 << 18, temporary.as_file()));
        produce(&mut out)?;
        out.flush().map_err(Error::io("write", &folder))?;
        let (digest, size) = out.finish();
        let path = self.root.join(self.blob_name(&digest));
        temporary.as_file().sync_all().map_err(Error::io("write", &path))?;
        if !path.exists() {
            self.made.push(path.clone());
        }
        temporary.persist(&path).map_err(|error| Error::io("create", &path)(error.error))?;
        Ok((digest, size))
    }

    /// Moves a blob in; gives it back where it must be copied.
    fn adopt(&mut self, digest: &Digest, blob: WholeBlob) -> Result<Option<WholeBlob>, Error> {
        let path = self.root.join(self.blob_name(digest));
        let is_new = !path.exists();
        // As a file has it that is made here.
        let mode = self.staging.file(&self.folder())?.as_file().metadata().map(|made| made.permissions());
        let blob = blob.move_to(&path, mode.map_err(Error::io("write", &path))?)?;
        if is_new && blob.is_none() {
            self.made.push(path);
        }
        Ok(blob)
    }

    fn finish(mut self) -> Result<(), Error> {
        if self.flat {
            return self.finish_flat();
        }
        output::sync_directory(&self.root.join("blobs/sha256"))?;
        // Others may have added to it since; nobody does so while this is held.
        let _held = self.hold();
        let index = present(&self.root, &Limits::default())?;
        self.put(&self.root.join("index.json"), &merge(index, &self.entries))?;
        if let Some(path) = &self.rename_to {
            fs::rename(&self.root, path).map_err(Error::io("create", path))?;
            output::sync_directory(&output::directory_of(path))?;
        }
        self.finished = true;
        Ok(())
    }
}

impl Directory<'_> {
    /// A lock on the directory, which ends with the value; nothing where the file system knows no locks.
    fn hold(&self) -> Option<Flock<fs::File>> {
        let directory = fs::File::open(&self.root).ok()?;
        Flock::lock(directory, FlockArg::LockExclusive).ok()
    }

    /// The manifest has a name of its own there.
    fn finish_flat(mut self) -> Result<(), Error> {
        let descriptor = self.entries.first().map_or(&Value::Null, |(descriptor, _)| descriptor);
        let digest = descriptor["digest"].as_str().and_then(|text| text.parse::<Digest>().ok());
        let blob = self.root.join(digest.map(|digest| digest.hex()).unwrap_or_default());
        let manifest = self.root.join("manifest.json");
        fs::rename(&blob, &manifest).map_err(Error::io("create", &manifest))?;
        output::sync_directory(&self.root)?;
        let Some(path) = self.rename_to.clone() else { return Ok(()) };
        // It holds nothing that is not a `dir:`'s, as was looked at the beginning.
        replace_directory(&self.root, &path).map_err(Error::io("create", &path))?;
        self.finished = true;
        output::sync_directory(&output::directory_of(&path))
    }
}

impl Drop for Directory<'_> {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        for path in self.made.iter().rev() {
            // What cannot be removed is a blob that no index names.
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }
}
