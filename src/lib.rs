//! Plywood: a workbench for container images, programmed in Rhai.
//!
//! ```text
//! main
//! cli                      arguments, exit codes, rendering of errors
//! repl                     line editor, completion, highlighting, : commands
//! script                   the only room that knows Rhai
//! workbench                one method per verb, plain Rust types
//! container   transfer     run processes · bring images in and out
//! explorer                 an image, full screen
//! inspect   snapshot   image   understand layers · mount them · read and append images
//! layer         store      bytes and trees of one layer · blobs and records
//! sys           oci        system calls · pure data
//! ```
//!
//! Every arrow points down and there are no circles; `tests/suite/architecture.rs` checks it.
//! A verb is found in one guess a step: `script/verbs/commit.rs` → `workbench/commit.rs` →
//! `snapshot/`, `layer/`, `store/`. The library never prints and never reads the
//! environment; that is for `cli` and `repl` alone.
#[cfg(not(target_os = "linux"))]
compile_error!(
    "Plywood runs on Linux (x86_64 or aarch64, kernel 5.11 or newer): it is made of Linux namespaces and overlayfs."
);

pub mod cli;
pub mod container;
pub mod explorer;
pub mod image;
pub mod inspect;
pub mod layer;
pub mod oci;
pub mod repl;
pub mod script;
pub mod snapshot;
pub mod store;
pub mod sys;
pub mod transfer;
pub mod workbench;
