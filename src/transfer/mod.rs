//! Bringing images in and out: the starter image, archives, layouts, trees.
//!
//! ```text
//! load     source → bundle (archive or directory) → images (documents, checked) → fetch (layers)
//! save     saver (layers, documents) → layer_tar → compression → tar_writer or layout_writer → output
//! registry pull, push and tags over http
//! copy     registry → layout, as it is
//! import   a tar or a directory as one layer
//! examine  what an image is made of, read where it lies
//! base     the starter image, from this machine's own programs
//! ```
//! Promises: nothing that comes in is believed before its digest, size and DiffID are checked, and
//! what is refused leaves no record; what goes out appears complete or not at all, and the same
//! image gives the same bytes.

mod archive;
pub mod base;
mod bundle;
mod compression;
mod copy;
pub mod daemon;
mod document;
mod error;
mod examine;
mod expansion;
mod fetch;
mod images;
mod layer_tar;
mod layout_writer;
mod limits;
mod load;
mod load_options;
mod network;
mod opening;
mod output;
mod packed;
mod parallel;
mod progress;
pub mod registry;
mod rootfs;
mod save;
mod save_options;
mod saver;
mod source;
mod staging;
mod tar_writer;
mod watch;

pub use compression::Compression;
pub use copy::copy;
pub use error::{Error, RegistryFault};
pub use examine::{Examined, ExaminedLayer, examine, write_examined_tar};
pub use layer_tar::write_side_by_side as write_layer_tar;
pub use limits::Limits;
pub use load::{Loaded, load};
pub use load_options::LoadOptions;
pub use network::{Network, Patience};
pub use packed::{HEAD as PACKED_HEAD, compression_facts};
pub use progress::{Progress, Report, Silence, Step};
pub use rootfs::{Imported, import};
pub use save::{Outgoing, Saved, save, save_all};
pub use save_options::SaveOptions;
pub use source::{Place, Source, Target};
