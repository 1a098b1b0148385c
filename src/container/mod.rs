//! Runs a program in a container: an own engine without a daemon.
//!
//! ```text
//! Spec      what is wanted            (spec.rs, capabilities.rs, user.rs, environment.rs)
//! Plan      what to do, in order      (plan/: a list of steps, pure data, built before anything starts)
//! Process   it done                   (enter.rs: the child carries the steps out; process.rs: the parent)
//! Exit      what came of it           (exit.rs; watch.rs looks after it meanwhile, capture.rs and terminal.rs after its output)
//! ```
//!
//! The child shares the parent's memory until it executes the program (see [`crate::sys::clone`]), so it
//! only makes system calls, on strings, mount options and a filter that the plan holds ready. It is
//! process 1 of its own pid namespace, and with it dies everything in the container. No mount is ever made
//! outside the container's own mount namespace: when the last process is gone, so are they.
//!
//! With one user id only, `ownership/` answers what programs ask about owners and identities.
//!
//! The caller is root, of the host or of a user namespace that the process entered before
//! ([`crate::sys::userns`]); the container gets no further user namespace.

mod capture;
mod enter;
mod fuse;
mod host;
mod io;
mod network;
mod ownership;
mod pause;
mod probe;
mod process;
mod terminal;
mod watch;

pub mod capabilities;
pub mod environment;
pub mod error;
pub mod exit;
mod kill;
pub mod plan;
mod run;
pub mod seccomp;
pub mod spec;
pub mod user;
pub mod volatile;

#[cfg(test)]
mod tests;

pub use capabilities::Capabilities;
pub use error::Error;
pub use exit::Exit;
pub use fuse::probe as probe_fuse;
pub use host::Ways;
pub use io::{Io, OnOutput, Stdin, Stream};
pub use kill::kill;
pub use network::Network;
pub use pause::{Paused, pause};
pub use probe::probe_overlay;
pub use run::run;
pub use spec::{MountApi, Root, Seccomp, Spec, Volume};
