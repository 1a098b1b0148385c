//! The machine whose programs are copied, seen below a root directory.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

/// Where programs are looked for, in this order. Fixed, because an image that followed the
/// caller's PATH would differ from user to user; the last is NixOS.
const PROGRAM_DIRECTORIES: [&str; 5] =
    ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/run/current-system/sw/bin"];

/// How many symbolic links one path may lead through, as in the kernel.
const MAX_LINKS: usize = 40;

/// A root directory and the rules by which files below it are found.
///
/// Symbolic links are resolved inside that root, so that another system's tree can be read (tests
/// do) as well as the running machine.
#[derive(Debug, Clone)]
pub struct Host {
    root: PathBuf,
    /// Resolved directories.
    directories: RefCell<HashMap<PathBuf, Option<PathBuf>>>,
}

impl Default for Host {
    /// The running machine.
    fn default() -> Self {
        Self::at("/")
    }
}

impl Host {
    /// The system installed below `root`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), directories: RefCell::default() }
    }

    /// Where the absolute `path` of the system is really found.
    pub(super) fn real(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// The absolute path, free of links, that `path` leads to; `None` if nothing is there.
    pub(super) fn resolve(&self, path: &Path) -> Option<PathBuf> {
        self.walk(path, &mut 0)
    }

    fn walk(&self, path: &Path, links: &mut usize) -> Option<PathBuf> {
        let Some(directory) = path.parent() else { return Some(PathBuf::from("/")) };
        let directory = self.walk_directory(directory, links)?;
        let Some(name) = path.file_name() else {
            return Some(directory.parent().map_or(directory.clone(), Path::to_owned)); // `..`
        };
        let next = directory.join(name);
        match fs::read_link(self.real(&next)) {
            Ok(target) => {
                *links += 1;
                if *links > MAX_LINKS {
                    return None;
                }
                self.walk(&directory.join(target), links)
            }
            // EINVAL: there, but no link.
            Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => Some(next),
            Err(_) => None,
        }
    }

    /// Libraries are looked for in the same few directories again and again.
    fn walk_directory(&self, path: &Path, links: &mut usize) -> Option<PathBuf> {
        if let Some(known) = self.directories.borrow().get(path) {
            return known.clone();
        }
        let resolved = self.walk(path, links);
        self.directories.borrow_mut().insert(path.to_owned(), resolved.clone());
        resolved
    }

    /// The first regular file of that name in the program directories, as it is called there.
    pub(super) fn program(&self, name: &str) -> Option<PathBuf> {
        PROGRAM_DIRECTORIES.iter().map(|directory| Path::new(directory).join(name)).find(|path| {
            self.resolve(path).is_some_and(|real| {
                fs::metadata(self.real(&real)).is_ok_and(|found| found.is_file() && is_executable(&found))
            })
        })
    }

    /// The text of a small file; `None` if there is none or it cannot be read.
    pub(super) fn text(&self, path: &Path) -> Option<String> {
        let mut bytes = Vec::new();
        File::open(self.real(&self.resolve(path)?)).ok()?.read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The directories that `/etc/ld.so.conf` and what it includes name, in order.
    pub(super) fn library_directories(&self) -> Vec<PathBuf> {
        let mut directories = Vec::new();
        self.read_loader_config(Path::new("/etc/ld.so.conf"), 0, &mut directories);
        directories
    }

    fn read_loader_config(&self, path: &Path, depth: usize, directories: &mut Vec<PathBuf>) {
        let Some(text) = self.text(path).filter(|_| depth < 8) else { return };
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            let mut words = line.split([' ', '\t', ',', ':']).filter(|word| !word.is_empty());
            match words.next() {
                None | Some("hwcap") => {}
                Some("include") => {
                    for pattern in words {
                        let base = path.parent().unwrap_or(Path::new("/"));
                        for file in self.matches(&base.join(pattern)) {
                            self.read_loader_config(&file, depth + 1, directories);
                        }
                    }
                }
                Some(first) => {
                    directories.extend(std::iter::once(first).chain(words).map(PathBuf::from));
                }
            }
        }
    }

    /// Absolute paths that a pattern names, sorted; each component may hold one `*`.
    pub(super) fn matches(&self, pattern: &Path) -> Vec<PathBuf> {
        let mut found = vec![PathBuf::from("/")];
        for part in parts(pattern).iter().rev() {
            let name = part.to_string_lossy();
            if !name.contains('*') {
                found.iter_mut().for_each(|path| path.push(part));
                continue;
            }
            found = found
                .iter()
                .flat_map(|directory| {
                    let names = self.list(directory).into_keys().filter(|entry| fits(&name, entry));
                    names.map(|name| directory.join(name)).collect::<Vec<_>>()
                })
                .collect();
        }
        found.retain(|path| self.resolve(path).is_some());
        found
    }

    /// Names and types in a directory, sorted; empty if it cannot be read. Names that are not
    /// UTF-8 are left out: no program or library of a system has one.
    pub(super) fn list(&self, directory: &Path) -> BTreeMap<String, fs::FileType> {
        let Some(real) = self.resolve(directory) else { return BTreeMap::new() };
        let Ok(entries) = fs::read_dir(self.real(&real)) else { return BTreeMap::new() };
        entries
            .flatten()
            .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.file_type().ok()?)))
            .collect()
    }
}

/// Is `name` what `pattern` says, with at most one `*` for any characters?
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((before, after)) => {
            name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
        }
        None => pattern == name,
    }
}

fn is_executable(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    found.permissions().mode() & 0o111 != 0
}

/// Components in reverse, ready to be popped.
fn parts(path: &Path) -> Vec<PathBuf> {
    path.components()
        .rev()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(PathBuf::from(name)),
            Component::ParentDir => Some(PathBuf::from("..")),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_stay_inside_the_root() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("usr/bin")).unwrap();
        fs::create_dir_all(root.path().join("etc/alternatives")).unwrap();
        fs::write(root.path().join("usr/bin/vim.tiny"), "").unwrap();
        symlink("/etc/alternatives/vi", root.path().join("usr/bin/vi")).unwrap();
        symlink("../../../../../usr/bin/vim.tiny", root.path().join("etc/alternatives/vi")).unwrap();
        symlink("usr/bin", root.path().join("bin")).unwrap();
        symlink("loop", root.path().join("loop")).unwrap();
        let host = Host::at(root.path());
        assert_eq!(host.resolve(Path::new("/bin/vi")).unwrap(), Path::new("/usr/bin/vim.tiny"));
        assert_eq!(host.resolve(Path::new("/loop")), None);
        assert_eq!(host.resolve(Path::new("/etc/passwd")), None);
    }

    #[test]
    fn loader_configuration_includes_others() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc/ld.so.conf.d")).unwrap();
        fs::write(
            root.path().join("etc/ld.so.conf"),
            "/first # why\ninclude ld.so.conf.d/*.conf\nhwcap 0 x\n",
        )
        .unwrap();
        fs::write(root.path().join("etc/ld.so.conf.d/b.conf"), "/third, /fourth\n").unwrap();
        fs::write(root.path().join("etc/ld.so.conf.d/a.conf"), "/second\ninclude /etc/ld.so.conf\n").unwrap();
        fs::write(root.path().join("etc/ld.so.conf.d/c.bak"), "/never\n").unwrap();
        let found = Host::at(root.path()).library_directories();
        assert_eq!(found[..2], [PathBuf::from("/first"), PathBuf::from("/second")]);
        assert!(found.contains(&PathBuf::from("/fourth")) && !found.contains(&PathBuf::from("/never")));
    }
}
