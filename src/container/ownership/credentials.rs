//! Who a process believes to be, and what it may become. Source: `credentials(7)`, `setresuid(2)`, `setreuid(2)`,
//! `setfsuid(2)`; a right that a capability gives is taken for had by effective user 0.

use std::sync::Arc;

use nix::errno::Errno;

/// "Leave it as it is", in calls that set several.
pub const SAME: u32 = u32::MAX;

/// Real, effective, saved and file system id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ids {
    pub real: u32,
    pub effective: u32,
    pub saved: u32,
    pub fs: u32,
}

impl Ids {
    const fn all(id: u32) -> Self {
        Self { real: id, effective: id, saved: id, fs: id }
    }

    const fn has(&self, id: u32) -> bool {
        id == self.real || id == self.effective || id == self.saved
    }

    /// `setuid(2)`, `setgid(2)`.
    fn set(&mut self, id: u32, privileged: bool) -> Result<(), Errno> {
        match id {
            SAME => return Err(Errno::EINVAL),
            id if privileged => *self = Self::all(id),
            id if id == self.real || id == self.saved => (self.effective, self.fs) = (id, id),
            _ => return Err(Errno::EPERM),
        }
        Ok(())
    }

    /// `setreuid(2)`, `setregid(2)`.
    fn set_two(&mut self, real: u32, effective: u32, privileged: bool) -> Result<(), Errno> {
        let old = *self;
        if !privileged
            && (real != SAME && real != old.real && real != old.effective
                || effective != SAME && !old.has(effective))
        {
            return Err(Errno::EPERM);
        }
        if real != SAME {
            self.real = real;
        }
        if effective != SAME {
            self.effective = effective;
        }
        if real != SAME || effective != SAME && effective != old.real {
            self.saved = self.effective;
        }
        self.fs = self.effective;
        Ok(())
    }

    /// `setresuid(2)`, `setresgid(2)`.
    fn set_three(&mut self, wanted: [u32; 3], privileged: bool) -> Result<(), Errno> {
        let old = *self;
        if !privileged && wanted.iter().any(|id| *id != SAME && !old.has(*id)) {
            return Err(Errno::EPERM);
        }
        let [real, effective, saved] = wanted;
        for (own, wanted) in
            [(&mut self.real, real), (&mut self.effective, effective), (&mut self.saved, saved)]
        {
            if wanted != SAME {
                *own = wanted;
            }
        }
        self.fs = self.effective;
        Ok(())
    }

    /// `setfsuid(2)`, `setfsgid(2)`: what it was before.
    fn set_fs(&mut self, id: u32, privileged: bool) -> u32 {
        let before = self.fs;
        if id != SAME && (privileged || self.has(id) || id == self.fs) {
            self.fs = id;
        }
        before
    }
}

/// The ids and groups of a process.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Credentials {
    pub user: Ids,
    pub group: Ids,
    pub groups: Arc<[u32]>,
    /// The right to change ids outlives a change of user, in the program (device and inode) that asked for
    /// it (`PR_SET_KEEPCAPS`).
    pub keeps: Option<Program>,
    /// It has outlived one; executing another program ends that.
    pub kept: Option<Program>,
}

/// Device and inode of a program.
pub type Program = (u64, u64);

/// A change of credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    User(u32),
    Group(u32),
    TwoUsers(u32, u32),
    TwoGroups(u32, u32),
    ThreeUsers([u32; 3]),
    ThreeGroups([u32; 3]),
    FsUser(u32),
    FsGroup(u32),
    Groups(Arc<[u32]>),
    Keep(Option<Program>),
}

impl Credentials {
    pub fn new(uid: u32, gid: u32, groups: &[u32]) -> Self {
        Self { user: Ids::all(uid), group: Ids::all(gid), groups: groups.into(), keeps: None, kept: None }
    }

    pub const fn is_privileged(&self) -> bool {
        self.user.effective == 0 || self.kept.is_some()
    }

    pub fn is_in(&self, gid: u32) -> bool {
        self.group.fs == gid || self.groups.contains(&gid)
    }

    /// Carries a change out; what the call returns.
    pub fn change(&mut self, change: Change) -> Result<i64, Errno> {
        let privileged = self.is_privileged();
        match change {
            Change::User(id) => self.user.set(id, privileged)?,
            Change::Group(id) => self.group.set(id, privileged)?,
            Change::TwoUsers(real, effective) => self.user.set_two(real, effective, privileged)?,
            Change::TwoGroups(real, effective) => self.group.set_two(real, effective, privileged)?,
            Change::ThreeUsers(ids) => self.user.set_three(ids, privileged)?,
            Change::ThreeGroups(ids) => self.group.set_three(ids, privileged)?,
            Change::FsUser(id) => return Ok(self.user.set_fs(id, privileged).into()),
            Change::FsGroup(id) => return Ok(self.group.set_fs(id, privileged).into()),
            Change::Groups(_) if !privileged => return Err(Errno::EPERM),
            Change::Groups(groups) => self.groups = groups,
            Change::Keep(keeps) => self.keeps = keeps,
        }
        if self.keeps.is_some() && privileged && !self.user.has(0) {
            self.kept = self.keeps;
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn root() -> Credentials {
        Credentials::new(0, 0, &[])
    }

    #[test]
    fn root_becomes_somebody_and_cannot_go_back() {
        let mut one = root();
        one.change(Change::Groups([65534].into())).unwrap();
        one.change(Change::ThreeGroups([65534; 3])).unwrap();
        one.change(Change::ThreeUsers([42; 3])).unwrap();
        assert_eq!(one.user, Ids::all(42));
        assert_eq!(one.change(Change::User(0)), Err(Errno::EPERM));
        assert_eq!(one.change(Change::Group(0)), Err(Errno::EPERM));
        assert_eq!(one.change(Change::Groups([].into())), Err(Errno::EPERM));
        assert_eq!(one.change(Change::ThreeUsers([SAME, 42, SAME])), Ok(0));
    }

    #[test]
    fn kept_rights_outlive_the_change_of_user() {
        let mut one = root();
        one.change(Change::Keep(Some((1, 2)))).unwrap();
        one.change(Change::ThreeUsers([42; 3])).unwrap();
        one.change(Change::Keep(None)).unwrap();
        assert_eq!(one.change(Change::ThreeGroups([43; 3])), Ok(0));
    }

    #[test]
    fn the_saved_id_leads_back() {
        let mut one = root();
        one.change(Change::ThreeUsers([SAME, 33, SAME])).unwrap();
        assert_eq!((one.user.effective, one.user.fs, one.user.saved), (33, 33, 0));
        one.change(Change::ThreeUsers([SAME, 0, SAME])).unwrap();
        one.change(Change::TwoUsers(33, 33)).unwrap();
        assert_eq!(one.user, Ids::all(33));
        assert_eq!(one.change(Change::TwoUsers(SAME, 0)), Err(Errno::EPERM));
    }

    #[test]
    fn the_file_system_id_is_told_and_set() {
        let mut one = root();
        assert_eq!(one.change(Change::FsUser(33)), Ok(0));
        assert_eq!(one.change(Change::FsUser(SAME)), Ok(33));
        let mut other = Credentials::new(7, 7, &[]);
        assert_eq!(other.change(Change::FsUser(33)), Ok(7));
        assert_eq!(other.user.fs, 7);
    }
}
