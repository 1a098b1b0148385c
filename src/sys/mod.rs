//! System calls with safe faces: the only room that contains `unsafe`.
//!
//! Nothing here knows what a layer, an image or a container is.
#![allow(unsafe_code)]

pub mod clone;
pub mod file;
pub mod interrupt;
pub mod lock;
pub mod mount;
pub mod pty;
pub mod seccomp;
pub mod userns;

pub use interrupt::Interrupt;
