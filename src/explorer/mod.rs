//! The full-screen explorer: layers, files and waste of an image or container, or two of them beside each other.
//!
//! ```text
//! material   what it is given: the model, the layers' table, the image's facts, a way to read files
//! screen     takes the terminal and gives it back; the loop of keys, work and drawing
//! state      all that is on the screen, as a value; `keys` and `mouse` change it and name work to be done
//! work       what may take long, in a thread of its own: laying out a tree, searching, reading, extracting
//! pair       two images beside each other, as one of two layers
//! panes      where everything is on a screen
//! draw       the state as a frame; only visible lines are computed
//! ```
//! It knows neither Rhai nor the store. Keys and drawing touch nothing outside, so that tests can press one and
//! look at the other without a terminal.

mod content;
mod draw;
mod extract;
mod filter;
mod help;
mod keys;
mod lines;
mod material;
mod mouse;
mod pair;
mod pair_keys;
mod panes;
mod screen;
mod state;
mod text;
mod view_keys;
mod work;

#[cfg(test)]
mod tests;

pub use material::{LayerRow, Load, Material, Picked, Refine, Selection};
pub use pair::{Origin, Other, Pair, PairFact};
pub use screen::{Failure, Look, explore};
