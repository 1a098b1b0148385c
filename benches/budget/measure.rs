//! Medians, ratios and bars.

use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One comparison: ours ÷ theirs must not exceed the bar.
pub struct Row {
    pub name: String,
    ours: String,
    theirs: String,
    ratio: f64,
    /// None where the peer does less and the row only informs.
    bar: Option<f64>,
}

impl Row {
    pub fn new(name: &str, ours: &mut [Duration], theirs: &mut [Duration], bar: f64) -> Self {
        Self { bar: Some(bar), ..Self::informing(name, ours, theirs) }
    }

    /// A row without a bar.
    pub fn informing(name: &str, ours: &mut [Duration], theirs: &mut [Duration]) -> Self {
        let (ours, theirs) = (median(ours), median(theirs));
        let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
        let (ours, theirs) = (format!("{ours:.3?}"), format!("{theirs:.3?}"));
        Self { name: name.to_owned(), ours, theirs, ratio, bar: None }
    }

    /// The same for amounts of memory.
    pub fn bytes(name: &str, ours: u64, theirs: u64, bar: f64) -> Self {
        let (mega, ratio) = (|bytes: u64| format!("{} MB", bytes / 1_000_000), ours as f64 / theirs as f64);
        Self { name: name.to_owned(), ours: mega(ours), theirs: mega(theirs), ratio, bar: Some(bar) }
    }

    pub fn is_met(&self) -> bool {
        self.bar.is_none_or(|bar| self.ratio <= bar)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, ours, theirs, ratio, bar } = self;
        write!(out, "{name:<58} {ours:>11} against {theirs:>11}: {ratio:.4} × ")?;
        match bar {
            None => write!(out, "(no bar: the peer does less)"),
            Some(bar) => write!(out, "(bar {bar:.3}) {}", if self.is_met() { "met" } else { "MISSED" }),
        }
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

/// The same, and the most memory in bytes that it had at a time.
pub fn time_and_peak(command: &mut Command) -> (Duration, u64) {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn().unwrap();
    let path = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let status = loop {
        // The kernel keeps the high-water mark: only what is reached in the last moment can be missed.
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak = peak.max(kilobytes.unwrap_or(0) * 1024);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let elapsed = start.elapsed();
    assert!(status.success() && peak > 0, "{command:?}: {status}");
    (elapsed, peak)
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
