#![allow(clippy::unwrap_used)]
use super::*;

fn all(line: &str) -> (usize, Vec<String>) {
    let world = World {
        names: Names {
            variables: vec![("c".to_owned(), "Container".to_owned()), ("v1".to_owned(), "Image".to_owned())],
            functions: vec![("double".to_owned(), vec!["x".to_owned()])],
            modules: vec!["lesson".to_owned()],
            ..Names::default()
        },
        images: &|| vec!["debian:12".to_owned(), "training:v1".to_owned()],
        containers: &|| vec!["calm_otter".to_owned(), "web".to_owned()],
        snapshots: &|| vec!["before".to_owned()],
        inside: &|subject, folder| match (subject, folder) {
            ("c" | "last()", "/") => vec![("etc".to_owned(), true), ("empty".to_owned(), false)],
            ("c", "/etc/") => vec![("passwd".to_owned(), false), ("pam.d".to_owned(), true)],
            ("c" | "\"debian:12\"", "/usr/bin") => {
                vec![("wget".to_owned(), false), ("which".to_owned(), false)]
            }
            ("c", "/bin") => vec![("wget".to_owned(), false)],
            _ => Vec::new(),
        },
    };
    let (cursor, line) = (line.find('|').unwrap(), line.replacen('|', "", 1));
    let (start, found) = complete(&line, cursor, &world);
    (start, found.into_iter().map(|pair| pair.replacement).collect())
}

#[track_caller]
fn only(line: &str, wanted: &[&str]) {
    assert_eq!(all(line).1, wanted, "{line}");
}

#[track_caller]
fn among(line: &str, wanted: &[&str], not: &[&str]) {
    let found = all(line).1;
    for name in wanted {
        assert!(found.iter().any(|it| it == name), "{line}: no {name} in {found:?}");
    }
    for name in not {
        assert!(!found.iter().any(|it| it == name), "{line}: {name} in {found:?}");
    }
}

#[test]
fn verbs_variables_functions() {
    only("comm|", &["commit("]);
    only("let x = layer|", &["layers("]);
    only("bas|", &["base()"]);
    only("v|", &["v1"]);
    only("dou|", &["double("]);
    only("les|", &["lesson::"]);
    only("comm|(c)", &["commit"]);
    among("|", &["run(", "c", "let", "double(", "base()"], &[]);
    only("let comm|", &[]);
    only("wh|", &["while"]);
    assert_eq!(all("diff(la|").0, 5);
    only("1 + comm|", &["commit("]);
}

#[test]
fn members_by_type() {
    only("c.std|", &["stderr", "stdout", "stdout_blob"]);
    among(
        "c.|",
        &["exit_code", "commit(", "run(", "read(", "name"],
        &["filter(", "compressed_size", "layers("],
    );
    among("v1.|", &["references", "layers()", "run("], &["exit_code", "commit("]);
    among("diff(c).|", &["filter(", "len()", "take("], &["path", "exit_code"]);
    among("diff(c)[0].|", &["path", "kind", "size"], &["filter("]);
    among("c.stdout.|", &["contains(", "split("], &["exit_code"]);
    among("unknown.|", &["exit_code", "filter(", "commit(", "path"], &["base()"]);
    among("diff(c).filter(|x| x.p|", &[], &[]);
    only("c . comm|", &["command", "commit("]);
    only("1.|", &[]);
}

#[test]
fn options_and_their_values() {
    only("run(c, \"x\", #{ wor|", &["workdir: "]);
    among("run(c, \"x\", #{ |", &["env: ", "rm: ", "timeout: "], &["c", "run("]);
    only("commit(c, \"x\", #{ sy|", &["\"sync\": "]);
    only("run(c, \"x\", #{ network: \"n|", &["none\""]);
    only("run(c, \"x\", #{ network: \"n|\" })", &["none"]);
    among("run(c, \"x\", #{ rm: tr|", &["true"], &["rm: "]);
    only("c.commit(\"x\", #{ mes|", &["message: "]);
}

#[test]
fn names_inside_texts() {
    only("image(\"deb|", &["debian:12\""]);
    only("image(\"training:|\")", &["training:v1"]);
    only("container(\"w|", &["web\""]);
    among("rm(\"|", &["web\"", "debian:12\""], &[]);
    only("help(\"comm|", &["commit\""]);
    only("import \"std/less|", &["std/lesson\""]);
    only("print(\"deb|", &[]);
    only("run(\"debian:12\", \"deb|", &[]);
    only("read_file(\"debian:1|", &[]);
    only("c.commit(\"train|", &["training:v1\""]);
    only("// image(\"deb|", &[]);
}

#[test]
fn paths_of_the_host() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    std::fs::write(folder.path().join("such.tar"), "").unwrap();
    std::fs::write(folder.path().join(".hidden"), "").unwrap();
    let path = folder.path().display();
    let line = format!("load(\"{path}/su|");
    let (start, found) = all(&line);
    assert_eq!(found, ["sub/", "such.tar"]);
    assert_eq!(start, line.len() - 3);
    only(&format!("load(\"oci:{path}/suc|"), &["such.tar"]);
    only("load(\"oci-|", &["oci-archive:"]);
    only(&format!("run(c, \"x\", #{{ volumes: \"{path}/sub|"), &["sub/"]);
    only(&format!("run(c, \"x\", #{{ volumes: \"{path}:/s|"), &[]);
}

#[test]
fn paths_and_programs_inside() {
    only("c.read(\"/e|", &["empty", "etc/"]);
    only("read(c, \"/etc/pa|", &["pam.d/", "passwd"]);
    only("last().exists(\"e|", &["empty", "etc/"]);
    only("x.read(\"/e|", &[]);
    only("c.run(\"wg|", &["wget"]);
    only("run(c, \"w|", &["wget", "which"]);
    only("run(\"debian:12\", \"wh|", &["which"]);
    only("run(c, \"cat /etc/pas|", &["passwd"]);
    only("run(c, \"cat wg|", &[]);
    only("run(c, [\"wg|", &["wget"]);
    assert_eq!(all("c.read(\"/etc/pa|").0, 13);
}

#[test]
fn commands_of_the_prompt() {
    only(":he|", &[":help"]);
    only(":h|", &[":help", ":history"]);
    only(":help comm|", &["commit"]);
    only("?comm|", &["commit"]);
    only(":time comm|", &["commit("]);
    assert_eq!(all(":time comm|").0, 6);
}

#[test]
fn tab_indents_an_empty_later_line() {
    assert!(is_indentation("a {\n  ", 6));
    assert!(!is_indentation("a {\n  b", 7));
    assert!(!is_indentation("", 0));
}

#[test]
fn nothing_breaks_it() {
    for line in [
        "|",
        "\"|",
        "`${|",
        "`a ${base().|",
        "#{|",
        ".|",
        "..|",
        "x..|",
        "é|",
        "f(é.|",
        "import \"|",
        "run(#\"|",
        "\u{2007}|x",
        "a\n\u{2007}\u{2007}ru|",
    ] {
        let _ = all(line);
    }
    only("a {\n\u{2007}\u{2007}comm|", &["commit("]);
    among("`a ${base().|", &["references"], &[]);
}
