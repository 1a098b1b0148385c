//! The explorer in a real terminal: keys go in, and what the terminal then shows is looked at.

mod keys;
mod lives;
mod pair;
mod table;
pub mod window;
