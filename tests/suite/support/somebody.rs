//! The program as different users: root, one with a range of ids, one with a single id.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Outcome, binary, is_root, leave_to_root, skip};

/// Whose file owners the kernel can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Root,
    /// The first user of `/etc/subuid`.
    Ranges,
    /// An id that nobody has.
    Single,
    /// Whoever runs the tests.
    Myself,
}

/// An id without a name and without a range.
const NOBODY_HAS: &str = "54321";

/// A user with a folder, the program in it and a store.
pub struct Somebody {
    who: Who,
    user: String,
    folder: tempfile::TempDir,
}

impl Drop for Somebody {
    fn drop(&mut self) {
        // A temporary folder cannot remove what belongs to subordinate ids.
        if !is_root() {
            let store = self.folder().join("store");
            let _ = Command::new("sh").args(["-c", super::scratch::REMOVE]).arg(store).status();
        }
    }
}

impl Somebody {
    /// That user, or `None` after saying why not.
    pub fn new(who: Who) -> Option<Self> {
        if !is_root() && who != Who::Myself {
            leave_to_root("being other users needs root");
            return None;
        }
        let user = match who {
            Who::Root | Who::Myself => "0".to_owned(),
            Who::Single => NOBODY_HAS.to_owned(),
            Who::Ranges => {
                let ranges = std::fs::read_to_string("/etc/subuid").unwrap_or_default();
                let Some(name) = ranges.lines().find_map(|line| line.split(':').next()) else {
                    skip("no user has a range of ids");
                    return None;
                };
                name.to_owned()
            }
        };
        let folder = tempfile::Builder::new().prefix("plywood-somebody-").tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        // The folder of the build may be closed to others. A copy is made by another process: a program that is open
        // for writing in a child of another test's cannot be run.
        let give = "ln \"$0\" \"$1\" 2>/dev/null || cp \"$0\" \"$1\"";
        let program = folder.path().join("plywood");
        Outcome::of(Command::new("sh").args(["-c", give]).arg(binary()).arg(program)).assert_ok();
        Some(Self { who, user, folder })
    }

    pub fn who(&self) -> Who {
        self.who
    }

    /// The user's name or number.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// A folder that the user can read and write.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A copy of `file` that the user can read.
    pub fn give(&self, file: &Path) -> PathBuf {
        let copy = self.folder().join(file.file_name().unwrap());
        std::fs::copy(file, &copy).unwrap();
        std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o644)).unwrap();
        copy
    }

    /// The program as that user, ready for arguments.
    pub fn command(&self) -> Command {
        let program = self.folder().join("plywood");
        let mut command = match self.who {
            Who::Root | Who::Myself => Command::new(program),
            Who::Ranges | Who::Single => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", &self.user, "--regid", &self.user]);
                command.arg(if self.who == Who::Single { "--clear-groups" } else { "--init-groups" });
                command.arg(program);
                command
            }
        };
        command.arg("--store").arg(self.folder().join("store")).stdin(Stdio::null());
        for name in ["SOURCE_DATE_EPOCH", "PLYWOOD_STORE", "NO_COLOR", "PLYWOOD_FORCE", "PLYWOOD_LIMITS"] {
            command.env_remove(name);
        }
        command
    }

    pub fn args<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Outcome {
        Outcome::of(self.command().args(args))
    }

    #[track_caller]
    pub fn json(&self, script: &str) -> Value {
        let outcome = self.args(["--json", "-e", script]);
        outcome.assert_ok();
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {}", outcome.stdout))
    }

    #[track_caller]
    pub fn assert_clean(&self) {
        let outcome = self.args(["--json", "fsck"]);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_eq!(report["problems"], serde_json::json!([]), "{report}");
    }
}

/// Does `work` as root, as a user with a range of ids and as one with a single id, all at once; what each made of it.
pub fn everybody<T: Send>(work: impl Fn(&Somebody) -> T + Sync) -> Vec<T> {
    let all = [Who::Root, Who::Ranges, Who::Single].into_iter().filter_map(Somebody::new);
    let all: Vec<Somebody> = all.collect();
    std::thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> = all.iter().map(|one| scope.spawn(move || work(one))).collect();
        let ended = running.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended.map(|end| end.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}
