//! What the tests stand on: the real program, real peers, and words for both.

pub mod archive;
mod docker;
mod fixture;
pub mod http;
pub mod layout;
pub mod liar;
mod plywood;
mod podman;
pub mod registry;
pub mod schema;
mod scratch;
mod small_disk;
mod small_image;
mod somebody;
mod storm;
pub mod tokens;
mod watched;

pub use docker::Docker;
pub use fixture::{Debian, debian};
pub use plywood::{Outcome, Plywood, binary, project};
pub use podman::Podman;
pub use small_disk::SmallDisk;
pub use small_image::{SMALL, small_image};
pub use somebody::{Somebody, Who, everybody};
pub use storm::{Chance, kill_after, kill_again_and_again};
pub use watched::{Watched, watch};

/// Says on the screen that a test does not run, and why; where peers are required that is a failure.
pub fn skip(why: &str) {
    assert!(std::env::var_os("PLYWOOD_REQUIRE_PEERS").is_none(), "a peer is required: {why}");
    eprintln!("skipped: {why}");
}

/// Says on the screen that a test is root's, and why: no peer is missing, root runs it.
pub fn leave_to_root(why: &str) {
    assert!(!is_root(), "root leaves nothing to root: {why}");
    eprintln!("skipped: {why}");
}

/// Whether the tests run as root.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// How often a storm or a comparison is repeated: `quick`, or `full` where the full counts are asked for.
pub fn count(quick: usize, full: usize) -> usize {
    if std::env::var_os("PLYWOOD_FULL").is_some() { full } else { quick }
}
