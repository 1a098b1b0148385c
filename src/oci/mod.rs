//! Pure data of the OCI and Docker worlds: identifiers, references, media types.
//!
//! No I/O. The documents themselves (manifest, configuration, index) are `oci-spec`'s types.

mod digest;
mod digester;
mod error;
pub mod media_type;
mod reference;

pub use digest::{ChainId, DiffId, Digest};
pub use digester::Digester;
pub use error::Error;
pub use reference::Reference;
