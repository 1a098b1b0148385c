//! Medians, ratios and bars.

use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One comparison: ours ÷ theirs must not exceed the bar.
pub struct Row {
    pub name: String,
    pub ours: Duration,
    pub theirs: Duration,
    pub bar: f64,
}

impl Row {
    pub fn new(name: &str, ours: &mut [Duration], theirs: &mut [Duration], bar: f64) -> Self {
        Self { name: name.to_owned(), ours: median(ours), theirs: median(theirs), bar }
    }

    pub fn ratio(&self) -> f64 {
        self.ours.as_secs_f64() / self.theirs.as_secs_f64()
    }

    pub fn is_met(&self) -> bool {
        self.ratio() <= self.bar
    }
}

impl fmt::Display for Row {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_met() { "met" } else { "MISSED" };
        write!(
            out,
            "{:<58} {:>11.3?} against {:>11.3?}: {:.4} × (bar {:.3}) {verdict}",
            self.name,
            self.ours,
            self.theirs,
            self.ratio(),
            self.bar
        )
    }
}

pub fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// How long `command` takes as a whole process; it must succeed.
pub fn time(command: &mut Command) -> Duration {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status().unwrap();
    let elapsed = start.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    elapsed
}

/// The built program on a store.
pub fn plywood(store: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plywood"));
    command.arg("--store").arg(store).stdin(Stdio::null());
    command
}

/// What `command` prints; it must succeed.
pub fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Where `program` is; says so if it is nowhere.
pub fn find(program: &str) -> Option<PathBuf> {
    let places = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];
    let found = places.iter().map(|place| PathBuf::from(place).join(program)).find(|path| path.exists());
    if found.is_none() {
        println!("skipped: `{program}` is not installed");
    }
    found
}
