//! A file's data in another file.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt as _;

/// Data is copied in pieces of this many bytes.
const PIECE: usize = 256 * 1024;

/// Gives the empty file `out` the first `size` bytes of `from`: shared where the file system can (`FICLONE`), else
/// copied, holes left as holes.
///
/// # Errors
/// Whatever `read(2)`, `write(2)` and `ftruncate(2)` answer.
pub fn copy_data(from: &File, out: &File, size: u64) -> io::Result<()> {
    if size == 0 || clone(from, out) {
        return Ok(());
    }
    let mut buffer = vec![0; PIECE.min(usize::try_from(size).unwrap_or(PIECE))];
    let mut at = 0;
    while let Some(start) = seek(from, at, libc::SEEK_DATA)?.filter(|start| *start < size) {
        // Every file ends with a hole, be it one of no length.
        let end = seek(from, start, libc::SEEK_HOLE)?.unwrap_or(size).min(size);
        at = start;
        while at < end {
            let piece = buffer.len().min(usize::try_from(end - at).unwrap_or(buffer.len()));
            let got = match from.read_at(&mut buffer[..piece], at) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                got => got?,
            };
            // Somebody has shortened it.
            if got == 0 {
                return out.set_len(at);
            }
            out.write_all_at(&buffer[..got], at)?;
            at += got as u64;
        }
    }
    out.set_len(size)
}

/// Whether the file system could share the data.
fn clone(from: &File, out: &File) -> bool {
    // SAFETY: two live descriptors and no memory.
    unsafe { libc::ioctl(out.as_raw_fd(), libc::FICLONE, from.as_raw_fd()) == 0 }
}

/// Where the next data or hole is, from `at` on; `None` beyond the end.
fn seek(file: &File, at: u64, whence: libc::c_int) -> io::Result<Option<u64>> {
    let at = libc::off_t::try_from(at).map_err(|_| io::Error::from_raw_os_error(libc::EFBIG))?;
    // SAFETY: plain numbers.
    let found = unsafe { libc::lseek(file.as_raw_fd(), at, whence) };
    match u64::try_from(found) {
        Ok(found) => Ok(Some(found)),
        Err(_) => match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::ENXIO) => Ok(None),
            error => Err(error),
        },
    }
}
