//! What is shown while one types: signatures, earlier entries, colours, mistakes; and whole scripts pasted.

use std::fs;

use super::screen::Terminal;
use crate::support::Plywood;

fn open(plywood: &Plywood) -> Terminal {
    Terminal::open_with(plywood, &[])
}

#[test]
fn the_signature_of_the_open_call_stands_below() {
    let plywood = Plywood::new();
    let mut terminal = open(&plywood);
    terminal.keys("run(");
    terminal.see("\x1b[1mimage or container\x1b[0m");
    terminal.see(", [command], [options])");
    terminal.keys("base(), ");
    terminal.see("\x1b[1m[command]\x1b[0m");
    terminal.keys("\"x\", #{ network: ");
    terminal.see("\x1b[1mnetwork\x1b[0m");
    terminal.see("`host` (the default) or `none`");
    terminal.control('u');
    terminal.keys("[1].filter(");
    terminal.see("\x1b[1m|item| bool\x1b[0m");
    terminal.control('u');
    terminal.line("fn area(width, height) { width * height }");
    terminal.prompt(2);
    terminal.keys("area(3, ");
    terminal.see("\x1b[1mheight\x1b[0m");
    // Enter takes it away: after the last drawing of the line nothing follows but the value.
    terminal.keys("5)");
    terminal.see("\x1b[1mheight\x1b[0m");
    terminal.keys("\r");
    let shown = terminal.prompt(3);
    let last = shown.rsplit("[2]> ").next().unwrap_or_default();
    assert!(!last.contains("height") && last.contains("15"), "{last:?}");
    // What was typed before comes first.
    terminal.keys("area(");
    terminal.see("\x1b[2m3, 5)\x1b[0m");
    // Ctrl-C leaves only what was typed.
    terminal.keys("9");
    terminal.see("\x1b[1mwidth\x1b[0m");
    terminal.control('c');
    terminal.see("\x1b[J");
    terminal.prompt(3);
}

#[test]
fn without_colours_nothing_is_drawn_that_was_not_typed() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    terminal.line("let some_name = 5;");
    terminal.prompt(2);
    terminal.keys("let");
    terminal.keys("\x15");
    terminal.keys("commit(x");
    terminal.keys("\x15");
    terminal.line("some_name + 1");
    let shown = terminal.prompt(3);
    assert!(!shown.contains("reference") && !shown.contains("= 5") && shown.contains('6'), "{shown:?}");
}

#[test]
fn mistakes_and_brackets_are_marked_while_typing() {
    let plywood = Plywood::new();
    let mut terminal = open(&plywood);
    terminal.keys("let 5 = 1");
    terminal.see("\x1b[4;31m5\x1b[0m");
    terminal.control('u');
    terminal.keys("f(1)");
    terminal.see("\x1b[1;4m(\x1b[0m");
    terminal.control('u');
    // A text in a text: the code in it has its own colours.
    terminal.keys("`a ${run(1)} b`");
    terminal.see("\x1b[32m`a \x1b[0m${\x1b[36mrun\x1b[0m(");
    terminal.see("\x1b[32m b`\x1b[0m");
    terminal.control('u');
    // What is unfinished, or no code, is no mistake.
    terminal.keys("let x = f(1, [2, ");
    terminal.keys("\x15");
    terminal.keys("docker run -it debian");
    terminal.keys("\x15");
    terminal.keys(":help who changed it");
    terminal.keys("\x15");
    terminal.line("6 * 7");
    let shown = terminal.prompt(2);
    assert!(!shown.contains("\x1b[4;31m") && shown.contains("42"), "{shown:?}");
}

#[test]
fn a_pasted_script_is_one_entry() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    let mut script = String::from("// A script of 200 lines.\n\nlet total = 0;\n");
    for number in 0..64 {
        script.push_str(&format!("fn f{number}(x) {{\n    x + {number}\n}}\n"));
    }
    script.push_str("/* a comment\n   over lines */\nlet text = `a\n${total}\nb`;\nfor i in 0..10 {\n    total += f3(i);\n}\ntotal + text.len()");
    assert!(script.lines().count() > 200);
    terminal.keys(&format!("\x1b[200~{script}\x1b[201~"));
    terminal.keys("\r");
    terminal.see_line("80");
    terminal.prompt(2);
    terminal.line("f63(0)");
    terminal.see_line("63");
    terminal.prompt(3);
    let history = fs::read_to_string(plywood.store().join("history")).unwrap();
    assert_eq!(history.lines().count(), 3, "{history}");
    // It comes back as it was, line by line under its prompt.
    terminal.keys("\x1b[A\x1b[A");
    terminal.see("// A script of 200 lines.");
    terminal.keys("\r");
    terminal.see_line("80");
    terminal.prompt(4);
}

#[test]
fn lines_go_on_where_code_is_unfinished() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    let mut number = 1;
    for (lines, value) in [
        (&["[1, 2,", "3].len()"][..], "3"),
        (&["let x = 5 +", "6; x"], "11"),
        (&["#{", "a: 40", "}.a + 2"], "42"),
        (&["if true {", "7", "} else {", "8", "}"], "7"),
        (&["/* one", "two */ 9"], "9"),
        (&["#\"a", "b\"#.len()"], "3"),
        (&["`a ${1 +", "1}`"], "a 2"),
        (&["fn g(a,", "b) {", "a + b", "}", "", "g(1, 2)"], "3"),
        (&["\"ab\"", "", ".len()"], "ab"),
    ] {
        for line in lines {
            // An empty line ends what is finished; here it is only pressed where an entry is.
            if line.is_empty() {
                number += 1;
                terminal.prompt(number);
                continue;
            }
            terminal.line(line);
        }
        if value == "ab" {
            number += 1;
            terminal.see("error");
        } else {
            terminal.see_line(value);
            number += 1;
        }
        terminal.prompt(number);
    }
}

#[test]
fn help_is_found_by_words() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    for (line, part) in [
        (":help who changed file", "  diff  "),
        ("help copy into container", "  copy_in  "),
        ("?environment", "  env  "),
        (":help delete image", "  rm  "),
        (":help frobnicate the xyzzy", "there is no help on `frobnicate the xyzzy`"),
        ("?comit", "did you mean `commit`?"),
        ("?:undoo", "did you mean `:undo`?"),
        (":help File.mtime", "last change, RFC 3339"),
    ] {
        terminal.line(line);
        terminal.see(part);
        terminal.prompt(1);
    }
}
