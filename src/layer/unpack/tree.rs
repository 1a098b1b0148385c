//! The tree that a tar has described so far, in memory: the one truth about what is where.

use std::collections::BTreeMap;

use crate::layer::entry::{Entry, Kind, Mtime};

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

#[derive(Debug)]
pub(super) enum Node {
    Dir {
        meta: Meta,
        opaque: bool,
    },
    /// The position of its inode.
    Leaf(usize),
    Whiteout,
}

#[derive(Debug)]
pub(super) struct Tree {
    pub(super) nodes: BTreeMap<Vec<u8>, Node>,
    pub(super) inodes: Vec<Inode>,
    /// Whether the tar said something about the root itself.
    pub(super) has_root: bool,
    /// Bytes of paths, targets and attributes so far.
    pub(super) name_bytes: u64,
}

impl Tree {
    pub(super) fn new() -> Self {
        let root = Node::Dir { meta: Meta::implied(), opaque: false };
        Self {
            nodes: BTreeMap::from([(Vec::new(), root)]),
            inodes: Vec::new(),
            has_root: false,
            name_bytes: 0,
        }
    }

    pub(super) fn insert(&mut self, path: &[u8], node: Node) {
        self.name_bytes += path.len() as u64;
        self.nodes.insert(path.to_vec(), node);
    }

    /// The inode at `path`, where there is a file that is no directory.
    pub(super) fn inode(&self, path: &[u8]) -> Option<usize> {
        match self.nodes.get(path) {
            Some(&Node::Leaf(inode)) => Some(inode),
            _ => None,
        }
    }

    /// Removes `path` and everything below it. Whether a regular file with content was among it.
    pub(super) fn remove(&mut self, path: &[u8]) -> bool {
        let mut lost = self.nodes.remove(path).is_some_and(|node| self.has_content(&node));
        let inside = |last| [path, &[last]].concat();
        // Everything below sorts between `PATH/` and `PATH0`.
        while let Some((below, _)) = self.nodes.range(inside(b'/')..inside(b'/' + 1)).next() {
            let below = below.clone();
            lost |= self.nodes.remove(&below).is_some_and(|node| self.has_content(&node));
        }
        lost
    }

    fn has_content(&self, node: &Node) -> bool {
        matches!(node, Node::Leaf(inode) if self.inodes.get(*inode).is_some_and(|inode| inode.size > 0))
    }

    /// The entries of the tree, sorted by path: of each inode the first name has everything, the
    /// others are hard links to it.
    pub(super) fn into_entries(self) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(self.nodes.len());
        let mut inodes = self.inodes;
        // For each inode the position of its first name.
        let mut first_names: Vec<Option<usize>> = vec![None; inodes.len()];
        for (path, node) in self.nodes {
            let inode = match node {
                Node::Dir { opaque: false, .. } if path.is_empty() => continue,
                Node::Dir { meta, opaque } => {
                    entries.push(Entry { opaque, ..with_meta(Entry::new(path, Kind::Dir), meta) });
                    continue;
                }
                Node::Whiteout => {
                    entries.push(Entry::new(path, Kind::Whiteout));
                    continue;
                }
                Node::Leaf(inode) => inode,
            };
            let (Some(first_name), Some(inode)) = (first_names.get_mut(inode), inodes.get_mut(inode)) else {
                continue;
            };
            if let Some(first) = *first_name {
                let first: &Entry = &entries[first];
                entries.push(Entry {
                    mode: first.mode,
                    uid: first.uid,
                    gid: first.gid,
                    mtime: first.mtime,
                    link: first.path.clone(),
                    ..Entry::new(path, Kind::Hardlink)
                });
                continue;
            }
            *first_name = Some(entries.len());
            let entry = Entry {
                size: inode.size,
                link: std::mem::take(&mut inode.link),
                device: inode.device,
                ..Entry::new(path, inode.kind)
            };
            entries.push(with_meta(entry, std::mem::take(&mut inode.meta)));
        }
        entries
    }
}

fn with_meta(entry: Entry, meta: Meta) -> Entry {
    Entry { mode: meta.mode, uid: meta.uid, gid: meta.gid, mtime: meta.mtime, xattrs: meta.xattrs, ..entry }
}
