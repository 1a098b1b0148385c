//! Tab, in every place where something can stand.

use std::fs;
use std::path::{Path, PathBuf};

use super::screen::{Terminal, engine};
use crate::support::Plywood;

/// What Tab makes of each line.
#[track_caller]
fn becomes(terminal: &mut Terminal, cases: &[(&str, &str)]) {
    for (typed, wanted) in cases {
        terminal.keys(&format!("{typed}\t"));
        terminal.see(wanted);
        terminal.keys("\x15");
    }
}

/// What Tab shows below each line, in this order.
#[track_caller]
fn shows(terminal: &mut Terminal, cases: &[(&str, &[&str])]) {
    for (typed, wanted) in cases {
        terminal.keys(&format!("{typed}\t"));
        for part in *wanted {
            terminal.see(part);
        }
        terminal.keys("\x15");
    }
}

/// A store with an image of a few files, under two names, and 40 more names of it.
fn store() -> (Plywood, PathBuf) {
    let plywood = Plywood::new();
    let folder = plywood.store().parent().unwrap().to_owned();
    let tree = folder.join("tree");
    for name in ["etc/pam.d", "usr/bin", "work/sub", "work/two words"] {
        fs::create_dir_all(tree.join(name)).unwrap();
    }
    for name in ["etc/passwd", "work/notes", "work/sub/deep", "work/.hidden", "usr/bin/README"] {
        fs::write(tree.join(name), "").unwrap();
    }
    for name in ["wget", "which"] {
        let program = tree.join("usr/bin").join(name);
        fs::write(&program, "#!/bin/sh\n").unwrap();
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    std::os::unix::fs::symlink("usr/bin", tree.join("bin")).unwrap();
    let script = format!(
        "let i = rootfs(`{}`, `debian:12`, #{{ change: [`WORKDIR /work`] }}); tag(i, `quay.io/team/app:1`);
         for n in 10..50 {{ tag(i, `many/of-them:${{n}}`); }}",
        tree.display()
    );
    plywood.eval(&script).assert_ok();
    (plywood, folder)
}

#[test]
fn names_of_the_language_and_of_the_session() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    terminal.line("let some_name = 5; let rows = [#{ title: \"a\", count: 1 }];");
    terminal.prompt(2);
    terminal.line("/// Twice as much.");
    terminal.line("fn double(number) { number * 2 }");
    terminal.prompt(3);
    terminal.line("import \"std/lesson\" as lesson;");
    terminal.prompt(4);
    becomes(
        &mut terminal,
        &[
            ("comm", "[4]> commit("),
            ("let x = layer", "let x = layers("),
            ("bas", "[4]> base()"),
            ("some_", "[4]> some_name"),
            ("dou", "[4]> double("),
            ("less", "[4]> lesson::"),
            ("lesson::pla", "lesson::play("),
            ("import \"std/less", "import \"std/lesson\""),
            ("whi", "[4]> while"),
            ("base().lay", "base().layers()"),
            ("base().run(\"x\").exit_", "base().run(\"x\").exit_code"),
            ("diff(last())[0].ki", "diff(last())[0].kind"),
            ("last().files.fil", "last().files.filter("),
            ("last().files.filter(|f| f.mti", "last().files.filter(|f| f.mtime"),
            ("for f in last().files { f.mti", "for f in last().files { f.mtime"),
            ("let i = image(\"x\"); i.arch", "i.architecture"),
            ("rows[0].ti", "rows[0].title"),
            ("rows.map(|r| r.cou", "rows.map(|r| r.count"),
            ("\"a b\".spl", "\"a b\".split("),
            ("`${base().archi", "[4]> `${base().architecture"),
            ("run(base(), \"x\", #{ netw", "#{ network: "),
            ("run(base(), \"x\", #{ network: \"no", "#{ network: \"none\""),
            ("run(base(), \"x\", #{ rm: true, work", "rm: true, workdir: "),
            ("save(base(), \"x\", #{ compression: \"zs", "compression: \"zstd\""),
            ("commit(last(), \"x\", #{ syn", "#{ \"sync\": "),
            ("help(\"comm", "help(\"commit\""),
            ("Comm", "[4]> commit("),
        ],
    );
    shows(
        &mut terminal,
        &[
            ("run(base(), \"x\", #{ rm: ", &["false", "true"]),
            ("run(base(), \"x\", #{ network: ", &["\"host\"", "\"none\""]),
            ("last().std", &["stderr", "its error output", "stdout", "output of the run"]),
            ("co", &["commit(container, reference, [options])", "container(id or name)"]),
        ],
    );
    assert!(!plywood.store().join("plywood.db").exists(), "completion made a store");
}

#[test]
fn a_functions_comment_is_shown() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    terminal.line("/// Twice as much.");
    terminal.line("fn twice_it(number) { number * 2 }");
    terminal.prompt(2);
    terminal.line("/// Half.");
    terminal.line("fn twice_less(number) { number / 2 }");
    terminal.prompt(3);
    terminal.keys("twi\t");
    terminal.see("[3]> twice_");
    terminal.see("  twice_it(number)    Twice as much.");
    terminal.see("  twice_less(number)  Half.");
    // The next key takes the list away, and is typed.
    terminal.keys("it(21)\r");
    terminal.see_line("42");
    terminal.prompt(4);
}

#[test]
fn what_the_store_has() {
    let (plywood, _) = store();
    let mut terminal = Terminal::open(&plywood);
    terminal.line("let i = image(\"debian:12\");");
    terminal.prompt(2);
    becomes(
        &mut terminal,
        &[
            ("image(\"deb", "image(\"debian:12\""),
            ("image(`quay", "image(`quay.io/team/app:1`"),
            // What has it in it, where nothing begins so.
            ("image(\"app", "image(\"quay.io/team/app:1\""),
            ("run(\"deb", "run(\"debian:12\""),
            ("rm(\"debian:", "rm(\"debian:12\""),
            ("tag(i, \"quay", "tag(i, \"quay.io/team/app:1\""),
            ("last().commit(\"deb", "commit(\"debian:12\""),
            ("push(i, \"deb", "push(i, \"debian:12\""),
            ("pull(\"deb", "pull(\"debian:12\""),
            ("layers(\"deb", "layers(\"debian:12\""),
            ("image(\"many/of-them:3", "image(\"many/of-them:3"),
            ("i.config.Work", "i.config.WorkingDir"),
            ("i.read(\"/etc/pas", "i.read(\"/etc/passwd"),
            ("read(i, \"etc/pam", "read(i, \"etc/pam.d/"),
            ("image(\"debian:12\").read(\"/bi", "read(\"/bin/"),
            ("image(\"debian:12\").read(\"/bin/wg", "read(\"/bin/wget"),
            ("let j = i; j.read(\"/work/no", "j.read(\"/work/notes"),
            ("i.read(\"/work/.h", "i.read(\"/work/.hidden"),
            ("copy_out(i, \"/etc/pas", "copy_out(i, \"/etc/passwd"),
            ("run(i, \"wg", "run(i, \"wget"),
            ("run(i, [\"wg", "run(i, [\"wget\""),
            ("run(i, [\"wget\", \"no", "run(i, [\"wget\", \"notes"),
            ("run(i, \"cat sub/d", "run(i, \"cat sub/deep"),
            ("run(i, \"cat tw", "run(i, \"cat two\\\\ words/"),
            ("run(i, `cat 'tw", "run(i, `cat 'two words/"),
            ("run(i, \"cat notes && whi", "cat notes && which"),
            ("run(\"debian:12\", \"cat /etc/pas", "cat /etc/passwd"),
            ("run(i, \"x\", #{ workdir: \"/wo", "workdir: \"/work/"),
            ("run(i, \"x\", #{ volumes: \"/tmp:/wo", "volumes: \"/tmp:/work/"),
            ("run(i, \"x\", #{ volumes: \"/tmp:/x:r", "volumes: \"/tmp:/x:r"),
        ],
    );
    shows(
        &mut terminal,
        &[
            ("image(\"many", &["image(\"many/of-them:", "many/of-them:10", "many/of-them:49"]),
            ("i.read(\"/etc/", &["pam.d/", "passwd"]),
            ("run(i, \"", &["wget", "which"]),
        ],
    );
}

#[test]
fn containers_and_snapshots() {
    if !engine() {
        return;
    }
    let plywood = Plywood::new();
    plywood
        .eval(
            "let c = run(base(), \"mkdir -p /mine; echo hi > /mine/file; printf '#!/bin/sh\\n' > /usr/bin/mytool; chmod +x /usr/bin/mytool; rm /etc/group\", #{ name: \"web_server\" });
             snapshot(c, #{ name: \"before_that\" }); run(c, \"rm -r /mine; mkdir /later\", #{ workdir: \"/usr\" });",
        )
        .assert_ok();
    let mut terminal = Terminal::open(&plywood);
    terminal.line("let c = container(\"web_server\");");
    terminal.prompt(2);
    becomes(
        &mut terminal,
        &[
            ("container(\"web", "container(\"web_server\""),
            ("rm(\"web", "rm(\"web_server\""),
            ("rm(\"befo", "rm(\"before_that\""),
            ("inspect(\"web", "inspect(\"web_server\""),
            ("c.rollback(\"befo", "c.rollback(\"before_that\""),
            ("branch(\"befo", "branch(\"before_that\""),
            ("c.read(\"/lat", "c.read(\"/later/"),
            ("c.run(\"mytoo", "c.run(\"mytool"),
            ("container(\"web_server\").run(\"mytoo", "run(\"mytool"),
            ("last().run([\"mytoo", "run([\"mytool\""),
            // Where its last run was.
            ("c.run(\"ls loca", "c.run(\"ls local/"),
            ("base().run(\"x\").read(\"/etc/pass", "read(\"/etc/passwd"),
            ("let d = c.run(\"x\"); d.read(\"/lat", "d.read(\"/later/"),
        ],
    );
    // What was taken away is not there.
    for gone in ["c.read(\"/min", "c.read(\"/etc/grou"] {
        terminal.keys(&format!("{gone}\tX"));
        terminal.see(&format!("{gone}X"));
        terminal.keys("\x15");
    }
    terminal.line("1 + 1");
    terminal.see_line("2");
    plywood.assert_clean();
}

#[test]
fn paths_of_this_machine() {
    let (plywood, folder) = store();
    fs::create_dir_all(folder.join("home/Down loads")).unwrap();
    for name in ["image.tar", "script.rhai", ".secret", "with \"quotes\"", "home/Down loads/x.tar"] {
        fs::write(folder.join(name), "").unwrap();
    }
    let mut command = plywood.command();
    command.env("NO_COLOR", "1").env("HOME", folder.join("home")).env("PLYWOOD_SOME_VARIABLE", "1");
    command.current_dir(&folder);
    let mut terminal = Terminal::start(command);
    terminal.prompt(1);
    let home = |rest: &str| Path::new(&folder).join("home").join(rest).display().to_string();
    let there = folder.display().to_string();
    becomes(
        &mut terminal,
        &[
            ("load(\"ima", "load(\"image.tar"),
            ("load(\"./ima", "load(\"./image.tar"),
            (&format!("load(\"{there}/ima"), &format!("{there}/image.tar")),
            ("load(\"oci-arc", "load(\"oci-archive:"),
            ("load(\"docker-archive:ima", "load(\"docker-archive:image.tar"),
            ("load(\"docker-archive:./ima", "load(\"docker-archive:./image.tar"),
            ("save(\"debian:12\", \"oci-archive:ho", "oci-archive:home/"),
            ("image(\"docker-arc", "image(\"docker-archive:"),
            ("image(\"./ima", "image(\"./image.tar"),
            ("image(\"docker-archive:ima", "image(\"docker-archive:image.tar"),
            ("load(\".sec", "load(\".secret"),
            ("read_file(\"with", "read_file(\"with \\\"quotes\\\""),
            ("load(\"~/Down", &format!("load(\"{}/", home("Down loads"))),
            ("load(\"home/Down loads/", "load(\"home/Down loads/x.tar"),
            ("rootfs(\"tr", "rootfs(\"tree/"),
            ("last().copy_in(\"ima", "copy_in(\"image.tar"),
            ("write_file(\"scr", "write_file(\"script.rhai"),
            ("run(\"debian:12\", \"x\", #{ volumes: \"./ho", "volumes: \"./home/"),
            ("import \"./scr", "import \"./script.rhai"),
            (":load scr", ":load script.rhai"),
            (":load ~/Down", &format!(":load {}/", home("Down loads"))),
            (":save ho", ":save home/"),
            (":save --le", ":save --lesson "),
            ("!ls ima", "!ls image.tar"),
            ("env(\"PLYWOOD_SOME", "env(\"PLYWOOD_SOME_VARIABLE\""),
            ("run(\"debian:12\", \"x\", #{ env: #{ PLYWOOD_SOME", "env: #{ PLYWOOD_SOME_VARIABLE: "),
        ],
    );
    shows(
        &mut terminal,
        &[("load(\"", &["image.tar", "docker-archive:"]), ("load(\"docker-d", &["docker-daemon:"])],
    );
}

#[test]
fn commands_of_the_prompt() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    terminal.line("fn some_function() { 1 }");
    terminal.prompt(2);
    terminal.line(":branch somewhere");
    terminal.prompt(2);
    becomes(
        &mut terminal,
        &[
            (":he", ":help"),
            (":hi", ":history"),
            (":help comm", ":help commit"),
            ("?comm", "?commit"),
            (":help std/less", ":help std/lesson"),
            (":goto some", ":goto somewhere"),
            (":source some", ":source some_function"),
            (":source std/less", ":source std/lesson"),
            (":type layer", ":type layers("),
            (":time bas", ":time base()"),
            (":json some", ":json some_function()"),
        ],
    );
    shows(
        &mut terminal,
        &[
            (":", &[":branch", ":clear", ":vars"]),
            (":h", &[":help [NAME|WORDS]", "what there is", ":history [WORD]"]),
            (":goto ", &["1", "fn some_function()", "somewhere"]),
            (":edit \t", &["[2]> :edit 1"]),
        ],
    );
}

#[test]
fn a_long_list_has_pages_and_goes_with_the_next_key() {
    let (plywood, _) = store();
    let mut terminal = Terminal::open(&plywood);
    terminal.resize(10, 40);
    terminal.keys("image(\"many\t");
    terminal.see("many/of-them:10");
    terminal.see("1 to ");
    terminal.see(" of 40; Tab: more");
    terminal.keys("\t");
    terminal.see(" of 40; Tab: more");
    terminal.keys("\t");
    terminal.see(" of 40; Tab: more");
    terminal.keys("42\")");
    terminal.see("image(\"many/of-them:4");
    terminal.see("2\")");
    terminal.control('u');
    // Ctrl-C takes the list away and the line stays readable.
    terminal.keys("image(\"many\t");
    terminal.see("many/of-them:10");
    terminal.control('c');
    terminal.see("\x1b[J");
    terminal.prompt(1);
    terminal.line("20 + 3");
    terminal.see_line("23");
    terminal.prompt(2);
}
