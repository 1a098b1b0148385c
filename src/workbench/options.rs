//! What the verbs take.

use std::fmt;
use std::time::Duration;

use super::{Container, Image, Snapshot, Stream};

/// An image or a container: what can be run, read and inspected.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// An image.
    Image(Image),
    /// A container.
    Container(Container),
}

/// Which image to remove: a handle (every tag) or one reference.
#[derive(Debug, Clone, PartialEq)]
pub enum ImageTarget {
    /// The image itself.
    Image(Box<Image>),
    /// One of its references.
    Reference(String),
}

/// What a branch begins from.
#[derive(Debug, Clone, PartialEq)]
pub enum BranchPoint {
    /// A container as it is now.
    Container(Container),
    /// A container as it was.
    Snapshot(Snapshot),
}

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// For `/bin/sh -c`; replaces the entrypoint.
    Shell(String),
    /// Appended to the entrypoint.
    Argv(Vec<String>),
}

/// Called with output as it comes.
pub type OnOutput = Box<dyn FnMut(Stream, &[u8]) + Send>;

/// How to run; names are Docker's long flags.
pub struct RunOptions {
    /// A terminal and the keyboard; `None` decides by whether there is a command.
    pub tty: Option<bool>,
    /// Variables; `None` copies the caller's.
    pub env: Vec<(String, Option<String>)>,
    /// Working directory, made if missing.
    pub workdir: Option<String>,
    /// `USER[:GROUP]`.
    pub user: Option<String>,
    /// The container's name.
    pub name: Option<String>,
    /// The container's host name.
    pub hostname: Option<String>,
    /// `SRC:DST[:ro]`.
    pub volumes: Vec<String>,
    /// Remove the container afterwards.
    pub rm: bool,
    /// Instead of the image's.
    pub entrypoint: Option<Vec<String>>,
    /// `host` or `none`.
    pub network: Option<String>,
    /// A non-zero exit is an error.
    pub check: bool,
    /// The caller shows output as it comes.
    pub stream: bool,
    /// Standard input; `None` is empty.
    pub stdin: Option<Vec<u8>>,
    /// Kill it after that long.
    pub timeout: Option<Duration>,
    /// Wait for another writer instead of failing.
    pub wait: bool,
    /// Called with output as it comes.
    pub on_output: Option<OnOutput>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            tty: None,
            env: Vec::new(),
            workdir: None,
            user: None,
            name: None,
            hostname: None,
            volumes: Vec::new(),
            rm: false,
            entrypoint: None,
            network: None,
            check: true,
            stream: false,
            stdin: None,
            timeout: None,
            wait: false,
            on_output: None,
        }
    }
}

impl fmt::Debug for RunOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RunOptions").field("name", &self.name).finish_non_exhaustive()
    }
}

/// How to commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommitOptions {
    /// History's comment.
    pub message: Option<String>,
    /// History's author.
    pub author: Option<String>,
    /// Dockerfile instructions.
    pub change: Vec<String>,
    /// Pause a running container meanwhile.
    pub pause: bool,
    /// Return only when it is on the disk.
    pub sync: bool,
}

/// How to keep an image that is made of another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeriveOptions {
    /// A reference for it.
    pub tag: Option<String>,
    /// History's comment.
    pub message: Option<String>,
}

/// How to take a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SnapshotOptions {
    /// Its name; without one it gets two words.
    pub name: Option<String>,
    /// Whatever the author wants to say.
    pub message: Option<String>,
}

/// How to save.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SaveOptions {
    /// `none`, `gzip` or `zstd`.
    pub compression: Option<String>,
    /// The compressor's level.
    pub level: Option<i64>,
}

/// How to pull.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullOptions {
    /// `OS/ARCHITECTURE[/VARIANT]` instead of this machine's.
    pub platform: Option<String>,
}

/// How to import a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RootfsOptions {
    /// History's comment.
    pub message: Option<String>,
    /// Dockerfile instructions.
    pub change: Vec<String>,
}

/// How to check the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FsckOptions {
    /// Quarantine what is damaged and remove garbage.
    pub repair: bool,
}
