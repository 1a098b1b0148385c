//! What can go wrong before a program runs.

use std::path::PathBuf;

use nix::errno::Errno;

use super::exit;

/// Why a program did not run in a container.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such program; Docker's wording.
    #[error("exec: `{program}`: {}", if *.searched { "executable file not found in $PATH" } else { "no such file or directory" })]
    NotFound {
        /// As it was asked for.
        program: String,
        /// It was looked up in `PATH`.
        searched: bool,
    },
    /// The program is there but not what it needs to start.
    #[error("exec: `{program}`: the interpreter or dynamic loader that it names is missing in the container")]
    InterpreterMissing {
        /// As it was asked for.
        program: String,
    },
    /// The program is there but cannot be executed.
    #[error("exec: `{program}`: {}", errno.desc().to_lowercase())]
    NotExecutable {
        /// As it was asked for.
        program: String,
        /// EACCES, EISDIR, ENOEXEC, …
        errno: Errno,
    },
    /// Something in the specification cannot be.
    #[error("{what} `{value}` {reason}")]
    Invalid {
        /// Which part.
        what: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// No such user or group; Docker's wording.
    #[error("unable to find {kind} {name}: no matching entries in {file} file")]
    UnknownUser {
        /// `user` or `group`.
        kind: &'static str,
        /// As it was asked for.
        name: String,
        /// `passwd` or `group`.
        file: &'static str,
    },
    /// An id outside what Linux has.
    #[error("user `{spec}`: ids are numbers from 0 to 2147483647")]
    IdRange {
        /// As it was asked for.
        spec: String,
    },
    /// The source of a volume cannot be used.
    #[error("volume source `{}`: {}", path.display(), errno.desc().to_lowercase())]
    VolumeSource {
        /// Path on the host.
        path: PathBuf,
        /// Why.
        errno: Errno,
    },
    /// The container's root holds something where the engine mounts, that it will not touch.
    #[error("`{path}` in the container is {reason}: refused, nothing is mounted there")]
    HostileRoot {
        /// Path in the container.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A step of the set-up failed.
    #[error("could not {step}: {}", errno.desc().to_lowercase())]
    Setup {
        /// What was to be done.
        step: String,
        /// Why not.
        errno: Errno,
    },
    /// The program that serves the container's root ended.
    #[error("`{}` cannot serve the container's root: {said}", program.display())]
    Served {
        /// The program.
        program: PathBuf,
        /// Its last words.
        said: String,
    },
    /// The user interrupted before the program started.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// Docker's exit code for it: 125, 126 or 127.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::NotFound { .. } | Self::InterpreterMissing { .. } => exit::NOT_FOUND,
            Self::NotExecutable { .. } => exit::NOT_EXECUTABLE,
            _ => exit::ENGINE,
        }
    }

    pub(super) fn setup(step: impl Into<String>) -> impl FnOnce(Errno) -> Self {
        let step = step.into();
        move |errno| Self::Setup { step, errno }
    }
}
