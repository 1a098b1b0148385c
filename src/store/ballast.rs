//! Space that is kept for removals.
//!
//! On a full disk a removal needs space before it gives any: the records' log grows, a session wants a file. So the
//! store keeps some in files that have no other purpose. A removal that finds the disk full gives them up and tries
//! again; they are made anew once there is space.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, fallocate};
use nix::sys::statvfs::statvfs;

/// Several files, because a disk can run out of those too.
const PIECES: u64 = 8;

/// Bytes of each. A transaction that removes something writes some ten pages of 4 KiB.
const PIECE: u64 = 128 * 1024;

/// So many times as much must be free before any is kept back.
const PLENTY: u64 = 4;

/// The files in `ballast/`.
#[derive(Debug)]
pub(super) struct Ballast {
    folder: PathBuf,
}

impl Ballast {
    /// That of the store whose folder for it is `folder`.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Whether all of it is there.
    pub(super) fn is_kept(&self) -> bool {
        // Made last and removed first.
        fs::metadata(self.piece(PIECES - 1)).is_ok_and(|found| found.len() == PIECE)
    }

    /// Keeps it, if the disk has plenty. Whether it succeeds matters to nobody now.
    pub(super) fn keep(&self) {
        if !self.has_plenty() {
            return;
        }
        let _ = fs::DirBuilder::new().mode(0o700).create(&self.folder);
        for number in 0..PIECES {
            let path = self.piece(number);
            if fill(&path).is_err() {
                let _ = fs::remove_file(path);
                return;
            }
        }
    }

    /// Gives it up; whether there was any.
    pub(super) fn give_up(&self) -> bool {
        let gone = (0..PIECES).rev().filter(|number| fs::remove_file(self.piece(*number)).is_ok()).count();
        gone > 0
    }

    fn piece(&self, number: u64) -> PathBuf {
        self.folder.join(number.to_string())
    }

    fn has_plenty(&self) -> bool {
        let Some(root) = self.folder.parent() else { return false };
        statvfs(root).is_ok_and(|disk| {
            let free = disk.blocks_available().saturating_mul(disk.fragment_size());
            free >= PLENTY * PIECES * PIECE
                && (disk.files() == 0 || disk.files_available() >= PLENTY * PIECES)
        })
    }
}

/// A file that takes its space on the disk.
fn fill(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let take = || fallocate(&file, FallocateFlags::empty(), 0, i64::try_from(PIECE).unwrap_or(i64::MAX));
    // A signal ends it; signals come from time to time, not for ever.
    let taken =
        (0..100).map(|_| take()).find(|taken| *taken != Err(Errno::EINTR)).unwrap_or(Err(Errno::EINTR));
    match taken {
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS) => {
            // Not zeros, which some file systems do not write.
            let bytes: Vec<u8> =
                (0..PIECE).map(|place| (place.wrapping_mul(0x9e37_79b9) >> 7) as u8).collect();
            file.write_all(&bytes)
        }
        other => other.map_err(io::Error::from),
    }
}
