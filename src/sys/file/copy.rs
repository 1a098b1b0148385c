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
    copy_bytes(from, out, size)
}

/// The same without sharing: holes stay holes, every other byte is copied.
///
/// # Errors
/// The files' own.
pub fn copy_bytes(from: &File, out: &File, size: u64) -> io::Result<()> {
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

/// Whether two files hold the same; what neither has data for is not read.
///
/// # Errors
/// Whatever `fstat(2)`, `lseek(2)` and `read(2)` answer.
pub fn same_data(one: &File, other: &File) -> io::Result<bool> {
    let size = one.metadata()?.len();
    if size != other.metadata()?.len() {
        return Ok(false);
    }
    let piece = PIECE.min(usize::try_from(size).unwrap_or(PIECE));
    let (mut left, mut right) = (vec![0; piece], vec![0; piece]);
    let mut at = 0;
    loop {
        let next = |file| Ok::<u64, io::Error>(seek(file, at, libc::SEEK_DATA)?.unwrap_or(size));
        at = next(one)?.min(next(other)?);
        let wanted = piece.min(usize::try_from(size.saturating_sub(at)).unwrap_or(piece));
        if wanted == 0 {
            return Ok(true);
        }
        let got = fill(one, &mut left[..wanted], at)?;
        if fill(other, &mut right[..wanted], at)? != got || left[..got] != right[..got] {
            return Ok(false);
        }
        if got < wanted {
            // Somebody has shortened both.
            return Ok(true);
        }
        at += got as u64;
    }
}

fn fill(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], at + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn holes_are_not_read() {
        let sparse = |at: u64, byte: u8| {
            let file = tempfile::tempfile().unwrap();
            // Reading it would take minutes.
            file.set_len(1 << 40).unwrap();
            file.write_all_at(&[byte; 5000], at).unwrap();
            file
        };
        let one = sparse(1 << 30, 7);
        assert!(same_data(&one, &sparse(1 << 30, 7)).unwrap());
        assert!(!same_data(&one, &sparse(1 << 30, 8)).unwrap());
        assert!(!same_data(&one, &sparse(1 << 31, 7)).unwrap());
        let copy = tempfile::tempfile().unwrap();
        copy_data(&one, &copy, 1 << 40).unwrap();
        assert!(same_data(&one, &copy).unwrap());
        // Zeros that were written are equal to those that were not.
        assert!(
            same_data(&one, &{
                let file = sparse(1 << 30, 7);
                file.write_all_at(&[0; 9000], 1 << 20).unwrap();
                file
            })
            .unwrap()
        );
        let empty = tempfile::tempfile().unwrap();
        assert!(!same_data(&one, &empty).unwrap());
        assert!(same_data(&empty, &tempfile::tempfile().unwrap()).unwrap());
    }
}
