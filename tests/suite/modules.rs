//! Modules and limits, from the command line.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Outcome, Plywood, binary};

/// A folder with a script and modules around it.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("steps/first.rhai", "import \"../shared/words\" as words;\nfn hello() { words::greeting() }");
    write("shared/words.rhai", "fn greeting() { \"hello\" }\nfn broken() {\n    nope\n}");
    write("steps/main.rhai", "import \"first\" as first;\nprint(first::hello());");
    write(
        "steps/all_test.rhai",
        "import \"first\" as first;\nconst WANTED = \"hello\";\n\
         fn test_at_the_top() { if first::hello() != global::WANTED { fail(\"no\") } }\n\
         fn test_inside() { import \"first\" as mine; if mine::hello() != \"hello\" { fail(\"no\") } }\n\
         fn test_broken() { import \"../shared/words\" as words; words::broken() } // the end",
    );
    folder
}

fn run(plywood: &Plywood, folder: &Path, args: &[&str]) -> Outcome {
    Outcome::of(plywood.command().args(args).current_dir(folder))
}

#[test]
fn a_path_is_relative_to_the_script_wherever_one_stands() {
    let (plywood, folder) = (Plywood::new(), folder());
    for (place, script) in [("", "steps/main.rhai"), ("steps", "main.rhai"), ("shared", "../steps/main.rhai")]
    {
        let outcome = run(&plywood, &folder.path().join(place), &[script]);
        assert_eq!(outcome.assert_ok().stdout, "hello\n", "{place}");
    }
    let outcome = run(&plywood, folder.path(), &["-e", "import \"steps/first\" as first; first::hello()"]);
    assert_eq!(outcome.assert_ok().stdout, "hello\n");
    let mut child = plywood
        .command()
        .current_dir(folder.path().join("steps"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"import \"first\" as first; first::hello()").unwrap();
    assert_eq!(child.wait_with_output().unwrap().stdout, b"hello\n");
}

#[test]
fn tests_import_beside_their_file_and_errors_point_into_the_module() {
    let (plywood, folder) = (Plywood::new(), folder());
    let report = folder.path().join("report.xml");
    let outcome = run(
        &plywood,
        folder.path(),
        &["--json", "test", "--junit", report.to_str().unwrap(), "steps/all_test.rhai"],
    );
    assert_eq!(outcome.code, 1);
    let verdicts: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let verdict = |name: &str| {
        verdicts.as_array().unwrap().iter().find(|verdict| verdict["name"] == name).unwrap().clone()
    };
    assert_eq!(verdict("test_at_the_top")["ok"], true, "{outcome:?}");
    assert_eq!(verdict("test_inside")["ok"], true, "{outcome:?}");
    let error = verdict("test_broken")["error"].clone();
    assert_eq!(error["message"], "there is no variable `nope`");
    assert_eq!((&error["at"]["source"], &error["at"]["line"]), (&"shared/words.rhai".into(), &3.into()));
    let xml = std::fs::read_to_string(report).unwrap();
    assert!(xml.contains("<testsuites tests=\"3\" failures=\"0\" errors=\"1\" skipped=\"0\""), "{xml}");
    assert!(xml.contains("at shared/words.rhai:3:5"), "{xml}");
}

#[test]
fn a_circle_of_modules_does_not_end_the_process() {
    let (plywood, folder) = (Plywood::new(), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("a.rhai"), "import \"b\" as b;").unwrap();
    std::fs::write(folder.path().join("b.rhai"), "import \"./a\" as a;").unwrap();
    let outcome = run(&plywood, folder.path(), &["-e", "import \"a\" as a;"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(
        outcome.stderr.contains("modules import each other: `a.rhai` → `b.rhai` → `a.rhai`"),
        "{outcome:?}"
    );
}

#[test]
fn limits_are_set_by_arguments_and_by_the_environment() {
    let plywood = Plywood::new();
    let error = |outcome: &Outcome| -> serde_json::Value {
        serde_json::from_str::<serde_json::Value>(&outcome.stderr).unwrap()["error"].clone()
    };
    let outcome =
        plywood.args(["--json", "--limit", "operations=5k", "-e", "loop { try { fail(\"x\") } catch { } }"]);
    assert_eq!((outcome.code, &error(&outcome)["kind"]), (1, &"limit".into()), "{outcome:?}");
    assert_eq!(error(&outcome)["message"], "the script takes more than 5000 steps");
    let limited = Plywood::new().with_env("PLYWOOD_LIMITS", "text=100, array=10");
    let outcome = limited.args(["--json", "-e", "let s = \"x\"; loop { s += s; }"]);
    assert_eq!(error(&outcome)["message"], "a text is longer than 100 bytes");
    // Arguments win.
    let source = "let a = []; for n in 0..50 { a.push(n); } a.len()";
    let outcome = limited.args(["--limit", "array=none", "--limit", "text=1M", "-e", source]);
    assert_eq!(outcome.assert_ok().stdout, "50\n");
    let outcome = limited.args(["-e", source]);
    assert!(outcome.stderr.contains("--limit array=100"), "{outcome:?}");
    for (limit, message) in [
        ("operatons=5", "did you mean `operations`?"),
        ("calls=many", "the limit `calls` wants a number, got `many`"),
    ] {
        let outcome = plywood.args(["--limit", limit, "-e", "1"]);
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.stderr.contains(message), "{outcome:?}");
    }
    let outcome = Plywood::new().with_env("PLYWOOD_LIMITS", "x=1").args(["-e", "1"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("`PLYWOOD_LIMITS`: there is no limit `x`"), "{outcome:?}");
}

/// However deep functions go, and however small the stack is, the script ends with an error.
#[test]
fn no_depth_overflows_the_stack() {
    let store = tempfile::tempdir().unwrap();
    let sources = [
        "fn f(n) { f(n + 1) } f(0)",
        "fn f(n) { [n].map(|x| attempt(|| f(x + 1))) } f(0)",
        "fn f(n) { let x = [[[[ #{ a: f(n + 1) } ]]]]; x } f(0)",
    ];
    for kilobytes in ["512", "8192", "unlimited"] {
        for source in sources {
            let outcome = Outcome::of(
                Command::new("sh")
                    .args(["-c", &format!("ulimit -s {kilobytes} && exec \"$@\""), "sh"])
                    .arg(binary())
                    .args(["--limit", "calls=none", "-e", source])
                    .env("PLYWOOD_STORE", store.path())
                    .stdin(Stdio::null()),
            );
            assert_eq!(outcome.code, 1, "{kilobytes}: {source}\n{outcome:?}");
            assert!(outcome.stderr.contains("too deeply for "), "{kilobytes}: {source}\n{outcome:?}");
        }
    }
}
