//! `plywood check IMAGE`: the verb of this name, with an exit code and reports for CI.

use std::path::Path;

use super::console::Console;
use super::surroundings::Surroundings;
use super::{Result, finish, junit};

/// The file that dive looks for.
const USUAL_CONFIG: &str = ".dive-ci";

/// So many files are named for each broken rule.
const MOST_NAMED: usize = 10;

/// What is asked for.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The image.
    pub image: &'a str,
    /// A file of rules.
    pub config: Option<&'a Path>,
    /// The image whose layers count for nothing.
    pub base: Option<&'a str>,
    /// Paths that count for nothing.
    pub ignore: &'a [String],
}

/// What people read below the table: for each broken rule the worst of what it found.
const SHOWN: &str = r#"
    let text = "";
    for finding in verdict.findings.filter(|finding| !finding.ok) {
        text += `${finding.rule}\n`;
        let items = finding.items.to_array();
        for item in items.extract(0..most) {
            let place = if item.layer == () { "" } else { ` in layer ${item.layer}` };
            let name = if item.name == "" { item.created_by ?? "" } else { item.name };
            text += `  ${name}${place}: ${item.bytes} bytes, ${item.why}\n`;
        }
        if items.len() > most { text += `  and ${items.len() - most} more\n`; }
    }
    if text == "" { () } else { text }
"#;

/// Shows the verdict; 1 if a rule is broken.
pub fn run(wanted: &Wanted<'_>, report: Option<&Path>, around: &Surroundings, console: &Console) -> Result {
    let usual = Path::new(USUAL_CONFIG);
    let config = wanted.config.or_else(|| usual.is_file().then_some(usual));
    let mut options = serde_json::Map::new();
    if let Some(config) = config {
        options.insert("config".to_owned(), config.to_string_lossy().into());
    }
    if let Some(base) = wanted.base {
        options.insert("base".to_owned(), base.into());
    }
    options.insert("ignore".to_owned(), wanted.ignore.into());
    let args = vec![wanted.image.to_owned(), serde_json::Value::from(options).to_string()];
    let mut session = around.session(console, args, false);
    let code =
        format!("let most = {MOST_NAMED}; let verdict = check(image(args[0]), parse_json(args[1])); verdict");
    let outcome = session.feed(&code, "plywood");
    if outcome.error.is_some() || outcome.exit.is_some() {
        return finish(outcome, console, false);
    }
    let verdict = session.variable("verdict").map(|value| value.to_json()).unwrap_or_default();
    if let Some(report) = report {
        junit::write(&results(&verdict), report, around, console)?;
    }
    if console.json {
        finish(outcome, console, true)?;
    } else if !console.quiet {
        finish(session.feed("verdict.findings", "plywood"), console, true)?;
        finish(session.feed(SHOWN, "plywood"), console, true)?;
    }
    Ok(i32::from(verdict["ok"] != true))
}

/// The findings as results of tests.
fn results(verdict: &serde_json::Value) -> serde_json::Value {
    let findings = verdict["findings"].as_array().cloned().unwrap_or_default();
    let result = |finding: serde_json::Value| {
        let items = finding["items"].as_array().cloned().unwrap_or_default();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let named: Vec<String> = items
            .iter()
            .take(MOST_NAMED)
            .map(|item| format!("{} (layer {}): {}", text(&item["name"]), item["layer"], text(&item["why"])))
            .collect();
        let error = (finding["ok"] != true).then(|| {
            serde_json::json!({
                "kind": "check",
                "message": format!("{} instead of {}\n{}", finding["value"], finding["limit"], named.join("\n")),
            })
        });
        serde_json::json!({ "name": finding["rule"], "suite": verdict["image"], "error": error })
    };
    findings.into_iter().map(result).collect()
}
