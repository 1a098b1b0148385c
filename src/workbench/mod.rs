//! The facade: one method per verb on plain Rust types; what another Rust program would call.
//!
//! Knows neither Rhai nor the terminal. Every value is `Clone + Serialize`; the JSON that a
//! person sees is that serialisation. Opening a workbench touches nothing: the store, and the
//! user namespace that an unprivileged user needs for it, come with the first verb that needs
//! them. From then on the process may have threads; before, it must have one only.

mod base;
mod branch;
mod check;
mod checkpoint;
mod commit;
mod compare;
mod container_verbs;
mod diff;
mod doctor;
mod edit;
mod error;
mod explore;
mod fallback;
mod faults;
mod files;
mod findings;
mod fsck;
mod image_verbs;
pub(crate) mod in_place;
mod inspect;
mod journal;
mod junk;
mod layers;
mod listed;
mod login;
mod look;
mod lookup;
mod marks;
mod options;
mod pull;
mod push;
mod rebase;
mod report;
mod rewrite;
mod rollback;
mod run;
mod slim;
mod snapshot;
mod squash;
mod state;
mod step;
mod subject;
mod suggest;
mod time;
mod transfer_verbs;
mod types;
mod without;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

pub use crate::container::Stream;
pub use crate::transfer::{Limits, Network, Progress, Report, Step};
pub use check::{Finding, FindingItem, RULES, RuleValue, Rules, Verdict};
pub use checkpoint::Checkpoint;
pub use compare::{
    CompareOptions, Comparison, ConfigDifference, FileDifference, HistoryDifference, LayerDifference,
    Operand, PackageDifference, PackingDifference,
};
pub use error::{Error, ErrorKind};
pub use explore::Explored;
pub use fallback::Fallback;
pub use findings::{Duplicate, InstalledPackage, Junk, Reason, TreeItem, Version};
pub use in_place::Origin;
pub use journal::Journal;
pub use junk::slim_rules;
pub use look::{Content, Look, TreeOptions};
pub use options::{
    BranchPoint, Command, CommitOptions, DeriveOptions, FsckOptions, ImageTarget, OnOutput, PullOptions,
    RootfsOptions, RunOptions, SaveOptions, SnapshotOptions, Subject,
};
pub use report::Format as ReportFormat;
pub use slim::SlimOptions;
pub use step::LayerStep;
pub use suggest::{Bearings, InnerFile};
pub use types::{
    Change, Check, Container, Diff, File, FsckReport, HistoryEntry, Image, Layer, Problem, PruneReport,
    Snapshot, Waste, WasteItem,
};

use crate::layer::OverlayFormat;
use crate::oci::{DiffId, Digest};
use crate::store::Store;
use crate::sys::Interrupt;
use crate::sys::userns::{self, Identity};
use subject::Prepared;

/// What a workbench is told when it is made; it reads no environment itself.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The store's directory; made when first needed.
    pub store: PathBuf,
    /// Looked at by everything that can take long.
    pub interrupt: Interrupt,
    /// Seconds since 1970 that no file time in a new layer may exceed, and that new images
    /// are dated; see reproducible-builds.org.
    pub source_date_epoch: Option<i64>,
    /// Whether standard input and output are a person's terminal.
    pub terminal: bool,
    /// What of the caller's environment the verbs may use.
    pub host: HostEnvironment,
    /// Older ways to be used although newer ones are there.
    pub force: Vec<Fallback>,
    /// Bounds on what is believed of archives and registries.
    pub limits: Limits,
}

impl Settings {
    /// A store at `store` and nothing special: no terminal, no environment, the usual bounds.
    #[must_use]
    pub fn at(store: impl Into<PathBuf>) -> Self {
        Self {
            store: store.into(),
            interrupt: Interrupt,
            source_date_epoch: None,
            terminal: false,
            host: HostEnvironment::default(),
            force: Vec::new(),
            limits: Limits::default(),
        }
    }
}

/// The caller's environment, as far as verbs use it.
#[derive(Debug, Clone, Default)]
pub struct HostEnvironment {
    /// `PATH`: where the starter image's programs are looked for.
    pub path: Option<String>,
    /// `TERM`.
    pub term: Option<String>,
    /// All variables, for options that copy the caller's.
    pub env: Vec<(String, String)>,
    /// Where settings and passwords for registries and daemons are.
    pub network: Network,
    /// Who hears how downloads and uploads go.
    pub report: Report,
}

/// Verbs as methods. Cheap to make; share it behind an `Arc`.
#[derive(Debug)]
pub struct Workbench {
    settings: Settings,
    opened: OnceLock<Opened>,
    /// How containers get their roots.
    trees: OnceLock<fallback::Trees>,
    /// Images made ready to run, by id.
    prepared: Mutex<HashMap<Digest, Arc<Prepared>>>,
    /// Layers that are only looked at.
    examined: Mutex<HashMap<DiffId, in_place::SeenLayer>>,
    /// Models of what was looked into last.
    looks: look::Kept,
    /// Id of the container that ran last.
    last: Mutex<Option<String>>,
    /// What the verbs did lately.
    journal: Mutex<Journal>,
}

/// The store together with what this process is.
#[derive(Debug)]
struct Opened {
    store: Store,
    identity: Identity,
    format: OverlayFormat,
}

type Result<T> = std::result::Result<T, Error>;

impl Workbench {
    /// A workbench on `settings`; touches nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            opened: OnceLock::new(),
            trees: OnceLock::new(),
            prepared: Mutex::default(),
            examined: Mutex::default(),
            looks: Mutex::default(),
            last: Mutex::default(),
            journal: Mutex::default(),
        }
    }

    /// What it was told.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The store, opened when first asked for.
    fn store(&self) -> Result<&Store> {
        self.opened().map(|opened| &opened.store)
    }

    fn opened(&self) -> Result<&Opened> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened);
        }
        self.force();
        let search = self.settings.host.path.iter().flat_map(std::env::split_paths).collect::<Vec<_>>();
        let identity = userns::enter(&search)?;
        let store = Store::open(&self.settings.store)?;
        let format = marks::find(store.root(), identity, &self.settings)?;
        // A second thread may have been first; its store is as good.
        Ok(self.opened.get_or_init(|| Opened { store, identity, format }))
    }

    /// How whiteouts and opaque marks are written in this store.
    fn format(&self) -> Result<OverlayFormat> {
        Ok(self.opened()?.format)
    }

    fn is_rootless(&self) -> Result<bool> {
        Ok(self.opened()?.identity != Identity::Root)
    }

    /// Whether files can have one owner only, so that owners are recorded beside them.
    fn is_single_id(&self) -> Result<bool> {
        Ok(self.opened()?.identity == Identity::Single)
    }

    /// A new part for what a container writes.
    fn new_part(&self) -> Result<crate::store::PartId> {
        let store = self.store()?;
        let part = store.new_part()?;
        if self.is_single_id()? {
            crate::layer::owners::Recorder::open(&tree_of(&store.part_dir(&part)))?;
        }
        Ok(part)
    }

    /// The directory that holds a part's tree.
    fn tree(&self, part: &crate::store::PartId) -> Result<PathBuf> {
        Ok(tree_of(&self.store()?.part_dir(part)))
    }
}

/// Where a part keeps its tree, its file index, and overlayfs's work directory.
fn tree_of(part: &Path) -> PathBuf {
    part.join("fs")
}

fn index_of(part: &Path) -> PathBuf {
    part.join("index")
}

fn work_of(part: &Path) -> PathBuf {
    part.join("work")
}
