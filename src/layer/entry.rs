//! One file of a layer, as its tar and its index describe it.

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Symlink,
    /// A further name of an earlier entry of the same layer.
    Hardlink,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A named pipe.
    Fifo,
    /// Hides what lower layers have under this path.
    Whiteout,
    /// A socket: seen in a writable directory, never part of a layer.
    Socket,
}

impl Kind {
    /// The `S_IFMT` bits; 0 for what is no file type of its own.
    #[must_use]
    pub const fn file_type(self) -> u32 {
        match self {
            Self::File => libc::S_IFREG,
            Self::Dir => libc::S_IFDIR,
            Self::Symlink => libc::S_IFLNK,
            Self::CharDevice => libc::S_IFCHR,
            Self::BlockDevice => libc::S_IFBLK,
            Self::Fifo => libc::S_IFIFO,
            Self::Socket => libc::S_IFSOCK,
            Self::Hardlink | Self::Whiteout => 0,
        }
    }

    /// The kind that the `S_IFMT` bits of `mode` name; `None` for what Linux has not.
    #[must_use]
    pub const fn of_mode(mode: u32) -> Option<Self> {
        match mode & libc::S_IFMT {
            libc::S_IFREG => Some(Self::File),
            libc::S_IFDIR => Some(Self::Dir),
            libc::S_IFLNK => Some(Self::Symlink),
            libc::S_IFCHR => Some(Self::CharDevice),
            libc::S_IFBLK => Some(Self::BlockDevice),
            libc::S_IFIFO => Some(Self::Fifo),
            libc::S_IFSOCK => Some(Self::Socket),
            _ => None,
        }
    }

    /// One word for people and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Dir => "dir",
            Self::Symlink => "symlink",
            Self::Hardlink => "hardlink",
            Self::CharDevice => "char_device",
            Self::BlockDevice => "block_device",
            Self::Fifo => "fifo",
            Self::Whiteout => "whiteout",
            Self::Socket => "socket",
        }
    }

    pub(super) const fn number(self) -> u8 {
        self as u8
    }

    pub(super) const fn of_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::File,
            1 => Self::Dir,
            2 => Self::Symlink,
            3 => Self::Hardlink,
            4 => Self::CharDevice,
            5 => Self::BlockDevice,
            6 => Self::Fifo,
            7 => Self::Whiteout,
            _ => return None,
        })
    }
}

/// A modification time: seconds since 1970 UTC, possibly before, and nanoseconds after that second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mtime {
    /// Whole seconds, rounded down.
    pub secs: i64,
    /// 0 to 999,999,999.
    pub nanos: u32,
}

impl Mtime {
    /// Docker's comparison: the same second, and the same nanoseconds unless one side has none.
    ///
    /// Source: moby `pkg/archive`, `sameFsTimeSpec`; a tar without PAX times has only seconds.
    #[must_use]
    pub const fn is_same(self, other: Self) -> bool {
        self.secs == other.secs && (self.nanos == other.nanos || self.nanos == 0 || other.nanos == 0)
    }
}

/// One file of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From the layer's root, without leading or trailing `/`; the root itself is empty.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// A directory that hides everything that lower layers have in it.
    pub opaque: bool,
    /// Permission, set-id and sticky bits (0o7777).
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes of a `File`; else 0. A hard link has no bytes of its own.
    pub size: u64,
    /// When it was modified.
    pub mtime: Mtime,
    /// A symbolic link's target; for a `Hardlink` the path of its first name in this layer.
    pub link: Vec<u8>,
    /// Major and minor number of a device.
    pub device: (u32, u32),
    /// The attributes that a layer keeps, sorted by name. A `Hardlink`'s are at its first name.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// SHA-256 of a file's content, where somebody had reason to compute it.
    pub digest: Option<[u8; 32]>,
}

impl Entry {
    /// An entry of `kind` with nothing else known: mode 0, owner 0, time 0.
    #[must_use]
    pub const fn new(path: Vec<u8>, kind: Kind) -> Self {
        Self {
            path,
            kind,
            opaque: false,
            mode: 0,
            uid: 0,
            gid: 0,
            size: 0,
            mtime: Mtime { secs: 0, nanos: 0 },
            link: Vec::new(),
            device: (0, 0),
            xattrs: Vec::new(),
            digest: None,
        }
    }

    /// The same, borrowed.
    #[must_use]
    pub fn as_ref(&self) -> EntryRef<'_> {
        EntryRef {
            path: &self.path,
            kind: self.kind,
            opaque: self.opaque,
            mode: self.mode,
            uid: self.uid,
            gid: self.gid,
            size: self.size,
            mtime: self.mtime,
            link: &self.link,
            device: self.device,
            xattrs: Xattrs::of(&self.xattrs),
            digest: self.digest,
        }
    }
}

/// An [`Entry`] whose bytes belong to a list or an index.
#[derive(Debug, Clone, Copy)]
pub struct EntryRef<'a> {
    /// See [`Entry::path`].
    pub path: &'a [u8],
    /// See [`Entry::kind`].
    pub kind: Kind,
    /// See [`Entry::opaque`].
    pub opaque: bool,
    /// See [`Entry::mode`].
    pub mode: u32,
    /// See [`Entry::uid`].
    pub uid: u32,
    /// See [`Entry::gid`].
    pub gid: u32,
    /// See [`Entry::size`].
    pub size: u64,
    /// See [`Entry::mtime`].
    pub mtime: Mtime,
    /// See [`Entry::link`].
    pub link: &'a [u8],
    /// See [`Entry::device`].
    pub device: (u32, u32),
    /// See [`Entry::xattrs`].
    pub xattrs: Xattrs<'a>,
    /// See [`Entry::digest`].
    pub digest: Option<[u8; 32]>,
}

impl EntryRef<'_> {
    /// A copy that owns its bytes.
    #[must_use]
    pub fn to_entry(&self) -> Entry {
        Entry {
            path: self.path.to_vec(),
            kind: self.kind,
            opaque: self.opaque,
            mode: self.mode,
            uid: self.uid,
            gid: self.gid,
            size: self.size,
            mtime: self.mtime,
            link: self.link.to_vec(),
            device: self.device,
            xattrs: self.xattrs.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect(),
            digest: self.digest,
        }
    }

    /// The last component of the path.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        split_path(self.path).1
    }
}

/// Directory and last component of a path; the directory of a top-level name is empty.
pub(super) fn split_path(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|&byte| byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (b"", path),
    }
}

/// The kept extended attributes of an entry, sorted by name.
#[derive(Debug, Clone, Copy)]
pub struct Xattrs<'a>(Pairs<'a>);

#[derive(Debug, Clone, Copy)]
enum Pairs<'a> {
    Owned(&'a [(Vec<u8>, Vec<u8>)]),
    /// Each name and value after its length as a little-endian `u32`.
    Packed(&'a [u8]),
}

impl<'a> Xattrs<'a> {
    pub(super) const fn packed(bytes: &'a [u8]) -> Self {
        Self(Pairs::Packed(bytes))
    }

    pub(super) const fn of(pairs: &'a [(Vec<u8>, Vec<u8>)]) -> Self {
        Self(Pairs::Owned(pairs))
    }

    /// Appends them as [`packed`](Self::packed) reads them.
    pub(super) fn pack(self, into: &mut Vec<u8>) {
        for part in self.iter().flat_map(|(name, value)| [name, value]) {
            into.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
            into.extend_from_slice(part);
        }
    }

    /// How many bytes that is.
    pub(super) fn packed_len(self) -> usize {
        self.iter().map(|(name, value)| name.len() + value.len() + 8).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        match self.0 {
            Pairs::Owned(pairs) => pairs.is_empty(),
            Pairs::Packed(bytes) => bytes.is_empty(),
        }
    }

    /// Names and values.
    pub fn iter(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let (mut owned, mut packed) = match self.0 {
            Pairs::Owned(pairs) => (pairs.iter(), &[][..]),
            Pairs::Packed(bytes) => ([].iter(), bytes),
        };
        std::iter::from_fn(move || {
            if let Some((name, value)) = owned.next() {
                return Some((name.as_slice(), value.as_slice()));
            }
            let name = unpack(&mut packed)?;
            Some((name, unpack(&mut packed)?))
        })
    }

    /// The value of the attribute `name`.
    #[must_use]
    pub fn get(self, name: &[u8]) -> Option<&'a [u8]> {
        self.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }
}

impl PartialEq for Xattrs<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

fn unpack<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (part, after) = after.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    *rest = after;
    Some(part)
}
