//! What of several layers nobody can see.

use std::collections::HashSet;

use super::entry::{EntryRef, Kind, split_path};

/// For each of `layers` (lowest first, each sorted by path), what the layers above hide of it: the paths that are
/// hidden together with everything in them, without those inside others.
///
/// Deletions and directories that show through are not among them. When a deletion takes the place of each such path
/// ([`Fate::Hides`](super::Fate), since it may itself have hidden something below) and what is in it goes, the layers
/// together show the same as before.
#[must_use]
pub fn hidden<'a, Layer>(layers: &[Layer]) -> Vec<HashSet<Vec<u8>>>
where
    Layer: AsRef<[EntryRef<'a>]>,
{
    let mut cover = Cover::default();
    let mut found: Vec<HashSet<Vec<u8>>> =
        layers.iter().rev().map(|layer| cover.put_over(layer.as_ref())).collect();
    found.reverse();
    found
}

/// Whether one of `paths` is a directory that `path` is in.
#[must_use]
pub fn is_inside(path: &[u8], paths: &HashSet<Vec<u8>>) -> bool {
    let mut dir = path;
    while !dir.is_empty() && !paths.is_empty() {
        dir = split_path(dir).0;
        if paths.contains(dir) {
            return true;
        }
    }
    false
}

/// What the layers above say.
#[derive(Default)]
struct Cover<'a> {
    /// Nothing at this path, and nothing in it, shows through: something else is there, or a deletion, or an
    /// opaque directory.
    shut: HashSet<&'a [u8]>,
    /// Directories.
    dirs: HashSet<&'a [u8]>,
}

impl<'a> Cover<'a> {
    /// What is hidden in `layer`, which from now belongs to the cover.
    fn put_over(&mut self, layer: &[EntryRef<'a>]) -> HashSet<Vec<u8>> {
        let mut hidden: HashSet<Vec<u8>> = HashSet::new();
        for entry in layer.iter().filter(|entry| !entry.path.is_empty()) {
            if entry.kind != Kind::Whiteout && self.hides(entry) && !is_inside(entry.path, &hidden) {
                hidden.insert(entry.path.to_vec());
            }
        }
        for entry in layer {
            if entry.kind != Kind::Dir || entry.opaque {
                self.shut.insert(entry.path);
            }
            let mut path = if entry.kind == Kind::Dir { entry.path } else { split_path(entry.path).0 };
            // A deletion needs no directory around it.
            while entry.kind != Kind::Whiteout && self.dirs.insert(path) && !path.is_empty() {
                path = split_path(path).0;
            }
        }
        hidden
    }

    fn hides(&self, entry: &EntryRef<'_>) -> bool {
        if entry.kind != Kind::Dir && self.dirs.contains(entry.path) {
            return true;
        }
        let mut path = entry.path;
        loop {
            if self.shut.contains(path) {
                return true;
            }
            if path.is_empty() {
                return false;
            }
            path = split_path(path).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Entry;

    fn entry(text: &str) -> Entry {
        let (kind, path) = text.split_at(1);
        let kind = match kind {
            "d" | "o" => Kind::Dir,
            "w" => Kind::Whiteout,
            _ => Kind::File,
        };
        Entry { opaque: text.starts_with('o'), ..Entry::new(path.into(), kind) }
    }

    fn found(layers: &[&[&str]]) -> Vec<Vec<String>> {
        let layers: Vec<Vec<Entry>> =
            layers.iter().map(|layer| layer.iter().map(|text| entry(text)).collect()).collect();
        let borrowed: Vec<Vec<EntryRef<'_>>> =
            layers.iter().map(|layer| layer.iter().map(Entry::as_ref).collect()).collect();
        let words = hidden(&borrowed).into_iter().map(|paths| {
            let mut words: Vec<String> =
                paths.iter().map(|path| String::from_utf8_lossy(path).into_owned()).collect();
            words.sort();
            words
        });
        words.collect()
    }

    #[test]
    fn versions_and_trees_are_hidden() {
        assert_eq!(found(&[&["fa", "fb"], &["fa"]]), [vec!["a"], vec![]]);
        assert_eq!(found(&[&["da", "fa/x", "da/y", "fa/y/z", "fa-b"], &["wa"]]), [vec!["a"], vec![]]);
        assert_eq!(found(&[&["da", "fa/x"], &["oa", "fa/n"]]), [vec!["a"], vec![]]);
        assert_eq!(found(&[&["da", "fa/x"], &["da", "fa/n"]]), [Vec::<String>::new(), vec![]]);
        assert_eq!(found(&[&["da", "fa/x", "fb"], &["o"]]), [vec!["a", "b"], vec![]]);
    }

    #[test]
    fn what_lies_between_counts() {
        // A file in the middle hides the directory below, and is hidden itself.
        assert_eq!(found(&[&["da", "fa/x"], &["fa"], &["da", "fa/n"]]), [vec!["a"], vec!["a"], vec![]]);
        // A directory that its layer does not mention.
        assert_eq!(found(&[&["fa"], &["fa/n"]]), [vec!["a"], vec![]]);
        assert_eq!(found(&[&["da", "fa/b/x"], &["wa"]]), [vec!["a"], vec![]]);
        // A deletion that another one makes needless is left for `settle`.
        assert_eq!(found(&[&["fa"], &["wa"], &["wa"]]), [vec!["a"], vec![], vec![]]);
    }
}
