//! Several layers' entries as one layer's.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::entry::{Entry, Kind, split_path};

/// What becomes of an entry when a layer is made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is in the new layer too.
    Stays,
    /// It is not, and neither is anything in it.
    Goes,
    /// A deletion takes its place, and that of everything in it: what lies below stays hidden.
    Hides,
}

/// An entry, and which of the lists it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Combined {
    pub(super) entry: Entry,
    pub(super) part: usize,
}

/// The entries of the one layer that does what `lists` (top first, each sorted) do one upon the
/// other. Deletions and opaque directories are kept: they are meant for what lies below all of them.
pub(super) fn combine(lists: Vec<Vec<Entry>>) -> Vec<Combined> {
    combined(lists, None)
}

/// The same as if each list had only what its entries' fates leave of it.
pub(super) fn combine_some(lists: Vec<Vec<Entry>>, fate: &dyn Fn(&Entry) -> Fate) -> Vec<Combined> {
    combined(lists, Some(fate))
}

fn combined(lists: Vec<Vec<Entry>>, fate: Option<&dyn Fn(&Entry) -> Fate>) -> Vec<Combined> {
    // A list that stays whole has its links right.
    let links = lists.len() > 1 || fate.is_some();
    let mut originals: HashMap<(usize, Vec<u8>), Entry> = HashMap::new();
    let mut all: BTreeMap<Vec<u8>, Combined> = BTreeMap::new();
    for (part, mut list) in lists.into_iter().enumerate().rev() {
        if links {
            remember_first_names(part, &list, &mut originals);
        }
        if let Some(fate) = fate {
            choose(&mut list, fate);
        }
        if !all.is_empty() {
            hide(&mut all, &list);
        }
        for mut entry in list {
            if entry.kind == Kind::Dir {
                entry.opaque |= match all.get(&entry.path) {
                    Some(below) if below.entry.kind == Kind::Dir => below.entry.opaque,
                    // A directory where the layer below has a deletion or another file shows nothing
                    // of what lies deeper.
                    Some(_) => true,
                    None => false,
                };
            }
            all.insert(entry.path.clone(), Combined { entry, part });
        }
    }
    let mut combined: Vec<Combined> = all.into_values().collect();
    if links {
        relink(&mut combined, &originals);
    }
    combined
}

/// Leaves of `list` what its entries' fates say.
fn choose(list: &mut Vec<Entry>, fate: impl Fn(&Entry) -> Fate) {
    list.retain_mut(|entry| match fate(entry) {
        Fate::Stays => true,
        Fate::Goes => false,
        Fate::Hides => {
            *entry = Entry::new(std::mem::take(&mut entry.path), Kind::Whiteout);
            true
        }
    });
}

fn remember_first_names(part: usize, list: &[Entry], originals: &mut HashMap<(usize, Vec<u8>), Entry>) {
    let firsts: HashSet<&[u8]> =
        list.iter().filter(|entry| entry.kind == Kind::Hardlink).map(|entry| entry.link.as_slice()).collect();
    for entry in list.iter().filter(|entry| firsts.contains(entry.path.as_slice())) {
        originals.insert((part, entry.path.clone()), entry.clone());
    }
}

/// Takes away what `list` hides by deletions, opaque directories and files.
fn hide(all: &mut BTreeMap<Vec<u8>, Combined>, list: &[Entry]) {
    let closed: HashSet<&[u8]> = list
        .iter()
        .filter(|entry| entry.kind != Kind::Dir || entry.opaque)
        .map(|entry| entry.path.as_slice())
        .collect();
    if closed.is_empty() {
        return;
    }
    all.retain(|path, _| {
        let mut dir = path.as_slice();
        while !dir.is_empty() {
            dir = split_path(dir).0;
            if closed.contains(dir) {
                return false;
            }
        }
        true
    });
}

/// The first name that is left of each inode becomes its entry, the others its links.
fn relink(combined: &mut [Combined], originals: &HashMap<(usize, Vec<u8>), Entry>) {
    let mut first_names: HashMap<(usize, Vec<u8>), Vec<u8>> = HashMap::new();
    for one in combined {
        let group = match one.entry.kind {
            // Where a first name was, perhaps.
            Kind::Whiteout => continue,
            Kind::Hardlink => (one.part, one.entry.link.clone()),
            _ => (one.part, one.entry.path.clone()),
        };
        let Some(original) = originals.get(&group) else { continue };
        match first_names.get(&group) {
            Some(first) => one.entry.link.clone_from(first),
            None => {
                let path = std::mem::take(&mut one.entry.path);
                one.entry = Entry { path: path.clone(), ..original.clone() };
                first_names.insert(group, path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir(path: &str) -> Entry {
        Entry::new(path.into(), Kind::Dir)
    }
    fn opaque(path: &str) -> Entry {
        Entry { opaque: true, ..dir(path) }
    }
    fn file(path: &str, size: u64) -> Entry {
        Entry { size, ..Entry::new(path.into(), Kind::File) }
    }
    fn gone(path: &str) -> Entry {
        Entry::new(path.into(), Kind::Whiteout)
    }
    fn link(path: &str, first: &str) -> Entry {
        Entry { link: first.into(), ..Entry::new(path.into(), Kind::Hardlink) }
    }

    fn combined(top: &[Entry], below: &[Entry]) -> Vec<Entry> {
        combine(vec![top.to_vec(), below.to_vec()]).into_iter().map(|one| one.entry).collect()
    }

    #[test]
    fn fates_are_obeyed_and_names_find_each_other() {
        let list = vec![
            dir("a"),
            Entry { mode: 0o600, uid: 7, ..file("a/f", 5) },
            link("a/g", "a/f"),
            link("b", "a/f"),
            dir("c"),
            file("c/x", 1),
            file("d", 2),
            link("e", "d"),
        ];
        let fate = |entry: &Entry| match entry.path.as_slice() {
            b"a/f" | b"c/x" => Fate::Goes,
            b"c" | b"d" => Fate::Hides,
            _ => Fate::Stays,
        };
        let left: Vec<Entry> = combine_some(vec![list], &fate).into_iter().map(|one| one.entry).collect();
        let first = Entry { mode: 0o600, uid: 7, ..file("a/g", 5) };
        assert_eq!(left, [dir("a"), first, link("b", "a/g"), gone("c"), gone("d"), file("e", 2)]);
    }

    #[test]
    fn the_upper_wins() {
        assert_eq!(combined(&[file("a", 1)], &[file("a", 2), file("b", 3)]), [file("a", 1), file("b", 3)]);
        assert_eq!(
            combined(&[gone("a")], &[dir("a"), file("a/x", 2), file("a-b", 1)]),
            [gone("a"), file("a-b", 1)]
        );
        assert_eq!(combined(&[file("a", 1)], &[dir("a"), file("a/x", 2)]), [file("a", 1)]);
        assert_eq!(combined(&[dir("a"), gone("a/x")], &[dir("a"), file("a/x", 2)]), [dir("a"), gone("a/x")]);
    }

    #[test]
    fn what_hid_the_lower_layers_still_does() {
        assert_eq!(combined(&[dir("a")], &[gone("a")]), [opaque("a")]);
        assert_eq!(combined(&[dir("a")], &[file("a", 3)]), [opaque("a")]);
        assert_eq!(combined(&[dir("a")], &[opaque("a"), file("a/x", 1)]), [opaque("a"), file("a/x", 1)]);
        assert_eq!(
            combined(&[opaque("a"), file("a/y", 1)], &[dir("a"), dir("a/b"), file("a/b/x", 1)]),
            [opaque("a"), file("a/y", 1)]
        );
        assert_eq!(combined(&[opaque("")], &[file("a", 3)]), [opaque("")]);
    }

    #[test]
    fn hard_links_survive_the_loss_of_their_first_name() {
        let below = [file("a", 7), link("b", "a"), link("c", "a")];
        assert_eq!(combined(&[gone("a")], &below), [gone("a"), file("b", 7), link("c", "b")]);
        assert_eq!(combined(&[file("b", 1)], &below), [file("a", 7), file("b", 1), link("c", "a")]);
        let top = [file("a", 1), link("d", "a")];
        assert_eq!(combined(&top, &below), [file("a", 1), file("b", 7), link("c", "b"), link("d", "a")]);
    }
}
