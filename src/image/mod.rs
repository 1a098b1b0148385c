//! Images as values: reading a configuration and making the next one.
//!
//! Nothing here touches a disk. A configuration keeps the bytes it came in, because its
//! digest is the image's identity; a mutation gives new bytes and leaves the old alone.

mod change;
mod config;
mod conform;
mod document;
mod error;
mod next;
mod rewrite;

pub use change::Change;
pub use config::Config;
pub use conform::{ARCHITECTURE, conform};
pub use error::Error;
pub use next::{Next, from_scratch};
pub use rewrite::{Rewrite, rebase};
