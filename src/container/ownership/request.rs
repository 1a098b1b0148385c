//! What a handed-over call asks for.

use super::credentials::Change;
use crate::sys::notify::{self, Call};

use nix::errno::Errno;

/// The current directory of the caller, in the place of a descriptor.
const HERE: i32 = libc::AT_FDCWD;
/// Linux takes no more groups.
const MOST_GROUPS: u64 = 65_536;

/// A file as a call names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// A descriptor of the caller's, or its current directory.
    pub base: i32,
    /// Address of a path; `None`: the descriptor itself is meant.
    pub path: Option<u64>,
    /// Also a link at the end of the path is followed.
    pub follow: bool,
    /// An empty path means the descriptor.
    pub may_be_empty: bool,
}

impl Named {
    const fn path(path: u64, follow: bool) -> Self {
        Self { base: HERE, path: Some(path), follow, may_be_empty: false }
    }

    const fn below(base: u64, path: u64, follow: bool) -> Self {
        Self { base: base as i32, path: Some(path), follow, may_be_empty: false }
    }

    const fn with_flags(base: u64, path: u64, flags: u64) -> Self {
        let follow = flags & libc::AT_SYMLINK_NOFOLLOW as u64 == 0;
        let may_be_empty = flags & libc::AT_EMPTY_PATH as u64 != 0;
        let path = if path == 0 && may_be_empty { None } else { Some(path) };
        Self { base: base as i32, path, follow, may_be_empty }
    }

    /// What `linkat(2)` links.
    const fn linked(base: u64, path: u64, flags: u64) -> Self {
        let may_be_empty = flags & libc::AT_EMPTY_PATH as u64 != 0;
        let follow = flags & libc::AT_SYMLINK_FOLLOW as u64 != 0;
        Self { base: base as i32, path: Some(path), follow, may_be_empty }
    }

    const fn descriptor(descriptor: u64) -> Self {
        Self { base: descriptor as i32, path: None, follow: true, may_be_empty: true }
    }
}

/// What a call makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// A regular file, by `open(2)` with these flags.
    Opened {
        flags: i32,
    },
    Directory,
    /// A link; the address of its target.
    Link {
        target: u64,
    },
    /// Any other, by `mknod(2)`: mode and device number.
    Node {
        device: u64,
    },
}

/// Where a file goes that is moved or linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Nothing may be there.
    New(Named),
    /// It takes the place of what is there.
    Over(Named),
    /// What is there takes its own.
    Exchanged(Named),
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    Owner {
        file: Named,
        uid: u32,
        gid: u32,
    },
    Stat {
        file: Named,
        to: u64,
    },
    Statx {
        file: Named,
        flags: i32,
        mask: u32,
        to: u64,
    },
    Make {
        file: Named,
        what: Made,
        mode: u32,
    },
    /// A file that the kernel will copy up from a lower layer, and where it goes if it goes anywhere.
    CopyUp {
        file: Named,
        place: Option<Place>,
    },
    /// Names of extended attributes: into so many bytes there.
    Attributes {
        file: Named,
        to: u64,
        size: u64,
    },
    Become(Kind),
    /// `getuid` and its like, one id.
    Who {
        group: bool,
        effective: bool,
    },
    /// `getresuid`, `getresgid`: three addresses.
    WhoAll {
        group: bool,
        to: [u64; 3],
    },
    Groups {
        room: i32,
        to: u64,
    },
    /// It looks for files somewhere else from now on.
    Root,
    /// `prctl` with `PR_SET_KEEPCAPS`.
    KeepCapabilities(bool),
    /// Reads or sets the limit that the engine uses for itself ([`notify::carried`]); where the old value goes.
    Limit {
        old: Option<u64>,
    },
}

/// A change of credentials before its numbers are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    User,
    Group,
    TwoUsers,
    TwoGroups,
    ThreeUsers,
    ThreeGroups,
    FsUser,
    FsGroup,
    Groups,
}

impl Request {
    /// What the call of this name with these arguments asks.
    pub fn of(name: &str, [a, b, c, d, e, _]: [u64; 6]) -> Option<Self> {
        let owner = |file, uid: u64, gid: u64| Self::Owner { file, uid: uid as u32, gid: gid as u32 };
        let make = |file, what, mode: u64| Self::Make { file, what, mode: mode as u32 };
        Some(match name {
            "chown" | "chown32" => owner(Named::path(a, true), b, c),
            "lchown" | "lchown32" => owner(Named::path(a, false), b, c),
            "fchown" | "fchown32" => owner(Named::descriptor(a), b, c),
            "fchownat" => owner(Named::with_flags(a, b, e), c, d),
            "stat" => Self::Stat { file: Named::path(a, true), to: b },
            "lstat" => Self::Stat { file: Named::path(a, false), to: b },
            "fstat" => Self::Stat { file: Named::descriptor(a), to: b },
            "newfstatat" => Self::Stat { file: Named::with_flags(a, b, d), to: c },
            "statx" => {
                Self::Statx { file: Named::with_flags(a, b, c), flags: c as i32, mask: d as u32, to: e }
            }
            "mknod" => make(Named::path(a, false), Made::Node { device: c }, b),
            "mknodat" => make(Named::below(a, b, false), Made::Node { device: d }, c),
            "mkdir" => make(Named::path(a, false), Made::Directory, b),
            "mkdirat" => make(Named::below(a, b, false), Made::Directory, c),
            "symlink" => make(Named::path(b, false), Made::Link { target: a }, 0o777),
            "symlinkat" => make(Named::below(b, c, false), Made::Link { target: a }, 0o777),
            "creat" => make(
                Named::path(a, true),
                Made::Opened { flags: libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC },
                b,
            ),
            "open" => make(Named::path(a, true), Made::Opened { flags: b as i32 }, c),
            "openat" => make(Named::below(a, b, true), Made::Opened { flags: c as i32 }, d),
            "rename" => Self::moved(Named::path(a, false), Named::path(b, false), 0),
            "renameat" => Self::moved(Named::below(a, b, false), Named::below(c, d, false), 0),
            "renameat2" => Self::moved(Named::below(a, b, false), Named::below(c, d, false), e),
            "link" => Self::linked(Named::path(a, false), Named::path(b, false)),
            "linkat" => Self::linked(Named::linked(a, b, e), Named::below(c, d, false)),
            "chmod" | "utime" | "utimes" => Self::changed(Named::path(a, true)),
            "fchmod" => Self::changed(Named::descriptor(a)),
            "fchmodat" | "futimesat" => Self::changed(Named::below(a, b, true)),
            "fchmodat2" => Self::changed(Named::with_flags(a, b, d)),
            "utimensat" | "utimensat_time64" if b == 0 => Self::changed(Named::descriptor(a)),
            "utimensat" | "utimensat_time64" => Self::changed(Named::with_flags(a, b, d)),
            "listxattr" => Self::Attributes { file: Named::path(a, true), to: b, size: c },
            "llistxattr" => Self::Attributes { file: Named::path(a, false), to: b, size: c },
            "flistxattr" => Self::Attributes { file: Named::descriptor(a), to: b, size: c },
            "chroot" => Self::Root,
            "prctl" => Self::KeepCapabilities(b != 0),
            "setrlimit" => Self::Limit { old: None },
            "getrlimit" => Self::Limit { old: Some(b) },
            "prlimit64" => Self::Limit { old: Some(d).filter(|old| *old != 0) },
            name => return Self::of_identity(name.strip_suffix("32").unwrap_or(name), [a, b, c]),
        })
    }

    const fn changed(file: Named) -> Self {
        Self::CopyUp { file, place: None }
    }

    const fn linked(file: Named, to: Named) -> Self {
        Self::CopyUp { file, place: Some(Place::New(to)) }
    }

    const fn moved(file: Named, to: Named, flags: u64) -> Self {
        let exchanged = flags & libc::RENAME_EXCHANGE as u64 != 0;
        let must_be_new = flags & libc::RENAME_NOREPLACE as u64 != 0;
        let place = match (exchanged, must_be_new) {
            (true, _) => Place::Exchanged(to),
            (_, true) => Place::New(to),
            _ => Place::Over(to),
        };
        Self::CopyUp { file, place: Some(place) }
    }

    fn of_identity(name: &str, to: [u64; 3]) -> Option<Self> {
        Some(match name {
            "setuid" => Self::Become(Kind::User),
            "setgid" => Self::Become(Kind::Group),
            "setreuid" => Self::Become(Kind::TwoUsers),
            "setregid" => Self::Become(Kind::TwoGroups),
            "setresuid" => Self::Become(Kind::ThreeUsers),
            "setresgid" => Self::Become(Kind::ThreeGroups),
            "setfsuid" => Self::Become(Kind::FsUser),
            "setfsgid" => Self::Become(Kind::FsGroup),
            "setgroups" => Self::Become(Kind::Groups),
            "getuid" => Self::Who { group: false, effective: false },
            "geteuid" => Self::Who { group: false, effective: true },
            "getgid" => Self::Who { group: true, effective: false },
            "getegid" => Self::Who { group: true, effective: true },
            "getresuid" => Self::WhoAll { group: false, to },
            "getresgid" => Self::WhoAll { group: true, to },
            "getgroups" => Self::Groups { room: to[0] as i32, to: to[1] },
            _ => return None,
        })
    }
}

impl Kind {
    /// The change, its numbers read from the arguments or the caller's memory.
    pub fn read(self, call: &Call) -> Result<Change, Errno> {
        let [a, b, c] = [call.arguments[0], call.arguments[1], call.arguments[2]].map(|number| number as u32);
        Ok(match self {
            Self::User => Change::User(a),
            Self::Group => Change::Group(a),
            Self::TwoUsers => Change::TwoUsers(a, b),
            Self::TwoGroups => Change::TwoGroups(a, b),
            Self::ThreeUsers => Change::ThreeUsers([a, b, c]),
            Self::ThreeGroups => Change::ThreeGroups([a, b, c]),
            Self::FsUser => Change::FsUser(a),
            Self::FsGroup => Change::FsGroup(a),
            Self::Groups => {
                let count = u64::from(a);
                if count > MOST_GROUPS {
                    return Err(Errno::EINVAL);
                }
                let mut bytes = vec![0; count as usize * size_of::<u32>()];
                if count > 0 {
                    notify::read_memory(call.thread, call.arguments[1], &mut bytes)?;
                }
                let groups = bytes
                    .chunks_exact(4)
                    .filter_map(|chunk| chunk.first_chunk().copied())
                    .map(u32::from_ne_bytes);
                Change::Groups(groups.collect())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_call_that_is_handed_over_is_understood() {
        for name in crate::container::seccomp::handed_over().values() {
            assert!(Request::of(name, [0; 6]).is_some(), "{name}");
        }
    }

    #[test]
    fn arguments_are_where_the_manual_says() {
        let request = Request::of("fchownat", [5, 77, 33, u64::from(u32::MAX), 0x100, 0]).unwrap();
        let file = Named { base: 5, path: Some(77), follow: false, may_be_empty: false };
        assert_eq!(request, Request::Owner { file, uid: 33, gid: u32::MAX });
        let request = Request::of("newfstatat", [3, 77, 88, 0x1000, 0, 0]).unwrap();
        let file = Named { base: 3, path: Some(77), follow: true, may_be_empty: true };
        assert_eq!(request, Request::Stat { file, to: 88 });
        let request = Request::of("renameat2", [3, 77, 4, 88, 2, 0]).unwrap();
        let named = |base, path| Named { base, path: Some(path), follow: false, may_be_empty: false };
        let (one, other) = (named(3, 77), named(4, 88));
        assert_eq!(request, Request::CopyUp { file: one, place: Some(Place::Exchanged(other)) });
        let request = Request::of("utimensat", [3, 0, 99, 0, 0, 0]).unwrap();
        let file = Named { base: 3, path: None, follow: true, may_be_empty: true };
        assert_eq!(request, Request::CopyUp { file, place: None });
    }
}
