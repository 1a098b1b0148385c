//! A program that is not trusted to end, nor to be content with little memory.

use std::io::{Read as _, Seek as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Outcome;

/// What became of it.
#[derive(Debug)]
pub struct Watched {
    pub outcome: Outcome,
    /// Bytes that were resident at most, as last seen before the end.
    pub peak: u64,
    pub elapsed: Duration,
    /// It had to be killed.
    pub late: bool,
}

/// Runs `command` until `deadline`; the kernel gives it no more than `data` bytes of memory of its own.
pub fn watch(command: &Command, deadline: Duration, data: u64) -> Watched {
    let mut bounded = within(command, data);
    let (mut stdout, mut stderr) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    let start = Instant::now();
    let mut child = bounded
        .stdin(Stdio::null())
        .stdout(stdout.try_clone().unwrap())
        .stderr(stderr.try_clone().unwrap())
        .spawn()
        .unwrap();
    let status_file = format!("/proc/{}/status", child.id());
    let (mut peak, mut late) = (0, false);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        peak = peak.max(resident(&status_file));
        if start.elapsed() > deadline {
            late = true;
            child.kill().unwrap();
            break child.wait().unwrap();
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let elapsed = start.elapsed();
    let read = |file: &mut std::fs::File| {
        let mut bytes = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    };
    let (stdout, stderr) = (read(&mut stdout), read(&mut stderr));
    Watched { outcome: Outcome::new(status, stdout, &stderr), peak, elapsed, late }
}

/// The same command by way of a shell that lowers its limit.
fn within(command: &Command, data: u64) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -d {}; exec \"$0\" \"$@\"", data / 1024)]);
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        shell.current_dir(folder);
    }
    shell
}

/// What was resident at most; 0 before the program has begun.
///
/// Between `vfork` and the end of `execve` a child has its parent's memory, and `spawn` may return before that end:
/// its name, which comes first, changes after its memory.
///
/// Source: proc_pid_status(5), `VmHWM`: it only grows; `begin_new_exec` in Linux's fs/exec.c.
fn resident(status: &str) -> u64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let own = std::fs::read_to_string("/proc/thread-self/comm").unwrap();
    if field("Name:") == Some(own.trim()) {
        return 0;
    }
    let kib = field("VmHWM:").and_then(|line| line.strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
