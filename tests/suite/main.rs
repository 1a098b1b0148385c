//! Everything that is tested from outside, as one program: it links once and its fixtures are shared.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod architecture;
mod bad_input;
mod branches;
mod compare;
mod dive;
mod editors;
mod explorer;
mod fallbacks;
mod fixes;
mod gate;
mod hostile;
mod interrupts;
mod lessons;
mod library;
mod look;
mod loops;
mod modules;
mod mutations;
mod outputs;
mod packing;
mod readme;
mod registry;
mod registry_copy;
mod registry_hostile;
mod registry_journeys;
mod report;
mod reproducible;
mod rpm;
mod security;
mod single_id;
mod storms;
mod support;
mod terminal;
mod transports;
