//! What a tree shall hold, as data; and writing it.
//!
//! First a plan is made, then carried out in path order: so the same host files give the same
//! tree, a program whose library is missing leaves nothing half done, and tests can look at it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, FileTimes, OpenOptions, Permissions};
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, fchown, lchown, symlink};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::fcntl::AT_FDCWD;
use nix::sys::stat::{UtimensatFlags, utimensat};
use nix::sys::time::TimeSpec;

use super::{Error, Host, MTIME};

/// Directories that are links into `/usr`, as on every current distribution. `/lib32` and
/// `/libx32` would be two more; nothing in the image uses them.
pub(super) const MERGED: [&str; 4] = ["bin", "lib", "lib64", "sbin"];

/// One thing in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// An empty directory, or one with another mode than 0755.
    Directory { mode: u32 },
    /// A copy of the host's file at this link-free path.
    Copy { source: PathBuf, executable: bool, size: u64 },
    /// A file of our own.
    Text { bytes: Vec<u8>, mode: u32 },
    /// A symbolic link to an absolute path of the tree; written as a relative one.
    Link { target: PathBuf },
}

impl Item {
    /// Bytes of content, zero for what is not a file.
    pub fn size(&self) -> u64 {
        match self {
            Self::Copy { size, .. } => *size,
            Self::Text { bytes, .. } => bytes.len() as u64,
            Self::Directory { .. } | Self::Link { .. } => 0,
        }
    }
}

/// Absolute paths of the tree and what is to be there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub items: BTreeMap<PathBuf, Item>,
}

impl Plan {
    /// Is there something at `path`, as the host spells it?
    pub fn contains(&self, path: &Path) -> bool {
        self.items.contains_key(&merged(path))
    }

    pub fn directory(&mut self, path: &str, mode: u32) {
        self.items.insert(merged(Path::new(path)), Item::Directory { mode });
    }

    pub fn text(&mut self, path: &str, bytes: impl Into<Vec<u8>>, mode: u32) {
        self.items.insert(merged(Path::new(path)), Item::Text { bytes: bytes.into(), mode });
    }

    /// A link at `path`, unless that is where `target` itself is, or something is there already.
    pub fn link(&mut self, path: &Path, target: &Path) {
        let (path, target) = (merged(path), merged(target));
        if path != target {
            self.items.entry(path).or_insert(Item::Link { target });
        }
    }

    /// The host's file at the link-free path `real`, in the same place of the tree.
    pub fn copy(&mut self, host: &Host, real: &Path) -> Result<(), Error> {
        let place = merged(real);
        if let Some(Item::Copy { .. } | Item::Text { .. }) = self.items.get(&place) {
            return Ok(());
        }
        let source = host.real(real);
        let found = fs::metadata(&source).map_err(Error::io("read", &source))?;
        let executable = found.permissions().mode() & 0o111 != 0;
        // Opened here already: a file that this user may not read must not fail half-way.
        File::open(&source).map_err(Error::io("read", &source))?;
        self.items.insert(place, Item::Copy { source, executable, size: found.len() });
        Ok(())
    }

    /// The file that `path` leads to, and a link if `path` is not its own name.
    pub fn copy_as(&mut self, host: &Host, path: &Path, real: &Path) -> Result<(), Error> {
        self.copy(host, real)?;
        self.link(path, real);
        Ok(())
    }

    /// Everything of `other` for which there is nothing here yet.
    pub fn absorb(&mut self, other: Self) {
        for (path, item) in other.items {
            self.items.entry(path).or_insert(item);
        }
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.items.values().map(Item::size).sum()
    }

    /// Writes the tree below `root`, an existing empty directory.
    ///
    /// Modes do not depend on the umask and carry no set-id bit; owner and group are 0 where the
    /// caller may say so; every time is [`MTIME`].
    pub fn write(&self, root: &Path) -> Result<(), Error> {
        let mut directories: BTreeSet<PathBuf> = BTreeSet::new();
        let mut modes: BTreeMap<&Path, u32> = BTreeMap::new();
        for (path, item) in &self.items {
            let is_directory = matches!(item, Item::Directory { .. });
            for ancestor in path.ancestors().skip(usize::from(!is_directory)) {
                directories.insert(ancestor.to_owned());
            }
            if let Item::Directory { mode } = item {
                modes.insert(path, *mode);
            }
        }
        let owner = nix::unistd::geteuid().is_root();
        for directory in &directories {
            if matches!(self.items.get(directory), Some(item) if !matches!(item, Item::Directory { .. })) {
                return Err(Error::Occupied { path: directory.clone() });
            }
            let real = below(root, directory);
            match fs::create_dir(&real) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(Error::Io { action: "create", path: real, source: error });
                }
                _ => {}
            }
        }
        for (path, item) in &self.items {
            write_item(&below(root, path), path, item, owner)?;
        }
        // Last, and children first: making an entry changes its directory's time.
        for directory in directories.iter().rev() {
            let real = below(root, directory);
            let mode = modes.get(directory.as_path()).copied().unwrap_or(0o755);
            if owner {
                lchown(&real, Some(0), Some(0)).map_err(Error::io("change the owner of", &real))?;
            }
            fs::set_permissions(&real, Permissions::from_mode(mode))
                .map_err(Error::io("set the mode of", &real))?;
            set_time(&real)?;
        }
        Ok(())
    }
}

impl Plan {
    /// Writes everything but directories as a tar archive, a new file at `archive`.
    pub fn write_tar(&self, archive: &Path) -> Result<(), Error> {
        let file = create(archive)?;
        let mut builder = tar::Builder::new(BufWriter::with_capacity(1 << 18, &file));
        for (path, item) in &self.items {
            let failed = Error::io("write", archive);
            let name = path.strip_prefix("/").unwrap_or(path);
            let mut header = tar::Header::new_gnu();
            header.set_mtime(MTIME);
            header.set_uid(0);
            header.set_gid(0);
            header.set_size(item.size());
            match item {
                Item::Directory { .. } => {}
                Item::Text { bytes, mode } => {
                    header.set_mode(*mode);
                    builder.append_data(&mut header, name, bytes.as_slice()).map_err(failed)?;
                }
                Item::Link { target } => {
                    header.set_mode(0o777);
                    header.set_entry_type(tar::EntryType::Symlink);
                    builder.append_link(&mut header, name, relative(path, target)).map_err(failed)?;
                }
                Item::Copy { source, executable, size } => {
                    header.set_mode(if *executable { 0o755 } else { 0o644 });
                    let from = File::open(source).map_err(Error::io("read", source))?;
                    // A file that grew since it was planned must not spill into the next header.
                    let content = BufReader::with_capacity(1 << 18, from.take(*size));
                    builder.append_data(&mut header, name, content).map_err(failed)?;
                }
            }
        }
        let buffer = builder.into_inner().map_err(Error::io("write", archive))?;
        buffer.into_inner().map_err(|error| Error::io("write", archive)(error.into_error()))?;
        set_metadata(&file, 0o644, nix::unistd::geteuid().is_root()).map_err(Error::io("write", archive))
    }
}

/// Owner, mode and time of a new file.
fn set_metadata(file: &File, mode: u32, owner: bool) -> std::io::Result<()> {
    if owner {
        fchown(file, Some(0), Some(0))?;
    }
    file.set_permissions(Permissions::from_mode(mode))?;
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(MTIME);
    file.set_times(FileTimes::new().set_accessed(time).set_modified(time))
}

fn write_item(real: &Path, path: &Path, item: &Item, owner: bool) -> Result<(), Error> {
    let (mut file, mode) = match item {
        Item::Directory { .. } => return Ok(()),
        Item::Link { target } => {
            symlink(relative(path, target), real).map_err(Error::io("create", real))?;
            if owner {
                lchown(real, Some(0), Some(0)).map_err(Error::io("change the owner of", real))?;
            }
            return set_time(real);
        }
        Item::Copy { executable, .. } => (create(real)?, if *executable { 0o755 } else { 0o644 }),
        Item::Text { mode, .. } => (create(real)?, *mode),
    };
    match item {
        Item::Text { bytes, .. } => file.write_all(bytes).map_err(Error::io("write", real))?,
        Item::Copy { source, .. } => {
            let mut from = File::open(source).map_err(Error::io("read", source))?;
            // Between two files this is copy_file_range: a reflink where the file system can.
            std::io::copy(&mut from, &mut file).map_err(Error::io("copy to", real))?;
        }
        Item::Directory { .. } | Item::Link { .. } => {}
    }
    set_metadata(&file, mode, owner).map_err(Error::io("set owner, mode and time of", real))
}

fn create(real: &Path) -> Result<File, Error> {
    OpenOptions::new().write(true).create_new(true).open(real).map_err(Error::io("create", real))
}

/// Of a link itself, or of a directory.
fn set_time(real: &Path) -> Result<(), Error> {
    let time = TimeSpec::new(i64::try_from(MTIME).unwrap_or(0), 0);
    utimensat(AT_FDCWD, real, &time, &time, UtimensatFlags::NoFollowSymlink)
        .map_err(|errno| Error::io("set the time of", real)(errno.into()))
}

fn below(root: &Path, path: &Path) -> PathBuf {
    match path.strip_prefix("/") {
        Ok(rest) if rest.as_os_str().is_empty() => root.to_owned(),
        Ok(rest) => root.join(rest),
        Err(_) => root.join(path),
    }
}

/// The place of a host path in a tree whose `/bin`, `/lib`, `/lib64`, `/sbin` lead into `/usr`.
pub(super) fn merged(path: &Path) -> PathBuf {
    let mut clean = PathBuf::from("/");
    for component in path.components() {
        match component {
            Component::Normal(name) => clean.push(name),
            Component::ParentDir => {
                clean.pop();
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    match clean.components().nth(1) {
        Some(Component::Normal(first))
            if MERGED.iter().any(|name| first == *name) && clean.components().count() > 2 =>
        {
            Path::new("/usr").join(clean.strip_prefix("/").unwrap_or(&clean))
        }
        _ => clean,
    }
}

/// `target` as seen from a link at `path`.
fn relative(path: &Path, target: &Path) -> PathBuf {
    let from: Vec<_> = path.parent().unwrap_or(path).components().collect();
    let to: Vec<_> = target.components().collect();
    let shared = from.iter().zip(&to).take_while(|(left, right)| left == right).count();
    let ups = std::iter::repeat_n(Component::ParentDir, from.len() - shared);
    ups.chain(to[shared..].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_four_directories_lead_into_usr() {
        for (host, tree) in [
            ("/bin/sh", "/usr/bin/sh"),
            ("/lib64/ld-linux-x86-64.so.2", "/usr/lib64/ld-linux-x86-64.so.2"),
            ("/lib/../bin/x", "/usr/bin/x"),
            ("/usr/bin/sh", "/usr/bin/sh"),
            ("/nix/store/x/bin/sh", "/nix/store/x/bin/sh"),
            ("/bin", "/bin"),
            ("/library/x", "/library/x"),
        ] {
            assert_eq!(merged(Path::new(host)), Path::new(tree));
        }
    }

    #[test]
    fn links_are_relative() {
        for (path, target, text) in [
            ("/usr/bin/vi", "/usr/bin/vim", "vim"),
            ("/usr/sbin/ip", "/usr/bin/ip", "../bin/ip"),
            ("/bin", "/usr/bin", "usr/bin"),
            ("/usr/bin/ls", "/nix/store/x/ls", "../../nix/store/x/ls"),
        ] {
            assert_eq!(relative(Path::new(path), Path::new(target)), Path::new(text));
        }
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let root = tempfile::tempdir().unwrap();
        let mut plan = Plan::default();
        plan.link(Path::new("/data"), Path::new("/etc"));
        plan.text("/data/file", "x", 0o644);
        assert!(matches!(plan.write(root.path()), Err(Error::Occupied { .. })));
    }

    #[test]
    fn modes_and_times_are_ours() {
        use std::os::unix::fs::MetadataExt as _;
        let root = tempfile::tempdir().unwrap();
        let mut plan = Plan::default();
        plan.directory("/tmp", 0o1777);
        plan.text("/etc/a", "a", 0o600);
        plan.link(Path::new("/etc/b"), Path::new("/etc/a"));
        plan.write(root.path()).unwrap();
        for (path, mode) in [("", 0o755), ("tmp", 0o1777), ("etc", 0o755), ("etc/a", 0o600), ("etc/b", 0o777)]
        {
            let found = root.path().join(path).symlink_metadata().unwrap();
            assert_eq!(found.mode() & 0o7777, mode, "{path}");
            assert_eq!((found.mtime(), found.mtime_nsec()), (MTIME.try_into().unwrap(), 0), "{path}");
        }
        assert_eq!(fs::read_link(root.path().join("etc/b")).unwrap(), Path::new("a"));
    }
}
