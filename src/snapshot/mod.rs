//! Chains of unpacked layers, and what a container writes on top of them.
//!
//! Owns the order in which directories are stacked: a container's own parts, newest first, then
//! the init layer, then the image's layers, topmost first. Mounting the stack is the container
//! room's; reading it without a mount is [`crate::layer::Stack`]'s.

mod chain;
mod error;
mod init;
mod place;

pub use chain::Chain;
pub use error::Error;
pub use place::{place_directory, place_file, place_symlink};
