//! The script language: the only room that knows Rhai.
//!
//! [`Session`] runs code, whoever gives it: the prompt, a file, `-e`, standard input, a lesson.
//! [`mod@verbs`] is the table of what scripts can do, [`types`] what they get, `render` how people see
//! it. Everything that a script does to containers goes through [`crate::workbench`].

mod closure;
mod context;
mod definitions;
mod engine;
mod explain;
mod failure;
pub mod help;
mod in_place;
mod json;
pub mod library;
pub mod limits;
mod members;
mod options;
mod raised;
mod receiver;
mod render;
mod resolver;
#[cfg(test)]
mod sample;
mod search;
mod session;
mod sources;
mod suggest;
pub mod types;
mod value;
pub mod verbs;

pub use context::{Input, SessionOptions, Sinks, StreamSink, TextSink};
pub use definitions::definitions;
pub use failure::{CallSite, Failure, Place};
pub use library::MODULES as STDLIB;
pub use limits::Limits;
pub use members::{Member, about, members};
pub use render::{Style, duration, size, visible, visible_json};
pub use search::{Hit, search};
pub use session::{Completeness, Known, Names, Outcome, Session, SessionState};
pub use suggest::nearest;
pub use value::Value;

/// The table of verbs.
#[must_use]
pub fn verbs() -> &'static [&'static verbs::Verb] {
    verbs::ALL
}
