//! Containers that really run; they need root (of the machine, or of a user namespace) and a static busybox.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod hostile;
mod io;
mod isolation;
mod life;
mod plan;
mod program;

use std::ffi::CString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use super::plan::Plan;
use super::*;
use crate::sys::Interrupt;

const APPLETS: [&str; 24] = [
    "sh", "true", "cat", "ls", "id", "grep", "mount", "stty", "tty", "sleep", "env", "hostname", "ip",
    "head", "wc", "readlink", "touch", "mkdir", "chmod", "dd", "pwd", "stat", "mknod", "mv",
];

/// A small image and a fresh container on it, in a directory that vanishes.
struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    /// `None`, said on standard error, where no container can run.
    fn new() -> Option<Self> {
        static REASON: OnceLock<Option<String>> = OnceLock::new();
        let reason = REASON.get_or_init(|| {
            if !nix::unistd::geteuid().is_root() {
                return Some("needs root".into());
            }
            let bench = Self::build()?;
            match bench.run(&bench.spec(&["true"])) {
                Ok(_) => None,
                Err(error) => Some(error.to_string()),
            }
        });
        match reason {
            None => Self::build(),
            Some(reason) => {
                assert!(std::env::var_os("PLYWOOD_REQUIRE_PEERS").is_none(), "skipped: {reason}");
                eprintln!("skipped: {reason}");
                None
            }
        }
    }

    fn build() -> Option<Self> {
        let busybox =
            ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| Path::new(path).exists())?;
        let bench = Self { dir: tempfile::tempdir().unwrap() };
        let image = bench.path("image");
        for directory in ["bin", "etc", "tmp", "root"] {
            fs::create_dir_all(image.join(directory)).unwrap();
        }
        fs::copy(busybox, image.join("bin/busybox")).unwrap();
        for applet in APPLETS {
            symlink("busybox", image.join("bin").join(applet)).unwrap();
        }
        fs::write(image.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n").unwrap();
        let init = bench.path("init");
        for directory in ["etc", "proc", "dev", "sys"] {
            fs::create_dir_all(init.join(directory)).unwrap();
        }
        for file in ["hosts", "hostname", "resolv.conf"] {
            fs::write(init.join("etc").join(file), "").unwrap();
        }
        for directory in ["part/fs", "part/work"] {
            fs::create_dir_all(bench.path(directory)).unwrap();
        }
        Some(bench)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn spec(&self, argv: &[&str]) -> Spec {
        spec(self.dir.path(), argv)
    }

    fn run(&self, spec: &Spec) -> Result<Exit, Error> {
        run(spec, captured(), Some(Duration::from_secs(60)), &Interrupt, &mut |_| {})
    }

    /// Runs a shell script and returns its output; it has to succeed.
    fn sh(&self, script: &str) -> String {
        self.sh_with(script, |_| {})
    }

    fn sh_with(&self, script: &str, change: impl FnOnce(&mut Spec)) -> String {
        // A second run in the same directories, as a caller would.
        volatile::forget(&self.path("part/work")).unwrap();
        let mut spec = self.spec(&["sh", "-c", script]);
        change(&mut spec);
        let exit = self.run(&spec).unwrap();
        assert_eq!(exit.code, 0, "{}{}", exit.stdout.escape_ascii(), exit.stderr.escape_ascii());
        String::from_utf8(exit.stdout).unwrap()
    }
}

fn spec(dir: &Path, argv: &[&str]) -> Spec {
    let rootless = fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| !map.contains("4294967295"));
    Spec {
        lowers: vec![dir.join("init"), dir.join("image")],
        upper: dir.join("part/fs"),
        work: dir.join("part/work"),
        userxattr: rootless,
        volatile: true,
        mount_api: MountApi::Auto,
        argv: argv.iter().map(|argument| CString::new(*argument).unwrap()).collect(),
        env: vec![c"PATH=/bin".into(), c"HOME=/root".into()],
        cwd: c"/".into(),
        uid: 0,
        gid: 0,
        groups: vec![0],
        hostname: "box".into(),
        network: Network::Host,
        volumes: Vec::new(),
        files: vec![
            ("/etc/hosts", b"127.0.0.1 localhost\n".to_vec()),
            ("/etc/hostname", b"box\n".to_vec()),
            ("/etc/resolv.conf", Vec::new()),
        ],
        capabilities: Capabilities::for_network(Network::Host),
        seccomp: Seccomp::Docker,
        search_path: b"/usr/bin:/bin".to_vec(),
        rootless,
        single_id: false,
        root: Root::Overlay,
    }
}

/// Whether this user namespace has more than one id.
fn has_many_ids() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap();
    map.split_whitespace().nth(2) != Some("1") || map.lines().count() > 1
}

fn captured() -> Io<'static> {
    Io::Captured { stdin: Stdin::Empty, on_output: None }
}

fn volume(source: &Path, target: &str, read_only: bool) -> Volume {
    Volume { source: source.to_owned(), target: target.into(), read_only }
}
