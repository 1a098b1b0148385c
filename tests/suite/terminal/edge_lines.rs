//! Lines that nobody should type, typed.

use std::fs;

use super::screen::Terminal;
use crate::support::Plywood;

/// Keys, and what of them an entry must be in the history; `None` where nothing of it is promised.
type Entry = (String, Option<String>);

/// A line; the second Enter ends it if it goes on, and is nothing if it does not.
fn kept(line: impl Into<String>) -> Entry {
    let line = line.into();
    (format!("{line}\r\r"), Some(line))
}

fn keys(keys: impl Into<String>) -> Entry {
    (keys.into(), None)
}

/// Ends whatever is unfinished, without running more than an error.
const END: &str = "\r\r\x15";

/// Code that stops in the middle: Enter goes on, an empty line ends it.
fn unfinished() -> Vec<Entry> {
    let pieces = [
        "let x = ",
        "f(",
        "f(1, ",
        "[1, 2",
        "#{",
        "#{ a:",
        "#{ a: 1,",
        "{",
        "if true {",
        "if",
        "for i in",
        "while",
        "loop {",
        "fn",
        "fn f",
        "fn f(",
        "fn f(a,",
        "fn f() {",
        "`",
        "`a ${",
        "`a ${b",
        "`${`${`",
        "#\"",
        "##\"a\"#",
        "/*",
        "/// x",
        "/* /* */",
        "|",
        "||",
        "|x|",
        "x.",
        "x?.",
        "x[",
        "1 +",
        "1 +-",
        "!",
        "-",
        "let",
        "const",
        "import",
        "import \"",
        "import \"x\" as",
        "export",
        "try {",
        "try { } catch",
        "switch 1 {",
        "switch",
        "return",
        "throw",
        "\"",
        "\"a\\",
        "'",
        "'a",
        "a::",
        "::",
        "1..",
        "1e",
        "0x",
        "..",
    ];
    pieces.iter().map(|piece| (format!("{piece}{END}"), None)).collect()
}

/// Letters from everywhere.
fn letters() -> Vec<Entry> {
    [
        "\"日本語\".len()",
        "\"👩‍👩‍👧‍👦 family\"",
        "\"e\u{301}\u{301}\u{301}\"",
        "\"مرحبا\"",
        "\"\u{202e}backwards\"",
        "\"\u{200b}\u{feff}\"",
        "let ü = 1; ü",
        "日本",
        "\"🇩🇪🇫🇷\"",
        "'é'",
        "'👍'",
        "\"\u{a0}nbsp\"",
        "“quotes”",
        "x → y",
        "\"ﷺ\"",
        "\"𝕏\"",
        "\"\u{e000}\"",
        "\"\u{10ffff}\"",
        "\"\u{2028}\u{2029}\"",
    ]
    .iter()
    .map(|line| kept(*line))
    .collect()
}

/// Keys and bytes that control terminals.
fn controls() -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::new();
    // Every control key but those that end a line, an input or a program; then the line is emptied.
    for byte in (0_u8..32).filter(|byte| ![3, 4, 10, 13, 26, 27, 28].contains(byte)) {
        // Ctrl-Q and Ctrl-V take the next key as it is.
        let next = if matches!(byte, 17 | 22) { "x" } else { "" };
        all.push(keys(format!("ab{}{next}\x07\x15\x0b", char::from(byte))));
    }
    for sequence in [
        "\x1b",
        "\x1b[",
        "\x1b[A",
        "\x1b[B",
        "\x1b[C\x1b[D",
        "\x1b[Z",
        "\x1b[3~",
        "\x1b[5~",
        "\x1b[99~",
        "\x1b[1;5C",
        "\x1b[?25h",
        "\x1bOP",
        "\x1b[20~",
        "\x1bb",
        "\x1bf",
        "\x1bd",
        "\x1b\x7f",
        "\x1b5a",
        "\x1b-3x",
        "\x1b.",
        "\x1bu",
        "\x1b[M !!",
        "\x1b[<0;1;1M",
        "\x1b]0;title\x07",
        "\x7f\x7f\x7f",
        "\x1by",
        "\x18\x15",
        "\x18\x7f",
        "\x1d5",
        "\x14",
        "\x19",
    ] {
        all.push(keys(format!("cd{sequence}\x07\x15\x0b")));
    }
    // As characters: after Ctrl-V.
    for byte in ['\x01', '\x07', '\x08', '\x0b', '\x1b', '\x7f'] {
        all.push(keys(format!("\"e\x16{byte}f\"\r")));
    }
    all
}

/// What comes from a clipboard.
fn pasted() -> Vec<Entry> {
    let paste = |text: &str| format!("\x1b[200~{text}\x1b[201~\r");
    let lines = (0..300).map(|number| format!("let p{number} = {number};")).collect::<Vec<_>>().join("\n");
    let mut all = vec![
        (paste("1 +\n1"), Some("1 +\n1".to_owned())),
        (paste("[1]> 2 + 2\n"), Some("2 + 2".to_owned())),
        (paste(&lines), Some(lines.clone())),
        (paste("\tindented();\n\t\tmore();"), None),
        (paste("windows\r\nlines\r\n"), Some("windows\nlines".to_owned())),
        (paste(""), None),
        (paste("\n\n\n"), None),
        (paste("a\x07b\x01c"), None),
        (paste("esc \x1b[31mred\x1b[0m"), None),
        (paste("$ docker run -it debian"), None),
        (paste("unfinished {\n(\n[\n"), None),
        // The blank of our own margin is nobody's.
        (paste("\u{2007}\u{2007}margin"), None),
    ];
    all.last_mut().unwrap().0.push_str(END);
    let at = all.len() - 2;
    all[at].0.push_str(END);
    all
}

/// Long ones. Each key draws the line anew, so that what is typed is shorter than what is pasted.
fn huge() -> Vec<Entry> {
    let paste = |text: &str| format!("\x1b[200~{text}\x1b[201~\r");
    let long = format!("\"{}\".len()", "x".repeat(20_000));
    let deep = format!("{}1{}", "(".repeat(3000), ")".repeat(3000));
    let array = format!("[{}].len()", "1, ".repeat(5000));
    let names = "name_".repeat(4000);
    let mut all: Vec<Entry> =
        [long, deep, array, names].iter().map(|text| (paste(text), Some(text.clone()))).collect();
    all.push(kept(format!("\"{}\"", "typed ".repeat(60))));
    all.push(keys(format!("{}\x15", "(".repeat(300))));
    all.push(keys(format!("{}\t\x15", "a.b(".repeat(100))));
    all.push(keys(format!("{}\x15", "|x| ".repeat(100))));
    all
}

/// Lines that are odd in other ways.
fn odd() -> Vec<Entry> {
    let lines = [
        ";",
        ";;;",
        ",",
        ".",
        "#",
        "@",
        "~",
        "$",
        "%",
        "^",
        "&",
        "*",
        "\\",
        "?",
        "!",
        ":",
        "::",
        ":help :help",
        ":undo 99999999999999999999",
        ":goto -1",
        ":load",
        ":load /",
        ":source",
        ":type",
        ":type ]",
        ":json nothing",
        ":history \\",
        ":time",
        ":save",
        "? ?",
        "!exit 3",
        "!",
        "help help help",
        "docker",
        "docker run",
        "docker run 'unclosed",
        "docker $(",
        "ls -la",
        "cd",
        "rm -rf /",
        "sudo su",
        "_",
        "_ + _",
        "Out",
        "Out[99]",
        "Out = 5",
        "exit + 1",
        "0x",
        "1.2.3",
        "99999999999999999999",
        "1/0",
        "[][0]",
        "\"a\"[5]",
        "9223372036854775807 + 1",
        "let let = 1",
        "fn() {}",
        "} {",
        ")(",
        "]]]",
        "this",
        "print",
        "run",
        "// x",
        "/* y */",
        "\"unclosed",
        "'too long'",
        "let x; let x; x",
        "loop { break }",
        "throw 5",
        "eval(\"1 + 1\")",
        "type_of(())",
    ];
    lines.iter().map(|line| kept(*line)).collect()
}

/// What must be in the history: of a line all but blanks around it.
fn remembered(entries: &[Entry]) -> Vec<String> {
    let lines = entries.iter().filter_map(|(_, line)| line.as_deref()).map(|line| line.trim_end().to_owned());
    lines.filter(|line| !line.is_empty() && !line.starts_with(' ')).collect()
}

fn history(plywood: &Plywood) -> Vec<String> {
    let text = fs::read_to_string(plywood.store().join("history")).unwrap();
    assert_eq!(text.lines().next(), Some("#V2"));
    let plain = |line: &str| line.replace("\\\\", "\u{0}").replace("\\n", "\n").replace('\u{0}', "\\");
    text.lines().skip(1).map(plain).collect()
}

#[test]
fn odd_lines_neither_end_it_nor_lose_history() {
    let kinds = [unfinished(), letters(), controls(), pasted(), huge(), odd()];
    let count: usize = kinds.iter().map(Vec::len).sum();
    assert!(count >= 200, "{count}");
    let plywood = Plywood::new();
    for (kind, entries) in kinds.iter().enumerate() {
        let mut terminal = Terminal::open(&plywood);
        for (number, (keys, _)) in entries.iter().enumerate() {
            terminal.keys(keys);
            // After some of them one looks whether it is still there.
            if number % 20 == 19 || number + 1 == entries.len() {
                let mark = format!("{kind}{number:03}");
                terminal.keys(&format!("\x15\x0bprint(`al${{\"iv\"}}e {mark}`)\r"));
                let shown = terminal.see(&format!("alive {mark}"));
                assert!(!shown.contains("panicked") && !shown.contains("RUST_BACKTRACE"), "{shown}");
            }
        }
        terminal.keys("\x15\x0b1000 + 337\r");
        terminal.see_line("1337");
        terminal.keys("exit\r");
        assert_eq!(terminal.end(), 0);
        let known = history(&plywood);
        for line in remembered(entries) {
            assert!(known.contains(&line), "not in the history: {line:?}");
        }
    }
    // A later session has them all: here the first of the last kind.
    let mut terminal = Terminal::open(&plywood);
    terminal.keys("\x12Out[99");
    terminal.see("Out[99]");
    terminal.keys("\x07\x15");
    terminal.line(":history unclosed");
    terminal.see("\"unclosed");
    terminal.line("1 + 1");
    terminal.see_line("2");
    let colours = plywood.eval("1");
    assert_eq!(colours.stdout, "1\n");
}

#[test]
fn the_same_with_colours_and_hints() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open_with(&plywood, &[]);
    for (kind, entries) in [unfinished(), controls(), odd()].iter().enumerate() {
        for (number, (keys, _)) in entries.iter().enumerate() {
            // With a Tab in between.
            terminal.keys(&keys.replacen('\r', "\t\r", 1));
            // Before the next kind, too: a Ctrl-S that comes while the last kind's code is still run
            // is not the editor's but the terminal's, and stops it.
            if number % 40 == 39 || number + 1 == entries.len() {
                let mark = format!("{kind}{number:03}");
                terminal.keys(&format!("\x15\x0bprint(`al${{\"iv\"}}e {mark}`)\r"));
                let shown = terminal.see(&format!("alive {mark}"));
                assert!(!shown.contains("panicked"), "{shown}");
                terminal.see("]> ");
            }
        }
    }
    terminal.keys("\x15\x0b1000 + 337\r");
    terminal.see("1337");
}

#[test]
fn what_is_no_text_loses_nothing_that_was_typed() {
    let plywood = Plywood::new();
    let mut terminal = Terminal::open(&plywood);
    terminal.keys("40 + 2");
    terminal.see("40 + 2");
    terminal.bytes(b"\xff\xfe");
    terminal.see("not UTF-8");
    terminal.see("40 + 2");
    terminal.keys("\r");
    terminal.see_line("42");
    terminal.prompt(2);
    terminal.bytes(b"\x1b[200~caf\xe9 au lait\x1b[201~");
    terminal.see("not UTF-8");
    terminal.keys("\x15\x0b");
    terminal.line("6 * 7 + 0");
    terminal.see_line("42");
}
