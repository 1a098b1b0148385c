//! A program at a terminal, and how long it takes to answer keys.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rexpect::process::PtyProcess;

/// Longer than this nothing takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program at a terminal.
pub struct Terminal {
    file: File,
    seen: Vec<u8>,
    screen: vt100::Parser,
    _process: PtyProcess,
}

impl Terminal {
    /// `command` at a terminal of so many rows and columns.
    pub fn start(mut command: Command, rows: u16, columns: u16) -> Self {
        command.stdin(Stdio::inherit()).env("TERM", "xterm-256color").env_remove("NO_COLOR");
        let process = PtyProcess::new(command).unwrap();
        let file = process.get_file_handle().unwrap();
        let size = plywood::sys::pty::Size { rows, columns };
        plywood::sys::pty::set_size(file.as_fd(), size).unwrap();
        let screen = vt100::Parser::new(rows, columns, 0);
        Self { file, seen: Vec::new(), screen, _process: process }
    }

    /// Reads what comes within so much time; whether anything did.
    pub fn read(&mut self, time: Duration) -> bool {
        let mut fds = [PollFd::new(self.file.as_fd(), PollFlags::POLLIN)];
        let time = PollTimeout::try_from(time).unwrap();
        if poll(&mut fds, time).unwrap() == 0 {
            return false;
        }
        let mut buffer = [0; 65536];
        let count = self.file.read(&mut buffer).unwrap_or(0);
        self.seen.extend_from_slice(&buffer[..count]);
        self.screen.process(&buffer[..count]);
        count > 0
    }

    /// Waits for `text` in what is written, and says how long that took.
    pub fn see(&mut self, text: &str) -> Duration {
        let begun = Instant::now();
        while !self.seen.windows(text.len()).any(|part| part == text.as_bytes()) {
            let came = self.read(Duration::from_millis(500));
            assert!(
                came || begun.elapsed() < PATIENCE,
                "`{text}` did not come, but {}",
                String::from_utf8_lossy(&self.seen)
            );
        }
        begun.elapsed()
    }

    pub fn press(&mut self, keys: &str) {
        self.file.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until nothing comes any more, and forgets what came.
    pub fn settle(&mut self) {
        while self.read(Duration::from_millis(25)) {}
        self.seen.clear();
    }

    /// What the screen shows.
    pub fn screen(&self) -> String {
        self.screen.screen().contents()
    }

    /// Waits until the screen shows `text`.
    pub fn shows(&mut self, text: &str) {
        let begun = Instant::now();
        while !self.screen().contains(text) {
            self.read(Duration::from_millis(50));
            assert!(begun.elapsed() < PATIENCE, "`{text}` is not on\n{}", self.screen());
        }
    }

    /// Waits until the screen is at rest: nothing changes for some time, and `working` is not on it.
    pub fn rest(&mut self, working: &str) {
        let begun = Instant::now();
        let mut last = (Instant::now(), self.screen.screen().contents_formatted());
        while last.0.elapsed() < Duration::from_millis(130) || self.screen().contains(working) {
            self.read(Duration::from_millis(10));
            let now = self.screen.screen().contents_formatted();
            if now != last.1 {
                last = (Instant::now(), now);
            }
            assert!(begun.elapsed() < PATIENCE, "no rest on\n{}", self.screen());
        }
        self.seen.clear();
    }

    /// From a key to the first change of the screen, and to the last one before it is at rest.
    pub fn change(&mut self, key: &str, working: &str) -> (Duration, Duration) {
        let before = self.screen.screen().contents_formatted();
        let begun = Instant::now();
        self.press(key);
        let first = loop {
            self.read(Duration::from_millis(500));
            // Cursor movements and the like are no answer.
            if self.screen.screen().contents_formatted() != before {
                break begun.elapsed();
            }
            assert!(begun.elapsed() < PATIENCE, "{key:?} changes nothing on\n{}", self.screen());
        };
        let mut last = (begun.elapsed(), self.screen.screen().contents_formatted());
        while begun.elapsed() < last.0 + Duration::from_millis(130) || self.screen().contains(working) {
            self.read(Duration::from_millis(10));
            let now = self.screen.screen().contents_formatted();
            if now != last.1 {
                last = (begun.elapsed(), now);
            }
            assert!(begun.elapsed() < PATIENCE, "no rest after {key:?} on\n{}", self.screen());
        }
        self.seen.clear();
        (first, last.0)
    }
}
