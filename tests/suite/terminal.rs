//! The prompt and containers at a real terminal.

mod completion;
mod containers;
mod edge_lines;
mod hints;
mod lesson;
mod prompt;
pub mod screen;
mod way;
