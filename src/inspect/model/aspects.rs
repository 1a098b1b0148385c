//! Why a file counts as modified.

use super::{Content, Model, NONE, Slot, Version};
use crate::layer::{EntryRef, Kind};

/// One thing in which two versions of a path differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aspect {
    /// A file, a directory, a symbolic link, ….
    Type,
    /// Permission, set-id and sticky bits.
    Mode,
    /// User or group.
    Owner,
    /// Bytes.
    Size,
    /// When it was modified, by Docker's comparison.
    Mtime,
    /// A symbolic link's target.
    Link,
    /// A device's numbers.
    Device,
    /// Extended attributes.
    Xattrs,
    /// A file's bytes.
    Content,
    /// A file's bytes may differ: the size is the same, the time is not, and nobody has looked.
    MaybeContent,
}

impl Aspect {
    /// All of them, in their order.
    pub const ALL: [Self; 10] = [
        Self::Type,
        Self::Mode,
        Self::Owner,
        Self::Size,
        Self::Mtime,
        Self::Link,
        Self::Device,
        Self::Xattrs,
        Self::Content,
        Self::MaybeContent,
    ];

    /// The word that people and JSON read.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Mode => "mode",
            Self::Owner => "owner",
            Self::Size => "size",
            Self::Mtime => "mtime",
            Self::Link => "link",
            Self::Device => "device",
            Self::Xattrs => "xattrs",
            Self::Content => "content",
            Self::MaybeContent => "content?",
        }
    }
}

/// A set of [`Aspect`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Aspects(u16);

impl Aspects {
    /// Puts one in.
    pub const fn insert(&mut self, aspect: Aspect) {
        self.0 |= 1 << aspect as u16;
    }

    /// Whether one is in it.
    #[must_use]
    pub const fn contains(self, aspect: Aspect) -> bool {
        self.0 & 1 << aspect as u16 != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Takes one out.
    pub const fn remove(&mut self, aspect: Aspect) {
        self.0 &= !(1 << aspect as u16);
    }

    /// Whether there is this one and no other.
    #[must_use]
    pub const fn is_only(self, aspect: Aspect) -> bool {
        self.0 == 1 << aspect as u16
    }

    /// Those in it, in their order.
    pub fn iter(self) -> impl Iterator<Item = Aspect> {
        Aspect::ALL.into_iter().filter(move |aspect| self.contains(*aspect))
    }
}

impl FromIterator<Aspect> for Aspects {
    fn from_iter<I: IntoIterator<Item = Aspect>>(aspects: I) -> Self {
        let mut set = Self::default();
        aspects.into_iter().for_each(|aspect| set.insert(aspect));
        set
    }
}

/// In what two entries differ, hard links given as the files that they are. `same_content` is asked of files of
/// one size whose digests are not known.
pub fn between(
    old: &EntryRef<'_>,
    new: &EntryRef<'_>,
    same_content: impl FnOnce() -> Option<bool>,
) -> Aspects {
    let mut found = Aspects::default();
    let mut note = |differs: bool, aspect| {
        if differs {
            found.insert(aspect);
        }
    };
    note(old.kind != new.kind, Aspect::Type);
    note(old.mode != new.mode, Aspect::Mode);
    note((old.uid, old.gid) != (new.uid, new.gid), Aspect::Owner);
    note(!old.mtime.is_same(new.mtime), Aspect::Mtime);
    note(old.xattrs != new.xattrs, Aspect::Xattrs);
    if old.kind != new.kind {
        return found;
    }
    note(old.kind == Kind::Symlink && old.link != new.link, Aspect::Link);
    note(old.device != new.device, Aspect::Device);
    if old.kind == Kind::File && old.size != new.size {
        note(true, Aspect::Size);
        note(true, Aspect::Content);
    } else if old.kind == Kind::File && old.size > 0 {
        let answer = match (old.digest, new.digest) {
            (Some(old), Some(new)) => Some(old == new),
            _ => same_content(),
        };
        match answer {
            Some(is_same) => note(!is_same, Aspect::Content),
            None => note(!old.mtime.is_same(new.mtime), Aspect::MaybeContent),
        }
    }
    found
}

impl Model {
    /// In what two versions of one path differ; hard links are compared as the files that they are.
    #[must_use]
    pub fn aspects(&self, before: &Version<'_>, after: &Version<'_>) -> Aspects {
        self.aspects_of(before.id.0, after.id.0)
    }

    pub(super) fn aspects_of(&self, before: u32, after: u32) -> Aspects {
        let (Some(lower), Some(upper)) = (self.slots.get(before as usize), self.slots.get(after as usize))
        else {
            return Aspects::default();
        };
        let (old, new) = (self.file_of(lower), self.file_of(upper));
        // Of a directory that is only implied nobody says anything.
        if old.kind == Kind::Dir
            && new.kind == Kind::Dir
            && (lower.position == NONE || upper.position == NONE)
        {
            return Aspects::default();
        }
        between(&old, &new, || match self.content_between(before, after) {
            Content::Same => Some(true),
            Content::Different => Some(false),
            Content::Unknown => None,
        })
    }

    /// Whether one version is a change of the other. A directory of which only the time differs is none, since
    /// whatever is made or removed in it changes that.
    pub(super) fn differs(&self, before: u32, after: u32) -> bool {
        let found = self.aspects_of(before, after);
        let is_dir =
            |at: u32| self.slots.get(at as usize).is_some_and(|slot| self.entry_of(slot).kind == Kind::Dir);
        !(found.is_empty() || found.is_only(Aspect::Mtime) && is_dir(after))
    }

    /// Equal through all the versions between; where one of those differs, nobody has compared the ends.
    fn content_between(&self, before: u32, after: u32) -> Content {
        let between = self.slots.get(before as usize + 1..=after as usize).unwrap_or(&[]);
        let is_file = |slot: &&Slot| self.file_of(slot).kind == Kind::File;
        let steps: Vec<Content> = between.iter().filter(is_file).map(|slot| slot.content).collect();
        match steps.as_slice() {
            [one] => *one,
            steps if steps.iter().all(|step| *step == Content::Same) => Content::Same,
            steps if steps.iter().filter(|step| **step != Content::Same).count() == 1 => {
                if steps.contains(&Content::Different) { Content::Different } else { Content::Unknown }
            }
            _ => Content::Unknown,
        }
    }
}
