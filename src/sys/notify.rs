//! System calls of other processes, answered by this one (`seccomp_unotify(2)`).
//!
//! A filter loaded with a listener hands over every call that it answers with
//! `SECCOMP_RET_USER_NOTIF`: the caller waits in the kernel until somebody with the listener's
//! descriptor says what the call returns, or that the kernel shall carry it out after all.
//! Whatever a caller's arguments point to may change at any time: it is read once, and only what
//! was read is acted upon.

use std::ffi::{CStr, CString, c_void};
use std::io;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;

use super::seccomp::Instruction;

const FLAG_SPEC_ALLOW: libc::c_ulong = 1 << 2;
const FLAG_NEW_LISTENER: libc::c_ulong = 1 << 3;
/// Once its call is being answered a caller can only be killed, not interrupted (Linux 5.19): else a
/// signal would have the call made a second time.
const FLAG_WAIT_KILLABLE: libc::c_ulong = 1 << 5;

// `linux/seccomp.h`; the numbers are `_IOWR('!', 0, struct seccomp_notif)` and so on.
const IOCTL_RECEIVE: libc::c_ulong = 0xc050_2100;
const IOCTL_SEND: libc::c_ulong = 0xc018_2101;
const IOCTL_IS_VALID: libc::c_ulong = 0x4008_2102;
const IOCTL_ADD_FD: libc::c_ulong = 0x4018_2103;
const IOCTL_SET_FLAGS: libc::c_ulong = 0x4008_2104;

const SYNC_WAKE_UP: libc::c_ulong = 1;
const CONTINUE: u32 = 1;
const ADD_FD_SEND: u32 = 2;

/// Binds the calling thread to `program` as [`super::seccomp::load_raw`] does, and gives the listener
/// for the calls that it hands over. Allocates nothing.
///
/// # Errors
/// As [`super::seccomp::load_raw`]; EBUSY where a filter with a listener is there already.
pub fn load(program: &[Instruction]) -> nix::Result<OwnedFd> {
    let len = u16::try_from(program.len()).map_err(|_| Errno::EINVAL)?;
    let filter = libc::sock_fprog { len, filter: program.as_ptr().cast_mut().cast() };
    let mut refused = Errno::EINVAL;
    for flags in [FLAG_SPEC_ALLOW | FLAG_WAIT_KILLABLE, FLAG_SPEC_ALLOW] {
        // SAFETY: the filter and its program outlive the call and are only read; `Instruction` has the
        // layout of `sock_filter`.
        let answer = unsafe {
            libc::syscall(
                libc::SYS_seccomp,
                libc::SECCOMP_SET_MODE_FILTER,
                flags | FLAG_NEW_LISTENER,
                &raw const filter,
            )
        };
        match Errno::result(answer) {
            // SAFETY: the kernel has just made this descriptor for us.
            Ok(fd) => return Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) }),
            Err(Errno::EINVAL) => {}
            Err(other) => {
                refused = other;
                break;
            }
        }
    }
    Err(refused)
}

/// Room for one descriptor's control message, aligned as the kernel wants it.
#[repr(C, align(8))]
struct Control([u8; 64]);

/// Sends a copy of `descriptor` through a socket. Allocates nothing.
///
/// # Errors
/// `sendmsg(2)`'s.
pub fn send_descriptor(socket: BorrowedFd<'_>, descriptor: BorrowedFd<'_>) -> nix::Result<()> {
    let mut byte = 0_u8;
    let mut control = Control([0; 64]);
    let mut vector = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
    // SAFETY: msghdr is plain data.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut vector;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    // SAFETY: arithmetic on a constant.
    message.msg_controllen = unsafe { libc::CMSG_SPACE(size_of::<RawFd>() as u32) } as _;
    // SAFETY: the control buffer holds one header and one descriptor; all of it outlives the call.
    let answer = unsafe {
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        if header.is_null() {
            return Err(Errno::EINVAL);
        }
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(size_of::<RawFd>() as u32) as _;
        libc::CMSG_DATA(header).cast::<RawFd>().write_unaligned(descriptor.as_raw_fd());
        libc::sendmsg(socket.as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL)
    };
    Errno::result(answer).map(drop)
}

/// Takes a descriptor that [`send_descriptor`] sent; `None` when none is there.
///
/// # Errors
/// `recvmsg(2)`'s.
pub fn receive_descriptor(socket: BorrowedFd<'_>) -> nix::Result<Option<OwnedFd>> {
    let mut byte = 0_u8;
    let mut control = Control([0; 64]);
    let mut vector = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
    // SAFETY: msghdr is plain data.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut vector;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = control.0.len() as _;
    let flags = libc::MSG_CMSG_CLOEXEC | libc::MSG_DONTWAIT;
    // SAFETY: all buffers are as long as stated and writable.
    let answer = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, flags) };
    match Errno::result(answer) {
        Err(Errno::EAGAIN) => return Ok(None),
        Err(other) => return Err(other),
        Ok(_) => {}
    }
    // SAFETY: the kernel filled the control buffer; a descriptor in it is ours from now.
    unsafe {
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        if header.is_null()
            || (*header).cmsg_level != libc::SOL_SOCKET
            || (*header).cmsg_type != libc::SCM_RIGHTS
        {
            return Ok(None);
        }
        Ok(Some(OwnedFd::from_raw_fd(libc::CMSG_DATA(header).cast::<RawFd>().read_unaligned())))
    }
}

/// A call that waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The kernel's name for this waiting.
    pub id: u64,
    /// The calling thread, as this process sees it.
    pub thread: i32,
    /// Number of the call in its ABI.
    pub number: u32,
    /// `AUDIT_ARCH` value of the ABI.
    pub arch: u32,
    /// What the caller passed.
    pub arguments: [u64; 6],
}

/// What a call gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The kernel carries it out, as if it had never been handed over.
    Continue,
    /// It returns this.
    Value(i64),
    /// It fails.
    Error(Errno),
}

/// Where handed-over calls arrive.
#[derive(Debug)]
pub struct Listener(OwnedFd);

#[repr(C)]
struct Response {
    id: u64,
    value: i64,
    error: i32,
    flags: u32,
}

#[repr(C)]
struct AddFd {
    id: u64,
    flags: u32,
    descriptor: u32,
    new_descriptor: u32,
    new_flags: u32,
}

impl Listener {
    /// Takes over the descriptor that [`load`] gave.
    #[must_use]
    pub fn new(descriptor: OwnedFd) -> Self {
        // Linux 6.6: the answered thread goes on where this one stops. Older ones do without.
        // SAFETY: a number.
        unsafe { libc::ioctl(descriptor.as_raw_fd(), IOCTL_SET_FLAGS as _, SYNC_WAKE_UP) };
        Self(descriptor)
    }

    /// Waits for the next call; `None` when nobody is left who could make one.
    ///
    /// # Errors
    /// `poll(2)`'s and the `ioctl`'s.
    pub fn next(&self) -> nix::Result<Option<Call>> {
        loop {
            let mut polled = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
            // SAFETY: one entry.
            match Errno::result(unsafe { libc::poll(&raw mut polled, 1, -1) }) {
                Err(Errno::EINTR) => continue,
                Err(other) => return Err(other),
                Ok(_) => {}
            }
            if polled.revents & libc::POLLIN == 0 {
                return Ok(None);
            }
            // SAFETY: plain data, and the kernel wants it zeroed.
            let mut raw: libc::seccomp_notif = unsafe { std::mem::zeroed() };
            // SAFETY: `raw` is writable and of the size in the number.
            match Errno::result(unsafe { libc::ioctl(self.0.as_raw_fd(), IOCTL_RECEIVE as _, &raw mut raw) })
            {
                // The caller was killed in between.
                Err(Errno::ENOENT | Errno::EINTR) => {}
                Err(other) => return Err(other),
                Ok(_) => {
                    return Ok(Some(Call {
                        id: raw.id,
                        thread: raw.pid as i32,
                        number: raw.data.nr as u32,
                        arch: raw.data.arch,
                        arguments: raw.data.args,
                    }));
                }
            }
        }
    }

    /// Answers a call. One whose caller is gone needs no answer.
    ///
    /// # Errors
    /// The `ioctl`'s.
    pub fn answer(&self, call: &Call, answer: Answer) -> nix::Result<()> {
        let (value, error, flags) = match answer {
            Answer::Continue => (0, 0, CONTINUE),
            Answer::Value(value) => (value, 0, 0),
            Answer::Error(errno) => (0, -(errno as i32), 0),
        };
        let response = Response { id: call.id, value, error, flags };
        // SAFETY: `response` is of the size in the number.
        let sent = unsafe { libc::ioctl(self.0.as_raw_fd(), IOCTL_SEND as _, &raw const response) };
        match Errno::result(sent) {
            Err(Errno::ENOENT) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Whether the caller still waits. If so, what was opened through its `/proc` folder before is its
    /// own and not that of a later process with the same number.
    #[must_use]
    pub fn still_waits(&self, call: &Call) -> bool {
        // SAFETY: a pointer to a number.
        unsafe { libc::ioctl(self.0.as_raw_fd(), IOCTL_IS_VALID as _, &raw const call.id) == 0 }
    }

    /// Answers a call with a copy of `descriptor`, which becomes the caller's (Linux 5.14).
    ///
    /// # Errors
    /// The `ioctl`'s: EINVAL before Linux 5.14.
    pub fn answer_with(
        &self,
        call: &Call,
        descriptor: BorrowedFd<'_>,
        close_on_exec: bool,
    ) -> nix::Result<()> {
        let added = AddFd {
            id: call.id,
            flags: ADD_FD_SEND,
            descriptor: descriptor.as_raw_fd() as u32,
            new_descriptor: 0,
            new_flags: if close_on_exec { libc::O_CLOEXEC as u32 } else { 0 },
        };
        // SAFETY: `added` is of the size in the number.
        let sent = unsafe { libc::ioctl(self.0.as_raw_fd(), IOCTL_ADD_FD as _, &raw const added) };
        match Errno::result(sent) {
            Err(Errno::ENOENT) => Ok(()),
            other => other.map(drop),
        }
    }
}

fn transfer(thread: i32, own: *mut c_void, length: usize, address: u64, write: bool) -> nix::Result<usize> {
    let own = libc::iovec { iov_base: own, iov_len: length };
    let far = libc::iovec { iov_base: address as *mut c_void, iov_len: length };
    let call = if write { libc::process_vm_writev } else { libc::process_vm_readv };
    // SAFETY: the caller's buffer is `length` long; the other address is the kernel's to check.
    let answer = unsafe { call(thread, &raw const own, 1, &raw const far, 1, 0) };
    Errno::result(answer).map(|count| count as usize)
}

/// Reads memory of another process; all of `buffer` or nothing.
///
/// # Errors
/// EFAULT, ESRCH, EPERM.
pub fn read_memory(thread: i32, address: u64, buffer: &mut [u8]) -> nix::Result<()> {
    match transfer(thread, buffer.as_mut_ptr().cast(), buffer.len(), address, false)? {
        count if count == buffer.len() => Ok(()),
        _ => Err(Errno::EFAULT),
    }
}

/// Writes memory of another process.
///
/// # Errors
/// EFAULT, ESRCH, EPERM.
pub fn write_memory(thread: i32, address: u64, bytes: &[u8]) -> nix::Result<()> {
    match transfer(thread, bytes.as_ptr().cast_mut().cast(), bytes.len(), address, true)? {
        count if count == bytes.len() => Ok(()),
        _ => Err(Errno::EFAULT),
    }
}

/// Reads a path of another process, at most `PATH_MAX` long.
///
/// # Errors
/// EFAULT, ENAMETOOLONG, ESRCH, EPERM.
pub fn read_path(thread: i32, address: u64) -> nix::Result<CString> {
    const LONGEST: usize = 4096;
    let page = 4096;
    let mut path = Vec::with_capacity(256);
    while path.len() < LONGEST {
        // Never across a page's end: the next one may not exist, and most paths end before it.
        let at = address.wrapping_add(path.len() as u64);
        let left = page - (at % page as u64) as usize;
        let room = left.min(LONGEST - path.len()).min(256);
        let start = path.len();
        path.resize(start + room, 0);
        read_memory(thread, at, &mut path[start..])?;
        if let Some(end) = path[start..].iter().position(|byte| *byte == 0) {
            path.truncate(start + end);
            return CString::new(path).map_err(|_| Errno::EINVAL);
        }
    }
    Err(Errno::ENAMETOOLONG)
}

/// The value that a process carries along, inherited by what it forks and kept when it executes a
/// program; `None` for one that was never given any.
///
/// It lies in the soft limit of `RLIMIT_LOCKS`, which the kernel keeps and copies like any limit but has not
/// looked at since Linux 2.4.
///
/// # Errors
/// `prlimit(2)`'s.
pub fn carried(thread: i32) -> nix::Result<Option<u64>> {
    let mut limit = MaybeUninit::<libc::rlimit64>::zeroed();
    // SAFETY: `limit` is writable.
    let answer = unsafe { libc::prlimit64(thread, libc::RLIMIT_LOCKS, std::ptr::null(), limit.as_mut_ptr()) };
    Errno::result(answer)?;
    // SAFETY: zeroes would be valid too.
    let limit = unsafe { limit.assume_init() };
    Ok((limit.rlim_cur != limit.rlim_max).then_some(limit.rlim_cur))
}

/// Gives a process a value to carry.
///
/// # Errors
/// `prlimit(2)`'s: EINVAL for one above the hard limit.
pub fn carry(thread: i32, value: u64) -> nix::Result<()> {
    let mut limit = MaybeUninit::<libc::rlimit64>::zeroed();
    // SAFETY: `limit` is writable.
    let answer = unsafe { libc::prlimit64(thread, libc::RLIMIT_LOCKS, std::ptr::null(), limit.as_mut_ptr()) };
    Errno::result(answer)?;
    // SAFETY: zeroes would be valid too.
    let mut limit = unsafe { limit.assume_init() };
    limit.rlim_cur = value;
    // SAFETY: `limit` is readable.
    let answer =
        unsafe { libc::prlimit64(thread, libc::RLIMIT_LOCKS, &raw const limit, std::ptr::null_mut()) };
    Errno::result(answer).map(drop)
}

/// Lets this thread have a root and a current directory of its own.
///
/// # Errors
/// `unshare(2)`'s.
pub fn own_directories() -> nix::Result<()> {
    // SAFETY: no memory involved.
    Errno::result(unsafe { libc::unshare(libc::CLONE_FS) }).map(drop)
}

/// Makes `root` this thread's root. The current directory stays where it is, perhaps outside.
///
/// # Errors
/// `chroot(2)`'s.
pub fn change_root(root: BorrowedFd<'_>, stay: BorrowedFd<'_>) -> nix::Result<()> {
    super::at::change_to(root)?;
    // SAFETY: a terminated string.
    let answer = Errno::result(unsafe { libc::chroot(c".".as_ptr()) });
    super::at::change_to(stay)?;
    answer.map(drop)
}

/// Value of an extended attribute at a path of this thread's; `None` where there is none, or nothing at all.
/// Allocates nothing.
#[must_use]
pub fn attribute<'a>(path: &CStr, follow: bool, name: &CStr, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    let call = if follow { libc::getxattr } else { libc::lgetxattr };
    // SAFETY: terminated strings and a buffer as long as stated.
    let length = unsafe { call(path.as_ptr(), name.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len()) };
    usize::try_from(length).ok().and_then(|length| buffer.get(..length))
}

/// Names of the extended attributes of what a path of this thread's leads to, each with its end.
///
/// # Errors
/// `listxattr(2)`'s.
pub fn attributes(path: &CStr) -> nix::Result<Vec<u8>> {
    /// The kernel's `XATTR_LIST_MAX`.
    const MOST: usize = 65_536;
    let mut names = vec![0; MOST];
    // SAFETY: a terminated string and a buffer as long as stated.
    let length = unsafe { libc::listxattr(path.as_ptr(), names.as_mut_ptr().cast(), names.len()) };
    names.truncate(usize::try_from(length).map_err(|_| Errno::last())?);
    Ok(names)
}

/// Sets an extended attribute, or with `None` removes it, of what a path of this thread's leads to.
///
/// # Errors
/// `setxattr(2)`'s; one that is not there is removed already.
pub fn set_attribute(path: &CStr, name: &CStr, value: Option<&[u8]>) -> nix::Result<()> {
    // SAFETY: terminated strings and a buffer as long as stated.
    let answer = unsafe {
        match value {
            Some(value) => {
                libc::setxattr(path.as_ptr(), name.as_ptr(), value.as_ptr().cast(), value.len(), 0)
            }
            None => libc::removexattr(path.as_ptr(), name.as_ptr()),
        }
    };
    match Errno::result(answer) {
        Err(Errno::ENODATA) if value.is_none() => Ok(()),
        other => other.map(drop),
    }
}

/// `stat` of an open file, as the kernel writes it to a caller's memory.
///
/// # Errors
/// `fstat(2)`'s.
pub fn stat(file: BorrowedFd<'_>) -> nix::Result<libc::stat> {
    let mut raw = MaybeUninit::<libc::stat>::zeroed();
    let flags = libc::AT_EMPTY_PATH;
    // SAFETY: a terminated string; `raw` is writable.
    Errno::result(unsafe { libc::fstatat(file.as_raw_fd(), c"".as_ptr(), raw.as_mut_ptr(), flags) })?;
    // SAFETY: filled, and zeroes would be valid too.
    Ok(unsafe { raw.assume_init() })
}

/// `statx` of an open file; `flags` are the caller's, of which those about synchronisation count.
///
/// # Errors
/// `statx(2)`'s.
pub fn statx(file: BorrowedFd<'_>, flags: i32, mask: u32) -> nix::Result<libc::statx> {
    const SYNC: i32 = 0x6000;
    let mut raw = MaybeUninit::<libc::statx>::zeroed();
    let flags = libc::AT_EMPTY_PATH | flags & SYNC;
    // SAFETY: a terminated string; `raw` is writable.
    Errno::result(unsafe { libc::statx(file.as_raw_fd(), c"".as_ptr(), flags, mask, raw.as_mut_ptr()) })?;
    // SAFETY: filled, and zeroes would be valid too.
    Ok(unsafe { raw.assume_init() })
}

/// The bytes of a structure without padding secrets: what the kernel itself has just written.
#[must_use]
pub fn stat_bytes(stat: &libc::stat) -> &[u8] {
    // SAFETY: the memory was zeroed before the kernel filled it, so every byte has a value.
    unsafe { std::slice::from_raw_parts((&raw const *stat).cast(), size_of::<libc::stat>()) }
}

/// The same for `statx`.
#[must_use]
pub fn statx_bytes(stat: &libc::statx) -> &[u8] {
    // SAFETY: as above.
    unsafe { std::slice::from_raw_parts((&raw const *stat).cast(), size_of::<libc::statx>()) }
}

/// Really changes the owner of an open file (opened with `O_PATH`, too); -1 leaves one alone.
///
/// # Errors
/// `fchownat(2)`'s.
pub fn change_owner(file: BorrowedFd<'_>, uid: u32, gid: u32) -> nix::Result<()> {
    // SAFETY: a terminated string.
    let answer = unsafe { libc::fchownat(file.as_raw_fd(), c"".as_ptr(), uid, gid, libc::AT_EMPTY_PATH) };
    Errno::result(answer).map(drop)
}

/// An error number of this thread's last call, for callers that have only `io`.
#[must_use]
pub fn errno_of(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}
