//! `plywood fsck` and `plywood doctor`: the verbs of these names, with an exit code.

use super::console::Console;
use super::surroundings::Surroundings;
use super::{Result, finish};

/// Shows the report; 1 if something is wrong and was not put right.
pub fn fsck(repair: bool, around: &Surroundings, console: &Console) -> Result {
    let code = format!(
        "let report = fsck(#{{ repair: {repair} }}); let wrong = report.problems.any(|p| !p.repaired); report"
    );
    check(&code, "wrong", around, console)
}

/// Shows the checks; 1 if one wants fixing.
pub fn doctor(around: &Surroundings, console: &Console) -> Result {
    check("let checks = doctor(); let wrong = !checks.all(|c| c.ok); checks", "wrong", around, console)
}

fn check(code: &str, verdict: &str, around: &Surroundings, console: &Console) -> Result {
    let mut session = around.session(console, Vec::new(), false);
    let outcome = session.feed(code, "plywood");
    let wrong = session.variable(verdict).is_some_and(|value| value.to_json() == serde_json::json!(true));
    finish(outcome, console, true).map(|code| if code == 0 { i32::from(wrong) } else { code })
}
