//! The prompt at a real terminal: from start to prompt against IPython, and what a key costs in a large store.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::measure::{Row, output, plywood};
use crate::terminal::Terminal;

/// What a key may cost.
const BAR: Duration = Duration::from_millis(20);
const ROUNDS: usize = 25;

/// From a key to the text that it makes, with `typed` before it; all but the two slowest of the rounds are as quick.
fn key(terminal: &mut Terminal, typed: &str, key: &str, made: &str) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            terminal.press(typed);
            terminal.settle();
            terminal.press(key);
            let took = terminal.see(made);
            terminal.press("\x07\x15");
            terminal.settle();
            took
        })
        .collect();
    times.sort();
    times[ROUNDS - 3]
}

/// A tar of 200,000 files: half of them in one folder, and a program.
fn tar(path: &Path) {
    let mut tar = tar::Builder::new(std::io::BufWriter::new(File::create(path).unwrap()));
    let mut header = tar::Header::new_ustar();
    header.set_size(0);
    let mut add = |name: &str, mode: u32, kind: tar::EntryType| {
        header.set_mode(mode);
        header.set_entry_type(kind);
        tar.append_data(&mut header, name, std::io::empty()).unwrap();
    };
    for folder in ["flat", "deep", "usr", "usr/bin"] {
        add(folder, 0o755, tar::EntryType::Directory);
    }
    for number in 0..100_000 {
        add(&format!("flat/f{number:06}"), 0o644, tar::EntryType::Regular);
    }
    for folder in 0..100 {
        add(&format!("deep/d{folder:02}"), 0o755, tar::EntryType::Directory);
        for number in 0..1000 {
            add(&format!("deep/d{folder:02}/g{number:03}"), 0o644, tar::EntryType::Regular);
        }
    }
    add("usr/bin/wget", 0o755, tar::EntryType::Regular);
    tar.finish().unwrap();
}

/// What a key costs with 1,000 images, one of which has 200,000 files.
pub fn keys() -> Option<Vec<Row>> {
    let folder = tempfile::tempdir().unwrap();
    let (store, many, small) =
        (folder.path().join("store"), folder.path().join("many.tar"), folder.path().join("small"));
    tar(&many);
    fs::create_dir(&small).unwrap();
    fs::write(small.join("file"), "").unwrap();
    let script = format!(
        "rootfs(`{}`, `bench:many`);
         for n in 0..1000 {{ rootfs(`{}`, `team/app-${{n}}:v1`, #{{ message: `${{n}}` }}); }}
         run(base(), [`true`], #{{ name: `web` }});",
        many.display(),
        small.display()
    );
    output(plywood(&store).args(["--quiet", "-e", &script]));
    let mut terminal = Terminal::start(plywood(&store), 40, 120);
    terminal.see("[1]> ");
    terminal.press("let many = image(\"bench:many\"); let c = container(\"web\");\r");
    terminal.see("[2]> ");
    terminal.settle();
    let code =
        "for i in images() { print(run(i, [\"true\"]).diff().filter(|change| change.size > 5).len()); } ";
    let cases = [
        ("Tab, one of 1,000 images", "image(\"team/app-50", "\t", "team/app-50"),
        ("Tab, which of 1,000 images", "image(\"team", "\t", " of 1000; Tab: more"),
        ("Tab, a path among 100,000 in a folder", "many.read(\"/flat/f05012", "\t", "f050129"),
        ("Tab, a folder of 100,000", "many.read(\"/flat/", "\t", "Tab: more"),
        ("Tab, a path in an image by name", "run(\"bench:many\", \"cat /deep/d77/g12", "\t", "g129"),
        ("Tab, a program", "run(many, \"wge", "\t", "wget"),
        ("Tab, a path in a container", "c.read(\"/etc/os-rel", "\t", "os-release"),
        ("Tab, a method", "many.lay", "\t", "layers"),
        ("Tab, a closure's parameter", "many.files.filter(|f| f.mti", "\t", "mtime"),
        ("a letter in a call", "run(many, \"x", "Q", "Q"),
        ("a letter after much code", code, "Q", "Q"),
    ];
    let rows = cases.iter().map(|(name, typed, key, made)| {
        let mut took = [self::key(&mut terminal, typed, key, made)];
        Row::new(&format!("prompt: {name} / 20 ms"), &mut took, &mut [BAR], 1.0)
    });
    Some(rows.collect())
}

/// Where one of `names` is on the caller's `PATH`.
fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let all =
        || std::env::split_paths(&path).flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    let found = all().find(|it| it.exists());
    if found.is_none() {
        println!("skipped: `{}` is not on the PATH", names.join("` or `"));
    }
    found
}

/// From start to the prompt, against IPython.
pub fn start() -> Option<Vec<Row>> {
    let ipython = on_path(&["ipython", "ipython3"])?;
    // What starts it may be a shell script: the interpreter itself is the peer.
    let asked = Command::new(ipython).args(["-c", "import sys; print(sys.executable)"]).output().ok()?;
    let text = String::from_utf8_lossy(&asked.stdout).into_owned();
    let Some(python) = text.lines().map(PathBuf::from).find(|line| line.is_file()) else {
        println!("skipped: `ipython` does not say which Python it is");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        ours.push(Terminal::start(plywood(&folder.path().join("store")), 40, 120).see("[1]> "));
        let mut command = Command::new(&python);
        command.args(["-m", "IPython"]).env("IPYTHONDIR", folder.path().join("ipython"));
        theirs.push(Terminal::start(command, 40, 120).see("In ["));
    }
    Some(vec![Row::new("start to prompt / IPython", &mut ours, &mut theirs, 0.1)])
}
