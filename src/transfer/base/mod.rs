//! The starter image.
