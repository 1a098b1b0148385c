//! The prompt and containers at a real terminal.

mod containers;
mod lesson;
mod prompt;
pub mod screen;
mod way;
