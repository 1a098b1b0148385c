//! Back and forth: `:undo`, `:goto`, `:branch`; and what one did as a script: `:save`, `:load`, `:source`, `:edit`.

use std::fs;

use super::screen::{Terminal, engine};
use crate::support::Plywood;

#[test]
fn variables_and_files_go_back_together() {
    if !engine() {
        return;
    }
    let plywood = Plywood::new();
    plywood.eval("run(base(), \"printf zero > /state\", #{ name: \"old\" })").assert_ok();
    let mut terminal = Terminal::open(&plywood);
    terminal.line("let c = run(base(), \"printf one > /state\", #{ name: \"mine\" }); let n = 1;");
    terminal.prompt(2);
    terminal.line("c.run(\"printf two > /state\"); n = 2; let later = true;");
    terminal.prompt(3);
    terminal.line("container(\"old\").run(\"rm /state\");");
    terminal.prompt(4);
    terminal.line(":undo 2");
    terminal.see("at [1] let c = ");
    terminal.see("mine, old: as it was then");
    terminal.see("later: no variable any more");
    terminal.prompt(4);
    terminal.line("`${c.read(\"/state\")} ${n} ${container(\"old\").read(\"/state\")}`");
    terminal.see_line("one 1 zero");
    terminal.prompt(5);
    // Another way from here, with a name.
    terminal.line("c.run(\"printf other > /state\");");
    terminal.prompt(6);
    terminal.line(":branch other");
    terminal.see("[5] is `other`");
    terminal.prompt(6);
    terminal.line(":goto 3");
    terminal.see("later: a variable again");
    terminal.prompt(6);
    terminal.line("`${c.read(\"/state\")} ${n} ${container(\"old\").exists(\"/state\")}`");
    terminal.see_line("two 2 false");
    terminal.prompt(7);
    terminal.line(":goto other");
    terminal.see("mine, old: as it was then");
    terminal.prompt(7);
    terminal.line("`${c.read(\"/state\")} ${container(\"old\").read(\"/state\")}`");
    terminal.see_line("other zero");
    terminal.prompt(8);
    terminal.line(":branch");
    terminal.see("  [1] let c = ");
    terminal.see("    [4] ");
    terminal.see("(other)");
    terminal.prompt(8);
    terminal.line("snapshots().len()");
    terminal.see_line("0");
    terminal.prompt(9);
    terminal.line(":undo 99");
    terminal.see("there is nothing before that");
    terminal.prompt(9);
    terminal.line(":goto nowhere");
    terminal.see("there is no entry `nowhere`");
    terminal.prompt(9);
    terminal.line(":restart");
    terminal.see("a new session");
    terminal.prompt(9);
    terminal.line("c");
    terminal.see("error: ");
    terminal.prompt(10);
    terminal.line("exit");
    assert_eq!(terminal.end(), 0);
    // What was kept for the way back has gone; the containers are as they were left.
    assert_eq!(
        plywood.json("[container(\"mine\").read(\"/state\"), container(\"old\").read(\"/state\")]"),
        serde_json::json!(["other", "zero"])
    );
    assert_eq!(plywood.json("prune().parts"), 0);
    plywood.assert_clean();
}

#[test]
fn what_was_done_becomes_a_script_that_runs() {
    if !engine() {
        return;
    }
    let plywood = Plywood::new();
    let folder = plywood.store().parent().unwrap().to_owned();
    let script = folder.join("mine.rhai");
    let lesson = folder.join("lesson.rhai");
    let mut terminal = Terminal::open(&plywood);
    for (number, line) in [
        "let c = run(base(), \"echo hi > /a\");",
        "no_such_function()",
        "c.run(\"rm /a\");",
        "fn shout(text) { text.to_upper() }",
        "c.read(\"/etc/os-release\").len() > 0",
        "if !_ { fail(\"empty\") }",
    ]
    .iter()
    .enumerate()
    {
        terminal.line(line);
        terminal.prompt(number + 2);
    }
    terminal.line(":undo 1");
    terminal.prompt(7);
    terminal.line(&format!(":save {}", script.display()));
    terminal.see("4 statements in `");
    terminal.see("it runs there, from its beginning to its end");
    terminal.prompt(7);
    let text = fs::read_to_string(&script).unwrap();
    assert!(text.contains("echo hi") && !text.contains("no_such") && !text.contains("empty"), "{text}");
    Plywood::new().args([&script]).assert_ok();
    terminal.line(&format!(":save {}", script.display()));
    terminal.see("nothing is overwritten");
    terminal.prompt(7);
    terminal.line(&format!(":save --lesson {}", lesson.display()));
    terminal.see("it runs there");
    terminal.prompt(7);
    Plywood::new().args([&lesson]).assert_ok();
    // What needs something of this store says so.
    terminal.line("tag(base(), \"only:here\");");
    terminal.prompt(8);
    terminal.line(":restart");
    terminal.prompt(8);
    terminal.line("run(\"only:here\", \"true\");");
    terminal.prompt(9);
    let other = folder.join("other.rhai");
    terminal.line(&format!(":save {}", other.display()));
    terminal.see("error: ");
    terminal.see("only:here");
    terminal.prompt(9);
}

#[test]
fn scripts_sources_types_and_the_host() {
    let plywood = Plywood::new();
    let folder = plywood.store().parent().unwrap().to_owned();
    let script = folder.join("functions.rhai");
    fs::write(
        &script,
        "#!/usr/bin/env plywood\n// Doubles.\nfn double(x) {\n    x * 2\n}\nlet loaded = double(21);\n",
    )
    .unwrap();
    let mut terminal = Terminal::open(&plywood);
    terminal.line(&format!(":load {}", script.display()));
    terminal.prompt(2);
    terminal.line("loaded + double(0)");
    terminal.see_line("42");
    terminal.prompt(3);
    terminal.line(":source double");
    terminal.see("// Doubles.");
    terminal.see("x * 2");
    terminal.prompt(3);
    terminal.line(":source std/lesson");
    terminal.see("fn lesson(title)");
    terminal.prompt(3);
    terminal.line(":source run");
    terminal.see(":help run");
    terminal.prompt(3);
    terminal.line(":source 2");
    terminal.see("loaded + double(0)");
    terminal.prompt(3);
    terminal.line(":type layers(base())[0].files");
    terminal.see_line("Files");
    terminal.prompt(3);
    terminal.line(":type loaded");
    terminal.see_line("number");
    terminal.prompt(3);
    terminal.line(":type f(g(1))");
    terminal.see("nothing is run");
    terminal.prompt(3);
    terminal.line("#{ a: [1, 2] };");
    terminal.prompt(4);
    terminal.line(":json");
    terminal.see("\"a\": [");
    terminal.prompt(4);
    terminal.line("!echo from-the-$((40 + 2))-host; exit 3");
    terminal.see_line("from-the-42-host");
    terminal.see("exit status: 3");
    terminal.prompt(4);
    terminal.line(":load /no/such/file.rhai");
    terminal.see("cannot read");
    terminal.prompt(4);
}

#[test]
fn an_entry_can_be_changed_in_an_editor() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open_with(&plywood, &[("NO_COLOR", "1"), ("EDITOR", "sed -i s/40/1000/")]);
    terminal.line("let total = 40;");
    terminal.prompt(2);
    terminal.line(":edit");
    terminal.see("let total = 1000;");
    terminal.keys("\r");
    terminal.prompt(3);
    terminal.line("total + 1");
    terminal.see_line("1001");
    terminal.prompt(4);
}
