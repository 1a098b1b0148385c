//! The model of an image: every version of every path, from one merge over the layers' sorted entries.
//!
//! All that there is to be seen follows from it: what each layer did, the tree after any layer, a single
//! layer's tree, waste, where a file comes from and why it counts as modified. Nothing is copied per layer: a
//! path costs a [`NodeId`]'s record of 28 bytes, an entry one of 20; names and attributes stay in the layers'
//! indexes. There is no I/O but reading those.
//!
//! # How an explorer uses it
//! ```text
//! let model = Arc::new(Model::new(layers, |lower, upper, path| …));   // once; the callback compares contents
//!
//! let tree = model.tree(Some(3), 4);        // after layer 4, marked with what it changed since layer 3
//! let tree = model.tree(Some(0), 4);        // the same tree, marked with all that came upon the lowest layer
//! let tree = model.layer_tree(4);           // only what layer 4 carries, its whiteouts as deletions
//! for node in tree.children(tree.root()) {  // sorted by name
//!     let row = tree.row(node);             // name, entry, change, changed_below, bytes and files below
//! }
//!
//! let node = model.find(b"usr/bin/wget");   // or `row.node`
//! for version in model.versions(node) { … } // lowest layer first: layer, entry, came, gone (layer, how, by)
//! let aspects = model.aspects(&one, &two);  // why two versions differ
//! let changes = model.changes(4);           // a list instead of a tree
//! let waste = model.waste();
//! ```
//! `find`, `children`, `versions`, `row` cost no more than what they return; `tree` and `changes` make one pass
//! over the nodes without looking at entries that did not change. A [`Tree`] keeps the model alive and can be
//! kept and sent between threads.

mod aspects;
mod build;
mod change;
mod resolve;
mod shown;
mod tree;
mod version;
mod waste;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::layer::{Entry, EntryRef, Index, Kind};

pub use aspects::{Aspect, Aspects, between as entry_aspects};
pub use change::Change;
pub use shown::Shown;
pub use tree::{Row, Tree};
pub use version::{Came, Gone, How, Version};

/// The entries of one layer, sorted by path, each path once.
#[derive(Debug, Clone)]
pub enum Entries {
    /// Of a stored layer, or of one that was looked into.
    Index(Arc<Index>),
    /// Of what has no index: a container's writable layer.
    List(Arc<[Entry]>),
    /// All that another model shows; see [`Model::flattened`].
    Shown(Shown),
}

impl Entries {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Index(index) => index.len(),
            Self::List(list) => list.len(),
            Self::Shown(shown) => shown.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry at a position in path order.
    #[must_use]
    pub fn at(&self, position: usize) -> Option<EntryRef<'_>> {
        match self {
            Self::Index(index) => index.at(position),
            Self::List(list) => list.get(position).map(Entry::as_ref),
            Self::Shown(shown) => shown.at(position),
        }
    }

    /// The position of the entry at exactly `path`.
    #[must_use]
    pub fn position(&self, path: &[u8]) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.at(middle).is_some_and(|entry| entry.path < path) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        self.at(low).filter(|entry| entry.path == path).map(|_| low)
    }

    /// All of them in path order.
    pub fn iter(&self) -> impl Iterator<Item = EntryRef<'_>> {
        (0..self.len()).filter_map(|position| self.at(position))
    }
}

/// A path that some layer has, or has something below. Nodes are ordered as their paths' bytes are; what is
/// below a directory has greater ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    /// The root directory.
    pub const ROOT: Self = Self(0);

    /// From 0 to [`Model::len`], for tables beside the model.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One version of one path; see [`Model::version`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionId(u32);

/// No node, no slot, no layer.
const NONE: u32 = u32::MAX;

/// A path and where its versions are.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// Layer and position of an entry whose path begins with this one.
    layer: u32,
    position: u32,
    /// As many bytes of that path.
    length: u32,
    parent: u32,
    first_child: u32,
    next_sibling: u32,
    /// In `slots`, up to the next node's.
    slots: u32,
}

/// What one layer says of one path.
#[derive(Debug, Clone, Copy)]
struct Slot {
    node: u32,
    layer: u32,
    /// In the layer's entries; [`NONE`] for a directory that only the paths of others imply.
    position: u32,
    /// The layer that ended it; the same layer for a whiteout, [`NONE`] for what the end shows.
    until: u32,
    /// Whether something was to be seen at the path before.
    replaces: bool,
    /// The file has several names in its layer.
    linked: bool,
    content: Content,
}

/// How a file's content is to that of the file that the path had before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Unknown,
    Same,
    Different,
}

/// One name of a file that has several in its layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    layer: u32,
    /// Of the entry that has the bytes.
    position: u32,
    slot: u32,
}

/// Every version of every path of a stack of layers. See the [module's documentation](self).
#[derive(Debug)]
pub struct Model {
    layers: Vec<Entries>,
    sizes: Vec<u64>,
    nodes: Vec<Node>,
    slots: Vec<Slot>,
    /// Sorted.
    names: Vec<Name>,
}

impl Model {
    /// Merges `layers`, lowest first.
    ///
    /// `same_content(lower, upper, path)` tells whether the regular files that these two layers have at `path`
    /// are equal in content; `None` where nobody knows. It is asked once for each pair of successive versions
    /// of one size whose digests are not known.
    #[must_use]
    pub fn new(layers: Vec<Entries>, same_content: impl FnMut(usize, usize, &[u8]) -> Option<bool>) -> Self {
        build::build(layers, same_content)
    }

    /// How many layers there are.
    #[must_use]
    pub fn layer_count(&self) -> usize {
        self.layers.len()
    }

    /// A layer's entries.
    #[must_use]
    pub fn entries(&self, layer: usize) -> Option<&Entries> {
        self.layers.get(layer)
    }

    /// Bytes of a layer's files, hard links once.
    #[must_use]
    pub fn layer_size(&self, layer: usize) -> u64 {
        self.sizes.get(layer).copied().unwrap_or(0)
    }

    /// How many paths there are, with the root.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether no layer has anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.len() <= 1
    }

    /// All paths, sorted by their bytes, the root first.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..number(self.nodes.len())).map(NodeId)
    }

    /// The node at exactly `path` (no leading `/`; the root is empty), whether or not the end shows it.
    #[must_use]
    pub fn find(&self, path: &[u8]) -> Option<NodeId> {
        let at = self.nodes.partition_point(|node| self.path_of(node) < path);
        let found = self.nodes.get(at).is_some_and(|node| self.path_of(node) == path);
        found.then(|| NodeId(number(at)))
    }

    /// Its path, without a leading `/`.
    #[must_use]
    pub fn path(&self, node: NodeId) -> &[u8] {
        self.nodes.get(node.index()).map_or(b"", |node| self.path_of(node))
    }

    /// The last component of its path.
    #[must_use]
    pub fn name(&self, node: NodeId) -> &[u8] {
        let path = self.path(node);
        path.iter().rposition(|&byte| byte == b'/').map_or(path, |slash| &path[slash + 1..])
    }

    /// The directory it is in; `None` for the root.
    #[must_use]
    pub fn parent(&self, node: NodeId) -> Option<NodeId> {
        self.nodes.get(node.index()).map(|node| node.parent).filter(|&parent| parent != NONE).map(NodeId)
    }

    /// All that any layer has directly in it, sorted by name.
    pub fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let link = |of: u32| (of != NONE).then_some(NodeId(of));
        let first = self.nodes.get(node.index()).and_then(|node| link(node.first_child));
        std::iter::successors(first, move |child| {
            self.nodes.get(child.index()).and_then(|node| link(node.next_sibling))
        })
    }

    /// Where a node's versions are.
    fn range_of(&self, node: u32) -> std::ops::Range<usize> {
        let start = self.nodes.get(node as usize).map_or(0, |node| node.slots) as usize;
        let end = self.nodes.get(node as usize + 1).map_or(self.slots.len(), |node| node.slots as usize);
        start..end
    }

    fn path_of(&self, node: &Node) -> &[u8] {
        let entry = self.layers.get(node.layer as usize).and_then(|layer| layer.at(node.position as usize));
        entry.and_then(|entry| entry.path.get(..node.length as usize)).unwrap_or(b"")
    }

    fn entry_of(&self, slot: &Slot) -> EntryRef<'_> {
        let known = self.layers.get(slot.layer as usize).and_then(|layer| layer.at(slot.position as usize));
        known.unwrap_or_else(|| EntryRef { path: self.path(NodeId(slot.node)), ..IMPLIED.as_ref() })
    }

    /// The entry that has a hard link's bytes and attributes, under the link's own path; any other is itself.
    fn file_of(&self, slot: &Slot) -> EntryRef<'_> {
        let entry = self.entry_of(slot);
        if entry.kind != Kind::Hardlink {
            return entry;
        }
        let layer = self.layers.get(slot.layer as usize);
        let target = layer.and_then(|layer| target(layer, &entry)?.1);
        target.map_or(entry, |target| EntryRef { path: entry.path, ..target })
    }
}

/// A directory that no layer describes.
static IMPLIED: Entry = {
    let mut entry = Entry::new(Vec::new(), Kind::Dir);
    entry.mode = 0o755;
    entry
};

/// Where a hard link leads in its layer: the position, and the entry.
fn target<'a>(layer: &'a Entries, link: &EntryRef<'a>) -> Option<(usize, Option<EntryRef<'a>>)> {
    let mut entry = *link;
    // A link to a link is followed, a circle is not.
    for _ in 0..8 {
        let position = layer.position(entry.link)?;
        entry = layer.at(position)?;
        if entry.kind != Kind::Hardlink {
            return Some((position, Some(entry)));
        }
    }
    None
}

/// Positions are counted in 32 bits; an image with more entries would not fit its own indexes.
fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(NONE)
}
