//! The tree that a tar has described so far, in memory: the one truth about what is where.
//!
//! A layer may have millions of files. A path costs its bytes and 24 more, a file 40; what few files have (a
//! link's target, attributes, a device's number) lies apart. Paths are found by a hash table of their numbers.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable, hash_table};

use crate::layer::entry::{Entry, EntryRef, Kind, Mtime, Xattrs, split_path};

/// What every file has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Meta {
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) mtime: Mtime,
    pub(super) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Meta {
    /// A directory that only the paths of others imply: a fixed time, so that it is the same each time.
    pub(super) fn implied() -> Self {
        Self { mode: 0o755, ..Self::default() }
    }
}

/// A file that is not a directory, under however many names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inode {
    pub(super) kind: Kind,
    pub(super) meta: Meta,
    pub(super) size: u64,
    pub(super) link: Vec<u8>,
    pub(super) device: (u32, u32),
    /// It could not be made here, and so cannot be linked to either.
    pub(super) is_skipped: bool,
}

/// A path, for as long as something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeId(u32);

impl NodeId {
    pub(super) const ROOT: Self = Self(0);
}

/// The number of a [kept](Tree::keep) inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InodeId(u32);

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    Dir {
        inode: InodeId,
        opaque: bool,
    },
    Leaf(InodeId),
    Whiteout,
    /// Nothing any more.
    Gone,
}

/// No place.
const NONE: u32 = u32::MAX;

/// A path and what is there.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// In `names`.
    start: u32,
    length: u32,
    first_child: u32,
    next_sibling: u32,
    node: Node,
}

/// An [`Inode`], packed.
#[derive(Debug, Clone, Copy)]
struct Packed {
    size: u64,
    secs: i64,
    nanos: u32,
    uid: u32,
    gid: u32,
    /// In `extras`, or [`NONE`].
    extra: u32,
    mode: u16,
    kind: Kind,
    is_skipped: bool,
}

/// What few files have.
#[derive(Debug, Default)]
struct Extra {
    link: Box<[u8]>,
    device: (u32, u32),
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

pub(super) struct Tree {
    /// The paths, one after another.
    names: Vec<u8>,
    places: Vec<Place>,
    /// The numbers of the places by path. What is gone because a directory above went is not in it.
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
    inodes: Vec<Packed>,
    extras: Vec<Extra>,
    /// Places where something is.
    live: usize,
    /// The directory of the path that was inserted last.
    last_dir: u32,
    /// Whether the tar said something about the root itself.
    pub(super) has_root: bool,
    /// Bytes of paths, targets and attributes so far.
    pub(super) name_bytes: u64,
}

impl Tree {
    pub(super) fn new() -> Self {
        let mut tree = Self {
            names: Vec::new(),
            places: Vec::new(),
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            inodes: Vec::new(),
            extras: Vec::new(),
            live: 0,
            last_dir: 0,
            has_root: false,
            name_bytes: 0,
        };
        tree.insert_dir(b"", Meta::implied(), false);
        tree
    }

    /// How many paths there are, with the root.
    pub(super) const fn len(&self) -> usize {
        self.live
    }

    /// The place of `path`, where something is.
    pub(super) fn find(&self, path: &[u8]) -> Option<NodeId> {
        let hash = self.hasher.hash_one(path);
        let found = self.table.find(hash, |place| self.path_of(*place) == path)?;
        (self.places[*found as usize].node != Node::Gone).then_some(NodeId(*found))
    }

    /// What is at `path`.
    pub(super) fn get(&self, path: &[u8]) -> Option<Node> {
        self.find(path).map(|place| self.places[place.0 as usize].node)
    }

    /// Whether there is a directory at `path`.
    pub(super) fn is_dir(&self, path: &[u8]) -> bool {
        matches!(self.get(path), Some(Node::Dir { .. }))
    }

    /// The inode at `path`, where there is a file that is no directory.
    pub(super) fn inode(&self, path: &[u8]) -> Option<InodeId> {
        match self.get(path) {
            Some(Node::Leaf(inode)) => Some(inode),
            _ => None,
        }
    }

    /// The same inode as a value.
    pub(super) fn inode_value(&self, inode: InodeId) -> Inode {
        let packed = self.packed(inode);
        let (link, device, xattrs) = match self.extras.get(packed.extra as usize) {
            Some(extra) => (extra.link.to_vec(), extra.device, extra.xattrs.clone()),
            None => <_>::default(),
        };
        let mtime = Mtime { secs: packed.secs, nanos: packed.nanos };
        let meta = Meta { mode: packed.mode.into(), uid: packed.uid, gid: packed.gid, mtime, xattrs };
        Inode { kind: packed.kind, meta, size: packed.size, link, device, is_skipped: packed.is_skipped }
    }

    pub(super) fn is_skipped(&self, inode: InodeId) -> bool {
        self.packed(inode).is_skipped
    }

    /// The target of a symbolic link.
    pub(super) fn link_of(&self, inode: InodeId) -> Option<&[u8]> {
        let packed = self.packed(inode);
        (packed.kind == Kind::Symlink).then(|| self.extra(packed).map_or(&b""[..], |extra| &extra.link))
    }

    /// Whether the directory is opaque before; afterwards it is.
    pub(super) fn make_opaque(&mut self, path: &[u8]) -> bool {
        let Some(place) = self.find(path) else { return false };
        match &mut self.places[place.0 as usize].node {
            Node::Dir { opaque, .. } => {
                *opaque = true;
                true
            }
            _ => false,
        }
    }

    /// Gives an inode other attributes; those of `xattrs` only to a directory.
    pub(super) fn describe(&mut self, inode: InodeId, meta: Meta) {
        let Some(mut packed) = self.inodes.get(inode.0 as usize).copied() else { return };
        (packed.mode, packed.uid, packed.gid) = (mode(meta.mode), meta.uid, meta.gid);
        (packed.secs, packed.nanos) = (meta.mtime.secs, meta.mtime.nanos);
        match self.extras.get_mut(packed.extra as usize) {
            Some(extra) => extra.xattrs = meta.xattrs,
            None if meta.xattrs.is_empty() => {}
            None => {
                packed.extra = number(self.extras.len());
                self.extras.push(Extra { xattrs: meta.xattrs, ..Extra::default() });
            }
        }
        self.inodes[inode.0 as usize] = packed;
    }

    /// A directory at `path`, where nothing is.
    pub(super) fn insert_dir(&mut self, path: &[u8], meta: Meta, opaque: bool) {
        let inode =
            Inode { kind: Kind::Dir, meta, size: 0, link: Vec::new(), device: (0, 0), is_skipped: false };
        let inode = self.keep(inode);
        self.insert(path, Node::Dir { inode, opaque });
    }

    /// A file that [`insert`](Self::insert) can give names.
    pub(super) fn keep(&mut self, inode: Inode) -> InodeId {
        let has_extra = !inode.link.is_empty() || !inode.meta.xattrs.is_empty() || inode.device != (0, 0);
        let extra = if has_extra { number(self.extras.len()) } else { NONE };
        self.inodes.push(Packed {
            size: inode.size,
            secs: inode.meta.mtime.secs,
            nanos: inode.meta.mtime.nanos,
            uid: inode.meta.uid,
            gid: inode.meta.gid,
            extra,
            mode: mode(inode.meta.mode),
            kind: inode.kind,
            is_skipped: inode.is_skipped,
        });
        if has_extra {
            let link = inode.link.into();
            self.extras.push(Extra { link, device: inode.device, xattrs: inode.meta.xattrs });
        }
        InodeId(number(self.inodes.len() - 1))
    }

    /// Puts `node` at `path`, whose directory is there.
    pub(super) fn insert(&mut self, path: &[u8], node: Node) {
        self.name_bytes += path.len() as u64;
        let Self { table, hasher, places, names, .. } = self;
        let path_of = |place: u32| path_in(names, &places[place as usize]);
        let entry = table.entry(
            hasher.hash_one(path),
            |place| path_of(*place) == path,
            |place| hasher.hash_one(path_of(*place)),
        );
        let place = match entry {
            hash_table::Entry::Occupied(known) => {
                let known = &mut places[*known.get() as usize].node;
                self.live += usize::from(*known == Node::Gone);
                *known = node;
                return;
            }
            hash_table::Entry::Vacant(free) => {
                let place = number(places.len());
                free.insert(place);
                place
            }
        };
        let (start, length) = (number(names.len()), number(path.len()));
        names.extend_from_slice(path);
        places.push(Place { start, length, first_child: NONE, next_sibling: NONE, node });
        self.live += 1;
        if place == NodeId::ROOT.0 {
            return;
        }
        let dir = split_path(path).0;
        if self.places[self.last_dir as usize].node == Node::Gone || self.path_of(self.last_dir) != dir {
            let Some(found) = self.find(dir) else { return };
            self.last_dir = found.0;
        }
        let first = std::mem::replace(&mut self.places[self.last_dir as usize].first_child, place);
        self.places[place as usize].next_sibling = first;
    }

    /// Removes `path` and everything below it. Whether a regular file with content was among it.
    pub(super) fn remove(&mut self, path: &[u8]) -> bool {
        let Some(top) = self.find(path) else { return false };
        let mut lost = self.take(top.0);
        // What is at the path next is no parent of what was below: that is forgotten, so that nothing is ever
        // removed twice.
        let mut pending = vec![std::mem::replace(&mut self.places[top.0 as usize].first_child, NONE)];
        while let Some(mut below) = pending.pop() {
            while let Some(place) = self.places.get(below as usize).copied() {
                lost |= place.node != Node::Gone && self.take(below);
                let Self { table, hasher, places, names, .. } = self;
                let hash = hasher.hash_one(path_in(names, &places[below as usize]));
                if let Ok(known) = table.find_entry(hash, |one| *one == below) {
                    known.remove();
                }
                pending.push(place.first_child);
                below = place.next_sibling;
            }
        }
        lost
    }

    /// Nothing is at the place any more. Whether that was a regular file with content.
    fn take(&mut self, place: u32) -> bool {
        self.live -= 1;
        match std::mem::replace(&mut self.places[place as usize].node, Node::Gone) {
            Node::Leaf(inode) => self.packed(inode).size > 0,
            _ => false,
        }
    }

    fn packed(&self, inode: InodeId) -> Packed {
        self.inodes[inode.0 as usize]
    }

    fn extra(&self, packed: Packed) -> Option<&Extra> {
        self.extras.get(packed.extra as usize)
    }

    fn path_of(&self, place: u32) -> &[u8] {
        path_in(&self.names, &self.places[place as usize])
    }

    /// The tree as a list.
    pub(super) fn sorted(mut self) -> Sorted {
        // Finding is over.
        self.table = HashTable::new();
        let all = 0..number(self.places.len());
        let mut order: Vec<u32> =
            all.filter(|place| self.places[*place as usize].node != Node::Gone).collect();
        // Stable, because that kind uses the long runs that a tar has in order.
        order.sort_by(|one, other| self.path_of(*one).cmp(self.path_of(*other)));
        let mut first_names = vec![NONE; self.inodes.len()];
        for &place in &order {
            if let Node::Leaf(inode) = self.places[place as usize].node
                && let Some(first @ &mut NONE) = first_names.get_mut(inode.0 as usize)
            {
                *first = place;
            }
        }
        Sorted { tree: self, order, first_names }
    }
}

/// A whole tree, sorted by path.
pub(super) struct Sorted {
    tree: Tree,
    /// Places.
    order: Vec<u32>,
    /// By inode: the place of its first name.
    first_names: Vec<u32>,
}

impl Sorted {
    /// Its directories with what is known of them, those inside before those around them. The root is one of them
    /// if the tar said anything about it.
    pub(super) fn directories(&self) -> impl Iterator<Item = (&[u8], Meta, bool)> {
        self.order.iter().rev().filter_map(|&place| {
            let Node::Dir { inode, opaque } = self.tree.places[place as usize].node else { return None };
            let is_told = place != NodeId::ROOT.0 || self.tree.has_root || opaque;
            is_told.then(|| (self.tree.path_of(place), self.tree.inode_value(inode).meta, opaque))
        })
    }

    /// Whether the layer hides everything below it.
    pub(super) fn is_opaque(&self) -> bool {
        matches!(self.tree.places[NodeId::ROOT.0 as usize].node, Node::Dir { opaque: true, .. })
    }

    /// The entries: of each inode the first name has everything, the others are hard links to it.
    pub(super) fn entries(&self) -> impl Iterator<Item = EntryRef<'_>> + Clone {
        self.order.iter().filter_map(|&place| self.entry(place))
    }

    fn entry(&self, place: u32) -> Option<EntryRef<'_>> {
        let tree = &self.tree;
        let path = tree.path_of(place);
        let (inode, opaque) = match tree.places[place as usize].node {
            Node::Dir { opaque: false, .. } if path.is_empty() => return None,
            Node::Gone => return None,
            Node::Dir { inode, opaque } => (inode, opaque),
            Node::Leaf(inode) => (inode, false),
            Node::Whiteout => return Some(EntryRef { path, kind: Kind::Whiteout, ..NOTHING.as_ref() }),
        };
        let packed = tree.packed(inode);
        let entry = EntryRef {
            path,
            kind: packed.kind,
            opaque,
            mode: packed.mode.into(),
            uid: packed.uid,
            gid: packed.gid,
            mtime: Mtime { secs: packed.secs, nanos: packed.nanos },
            ..NOTHING.as_ref()
        };
        let first = self.first_names.get(inode.0 as usize).copied().unwrap_or(NONE);
        if packed.kind != Kind::Dir && first != place {
            return Some(EntryRef { kind: Kind::Hardlink, link: tree.path_of(first), ..entry });
        }
        let Some(extra) = tree.extra(packed) else { return Some(EntryRef { size: packed.size, ..entry }) };
        Some(EntryRef {
            size: packed.size,
            link: &extra.link,
            device: extra.device,
            xattrs: Xattrs::of(&extra.xattrs),
            ..entry
        })
    }
}

static NOTHING: Entry = Entry::new(Vec::new(), Kind::File);

fn path_in<'a>(names: &'a [u8], place: &Place) -> &'a [u8] {
    names.get(place.start as usize..).and_then(|rest| rest.get(..place.length as usize)).unwrap_or(b"")
}

/// The limits keep everything that is counted here far below.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(NONE)
}

/// Twelve bits.
fn mode(mode: u32) -> u16 {
    u16::try_from(mode & 0o7777).unwrap_or(0)
}
