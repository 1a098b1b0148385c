//! Bringing images in and out: the starter image, archives, layouts, registries.

pub mod base;
