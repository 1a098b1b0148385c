//! Results as JUnit XML, in a file.

use std::path::Path;

use super::Result;
use super::console::Console;
use super::surroundings::Surroundings;
use crate::script::{Failure, Style};

/// Writes `results`, a list as `std/junit` describes it: the library knows how JUnit writes its XML.
pub fn write(
    results: &serde_json::Value,
    report: &Path,
    around: &Surroundings,
    console: &Console,
) -> Result<()> {
    const CODE: &str = "import \"std/junit\" as junit; junit::xml(parse_json(args[0])) + \"\\n\"";
    let outcome = around.session(console, vec![results.to_string()], false).feed(CODE, "plywood");
    if let Some(failure) = outcome.error {
        return Err(failure.into());
    }
    let text = outcome.value.map(|value| value.render(&Style::PLAIN)).unwrap_or_default();
    std::fs::write(report, text)
        .map_err(|error| Failure::new("io", format!("cannot write `{}`: {error}", report.display())).into())
}
