//! A stack seen as a plain map, and Docker's comparison of two such maps, written the naive way.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;

use crate::layer::{Change, Mtime, OverlayFormat, Stack};

/// What a person can see of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub mtime: Mtime,
    pub content: Vec<u8>,
}

impl Seen {
    fn is_dir(&self) -> bool {
        self.mode & libc::S_IFMT == libc::S_IFDIR
    }
}

pub type View = BTreeMap<Vec<u8>, Seen>;

pub fn stack(dirs: &[PathBuf], format: OverlayFormat) -> Stack {
    Stack::open(dirs, format).unwrap()
}

pub fn view(stack: &Stack) -> View {
    let mut seen = View::new();
    let mut pending = vec![Vec::new()];
    while let Some(dir) = pending.pop() {
        for (name, node) in stack.read_dir(&dir).unwrap() {
            let mut path = dir.clone();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend(name);
            assert_eq!(stack.lookup(&path).unwrap(), Some(node));
            let stat = node.stat;
            let mut content = Vec::new();
            if stat.is_file() {
                stack.open_file(&path).unwrap().read_to_end(&mut content).unwrap();
            } else if stat.is_symlink() {
                content = stack.read_link(&path).unwrap();
            } else if stat.is_dir() {
                pending.push(path.clone());
            }
            let mtime = Mtime { secs: stat.mtime, nanos: stat.mtime_nanos };
            seen.insert(path, Seen { mode: stat.mode, uid: stat.uid, gid: stat.gid, mtime, content });
        }
    }
    seen
}

/// moby's `addChanges`: both trees walked whole.
pub fn naive(old: &View, new: &View) -> Vec<(char, String)> {
    let mut found = BTreeMap::new();
    for (path, now) in new {
        let letter = match old.get(path) {
            None => 'A',
            Some(before) if differs(before, now) => 'C',
            Some(_) => continue,
        };
        found.insert(path.clone(), letter);
    }
    for path in old.keys().filter(|path| !new.contains_key(*path)) {
        // Only the topmost of what is gone, and only where its directory still is one.
        let dir = parent(path);
        if dir.is_empty() || new.get(dir).is_some_and(Seen::is_dir) {
            found.insert(path.clone(), 'D');
        }
    }
    for path in found.keys().cloned().collect::<Vec<_>>() {
        let mut dir = parent(&path);
        while !dir.is_empty() {
            found.entry(dir.to_vec()).or_insert('C');
            dir = parent(dir);
        }
    }
    found.into_iter().map(|(path, letter)| (letter, format!("/{}", String::from_utf8_lossy(&path)))).collect()
}

fn parent(path: &[u8]) -> &[u8] {
    path.iter().rposition(|&byte| byte == b'/').map_or(b"", |at| &path[..at])
}

fn differs(before: &Seen, now: &Seen) -> bool {
    (before.mode, before.uid, before.gid) != (now.mode, now.uid, now.gid)
        || !before.is_dir() && (before.content.len() != now.content.len() || !before.mtime.is_same(now.mtime))
}

pub fn letters(changes: &[Change]) -> Vec<(char, String)> {
    changes
        .iter()
        .map(|change| (change.kind.letter(), String::from_utf8_lossy(&change.path).into_owned()))
        .collect()
}
