#![allow(clippy::unwrap_used)]

use std::fs;
use std::sync::Arc;

use super::*;
use crate::script::{Failure, Session, SessionOptions};
use crate::workbench::{Settings, Workbench};

/// A folder of modules, and a script in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The path of a text in it, as the command line would give it.
    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_string_lossy().into_owned()
    }

    fn value(&self, source: &str) -> String {
        let outcome = session(false).feed(source, &self.path("main.rhai"));
        assert!(outcome.error.is_none(), "{:?}", outcome.error);
        outcome.value.unwrap().debug()
    }

    fn failure(&self, source: &str) -> Failure {
        session(false).feed(source, &self.path("main.rhai")).error.unwrap()
    }
}

fn session(interactive: bool) -> Session {
    let workbench = Workbench::new(Settings::at("/nonexistent"));
    Session::new(Arc::new(workbench), SessionOptions { interactive, ..SessionOptions::default() })
}

#[test]
fn a_path_is_relative_to_the_text_that_imports() {
    let folder = Folder::new(&[
        ("one.rhai", "import \"inner/two\" as two;\nfn get() { two::get() + 1 }"),
        ("inner/two.rhai", "import \"../three.rhai\" as three;\nfn get() { three::get() + 1 }"),
        ("three.rhai", "#!/usr/bin/env plywood\nfn get() { 1 }"),
        ("dotted.name.rhai", "fn get() { 7 }"),
        ("late.rhai", "fn get() { import \"inner/two\" as two; two::get() }"),
    ]);
    assert_eq!(folder.value("import \"one\" as one; one::get()"), "3");
    assert_eq!(folder.value("import \"./inner/../one.rhai\" as one; one::get()"), "3");
    assert_eq!(folder.value("import \"dotted.name\" as it; it::get()"), "7");
    assert_eq!(folder.value("import \"late\" as it; it::get()"), "2");
    let absolute = folder.path("three");
    assert_eq!(folder.value(&format!("import \"{absolute}\" as it; it::get()")), "1");
}

#[test]
fn a_module_is_evaluated_once_whatever_it_is_called() {
    let folder = Folder::new(&[
        ("count.rhai", "print(\"here\"); fn get() { 1 }"),
        ("other.rhai", "import \"./count\" as count; fn get() { count::get() }"),
    ]);
    let printed = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&printed);
    let mut options = SessionOptions::default();
    options.out.print = Arc::new(move |_| *counter.lock().unwrap() += 1);
    let workbench = Arc::clone(session(false).workbench());
    let mut session = Session::new(workbench, options);
    let source = "import \"count\" as a; import \"./count.rhai\" as b; import \"other\" as c; a::get() + b::get() + c::get()";
    let outcome = session.feed(source, &folder.path("main.rhai"));
    assert_eq!(outcome.value.unwrap().debug(), "3");
    assert_eq!(*printed.lock().unwrap(), 1);
}

#[test]
fn what_is_not_there_names_what_was_meant() {
    let folder = Folder::new(&[("helpers.rhai", ""), ("more/steps.rhai", ""), ("plain/readme.txt", "")]);
    for (path, message, hint) in [
        ("helprs", "there is no module `", "did you mean `helpers`?"),
        ("more/stpes", "there is no module `", "did you mean `more/steps`?"),
        ("more", "there is no module `", "`more` is a folder; the modules in it are `more/steps`"),
        ("lesson", "there is no module `", "did you mean `std/lesson`?"),
        ("plain", "there is no module `", "relative to the file that imports"),
        ("nowhere/at/all", "there is no module `", "relative to the file that imports"),
        ("std/lessn", "there is no module `std/lessn`", "did you mean `std/lesson`?"),
        ("std/qqqqqq", "there is no module `std/qqqqqq`", "the modules of the library are `std/"),
    ] {
        let failure = folder.failure(&format!("\nimport \"{path}\" as it;"));
        assert!(failure.message.starts_with(message), "{path}: {}", failure.message);
        assert!(failure.hint.clone().unwrap_or_default().contains(hint), "{path}: {:?}", failure.hint);
        assert_eq!(failure.kind, "not_found");
        assert_eq!(failure.at.unwrap().line, 2, "{path}");
    }
}

#[test]
fn modules_in_a_circle_are_an_error() {
    let folder = Folder::new(&[
        ("a.rhai", "import \"b\" as b;\nfn f() { 1 }"),
        ("b.rhai", "\nimport \"sub/../c\" as c;\nfn f() { 1 }"),
        ("c.rhai", "import \"./a\" as a;\nfn f() { 1 }"),
        ("sub/x.rhai", ""),
        ("own.rhai", "import \"own\" as own;"),
        ("late.rhai", "fn even(n) { if n == 0 { true } else { import \"odd\" as o; o::odd(n - 1) } }"),
        ("odd.rhai", "fn odd(n) { if n == 0 { false } else { import \"late\" as l; l::even(n - 1) } }"),
    ]);
    let failure = folder.failure("import \"a\" as a;");
    let name = |name: &str| format!("`{}`", folder.path(name));
    let way = ["a.rhai", "b.rhai", "c.rhai", "a.rhai"].map(name).join(" → ");
    assert_eq!(failure.message, format!("modules import each other: {way}"));
    let at = failure.at.unwrap();
    assert_eq!((at.source, at.line), (folder.path("c.rhai"), 1));
    assert_eq!(failure.calls.len(), 3, "{:?}", failure.calls);
    let failure = folder.failure("import \"own\" as own;");
    assert!(failure.message.starts_with("a module imports itself: "), "{}", failure.message);
    // What is imported when it is needed goes in no circle.
    assert_eq!(folder.value("import \"late\" as l; l::even(4)"), "true");
}

#[test]
fn a_circle_leaves_the_session_whole() {
    let folder = Folder::new(&[("a.rhai", "import \"a\" as a;")]);
    let mut session = session(true);
    let main = folder.path("main.rhai");
    assert!(session.feed("import \"a\" as a;", &main).error.is_some());
    folder.write("a.rhai", "fn f() { 5 }");
    let outcome = session.feed("import \"a\" as a; a::f()", &main);
    assert_eq!(outcome.value.unwrap().debug(), "5");
}

#[test]
fn an_import_at_the_prompt_sees_what_was_changed() {
    let folder =
        Folder::new(&[("a.rhai", "import \"b\" as b; fn f() { b::f() }"), ("b.rhai", "fn f() { 1 }")]);
    let main = folder.path("main.rhai");
    let mut session = session(true);
    let mut feed = |source: &str| {
        let outcome = session.feed(source, &main);
        outcome.error.map_or_else(|| outcome.value.unwrap().debug(), |failure| failure.message)
    };
    assert_eq!(feed("import \"a\" as a; a::f()"), "1");
    folder.write("b.rhai", "fn f() { 2 }");
    assert_eq!(feed("a::f()"), "1");
    assert_eq!(feed("import \"a\" as a; a::f()"), "2");
    folder.write("b.rhai", "fn f() { ");
    assert_eq!(feed("a::f()"), "2");
    assert_eq!(feed("import \"a\" as a;"), "`}` is missing to terminate this block");
    assert_eq!(feed("a::f()"), "2");
    fs::remove_file(folder.path("b.rhai")).unwrap();
    assert_eq!(feed("import \"a\" as again; again::f()"), "2");
}

#[test]
fn errors_inside_a_module_point_into_its_file() {
    let folder = Folder::new(&[("m.rhai", "fn f(x) {\n    let y = x + 1;\n    y.nope()\n}")]);
    let failure = folder.failure("import \"m\" as m;\n\nm::f(1)");
    let at = failure.at.unwrap();
    assert_eq!((at.source, at.line, at.column), (folder.path("m.rhai"), 3, 7));
    assert_eq!(failure.line.unwrap(), "    y.nope()");
    assert_eq!(failure.calls[0].at.as_ref().unwrap().line, 3);
    let failure = folder.failure("import \"m\" as m;\nm::g(1)");
    assert_eq!(failure.message, "`m` has no function `g(number)`");
    assert_eq!(failure.hint.unwrap(), "its functions are `f(x)`");
    let failure = folder.failure("import \"std/lesson\" as l;\nl::paly(#{})");
    assert!(failure.hint.unwrap().starts_with("did you mean `play(lesson)`?"));
}

#[test]
fn help_knows_what_was_imported() {
    let folder = Folder::new(&[(
        "m.rhai",
        "//! Steps of mine.\n\n/// One more.\n///\n/// ```\n/// m::more(1)\n/// ```\nfn more(n) { n + 1 }\nfn plain() { 1 }",
    )]);
    let text = folder.value("import \"m\" as mine; help(\"mine::more\")");
    assert!(text.contains("mine::more(n)\\n\\nOne more.\\n\\n  m::more(1)"), "{text}");
    let text = folder.value("import \"m\" as mine; help(\"mine\")");
    assert!(text.contains("Steps of mine.") && text.contains("mine::plain()"), "{text}");
    let text = folder.value("import \"std/text\" as t; help(\"t::wrap\")");
    assert!(text.contains("t::wrap(text, columns)"), "{text}");
    assert_eq!(folder.failure("import \"m\" as mine; help(\"mine::less\")").kind, "not_found");
}

#[test]
fn a_closure_sees_its_own_script_first() {
    let folder = Folder::new(&[
        (
            "m.rhai",
            "import \"n\" as n;\nprivate fn done(x) { \"m\" }\nfn go_on(f) { attempt(f, [1]).value }\nfn through(f) { n::go_on(|x| done(attempt(f, [x]).value)) }",
        ),
        ("n.rhai", "private fn done(x) { \"n\" }\nfn go_on(f) { attempt(f, [1]).value }"),
    ]);
    let script = "import \"m\" as m; fn done(x) { x * 10 } let k = 3; ";
    assert_eq!(folder.value(&format!("{script} m::go_on(|x| done(x) + k)")), "13");
    assert_eq!(folder.value(&format!("{script} m::through(|x| done(x) + k)")), "\"m\"");
    let in_a_function = "import \"m\" as m; fn done(x) { x * 10 } fn all() { m::go_on(|x| done(x)) } all()";
    assert_eq!(folder.value(in_a_function), "10");
}

#[test]
fn verbs_in_a_module_are_verbs_whatever_the_script_has() {
    let folder = Folder::new(&[(
        "m.rhai",
        "fn go_on(x) { attempt(|| { if x { fail(`no ${to_json([1])}`); } image(3) }) }\nfn help(x) { \"own\" }\nfn own() { help(1) }",
    )]);
    let script =
        "import \"m\" as m; fn fail(x) { 7 } fn attempt(f) { 8 } fn to_json(x) { 9 } fn help(x) { 10 } ";
    assert_eq!(folder.value(&format!("{script} m::go_on(true).error.message")), "\"no [1]\"");
    assert_eq!(folder.value(&format!("{script} m::own()")), "\"own\"");
    let error = folder.value(&format!("{script} m::go_on(false).error.message"));
    assert_eq!(error, "\"`image` does not take (number)\"");
    // Columns are those of the text.
    let folder = Folder::new(&[("m.rhai", "fn f() { to_json(1); image(3) }")]);
    let failure = folder.failure("import \"m\" as m; m::f()");
    assert_eq!((failure.at.unwrap().column, failure.width), (22, 5));
}

#[test]
fn what_is_thrown_once_more_is_shown_where_it_was() {
    let folder =
        Folder::new(&[("m.rhai", "fn go_on(f) {\n  let r = attempt(f);\n  if !r.ok { throw r.error; }\n}")]);
    let failure = folder.failure("import \"m\" as m;\nm::go_on(|| {\n    image(3)\n})");
    let at = failure.at.unwrap();
    assert_eq!((at.source, at.line, at.column), (folder.path("main.rhai"), 3, 5));
    assert_eq!(failure.kind, "invalid");
    let calls: Vec<_> = failure.calls.iter().map(|call| call.function.as_str()).collect();
    assert_eq!(calls, ["a closure", "go_on"]);
}

#[test]
fn names_tell_the_functions_of_what_was_imported() {
    let folder = Folder::new(&[("m.rhai", "fn f(x, y) { x }\nprivate fn g() { 1 }")]);
    let mut session = session(true);
    let main = folder.path("main.rhai");
    session.feed("import \"m\" as m; import \"std/lesson\" as l;", &main);
    session.feed("import \"m\" as m;", &main);
    let names = session.names();
    assert_eq!(names.modules, ["l", "m"]);
    assert!(session.help("l::play").unwrap().contains("l::play(lesson)"));
    assert!(session.help("m::f").unwrap().contains("m::f(x, y)"));
    assert!(session.help("run").is_some() && session.help("m::g").is_none());
    let parameters = |name: &str| {
        let (module, function) = name.split_once("::").unwrap();
        let members = session.members_of(module).unwrap().into_iter();
        members.filter(|member| member.name == function).find_map(|member| Some(member.params?.join(", ")))
    };
    assert_eq!(parameters("m::f").unwrap(), "x, y");
    assert_eq!(parameters("m::g"), None);
    assert_eq!(parameters("l::play").unwrap(), "lesson");
}
