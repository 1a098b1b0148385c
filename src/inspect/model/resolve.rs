//! Paths through symbolic links, as the tree after some layer has them.

use super::{Model, NodeId};
use crate::layer::Kind;

/// As many symbolic links as the kernel follows in one path.
const MOST_LINKS: usize = 40;

impl Model {
    /// Where `path` leads in the tree after `layer`, symbolic links followed, the last component's only with
    /// `follow_last`. A path that some layer has exactly so is found even where that tree does not show it,
    /// unless the last component is to be followed. `None` where nothing is.
    #[must_use]
    pub fn resolve(&self, path: &[u8], layer: usize, follow_last: bool) -> Option<NodeId> {
        let plain = components(path).filter(|name| *name != b"..").collect::<Vec<_>>().join(&b'/');
        if !follow_last && let Some(node) = self.find(&plain) {
            return Some(node);
        }
        let mut pending: Vec<Vec<u8>> = components(path).map(<[u8]>::to_vec).rev().collect();
        let (mut here, mut links) = (NodeId::ROOT, 0);
        while let Some(name) = pending.pop() {
            if name == b".." {
                here = self.parent(here).unwrap_or(here);
                continue;
            }
            let mut inner = self.path(here).to_vec();
            if !inner.is_empty() {
                inner.push(b'/');
            }
            inner.extend_from_slice(&name);
            let node = self.find(&inner)?;
            let shown = self.shown(node, layer)?;
            if shown.entry.kind == Kind::Symlink && (follow_last || !pending.is_empty()) {
                links += 1;
                if links > MOST_LINKS {
                    return None;
                }
                if shown.entry.link.starts_with(b"/") {
                    here = NodeId::ROOT;
                }
                pending.extend(components(shown.entry.link).map(<[u8]>::to_vec).rev());
            } else {
                here = node;
            }
        }
        Some(here)
    }
}

fn components(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|&byte| byte == b'/').filter(|name| !matches!(*name, b"" | b"."))
}
