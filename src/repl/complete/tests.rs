#![allow(clippy::unwrap_used)]
//! What can stand where. The cursor is `¦`, or the end.

use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::script::{Known, Member, Names, Session, SessionOptions, members};
use crate::workbench::{Bearings, InnerFile, Settings, Workbench};

/// A session without a store.
pub fn session() -> Session {
    let workbench = Workbench::new(Settings::at("/nonexistent"));
    Session::new(Arc::new(workbench), SessionOptions::default())
}

/// A session with a container `c`, an image `v1`, changes `d` and a map `m`, and a store with a few names.
pub(super) struct Fake {
    names: Names,
    home: Option<PathBuf>,
}

impl Default for Fake {
    fn default() -> Self {
        let pair = |name: &str, of: &str| (name.to_owned(), of.to_owned());
        Self {
            names: Names {
                variables: vec![
                    pair("c", "Container"),
                    pair("v1", "Image"),
                    pair("d", "Diff"),
                    pair("m", "map"),
                    pair("n", "number"),
                ],
                functions: vec![("double".to_owned(), vec!["x".to_owned()]), ("go".to_owned(), Vec::new())],
                modules: vec!["lesson".to_owned()],
            },
            home: None,
        }
    }
}

fn beginning(all: &[&str], begin: &str) -> Vec<String> {
    all.iter().filter(|name| name.starts_with(begin)).map(|name| (*name).to_owned()).collect()
}

impl World for Fake {
    fn names(&self) -> &Names {
        &self.names
    }
    fn known(&self, path: &[String]) -> Option<Known> {
        let of = |of: &str| Known { of: of.to_owned(), ..Known::default() };
        let thing = |name: &str| Some(Known { id: Some("1".to_owned()), ..of(name) });
        let map = |keys: &[&str]| Some(Known { keys: beginning(keys, ""), ..of("map") });
        match path.join(".").as_str() {
            "c" => thing("Container"),
            "v1" | "m.image" => thing("Image"),
            "d" => Some(of("Diff")),
            "n" => Some(of("number")),
            "m" => map(&["image", "rows", "with space"]),
            "m.rows" => Some(Known { item: Some("map".to_owned()), ..of("array") }),
            "m.rows.0" => map(&["name", "size"]),
            "m.rows.0.name" => Some(of("text")),
            "v1.config" => map(&["Cmd", "Env"]),
            _ => None,
        }
    }
    fn comment_on(&self, function: &str) -> Option<String> {
        (function == "double").then(|| "Twice as much.\nAnd more.".to_owned())
    }
    fn members_of(&self, alias: &str) -> Option<Vec<Member>> {
        (alias == "lesson").then(|| self.members_in("std/lesson")).flatten()
    }
    fn members_in(&self, path: &str) -> Option<Vec<Member>> {
        STDLIB.iter().find(|(name, _)| *name == path).map(|(_, text)| members(text))
    }
    fn images(&self, begin: &str) -> Vec<String> {
        beginning(&["debian:11", "debian:12", "team/app:1", "training:v1"], begin)
    }
    fn containers(&self, begin: &str) -> Vec<String> {
        beginning(&["calm_otter", "web"], begin)
    }
    fn snapshots(&self, begin: &str) -> Vec<String> {
        beginning(&["before", "web_saved"], begin)
    }
    fn inside(&self, thing: &Thing, folder: &str, begin: &str) -> Vec<InnerFile> {
        let known = match thing {
            Thing::Value(path) => path[0] == "c" || path[0] == "m",
            Thing::Image(name) => name == "debian:12" || name == "plywood/base",
            Thing::Container(name) => name == "web",
            Thing::Last => true,
        };
        let names: &[&str] = match folder {
            _ if !known => &[],
            "/" => &["empty", "etc/", ".hidden"],
            "/etc/" => &["pam.d/", "passwd", "it's $5", "back\\\\slash"],
            "/usr/bin" => &["wget*", "which*", "README"],
            "/bin" => &["wget*"],
            "/work/" => &["notes", "run*", "sub/"],
            "/work/sub/" => &["deep"],
            _ => &[],
        };
        let file = |name: &&str| InnerFile {
            name: name.trim_end_matches(['/', '*']).to_owned(),
            is_dir: name.ends_with('/'),
            is_program: name.ends_with('*'),
        };
        names.iter().map(file).filter(|file| file.name.starts_with(begin)).collect()
    }
    fn bearings(&self, _: &Thing) -> Option<Bearings> {
        Some(Bearings { workdir: "/work".to_owned(), path: vec!["/usr/bin".to_owned(), "/bin".to_owned()] })
    }
    fn home(&self) -> Option<PathBuf> {
        self.home.clone()
    }
    fn environment(&self) -> Vec<String> {
        beginning(&["HOME", "LANG", "LC_ALL"], "")
    }
    fn places(&self) -> Vec<(String, String)> {
        vec![
            ("1".into(), "let c = run(base())".into()),
            ("2".into(), "diff(c)".into()),
            ("tidy".into(), "2".into()),
        ]
    }
}

fn found_in(world: &Fake, line: &str) -> Completion {
    let cursor = line.find('¦').unwrap_or(line.len());
    complete(&line.replacen('¦', "", 1), cursor, world)
}

fn texts(line: &str) -> Vec<String> {
    found_in(&Fake::default(), line).candidates.into_iter().map(|it| it.text).collect()
}

#[track_caller]
fn only(line: &str, wanted: &[&str]) {
    assert_eq!(texts(line), wanted, "{line}");
}

#[track_caller]
fn among(line: &str, wanted: &[&str], not: &[&str]) {
    let found = texts(line);
    for name in wanted {
        assert!(found.iter().any(|it| it == name), "{line}: no {name} in {found:?}");
    }
    for name in not {
        assert!(!found.iter().any(|it| it == name), "{line}: {name} in {found:?}");
    }
}

/// The line that a Tab makes of it.
#[track_caller]
fn becomes(line: &str, wanted: &str) {
    let (cursor, plain) = (line.find('¦').unwrap_or(line.len()), line.replacen('¦', "", 1));
    let found = complete(&plain, cursor, &Fake::default());
    let made =
        format!("{}{}{}", &plain[..found.start], found.common(&plain[found.start..cursor]), &plain[cursor..]);
    assert_eq!(made, wanted, "{line}");
}

#[test]
fn verbs_variables_functions() {
    only("comm", &["commit("]);
    only("let x = layer", &["layers("]);
    only("bas", &["base()"]);
    only("v", &["v1"]);
    only("dou", &["double("]);
    only("go", &["go()"]);
    only("les", &["lesson::"]);
    only("comm¦(c)", &["commit"]);
    among("", &["run(", "c", "let", "double(", "base()", "args"], &[]);
    only("let comm", &[]);
    only("wh", &["while", "who(", "why("]);
    only("1 + comm", &["commit("]);
    only("5comm", &[]);
    assert_eq!(found_in(&Fake::default(), "diff(la").start, 5);
    // What the entry itself declares.
    only("let something = 5; some", &["something"]);
    only("d.filter(|change| chan", &["change"]);
    only("let something = some", &[]);
    // Letters of either case, and a part of the name.
    only("Comm", &["commit("]);
    only("dif", &["diff("]);
}

#[test]
fn what_fits_comes_first() {
    assert_eq!(texts("commit(")[0], "c");
    assert_eq!(texts("c.run(\"x\").commit(\"y\"); history(")[0], "v1");
    assert_eq!(texts("run(")[..2], ["c", "v1"]);
    assert!(texts("commit(").contains(&"base()".to_owned()));
}

#[test]
fn functions_show_their_signature_and_their_comment() {
    let one = |line: &str| found_in(&Fake::default(), line).candidates.remove(0);
    let double = one("dou");
    assert_eq!((double.form.as_str(), double.about.as_str()), ("double(x)", "Twice as much."));
    let commit = one("comm");
    assert_eq!(commit.form, "commit(container, reference, [options])");
    assert!(commit.about.starts_with("keep what a container changed"));
    assert_eq!(one("c.comm").about, "array: what was run, an array");
    assert_eq!(one("c.commi").form, "commit(reference, [options])");
    assert_eq!(one("c.files.fil").form, "filter(|item| bool)");
    assert_eq!(one("run(c, \"x\", #{ netw").about, "`host` (the default) or `none`");
    let play = one("lesson::pla");
    assert_eq!(play.form, "play(lesson)");
    assert!(play.about.starts_with("Runs `lesson`"), "{play:?}");
    assert_eq!(one(":he").form, ":help [NAME|WORDS]");
    assert_eq!(one("v").about, "Image");
}

#[test]
fn members_by_type() {
    only("c.std", &["stderr", "stdout", "stdout_blob"]);
    only("c?.std", &["stderr", "stdout", "stdout_blob"]);
    among(
        "c.",
        &["exit_code", "commit(", "run(", "read(", "name"],
        &["filter(", "compressed_size", "layers("],
    );
    among("v1.", &["references", "layers()", "run("], &["exit_code", "commit("]);
    among("diff(c).", &["filter(", "len()", "take("], &["path", "exit_code"]);
    among("diff(c)[0].", &["path", "kind", "size"], &["filter("]);
    among("c.stdout.", &["contains(", "split("], &["exit_code"]);
    among("unknown.", &["exit_code", "filter(", "commit(", "path"], &["base()"]);
    only("c . comm", &["command", "commit("]);
    only("1.", &[]);
    only("0..", &[]);
    among("base().run(\"x\").", &["commit(", "exit_code"], &["layers("]);
    among("layers(v1)[0].", &["diff_id", "files"], &["filter("]);
    among("layers(v1)[0].files.", &["filter(", "sum("], &["diff_id"]);
    among("let x = base(); x.", &["layers()"], &["exit_code"]);
    among("image(\"debian:12\").", &["layers()", "config"], &["exit_code"]);
    among("`${c.", &["exit_code"], &["filter("]);
}

#[test]
fn members_of_what_a_closure_is_given() {
    among("c.files.filter(|f| f.", &["path", "size", "mode"], &["exit_code", "kind", "filter("]);
    only("c.files.filter(|f| f.si", &["size"]);
    among("diff(c).filter(|x| x.", &["kind", "path"], &["mode"]);
    among("c.files.filter(|f| f.size > 1).map(|g| g.pa", &["path"], &["filter("]);
    among("for f in c.files { f.", &["path", "mode"], &["exit_code"]);
    among("images().map(|i| i.references[0].", &["contains("], &["references"]);
    among("containers().filter(|x| x.st", &["status"], &["size"]);
}

#[test]
fn keys_of_maps() {
    among("m.", &["image", "rows", "keys()", "contains("], &["with space"]);
    among("m.image.", &["references", "run("], &["rows"]);
    among("m.rows[0].", &["name", "size"], &["rows"]);
    among("m.rows.map(|r| r.", &["name", "size"], &["rows"]);
    among("v1.config.", &["Cmd", "Env"], &["references"]);
    among("let x = #{ one: 1, two: c }; x.", &["one", "two"], &[]);
    among("let x = #{ one: 1, two: c }; x.two.", &["exit_code"], &["one"]);
}

#[test]
fn options_and_their_values() {
    only("run(c, \"x\", #{ wor", &["workdir: "]);
    among("run(c, \"x\", #{ ", &["env: ", "rm: ", "timeout: "], &["c", "run("]);
    only("commit(c, \"x\", #{ sy", &["\"sync\": "]);
    only("c.commit(\"x\", #{ mes", &["message: "]);
    only("run(c, \"x\", #{ wor¦: 1 }", &["workdir"]);
    // What is given is not offered again, wherever it stands.
    among("run(c, \"x\", #{ rm: true, ", &["env: "], &["rm: "]);
    among("run(c, \"x\", #{ ¦, rm: true })", &["env: "], &["rm: "]);
    only("run(c, \"x\", #{ rm: true, r", &[]);
    // Values.
    only("run(c, \"x\", #{ network: \"n", &["none\""]);
    only("run(c, \"x\", #{ network: \"n¦\" })", &["none"]);
    assert_eq!(texts("run(c, \"x\", #{ network: ")[..2], ["\"host\"", "\"none\""]);
    assert_eq!(texts("run(c, \"x\", #{ rm: ")[..2], ["false", "true"]);
    only("run(c, \"x\", #{ rm: tr", &["true", "tree(", "try"]);
    only("save(v1, \"x\", #{ compression: \"z", &["zstd\""]);
    // The caller's variables.
    only("run(c, \"x\", #{ env: #{ L", &["LANG: ", "LC_ALL: "]);
    only("run(c, \"x\", #{ env: #{ LANG: 1, L", &["LC_ALL: "]);
    only("run(c, \"x\", #{ env: [\"LA", &["LANG"]);
    only("env(\"LA", &["LANG\""]);
    only("lesson::play(#{ ti", &[]);
}

#[test]
fn images_containers_and_snapshots() {
    only("image(\"deb", &["debian:11\"", "debian:12\""]);
    becomes("image(\"deb", "image(\"debian:1");
    only("image(\"debian:12¦\")", &["debian:12"]);
    becomes("image(\"training:¦\")", "image(\"training:v1\")");
    only("run(\"deb", &["debian:11\"", "debian:12\""]);
    only("run(`team", &["team/app:1`"]);
    only("c.commit(\"train", &["training:v1\""]);
    only("tag(v1, \"tr", &["training:v1\""]);
    only("v1.tag(\"tr", &["training:v1\""]);
    only("layers(\"tr", &["training:v1\""]);
    only("pull(\"team/", &["team/app:1\""]);
    only("push(v1, \"tr", &["training:v1\""]);
    only("container(\"w", &["web\""]);
    only("rm(\"web", &["web\"", "web_saved\""]);
    among("rm(\"", &["web\"", "debian:12\"", "before\""], &[]);
    among("inspect(\"", &["web\"", "debian:12\""], &["before\""]);
    only("c.rollback(\"b", &["before\""]);
    only("branch(\"b", &["before\""]);
    for nothing in [
        "print(\"deb",
        "run(\"debian:12\", \"deb",
        "read_file(\"debian:1",
        "// image(\"deb",
        "\"deb",
        "f(\"deb",
        "lesson::run(\"deb",
    ] {
        only(nothing, &[]);
    }
}

#[test]
fn names_and_modules() {
    only("help(\"comm", &["commit\""]);
    only("import \"std/less", &["std/lesson\""]);
    assert_eq!(texts("import \"").len(), STDLIB.len());
    among("lesson::", &["play(", "lesson("], &["run("]);
    only("lesson::pla", &["play("]);
    only("import \"std/lesson\" as other; other::pla", &["play("]);
    only("unknown::", &[]);
    only("import \"std/lesson\" as les", &[]);
}

#[test]
fn paths_of_the_host() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["sub", "such a folder"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    for name in ["such.tar", ".hidden", "with \"quotes\"", "sub/inner.rhai"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let path = folder.path().display();
    let line = format!("load(\"{path}/su");
    only(&line, &["sub/", "such a folder/", "such.tar"]);
    assert_eq!(found_in(&Fake::default(), &line).start, line.len() - 2);
    only(&format!("load(\"oci:{path}/such."), &["such.tar"]);
    only(&format!("load(\"{path}/.h"), &[".hidden"]);
    only(&format!("load(\"{path}/with"), &["with \\\"quotes\\\""]);
    only(&format!("load(`{path}/with"), &["with \"quotes\""]);
    only(&format!("image(\"docker-archive:{path}/such."), &["such.tar"]);
    only(&format!("image(\"{path}/such."), &["such.tar"]);
    only(&format!("save(v1, \"oci-archive:{path}/sub/i"), &["inner.rhai"]);
    only(&format!("rootfs(\"{path}/such."), &["such.tar"]);
    only(&format!("c.copy_in(\"{path}/such."), &["such.tar"]);
    only(&format!("c.copy_out(\"/etc\", \"{path}/such."), &["such.tar"]);
    only(&format!("read_file(\"{path}/such."), &["such.tar"]);
    only(&format!("run(c, \"x\", #{{ volumes: \"{path}/sub"), &["sub/"]);
    only(&format!("run(c, \"x\", #{{ volumes: [\"{path}/sub"), &["sub/"]);
    only(&format!("run(c, \"x\", #{{ volumes: \"{path}:/e"), &["empty", "etc/"]);
    only(&format!("run(c, \"x\", #{{ volumes: \"{path}:/e:r"), &["ro\"", "rw\""]);
    only(&format!(":load {path}/such."), &["such.tar"]);
    only(&format!(":load \"{path}/such a"), &["such a folder/"]);
    only(&format!(":save --lesson {path}/sub/in"), &["inner.rhai"]);
    only(&format!("!cat {path}/such."), &["such.tar"]);
    only(&format!("import \"{path}/su"), &["sub/", "such a folder/"]);
    only(&format!("import \"{path}/sub/"), &["inner.rhai"]);
    // The caller's folder: nobody reads `~` later.
    let world = Fake { home: Some(folder.path().to_owned()), ..Fake::default() };
    let found = found_in(&world, "load(\"~/such.");
    assert_eq!((found.start, found.candidates[0].text.as_str()), (6, format!("{path}/such.tar").as_str()));
    assert_eq!(found.candidates[0].label, "such.tar");
    assert_eq!(found_in(&world, "load(\"oci:~/sub/").candidates[0].text, format!("{path}/sub/inner.rhai"));
    assert_eq!(found_in(&world, ":load ~/sub/").candidates[0].text, format!("{path}/sub/inner.rhai"));
    assert!(found_in(&world, "load(\"~/.").candidates.iter().any(|it| it.label == ".hidden"));
}

#[test]
fn transports() {
    only("load(\"oci-", &["oci-archive:"]);
    among("load(\"", &["docker-archive:", "oci:", "dir:"], &[]);
    only("save(v1, \"docker-a", &["docker-archive:"]);
    among("image(\"doc", &["docker-archive:", "docker-daemon:", "docker://"], &[]);
    among("image(\"d", &["debian:12\"", "docker-archive:"], &[]);
    only("load(\"docker-daemon:deb", &[]);
    only("rootfs(\"docker-a", &[]);
    only("read_file(\"oci-a", &[]);
}

#[test]
fn paths_inside() {
    only("c.read(\"/e", &["empty", "etc/"]);
    only("read(c, \"/etc/pa", &["pam.d/", "passwd"]);
    only("last().exists(\"e", &["empty", "etc/"]);
    only("container(\"web\").read(\"/e", &["empty", "etc/"]);
    only("base().read(\"/e", &["empty", "etc/"]);
    only("image(\"debian:12\").run(\"x\").read(\"/e", &["empty", "etc/"]);
    only("let x = run(base(), \"y\"); x.read(\"/e", &["empty", "etc/"]);
    only("m.image.read(\"/e", &["empty", "etc/"]);
    only("x.read(\"/e", &[]);
    only("c.read(\"/.", &[".hidden"]);
    only("c.read(\"/etc/ba", &["back\\\\\\\\slash"]);
    only("c.read(`/etc/ba", &["back\\\\slash"]);
    only("c.copy_in(\"a\", \"/etc/pas", &["passwd"]);
    only("c.copy_out(\"/etc/pas", &["passwd"]);
    only("run(c, \"x\", #{ workdir: \"/e", &["etc/"]);
    assert_eq!(found_in(&Fake::default(), "c.read(\"/etc/pa").start, 13);
}

#[test]
fn programs_and_paths_of_commands() {
    only("c.run(\"wg", &["wget"]);
    only("run(c, \"w", &["wget", "which"]);
    only("run(\"debian:12\", \"wh", &["which"]);
    only("run(\"debian:12\", \"READ", &[]);
    only("run(c, [\"wg", &["wget\""]);
    only("run(c, [\"wg¦\"])", &["wget"]);
    only("run(c, [\"/etc/pas", &["passwd"]);
    only("run(c, [\"cat\", \"/etc/pas", &["passwd"]);
    only("run(c, [\"cat\", \"not", &["notes"]);
    only("run(c, \"cat /etc/pas", &["passwd"]);
    only("run(c, \"cat wg", &[]);
    // Relative to the working directory.
    only("run(c, \"cat no", &["notes"]);
    only("run(c, \"cat sub/d", &["deep"]);
    only("run(c, \"./r", &["run"]);
    only("run(c, \"cat ", &["notes", "run", "sub/"]);
    // After what ends a command comes the next program.
    only("run(c, \"cat a && wg", &["wget"]);
    only("run(c, \"cat a | wg", &["wget"]);
    only("run(c, \"LANG=C wg", &["wget"]);
    only("run(c, `cat a; wg", &["wget"]);
    only("run(c, \"cat --file=/etc/pas", &["passwd"]);
    only("run(c, \"cat > /etc/pas", &["passwd"]);
    // A shell reads what stands there.
    only("run(c, \"cat /etc/it", &["it\\\\'s\\\\ \\\\$5"]);
    only("run(c, `cat /etc/it", &["it\\'s\\ \\$5"]);
    only("run(c, \"cat '/etc/it", &["it'\\\\''s $5"]);
    only("run(c, \"x\", #{ entrypoint: [\"wg", &["wget\""]);
}

#[test]
fn commands_of_the_prompt() {
    only(":he", &[":help"]);
    only(":h", &[":help", ":history"]);
    only(":help comm", &["commit"]);
    only(":help :un", &[":undo"]);
    only(":help std/l", &["std/lesson"]);
    only("?comm", &["commit"]);
    only("help comm", &["commit"]);
    only(":time comm", &["commit("]);
    assert_eq!(found_in(&Fake::default(), ":time comm").start, 6);
    only(":type c.std", &["stderr", "stdout", "stdout_blob"]);
    only(":json c.std", &["stderr", "stdout", "stdout_blob"]);
    only(":goto ", &["1", "2", "tidy"]);
    only(":goto t", &["tidy"]);
    only(":edit ", &["1", "2"]);
    only(":source dou", &["double"]);
    only(":source std/l", &["std/lesson"]);
    only(":undo ", &[]);
    only(":nothing x", &[]);
    only("!ls", &[]);
    // A negation is code.
    among("!(c.ex", &["exit_code"], &[]);
}

#[test]
fn types_are_known_without_running() {
    let of = |code: &str| type_of(code, &Fake::default());
    for (code, name) in [
        ("layers(base())[0].files", "Files"),
        ("c", "Container"),
        ("c.files.map(|f| f.path)", "array"),
        ("let x = base(); x.run(\"y\")", "Container"),
        ("1 + 1", "number"),
        ("c.exit_code == 0;", "true or false"),
        ("m.rows[0].name", "text"),
    ] {
        assert_eq!(of(code).as_deref(), Some(name), "{code}");
    }
    for code in ["f(g(1))", "", "if true { 1 }", "x"] {
        assert_eq!(of(code), None, "{code}");
    }
}

#[test]
fn tab_indents_an_empty_later_line() {
    assert!(is_indentation("a {\n  ", 6));
    assert!(!is_indentation("a {\n  b", 7));
    assert!(!is_indentation("", 0));
}

#[test]
fn nothing_breaks_it() {
    let world = Fake::default();
    let pieces = [
        "",
        "\"",
        "`${",
        "`a ${base().",
        "#{",
        ".",
        "..",
        "x..",
        "é",
        "f(é.",
        "import \"",
        "run(#\"",
        "\u{2007}x",
        "a\n\u{2007}\u{2007}ru",
        "c.",
        "run(c, \"",
        "#{ rm: ",
        "[",
        "]",
        ")",
        "}",
        "|",
        "||",
        "|f| f.",
        "::",
        ":",
        ":help ",
        "!",
        "?",
        "'",
        "\\",
        "\0",
        "日本",
        "let x = ",
        "; ",
        ", ",
        "in ",
        "for ",
        "{ ",
        "1.5e",
        "//",
        "/*",
    ];
    // All pairs, and a few of all triples.
    let count = pieces.len();
    for number in (0..count * count).chain((count * count..count.pow(3)).step_by(29)) {
        let piece = |place: u32| pieces[number / count.pow(place) % count];
        let (left, text) = (piece(0), [piece(0), piece(1), piece(2)].concat());
        for cursor in [text.len(), left.len()] {
            let found = complete(&text, cursor, &world);
            assert!(found.start <= cursor && text.is_char_boundary(found.start), "{text}");
            let _ = found.common(&text[found.start..cursor]);
            let _ = signature(&text, cursor, &world);
        }
        let _ = type_of(&text, &world);
    }
    only("a {\n\u{2007}\u{2007}comm", &["commit("]);
    among("`a ${base().", &["references"], &[]);
}
