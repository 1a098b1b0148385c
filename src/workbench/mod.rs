//! The facade: one method per verb on plain Rust types; what another Rust program would call.
//!
//! Knows neither Rhai nor the terminal. Every value is `Clone + Serialize`; the JSON that a
//! person sees is that serialisation.

mod error;
mod options;
mod types;

use std::path::PathBuf;

pub use error::{Error, ErrorKind};
pub use options::{
    Command, CommitOptions, FsckOptions, ImageTarget, RootfsOptions, RunOptions, SaveOptions, Stream, Subject,
};
pub use types::{
    Change, Check, Container, Diff, File, FsckReport, HistoryEntry, Image, Layer, Problem, PruneReport,
    Waste, WasteItem,
};

use crate::sys::Interrupt;

/// What the caller knows about the machine and the person.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Folder of the store.
    pub store: PathBuf,
    /// Where Ctrl-C is counted.
    pub interrupt: Interrupt,
    /// Latest time that a layer may name, seconds since 1970.
    pub source_date_epoch: Option<i64>,
    /// Standard input and output are terminals.
    pub terminal: bool,
    /// The caller's environment.
    pub host: HostEnvironment,
}

/// The caller's environment, handed down because nothing below the command line reads it.
#[derive(Debug, Clone, Default)]
pub struct HostEnvironment {
    /// `PATH`.
    pub path: Option<String>,
    /// `TERM`.
    pub term: Option<String>,
    /// Every variable.
    pub env: Vec<(String, String)>,
}

/// One store and the verbs on it.
#[derive(Debug)]
pub struct Workbench {
    #[allow(dead_code)]
    settings: Settings,
}

type Result<T> = std::result::Result<T, Error>;

fn unsupported<T>() -> Result<T> {
    Err(Error::new(ErrorKind::Unsupported, "this build has no engine"))
}

#[allow(clippy::missing_errors_doc, clippy::unused_self, clippy::needless_pass_by_value, missing_docs)]
impl Workbench {
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
    pub fn base(&self) -> Result<Image> {
        unsupported()
    }
    pub fn image(&self, _reference: &str) -> Result<Image> {
        unsupported()
    }
    pub fn images(&self) -> Result<Vec<Image>> {
        unsupported()
    }
    pub fn containers(&self) -> Result<Vec<Container>> {
        unsupported()
    }
    pub fn container(&self, _name: &str) -> Result<Container> {
        unsupported()
    }
    pub fn last(&self) -> Result<Container> {
        unsupported()
    }
    pub fn load(&self, _source: &str) -> Result<Vec<Image>> {
        unsupported()
    }
    pub fn save(&self, _image: &Image, _target: &str, _options: SaveOptions) -> Result<()> {
        unsupported()
    }
    pub fn rootfs(&self, _source: &str, _reference: &str, _options: RootfsOptions) -> Result<Image> {
        unsupported()
    }
    pub fn tag(&self, _image: &Image, _reference: &str) -> Result<Image> {
        unsupported()
    }
    pub fn rm_image(&self, _target: &ImageTarget, _force: bool) -> Result<()> {
        unsupported()
    }
    pub fn rm_container(&self, _container: &Container, _force: bool) -> Result<()> {
        unsupported()
    }
    pub fn prune(&self) -> Result<PruneReport> {
        unsupported()
    }
    pub fn run(
        &self,
        _subject: Subject,
        _command: Option<Command>,
        _options: RunOptions,
    ) -> Result<Container> {
        unsupported()
    }
    pub fn diff(&self, _container: &Container) -> Result<Diff> {
        unsupported()
    }
    pub fn commit(&self, _container: &Container, _reference: &str, _options: CommitOptions) -> Result<Image> {
        unsupported()
    }
    pub fn layers(&self, _image: &Image) -> Result<Vec<Layer>> {
        unsupported()
    }
    pub fn layer_files(&self, _layer: &Layer) -> Result<Vec<File>> {
        unsupported()
    }
    /// Every file of an image or container as its processes see it, byte-sorted.
    pub fn files(&self, _subject: &Subject) -> Result<Vec<File>> {
        unsupported()
    }
    pub fn waste(&self, _subject: &Subject) -> Result<Waste> {
        unsupported()
    }
    pub fn history(&self, _image: &Image) -> Result<Vec<HistoryEntry>> {
        unsupported()
    }
    pub fn inspect(&self, _subject: &Subject) -> Result<serde_json::Value> {
        unsupported()
    }
    pub fn read(&self, _subject: &Subject, _path: &str) -> Result<String> {
        unsupported()
    }
    pub fn read_blob(&self, _subject: &Subject, _path: &str) -> Result<Vec<u8>> {
        unsupported()
    }
    pub fn exists(&self, _subject: &Subject, _path: &str) -> Result<bool> {
        unsupported()
    }
    pub fn write(&self, _container: &Container, _path: &str, _content: &[u8]) -> Result<()> {
        unsupported()
    }
    pub fn copy_in(&self, _container: &Container, _source: &str, _target: &str) -> Result<()> {
        unsupported()
    }
    pub fn copy_out(&self, _subject: &Subject, _source: &str, _target: &str) -> Result<()> {
        unsupported()
    }
    pub fn fsck(&self, _options: FsckOptions) -> Result<FsckReport> {
        unsupported()
    }
    pub fn doctor(&self) -> Result<Vec<Check>> {
        unsupported()
    }
}
