//! A terminal that remembers what it shows.

use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rexpect::process::{PtyProcess, Signal, WaitStatus};

use crate::support::Plywood;
use crate::support::registry::find;

/// The machine may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// A terminal with the program in it.
pub struct Window {
    process: PtyProcess,
    keys: std::fs::File,
    parser: Arc<Mutex<vt100::Parser>>,
    raw: Arc<Mutex<Vec<u8>>>,
    /// Where tmux has its socket, and where the program's exit code is left.
    tmux: Option<tempfile::TempDir>,
}

/// What the keys mean is for the program alone to say, and it has the whole window.
const TMUX: &str = "\
set -g prefix None
unbind-key -a -T root
unbind-key -a -T prefix
set -g status off
set -g mouse on
set -s escape-time 0
set -g default-terminal screen-256color
";

impl Window {
    /// `command` in a terminal of this size.
    pub fn open(mut command: Command, (columns, rows): (u16, u16)) -> Self {
        command.env("TERM", "xterm-256color").stdin(std::process::Stdio::inherit());
        let process = PtyProcess::new(command).unwrap();
        let keys = process.get_file_handle().unwrap();
        let parser = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 0)));
        let raw = Arc::new(Mutex::new(Vec::new()));
        let window = Self { process, keys, parser, raw, tmux: None };
        window.resize((columns, rows));
        let mut output = window.process.get_file_handle().unwrap();
        let (parser, raw) = (Arc::clone(&window.parser), Arc::clone(&window.raw));
        thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                let mut parser = parser.lock().unwrap();
                let taken = catch_unwind(AssertUnwindSafe(|| parser.process(&buffer[..count])));
                if taken.is_err() {
                    // `vt100` stumbles over what was drawn for a larger window once it has a few columns only;
                    // the next size has all drawn anew.
                    let (rows, columns) = parser.screen().size();
                    *parser = vt100::Parser::new(rows, columns, 0);
                }
                drop(parser);
                raw.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
        });
        window
    }

    /// The same in tmux: what the program writes goes through a terminal that people use, and what is seen here is
    /// what that draws. The caller has looked that there is one.
    pub fn in_tmux(command: &Command, size: (u16, u16)) -> Self {
        let place = tempfile::tempdir().unwrap();
        let tmux = find("tmux").unwrap();
        std::fs::write(place.path().join("conf"), TMUX).unwrap();
        let mut wrapped = Command::new(tmux);
        wrapped.arg("-u").arg("-S").arg(place.path().join("socket")).arg("-f").arg(place.path().join("conf"));
        // With the window goes what the program left on it.
        let keep = r#"place=$1; shift; "$@"; echo $? >"$place/code"; tmux capture-pane -p >"$place/left""#;
        wrapped.args(["new-session", "sh", "-c", keep, "sh"]).arg(place.path()).arg(command.get_program());
        wrapped.args(command.get_args()).env_remove("TMUX");
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => wrapped.env(name, value),
                None => wrapped.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            wrapped.current_dir(folder);
        }
        let mut window = Self::open(wrapped, size);
        window.tmux = Some(place);
        window
    }

    /// Waits until the last line that is not empty ends with `text`.
    #[track_caller]
    pub fn asks(&mut self, text: &str) -> &mut Self {
        self.wait(&format!("it does not ask `{text}`"), |screen| {
            screen
                .lines()
                .rev()
                .find(|line| !line.trim().is_empty())
                .is_some_and(|line| line.trim_end().ends_with(text))
        });
        self
    }

    /// What stands after the last `text`, to the end of its line.
    pub fn after(&self, text: &str) -> String {
        let screen = self.screen();
        let (_, rest) = screen.rsplit_once(text).unwrap();
        rest.lines().next().unwrap().trim().to_owned()
    }

    /// The explorer on `image`.
    pub fn explore(plywood: &Plywood, image: &str, size: (u16, u16)) -> Self {
        let mut command = plywood.command();
        command.args(["explore", image]);
        Self::open(command, size)
    }

    /// The explorer on two images.
    pub fn explore_both(plywood: &Plywood, images: [&str; 2], size: (u16, u16)) -> Self {
        let mut command = plywood.command();
        command.arg("explore").args(images);
        Self::open(command, size)
    }

    /// Another size, as when a window is pulled.
    pub fn resize(&self, (columns, rows): (u16, u16)) {
        // First, so that what is drawn for the new size finds it.
        self.parser.lock().unwrap().screen_mut().set_size(rows, columns);
        let output = Command::new("stty")
            .args(["rows", &rows.to_string(), "cols", &columns.to_string()])
            .stdin(self.process.get_file_handle().unwrap())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// Presses keys, as bytes.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }

    /// Whether the other screen is shown, the one that leaves no trace.
    pub fn is_full_screen(&self) -> bool {
        self.parser.lock().unwrap().screen().alternate_screen()
    }

    /// All that was ever written.
    pub fn written(&self) -> Vec<u8> {
        self.raw.lock().unwrap().clone()
    }

    #[track_caller]
    fn wait(&self, what: &str, holds: impl Fn(&str) -> bool) {
        let end = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if holds(&screen) {
                return;
            }
            assert!(Instant::now() < end, "{what} on\n{screen}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until `text` is on the screen.
    #[track_caller]
    pub fn sees(&mut self, text: &str) -> &mut Self {
        self.wait(&format!("`{text}` did not come"), |screen| screen.contains(text));
        self
    }

    /// Waits until `text` is not on the screen.
    #[track_caller]
    pub fn misses(&mut self, text: &str) -> &mut Self {
        self.wait(&format!("`{text}` stays"), |screen| !screen.contains(text));
        self
    }

    /// Waits until a line has all of `parts`.
    #[track_caller]
    pub fn sees_line(&mut self, parts: &[&str]) -> &mut Self {
        self.wait(&format!("no line with {parts:?}"), |screen| {
            screen.lines().any(|line| parts.iter().all(|part| line.contains(part)))
        });
        self
    }

    /// Waits until the line under the cursor has `text`; the lowest line is none.
    #[track_caller]
    pub fn is_at(&mut self, text: &str) -> &mut Self {
        let end = Instant::now() + PATIENCE;
        loop {
            let parser = self.parser.lock().unwrap();
            let (rows, columns) = parser.screen().size();
            let inverse = |row: u16| -> String {
                let cells = (0..columns).filter_map(|column| parser.screen().cell(row, column));
                cells.filter(|cell| cell.inverse()).map(|cell| cell.contents()).collect()
            };
            let lines: Vec<String> = (0..rows - 1).map(inverse).collect();
            drop(parser);
            if lines.iter().any(|line| line.contains(text)) {
                return self;
            }
            assert!(
                Instant::now() < end,
                "the cursor is not at `{text}` but {lines:?} on\n{}",
                self.screen()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends a signal to the program.
    pub fn signal(&mut self, signal: Signal) {
        self.process.signal(signal).unwrap();
    }

    /// The terminal's settings, as `stty -a` tells them.
    pub fn settings(&self) -> String {
        let handle = self.process.get_file_handle().unwrap();
        let output = Command::new("stty").arg("-a").stdin(handle).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits for the end of the program.
    #[track_caller]
    pub fn end(&mut self) -> WaitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.process.status() {
                Some(WaitStatus::StillAlive) => {}
                Some(status) => {
                    // What was written last may not have been read yet.
                    thread::sleep(Duration::from_millis(50));
                    return status;
                }
                None => panic!("it is not to be found"),
            }
            assert!(Instant::now() < end, "it goes on:\n{}", self.screen());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// That it ended well.
    #[track_caller]
    pub fn ends_well(&mut self) {
        let status = self.end();
        assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}\n{}", self.screen());
        if let Some(place) = &self.tmux {
            assert_eq!(std::fs::read_to_string(place.path().join("code")).unwrap(), "0\n");
            let left = std::fs::read_to_string(place.path().join("left")).unwrap();
            self.parser.lock().unwrap().process(left.replace('\n', "\r\n").as_bytes());
        }
        assert!(!self.is_full_screen());
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // With the terminal goes tmux's client only.
        if let Some(place) = &self.tmux {
            let socket = place.path().join("socket");
            let _ = Command::new("tmux").arg("-S").arg(socket).arg("kill-server").output();
        }
    }
}

/// A layer's files.
type Files<'f> = &'f [(&'f str, &'f [u8])];

/// A docker-archive of three layers, made by hand: no engine is needed to look at it.
pub fn archive(folder: &Path) -> String {
    let layers: [Files<'_>; 3] = [
        &[
            ("etc/", b""),
            ("etc/passwd", b"root:x:0\nmail:x:8\n"),
            ("etc/evil\x1b[31mname", b"x"),
            ("usr/", b""),
            ("usr/bin/", b""),
            ("usr/bin/tool", &[7; 50_000]),
            ("usr/lib/", b""),
            ("usr/lib/big.so", &[0; 90_000]),
        ],
        &[("etc/passwd", b"root:x:0\nwget:x:9\nmail:x:8\n"), ("usr/bin/wget", &[1; 12_000])],
        &[("opt/", b""), ("opt/new.txt", b"hello\n"), ("usr/.wh.lib", b"")],
    ];
    write(folder, "demo:1", &layers, "sh")
}

/// Another image, to be compared with it: `passwd` and `tool` are other, `wget` and `opt` are gone, `srv` is new.
pub fn other_archive(folder: &Path) -> String {
    let mut long: Vec<u8> = Vec::new();
    (0..200).for_each(|line| long.extend_from_slice(format!("line {line}\n").as_bytes()));
    let layers: [Files<'_>; 1] = [&[
        ("etc/", b""),
        ("etc/passwd", b"root:x:1\nwget:x:9\nmail:x:8\n"),
        ("etc/evil\x1b[31mname", b"x"),
        ("srv/", b""),
        ("srv/one", &long),
        ("srv/two", b"2\n"),
        ("usr/", b""),
        ("usr/bin/", b""),
        ("usr/bin/tool", &[7; 49_000]),
    ]];
    write(folder, "demo:2", &layers, "wget")
}

fn write(folder: &Path, name: &str, layers: &[Files<'_>], program: &str) -> String {
    let path = folder.join(format!("{}.tar", name.replace(':', "-")));
    let mut out = tar::Builder::new(std::fs::File::create(&path).unwrap());
    let mut add = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        out.append_data(&mut header, name, bytes).unwrap();
    };
    let mut diff_ids = Vec::new();
    let mut names = Vec::new();
    for (index, files) in layers.iter().enumerate() {
        let mut layer = tar::Builder::new(Vec::new());
        for (name, bytes) in *files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(if name.ends_with('/') { 0o755 } else { 0o644 });
            if name.ends_with('/') {
                header.set_entry_type(tar::EntryType::Directory);
            }
            header.set_mtime(1_700_000_000 + index as u64);
            layer.append_data(&mut header, name, *bytes).unwrap();
        }
        let bytes = layer.into_inner().unwrap();
        diff_ids.push(plywood::oci::Digest::of(&bytes).to_string());
        names.push(format!("{index}/layer.tar"));
        add(&names[index], &bytes);
    }
    let history: Vec<_> = ["ADD rootfs", "RUN install wget", "RUN rm -r /usr/lib"]
        .iter()
        .map(|command| serde_json::json!({ "created": "2026-01-01T00:00:00Z", "created_by": command }))
        .collect();
    let config = serde_json::json!({
        "architecture": "amd64", "os": "linux", "config": { "Cmd": [program] }, "history": history[..layers.len()],
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
    });
    add("config.json", config.to_string().as_bytes());
    let manifest = serde_json::json!([{ "Config": "config.json", "RepoTags": [name], "Layers": names }]);
    add("manifest.json", manifest.to_string().as_bytes());
    out.finish().unwrap();
    format!("docker-archive:{}", path.display())
}
