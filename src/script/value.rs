//! A script's value, for rooms that do not know Rhai.

use std::fmt;

use rhai::Dynamic;

use super::render::{self, Style};
use super::{json, types};

/// A value that a script gave.
#[derive(Clone)]
pub struct Value(pub(super) Dynamic);

impl Value {
    /// Whether it is `()`: nothing to show.
    #[must_use]
    pub fn is_unit(&self) -> bool {
        self.0.is_unit()
    }

    /// The value for people, without a trailing newline.
    #[must_use]
    pub fn render(&self, style: &Style) -> String {
        render::render(&self.0, style)
    }

    /// Its JSON; each key of ours is a getter of the same name and type.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        json::of(&self.0)
    }

    /// One line.
    #[must_use]
    pub fn debug(&self) -> String {
        render::debug(&self.0)
    }

    /// The name of its type.
    #[must_use]
    pub fn type_name(&self) -> String {
        types::name(&self.0)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.debug())
    }
}
