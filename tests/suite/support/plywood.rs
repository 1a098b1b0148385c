//! The program under test, on a store of its own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The built program; `PLYWOOD_TEST_BIN` names another, for a user who cannot reach the build folder.
pub fn binary() -> PathBuf {
    std::env::var_os("PLYWOOD_TEST_BIN").map_or_else(|| env!("CARGO_BIN_EXE_plywood").into(), Into::into)
}

/// The project's folder; `PLYWOOD_TEST_PROJECT` names another, likewise.
pub fn project() -> PathBuf {
    std::env::var_os("PLYWOOD_TEST_PROJECT").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), Into::into)
}

/// A store and the way to run scripts on it.
pub struct Plywood {
    store: PathBuf,
    environment: Vec<(String, std::ffi::OsString)>,
    // Removed with the value, where the store is this value's own.
    _folder: Option<tempfile::TempDir>,
}

/// What a run of the program gave.
#[derive(Debug)]
pub struct Outcome {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub stdout_bytes: Vec<u8>,
}

impl Plywood {
    /// On a clean store.
    pub fn new() -> Self {
        Self::within(&std::env::temp_dir())
    }

    /// On a clean store below `folder`.
    pub fn within(folder: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("plywood-test-").tempdir_in(folder).unwrap();
        Self { store: folder.path().join("store"), environment: Vec::new(), _folder: Some(folder) }
    }

    /// On the store at `store`, which stays.
    pub fn on(store: &Path) -> Self {
        Self { store: store.to_owned(), environment: Vec::new(), _folder: None }
    }

    /// The same with a variable in its environment.
    pub fn with_env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    pub fn store(&self) -> &Path {
        &self.store
    }

    /// The program with this store, ready for arguments.
    pub fn command(&self) -> Command {
        let mut command = Command::new(binary());
        command.arg("--store").arg(&self.store).stdin(Stdio::null());
        for name in ["SOURCE_DATE_EPOCH", "PLYWOOD_STORE", "NO_COLOR"] {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the program with `args`.
    pub fn args<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Outcome {
        Outcome::of(self.command().args(args))
    }

    /// Runs `script` as `-e` does.
    pub fn eval(&self, script: &str) -> Outcome {
        self.args(["-e", script])
    }

    /// The JSON value of `script`, which must succeed.
    #[track_caller]
    pub fn json(&self, script: &str) -> Value {
        let outcome = self.args(["--json", "-e", script]);
        outcome.assert_ok();
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {}", outcome.stdout))
    }

    /// The error that `script` ends with, as `--json` shows it.
    #[track_caller]
    pub fn error(&self, script: &str) -> Value {
        let outcome = self.args(["--json", "-e", script]);
        assert_eq!(outcome.code, 1, "{outcome:?}");
        assert_eq!(outcome.stdout, "", "an error leaves standard output empty");
        let document: Value =
            serde_json::from_str(&outcome.stderr).unwrap_or_else(|error| panic!("{error}: {outcome:?}"));
        document["error"].clone()
    }

    /// That the store holds what it says and nothing is left over.
    #[track_caller]
    pub fn assert_clean(&self) {
        let outcome = self.args(["--json", "fsck"]);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_eq!(report["problems"], serde_json::json!([]), "{report}");
    }
}

impl Drop for Plywood {
    fn drop(&mut self) {
        // A temporary folder cannot remove what belongs to subordinate ids.
        if self._folder.is_some() && !super::is_root() {
            let _ = Command::new("sh").args(["-c", super::scratch::REMOVE]).arg(&self.store).status();
        }
    }
}

impl Outcome {
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self::new(output.status, output.stdout, &output.stderr)
    }

    /// What a process gave that has ended; of a signal the code is 128 and its number.
    pub fn new(status: std::process::ExitStatus, stdout: Vec<u8>, stderr: &[u8]) -> Self {
        let code = status.code().unwrap_or_else(|| {
            use std::os::unix::process::ExitStatusExt;
            128 + status.signal().unwrap_or(0)
        });
        Self {
            code,
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(stderr).into_owned(),
            stdout_bytes: stdout,
        }
    }

    #[track_caller]
    pub fn assert_ok(&self) -> &Self {
        assert_eq!(self.code, 0, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}
