//! Every key that the help lists has a case here, which is pressed at both sizes, in tmux.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use super::window::{Window, archive, other_archive};
use crate::support::Plywood;
use crate::support::registry::find;

const SIZES: [(u16, u16); 2] = [(80, 24), (200, 50)];

/// Heading and keys as the help has them, and what the screen shows when they are pressed. `target` is a folder.
type Case = (&'static str, &'static str, fn(&mut Window, target: &Path));

/// From the layers to the tree of the last one.
fn last_tree(window: &mut Window) -> &mut Window {
    window.keys("G").sees("Layers 3/3").sees("─new.txt").keys("\t").sees("●Current")
}

/// The bytes of a file that has more than a screen of lines.
fn long(window: &mut Window) -> &mut Window {
    window.keys("/tool\r").is_at("─tool").keys("\r").sees(" · text").keys("x").sees("bytes · line 1 of 3125")
}

/// The second version of `passwd`.
fn passwd(window: &mut Window) -> &mut Window {
    window.keys("G").sees("Layers 3/3").keys("/passwd\r").is_at("─passwd").keys("\r").sees("layer 1 · text")
}

const CASES: &[Case] = &[
    ("Everywhere", "q, Ctrl-C", |window, _| {
        window.keys("w").sees("Waste: ").keys("q").sees("Current Layer Contents").keys("\x03");
        window.ends_well();
    }),
    ("Everywhere", "Tab", |window, _| {
        window
            .sees("●Layers")
            .keys("\t")
            .sees("●Current")
            .keys("\t")
            .sees("●Layers")
            .keys("\x1b[Z")
            .sees("●Current");
    }),
    ("Everywhere", "arrows, hjkl", |window, _| {
        window.keys("\x1b[B").sees("Layers 2/3").keys("\x1b[A").sees("Layers 1/3");
        window.keys("j").sees("Layers 2/3").keys("k").sees("Layers 1/3");
        window.keys("l").sees("●Current").is_at("etc/").keys("h").sees("⊕ etc/").keys("l").sees("⊟ etc/");
        window.keys("\x1b[D").sees("⊕ etc/").keys("\x1b[C").sees("⊟ etc/").keys("\x1b[C").is_at("─evil");
        window.keys("\x1b[D").is_at("etc/").keys("jj").is_at("─passwd").keys("k").is_at("─evil");
        long(window).keys("l").misses("00000000  07").keys("h").sees("00000000  07");
    }),
    ("Everywhere", "PageUp/Down, u, d", |window, _| {
        window.keys("\x1b[6~").sees("Layers 3/3").keys("\x1b[5~").sees("Layers 1/3");
        window.keys("d").sees("Layers 3/3").keys("u").sees("Layers 1/3");
        long(window).keys("\x1b[6~").misses("line 1 of").keys("\x1b[5~").sees("line 1 of");
        window.keys("u").sees("line 1 of");
    }),
    ("Everywhere", "Home/End, g, G", |window, _| {
        window.keys("\x1b[F").sees("Layers 3/3").keys("\x1b[H").sees("Layers 1/3");
        window.keys("G").sees("Layers 3/3").keys("g").sees("Layers 1/3");
        window.keys("\t\x1b[F").is_at("─big.so").keys("g").is_at("etc/").keys("G").is_at("─big.so");
    }),
    ("Everywhere", "Ctrl-F", |window, _| {
        window
            .keys("\x06")
            .sees("Filter (pattern")
            .keys("bin/.*l$")
            .misses("─big.so")
            .sees("─tool")
            .keys("\r");
        window.sees("filter bin/.*l$").keys("\x06\x15size>60k\r").misses("─tool").sees("─big.so");
        window.keys("\x06\x15size<10\r").misses("─big.so").sees("─evil").misses("─passwd");
        window.keys("\x06\x15kind:dir\r").misses("─evil").sees("lib/");
    }),
    ("Everywhere", "Esc", |window, _| {
        window.keys("\x06tool\r").misses("─big.so").keys("\x1b").sees("─big.so").misses("filter tool");
        window.keys("w").sees("Waste: ").keys("\x1b").sees("Current Layer Contents");
    }),
    ("Everywhere", "/  n  N", |window, _| {
        window.keys("/^b\r").is_at("bin/").keys("n").is_at("─big.so").keys("n").is_at("bin/");
        window
            .keys("N")
            .is_at("─big.so")
            .keys("/bin/to\r")
            .is_at("─tool")
            .keys("/nowhere\r")
            .sees("nothing found");
    }),
    ("Everywhere", "Ctrl-O", |window, _| {
        window.keys("\x0f").sees("by size").keys("\x0f").sees("by change").keys("\x0f").misses("by change");
    }),
    ("Everywhere", "Ctrl-B", |window, _| {
        let has = window.screen().contains("Permission");
        let shown = |window: &mut Window, shown: bool| {
            if shown {
                window.sees("drwxr-xr-x")
            } else {
                window.misses("drwxr-xr-x")
            };
        };
        window.keys("\x02");
        shown(window, !has);
        window.keys("\x02");
        shown(window, has);
    }),
    ("Everywhere", "w", |window, _| {
        window.keys("w").sees("Waste: 90.0 kB").sees_line(&["removed", "/usr/lib/big.so"]);
        window.keys("w").sees("Current Layer Contents");
    }),
    ("Everywhere", "Ctrl-E", |window, target| {
        window.keys("/passwd\r").is_at("─passwd").keys("\x05").sees("Extract into folder: extracted");
        window.keys("\x15").keys(target.to_str().unwrap()).keys("\r").sees("1 file written to");
        assert_eq!(std::fs::read(target.join("etc/passwd")).unwrap(), b"root:x:0\nmail:x:8\n");
    }),
    ("Everywhere", "mouse", |window, _| {
        window.keys("\x1b[<0;6;4M\x1b[<0;6;4m").sees("Layers 2/3").sees("─wget");
        let lines: Vec<String> = window.screen().lines().map(str::to_owned).collect();
        let line = lines.iter().position(|line| line.contains("⊟ usr/")).unwrap() + 1;
        let column = lines[line - 1].chars().count() - 2;
        let click = format!("\x1b[<0;{column};{line}M\x1b[<0;{column};{line}m");
        window
            .keys(&click)
            .is_at("usr/")
            .keys(&click)
            .sees("⊕ usr/")
            .keys("\x1b[<64;6;4M")
            .sees("Layers 1/3");
    }),
    ("Layers", "Ctrl-L", |window, _| {
        window.keys("G\x01").sees("Aggregated").keys("\x0c").sees("Current Layer").sees_line(&["  ", "wget"]);
    }),
    ("Layers", "Ctrl-A", |window, _| {
        window.keys("G\x01").sees("Aggregated Layer Contents").sees_line(&["+ ", "wget"]);
    }),
    ("Layers", "o", |window, _| {
        window.keys("Go").sees("Only What the Layer").sees("lib (whiteout)").misses("─tool");
    }),
    ("Files", "Space", |window, _| {
        last_tree(window).keys(" ").sees("⊕ etc/").misses("─passwd").keys(" ").sees("─passwd");
    }),
    ("Files", "Ctrl-Space", |window, _| {
        last_tree(window).keys("\0").sees("⊕ usr/").misses("─wget").keys("\0").sees("⊟ usr/").sees("─wget");
    }),
    ("Files", "Ctrl-A", |window, _| {
        last_tree(window).keys("\x01").misses("─new.txt").sees("no added").keys("\x01").sees("─new.txt");
    }),
    ("Files", "Ctrl-R", |window, _| {
        last_tree(window).keys("\x12").misses("─big.so").sees("no removed").keys("\x12").sees("─big.so");
    }),
    ("Files", "Ctrl-M, M", |window, _| {
        window.keys("j").sees("Layers 2/3").sees("─wget").keys("\t").sees("─passwd");
        window.keys("M").sees("no modified").misses("─passwd").keys("M").sees("─passwd");
        // As terminals send it that tell it from Enter.
        window.keys("\x1b[109;5u").sees("no modified").misses("─passwd");
    }),
    ("Files", "Ctrl-U, =", |window, _| {
        last_tree(window).keys("\x15").sees("no unmodified").misses("─passwd").keys("=").sees("─passwd");
        window.keys("=").misses("─passwd").keys("\x15").sees("─passwd");
    }),
    ("Files", "[  ]", |window, _| {
        last_tree(window)
            .keys("]")
            .is_at("opt/")
            .keys("]")
            .is_at("lib/")
            .keys("]")
            .sees("again from the top");
        window.is_at("opt/").keys("[").is_at("lib/");
    }),
    ("Files", "Enter", |window, _| {
        window.keys("\t\r").sees("⊕ etc/").keys("\r").sees("⊟ etc/").keys("jj").is_at("─passwd");
        window.keys("\r").sees("layer 0 · text").sees("mail:x:8");
    }),
    ("Files", "p", |window, _| {
        window
            .keys("/passwd\r")
            .is_at("─passwd")
            .keys("p")
            .sees("Versions of /etc/passwd")
            .sees("other size");
    }),
    ("Files", "m", |window, _| {
        window
            .keys("/tool\r")
            .is_at("─tool")
            .keys("m")
            .sees("1 marked")
            .sees_line(&["* ", "─tool"])
            .keys("q");
        window.ends_well();
        window.sees("/usr/bin/tool");
    }),
    ("A file", "t  x  d  s", |window, _| {
        passwd(window).keys("x").sees("72 6f 6f 74").keys("t").sees("wget:x:9").misses("72 6f");
        window.keys("d").sees("difference from layer 0").sees("││+wget:x:9");
        window.keys("s").misses("││+wget:x:9").sees("│+wget:x:9");
    }),
    ("A file", "n  N", |window, _| {
        passwd(window).keys("d").sees("@@ -1,2 +1,3 @@").keys("n").sees("no more that differs");
        window.keys("jN").sees("no more that differs");
    }),
    ("A file", "[  ]", |window, _| {
        passwd(window).keys("[").sees("layer 0 · text").misses("wget:x:9").keys("]").sees("layer 1 · text");
        window.keys("]").sees("no later version");
    }),
    ("Two images", "Tab", |window, _| {
        window.sees("▸B demo:2").keys("\t").sees("▸A demo:1").sees("Files at A").keys("\t").sees("▸B demo:2");
    }),
    ("Two images", "c", |window, _| {
        window
            .keys("c")
            .sees("What Else Differs")
            .sees_line(&["config", "Cmd", "sh"])
            .keys("c")
            .sees("Files at");
    }),
    ("Signs", "+  ~  -  ·  *", |window, _| {
        window.sees_line(&["~ ", "─passwd"]).sees_line(&["- ", "─new.txt"]).sees_line(&["+ ", "srv/"]);
        window.sees_line(&["·", "etc/"]).keys("m").sees_line(&["* ", "etc/"]);
    }),
];

/// Heading and keys of every line of the help, as a screen shows them that has room for all.
fn listed(window: &mut Window) -> BTreeSet<(String, String)> {
    let title = "Help: arrows";
    let screen = window.keys("?").sees(title).sees("changed below, marked").screen();
    let lines: Vec<Vec<char>> = screen.lines().map(|line| line.chars().collect()).collect();
    let place =
        |line: &Vec<char>| line.iter().collect::<String>().find(title).map(|at| line_columns(line, at));
    let (top, left) = lines.iter().enumerate().find_map(|(at, line)| Some((at, place(line)?))).unwrap();
    let mut found = BTreeSet::new();
    let mut heading = String::new();
    for line in &lines[top + 1..] {
        let inside: String = line.iter().skip(left).take(76).collect();
        if inside.starts_with('─') {
            assert_eq!(heading, "Signs", "the help is longer than the screen");
            break;
        }
        match inside.strip_prefix(' ') {
            Some(keys) if !keys.trim().is_empty() => {
                let what: String = keys.chars().skip(20).collect();
                assert!(!what.contains('│') && !what.trim().is_empty(), "{inside}");
                let keys: String = keys.chars().take(20).collect();
                found.insert((heading.clone(), keys.trim().to_owned()));
            }
            Some(_) => {}
            None => heading = inside.trim().to_owned(),
        }
    }
    found
}

/// The column of a byte of a line.
fn line_columns(line: &[char], byte: usize) -> usize {
    line.iter()
        .scan(0, |at, letter| Some(std::mem::replace(at, *at + letter.len_utf8())))
        .take_while(|at| *at < byte)
        .count()
}

#[test]
fn each_key_of_the_help_does_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let images = [archive(folder.path()), other_archive(folder.path())];
    let plywood = Plywood::new();
    if find("tmux").is_none() {
        return;
    }
    let open = |heading: &str, keys: &str, size| {
        // tmux does not tell Ctrl-M from Enter.
        let window =
            if keys.contains("Ctrl-M") { Window::open } else { |it, size| Window::in_tmux(&it, size) };
        let mut command = plywood.command();
        if matches!(heading, "Two images" | "Signs") {
            command.arg("explore").args(&images);
            let mut window = window(command, size);
            window.sees("Two Images").sees("▸B ").sees("─passwd");
            return window;
        }
        command.args(["explore", &images[0]]);
        let mut window = window(command, size);
        window.sees("Layers 1/3").sees("─big.so");
        window
    };
    let listed = listed(&mut open("Everywhere", "?", SIZES[1]));
    let known: BTreeSet<(String, String)> =
        CASES.iter().map(|(heading, keys, _)| ((*heading).to_owned(), (*keys).to_owned())).collect();
    assert_eq!(listed, known, "what the help lists, and what is tested");
    let pending = Mutex::new(CASES.iter().flat_map(|case| SIZES.map(|size| (case, size))).enumerate());
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = pending.lock().unwrap().next();
                    let Some((number, ((heading, keys, press), size))) = next else { return };
                    let target = folder.path().join(format!("out-{number}"));
                    let pressed =
                        catch_unwind(AssertUnwindSafe(|| press(&mut open(heading, keys, size), &target)));
                    if pressed.is_err() {
                        failed.lock().unwrap().push((*heading, *keys, size));
                    }
                }
            });
        }
    });
    assert_eq!(failed.into_inner().unwrap(), []);
}
