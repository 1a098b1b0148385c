//! Blobs, the directories of layers and containers, and the records that name them.
//!
//! ```text
//! plywood.db      records: layers, images, references, containers, snapshots (SQLite, WAL)
//! blobs/sha256/   compressed layers as they came, named by digest
//! parts/NAME/     one directory tree: fs, work, and its layer's index
//! sessions/       one locked file for each process that is writing, and where it stages what leaves the store
//! tmp/            what is being written, and what is being removed
//! ballast/        space that is given up when a removal finds the disk full
//! locks           one slot for each container, locked while somebody writes to it
//! packages/       programs for the starter image's `pkg`
//! ```
//!
//! What is promised: any process may be killed at any instruction, and nothing that was reported done is lost. What a
//! record names is complete before the record; what no record names is garbage once the process that made it is
//! dead. So nothing has to be undone, only swept: by the next [`Store::open`], by [`Store::prune`], by
//! [`Store::fsck`]. Several processes may use one store at once.

mod ballast;
mod blobs;
mod error;
mod foreign;
mod fsck;
mod lock;
mod names;
mod parts;
mod prune;
mod random;
mod reach;
mod records;
mod remove;
mod session;
// The room's one great type has the room's name, and a file of its own as every type.
#[allow(clippy::module_inception)]
mod store;
#[cfg(test)]
mod tests;
mod trash;
mod whole_blob;

pub use blobs::BlobWriter;
pub use error::{Error, Noun};
pub use foreign::blobs_in;
pub use fsck::{FsckOptions, FsckReport, Garbage, Problem, ProblemKind};
pub use lock::ContainerLock;
pub use parts::PartId;
pub use prune::PruneReport;
pub use records::containers::{ContainerRecord, NewContainer, Status};
pub use records::image_rows::{BlobDescriptor, ImageRecord, StoredImage};
pub use records::images::{MovedReference, RemovedImage};
pub use records::layers::{AddedLayer, LayerRecord, TarSource};
pub use records::snapshots::{NewSnapshot, SnapshotRecord};
pub use store::Store;
pub use whole_blob::WholeBlob;
