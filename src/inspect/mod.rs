//! Understanding layers: what the final root filesystem shows and what it hides.
//!
//! Works on file indexes alone: a stack of layers in, values out. No store, no mounts.

#[cfg(test)]
mod tests;
mod waste;

pub use waste::{Cause, Hidden, Waste, waste};
