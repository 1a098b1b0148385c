//! Writing an image archive: a tar with the same bytes for the same image.

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write};
use std::os::unix::fs::FileExt as _;

const BLOCK: u64 = 512;

/// Writes members one after another. The file must be a regular one: headers whose content is not
/// known beforehand are filled in afterwards.
pub(super) struct TarWriter {
    out: BufWriter<File>,
    position: u64,
}

/// A member whose header is not written yet.
pub(super) struct Open {
    header: u64,
    start: u64,
}

impl TarWriter {
    pub fn new(file: File) -> Self {
        Self { out: BufWriter::with_capacity(1 << 18, file), position: 0 }
    }

    /// A member with this content.
    pub fn add(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let open = self.begin()?;
        self.write_all(content)?;
        self.end(open, name)
    }

    /// A directory: some readers make those that are not named as root's, which only root can.
    pub fn directory(&mut self, name: &str) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_path(name)?;
        header.set_mode(0o755);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(0);
        header.set_cksum();
        self.write_all(header.as_bytes())
    }

    /// Leaves room for a header; what is written now is content.
    pub fn begin(&mut self) -> io::Result<Open> {
        let header = self.position;
        self.write_all(&[0; BLOCK as usize])?;
        Ok(Open { header, start: self.position })
    }

    /// Names what was written since [`begin`](Self::begin).
    pub fn end(&mut self, open: Open, name: &str) -> io::Result<()> {
        let size = self.position - open.start;
        let padding = size.next_multiple_of(BLOCK) - size;
        self.write_all(&[0; BLOCK as usize][..usize::try_from(padding).unwrap_or(0)])?;
        let mut header = tar::Header::new_gnu();
        header.set_path(name)?;
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(size);
        header.set_cksum();
        self.out.flush()?;
        self.out.get_ref().write_all_at(header.as_bytes(), open.header)
    }

    /// Takes back what was written since [`begin`](Self::begin).
    pub fn forget(&mut self, open: Open) -> io::Result<()> {
        self.out.flush()?;
        let file = self.out.get_mut();
        file.set_len(open.header)?;
        file.seek(SeekFrom::Start(open.header))?;
        self.position = open.header;
        Ok(())
    }

    /// Ends the archive; the file, everything written to it.
    pub fn finish(mut self) -> io::Result<File> {
        self.write_all(&[0; 2 * BLOCK as usize])?;
        self.out.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

impl Write for TarWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.position += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
