//! What looking inside gives. Each field is a JSON key and a getter of the same name.

use serde::Serialize;

use super::File;

/// One path of a tree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TreeItem {
    /// `A`, `C` or `D`; nothing where nothing happened.
    pub kind: Option<String>,
    /// Absolute, escaped.
    pub path: String,
    /// As in [`File`].
    #[serde(rename = "type")]
    pub file_type: String,
    /// Bytes of it and of all below it; a file with several names counts once.
    pub size: u64,
    /// How many paths that are no directories it is or has below.
    pub file_count: u64,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// RFC 3339.
    pub mtime: String,
    /// Target of a link.
    pub link: Option<String>,
    /// Index of the layer that brought it.
    pub layer: usize,
}

/// What one layer says of a path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Version {
    /// Index of the layer.
    pub layer: usize,
    /// What is there; of a hard link the file that it is, under the link's path.
    #[serde(flatten)]
    pub file: File,
    /// `added`, `replaced`, `removed` or `whiteout of nothing`.
    pub came: String,
    /// When the layer was made.
    pub created: Option<String>,
    /// The command that made it.
    pub created_by: Option<String>,
    /// The layer that hid it.
    pub gone_in: Option<usize>,
    /// How.
    pub gone_how: Option<String>,
    /// The path whose entry there did it: its own, or a directory above.
    pub gone_by: Option<String>,
}

/// One thing in which a path differs before and after a layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reason {
    /// Absolute, escaped.
    pub path: String,
    /// The layer that changed it.
    pub layer: usize,
    /// `added`, `removed`, `type`, `mode`, `owner`, `size`, `mtime`, `link`, `device`, `xattrs`, `content`.
    pub aspect: String,
    /// What was.
    pub before: Option<String>,
    /// What is.
    pub after: Option<String>,
}

/// A file that no program needs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Junk {
    /// Absolute, escaped.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Which rule says so.
    pub rule: String,
    /// Index of the layer that has it.
    pub layer: usize,
}

/// A content that several files have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Duplicate {
    /// Of the content.
    pub digest: String,
    /// Bytes of one.
    pub size: u64,
    /// How many files.
    pub count: u64,
    /// Bytes of all but one.
    pub wasted: u64,
    /// Absolute, escaped, sorted.
    pub paths: Vec<String>,
}

/// One installed package.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InstalledPackage {
    /// `apk`, `dpkg`, `npm`, `pip`, `pkg` or `rpm`.
    pub manager: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The architecture it is for.
    pub architecture: String,
}
