//! A real dockerd.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::scratch::Scratch;
use super::{Outcome, is_root, skip};

/// A dockerd to compare with: the one at `PLYWOOD_TEST_DOCKER_HOST`, or one of our own.
pub struct Docker {
    host: String,
    // Ends the daemon by its own pid and removes its folder when this process is gone.
    _folder: Option<Scratch>,
}

static DOCKER: OnceLock<Option<Docker>> = OnceLock::new();

const START: &str = r#"
dockerd --iptables=false --bridge=none --data-root "$0/root" --exec-root "$0/exec" \
    -p "$0/pid" -H "unix://$0/docker.sock" >"$0/log" 2>&1 &
read -r _
kill "$(cat "$0/pid")"
wait
umount "$0/exec/netns/default" 2>/dev/null
"#;

impl Docker {
    /// The daemon, or `None` after saying why there is none.
    pub fn find() -> Option<&'static Self> {
        let found = DOCKER.get_or_init(Self::start);
        if found.is_none() {
            skip("no dockerd: it is not installed, or this user cannot start one");
        }
        found.as_ref()
    }

    fn start() -> Option<Self> {
        if let Some(host) = std::env::var_os("PLYWOOD_TEST_DOCKER_HOST") {
            return Some(Self { host: host.into_string().ok()?, _folder: None });
        }
        let installed =
            ["/usr/bin/dockerd", "/usr/sbin/dockerd"].iter().any(|path| PathBuf::from(path).exists());
        if !installed || !is_root() {
            return None;
        }
        let folder = Scratch::new("plywood-dockerd-", START);
        let host = format!("unix://{}/docker.sock", folder.path().display());
        let docker = Self { host, _folder: Some(folder) };
        let until = Instant::now() + Duration::from_secs(60);
        while docker.try_run(&["version"]).code != 0 {
            if Instant::now() > until {
                return None;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(docker)
    }

    fn try_run(&self, args: &[&str]) -> Outcome {
        // By its full name: a newer client elsewhere on PATH may not speak to this daemon.
        Outcome::of(Command::new("/usr/bin/docker").arg("-H").arg(&self.host).args(args).stdin(Stdio::null()))
    }

    /// Where it listens.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Runs `docker` with `args`, which must succeed; gives its output without the last newline.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> String {
        let outcome = self.try_run(args);
        assert_eq!(outcome.code, 0, "docker {args:?}: {}", outcome.stderr);
        outcome.stdout.trim_end_matches('\n').to_owned()
    }
}
