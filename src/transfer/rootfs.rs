//! A tree as one layer: what `docker import` does with a tar, and the same for a directory.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::archive::Section;
use super::bundle;
use super::compression::Compression;
use super::expansion::Expansion;
use super::fetch;
use super::watch::Watch;
use super::{Error, LoadOptions};
use crate::layer::{self, DirContent, Entry, Kind, TarOptions};
use crate::store::{LayerRecord, Store};

/// A layer made from a tree.
#[derive(Debug, Clone)]
pub struct Imported {
    /// As it is in the store.
    pub layer: LayerRecord,
    /// What is worth saying, a sentence each.
    pub notices: Vec<String>,
}

/// Makes a layer of the tar (plain, gzip or zstd) or the directory at `path`.
///
/// A tar keeps its bytes: its DiffID is that of the tar as it came, unpacked. A directory becomes
/// the canonical tar of its tree, so equal trees are equal layers; sockets are left out, and so are
/// overlayfs's marks, which mean nothing in a tree that stands for itself.
///
/// # Errors
/// [`Error::Name`] for a directory in which other file systems are mounted; [`Error::Layer`] for a tar
/// that is none or not to be trusted; [`Error::Io`].
pub fn import(store: &Store, path: &Path, options: &LoadOptions) -> Result<Imported, Error> {
    let watch = Watch::new(options.interrupt);
    let (layer, notices) = if fs::metadata(path).map_err(Error::io("open", path))?.is_dir() {
        import_directory(store, path, options, &watch)?
    } else {
        let tar = bundle::regular(path, &store.root().join("tmp"), &options.limits, &watch)?;
        let whole = Section::of(&tar).map_err(Error::io("read", path))?;
        let item = options.report.begin(name_of(path), "import", Some(whole.size()));
        let open = || {
            item.restart();
            let expansion = Expansion::of(&options.limits, path.display().to_string());
            Compression::open(item.reader(watch.reader(whole.clone())), expansion)
                .map(|(_, content)| content)
                .map_err(Error::io("read", path))
        };
        let start = first_block(&mut open()?).map_err(Error::io("read", path))?;
        if !looks_like_tar(&start) {
            return Err(Error::Name {
                text: path.display().to_string(),
                reason: "is neither a tar archive nor a directory".to_owned(),
            });
        }
        let imported = fetch::unpack_tree(store, open, options)
            .map_err(|error| error.of_layer(&path.display().to_string()))?;
        item.end("imported");
        imported
    };
    Ok(Imported { layer, notices })
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn import_directory(
    store: &Store,
    path: &Path,
    options: &LoadOptions,
    watch: &Watch,
) -> Result<(LayerRecord, Vec<String>), Error> {
    let root = fs::canonicalize(path).map_err(Error::io("open", path))?;
    if let Some(mount) = mounted_below(&root) {
        return Err(Error::Name {
            text: path.display().to_string(),
            reason: format!("has another file system in it, at `{}`: unmount that first", mount.display()),
        });
    }
    let mut entries = layer::scan(&root, options.format).map_err(Error::layer)?;
    entries.retain(|entry| entry.kind != Kind::Whiteout && !entry.path.is_empty());
    entries.iter_mut().for_each(|entry| entry.opaque = false);
    let content = DirContent::open(&root).map_err(Error::layer)?;
    let (reader, writer) = io::pipe().map_err(Error::io("read", path))?;
    std::thread::scope(|scope| {
        let writing = scope.spawn(move || {
            let mut out = watch.writer(io::BufWriter::with_capacity(1 << 16, writer));
            let references = entries.iter().map(Entry::as_ref);
            layer::write_tar(references, &content, &mut out, &TarOptions::default())
        });
        let unpacked = fetch::unpack_unrecorded(store, reader, options);
        let written = match writing.join() {
            Ok(written) => written.map_err(Error::layer),
            Err(panic) => std::panic::resume_unwind(panic),
        };
        match (written, unpacked) {
            (Ok(_), unpacked) => unpacked?.record_canonical(store),
            // The writer's complaint that nobody reads any more is not the cause.
            (Err(error), Err(cause)) if is_broken_pipe(&error) => Err(cause),
            (Err(error), Ok(unpacked)) => {
                unpacked.discard(store)?;
                Err(error)
            }
            (Err(error), Err(_)) => Err(error),
        }
    })
}

fn is_broken_pipe(error: &Error) -> bool {
    matches!(error, Error::Layer(layer::Error::Io { source, .. }) if source.kind() == io::ErrorKind::BrokenPipe)
}

/// A mount point strictly below `root`. Source: `proc_pid_mountinfo(5)`.
fn mounted_below(root: &Path) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    let table = fs::read("/proc/self/mountinfo").unwrap_or_default();
    table
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.split(|byte| *byte == b' ').nth(4))
        .map(|field| PathBuf::from(std::ffi::OsString::from_vec(unescape(field))))
        .find(|mount| mount != root && mount.starts_with(root))
}

/// Blanks and the like are written as three octal digits.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..3).filter(|digits| *first == b'\\' && digits.iter().all(u8::is_ascii_digit));
        if let Some(digits) = digits {
            bytes.push(
                digits.iter().fold(0_u8, |value, digit| value.wrapping_mul(8).wrapping_add(digit - b'0')),
            );
            rest = &after[3..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    bytes
}

fn first_block(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(512);
    stream.by_ref().take(512).read_to_end(&mut start)?;
    Ok(start)
}

/// A header with its checksum right (of any dialect), or the end of an empty tar.
fn looks_like_tar(block: &[u8]) -> bool {
    if block.len() < 512 {
        return false;
    }
    if block.iter().all(|byte| *byte == 0) {
        return true;
    }
    let field = std::str::from_utf8(&block[148..156]).unwrap_or_default().trim_matches(['\0', ' ']);
    let counted = block.iter().enumerate();
    let sum: u64 =
        counted.map(|(at, byte)| u64::from(if (148..156).contains(&at) { b' ' } else { *byte })).sum();
    u64::from_str_radix(field, 8) == Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_read() {
        assert_eq!(unescape(b"/a\\040b\\134"), b"/a b\\");
        assert!(mounted_below(Path::new("/")).is_some_and(|mount| mount.starts_with("/")));
        assert_eq!(mounted_below(Path::new("/no/such/directory")), None);
    }
}
