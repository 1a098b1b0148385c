//! Understanding layers: what the final root filesystem shows and what it hides.
//!
//! Works on file indexes alone: a stack of layers in, values out. No store, no mounts.

pub mod gate;
mod glob;
mod junk;
pub mod model;
pub mod packages;
mod waste;

pub use glob::Globs;
pub use junk::{JunkRules, SlimRule};
pub use model::Model;
pub use waste::{Cause, Hidden, Waste};
