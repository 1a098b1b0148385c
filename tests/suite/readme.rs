//! Every code block of the README is run.

use crate::support::{Outcome, Plywood, project};

/// A fenced block: its language and words after it, and its text.
fn blocks() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(project().join("README.md")).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.trim().to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, body)), None) => {
                body.push_str(line);
                body.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block of the README is not closed");
    blocks
}

#[test]
fn every_block_runs() {
    let plywood = Plywood::new();
    let folder = tempfile::tempdir().unwrap();
    let mut ran = 0;
    for (language, body) in blocks() {
        match language.as_str() {
            // A script that stands for itself.
            "rhai" => {
                ran += 1;
                let outcome = Outcome::of(plywood.command().args(["-e", &body]).current_dir(folder.path()));
                assert_eq!(outcome.code, 0, "{body}\n{}", outcome.stderr);
            }
            // Commands of a shell in which `plywood` is the built program. Those that build or test the
            // project itself are what runs this test.
            "sh" => {
                let lines: Vec<&str> = body.lines().filter(|line| !line.starts_with("cargo ")).collect();
                if lines.is_empty() {
                    continue;
                }
                ran += 1;
                let bin = tempfile::tempdir().unwrap();
                std::os::unix::fs::symlink(crate::support::binary(), bin.path().join("plywood")).unwrap();
                let path = format!("{}:{}", bin.path().display(), std::env::var("PATH").unwrap());
                let outcome = Outcome::of(
                    std::process::Command::new("sh")
                        .args(["-e", "-c", &lines.join("\n")])
                        .env("PATH", path)
                        .env("PLYWOOD_STORE", plywood.store())
                        .env("PLYWOOD_SCRIPTS", project().join("scripts"))
                        .current_dir(folder.path())
                        .stdin(std::process::Stdio::null()),
                );
                assert_eq!(outcome.code, 0, "{body}\n{}\n{}", outcome.stdout, outcome.stderr);
            }
            // Screens, grammar and tables: what a person reads.
            "text" | "console" => {}
            other => panic!("a block of the README has the language `{other}`, which no test knows"),
        }
    }
    assert!(ran >= 5, "only {ran} blocks were run");
}

/// The reference is the verb table's own; `PLYWOOD_WRITE_README=1` writes it anew.
#[test]
fn the_reference_is_up_to_date() {
    const BEGIN: &str = "<!-- reference: begin -->\n";
    const END: &str = "<!-- reference: end -->";
    let path = project().join("README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    let wanted = format!("{}\n", plywood::script::help::reference().trim_end());
    if std::env::var_os("PLYWOOD_WRITE_README").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
        return;
    }
    assert!(written == wanted, "the README's reference is old: run this test with PLYWOOD_WRITE_README=1");
}
