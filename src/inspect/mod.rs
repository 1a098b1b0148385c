//! Understanding layers: what the final root filesystem shows and what it hides.
//!
//! Works on file indexes alone: a stack of layers in, values out. No store, no mounts.

pub mod model;
#[cfg(test)]
mod tests;
mod waste;

pub use model::Model;
pub use waste::{Cause, Hidden, Waste, waste};
