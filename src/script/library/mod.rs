//! The standard library: modules in Rhai, embedded, found by `import "std/…"`.
//!
//! A module is compiled when it is imported, and its documentation read when somebody asks for it:
//! a start costs nothing.

mod doc;

use std::sync::OnceLock;

pub use doc::{Claim, Example, FunctionDoc, ModuleDoc, Step, Way};

/// The embedded modules: name and text, in the order of help.
pub const MODULES: &[(&str, &str)] = &[
    ("std/assert", include_str!("../../../stdlib/assert.rhai")),
    ("std/text", include_str!("../../../stdlib/text.rhai")),
    ("std/glob", include_str!("../../../stdlib/glob.rhai")),
    ("std/time", include_str!("../../../stdlib/time.rhai")),
    ("std/retry", include_str!("../../../stdlib/retry.rhai")),
    ("std/table", include_str!("../../../stdlib/table.rhai")),
    ("std/plot", include_str!("../../../stdlib/plot.rhai")),
    ("std/packages", include_str!("../../../stdlib/packages.rhai")),
    ("std/fs", include_str!("../../../stdlib/fs.rhai")),
    ("std/junit", include_str!("../../../stdlib/junit.rhai")),
    ("std/experiment", include_str!("../../../stdlib/experiment.rhai")),
    ("std/lesson", include_str!("../../../stdlib/lesson.rhai")),
];

/// The text of the module called `name`.
#[must_use]
pub fn text(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The modules' names.
pub fn names() -> impl Iterator<Item = &'static str> {
    MODULES.iter().map(|(name, _)| *name)
}

/// What a module is usually imported as: its name's last part.
#[must_use]
pub fn alias(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// What a module is about: its first line.
#[must_use]
pub fn summary(text: &str) -> &str {
    let first = text.lines().next().unwrap_or_default();
    first.strip_prefix("//!").unwrap_or_default().trim().trim_end_matches('.')
}

/// Every module's documentation.
pub fn docs() -> &'static [ModuleDoc] {
    static DOCS: OnceLock<Vec<ModuleDoc>> = OnceLock::new();
    DOCS.get_or_init(|| MODULES.iter().map(|(name, text)| ModuleDoc::read(name, text)).collect())
}

/// The documentation of one module, by its name or by what it is usually imported as.
#[must_use]
pub fn doc(name: &str) -> Option<&'static ModuleDoc> {
    docs().iter().find(|module| module.name == name || module.alias() == name)
}

/// The function that `text::wrap` or `std/text::wrap` names.
#[must_use]
pub fn function(path: &str) -> Option<(&'static ModuleDoc, &'static FunctionDoc)> {
    let (module, name) = path.rsplit_once("::")?;
    let module = doc(module)?;
    module.function(name).map(|function| (module, function))
}

#[cfg(test)]
mod tests;
