//! Finding the file that a caller means.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;

use nix::errno::Errno;

use super::request::Named;
use crate::sys::file::{self, Name};
use crate::sys::notify::{self, Call, Listener};
use crate::sys::{at, identity};

const PATH: i32 = libc::O_PATH;
const DIRECTORY: i32 = libc::O_PATH | libc::O_DIRECTORY;

/// The container as its processes see it, from a thread whose root is the container's and whose current
/// directory is the host's `/proc`: `TID/cwd/x` begins where the caller is and still ends inside.
#[derive(Debug)]
pub(super) struct View {
    /// The host's.
    proc: OwnedFd,
    /// The container's.
    root: OwnedFd,
    /// Which mount that is.
    mount: u64,
    /// Some process has looked for another root.
    has_other_roots: bool,
}

impl View {
    /// The view of the container whose first process is `init`.
    pub(super) fn new(init: i32) -> Result<Self, Errno> {
        let proc = at::open_own(c"/proc", DIRECTORY, 0)?;
        let name = CString::new(format!("{init}/root")).map_err(|_| Errno::EINVAL)?;
        let root = at::open(proc.as_fd(), &name, DIRECTORY, 0, 0)?;
        let mount = mount_of(root.as_fd())?;
        Ok(Self { proc, root, mount, has_other_roots: false })
    }

    /// Takes the calling thread there, for ever.
    pub(super) fn enter(&self) -> Result<(), Errno> {
        notify::own_directories()?;
        identity::set_umask(0);
        notify::change_root(self.root.as_fd(), self.proc.as_fd())
    }

    pub(super) const fn roots_differ(&mut self) {
        self.has_other_roots = true;
    }

    /// Whether a file is on the container's root mount.
    pub(super) fn is_own(&self, file: BorrowedFd<'_>) -> Result<bool, Errno> {
        Ok(mount_of(file)? == self.mount)
    }

    /// Calls `work` with a path that leads this thread to what `file` names, and whether to follow a link at
    /// its end, while the thread has the caller's root.
    pub(super) fn with_path<T>(
        &self,
        call: &Call,
        file: Named,
        work: impl FnOnce(&CStr, bool) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let (path, follow) = path_of(call, file)?;
        let Some(root) = self.other_root(call)? else { return work(&path, follow) };
        notify::change_root(root.as_fd(), self.proc.as_fd())?;
        let result = work(&path, follow);
        notify::change_root(self.root.as_fd(), self.proc.as_fd())?;
        result
    }

    /// Opens what `file` names, for use as a handle only.
    pub(super) fn open(&self, listener: &Listener, call: &Call, file: Named) -> Result<OwnedFd, Errno> {
        let opened = self.with_path(call, file, |path, follow| {
            at::open_own(path, if follow { PATH } else { PATH | libc::O_NOFOLLOW }, 0)
        })?;
        if listener.still_waits(call) { Ok(opened) } else { Err(Errno::ESRCH) }
    }

    /// Opens the directory of what `file` names; with it the last component, `None` where the path has none.
    pub(super) fn open_parent(
        &self,
        listener: &Listener,
        call: &Call,
        file: Named,
    ) -> Result<Option<(OwnedFd, CString)>, Errno> {
        let opened = self.with_path(call, file, |path, _| {
            let Some((parent, name)) = split(path.to_bytes()) else { return Ok(None) };
            let string = |bytes: &[u8]| CString::new(bytes).map_err(|_| Errno::EINVAL);
            Ok(Some((at::open_own(string(parent)?.as_c_str(), DIRECTORY, 0)?, string(name)?)))
        })?;
        if listener.still_waits(call) { Ok(opened) } else { Err(Errno::ESRCH) }
    }

    /// Where a file is made by opening `name` in `parent`: at the end of the links that begin there. What cannot be
    /// followed stands for itself.
    pub(super) fn follow(&self, call: &Call, parent: OwnedFd, name: CString) -> (OwnedFd, CString) {
        /// As many as the kernel follows.
        const MOST: usize = 40;
        let (mut parent, mut name) = (parent, name);
        for _ in 0..MOST {
            let Ok(Some(next)) = self.next(call, parent.as_fd(), &name) else { break };
            (parent, name) = next;
        }
        (parent, name)
    }

    fn next(
        &self,
        call: &Call,
        parent: BorrowedFd<'_>,
        name: &CStr,
    ) -> Result<Option<(OwnedFd, CString)>, Errno> {
        let name = Name::new(name.to_bytes()).map_err(|error| notify::errno_of(&error))?;
        let target = file::read_link(parent, &name).map_err(|error| notify::errno_of(&error))?;
        let Some((folder, last)) = split(&target) else { return Ok(None) };
        let string = |bytes: &[u8]| CString::new(bytes).map_err(|_| Errno::EINVAL);
        let (folder, last) = (string(folder)?, string(last)?);
        let opened = if target.starts_with(b"/") {
            let other = self.other_root(call)?;
            let root = other.as_ref().unwrap_or(&self.root).as_fd();
            at::open(root, &folder, DIRECTORY, 0, at::IN_ROOT)
        } else {
            at::open(parent, &folder, DIRECTORY, 0, 0)
        };
        Ok(Some((opened?, last)))
    }

    /// The caller's root, where it is another than the container's.
    fn other_root(&self, call: &Call) -> Result<Option<OwnedFd>, Errno> {
        if !self.has_other_roots {
            return Ok(None);
        }
        let name = CString::new(format!("{}/root", call.thread)).map_err(|_| Errno::EINVAL)?;
        // Seen from the container's root, that root itself is called `/`.
        let shown = std::fs::read_link(std::ffi::OsStr::from_bytes(name.as_bytes()));
        if shown.is_ok_and(|shown| shown.as_os_str() == "/") {
            return Ok(None);
        }
        at::open_own(&name, DIRECTORY, 0).map(Some)
    }

    /// Writes to the caller's memory, and to no other process's.
    pub(super) fn write(
        &self,
        listener: &Listener,
        call: &Call,
        address: u64,
        bytes: &[u8],
    ) -> Result<(), Errno> {
        let name = CString::new(format!("{}/mem", call.thread)).map_err(|_| Errno::EINVAL)?;
        let memory = std::fs::File::from(at::open_own(&name, libc::O_WRONLY, 0)?);
        if !listener.still_waits(call) {
            return Err(Errno::ESRCH);
        }
        memory.write_all_at(bytes, address).map_err(|_| Errno::EFAULT)
    }

    /// The caller's mask for the modes of new files.
    pub(super) fn umask(&self, call: &Call) -> u32 {
        let status = std::fs::read_to_string(format!("{}/status", call.thread)).unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("Umask:"));
        mask.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok()).unwrap_or(0o022)
    }
}

/// A path of this thread's to an open file.
pub(super) fn path_to(file: BorrowedFd<'_>) -> Result<CString, Errno> {
    CString::new(format!("thread-self/fd/{}", file.as_raw_fd())).map_err(|_| Errno::EINVAL)
}

fn mount_of(file: BorrowedFd<'_>) -> Result<u64, Errno> {
    /// `STATX_MNT_ID` (Linux 5.8).
    const MOUNT: u32 = 0x1000;
    Ok(notify::statx(file, 0, MOUNT)?.stx_mnt_id)
}

/// Where `file` is for a thread whose current directory is the host's `/proc`, and whether a link at the
/// end is followed: always where that is the kernel's own link to an open file.
fn path_of(call: &Call, file: Named) -> Result<(CString, bool), Errno> {
    let thread = call.thread;
    let base = || match file.base {
        libc::AT_FDCWD => format!("{thread}/cwd"),
        descriptor => format!("{thread}/fd/{descriptor}"),
    };
    let string = |bytes: Vec<u8>| CString::new(bytes).map_err(|_| Errno::EINVAL);
    let Some(address) = file.path else { return Ok((string(base().into_bytes())?, true)) };
    let path = notify::read_path(thread, address)?;
    let bytes = path.to_bytes();
    if bytes.is_empty() {
        if !file.may_be_empty {
            return Err(Errno::ENOENT);
        }
        return Ok((string(base().into_bytes())?, true));
    }
    if let Some(own) = own_name(thread, bytes) {
        return Ok((string(own)?, file.follow));
    }
    if bytes.starts_with(b"/") {
        return Ok((path, file.follow));
    }
    let mut whole = base().into_bytes();
    whole.push(b'/');
    whole.extend_from_slice(bytes);
    Ok((string(whole)?, file.follow))
}

/// What the caller calls itself in `/proc` (in `/dev`: its open files), by its number. Not with `..`, which
/// would lead from the host's `/proc` to the host's other files.
fn own_name(thread: i32, path: &[u8]) -> Option<Vec<u8>> {
    if path.split(|byte| *byte == b'/').any(|name| name == b"..") {
        return None;
    }
    let own = |rest: &[u8]| [thread.to_string().as_bytes(), rest].concat();
    for prefix in [&b"/proc/self/"[..], b"/proc/thread-self/"] {
        if path.starts_with(prefix) {
            return Some(own(&path[prefix.len() - 1..]));
        }
    }
    match path {
        b"/dev/stdin" => Some(own(b"/fd/0")),
        b"/dev/stdout" => Some(own(b"/fd/1")),
        b"/dev/stderr" => Some(own(b"/fd/2")),
        path => path.strip_prefix(b"/dev/fd/").map(|rest| own(&[b"/fd/", rest].concat())),
    }
}

/// Directory and last component; `None` for a path that ends in no name.
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = path.iter().rposition(|byte| *byte != b'/')? + 1;
    let path = &path[..end];
    let (parent, name) = match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&path[..=slash], &path[slash + 1..]),
        None => (&b"."[..], path),
    };
    (!matches!(name, b"." | b"..")).then_some((parent, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_split_at_its_last_name() {
        assert_eq!(split(b"/a/b"), Some((&b"/a/"[..], &b"b"[..])));
        assert_eq!(split(b"/a"), Some((&b"/"[..], &b"a"[..])));
        assert_eq!(split(b"12/cwd/x//"), Some((&b"12/cwd/"[..], &b"x"[..])));
        for none in [&b"/"[..], b"", b"/a/..", b"/a/."] {
            assert_eq!(split(none), None);
        }
    }

    #[test]
    fn what_a_process_calls_itself_is_its_number() {
        assert_eq!(own_name(7, b"/proc/self/fd/3"), Some(b"7/fd/3".to_vec()));
        assert_eq!(own_name(7, b"/dev/fd/3"), Some(b"7/fd/3".to_vec()));
        assert_eq!(own_name(7, b"/dev/stdout"), Some(b"7/fd/1".to_vec()));
        assert_eq!(own_name(7, b"/proc/selfish"), None);
        assert_eq!(own_name(7, b"/proc/self/../../etc/passwd"), None);
        assert_eq!(own_name(7, b"/dev/fd/../../../etc"), None);
    }
}
