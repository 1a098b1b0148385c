//! What editors, shells and `man` get.

use std::process::Command;

use crate::support::Plywood;

#[test]
fn definition_files() {
    let plywood = Plywood::new();
    let folder = tempfile::tempdir().unwrap();
    let told = plywood.args(["definitions".as_ref(), folder.path().as_os_str()]);
    assert!(told.assert_ok().stdout.contains(" files in `"));
    let text = std::fs::read_to_string(folder.path().join("plywood.d.rhai")).unwrap();
    assert!(text.starts_with("module static;") && text.contains("fn commit(container: Container"));
    assert!(folder.path().join("std/lesson.rhai").exists());
    assert!(!plywood.store().exists(), "none of this needs a store");
    assert_eq!(plywood.args(["definitions", "/proc/nowhere"]).code, 1);
}

#[test]
fn shells_complete_the_command_line() {
    let plywood = Plywood::new();
    for shell in ["bash", "zsh", "fish"] {
        let text = plywood.args(["completions", shell]).assert_ok().stdout.clone();
        assert!(text.contains("definitions") && text.contains("store"), "{shell}");
    }
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("completions.bash");
    std::fs::write(&script, plywood.args(["completions", "bash"]).stdout).unwrap();
    let line = format!(
        "source {}; COMP_WORDS=(plywood doc); COMP_CWORD=1; _plywood plywood doc plywood; echo ${{COMPREPLY[@]}}",
        script.display()
    );
    let output = Command::new("bash").args(["--norc", "-c", &line]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "doctor", "{output:?}");
    assert_eq!(plywood.args(["completions", "nonsense"]).code, 2);
}

#[test]
fn the_manual_and_the_reference() {
    let plywood = Plywood::new();
    let page = plywood.args(["man"]).assert_ok().stdout.clone();
    assert!(page.contains(".TH plywood 1") && page.contains("EXIT") || page.contains("Exit codes"), "{page}");
    let reference = plywood.args(["reference"]).assert_ok().stdout.clone();
    assert!(reference.contains("run(") && reference.contains("commit("));
}
