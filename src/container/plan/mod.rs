//! A specification compiled to the system calls that make it true.
//!
//! Everything that needs memory or a decision happens here, before the child exists; the plan is data
//! that a test can look at.

mod build;
mod overlay;
mod path;
mod step;

pub use build::{HandedOver, Plan, Wiring};
pub(super) use overlay::common;
pub use overlay::{Layers, Overlay};
pub use path::Place;
pub use step::{Program, Step};
