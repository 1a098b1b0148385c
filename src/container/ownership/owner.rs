//! Answers about owners, by records.

use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;

use super::super::{Error, Root, Spec};
use super::credentials::{Credentials, SAME};
use super::files::{View, path_to};
use super::reply::Reply;
use super::request::{Made, Named};
use crate::layer::owners::{ATTRIBUTE, Inode, Owner, Owners, Recorder};
use crate::sys::at;
use crate::sys::file::{self, Name};
use crate::sys::notify::{self, Call, Listener};

/// When a file was made, where nobody knows.
const NEVER: (i64, u32) = (0, 0);

/// A record is shorter.
const LONGEST: usize = 64;

/// The records of a container's layers, of which the writable one gets more.
#[derive(Debug)]
pub struct Records {
    recorder: Recorder,
    /// Some file has one.
    any: bool,
    /// The writable tree.
    upper: OwnedFd,
    /// Lower layers have records that are no attributes.
    lowers_have_lines: bool,
    /// Of what cannot have attributes, by the inode that the container sees.
    links: HashMap<Inode, Owner>,
    /// The same by number alone, for a root that does not tell when files were made: one that a program serves.
    numbers: HashMap<u64, Owner>,
}

impl Records {
    /// Those of a container's layers.
    ///
    /// # Errors
    /// [`Error::Setup`] when they cannot be read.
    pub fn open(spec: &Spec) -> Result<Self, Error> {
        let said = |errno| Error::setup("read the records of owners")(errno);
        let fail = |_: crate::layer::Error| said(Errno::EIO);
        let mut any = false;
        let mut links = HashMap::new();
        let mut lowers_have_lines = false;
        let lowers = spec.lowers.iter().rev().map(|tree| (tree, true));
        for (tree, is_lower) in lowers.chain([(&spec.upper, false)]) {
            if let Some(owners) = Owners::of_tree(tree).map_err(fail)? {
                any |= owners.any();
                lowers_have_lines |= is_lower && !owners.by_inode().is_empty();
                links.extend(owners.by_inode());
            }
        }
        let mut recorder = Recorder::open(&spec.upper).map_err(fail)?;
        if any {
            // The kernel copies them up together with the files.
            recorder.begin().map_err(|error| said(notify::errno_of(&error)))?;
        }
        let written = match &spec.root {
            Root::Directory(tree) => tree,
            Root::Overlay | Root::Fuse(_) => &spec.upper,
        };
        let upper = file::open_root(written).map_err(|error| said(notify::errno_of(&error)))?;
        let numbers = match &spec.root {
            Root::Fuse(_) => links.iter().map(|((number, _), owner)| (*number, *owner)).collect(),
            Root::Overlay | Root::Directory(_) => HashMap::new(),
        };
        Ok(Self { recorder, any, upper, lowers_have_lines, links, numbers })
    }

    pub(super) const fn any(&self) -> bool {
        self.any
    }

    /// Whether files of lower layers have records that do not come up with them.
    pub const fn lowers_have_lines(&self) -> bool {
        self.lowers_have_lines
    }

    /// `chown` and its like.
    pub(super) fn own(
        &mut self,
        view: &mut View,
        listener: &Listener,
        call: &Call,
        who: &Credentials,
        file: Named,
        [uid, gid]: [u32; 2],
    ) -> Result<Reply, Errno> {
        let file = view.open(listener, call, file)?;
        let file = file.as_fd();
        if !view.is_own(file)? {
            return Ok(foreign(file));
        }
        let before = self.of(file)?;
        let now = before.unwrap_or_default();
        if !who.is_privileged() {
            let is_mine = now.uid == who.user.fs;
            if !is_mine || uid != SAME && uid != now.uid || gid != SAME && !who.is_in(gid) {
                return Err(Errno::EPERM);
            }
        }
        // The kernel's part of it: copying up, set-id bits and capabilities taken away, times.
        let real = |id: u32| if id == SAME { SAME } else { 0 };
        notify::change_owner(file, real(uid), real(gid))?;
        let pick = |wanted: u32, now: u32| if wanted == SAME { now } else { wanted };
        let after = Owner { uid: pick(uid, now.uid), gid: pick(gid, now.gid), ..now };
        if before.is_some() || !after.is_plain() {
            self.record(file, &after)?;
        }
        Ok(Reply::value(0))
    }

    /// `stat` and its like; `extended` are the flags and mask of a `statx`.
    pub(super) fn stat(
        &mut self,
        view: &mut View,
        listener: &Listener,
        call: &Call,
        file: Named,
        extended: Option<(i32, u32)>,
        to: u64,
    ) -> Result<Reply, Errno> {
        // Nearly always this is the only question: then the kernel may look for itself.
        let mut room = [0; LONGEST];
        let has_attribute = view.with_path(call, file, |path, follow| {
            Ok(notify::attribute(path, follow, ATTRIBUTE, &mut room).is_some())
        });
        if !has_attribute.unwrap_or(false) && self.links.is_empty() {
            return Ok(Reply::CONTINUE);
        }
        let Ok(opened) = view.open(listener, call, file) else { return Ok(Reply::CONTINUE) };
        let Some(owner) = self.of(opened.as_fd())? else { return Ok(Reply::CONTINUE) };
        match extended {
            None => {
                let mut stat = notify::stat(opened.as_fd())?;
                (stat.st_uid, stat.st_gid) = (owner.uid, owner.gid);
                if let Some((kind, major, minor)) = owner.device {
                    stat.st_mode = stat.st_mode & !libc::S_IFMT | kind;
                    stat.st_rdev = libc::makedev(major, minor);
                }
                view.write(listener, call, to, notify::stat_bytes(&stat))?;
            }
            Some((flags, mask)) => {
                let mut stat = notify::statx(opened.as_fd(), flags, mask)?;
                (stat.stx_uid, stat.stx_gid) = (owner.uid, owner.gid);
                if let Some((kind, major, minor)) = owner.device {
                    stat.stx_mode = stat.stx_mode & !(libc::S_IFMT as u16) | kind as u16;
                    (stat.stx_rdev_major, stat.stx_rdev_minor) = (major, minor);
                }
                view.write(listener, call, to, notify::statx_bytes(&stat))?;
            }
        }
        Ok(Reply::value(0))
    }

    /// What makes files: devices, and what belongs to somebody else than root.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn make(
        &mut self,
        view: &mut View,
        listener: &Listener,
        call: &Call,
        who: &Credentials,
        file: Named,
        what: Made,
        mode: u32,
    ) -> Result<Reply, Errno> {
        let device = match what {
            Made::Node { device } => device_of(mode, device),
            _ => None,
        };
        let is_root = (who.user.fs, who.group.fs) == (0, 0);
        if device.is_none() && is_root && !self.any {
            return Ok(Reply::CONTINUE);
        }
        if device.is_some() && !who.is_privileged() {
            return Err(Errno::EPERM);
        }
        // Whatever is wrong with the path, the kernel says it best.
        let Ok(Some((parent, name))) = view.open_parent(listener, call, file) else {
            return Ok(Reply::CONTINUE);
        };
        let (parent, name) = match what {
            Made::Opened { flags } if flags & (libc::O_EXCL | libc::O_NOFOLLOW) == 0 => {
                view.follow(call, parent, name)
            }
            _ => (parent, name),
        };
        let parent = parent.as_fd();
        if !view.is_own(parent)? {
            return Ok(Reply::CONTINUE);
        }
        let gid = self.group_in(parent, who)?;
        let owner = Owner { uid: who.user.fs, gid, device };
        if owner.is_plain() {
            return Ok(Reply::CONTINUE);
        }
        let one = Name::new(name.to_bytes()).map_err(|error| notify::errno_of(&error))?;
        let said = |error: std::io::Error| notify::errno_of(&error);
        let masked = mode & 0o7777 & !view.umask(call);
        match what {
            Made::Opened { flags } => {
                return self.make_open(view, listener, call, (parent, &name), flags, masked, &owner);
            }
            Made::Directory => at::make_directory(Some(parent), &name, masked)?,
            Made::Link { target } => {
                let target = notify::read_path(call.thread, target)?;
                file::make_symlink(target.to_bytes(), parent, &one).map_err(said)?;
            }
            Made::Node { .. } if device.is_some() => at::make_file(Some(parent), &name, masked)?,
            Made::Node { .. } => {
                file::make_node(parent, &one, mode & libc::S_IFMT | masked, (0, 0)).map_err(said)?;
            }
        }
        let made = at::open(parent, &name, libc::O_PATH | libc::O_NOFOLLOW, 0, 0)?;
        self.record(made.as_fd(), &owner)?;
        Ok(Reply::value(0))
    }

    /// A file made by `open` that belongs to somebody else than root.
    #[allow(clippy::too_many_arguments)]
    fn make_open(
        &mut self,
        view: &View,
        listener: &Listener,
        call: &Call,
        (parent, name): (BorrowedFd<'_>, &CStr),
        flags: i32,
        mode: u32,
        owner: &Owner,
    ) -> Result<Reply, Errno> {
        const PASSED: i32 = libc::O_ACCMODE
            | libc::O_APPEND
            | libc::O_NONBLOCK
            | libc::O_DSYNC
            | libc::O_SYNC
            | libc::O_DIRECT
            | libc::O_NOATIME;
        debug_assert!(view.is_own(parent).unwrap_or(true));
        if at::open(parent, name, libc::O_PATH | libc::O_NOFOLLOW, 0, 0).is_ok() {
            return Ok(Reply::CONTINUE);
        }
        let exclusive = flags & libc::O_EXCL != 0;
        let kept = if exclusive { flags & PASSED } else { libc::O_WRONLY };
        let how = kept | libc::O_CREAT | libc::O_EXCL | libc::O_NOFOLLOW | libc::O_NOCTTY;
        let made = match at::open(parent, name, how, mode, 0) {
            // Somebody was faster: then it is as if it had been there.
            Err(Errno::EEXIST) => return Ok(Reply::CONTINUE),
            other => other?,
        };
        self.record(made.as_fd(), owner)?;
        if !exclusive {
            // It is there now, and the caller opens it as it wants.
            return Ok(Reply::CONTINUE);
        }
        match listener.answer_with(call, made.as_fd(), flags & libc::O_CLOEXEC != 0) {
            Ok(()) => Ok(Reply::Sent),
            Err(errno) => {
                if let Ok(name) = Name::new(name.to_bytes()) {
                    let _ = file::remove(parent, &name, false);
                }
                // Before Linux 5.14: it will be root's.
                if errno == Errno::EINVAL { Ok(Reply::CONTINUE) } else { Err(errno) }
            }
        }
    }

    /// The group of a new file in `parent`: the maker's, or the directory's where that is set-group-id.
    fn group_in(&self, parent: BorrowedFd<'_>, who: &Credentials) -> Result<u32, Errno> {
        let stat = notify::stat(parent)?;
        if stat.st_mode & libc::S_ISGID == 0 {
            return Ok(who.group.fs);
        }
        Ok(self.of(parent)?.unwrap_or_default().gid)
    }

    /// The record of an open file.
    fn of(&self, file: BorrowedFd<'_>) -> Result<Option<Owner>, Errno> {
        match self.attribute_of(file)? {
            Some(owner) => Ok(owner),
            None => self.line_of(file),
        }
    }

    /// What the attribute of an open file says, if it has one.
    pub(super) fn attribute_of(&self, file: BorrowedFd<'_>) -> Result<Option<Option<Owner>>, Errno> {
        let mut room = [0; LONGEST];
        Ok(notify::attribute(&path_to(file)?, true, ATTRIBUTE, &mut room).map(Owner::parse))
    }

    /// The record of a link, or of any file where the file system has no attributes.
    pub(super) fn line_of(&self, file: BorrowedFd<'_>) -> Result<Option<Owner>, Errno> {
        if self.links.is_empty() {
            return Ok(None);
        }
        let (seen, kind) = inode(file)?;
        // One that was copied up is still seen as what it was before, and its other names as what they are now.
        if !matches!(kind, libc::S_IFREG | libc::S_IFDIR)
            && let Some(own) = self.written(file)?
        {
            return Ok(self.links.get(&inode(own.as_fd())?.0).copied());
        }
        let known = self.links.get(&seen);
        Ok(known.or_else(|| self.numbers.get(&seen.0).filter(|_| seen.1 == NEVER)).copied())
    }

    /// The same file in the writable tree, if it is there, at the path where the container sees it.
    pub(super) fn written(&self, file: BorrowedFd<'_>) -> Result<Option<OwnedFd>, Errno> {
        let path = std::fs::read_link(std::ffi::OsStr::from_bytes(path_to(file)?.as_bytes()))
            .map_err(|error| notify::errno_of(&error))?;
        let inside = path.as_os_str().as_bytes().strip_prefix(b"/").unwrap_or_default();
        let inside =
            CString::new(if inside.is_empty() { b"." } else { inside }).map_err(|_| Errno::EINVAL)?;
        let beneath = at::BENEATH | at::NO_LINKS_ON_THE_WAY;
        Ok(at::open(self.upper.as_fd(), &inside, libc::O_PATH | libc::O_NOFOLLOW, 0, beneath).ok())
    }

    /// Records the owner of an open file of the container's.
    pub(super) fn record(&mut self, file: BorrowedFd<'_>, owner: &Owner) -> Result<(), Errno> {
        let (seen, kind) = inode(file)?;
        if matches!(kind, libc::S_IFREG | libc::S_IFDIR) {
            let path = path_to(file)?;
            let text = (!owner.is_plain()).then(|| owner.text());
            if text.is_some() {
                self.recorder.begin().map_err(|error| notify::errno_of(&error))?;
                self.any = true;
            }
            let answer = notify::set_attribute(&path, ATTRIBUTE, text.as_deref().map(str::as_bytes));
            if answer != Err(Errno::EOPNOTSUPP) {
                return answer;
            }
        }
        // It has just been changed, so it is in the writable tree. Gone or moved meanwhile: nothing is left to record.
        if let Some(own) = self.written(file)? {
            let (real, _) = inode(own.as_fd())?;
            let noted = match kind {
                libc::S_IFREG | libc::S_IFDIR => self.recorder.note_instead(real, owner),
                _ => self.recorder.note(real, owner),
            };
            noted.map_err(|error| notify::errno_of(&error))?;
            self.any = true;
            // As the container may see it, and as it is.
            self.links.extend([(seen, *owner), (real, *owner)]);
            if seen.1 == NEVER {
                self.numbers.insert(seen.0, *owner);
            }
        }
        Ok(())
    }
}

/// What is not on the container's root mount. Terminals, pipes and files of the container's own temporary
/// file systems belong to nobody else anyway; of a volume the kernel says what is possible.
fn foreign(file: BorrowedFd<'_>) -> Reply {
    const HARMLESS: [i64; 4] = [0x1cd1, 0x5049_5045, 0x534f_434b, 0x0102_1994];
    match at::file_system(file) {
        Ok(kind) if HARMLESS.contains(&kind) => Reply::value(0),
        _ => Reply::CONTINUE,
    }
}

/// The device that `mknod` wants; not the one that overlayfs takes for a deletion.
fn device_of(mode: u32, device: u64) -> Option<(u32, u32, u32)> {
    let kind = mode & libc::S_IFMT;
    // The call's argument has 32 bits.
    let device = device & 0xffff_ffff;
    let (major, minor) = (libc::major(device), libc::minor(device));
    match kind {
        libc::S_IFBLK => Some((kind, major, minor)),
        libc::S_IFCHR if (major, minor) != (0, 0) => Some((kind, major, minor)),
        _ => None,
    }
}

/// Inode and type of an open file.
pub(super) fn inode(file: BorrowedFd<'_>) -> Result<(Inode, u32), Errno> {
    let stat = notify::statx(file, 0, libc::STATX_INO | libc::STATX_TYPE | libc::STATX_BTIME)?;
    let born = (stat.stx_btime.tv_sec, stat.stx_btime.tv_nsec);
    Ok(((stat.stx_ino, born), u32::from(stat.stx_mode) & libc::S_IFMT))
}
