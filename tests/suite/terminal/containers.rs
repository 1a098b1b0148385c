//! Containers that have the terminal.

use super::screen::{Terminal, engine};
use crate::support::{Plywood, skip};

/// A shell in a fresh container of the starter image.
fn shell(plywood: &Plywood) -> Terminal {
    let mut terminal = Terminal::open(plywood);
    terminal.line("let c = run(base())");
    terminal.see("/ # ");
    terminal
}

#[test]
fn a_shell_and_back() {
    if !engine() {
        return;
    }
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    terminal.line("ask(\"waiting> \")");
    terminal.see("waiting> ");
    terminal.see("waiting> ");
    let before = terminal.stty(&["-g"]);
    terminal.line("");
    terminal.prompt(2);

    terminal.line("let c = run(base())");
    terminal.see("/ # ");
    terminal.line("tty; echo written > /file");
    terminal.see("/dev/pts/0");
    terminal.see("/ # ");
    // At once: what the shell sees next is the new size.
    terminal.resize(33, 97);
    terminal.line("stty size");
    terminal.see_line("33 97");
    terminal.see("/ # ");
    terminal.line("echo go''ing; sleep 100");
    terminal.see_line("going");
    terminal.control('c');
    terminal.see("/ # ");
    terminal.line("echo al''ive $((6 * 7))");
    terminal.see_line("alive 42");
    terminal.see("/ # ");
    terminal.line("exit 3");
    terminal.see(" · exit 3 · ");
    terminal.see(" · 1 change · +8 B");
    terminal.prompt(3);

    // The keyboard is ours again, for lines and for scripts.
    terminal.line("c.read(\"/file\")");
    terminal.see_line("written");
    terminal.prompt(4);
    terminal.line("ask(\"waiting> \")");
    terminal.see("waiting> ");
    terminal.see("waiting> ");
    assert_eq!(terminal.stty(&["-g"]), before);
    terminal.line("");
    terminal.prompt(5);
    terminal.line("let v1 = commit(c, \"training:v1\")");
    terminal.see(" training:v1 · 2 layers · ");
    terminal.prompt(6);
    terminal.line("exit");
    assert_eq!(terminal.end(), 0);
    plywood.assert_clean();
}

#[test]
fn control_d_ends_the_shell_only() {
    if !engine() {
        return;
    }
    let plywood = Plywood::new();
    let mut terminal = shell(&plywood);
    terminal.control('d');
    terminal.see(" · exit 0 · ");
    terminal.prompt(2);
    terminal.line("c.exit_code");
    terminal.see_line("0");
    terminal.prompt(3);
    terminal.line("run(c)");
    terminal.see("/ # ");
    terminal.line("exit");
    terminal.prompt(4);
}

#[test]
fn an_editor_edits() {
    if !engine() {
        return;
    }
    let plywood = Plywood::new();
    if plywood.json("run(base(), \"command -v vi\", #{ check: false }).exit_code") != 0 {
        return skip("this machine has no `vi` for the starter image");
    }
    let mut terminal = shell(&plywood);
    terminal.line("vi /root/note");
    terminal.see("/root/note");
    terminal.keys("ifrom the editor");
    terminal.see("from the editor");
    terminal.keys("\x1b");
    terminal.keys(":wq\r");
    terminal.see("/ # ");
    terminal.line("exit");
    terminal.see(" · exit 0 · ");
    terminal.prompt(2);
    terminal.line("c.read(\"/root/note\")");
    terminal.see_line("from the editor");
    terminal.prompt(3);
}

#[test]
fn a_command_may_have_the_terminal_too() {
    if !engine() {
        return;
    }
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    terminal.line("run(base(), \"test -t 0 && test -t 1 && echo a term''inal\", #{ tty: true })");
    terminal.see_line("a terminal");
    terminal.see(" · exit 0 · ");
    terminal.prompt(2);
    terminal.line("run(base(), \"test -t 0 || echo no term''inal\")");
    terminal.see_line("no terminal");
    terminal.prompt(3);
}

#[test]
fn output_without_a_last_newline_is_not_lost() {
    if !engine() {
        return;
    }
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    terminal.line("run(base(), \"printf no''newline\")");
    // The blanks after it push the prompt to the next line.
    terminal.see("nonewline ");
    terminal.see(" · exit 0 · ");
    terminal.prompt(2);
}
