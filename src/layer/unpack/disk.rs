//! Making a layer's files below a directory.

use std::ffi::CString;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use super::target::{Body, Target};
use super::tree::{Inode, Meta};
use crate::layer::entry::{Kind, split_path};
use crate::layer::error::{Error, shown};
use crate::layer::ladder::{Ladder, gone};
use crate::layer::overlay::OverlayFormat;
use crate::layer::owners::{Owner, Recorder};
use crate::layer::tar::Sparse;
use crate::sys::file::{self, Name};

/// More notices of one kind than this say nothing new.
const MOST_NOTICES: usize = 20;

pub(super) struct Disk {
    root: OwnedFd,
    ladder: Ladder<OwnedFd>,
    format: OverlayFormat,
    /// Owners are recorded here instead of given.
    recorder: Option<Recorder>,
    own_ids: (u32, u32),
    notices: Vec<String>,
    unsaid: usize,
}

impl Disk {
    pub(super) fn open(root: &Path, format: OverlayFormat, owners: bool) -> Result<Self, Error> {
        let fail = |source| Error::host("open", root, source);
        let dir = file::open_root(root).map_err(fail)?;
        let ladder = Ladder::new(dir.try_clone().map_err(fail)?);
        let own_ids = file::own_ids();
        let recorder = if owners { None } else { Some(Recorder::open(root)?) };
        Ok(Self { root: dir, ladder, format, recorder, own_ids, notices: Vec::new(), unsaid: 0 })
    }

    /// The open parent of `path`, and its last component.
    fn at(&mut self, path: &[u8]) -> io::Result<(BorrowedFd<'_>, Name)> {
        at(&mut self.ladder, path)
    }

    /// An empty file whose record says that it should be a device.
    fn record_device(&mut self, path: &[u8], inode: &Inode) -> Result<(), Error> {
        let fail = |source| Error::io("make", path, source);
        let device = (inode.kind.file_type(), inode.device.0, inode.device.1);
        let owner = Owner { device: Some(device), ..Owner::new(inode.meta.uid, inode.meta.gid) };
        let (dir, name) = at(&mut self.ladder, path).map_err(fail)?;
        file::create_file(dir, &name).map_err(fail)?;
        // Its own record comes after the one of a file with that owner.
        let meta = Meta { uid: self.own_ids.0, gid: self.own_ids.1, ..inode.meta.clone() };
        self.dress(path, inode.kind, &meta).map_err(fail)?;
        let (dir, name) = at(&mut self.ladder, path).map_err(fail)?;
        self.recorder.as_mut().map_or(Ok(()), |recorder| recorder.give(dir, &name, &owner)).map_err(fail)
    }

    fn notice(&mut self, text: impl FnOnce() -> String) {
        if self.notices.len() < MOST_NOTICES {
            self.notices.push(text());
        } else {
            self.unsaid += 1;
        }
    }

    /// Everything but the content of an existing file that is no directory.
    fn dress(&mut self, path: &[u8], kind: Kind, meta: &Meta) -> io::Result<()> {
        let own_ids = self.own_ids;
        let (dir, name) = at(&mut self.ladder, path)?;
        let mut unmapped = false;
        if (meta.uid, meta.gid) != own_ids {
            match &mut self.recorder {
                Some(recorder) => recorder.give(dir, &name, &Owner::new(meta.uid, meta.gid))?,
                None => unmapped = is_unmapped(file::set_owner(dir, &name, meta.uid, meta.gid))?,
            }
        }
        let mut unset = Vec::new();
        // Attributes come after the owner: a change of owner takes capabilities away.
        for (attribute, value) in &meta.xattrs {
            let set = file::set_xattr(dir, &name, &CString::new(attribute.as_slice())?, value);
            if let Some(error) = tolerated(set, meta)? {
                unset.push((attribute, error));
            }
        }
        if kind != Kind::Symlink {
            file::set_mode(dir, &name, meta.mode)?;
        }
        file::set_mtime(dir, &name, meta.mtime.secs, meta.mtime.nanos)?;
        self.tell(path, meta, unmapped, unset);
        Ok(())
    }

    /// The same for a file that has just been made and is open.
    fn dress_open(&mut self, path: &[u8], open: BorrowedFd<'_>, meta: &Meta) -> io::Result<()> {
        let mut unmapped = false;
        if (meta.uid, meta.gid) != self.own_ids {
            match &mut self.recorder {
                Some(recorder) => recorder.give_open(open, &Owner::new(meta.uid, meta.gid))?,
                None => unmapped = is_unmapped(file::set_owner_of(open, meta.uid, meta.gid))?,
            }
        }
        let mut unset = Vec::new();
        for (attribute, value) in &meta.xattrs {
            let set = file::set_xattr_of(open, &CString::new(attribute.as_slice())?, value);
            if let Some(error) = tolerated(set, meta)? {
                unset.push((attribute, error));
            }
        }
        file::set_mode_of(open, meta.mode)?;
        file::set_mtime_of(open, meta.mtime.secs, meta.mtime.nanos)?;
        self.tell(path, meta, unmapped, unset);
        Ok(())
    }

    fn tell(&mut self, path: &[u8], meta: &Meta, unmapped: bool, unset: Vec<(&Vec<u8>, io::Error)>) {
        if unmapped {
            self.notice(|| {
                format!(
                    "`{}` cannot belong to {}:{} here: this user namespace does not have that id",
                    shown(path),
                    meta.uid,
                    meta.gid
                )
            });
        }
        for (attribute, error) in unset {
            self.notice(|| {
                let attribute = String::from_utf8_lossy(attribute);
                format!(
                    "`{}` cannot have the attribute `{}` here: {error}",
                    shown(path),
                    attribute.escape_debug()
                )
            });
        }
    }
}

fn at<'a>(ladder: &'a mut Ladder<OwnedFd>, path: &[u8]) -> io::Result<(BorrowedFd<'a>, Name)> {
    let (dir, name) = split_path(path);
    let dir = ladder.go(dir)?.ok_or_else(gone)?;
    Ok((dir.as_fd(), Name::new(name)?))
}

fn is_unmapped(answer: io::Result<()>) -> io::Result<bool> {
    match answer {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Ok(true),
        answer => answer.map(|()| false),
    }
}

/// An attribute that this file system, user or kernel does not take is no reason to refuse a layer.
fn tolerated(answer: io::Result<()>, meta: &Meta) -> io::Result<Option<io::Error>> {
    match answer {
        // ext4 has a block for all attributes of a file, and says of what does not fit that the disk is full.
        Err(error) if error.raw_os_error() == Some(libc::ENOSPC) && xattr_bytes(meta) > XATTR_BLOCK => {
            Ok(Some(io::Error::from_raw_os_error(libc::E2BIG)))
        }
        Err(error)
            if matches!(
                error.raw_os_error(),
                Some(libc::EOPNOTSUPP | libc::EPERM | libc::EINVAL | libc::ERANGE | libc::E2BIG)
            ) =>
        {
            Ok(Some(error))
        }
        answer => answer.map(|()| None),
    }
}

/// Bytes of attributes that fit into any block that a file system may have for them.
const XATTR_BLOCK: usize = 900;

fn xattr_bytes(meta: &Meta) -> usize {
    // A name and a value each, and what ext4 needs for an entry.
    meta.xattrs.iter().map(|(name, value)| name.len() + value.len() + 16).sum()
}

impl Target for Disk {
    fn dir(&mut self, path: &[u8]) -> Result<(), Error> {
        self.at(path)
            .and_then(|(dir, name)| file::make_dir(dir, &name, 0o700))
            .map_err(|source| Error::io("make the directory", path, source))
    }

    fn file(
        &mut self,
        path: &[u8],
        inode: &Inode,
        sparse: Option<&Sparse>,
        body: &mut dyn Body,
    ) -> Result<(), Error> {
        let fail = |source| Error::io("write", path, source);
        let mut out = self.at(path).and_then(|(dir, name)| file::create_file(dir, &name)).map_err(fail)?;
        match sparse {
            None => body.copy(&mut |bytes| out.write_all(bytes).map_err(fail))?,
            Some(sparse) => {
                out.set_len(sparse.size).map_err(fail)?;
                scatter(&mut out, sparse, path, body)?;
            }
        }
        self.dress_open(path, out.as_fd(), &inode.meta).map_err(|source| Error::io("set up", path, source))
    }

    fn special(&mut self, path: &[u8], inode: &Inode) -> Result<bool, Error> {
        if self.recorder.is_some() && matches!(inode.kind, Kind::CharDevice | Kind::BlockDevice) {
            return self.record_device(path, inode).map(|()| true);
        }
        let fail = |source| Error::io("make", path, source);
        let (dir, name) = self.at(path).map_err(fail)?;
        let made = match inode.kind {
            Kind::Symlink => file::make_symlink(&inode.link, dir, &name),
            kind => file::make_node(dir, &name, kind.file_type() | 0o600, inode.device),
        };
        match made {
            Err(error)
                if error.raw_os_error() == Some(libc::EPERM)
                    && matches!(inode.kind, Kind::CharDevice | Kind::BlockDevice) =>
            {
                self.notice(|| {
                    format!("the device `{}` was left out: only root can make devices", shown(path))
                });
                return Ok(false);
            }
            made => made.map_err(fail)?,
        }
        self.dress(path, inode.kind, &inode.meta).map_err(|source| Error::io("set up", path, source))?;
        Ok(true)
    }

    fn link(&mut self, path: &[u8], first: &[u8]) -> Result<(), Error> {
        let fail = |source| Error::io("link", path, source);
        // The other directory is looked up second, so hold the first by a descriptor of its own.
        let (dir, old) = self.at(first).map_err(fail)?;
        let from = dir.try_clone_to_owned().map_err(fail)?;
        let (dir, name) = self.at(path).map_err(fail)?;
        file::make_link(from.as_fd(), &old, dir, &name).map_err(fail)
    }

    fn describe(&mut self, path: &[u8], inode: &Inode) -> Result<(), Error> {
        let fail = |source| Error::io("set up", path, source);
        self.dress(path, inode.kind, &inode.meta).map_err(fail)?;
        let Some(recorder) = &mut self.recorder else { return Ok(()) };
        // The record there was may say something else now, if only that none is needed.
        let device = matches!(inode.kind, Kind::CharDevice | Kind::BlockDevice).then_some((
            inode.kind.file_type(),
            inode.device.0,
            inode.device.1,
        ));
        let owner = Owner { device, ..Owner::new(inode.meta.uid, inode.meta.gid) };
        let (dir, name) = at(&mut self.ladder, path).map_err(fail)?;
        recorder.give(dir, &name, &owner).map_err(fail)
    }

    fn whiteout(&mut self, path: &[u8]) -> Result<(), Error> {
        let format = self.format;
        self.at(path)
            .and_then(|(dir, name)| format.hide(dir, &name))
            .map_err(|source| Error::io("mark as deleted", path, source))
    }

    fn remove(&mut self, path: &[u8]) -> Result<(), Error> {
        self.ladder.forget(path);
        self.at(path)
            .and_then(|(dir, name)| file::remove_tree(dir, &name))
            .map_err(|source| Error::io("replace", path, source))
    }

    fn finish_dir(&mut self, path: &[u8], meta: &Meta, opaque: bool) -> Result<(), Error> {
        let fail = |source| Error::io("set up", path, source);
        let format = self.format;
        if path.is_empty() {
            let root = self.root.try_clone().map_err(fail)?;
            if opaque {
                format.set_opaque_of(root.as_fd()).map_err(fail)?;
            }
            return self.dress_open(path, root.as_fd(), meta).map_err(fail);
        }
        if opaque {
            self.at(path).and_then(|(dir, name)| format.set_opaque(dir, &name)).map_err(fail)?;
        }
        self.dress(path, Kind::Dir, meta).map_err(fail)
    }

    fn notices(&mut self) -> Vec<String> {
        let mut notices = std::mem::take(&mut self.notices);
        if self.unsaid > 0 {
            notices.push(format!("and {} more like these", self.unsaid));
        }
        notices
    }
}

/// Puts the pieces of a sparse file where they belong.
fn scatter(out: &mut std::fs::File, sparse: &Sparse, path: &[u8], body: &mut dyn Body) -> Result<(), Error> {
    let fail = |source| Error::io("write", path, source);
    let mut segments = sparse.segments.iter().filter(|segment| segment.length > 0);
    let mut left = 0_u64;
    body.copy(&mut |mut bytes| {
        while !bytes.is_empty() {
            if left == 0 {
                // The map was checked to be as long as the data.
                let Some(segment) = segments.next() else { return Ok(()) };
                out.seek(SeekFrom::Start(segment.offset)).map_err(fail)?;
                left = segment.length;
            }
            let now = bytes.len().min(usize::try_from(left).unwrap_or(bytes.len()));
            out.write_all(&bytes[..now]).map_err(fail)?;
            left -= now as u64;
            bytes = &bytes[now..];
        }
        Ok(())
    })
}
