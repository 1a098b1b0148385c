#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use rhai::Dynamic;

use super::*;
use crate::script::types::{Handle, List};
use crate::script::{Sinks, sample};
use crate::workbench::Settings;

fn workbench() -> Arc<Workbench> {
    Arc::new(Workbench::new(Settings::at("/nonexistent")))
}

fn session(interactive: bool) -> Session {
    let options = SessionOptions {
        interactive,
        args: vec!["one".to_owned(), "two".to_owned()],
        ..SessionOptions::default()
    };
    let mut session = Session::new(workbench(), options);
    let file = |path: &str, size| crate::workbench::File { path: path.to_owned(), size, ..sample::file() };
    let diff: List<_> =
        [sample::change("A", "/b", 30), sample::change("C", "/a", 10), sample::change("D", "/c", 20)]
            .into_iter()
            .collect();
    let files: List<_> = [file("/x", 1), file("/y", 2)].into_iter().collect();
    session.set_variable("d", Value(Dynamic::from(diff)));
    session.set_variable("files", Value(Dynamic::from(files)));
    session.set_variable("i", Value(Dynamic::from(Handle::new(sample::image()))));
    session.set_variable("c", Value(Dynamic::from(Handle::new(sample::container()))));
    session
}

fn value(source: &str) -> String {
    let outcome = session(false).feed(source, "test");
    match outcome {
        Outcome { error: Some(failure), .. } => panic!("{source}: {failure:?}"),
        Outcome { value: Some(value), .. } => value.debug(),
        Outcome { exit, .. } => format!("exit {exit:?}"),
    }
}

fn failure(source: &str) -> Failure {
    session(false).feed(source, "test").error.unwrap()
}

#[test]
fn lists_keep_their_type() {
    assert_eq!(value(r#"d.filter(|x| x.kind == "A")"#), "Diff[1]");
    assert_eq!(value("type_of(d.filter(|x| x.size > 10).order(|x| -x.size).take(1))"), "\"Diff\"");
    assert_eq!(value("`${d.order(\"path\")}`"), r#""C /a\nA /b\nD /c""#);
    assert_eq!(value("d.order(|x| -x.size).map(\"size\")"), "[30, 20, 10]");
    assert_eq!(value("d.map(|x| x.path)"), r#"["/b", "/a", "/c"]"#);
    assert_eq!(value("d.reverse()[0].path"), "\"/c\"");
    assert_eq!(value("d.skip(2).len() + d.len"), "4");
    assert_eq!(value("d.sum(\"size\") + d.sum(|x| x.size)"), "120");
    assert_eq!(value("[d.any(|x| x.size > 25), d.all(|x| x.size > 25)]"), "[true, false]");
    assert_eq!(value(r#"[d.find(|x| x.kind == "D"), d.find(|x| false)]"#), "[Change(D /c), ()]");
    assert_eq!(value("let n = 0; for x in d { n += x.size } n"), "60");
    assert_eq!(value("d[1] in d"), "true");
    assert_eq!(value("[d == d.take(3), d != d.take(3), d.take(1) == d]"), "[true, false, false]");
    assert_eq!(value("[d.is_empty(), d.take(0).is_empty()]"), "[false, true]");
    assert_eq!(value("let a = d.to_array(); a.push(1); a.len()"), "4");
}

#[test]
fn items_are_counted_from_both_ends() {
    assert_eq!(value("[d[0].path, d[-1].path]"), r#"["/b", "/c"]"#);
    let failure = failure("d[3]");
    assert_eq!(failure.message, "Diff has no item `3`");
    assert_eq!(failure.hint.unwrap(), "the list has 3 items: 0 to 2, or -1 to -3 from the end");
    assert_eq!(self::failure("d[-4]").message, "Diff has no item `-4`");
    assert_eq!(self::failure("d.take(-1)").message, "`take` wants a number from 0 up, got `-1`");
}

#[test]
fn closures_may_use_the_receiver() {
    assert_eq!(value("d.map(|x| d.len())"), "[3, 3, 3]");
    assert_eq!(value("d.filter(|x| d.len() == 3)"), "Diff[3]");
    assert_eq!(value("fn f(d) { d.filter(|x| d[0] == x) } f(d)"), "Diff[1]");
    assert_eq!(value("c.command.map(|x| c.name).len()"), "3");
}

#[test]
fn handles_compare_and_do_not_change() {
    assert_eq!(value("[i == i, i != i, c == c, c < c]"), "[true, false, true, false]");
    assert_eq!(value("let x = i; x == i"), "true");
    assert_eq!(value("`${i} ${c}`"), "\"training:v1 9c1f0b7a5d2e\"");
    assert_eq!(value("[i, c]"), "[Image(training:v1), Container(9c1f0b7a5d2e)]");
    assert!(failure("i.tag = 3").message.contains("no property `tag`"));
    assert!(failure("i.tag").hint.unwrap().contains("image.references"));
    assert!(failure("i.size = 3").message.contains("cannot be set"));
    assert_eq!(value("i.config.Cmd[0]"), "\"/bin/sh\"");
    assert_eq!(value("c.stdout_blob.len()"), "3");
}

/// The functions of lists and records take any receiver; of others they must say what Rhai says.
#[test]
fn other_values_keep_what_rhai_does_with_them() {
    assert_eq!(
        value("[[1, 2].contains(2), 2 in [1], \"b\" in \"abc\", \"k\" in #{ k: 1 }]"),
        "[true, false, true, true]"
    );
    assert_eq!(value("[[1, 2].len, \"abc\".len, [].is_empty, (0..3).is_empty()]"), "[2, 3, true, false]");
    assert_eq!(
        value("[true.to_string(), ().to_string(), 1.5.to_string(), 'x'.to_debug()]"),
        r#"["true", "", "1.5", "x"]"#
    );
    assert_eq!(value("`${[1]} ${#{ a: 1 }} ${1..3}` == `[1] #{\"a\": 1} 1..3`"), "true");
    assert_eq!(value("let x = 5; x.tag = 7; [x.tag, x, x == 5]"), "[7, 5, true]");
    assert_eq!(value("[i == 1, i != 1, d == i, i == d, i == c]"), "[false, true, false, false, false]");
    assert_eq!(value("[1, 2, 3].filter(|x| x > 1).map(|x| x * 2).reduce(|sum, x| sum + x, 0)"), "10");
    assert_eq!(value("fn size(x) { 7 } fn len() { this + 1 } [size(1), 5.len()]"), "[7, 6]");
    for (source, said) in [
        ("5.size", "`size`"),
        ("\"x\".path", "`path`"),
        ("[1].brief", "`brief`"),
        ("5.filter(|x| x)", "`filter`"),
        ("i.filter(|x| x)", "`filter`"),
        ("5.take(1)", "`take`"),
        ("5.order(\"a\")", "`order`"),
        ("i.len()", "`len`"),
        ("i.len", "`len`"),
        ("i[0]", "i[0]"),
        ("d[\"a\"]", "Diff"),
        ("1 in d", "`contains`"),
        ("d.contains(i)", "`contains`"),
        ("d.path", "`path`"),
    ] {
        let failure = failure(source);
        assert!(failure.message.contains(said) || failure.message.contains("Image"), "{source}: {failure:?}");
        assert_ne!(failure.kind, "internal", "{source}: {failure:?}");
        assert!(failure.message.len() < 200, "{source}: {failure:?}");
    }
}

#[test]
fn sorting_what_cannot_be_compared_is_an_error() {
    assert!(failure("d.order(|x| if x.size > 10 { 1 } else { \"a\" })").message.contains("cannot compare"));
    assert!(failure("d.filter(|x| 1)").message.contains("must give `true` or `false`"));
    assert!(failure("d.order(\"sizes\")").hint.unwrap().starts_with("did you mean `size`?"));
}

#[test]
fn variables_functions_closures_and_imports_stay() {
    let mut session = session(true);
    let mut feed = |source: &str| {
        let outcome = session.feed(source, "[x]");
        outcome.error.map_or_else(|| outcome.value.unwrap().debug(), |failure| failure.message)
    };
    assert_eq!(feed("let x = 1; fn double(n) { n * 2 }"), "()");
    assert_eq!(feed("let add = |n| n + x;"), "()");
    assert_eq!(feed("double(add.call(4))"), "10");
    assert_eq!(feed("fn double(n) { n * 20 } double(1)"), "20");
    assert_eq!(feed("x = 5; add.call(1)"), "6");
    assert_eq!(feed("import \"std/lesson\" as lesson;"), "()");
    assert_eq!(feed("lesson::mode()"), "\"unattended\"");
    assert_eq!(feed("fn v() { lesson::mode() } v()"), "\"unattended\"");
}

#[test]
fn a_failing_line_takes_back_what_it_made() {
    let mut session = session(true);
    session.feed("let x = 1; let a = [1];", "[1]");
    assert!(session.feed("x = 2; a.push(2); let y = 3; fn g() { 1 } fail(\"no\")", "[2]").error.is_some());
    assert_eq!(session.feed("[x, a]", "[3]").value.unwrap().debug(), "[1, [1]]");
    assert!(session.feed("y", "[4]").error.is_some());
    assert!(session.feed("g()", "[5]").error.is_some());
    let names = session.names();
    assert!(
        names.functions.is_empty()
            && names.variables.iter().any(|(name, kind)| name == "x" && kind == "number")
    );
}

#[test]
fn functions_see_args_but_not_variables() {
    assert_eq!(value("fn f() { args.len() } f()"), "2");
    let failure = failure("let x = 1; fn f() { x } f()");
    assert!(failure.hint.unwrap().starts_with("a `fn` sees no variables from outside"));
}

#[test]
fn exit_goes_through_everything() {
    for source in [
        "exit(3); 1",
        "fn f() { exit(3) } f()",
        "try { exit(3) } catch { }",
        "attempt(|| exit(3)); 1",
        "[1].map(|x| exit(3))",
        "d.filter(|x| exit(3))",
    ] {
        let outcome = session(false).feed(source, "test");
        assert_eq!(outcome.exit, Some(3), "{source}: {outcome:?}");
        assert!(outcome.error.is_none() && outcome.value.is_none());
    }
    assert_eq!(session(false).feed("exit()", "test").exit, Some(0));
}

#[test]
fn errors_are_values_that_can_be_caught() {
    assert_eq!(
        value(
            r#"let r = (); try { fail("x") } catch (e) { r = [e.kind, e.message, e.hint, e.exit_code] } r"#
        ),
        r#"["fail", "x", (), ()]"#
    );
    assert_eq!(value("attempt(|| image(3)).error.kind"), "\"invalid\"");
    assert_eq!(value("fn f() { nope } attempt(|| f()).error.message"), "\"there is no variable `nope`\"");
    assert_eq!(value(r#"attempt(|| throw "x").error.message"#), "\"x\"");
    assert_eq!(value("attempt(|| 42)"), "#{ error: (), ok: true, value: 42 }");
}

#[test]
fn output_goes_to_the_sinks() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let out =
        Sinks { print: Arc::new(move |text| sink.lock().unwrap().push(text.to_owned())), ..Sinks::none() };
    let mut session = Session::new(workbench(), SessionOptions { out, ..SessionOptions::default() });
    session.set_variable("i", Value(Dynamic::from(Handle::new(sample::image()))));
    let outcome =
        session.feed("print(i); print([i, \"a\"]); print(#{ a: i }); print(1.0); print(\"x\")", "t");
    assert!(outcome.error.is_none(), "{outcome:?}");
    assert_eq!(
        *seen.lock().unwrap(),
        ["training:v1", "[Image(training:v1), \"a\"]", "#{ a: Image(training:v1) }", "1.0", "x"]
    );
}

#[test]
fn an_interrupt_ends_even_what_catches() {
    static STEPS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    // Not the process's own count: other tests would end too.
    let interrupted = || STEPS.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 1000;
    let mut session = Session::new(workbench(), SessionOptions { interrupted, ..SessionOptions::default() });
    let outcome =
        session.feed("fn stop() { loop { try { fail(\"x\") } catch { } } } attempt(|| stop())", "t");
    assert_eq!(outcome.error.unwrap().process_code(), 130);
}

#[test]
fn incomplete_entries_wait_for_more() {
    let session = session(true);
    for source in [
        "fn f() {",
        "let x = [1,",
        "run(i,",
        "`abc",
        "#\"abc",
        "if x {\n 1\n",
        "/* a",
        "let x =",
        "f(1",
        "a.",
        "1 +",
    ] {
        assert_eq!(session.completeness(source), Completeness::Incomplete, "{source}");
    }
    for source in ["1", "let x = 1", "// /*", "\"/*\"", "", "#!/usr/bin/env plywood\n1"] {
        assert_eq!(session.completeness(source), Completeness::Complete, "{source}");
    }
    for source in ["\"abc", "let let", "'abc'", "1 2", ")"] {
        assert_eq!(session.completeness(source), Completeness::Invalid, "{source}");
    }
}

#[test]
fn an_interpreter_line_keeps_the_line_numbers() {
    let failure = failure("#!/usr/bin/env plywood\n\nnope");
    assert_eq!(failure.at.unwrap().line, 3);
}

#[test]
fn deep_recursion_is_an_error() {
    // As much stack as a process's first thread has.
    let outcome = std::thread::Builder::new()
        .stack_size(8 << 20)
        .spawn(|| session(false).feed("fn f(n) { f(n + 1) } f(0)", "t"))
        .unwrap()
        .join()
        .unwrap();
    assert!(outcome.error.unwrap().message.contains("too deeply"));
}

#[test]
fn values_become_json() {
    let mut session = session(false);
    let json =
        |session: &mut Session, source: &str| session.feed(source, "t").value.unwrap().to_json().to_string();
    assert_eq!(json(&mut session, "d.take(1)"), r#"[{"kind":"A","path":"/b","size":30,"type":"file"}]"#);
    assert_eq!(
        json(&mut session, "#{ a: [(), 1.5, 'x', true], b: d.take(0) }"),
        r#"{"a":[null,1.5,"x",true],"b":[]}"#
    );
    assert_eq!(json(&mut session, "to_json(#{ x: i.size })"), r#""{\"x\":12345678}""#);
    assert_eq!(json(&mut session, r#"parse_json("{\"a\": [null, 2]}")"#), r#"{"a":[null,2]}"#);
}

#[test]
fn the_library_passes_its_own_tests() {
    for (name, text) in [
        ("lesson", include_str!("../../../stdlib/tests/lesson.rhai")),
        ("experiment", include_str!("../../../stdlib/tests/experiment.rhai")),
        ("junit", include_str!("../../../stdlib/tests/junit.rhai")),
    ] {
        let mut session = Session::new(workbench(), SessionOptions::default());
        let outcome = session.feed(text, name);
        assert!(outcome.error.is_none(), "{name}: {:?}", outcome.error);
        let mut count = 0;
        for (test, _) in session.names().functions {
            if test.starts_with("test_") {
                count += 1;
                let outcome = session.feed(&format!("{test}()"), "test");
                assert!(outcome.error.is_none(), "{name} {test}: {:?}", outcome.error);
            }
        }
        assert!(count >= 3, "{name}");
    }
}

#[test]
fn what_the_library_says_is_about_the_script() {
    let mut session = Session::new(workbench(), SessionOptions::default());
    let source = "import \"std/lesson\" as lesson;\nlesson::play(#{ title: \"t\", stpes: [] });";
    let failure = session.feed(source, "mine").error.unwrap();
    let at = failure.at.unwrap();
    assert_eq!((at.source.as_str(), at.line, at.column), ("mine", 2, 9));
    assert!(failure.calls.is_empty());
}
