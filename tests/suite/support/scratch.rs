//! Folders that live as long as the test program.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A folder that goes when this process is gone, however it ends: what is in a `static` is never dropped.
pub struct Scratch {
    path: PathBuf,
    // Reads until this process's end of the pipe closes, then tidies up.
    _keeper: Child,
}

impl Scratch {
    /// A new folder. `before` is a shell script run in the background with the folder as `$0`: it may start what
    /// lives in the folder, then must wait with `read -r _`, then end it.
    pub fn new(prefix: &str, before: &str) -> Self {
        let path = tempfile::Builder::new().prefix(prefix).tempdir().unwrap().keep();
        let script = format!("{before}\nrm -rf \"$0\"");
        let keeper = Command::new("sh")
            .args(["-c", &script])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self { path, _keeper: keeper }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}
