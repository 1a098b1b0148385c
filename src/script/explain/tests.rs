#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use crate::script::{Failure, Session, SessionOptions};
use crate::workbench::{Settings, Workbench};

fn session() -> Session {
    let workbench = Workbench::new(Settings::at("/nonexistent"));
    Session::new(Arc::new(workbench), SessionOptions::default())
}

fn fails(source: &str) -> Failure {
    session().feed(source, "test").error.unwrap_or_else(|| panic!("`{source}` does not fail"))
}

/// Message, and what the hint must contain.
#[test]
fn the_usual_slips_get_a_hint() {
    for (source, message, hint) in [
        ("imgae(\"x\")", "there is no function `imgae`", "did you mean `image`?"),
        ("let image1 = 1; imge1", "there is no variable `imge1`", "did you mean `image1`?"),
        ("run", "there is no variable `run`", "`run` is a verb: call it"),
        ("image(3)", "`image` does not take (number)", "`image(reference: text) -> Image`"),
        (
            "commit()",
            "`commit` does not take no argument",
            "commit(container: Container, reference: text) -> Image",
        ),
        ("let f = |x| x; f(1)", "`f` is a closure in a variable", "f.call(…)"),
        ("if true { let g = |x| x; g(1) }", "`g` is a closure in a variable", "g.call(…)"),
        ("print('echo hi')", "single quotes are for one character, this is `echo hi`", "\"echo hi\""),
        ("let x = `a ${HOME}`", "there is no variable `HOME`", "double quotes"),
        (
            "let x = 1; fn f() { x + 1 } f()",
            "there is no variable `x`",
            "a `fn` sees no variables from outside",
        ),
        ("fn f(a) { a } f(1, 2)", "the script's `f` takes 1 argument, got 2", ""),
        ("fn f(a) { a } 5.f()", "the script's `f` is not called with a dot", "write `f(value)`"),
        ("fn f(a, b) { a } 5.f(1)", "the script's `f` is not called with a dot", "write `f(value, …)`"),
        ("let m = #{ a: 1 }; m.b", "the map has no key `b`", "get(\"b\")"),
        ("let a = [1]; a[3]", "there is no item 3", "one item: 0"),
        ("1 + []", "`+` does not work with number and array", ""),
        ("args = 1", "`args` does not change: it is a constant", "let mine"),
        ("let sync = 1", "`sync` is a word that Rhai keeps for itself", "#{ \"sync\": … }"),
        ("commit(1, 2, #{ sync: true })", "`sync` is a word that Rhai keeps for itself", "in quotes"),
        ("let x = \"a", "this text has no end", "back-ticks"),
        ("lesson::step()", "there is no module `lesson` here", "import \"std/lesson\" as lesson;"),
        ("import \"std/leson\" as l;", "there is no module `std/leson`", "did you mean `std/lesson`?"),
        ("import \"nowhere/x\" as l;", "there is no module `nowhere/x.rhai`", "relative to the file"),
        ("for x in 5 { }", "expecting an iterable value", ""),
        ("1 / 0", "division by zero", ""),
        ("if 1 { }", "expecting a boolean expression", ""),
        (
            "let a = [1, 2]; a.retain(|x| a.len() > 1)",
            "`retain` is given a closure that uses the very value",
            "take the value out first",
        ),
        ("let x = try { 1 };", "unexpected 'try'", "`attempt(|| …)` gives a value"),
        ("throw \"x\"", "x", ""),
        ("[1].fliter(|x| x)", "there is no function `fliter`", "did you mean `filter`?"),
    ] {
        let failure = fails(source);
        assert!(failure.message.contains(message), "{source}\n  {}\n  wanted {message}", failure.message);
        let given = failure.hint.clone().unwrap_or_default();
        assert!(given.contains(hint), "{source}\n  hint: {given}\n  wanted {hint}");
        // Rhai does not say where a data race is.
        assert!(failure.at.is_some() || message.contains("`retain`"), "{source}: {failure:?}");
    }
}

#[test]
fn the_caret_is_under_the_token() {
    for (source, column, width) in [
        ("let x = 1;  nope", 13, 4),
        ("image(3)", 1, 5),
        ("let x = 'echo hi'", 9, 9),
        ("let a = [1]; a.map(|x| a.len()); nope", 34, 4),
    ] {
        let failure = fails(source);
        assert_eq!((failure.at.unwrap().column, failure.width), (column, width), "{source}");
    }
}

#[test]
fn calls_are_listed_innermost_first() {
    let failure = fails("fn inner() { fail(\"x\") }\nfn outer() {\n  inner()\n}\n\nouter()");
    assert_eq!(failure.at.as_ref().unwrap().line, 1);
    let calls: Vec<_> =
        failure.calls.iter().map(|call| (call.function.as_str(), call.at.as_ref().unwrap().line)).collect();
    assert_eq!(calls, [("inner", 3), ("outer", 6)]);
}

#[test]
fn a_function_is_quoted_from_where_it_was_defined() {
    let mut session = session();
    assert!(session.feed("\n\nfn f() { fail(\"x\") }", "[1]").error.is_none());
    let failure = session.feed("let y = 2;\n f()", "[2]").error.unwrap();
    let at = failure.at.unwrap();
    assert_eq!((at.source.as_str(), at.line), ("[1]", 3));
    assert_eq!(failure.line.as_deref(), Some("fn f() { fail(\"x\") }"));
    assert_eq!(failure.calls[0].at.as_ref().unwrap().source, "[2]");
}

#[test]
fn an_error_in_a_module_names_its_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("m.rhai"), "fn g() {\n  fail(\"x\")\n}").unwrap();
    std::fs::write(folder.path().join("bad.rhai"), "let x = ;").unwrap();
    let main = folder.path().join("main.rhai").to_string_lossy().into_owned();
    let failure = session().feed("import \"m\" as m;\nm::g()", &main).error.unwrap();
    let at = failure.at.unwrap();
    assert!(at.source.ends_with("/m.rhai") && at.line == 2, "{at:?}");
    assert_eq!(failure.calls[0].at.as_ref().unwrap().line, 2);
    let failure = session().feed("\nimport \"bad\" as m;", &main).error.unwrap();
    assert_eq!(failure.kind, "syntax");
    assert!(failure.at.unwrap().source.ends_with("/bad.rhai"));
    assert_eq!(failure.calls[0].at.as_ref().unwrap().line, 2);
}

#[test]
fn slips_in_properties_and_methods() {
    use crate::script::sample;
    use crate::script::types::{Handle, List};
    let mut session = session();
    let layers: List<_> = [sample::layer()].into_iter().collect();
    session.set_variable("l", crate::script::Value(rhai::Dynamic::from(layers)));
    session.set_variable("i", crate::script::Value(rhai::Dynamic::from(Handle::new(sample::image()))));
    for (source, message, hint) in [
        ("i.szie", "a value of type Image has no property `szie`", "did you mean `size`?"),
        ("i.layers", "a value of type Image has no property `layers`", "`.layers(…)`"),
        ("i.size()", "`size` of `Image` is a property, not a function", "without brackets"),
        ("l.size", "a value of type Layers has no property `size`", ".map(\"size\")"),
        ("l.size()", "`size` is not a method of `Layers`", ".map(\"size\")"),
        ("l.filter(1)", "`filter` of `Layers` does not take (number)", "(|item| bool)"),
        ("l.fliter(|x| true)", "there is no function `fliter`", "did you mean `filter`?"),
        ("\"a\" + i + 1", "", ""),
        ("i + i", "`+` does not work with Image and Image", ""),
    ] {
        let Some(failure) = session.feed(source, "t").error else { continue };
        assert!(failure.message.contains(message), "{source}\n  {}", failure.message);
        let given = failure.hint.clone().unwrap_or_default();
        assert!(given.contains(hint), "{source}\n  hint: {given}");
    }
}

#[test]
fn a_failure_is_json_with_its_place() {
    let failure = fails("nope");
    let json = serde_json::to_value(&failure).unwrap();
    assert_eq!(json["kind"], "script");
    assert_eq!(json["at"]["line"], 1);
    assert_eq!(json["at"]["source"], "test");
    assert!(json["hint"].is_string() && json["calls"].as_array().unwrap().is_empty());
}
