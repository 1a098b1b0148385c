//! container
pub mod seccomp;
