//! The prompt itself: values, lines, history, Ctrl-C, leaving, other programs' words.

use super::screen::{Terminal, engine};
use crate::support::Plywood;

#[test]
fn values_are_shown_and_numbered() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    terminal.line("1 + 1");
    terminal.see_line("2");
    terminal.prompt(2);
    terminal.line("let quiet = 7");
    terminal.prompt(3);
    terminal.line("quiet * 6");
    terminal.see_line("42");
    terminal.prompt(4);
    terminal.line("_ + 100");
    terminal.see_line("142");
    terminal.prompt(5);
    terminal.line("Out[3] + Out[1]");
    terminal.see_line("44");
    terminal.prompt(6);
    terminal.line("123456 + 0;");
    let shown = terminal.prompt(7);
    assert_eq!(shown.matches("123456").count(), 1, "a value that `;` silences is shown: {shown}");
    terminal.line("no_such + 1");
    terminal.see("error: ");
    terminal.see("no_such");
    terminal.prompt(8);
    terminal.line("[#{ name: \"one\", n: 1 }, #{ name: \"two\", n: 2 }]");
    terminal.see("name");
    terminal.see("two");
    terminal.prompt(9);
}

#[test]
fn what_failed_or_is_not_there_yet_says_where_to_go_on() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    terminal.line("_.len()");
    terminal.see("nothing was shown yet");
    terminal.prompt(1);
    if !engine() {
        return;
    }
    terminal.line("let c = run(base(), \"exit 3\")");
    terminal.see("`last()` is the container as it ended");
    terminal.prompt(2);
    terminal.line("last().exit_code + 40");
    terminal.see_line("43");
    terminal.prompt(3);
    terminal.line("_ + 1");
    terminal.see_line("44");
}

#[test]
fn the_greeting_says_where_one_is() {
    let plywood = Plywood::new();
    let mut command = plywood.command();
    command.env("NO_COLOR", "1");
    let mut terminal = Terminal::start(command);
    terminal.see("plywood ");
    terminal.see(&format!("store {}", plywood.store().display()));
    terminal.see(":help");
    terminal.prompt(1);
}

#[test]
fn unfinished_code_goes_on_in_the_next_line() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    terminal.line("fn double(x) {");
    terminal.line("  x * 2");
    terminal.line("}");
    terminal.prompt(2);
    terminal.line("double(21)");
    terminal.see_line("42");
    terminal.prompt(3);
    // A text in back-ticks keeps its lines, and nothing of the prompt gets into it.
    terminal.line("let t = `a");
    terminal.line("b`; t.len()");
    terminal.see_line("3");
    terminal.prompt(4);
    // A blank line ends it, finished or not.
    terminal.line("f(1,");
    terminal.line("");
    terminal.see("error");
    terminal.prompt(5);
    // What is pasted is one entry.
    terminal.keys("\x1b[200~let a = 40;\nlet b = 2;\na + b\x1b[201~\r");
    terminal.see_line("42");
    terminal.prompt(6);
}

#[test]
fn control_c_cancels_and_never_leaves() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    terminal.keys("half a line");
    terminal.see("half a line");
    terminal.control('c');
    terminal.prompt(1);
    terminal.control('c');
    terminal.prompt(1);
    terminal.control('c');
    terminal.prompt(1);
    terminal.line("print(\"go\" + \"ing\"); loop {}");
    terminal.see_line("going");
    terminal.control('c');
    terminal.see("interrupted");
    terminal.prompt(2);
    terminal.line("attempt(|| { print(\"a\" + \"gain\"); loop {} })");
    terminal.see_line("again");
    terminal.control('c');
    terminal.see("interrupted");
    terminal.prompt(3);
    terminal.line("20 + 3");
    terminal.see_line("23");
    terminal.prompt(4);
}

#[test]
fn control_c_goes_to_a_captured_command() {
    if !engine() {
        return;
    }
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    terminal.line("run(base(), \"echo go''ing; sleep 60\")");
    terminal.see("going");
    terminal.control('c');
    terminal.see("interrupted");
    terminal.see(" · exit 130 · ");
    terminal.prompt(2);
    terminal.line("last().exit_code");
    terminal.see_line("130");
    terminal.prompt(3);
}

#[test]
fn history_comes_back_also_in_the_next_session() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    terminal.line("1000 + 1");
    terminal.prompt(2);
    terminal.line("fn f() {");
    terminal.line("  2000");
    terminal.line("}");
    terminal.prompt(3);
    terminal.keys("\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\r");
    terminal.see_line("1001");
    terminal.prompt(4);
    terminal.line("exit");
    assert_eq!(terminal.end(), 0);

    let mut terminal = Terminal::open(&plywood);
    terminal.keys("\x1b[A");
    terminal.see("exit");
    // The repeated entry is there once, then comes the function in three lines.
    terminal.keys("\x1b[A");
    terminal.see("1000 + 1");
    terminal.keys("\r");
    terminal.see_line("1001");
    terminal.prompt(2);
    terminal.line(":history fn");
    terminal.see("fn f() {");
    terminal.see("  2000");
    terminal.prompt(2);
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(plywood.store().join("history")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn one_leaves_in_every_usual_way() {
    for way in ["exit", "quit", "exit()", ":quit", ":q", "quit()"] {
        let plywood = Plywood::new();
        let mut terminal = Terminal::open(&plywood);
        terminal.line(way);
        assert_eq!(terminal.end(), 0, "{way}");
    }
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    terminal.control('d');
    assert_eq!(terminal.end(), 0);
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    terminal.line("exit(7)");
    assert_eq!(terminal.end(), 7);
}

#[test]
fn help_is_at_hand() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    for (line, part) in [
        ("help", "At the prompt"),
        (":help", "commit"),
        ("?run", "-> Container"),
        ("commit?", "-> Image"),
        (":help Diff", "filter"),
        (":hlep", "did you mean `:help`?"),
        ("?comit", "did you mean `commit`?"),
        (":vars", "no variables yet"),
    ] {
        terminal.line(line);
        terminal.see(part);
        terminal.prompt(1);
    }
    terminal.line(":time 3 * 5");
    terminal.see_line("15");
    terminal.see(" ms");
    terminal.prompt(2);
}

#[test]
fn other_programs_words_are_answered() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    for (line, answer) in [
        ("docker run -it X", "in Plywood: let c = run(\"X\")"),
        ("docker container diff $(docker container ls -lq)", "in Plywood: diff(last())"),
        ("$ docker commit $(docker ps -lq) me/x:v1", "in Plywood: let v1 = commit(last(), \"me/x:v1\")"),
        ("docker images", "in Plywood: images()"),
        ("docker compose up", "one container at a time"),
        ("yum install wget", "c.run(\"yum install -y wget\")"),
        ("ls -la", "run(base(), \"ls -la\")"),
    ] {
        terminal.line(line);
        terminal.see(answer);
        terminal.prompt(1);
    }
    // The answer is one key away.
    terminal.line("docker images");
    terminal.prompt(1);
    terminal.keys("\x1b[A");
    terminal.see("images()");
}

#[test]
fn tab_completes() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    terminal.keys("comm\t");
    terminal.see("commit(");
    terminal.control('c');
    terminal.prompt(1);
    terminal.line("let some_name = 5");
    terminal.prompt(2);
    terminal.keys("some_\t + 1\r");
    terminal.see_line("6");
    terminal.prompt(3);
    terminal.keys("run(base(), \"x\", #{ netw\t\"no\t");
    terminal.see("#{ network: \"none\"");
    terminal.control('c');
    terminal.prompt(3);
}

#[test]
fn colours_are_there_unless_unwanted() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open_with(&plywood, &[]);
    terminal.line("let x = 5");
    assert!(terminal.prompt(2).contains("\x1b[35mlet\x1b[0m"));
    let mut terminal = Terminal::open(&plywood);
    terminal.line("let x = 5");
    assert!(!terminal.prompt(2).contains("\x1b[3"));
}

/// Removed, added, the changed word of a line; what a stranger wrote into it is spelled.
#[test]
fn differences_of_texts_are_coloured() {
    let plywood = Plywood::new();
    let make = r#"let d = diff(run(base(), "printf 'same\nthe old word\n' > /f").commit("c:1"), run(base(), "printf 'same\nthe new\\033[5m word\n' > /f").commit("c:2"));"#;
    let mut terminal = Terminal::open_with(&plywood, &[]);
    terminal.line(make);
    terminal.prompt(2);
    terminal.line("d.text(\"/f\")");
    let shown = terminal.prompt(3);
    for wanted in [
        "\x1b[36m@@ -1,2 +1,2 @@\x1b[0m",
        "\x1b[31m-the \x1b[7mold\x1b[27m word\x1b[0m",
        "\x1b[32m+the \x1b[7mnew\\x1b[5m\x1b[27m word\x1b[0m",
    ] {
        assert!(shown.contains(wanted), "{wanted:?} in {shown:?}");
    }
    let mut terminal = Terminal::open(&plywood);
    terminal.line(r#"diff("c:1", "c:2").text("/f")"#);
    let shown = terminal.prompt(2);
    assert!(
        shown.contains("-the old word") && !shown.contains("\x1b[31m") && !shown.contains("\x1b[7m"),
        "{shown:?}"
    );
    let piped = plywood.eval(r#"diff("c:1", "c:2").text("/f")"#);
    assert!(piped.stdout.contains("\n-the old word\n"), "{}", piped.stdout);
}

#[test]
fn what_is_typed_ahead_is_not_lost() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    terminal.keys("let a = 40\rlet b = 2\ra + b\r");
    terminal.see_line("42");
    terminal.prompt(4);
}

#[test]
fn a_simple_terminal_will_do() {
    let plywood = Plywood::new();
    let mut command = plywood.command();
    command.env("TERM", "dumb");
    let mut terminal = Terminal::start_as_is(command);
    terminal.prompt(1);
    terminal.line("fn f() {");
    terminal.line("  42");
    terminal.line("}");
    terminal.prompt(2);
    terminal.line("f()");
    let shown = terminal.prompt(3);
    assert!(shown.contains("42") && !shown.contains('\x1b'), "{shown:?}");
    terminal.line("exit");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_session_becomes_a_script() {
    let plywood = Plywood::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("made.rhai");
    let mut terminal = Terminal::open(&plywood);
    terminal.line("let a = 40");
    terminal.prompt(2);
    terminal.line("no_such");
    terminal.prompt(3);
    terminal.line("print(a + 2)");
    terminal.prompt(4);
    terminal.line(&format!(":save {}", file.display()));
    terminal.see("2 statements in");
    terminal.prompt(4);
    let outcome = plywood.args([&file]);
    outcome.assert_ok();
    assert_eq!(outcome.stdout, "42\n");
}
