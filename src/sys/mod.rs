//! System calls with safe faces: the only room that contains `unsafe`.
//!
//! Nothing here knows what a layer, an image or a container is.
#![allow(unsafe_code)]

pub mod at;
pub mod calls;
pub mod capabilities;
pub mod clone;
pub mod exec;
pub mod file;
pub mod identity;
pub mod interrupt;
pub mod lock;
pub mod mount;
pub mod network;
pub mod notify;
pub mod pidfd;
pub mod pty;
pub mod resume;
pub mod seccomp;
pub mod signal;
pub mod stack;
pub mod terminal;
mod unwind;
pub mod userns;

pub use interrupt::Interrupt;
