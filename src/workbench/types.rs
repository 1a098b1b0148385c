//! What the verbs give. Each field is a JSON key and a getter of the same name.

use serde::Serialize;

/// An image of the store.
#[derive(Debug, Clone, Serialize)]
pub struct Image {
    /// Digest of the configuration.
    pub id: String,
    /// Digest of the manifest, where there is one.
    pub digest: Option<String>,
    /// References, sorted.
    pub references: Vec<String>,
    /// Unpacked bytes of all layers.
    pub size: u64,
    /// RFC 3339.
    pub created: String,
    /// The configuration document.
    pub config: serde_json::Value,
    /// Digests of the uncompressed layers, lowest first.
    pub diff_ids: Vec<String>,
    /// Such as `amd64`.
    pub architecture: String,
    /// Such as `linux`.
    pub os: String,
    /// Whether every layer was found to be what its digest says. Not of an image that is only looked at in an archive
    /// or a registry; of one in a registry `size` is what would be downloaded.
    pub verified: bool,
    /// Of an image that was just made of another: how many bytes less it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saving: Option<i64>,
    /// Where it is, if it is only looked at.
    #[serde(skip)]
    pub origin: Option<std::sync::Arc<super::in_place::Origin>>,
}

/// The same image, whatever else the two values hold.
impl PartialEq for Image {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Image {}

impl Image {
    /// The first 12 digits of the id.
    #[must_use]
    pub fn short_id(&self) -> &str {
        let hex = self.id.strip_prefix("sha256:").unwrap_or(&self.id);
        hex.get(..12).unwrap_or(hex)
    }

    /// A reference where there is one, else the short id.
    #[must_use]
    pub fn label(&self) -> &str {
        self.references.first().map_or_else(|| self.short_id(), String::as_str)
    }
}

/// A container, and the run that gave this value.
#[derive(Debug, Clone, Serialize)]
pub struct Container {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Two words.
    pub name: String,
    /// Reference of its image.
    pub image: String,
    /// What was run last.
    pub command: Vec<String>,
    /// `created`, `running` or `exited`.
    pub status: String,
    /// Docker's exit code, once it ended.
    pub exit_code: Option<i32>,
    /// RFC 3339.
    pub created: String,
    /// Output of the run that gave this value, lossy text.
    pub stdout: String,
    /// Its errors.
    pub stderr: String,
    /// Seconds.
    pub duration: f64,
    /// Output, exact.
    #[serde(skip)]
    pub stdout_blob: Vec<u8>,
    /// Standard error of this run, exactly.
    #[serde(skip)]
    pub stderr_blob: Vec<u8>,
    /// Whether the container was removed when this run ended.
    #[serde(skip)]
    pub removed: bool,
}

/// The same container, whatever else the two values hold.
impl PartialEq for Container {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Container {}

impl Container {
    /// The first 12 digits of the id.
    #[must_use]
    pub fn short_id(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }
}

/// What a container showed at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct Snapshot {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Two words, or what its author chose.
    pub name: String,
    /// Id of the container that it was taken of.
    pub container: String,
    /// Reference of the container's image.
    pub image: String,
    /// RFC 3339.
    pub created: String,
    /// How many directories above the image's it is made of.
    pub parts: u64,
    /// What its author said.
    pub message: Option<String>,
}

/// The same snapshot: it never changes.
impl PartialEq for Snapshot {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Snapshot {}

/// One layer of an image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layer {
    /// From 0, lowest first.
    pub index: usize,
    /// Digest of the blob as it came, where there is one.
    pub digest: Option<String>,
    /// Digest of the uncompressed tar.
    pub diff_id: String,
    /// Media type.
    pub media_type: String,
    /// Unpacked file bytes, hard links once.
    pub size: u64,
    /// Bytes of the blob as it came.
    pub compressed_size: Option<u64>,
    /// Files in it.
    pub file_count: u64,
    /// RFC 3339.
    pub created: Option<String>,
    /// The command that made it.
    pub created_by: Option<String>,
    /// Bytes of it that a later layer hides.
    pub waste: u64,
    /// The id of the container whose writable layer it is; it has no `diff_id` then.
    #[serde(skip)]
    pub container: Option<String>,
}

/// One entry of a layer, image or container.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct File {
    /// Absolute, escaped.
    pub path: String,
    /// `file`, `dir`, `symlink`, `hardlink`, `char`, `block`, `fifo`, `whiteout`.
    #[serde(rename = "type")]
    pub file_type: String,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes.
    pub size: u64,
    /// RFC 3339.
    pub mtime: String,
    /// Target of a link.
    pub link: Option<String>,
}

/// What a container changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Diff {
    /// Sorted by path bytes.
    pub changes: Vec<Change>,
}

/// One changed path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// `A`, `C` or `D`.
    pub kind: String,
    /// Absolute, escaped.
    pub path: String,
    /// Bytes of a file.
    pub size: u64,
    /// As in [`File`].
    #[serde(rename = "type")]
    pub file_type: String,
}

/// Bytes that no container of the image can see.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Waste {
    /// Sum of the layers' sizes.
    pub total: u64,
    /// Hidden bytes.
    pub waste: u64,
    /// 1 − waste ÷ total.
    pub efficiency: f64,
    /// Every hidden byte once.
    pub items: Vec<WasteItem>,
}

/// One hidden file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WasteItem {
    /// Absolute, escaped.
    pub path: String,
    /// Hidden bytes.
    pub bytes: u64,
    /// Layer that added it.
    pub added_by: usize,
    /// Layer that hid it.
    pub hidden_by: usize,
    /// `overwritten`, `deleted`, …
    pub cause: String,
}

/// One step of an image's history.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryEntry {
    /// RFC 3339.
    pub created: Option<String>,
    /// The command.
    pub created_by: Option<String>,
    /// Author.
    pub author: Option<String>,
    /// Comment.
    pub comment: Option<String>,
    /// It added no layer.
    pub empty_layer: bool,
    /// Bytes of its layer.
    pub size: u64,
}

/// What `prune` removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PruneReport {
    /// Directories.
    pub parts: u64,
    /// Blobs.
    pub blobs: u64,
    /// Layer records.
    pub layers: u64,
    /// Bytes freed.
    pub bytes: u64,
}

/// What `fsck` found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FsckReport {
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Names of what no record reaches.
    pub garbage: Vec<String>,
}

/// One damaged thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// `layer`, `blob`, `image`, …
    pub kind: String,
    /// Which.
    pub name: String,
    /// What is wrong with it.
    pub detail: String,
    /// Whether it was put right.
    pub repaired: bool,
}

/// One thing that this machine allows or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// It is as it should be.
    pub ok: bool,
    /// What was found.
    pub detail: String,
    /// The exact fix.
    pub fix: Option<String>,
}
