//! The explorer at a real terminal: what each key costs with a million files.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::time::Duration;

use crate::measure::{Row, median, plywood};
use crate::terminal::Terminal;

const FOLDERS: usize = 1000;
const FILES: usize = 1000;
/// What a key may cost until the screen answers.
const BAR: Duration = Duration::from_millis(30);
const ROUNDS: usize = 7;
/// In the title of what is still being worked on.
const WORKING: &str = " …─";

fn header(name: &str, kind: tar::EntryType, size: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_path(name).unwrap();
    header.set_mtime(1_600_000_000);
    header.set_entry_type(kind);
    header.set_mode(if kind == tar::EntryType::Directory { 0o755 } else { 0o644 });
    header.set_size(size);
    if kind == tar::EntryType::Symlink {
        header.set_link_name("elsewhere").unwrap();
    }
    header.set_cksum();
    header
}

/// Writes a million files in a thousand folders, a hundredth of them symbolic links, another one with a byte in
/// them; gives how many bytes that is.
fn files(out: &mut dyn Write) -> u64 {
    let mut written = 0;
    for folder in 0..FOLDERS {
        out.write_all(header(&format!("d{folder:03}"), tar::EntryType::Directory, 0).as_bytes()).unwrap();
        written += 512;
        for file in 0..FILES {
            let kind = if file % 100 == 7 { tar::EntryType::Symlink } else { tar::EntryType::Regular };
            let size = u64::from(file % 100 == 8);
            let name = format!("d{folder:03}/f{folder:03}{file:03}");
            out.write_all(header(&name, kind, size).as_bytes()).unwrap();
            written += 512;
            if size > 0 {
                out.write_all(&[b'x'; 512]).unwrap();
                written += 512;
            }
        }
    }
    out.write_all(&[0; 1024]).unwrap();
    written + 1024
}

/// A second layer: a file in each folder is other, another one is gone, a third is new.
fn changes() -> Vec<u8> {
    let mut tar = Vec::new();
    for folder in 0..FOLDERS {
        for (name, size) in [("f{}008", 3), (".wh.f{}108", 0), ("new", 5)] {
            let name = format!("d{folder:03}/{}", name.replace("{}", &format!("{folder:03}")));
            tar.extend_from_slice(header(&name, tar::EntryType::Regular, size).as_bytes());
            if size > 0 {
                tar.extend_from_slice(&[b'y'; 512]);
            }
        }
    }
    tar.extend_from_slice(&[0; 1024]);
    tar
}

/// A docker-archive of both. What its documents say of the layers' digests is not true: it is looked at in place,
/// where nobody asks.
fn archive(path: &Path) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    let mut add = |name: &str, size: u64, content: &mut dyn FnMut(&mut dyn Write)| {
        out.write_all(header(name, tar::EntryType::Regular, size).as_bytes()).unwrap();
        content(&mut out);
        io::copy(&mut io::repeat(0).take(size.next_multiple_of(512) - size), &mut out).unwrap();
    };
    let size = files(&mut io::sink());
    add("0.tar", size, &mut |out| {
        files(out);
    });
    let upper = changes();
    add("1.tar", upper.len() as u64, &mut |out| out.write_all(&upper).unwrap());
    let diff_ids = ["1", "2"].map(|digit| format!("sha256:{}", digit.repeat(64)));
    let config = serde_json::json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
        "history": [{ "created_by": "a million" }, { "created_by": "changes" }],
    })
    .to_string();
    let manifest =
        serde_json::json!([{ "Config": "config.json", "RepoTags": ["many:1"], "Layers": ["0.tar", "1.tar"] }])
            .to_string();
    for (name, text) in [("config.json", config), ("manifest.json", manifest)] {
        add(name, text.len() as u64, &mut |out| out.write_all(text.as_bytes()).unwrap());
    }
    out.write_all(&[0; 1024]).unwrap();
    out.flush().unwrap();
}

/// A key, what is pressed before it is measured, and what makes the screen be as it was.
const KEYS: &[(&str, &str, &str, &str)] = &[
    ("Down", "", "\x1b[B", "\x1b[A"),
    ("PageDown", "", "\x1b[6~", "\x1b[5~"),
    ("End", "", "\x1b[F", "\x1b[H"),
    ("Home", "\x1b[F", "\x1b[H", ""),
    ("Up from the end", "\x1b[F", "\x1b[A", "\x1b[H"),
    ("Space: fold one", "", " ", " "),
    ("Space: unfold one", " ", " ", ""),
    ("Ctrl-Space: fold all", "", "\0", "\0"),
    ("Ctrl-Space: unfold all", "\0", "\0", ""),
    ("Ctrl-O: by size", "", "\x0f", "\x0f\x0f"),
    ("Ctrl-O: by change", "\x0f", "\x0f", "\x0f"),
    ("Ctrl-O: by name", "\x0f\x0f", "\x0f", ""),
    ("Ctrl-B: attributes", "", "\x02", "\x02"),
    ("search to the last name", "/999999", "\r", "\x1b[H"),
    ("n: search on", "/999$\r", "n", "\x1b[H"),
    ("a letter of a search", "/99", "9", "\x1b"),
    ("a letter of a regex filter", "\x06f.*99", "9", "\x1b"),
    ("a filter by kind", "\x06kind:symlin", "k", "\x1b"),
    ("a filter by size", "\x06size>", "0", "\x1b"),
    ("Esc: no filter", "\x0699\r", "\x1b", ""),
    ("Ctrl-A: no added", "", "\x01", "\x01"),
    ("Ctrl-R: no removed", "", "\x12", "\x12"),
    ("M: no modified", "", "M", "M"),
    ("Ctrl-U: no unmodified", "", "\x15", "\x15"),
    ("]: the next difference", "", "]", "\x1b[H"),
    ("[: the last difference", "", "[", "\x1b[H"),
    ("m: mark", "", "m", "\x1b[Am\x1b[H"),
    ("p: versions", "", "p", "q"),
    ("w: waste", "", "w", "w"),
    ("End of the waste", "w", "\x1b[F", "w"),
    ("Ctrl-E: the question for a folder", "", "\x05", "\x1b"),
    ("?: help", "", "?", "q"),
    ("Tab", "", "\t", "\t"),
    ("another layer", "\t", "\x1b[A", "\x1b[B\t"),
    ("Ctrl-A: aggregated", "\t", "\x01", "\x0c\t"),
    ("Ctrl-L: this layer", "\t\x01", "\x0c", "\t"),
    ("o: what the layer carries", "\t", "o", "\x0c\t"),
];

fn measure(terminal: &mut Terminal) -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, before, key, after) in KEYS {
        let (mut firsts, mut lasts) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            if !before.is_empty() {
                terminal.press(before);
                terminal.rest(WORKING);
            }
            let (first, last) = terminal.change(key, WORKING);
            firsts.push(first);
            lasts.push(last);
            if !after.is_empty() {
                terminal.press(after);
                terminal.rest(WORKING);
            }
        }
        rows.push(Row::new(&format!("explorer: {name} / 30 ms"), &mut firsts, &mut [BAR], 1.0));
        // What takes longer goes on behind a frame that says so.
        if median(&mut lasts) > BAR {
            rows.push(Row::informing(&format!("explorer: {name}, all of it"), &mut lasts, &mut [BAR]));
        }
    }
    rows
}

/// From a key to the screen's answer with a million files.
pub fn keys() -> Option<Vec<Row>> {
    let folder = tempfile::tempdir().unwrap();
    let (store, path) = (folder.path().join("store"), folder.path().join("many.tar"));
    archive(&path);
    let image = format!("docker-archive:{}", path.display());
    let mut command = plywood(&store);
    command.arg("explore").arg(&image);
    let mut terminal = Terminal::start(command, 50, 200);
    terminal.shows("Layers 1/2");
    terminal.press("G\t");
    terminal.shows("Layers 2/2");
    terminal.shows("f000000");
    terminal.rest(WORKING);
    let rows = measure(&mut terminal);
    terminal.press("q");
    drop(terminal);
    fs::remove_file(path).unwrap();
    Some(rows)
}
