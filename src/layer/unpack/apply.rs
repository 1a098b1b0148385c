//! What each member of a tar does to the tree.

use super::target::{Body, Target};
use super::tree::{Inode, Meta, Node, Sorted, Tree};
use crate::layer::entry::{Kind, split_path};
use crate::layer::error::{Error, shown};
use crate::layer::limits::{Limits, NAME_BYTES_EACH, STEPS_EACH};
use crate::layer::tar::{Member, Reader, Source};
use crate::sys::file::NAME_MAX;

/// As many symbolic links as the kernel follows in one path.
const MOST_LINKS: usize = 40;
/// Paths that are longer than this take as long as several.
const BYTES_A_STEP: u64 = 64;
/// Of a symbolic link's target: the kernel's `PATH_MAX` without the final NUL.
const LINK_MAX: usize = 4095;
const MARK: &[u8] = b".wh.";
/// Names that begin so belong to AUFS, the ancestor of overlayfs, but for one.
const BOOKKEEPING: &[u8] = b".wh..wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// What a whole tar came to.
pub(super) struct Applied {
    pub(super) tree: Sorted,
    /// Whether every content is in the tree just as the tar has it.
    pub(super) is_rebuildable: bool,
    pub(super) notices: Vec<String>,
}

/// Takes a tar's members one after another.
pub(super) struct Applier<'a, S, T> {
    reader: Reader<'a, S>,
    target: &'a mut T,
    limits: &'a Limits,
    tree: Tree,
    members: u64,
    /// Directories passed on the ways of paths that were not known yet.
    steps: u64,
    is_rebuildable: bool,
    /// The directory of the last member, as it was spelled and as it was resolved; `None` where that is the same.
    last_dir: Option<(Vec<u8>, Option<Vec<u8>>)>,
}

impl<S: Source> Body for Reader<'_, S> {
    fn copy(&mut self, sink: &mut dyn FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        self.copy_content(sink)
    }
}

impl<'a, S: Source, T: Target> Applier<'a, S, T> {
    pub(super) fn new(reader: Reader<'a, S>, target: &'a mut T, limits: &'a Limits) -> Self {
        Self {
            reader,
            target,
            limits,
            tree: Tree::new(),
            members: 0,
            steps: 0,
            is_rebuildable: true,
            last_dir: None,
        }
    }

    pub(super) fn run(mut self) -> Result<Applied, Error> {
        while let Some(member) = self.reader.next()? {
            self.members += 1;
            self.check_amount(&member.path)?;
            self.apply(member)?;
        }
        self.reader.finish()?;
        let tree = self.tree.sorted();
        // From the inside out: what is put into a directory changes its time, and may need its mode.
        for (path, meta, opaque) in tree.directories() {
            self.target.finish_dir(path, &meta, opaque)?;
        }
        let mut notices = self.target.notices();
        if tree.is_opaque() {
            notices.push("the layer hides everything that is below it".to_owned());
        }
        Ok(Applied { tree, is_rebuildable: self.is_rebuildable, notices })
    }

    fn check_amount(&self, path: &[u8]) -> Result<(), Error> {
        let fail = |limit, allowed| Err(Error::Limit { limit, allowed, path: shown(path) });
        if self.members > self.limits.entries
            || self.tree.len() as u64 > self.limits.entries.saturating_add(1)
        {
            return fail("entries", self.limits.entries);
        }
        let with_each = |limit: u64, each| limit.saturating_add(self.members.saturating_mul(each));
        if self.tree.name_bytes > with_each(self.limits.name_bytes, NAME_BYTES_EACH) {
            return fail("name_bytes", self.limits.name_bytes);
        }
        if self.steps > with_each(self.limits.steps, STEPS_EACH) {
            return fail("steps", self.limits.steps);
        }
        Ok(())
    }

    fn apply(&mut self, mut member: Member) -> Result<(), Error> {
        let path = clean(std::mem::take(&mut member.path))?;
        if path.is_empty() {
            return self.root(member);
        }
        if path.split(|&byte| byte == b'/').any(|name| name.starts_with(BOOKKEEPING) && name != OPAQUE) {
            return Ok(());
        }
        let (dir, name) = split_path(&path);
        if dir.split(|&byte| byte == b'/').any(|name| name.starts_with(MARK)) {
            return Err(Error::refused(&path, "it lies in a directory that is named like a deletion"));
        }
        if name == OPAQUE {
            let dir = self.resolve_dir(dir)?.map_or(dir, |real| real.as_slice()).to_vec();
            self.tree.make_opaque(&dir);
            return Ok(());
        }
        if let Some(hidden) = name.strip_prefix(MARK) {
            if matches!(hidden, b"" | b"." | b"..") {
                return Err(Error::refused(&path, "it is a deletion of nothing"));
            }
            let place = joined(self.resolve_dir(dir)?.map_or(dir, |real| real.as_slice()), hidden);
            return self.whiteout(&place);
        }
        if member.kind == Kind::CharDevice && member.device == (0, 0) {
            return Err(Error::refused(&path, "a mount would take the device 0:0 for a deletion"));
        }
        let place = match self.resolve_dir(dir)? {
            Some(real) => joined(real, name),
            None => path,
        };
        match member.kind {
            Kind::Dir => self.dir(&place, meta_of(member)),
            Kind::Hardlink => self.hard_link(&place, member),
            _ => self.leaf(&place, member),
        }
    }

    /// An entry for the root itself: it cannot be anything but a directory.
    fn root(&mut self, member: Member) -> Result<(), Error> {
        if member.kind != Kind::Dir {
            return Err(Error::refused(b"", "the root can only be a directory"));
        }
        if let Some(Node::Dir { inode, .. }) = self.tree.get(b"") {
            self.tree.describe(inode, meta_of(member));
            self.tree.has_root = true;
        }
        Ok(())
    }

    fn whiteout(&mut self, place: &[u8]) -> Result<(), Error> {
        // Deletions are meant for the layers below: what this layer itself has stays.
        if !self.tree.make_opaque(place) && self.tree.get(place).is_none() {
            self.target.whiteout(place)?;
            self.tree.insert(place, Node::Whiteout);
        }
        Ok(())
    }

    fn dir(&mut self, place: &[u8], new: Meta) -> Result<(), Error> {
        self.count_xattrs(&new);
        let opaque = match self.tree.get(place) {
            Some(Node::Dir { inode, .. }) => {
                self.tree.describe(inode, new);
                return Ok(());
            }
            Some(Node::Whiteout) => true,
            _ => false,
        };
        self.clear(place)?;
        self.target.dir(place)?;
        self.tree.insert_dir(place, new, opaque);
        Ok(())
    }

    fn leaf(&mut self, place: &[u8], mut member: Member) -> Result<(), Error> {
        self.clear(place)?;
        let (kind, device, sparse) = (member.kind, member.device, member.sparse.take());
        let mut inode = Inode {
            kind,
            size: sparse.as_ref().map_or(member.stored, |sparse| sparse.size),
            link: if kind == Kind::Symlink { std::mem::take(&mut member.link) } else { Vec::new() },
            device: if matches!(kind, Kind::CharDevice | Kind::BlockDevice) { device } else { (0, 0) },
            meta: meta_of(member),
            is_skipped: false,
        };
        self.count_xattrs(&inode.meta);
        if kind == Kind::File {
            if sparse.is_some() {
                self.is_rebuildable = false;
            } else {
                self.reader.record_content(place)?;
            }
            self.target.file(place, &inode, sparse.as_ref(), &mut self.reader)?;
        } else {
            if kind == Kind::Symlink && inode.link.is_empty() {
                return Err(Error::refused(place, "it is a symbolic link to nothing"));
            }
            if inode.link.len() > LINK_MAX {
                return Err(Error::refused(place, "it is a symbolic link to more than 4095 bytes"));
            }
            self.tree.name_bytes += inode.link.len() as u64;
            inode.is_skipped = !self.target.special(place, &inode)?;
        }
        let inode = self.tree.keep(inode);
        self.tree.insert(place, Node::Leaf(inode));
        Ok(())
    }

    fn hard_link(&mut self, place: &[u8], mut member: Member) -> Result<(), Error> {
        let refused = |reason| Error::refused(place, reason);
        let target = clean(std::mem::take(&mut member.link))?;
        let (dir, name) = split_path(&target);
        let missing = || refused("its hard link leads to nothing in the layer");
        let first = joined(&self.existing_dir(dir)?.ok_or_else(missing)?, name);
        if first == place {
            return Ok(());
        }
        let number = self.tree.inode(&first).ok_or_else(missing)?;
        if first.starts_with(place) && first.get(place.len()) == Some(&b'/') {
            return Err(refused("its hard link leads into the directory that it replaces"));
        }
        self.clear(place)?;
        let is_skipped = self.tree.is_skipped(number);
        if !is_skipped {
            self.target.link(place, &first)?;
        }
        // As Docker does: what a link's header says counts for the file, its attributes apart.
        let mut inode = self.tree.inode_value(number);
        let old = inode.meta.clone();
        let meta = &mut inode.meta;
        let mode = if inode.kind == Kind::Symlink { meta.mode } else { member.mode };
        (meta.mode, meta.uid, meta.gid, meta.mtime) = (mode, member.uid, member.gid, member.mtime);
        if *meta != old {
            if !is_skipped {
                self.target.describe(place, &inode)?;
            }
            self.tree.describe(number, inode.meta);
        }
        self.tree.insert(place, Node::Leaf(number));
        Ok(())
    }

    /// Makes room for a new file at `place`.
    fn clear(&mut self, place: &[u8]) -> Result<(), Error> {
        let Some(node) = self.tree.get(place) else { return Ok(()) };
        let was_made = match node {
            Node::Leaf(inode) => !self.tree.is_skipped(inode),
            _ => true,
        };
        self.last_dir = None;
        if was_made {
            self.target.remove(place)?;
        }
        if self.tree.remove(place) {
            self.is_rebuildable = false;
        }
        Ok(())
    }

    /// The real path of the directory spelled `dir`, `None` where that is it: links are followed inside the
    /// layer, what is missing is made.
    fn resolve_dir(&mut self, dir: &[u8]) -> Result<Option<&Vec<u8>>, Error> {
        if self.last_dir.as_ref().is_none_or(|(spelled, _)| spelled != dir) {
            let Some(real) = self.walk(dir, true)? else {
                return Err(Error::refused(dir, "it does not exist"));
            };
            self.last_dir = Some((dir.to_vec(), Some(real).filter(|real| real != dir)));
        }
        Ok(self.last_dir.as_ref().and_then(|(_, real)| real.as_ref()))
    }

    /// The same without making anything; `None` where it is missing.
    fn existing_dir(&mut self, dir: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.walk(dir, false)
    }

    fn walk(&mut self, dir: &[u8], make: bool) -> Result<Option<Vec<u8>>, Error> {
        if self.tree.is_dir(dir) {
            return Ok(Some(dir.to_vec()));
        }
        let mut pending: Vec<Vec<u8>> = names(dir).rev().map(<[u8]>::to_vec).collect();
        let (mut here, mut links) = (Vec::new(), 0);
        while let Some(name) = pending.pop() {
            if name == b".." {
                here.truncate(split_path(&here).0.len());
                continue;
            }
            let next = joined(&here, &name);
            // What looking it up costs.
            self.steps += 1 + next.len() as u64 / BYTES_A_STEP;
            self.check_amount(dir)?;
            match self.tree.get(&next) {
                Some(Node::Dir { .. }) => here = next,
                Some(Node::Leaf(inode)) => {
                    let Some(link) = self.tree.link_of(inode) else {
                        return Err(Error::refused(
                            dir,
                            "a file of the layer is in the place of that directory",
                        ));
                    };
                    links += 1;
                    if links > MOST_LINKS {
                        return Err(Error::refused(dir, "it leads through too many symbolic links"));
                    }
                    if link.starts_with(b"/") {
                        here.clear();
                    }
                    pending.extend(names(link).rev().map(<[u8]>::to_vec));
                }
                missing if make => {
                    let opaque = matches!(missing, Some(Node::Whiteout));
                    self.imply(&next, opaque)?;
                    here = next;
                }
                _ => return Ok(None),
            }
        }
        Ok(Some(here))
    }

    /// Makes a directory that no entry describes (yet).
    fn imply(&mut self, path: &[u8], opaque: bool) -> Result<(), Error> {
        // A link's target may hold names that no member's path does.
        let name = split_path(path).1;
        if name.starts_with(MARK) {
            return Err(Error::refused(path, "it is named like a deletion"));
        }
        if name.len() > NAME_MAX {
            return Err(Error::refused(path, "one of its names is longer than 255 bytes"));
        }
        if path.len() > self.limits.path_bytes {
            let allowed = self.limits.path_bytes as u64;
            return Err(Error::Limit { limit: "path_bytes", allowed, path: shown(path) });
        }
        self.clear(path)?;
        self.target.dir(path)?;
        self.tree.insert_dir(path, Meta::implied(), opaque);
        self.check_amount(path)
    }

    fn count_xattrs(&mut self, meta: &Meta) {
        let sizes = meta.xattrs.iter().map(|(name, value)| (name.len() + value.len()) as u64);
        self.tree.name_bytes += sizes.sum::<u64>();
    }
}

/// A symbolic link's mode is always the same on Linux, whatever a header says.
fn meta_of(member: Member) -> Meta {
    let mode = if member.kind == Kind::Symlink { 0o777 } else { member.mode };
    Meta { mode, uid: member.uid, gid: member.gid, mtime: member.mtime, xattrs: member.xattrs }
}

fn joined(dir: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = Vec::with_capacity(dir.len() + 1 + name.len());
    path.extend_from_slice(dir);
    if !dir.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

fn names(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|&byte| byte == b'/').filter(|name| !matches!(*name, b"" | b"."))
}

/// A member's path from the root of the layer, as Docker cleans it: `/`, `.` and inner `..` go.
fn clean(mut path: Vec<u8>) -> Result<Vec<u8>, Error> {
    let end = path.iter().rposition(|&byte| byte != b'/').map_or(0, |last| last + 1);
    if is_clean(&path[..end]) {
        path.truncate(end);
        return Ok(path);
    }
    let mut plain: Vec<u8> = Vec::with_capacity(path.len());
    for name in names(&path) {
        if name == b".." {
            if plain.is_empty() {
                return Err(Error::refused(&path, "it leads out of the layer"));
            }
            plain.truncate(split_path(&plain).0.len());
            continue;
        }
        if name.len() > NAME_MAX {
            return Err(Error::refused(&path, "one of its names is longer than 255 bytes"));
        }
        if name.contains(&0) {
            return Err(Error::refused(&path, "it holds a NUL"));
        }
        if !plain.is_empty() {
            plain.push(b'/');
        }
        plain.extend_from_slice(name);
    }
    Ok(plain)
}

/// Whether cleaning would change nothing.
fn is_clean(path: &[u8]) -> bool {
    path.split(|&byte| byte == b'/')
        .all(|name| !matches!(name, b"" | b"." | b"..") && name.len() <= NAME_MAX && !name.contains(&0))
}
