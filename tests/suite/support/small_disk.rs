//! A disk that is as large as a test wants it.

use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::statvfs::statvfs;

/// A file system in memory, which only the thread that made it and its children see, and which goes with them.
pub struct SmallDisk {
    path: PathBuf,
}

/// So much that nothing is missing.
const PLENTY: &str = "size=1g,nr_inodes=200k";

impl SmallDisk {
    /// Gives `body` a disk, in a thread with mounts of its own. Root's.
    pub fn with(body: impl FnOnce(&Self) + Send) {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                unshare(CloneFlags::CLONE_FS | CloneFlags::CLONE_NEWNS).unwrap();
                let none = None::<&str>;
                mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).unwrap();
                let disk = Self { path: folder.path().to_owned() };
                mount(Some("tmpfs"), &disk.path, Some("tmpfs"), MsFlags::empty(), Some(PLENTY)).unwrap();
                body(&disk);
            });
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        });
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes and files that are in use.
    pub fn used(&self) -> (u64, u64) {
        let disk = statvfs(&self.path).unwrap();
        ((disk.blocks() - disk.blocks_free()) * disk.fragment_size(), disk.files() - disk.files_free())
    }

    /// Leaves so many bytes, or so many files, and plenty of the other.
    pub fn leave(&self, bytes: Option<u64>, files: Option<u64>) {
        let used = self.used();
        let bytes = bytes.map_or("1g".to_owned(), |bytes| (used.0 + bytes).to_string());
        let files = files.map_or("200k".to_owned(), |files| (used.1 + files).to_string());
        self.resize(&format!("size={bytes},nr_inodes={files}"));
    }

    pub fn leave_plenty(&self) {
        self.resize(PLENTY);
    }

    fn resize(&self, options: &str) {
        let none = None::<&str>;
        mount(none, &self.path, none, MsFlags::MS_REMOUNT, Some(options)).unwrap();
    }
}
