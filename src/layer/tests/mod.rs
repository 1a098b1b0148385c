//! The laws of the room, and what it must survive.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod bounds;
mod damage;
mod hostile;
mod images;
mod laws;
mod mounted;
mod round_trip;
mod support;
pub(super) mod tar;
mod view;
