//! Where a tar's files are made.

use super::tree::{Inode, Meta};
use crate::layer::error::Error;
use crate::layer::tar::Sparse;

/// Gives the content of the member at hand.
pub(super) trait Body {
    fn copy(&mut self, sink: &mut dyn FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error>;
}

/// Makes what it is told, at paths without symbolic links whose parents exist.
pub(super) trait Target {
    /// A directory that the caller alone can use until [`finish_dir`](Self::finish_dir).
    fn dir(&mut self, path: &[u8]) -> Result<(), Error>;
    /// A regular file with everything it has.
    fn file(
        &mut self,
        path: &[u8],
        inode: &Inode,
        sparse: Option<&Sparse>,
        body: &mut dyn Body,
    ) -> Result<(), Error>;
    /// A symbolic link, FIFO or device with everything it has; `false` where that is not possible here.
    fn special(&mut self, path: &[u8], inode: &Inode) -> Result<bool, Error>;
    /// A further name of `first`.
    fn link(&mut self, path: &[u8], first: &[u8]) -> Result<(), Error>;
    /// Owner, mode, time and attributes of a file that exists.
    fn describe(&mut self, path: &[u8], inode: &Inode) -> Result<(), Error>;
    fn whiteout(&mut self, path: &[u8]) -> Result<(), Error>;
    /// Takes away a file, or a directory with all that is in it.
    fn remove(&mut self, path: &[u8]) -> Result<(), Error>;
    /// What a directory has; called from the inside out when nothing is put into it any more.
    fn finish_dir(&mut self, path: &[u8], meta: &Meta, opaque: bool) -> Result<(), Error>;
    /// Things that the user should know.
    fn notices(&mut self) -> Vec<String>;
}

/// Makes nothing: only the entries are wanted.
pub(super) struct Nowhere;

impl Target for Nowhere {
    fn dir(&mut self, _: &[u8]) -> Result<(), Error> {
        Ok(())
    }
    fn file(&mut self, _: &[u8], _: &Inode, _: Option<&Sparse>, _: &mut dyn Body) -> Result<(), Error> {
        // What is not read is passed over at the next header.
        Ok(())
    }
    fn special(&mut self, _: &[u8], _: &Inode) -> Result<bool, Error> {
        Ok(true)
    }
    fn link(&mut self, _: &[u8], _: &[u8]) -> Result<(), Error> {
        Ok(())
    }
    fn describe(&mut self, _: &[u8], _: &Inode) -> Result<(), Error> {
        Ok(())
    }
    fn whiteout(&mut self, _: &[u8]) -> Result<(), Error> {
        Ok(())
    }
    fn remove(&mut self, _: &[u8]) -> Result<(), Error> {
        Ok(())
    }
    fn finish_dir(&mut self, _: &[u8], _: &Meta, _: bool) -> Result<(), Error> {
        Ok(())
    }
    fn notices(&mut self) -> Vec<String> {
        Vec::new()
    }
}
