//! Entering a user namespace of our own, so that a person without root rights is root in it.
//!
//! The process itself enters: afterwards it is user 0, and everything below works as it does for root,
//! with no helper process and no further user namespace for each container. The kernel allows this only
//! while the process has a single thread, so it comes before any thread is started.
//!
//! Source of the rules: `user_namespaces(7)`, `subuid(5)`, `newuidmap(1)`.

use std::ffi::CString;
use std::fs;
use std::io::{self, Read as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::mount::MsFlags;
use nix::sched::CloneFlags;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Gid, Pid, Uid, User, getegid, geteuid, pipe2};

/// Where the two set-id programs are on every distribution, looked at after the caller's own directories.
const USUAL_DIRECTORIES: [&str; 4] = ["/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin"];

/// The kernel takes at most 340 lines in an id map; two are kept for our own.
const MOST_RANGES: usize = 338;

/// What this process may do with the owners of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// Root of the whole machine: every owner, `trusted.*` attributes.
    Root,
    /// Root of a user namespace with a range of owners.
    Ranges,
    /// Root of a user namespace that knows one owner only: 0, which is the caller.
    Single,
}

/// Why there is no range of owners although one was looked for; `doctor` explains it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shortfall {
    /// Neither the user's name nor its number is in this file.
    NoRange {
        /// `/etc/subuid` or `/etc/subgid`.
        file: &'static str,
    },
    /// The set-id program is in none of the directories.
    NoProgram {
        /// `newuidmap` or `newgidmap`.
        name: &'static str,
    },
    /// The set-id program was there and refused.
    Refused {
        /// `newuidmap` or `newgidmap`.
        name: &'static str,
        /// What it wrote on standard error; may be empty.
        said: String,
    },
}

/// Why the namespace could not be entered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Called too late.
    #[error("a user namespace must be entered before any thread is started, and there are {count} threads")]
    Threads {
        /// Threads of this process, itself included.
        count: usize,
    },
    /// The machine's settings do not allow it.
    #[error("this machine does not let `{user}` make a user namespace: {cause}")]
    Forbidden {
        /// The numeric id of the user.
        user: u32,
        /// What forbids it, and how it is changed.
        cause: Forbidden,
    },
    /// A step failed for a reason that we do not know.
    #[error("cannot enter a user namespace: {step}: {source}")]
    Step {
        /// What was being done.
        step: &'static str,
        /// What the kernel answered.
        source: io::Error,
    },
}

/// What forbids user namespaces. `Display` names the setting; [`Forbidden::fix`] changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// Ubuntu's switch: namespaces can be made, but nothing can be done in them.
    #[error("AppArmor restricts them (`kernel.apparmor_restrict_unprivileged_userns` is 1)")]
    AppArmor,
    /// Debian's and Arch's older switch.
    #[error("`kernel.unprivileged_userns_clone` is 0")]
    CloneSwitch,
    /// The limit is zero.
    #[error("`user.max_user_namespaces` is 0")]
    LimitZero,
    /// The limit, of namespaces or of their nesting, is reached.
    #[error("the limit `user.max_user_namespaces`, or that of 32 nested namespaces, is reached")]
    LimitReached,
    /// The kernel was built without them.
    #[error("the kernel was built without user namespaces (`CONFIG_USER_NS`)")]
    NotBuilt,
    /// A seccomp filter, a security module, or a `chroot`.
    #[error("a seccomp filter, a security module or a chroot forbids it, as in most containers")]
    Confined,
}

impl Forbidden {
    /// The command that allows it, for root; `None` where there is no single one.
    #[must_use]
    pub const fn fix(self) -> Option<&'static str> {
        match self {
            Self::AppArmor => Some("sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"),
            Self::CloneSwitch => Some("sysctl -w kernel.unprivileged_userns_clone=1"),
            Self::LimitZero | Self::LimitReached => Some("sysctl -w user.max_user_namespaces=65536"),
            Self::NotBuilt | Self::Confined => None,
        }
    }
}

#[derive(Debug, Clone)]
struct State {
    identity: Identity,
    user: u32,
    group: u32,
    shortfall: Option<Shortfall>,
}

static STATE: OnceLock<State> = OnceLock::new();
/// Two callers at once must not both unshare.
static ENTERING: Mutex<()> = Mutex::new(());

/// What the process is, once [`enter`] has succeeded.
#[must_use]
pub fn identity() -> Option<Identity> {
    STATE.get().map(|state| state.identity)
}

/// User and group id that the process had before, as the outside sees them.
#[must_use]
pub fn original() -> (u32, u32) {
    STATE.get().map_or_else(|| (geteuid().as_raw(), getegid().as_raw()), |state| (state.user, state.group))
}

/// Why the identity is [`Identity::Single`]; `None` for the others.
#[must_use]
pub fn shortfall() -> Option<Shortfall> {
    STATE.get().and_then(|state| state.shortfall.clone())
}

/// Makes the process root: of a user and mount namespace of its own unless it is root already.
///
/// `search` is where `newuidmap` and `newgidmap` are looked for first. For user 0 nothing changes; inside an outer
/// user namespace the identity tells what that one knows. A second call returns what the first one did.
///
/// # Errors
/// See [`Error`]. After [`Error::Step`] the process is in no state to go on.
pub fn enter(search: &[PathBuf]) -> Result<Identity, Error> {
    begin(search)?.finish()
}

/// A namespace that is entered, whose maps two set-id programs are still writing.
///
/// Between [`begin`] and [`finish`](Self::finish) no file can be created, but memory-only work can go on.
#[derive(Debug)]
#[must_use = "the process has no user ids until `finish`"]
pub struct Entering(Step);

#[derive(Debug)]
enum Step {
    Done(Identity),
    Single { user: Uid, group: Gid, shortfall: Shortfall },
    Mapping { user: Uid, group: Gid, mappers: [Mapper; 2] },
}

/// The first half of [`enter`].
///
/// # Errors
/// As [`enter`].
pub fn begin(search: &[PathBuf]) -> Result<Entering, Error> {
    let _only_one = ENTERING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(state) = STATE.get() {
        return Ok(Entering(Step::Done(state.identity)));
    }
    let (user, group) = (geteuid(), getegid());
    if user.is_root() {
        let state = already_root(&read("/proc/self/uid_map"), group.as_raw());
        return Ok(Entering(Step::Done(STATE.get_or_init(|| state).identity)));
    }
    let count = fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if count > 1 {
        return Err(Error::Threads { count });
    }
    match plan(user, group, search) {
        Ok(plans) => {
            let go = pipe2(OFlag::O_CLOEXEC).map_err(step("pipe"))?;
            let mut started = Vec::with_capacity(2);
            for plan in plans {
                started.push(plan.start(&go)?);
            }
            let unshared = unshare(user);
            if unshared.is_ok() {
                // One byte for each; without it (an error, our death) they end without doing anything.
                nix::unistd::write(&go.1, b"go").map_err(step("start newuidmap"))?;
            }
            drop(go);
            let mappers: [Mapper; 2] =
                started.try_into().map_err(|_| Errno::EINVAL).map_err(step("start newuidmap"))?;
            match unshared {
                Ok(()) => Ok(Entering(Step::Mapping { user, group, mappers })),
                Err(error) => {
                    for mapper in mappers {
                        let _ = mapper.wait();
                    }
                    Err(error)
                }
            }
        }
        Err(shortfall) => {
            unshare(user)?;
            Ok(Entering(Step::Single { user, group, shortfall }))
        }
    }
}

impl Entering {
    /// Waits for the maps; afterwards the process is user 0.
    ///
    /// # Errors
    /// As [`enter`].
    pub fn finish(self) -> Result<Identity, Error> {
        let (user, group, shortfall) = match self.0 {
            Step::Done(identity) => return Ok(identity),
            Step::Single { user, group, shortfall } => (user, group, Some(shortfall)),
            Step::Mapping { user, group, mappers } => {
                // Both are waited for before anything is judged: a zombie must not stay.
                let results = mappers.map(Mapper::wait);
                (user, group, results.into_iter().flatten().next())
            }
        };
        if shortfall.is_some() {
            write_single_maps(user, group)?;
        }
        if !geteuid().is_root() {
            return Err(forbidden_or("map user ids", user, Errno::EPERM));
        }
        let identity = if shortfall.is_some() { Identity::Single } else { Identity::Ranges };
        let state = State { identity, user: user.as_raw(), group: group.as_raw(), shortfall };
        Ok(STATE.get_or_init(|| state).identity)
    }
}

/// Enters both namespaces and lets no later mount leak out.
fn unshare(user: Uid) -> Result<(), Error> {
    nix::sched::unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)
        .map_err(|errno| forbidden_or("unshare", user, errno))?;
    nix::mount::mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_SLAVE, None::<&str>)
        .map_err(|errno| forbidden_or("make mounts private", user, errno))
}

/// A map of one id each. `setgroups` must be given up first, else the kernel refuses the group map.
fn write_single_maps(user: Uid, group: Gid) -> Result<(), Error> {
    let put = |file: &'static str, text: String| {
        // A map can be written once only: where one of the two programs succeeded, its map stays.
        if file != "/proc/self/setgroups" && !read(file).trim().is_empty() {
            return Ok(());
        }
        match fs::write(file, text) {
            Err(source) => Err(forbidden_or("map a user id", user, errno_of(&source))),
            Ok(()) => Ok(()),
        }
    };
    put("/proc/self/uid_map", format!("0 {user} 1\n"))?;
    if read("/proc/self/gid_map").trim().is_empty() {
        put("/proc/self/setgroups", "deny".to_owned())?;
    }
    put("/proc/self/gid_map", format!("0 {group} 1\n"))
}

fn already_root(map: &str, group: u32) -> State {
    let (identity, shortfall) = match known_ids(map) {
        u64::MAX => (Identity::Root, None),
        0 | 1 => (Identity::Single, Some(Shortfall::NoRange { file: "/proc/self/uid_map" })),
        _ => (Identity::Ranges, None),
    };
    State { identity, user: 0, group, shortfall }
}

/// How many ids a map knows; `u64::MAX` for the initial namespace's, or where there is no `/proc`.
fn known_ids(map: &str) -> u64 {
    let mut known = 0_u64;
    for line in map.lines() {
        let mut fields = line.split_ascii_whitespace();
        let (first, outside, count) = (fields.next(), fields.next(), fields.next());
        if (first, outside, count) == (Some("0"), Some("0"), Some("4294967295")) {
            return u64::MAX;
        }
        known = known.saturating_add(count.and_then(|count| count.parse().ok()).unwrap_or(0));
    }
    if map.is_empty() { u64::MAX } else { known }
}

/// One run of a set-id program, ready to be executed.
#[derive(Debug)]
struct Plan {
    name: &'static str,
    program: CString,
    arguments: Vec<CString>,
}

/// A child that waits for its start, then becomes the set-id program.
#[derive(Debug)]
struct Mapper {
    name: &'static str,
    child: Pid,
    said: OwnedFd,
}

fn plan(user: Uid, group: Gid, search: &[PathBuf]) -> Result<[Plan; 2], Shortfall> {
    let (subuid, subgid) = (read("/etc/subuid"), read("/etc/subgid"));
    let name = user_name(user);
    let find = |text: &str, file| {
        let ranges = ranges(text, name.as_deref(), user.as_raw());
        if ranges.is_empty() { Err(Shortfall::NoRange { file }) } else { Ok(ranges) }
    };
    let users = find(&subuid, "/etc/subuid")?;
    let groups = find(&subgid, "/etc/subgid")?;
    let make = |name: &'static str, own: u32, ranges: &[Range]| -> Result<Plan, Shortfall> {
        let path = program(name, search).ok_or(Shortfall::NoProgram { name })?;
        let mut words = vec![name.to_owned(), std::process::id().to_string()];
        words.extend(map_words(own, ranges));
        let missing = |_| Shortfall::NoProgram { name };
        Ok(Plan {
            name,
            program: CString::new(path.as_os_str().as_bytes()).map_err(missing)?,
            arguments: words.into_iter().map(CString::new).collect::<Result<_, _>>().map_err(missing)?,
        })
    };
    Ok([make("newuidmap", user.as_raw(), &users)?, make("newgidmap", group.as_raw(), &groups)?])
}

impl Plan {
    /// Forks the child. It stays in the outer user namespace, where the set-id program has its rights.
    fn start(self, go: &(OwnedFd, OwnedFd)) -> Result<Mapper, Error> {
        let (said, says) = pipe2(OFlag::O_CLOEXEC).map_err(step("pipe"))?;
        let mut arguments: Vec<*const libc::c_char> =
            self.arguments.iter().map(|word| word.as_ptr()).collect();
        arguments.push(std::ptr::null());
        // The programs need none, and a set-id program should not see the caller's.
        let environment: [*const libc::c_char; 1] = [std::ptr::null()];
        // SAFETY: the process has one thread (checked by `begin`); the child makes system calls only and ends by
        // `execve` or `_exit`.
        match unsafe { nix::unistd::fork() }.map_err(step("fork"))? {
            ForkResult::Parent { child } => Ok(Mapper { name: self.name, child, said }),
            ForkResult::Child => {
                let mut byte = 0_u8;
                // SAFETY: descriptors and buffers are live; the pointers end with null; nothing returns.
                unsafe {
                    libc::close(go.1.as_raw_fd());
                    let started = libc::read(go.0.as_raw_fd(), (&raw mut byte).cast(), 1) == 1;
                    libc::dup2(says.as_raw_fd(), 2);
                    if started {
                        libc::execve(self.program.as_ptr(), arguments.as_ptr(), environment.as_ptr());
                    }
                    libc::_exit(127)
                }
            }
        }
    }
}

impl Mapper {
    /// Waits for the program; what it complained of, if it failed.
    fn wait(self) -> Option<Shortfall> {
        let mut said = Vec::new();
        // Its words first: a program that fills the pipe would otherwise never end.
        let _ = fs::File::from(self.said).take(4096).read_to_end(&mut said);
        let status = loop {
            match waitpid(self.child, None) {
                Err(Errno::EINTR) => {}
                other => break other,
            }
        };
        if matches!(status, Ok(WaitStatus::Exited(_, 0))) {
            return None;
        }
        let said = String::from_utf8_lossy(&said).trim().to_owned();
        Some(Shortfall::Refused { name: self.name, said })
    }
}

/// The first id of a range and how many there are.
type Range = (u32, u32);

/// The ranges that a `subuid(5)` file gives to a user, by its name or its number.
fn ranges(text: &str, name: Option<&str>, user: u32) -> Vec<Range> {
    let number = user.to_string();
    text.lines()
        .filter_map(|line| {
            let mut fields = line.trim().split(':');
            let owner = fields.next()?;
            if owner != number && Some(owner) != name {
                return None;
            }
            let first: u32 = fields.next()?.trim().parse().ok()?;
            let count: u32 = fields.next()?.trim().parse().ok()?;
            (first > 0 && count > 0 && first.checked_add(count).is_some()).then_some((first, count))
        })
        .take(MOST_RANGES)
        .collect()
}

/// Id 0 is the caller's own; the ranges follow from 1 without gaps.
fn map_words(own: u32, ranges: &[Range]) -> Vec<String> {
    let mut words = vec!["0".to_owned(), own.to_string(), "1".to_owned()];
    let mut inside = 1_u32;
    for &(first, count) in ranges {
        let count = count.min(u32::MAX - 1 - inside);
        if count == 0 {
            break;
        }
        words.extend([inside.to_string(), first.to_string(), count.to_string()]);
        inside += count;
    }
    words
}

/// From the file where that suffices: asking the name services loads libraries, which costs more than the namespace.
fn user_name(user: Uid) -> Option<String> {
    let number = user.to_string();
    let passwd = read("/etc/passwd");
    let line = passwd.lines().find(|line| line.split(':').nth(2) == Some(&number));
    match line.and_then(|line| line.split(':').next()) {
        Some(name) => Some(name.to_owned()),
        None => User::from_uid(user).ok().flatten().map(|user| user.name),
    }
}

fn program(name: &str, search: &[PathBuf]) -> Option<PathBuf> {
    let usual = USUAL_DIRECTORIES.iter().map(Path::new);
    search
        .iter()
        .map(PathBuf::as_path)
        .filter(|directory| directory.is_absolute())
        .chain(usual)
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
}

fn forbidden_or(step: &'static str, user: Uid, errno: Errno) -> Error {
    let setting = |path: &str| read(path).trim().parse::<u64>().ok();
    let cause = match errno {
        Errno::ENOSPC | Errno::EUSERS => match setting("/proc/sys/user/max_user_namespaces") {
            Some(0) => Forbidden::LimitZero,
            _ => Forbidden::LimitReached,
        },
        Errno::EPERM | Errno::EACCES => {
            if setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == Some(1) {
                Forbidden::AppArmor
            } else if setting("/proc/sys/kernel/unprivileged_userns_clone") == Some(0) {
                Forbidden::CloneSwitch
            } else {
                Forbidden::Confined
            }
        }
        Errno::EINVAL | Errno::ENOSYS if !Path::new("/proc/self/ns/user").exists() => Forbidden::NotBuilt,
        _ => return Error::Step { step, source: errno.into() },
    };
    Error::Forbidden { user: user.as_raw(), cause }
}

fn step(step: &'static str) -> impl Fn(Errno) -> Error {
    move |errno| Error::Step { step, source: errno.into() }
}

fn errno_of(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

/// A small file's text; empty where it cannot be read.
fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[cfg(test)]
mod tests;
