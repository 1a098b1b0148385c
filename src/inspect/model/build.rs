//! The merge.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Content, Entries, Model, NONE, Name, Node, Slot, number, target};
use crate::layer::Kind;

/// A directory that a layer implies and does not list: the entry that implies it, and the length of its path.
type Implied = (u32, u32);

pub(super) fn build(
    layers: Vec<Entries>,
    same_content: impl FnMut(usize, usize, &[u8]) -> Option<bool>,
) -> Model {
    let root = Node {
        layer: 0,
        position: 0,
        length: 0,
        parent: NONE,
        first_child: NONE,
        next_sibling: NONE,
        slots: 0,
    };
    let sizes = layers.iter().map(size).collect();
    let mut model = Model { layers, sizes, nodes: vec![root], slots: Vec::new(), names: Vec::new() };
    merge(&mut model);
    find_family(&mut model);
    find_ends(&mut model);
    find_names(&mut model);
    compare(&mut model, same_content);
    model
}

fn size(layer: &Entries) -> u64 {
    match layer {
        Entries::Index(index) => index.file_bytes(),
        Entries::List(list) => list
            .iter()
            .filter(|entry| entry.kind == Kind::File)
            .fold(0, |sum, entry| sum.saturating_add(entry.size)),
        Entries::Shown(_) => layer
            .iter()
            .filter(|entry| entry.kind == Kind::File)
            .fold(0, |sum, entry| sum.saturating_add(entry.size)),
    }
}

/// A layer's reading position: its entries and the directories that it implies, as one sorted list.
struct Reader<'a> {
    layer: u32,
    entries: &'a Entries,
    next: usize,
    implied: std::iter::Peekable<std::vec::IntoIter<Implied>>,
}

/// The next path of a layer: the path, the layer, the position and whether it is only implied.
type Head<'a> = (&'a [u8], u32, u32, bool);

impl<'a> Reader<'a> {
    fn take(&mut self) -> Option<Head<'a>> {
        let entry = self.entries.at(self.next);
        if let Some(&(position, length)) = self.implied.peek() {
            let path = self.entries.at(position as usize)?.path.get(..length as usize)?;
            if entry.is_none_or(|entry| path < entry.path) {
                self.implied.next();
                return Some((path, self.layer, position, true));
            }
        }
        let entry = entry?;
        self.next += 1;
        Some((entry.path, self.layer, number(self.next - 1), false))
    }
}

/// Directories that are in the paths of `layer` and not in its list, sorted; the root is not one of them.
fn implied(layer: &Entries) -> Vec<Implied> {
    let mut found: Vec<(&[u8], Implied)> = Vec::new();
    let mut known: &[u8] = b"";
    for (position, entry) in layer.iter().enumerate() {
        let mut path = entry.path;
        while let Some(slash) = path.iter().rposition(|&byte| byte == b'/') {
            path = &path[..slash];
            if path == known || layer.position(path).is_some() {
                break;
            }
            found.push((path, (number(position), number(path.len()))));
        }
        known = entry.path.iter().rposition(|&byte| byte == b'/').map_or(b"", |slash| &entry.path[..slash]);
    }
    found.sort_unstable();
    found.dedup_by(|one, other| one.0 == other.0);
    found.into_iter().map(|(_, implied)| implied).collect()
}

/// Fills nodes and slots, in the order of the paths' bytes.
fn merge(model: &mut Model) {
    let layers = std::mem::take(&mut model.layers);
    model.slots.reserve(layers.iter().map(Entries::len).sum::<usize>() + 1);
    let mut readers: Vec<Reader<'_>> = layers
        .iter()
        .enumerate()
        .map(|(layer, entries)| Reader {
            layer: number(layer),
            entries,
            next: 0,
            implied: implied(entries).into_iter().peekable(),
        })
        .collect();
    let mut heads: BinaryHeap<Reverse<Head<'_>>> =
        readers.iter_mut().filter_map(|reader| reader.take().map(Reverse)).collect();
    // The root is there from the lowest layer on, whoever describes it.
    if heads.iter().all(|Reverse((path, layer, ..))| *layer != 0 || !path.is_empty()) && !readers.is_empty() {
        model.slots.push(slot(0, 0, NONE));
    }
    let mut last: &[u8] = b"";
    while let Some(mut head) = heads.peek_mut() {
        let Reverse((path, layer, position, is_implied)) = *head;
        let next = readers.get_mut(layer as usize).and_then(Reader::take);
        match next {
            Some(next) => *head = Reverse(next),
            None => drop(std::collections::binary_heap::PeekMut::pop(head)),
        }
        if path != last {
            last = path;
            model.nodes.push(Node {
                layer,
                position,
                length: number(path.len()),
                parent: NONE,
                first_child: NONE,
                next_sibling: NONE,
                slots: number(model.slots.len()),
            });
        }
        let node = number(model.nodes.len() - 1);
        model.slots.push(slot(node, layer, if is_implied { NONE } else { position }));
    }
    drop(heads);
    drop(readers);
    model.layers = layers;
}

const fn slot(node: u32, layer: u32, position: u32) -> Slot {
    let content = Content::Unknown;
    Slot { node, layer, position, until: NONE, replaces: false, linked: false, content }
}

/// Parents, children and siblings.
fn find_family(model: &mut Model) {
    let mut parents = vec![NONE; model.nodes.len()];
    let (mut dir, mut dir_node): (&[u8], u32) = (b"", 0);
    for (at, node) in model.nodes.iter().enumerate().skip(1) {
        let path = model.path_of(node);
        let parent = path.iter().rposition(|&byte| byte == b'/').map_or(&b""[..], |slash| &path[..slash]);
        if parent != dir {
            (dir, dir_node) = (parent, model.find(parent).map_or(0, |node| node.0));
        }
        parents[at] = dir_node;
    }
    for at in (1..model.nodes.len()).rev() {
        let parent = parents[at] as usize;
        model.nodes[at].parent = parents[at];
        model.nodes[at].next_sibling = model.nodes[parent].first_child;
        model.nodes[parent].first_child = number(at);
    }
}

/// A layer in which all that lower ones have below a node is hidden, and the nodes around's ones.
struct Closed {
    layer: u32,
    around: u32,
}

/// Finds out how long each version is to be seen.
fn find_ends(model: &mut Model) {
    let mut closed: Vec<Closed> = Vec::new();
    let mut by_node = vec![NONE; model.nodes.len()];
    let (mut hidden, mut hidden_of): (Vec<u32>, u32) = (Vec::new(), NONE);
    for at in 0..model.nodes.len() {
        let node = model.nodes[at];
        let around = by_node.get(node.parent as usize).copied().unwrap_or(NONE);
        if around != hidden_of {
            hidden_of = around;
            hidden.clear();
            let mut next = around;
            while let Some(one) = closed.get(next as usize) {
                hidden.push(one.layer);
                next = one.around;
            }
            hidden.sort_unstable();
        }
        by_node[at] = around;
        // The layers that hide from above, then what the layers say of the path itself.
        let (mut above, mut shown) = (hidden.iter().copied().peekable(), None);
        for own in model.range_of(number(at)) {
            let Slot { layer, position, .. } = model.slots[own];
            let mut is_hidden = false;
            while let Some(closing) = above.next_if(|closing| *closing <= layer) {
                is_hidden = closing == layer;
                // Hidden in this same layer: what comes now is in its place.
                if let Some(before) = shown.take_if(|_| !is_hidden) {
                    end(&mut model.slots, before, closing);
                }
            }
            model.slots[own].replaces = shown.is_some();
            if let Some(before) = shown.take() {
                end(&mut model.slots, before, layer);
            }
            let (kind, opaque) = match position {
                NONE => (Kind::Dir, false),
                _ => {
                    let entry = model.entry_of(&model.slots[own]);
                    (entry.kind, entry.opaque)
                }
            };
            if kind == Kind::Whiteout {
                model.slots[own].until = layer;
            } else {
                shown = Some(own);
            }
            let closes = kind != Kind::Dir || opaque;
            if closes && layer > 0 && !is_hidden && node.first_child != NONE {
                closed.push(Closed { layer, around: by_node[at] });
                by_node[at] = number(closed.len() - 1);
            }
        }
        if let (Some(before), Some(closing)) = (shown, above.next()) {
            end(&mut model.slots, before, closing);
        }
    }
}

fn end(slots: &mut [Slot], slot: usize, layer: u32) {
    slots[slot].until = layer;
}

/// Finds the files that have several names.
fn find_names(model: &mut Model) {
    let mut names = Vec::new();
    for (at, slot) in model.slots.iter().enumerate().filter(|(_, slot)| slot.position != NONE) {
        let entry = model.entry_of(slot);
        if entry.kind != Kind::Hardlink {
            continue;
        }
        let Some(layer) = model.layers.get(slot.layer as usize) else { continue };
        let Some((position, Some(file))) =
            target(layer, &entry).filter(|(_, file)| file.is_some_and(|file| file.kind == Kind::File))
        else {
            continue;
        };
        let first = model
            .find(file.path)
            .and_then(|node| model.range_of(node.0).find(|&own| model.slots[own].layer == slot.layer));
        let Some(first) = first else { continue };
        for name in [at, first] {
            names.push(Name { layer: slot.layer, position: number(position), slot: number(name) });
        }
    }
    names.sort_unstable();
    names.dedup();
    for name in &names {
        model.slots[name.slot as usize].linked = true;
    }
    model.names = names;
}

/// Compares the contents of successive files of one size.
fn compare(model: &mut Model, mut same_content: impl FnMut(usize, usize, &[u8]) -> Option<bool>) {
    let mut at = 0;
    while at < model.slots.len() {
        let node = model.slots[at].node;
        let end = model.range_of(node).end;
        if end - at > 1 {
            let mut before: Option<usize> = None;
            for own in at..end {
                let upper = model.file_of(&model.slots[own]);
                if upper.kind != Kind::File {
                    continue;
                }
                let content = before.map(|before| {
                    let below = &model.slots[before];
                    let lower = model.file_of(below);
                    let answer = match (lower.digest, upper.digest) {
                        _ if lower.size != upper.size => Some(false),
                        _ if upper.size == 0 => Some(true),
                        (Some(lower), Some(upper)) => Some(lower == upper),
                        _ => same_content(
                            below.layer as usize,
                            model.slots[own].layer as usize,
                            model.path(super::NodeId(node)),
                        ),
                    };
                    match answer {
                        Some(true) => Content::Same,
                        Some(false) => Content::Different,
                        None => Content::Unknown,
                    }
                });
                if let Some(content) = content {
                    model.slots[own].content = content;
                }
                before = Some(own);
            }
        }
        at = end;
    }
}
