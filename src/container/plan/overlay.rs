//! The container's root file system as mount options.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::super::{Error, MountApi, Root, Spec};

/// The kernel takes no longer value in `fsconfig(2)`, terminator included.
const VALUE: usize = 256;
/// `mount(2)` copies one page of options, terminator included.
const PAGE: usize = 4096;
/// Beyond this the kernel's own copies of the options may not fit any more.
const SHORT: usize = 2048;

/// How to mount the container's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlay {
    /// Where to go first: the deepest directory that holds all others, so that their names stay short.
    pub base: CString,
    /// Where to mount it, relative to `base`: over the upper directory, in the container's namespace alone.
    pub at: CString,
    /// Options, for one of two ways.
    pub layers: Layers,
    /// How many lower directories there are.
    pub lowers: usize,
}

/// Mount options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layers {
    /// For `fsconfig(2)`; without a value: a flag.
    Context(Vec<(CString, Option<CString>)>),
    /// For `mount(2)`.
    Data(CString),
    /// No layers: the directory itself.
    Directory,
}

impl Overlay {
    /// The overlay of a specification.
    ///
    /// # Errors
    /// [`Error::Invalid`] for relative paths, no lower directory, or more than the old way can take.
    pub fn new(spec: &Spec, lowerdir_plus: bool) -> Result<Self, Error> {
        let paths: Vec<&Path> =
            [&spec.upper, &spec.work].into_iter().chain(&spec.lowers).map(|path| path.as_path()).collect();
        if let Root::Directory(tree) = &spec.root {
            let base = string(tree.as_os_str().as_bytes().to_vec())?;
            return Ok(Self { base, at: c".".into(), layers: Layers::Directory, lowers: 0 });
        }
        if spec.lowers.is_empty() {
            return Err(Error::Invalid { what: "image", value: String::new(), reason: "has no layer" });
        }
        if let Some(path) = paths.iter().find(|path| !path.is_absolute()) {
            return Err(invalid(path, "is not an absolute path"));
        }
        let base = common(&paths);
        let short = |path: &Path| -> Vec<u8> {
            let rest = path.strip_prefix(base).unwrap_or(path).as_os_str().as_bytes();
            if rest.is_empty() { b".".to_vec() } else { rest.to_vec() }
        };
        let (upper, work) = (short(&spec.upper), short(&spec.work));
        let at = string(upper.clone())?;
        let lowers: Vec<Vec<u8>> = spec.lowers.iter().map(|path| short(path)).collect();
        let fits = lowers.iter().chain([&upper, &work]).all(|name| name.len() < VALUE);
        let long = lowers.iter().map(|lower| lower.len() + 1).sum::<usize>() > SHORT;
        let new = match spec.mount_api {
            MountApi::New => lowerdir_plus && fits,
            MountApi::Old => false,
            MountApi::Auto => lowerdir_plus && fits && long,
        };
        let layers = if new {
            context(spec, lowers, upper, work)?
        } else {
            data(spec, &lowers, &upper, &work, lowerdir_plus)?
        };
        let base = string(base.as_os_str().as_bytes().to_vec())?;
        Ok(Self { base, at, layers, lowers: spec.lowers.len() })
    }
}

impl Overlay {
    /// One of three directories, the old way, to see whether it can be had at all.
    ///
    /// # Errors
    /// [`Error::Invalid`] for relative paths.
    pub fn probe(lower: &Path, upper: &Path, work: &Path, userxattr: bool) -> Result<Self, Error> {
        let base = common(&[lower, upper, work]);
        let short = |path: &Path| path.strip_prefix(base).unwrap_or(path).as_os_str().as_bytes().to_vec();
        let choices = choices(userxattr, true);
        let data = joined(&[short(lower)], &short(upper), &short(work), choices);
        Ok(Self {
            base: string(base.as_os_str().as_bytes().to_vec())?,
            at: string(short(upper))?,
            layers: Layers::Data(string(data)?),
            lowers: 1,
        })
    }
}

fn context(spec: &Spec, lowers: Vec<Vec<u8>>, upper: Vec<u8>, work: Vec<u8>) -> Result<Layers, Error> {
    let mut options = Vec::with_capacity(lowers.len() + 8);
    options.push((c"source".into(), Some(c"overlay".into())));
    for lower in lowers {
        options.push((c"lowerdir+".into(), Some(string(lower)?)));
    }
    options.push((c"upperdir".into(), Some(string(escaped(&upper, b"\\"))?)));
    options.push((c"workdir".into(), Some(string(escaped(&work, b"\\"))?)));
    for (key, value) in choices(spec.userxattr, spec.volatile).chain([UUID]) {
        options.push((CString::from(key), value.map(CString::from)));
    }
    Ok(Layers::Context(options))
}

fn data(
    spec: &Spec,
    lowers: &[Vec<u8>],
    upper: &[u8],
    work: &[u8],
    lowerdir_plus: bool,
) -> Result<Layers, Error> {
    let choices = choices(spec.userxattr, spec.volatile).chain(lowerdir_plus.then_some(UUID));
    let data = joined(lowers, upper, work, choices);
    if data.len() >= PAGE {
        return Err(Error::Invalid {
            what: "image",
            value: format!("{} layers", lowers.len()),
            reason: "has more layers than this kernel can mount (Linux 6.7 can)",
        });
    }
    Ok(Layers::Data(string(data)?))
}

fn joined(lowers: &[Vec<u8>], upper: &[u8], work: &[u8], choices: impl Iterator<Item = Choice>) -> Vec<u8> {
    let mut data = b"lowerdir=".to_vec();
    for (index, lower) in lowers.iter().enumerate() {
        if index > 0 {
            data.push(b':');
        }
        data.extend(escaped(lower, b"\\:,"));
    }
    data.extend(b",upperdir=");
    data.extend(escaped(upper, b"\\,"));
    data.extend(b",workdir=");
    data.extend(escaped(work, b"\\,"));
    for (key, value) in choices {
        data.push(b',');
        data.extend(key.to_bytes());
        if let Some(value) = value {
            data.push(b'=');
            data.extend(value.to_bytes());
        }
    }
    data
}

/// No identity attribute written on every new upper directory: nothing asks for it. Linux 6.6, so every kernel
/// that has `lowerdir+` has this.
const UUID: Choice = (c"uuid", Some(c"null"));

type Choice = (&'static std::ffi::CStr, Option<&'static std::ffi::CStr>);

/// Options that keep the upper directory plain: what is written there must be readable without overlayfs,
/// so nothing redirects, shares inodes by index or copies metadata alone.
fn choices(userxattr: bool, volatile: bool) -> impl Iterator<Item = Choice> {
    let mut choices: Vec<Choice> = vec![(c"index", Some(c"off"))];
    if userxattr {
        // Implies the next two, and refuses to be told so.
        choices.push((c"userxattr", None));
    } else {
        choices.push((c"metacopy", Some(c"off")));
        choices.push((c"redirect_dir", Some(c"nofollow")));
    }
    if volatile {
        choices.push((c"volatile", None));
    }
    choices.into_iter()
}

/// The deepest directory that all paths are in.
/// The deepest directory that holds all of them.
pub(in super::super) fn common<'a>(paths: &[&'a Path]) -> &'a Path {
    let mut base = paths.first().and_then(|path| path.parent()).unwrap_or(Path::new("/"));
    while !paths.iter().all(|path| path.parent().is_some_and(|parent| parent.starts_with(base))) {
        match base.parent() {
            Some(parent) => base = parent,
            None => break,
        }
    }
    base
}

fn escaped(text: &[u8], special: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(text.len());
    for byte in text {
        if special.contains(byte) {
            result.push(b'\\');
        }
        result.push(*byte);
    }
    result
}

fn string(bytes: Vec<u8>) -> Result<CString, Error> {
    CString::new(bytes).map_err(|error| {
        let value = String::from_utf8_lossy(&error.into_vec()).into_owned();
        Error::Invalid { what: "path", value, reason: "contains a NUL byte" }
    })
}

fn invalid(path: &Path, reason: &'static str) -> Error {
    Error::Invalid { what: "layer directory", value: path.to_string_lossy().into_owned(), reason }
}
