//! The child's side: carries a plan out.
//!
//! It runs in its parent's memory (see [`crate::sys::clone`]): no allocation, no lock, no panic, nothing
//! but system calls on what the plan holds. Its descriptors, current directory, mask and credentials are its own.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::plan::{Layers, Overlay, Place, Plan, Step};
use crate::sys::exec::Strings;
use crate::sys::mount::{self, NODEV, NOEXEC, NOSUID, READ_ONLY, STRICT_ATIME};
use crate::sys::{at, capabilities, exec, identity, network, notify, pty, seccomp, signal};

const DIRECTORY: i32 = libc::O_PATH | libc::O_DIRECTORY;
const PROC: i64 = 0x9fa0;
const TMPFS: i64 = 0x0102_1994;
const SYSFS: i64 = 0x6265_6572;

/// Where the child says what went wrong; the parent reads it when it goes on.
#[derive(Debug, Default)]
pub struct Report {
    step: AtomicUsize,
    errno: AtomicI32,
    reason: AtomicUsize,
}

/// More than an error number can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Reason {
    /// The error number says it.
    System = 0,
    /// A symbolic link is where the engine mounts.
    Link = 1,
    /// Something else than a directory is where the engine mounts.
    NotDirectory = 2,
    /// After mounting something else was found at that place.
    Elsewhere = 3,
    /// A link leads a volume into /proc.
    IntoProc = 4,
    /// The working directory is not below the root.
    Outside = 5,
    /// The parent died.
    Orphan = 6,
    /// None of the candidates exists.
    Missing = 7,
    /// A candidate exists but its interpreter does not.
    Interpreter = 8,
    /// The source of a volume cannot be opened.
    Source = 9,
    /// The program is the engine itself.
    Engine = 10,
}

const REASONS: [Reason; 11] = [
    Reason::System,
    Reason::Link,
    Reason::NotDirectory,
    Reason::Elsewhere,
    Reason::IntoProc,
    Reason::Outside,
    Reason::Orphan,
    Reason::Missing,
    Reason::Interpreter,
    Reason::Source,
    Reason::Engine,
];

/// Why a step failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble {
    /// The kernel's answer.
    pub errno: Errno,
    /// What it means.
    pub reason: Reason,
}

impl From<Errno> for Trouble {
    fn from(errno: Errno) -> Self {
        Self { errno, reason: Reason::System }
    }
}

fn trouble(errno: Errno, reason: Reason) -> Trouble {
    Trouble { errno, reason }
}

impl Report {
    /// The step that failed and why; `None` when the program is running.
    pub fn failure(&self) -> Option<(usize, Trouble)> {
        let errno = self.errno.load(Ordering::Acquire);
        let reason = REASONS.get(self.reason.load(Ordering::Relaxed)).copied().unwrap_or(Reason::System);
        (errno != 0).then(|| (self.step.load(Ordering::Relaxed), trouble(Errno::from_raw(errno), reason)))
    }
}

/// Carries the plan out; returns, with an exit status, only when it fails.
pub fn carry_out(plan: &Plan<'_>, report: &Report) -> i32 {
    let mut child = Child { root: None, cwd: None, empty: None };
    for (index, step) in plan.steps.iter().enumerate() {
        if let Err(trouble) = child.step(step) {
            report.step.store(index, Ordering::Relaxed);
            report.reason.store(trouble.reason as usize, Ordering::Relaxed);
            report.errno.store(trouble.errno as i32, Ordering::Release);
            break;
        }
    }
    super::exit::ENGINE
}

struct Child<'a> {
    /// The container's root.
    root: Option<OwnedFd>,
    /// Its working directory.
    cwd: Option<OwnedFd>,
    /// A read-only, empty directory.
    empty: Option<&'a CStr>,
}

impl<'a> Child<'a> {
    fn step(&mut self, step: &'a Step<'_>) -> Result<(), Trouble> {
        match step {
            Step::ResetSignals => signal::reset_dispositions(),
            Step::Hostname(name) => identity::set_hostname(name)?,
            Step::JoinNetwork(namespace) => network::join(*namespace)?,
            Step::LoopbackUp => network::loopback_up()?,
            Step::PrivateMounts => mount::make_all_private()?,
            Step::Umask(mask) => identity::set_umask(*mask),
            Step::Overlay(overlay) => self.root = Some(mount_overlay(overlay)?),
            Step::Root { at, tree } => {
                mount::attach_at(*tree, at)?;
                self.root = Some(at::open_own(at, DIRECTORY, 0)?);
            }
            Step::Mount { at, kind, flags, data, magic } => {
                self.enter_directory(at)?;
                mount::mount(Some(kind), c".", Some(kind), *flags, Some(data))?;
                self.enter_mounted(at, *magic)?;
            }
            Step::Sysfs => self.mount_sysfs()?,
            Step::Submount { name, make, source, kind, flags, data, optional } => {
                if *make {
                    at::make_directory(None, name, 0o755)?;
                }
                match mount::mount(Some(source), name, Some(kind), *flags, Some(data)) {
                    Err(_) if *optional => {}
                    other => other?,
                }
            }
            Step::Attach { name, tree } => {
                at::make_directory(None, name, 0o755)?;
                mount::attach_at(*tree, name)?;
            }
            Step::Device { source, name, shared } => {
                at::make_file(None, name, 0o644)?;
                mount::bind(source, name)?;
                if *shared {
                    mount::restrict(name, READ_ONLY)?;
                }
            }
            Step::Link { target, name } => at::make_link(target, name)?,
            Step::Mask { name, directory } => self.mask(name, *directory)?,
            Step::ReadOnly { name } => match mount::bind(name, name) {
                Err(Errno::ENOENT) => {}
                Err(other) => return Err(other.into()),
                Ok(()) => mount::restrict(name, READ_ONLY)?,
            },
            Step::Stage { at, dev, empty } => {
                // Nodes made in it do nothing; those bound from the host keep their own mount's flags.
                let flags = NOSUID | NODEV | STRICT_ATIME;
                mount::mount(Some(c"tmpfs"), at, Some(c"tmpfs"), flags, Some(c"mode=755,size=65536k"))?;
                at::make_directory(None, dev, 0o755)?;
                at::make_directory(None, empty, 0o555)?;
                mount::bind(empty, empty)?;
                mount::restrict(empty, READ_ONLY | NOEXEC)?;
                self.empty = Some(empty);
            }
            Step::Dev { source } => {
                self.enter_directory(c"dev")?;
                mount::bind(source, c".")?;
                self.enter_mounted(c"dev", TMPFS)?;
            }
            Step::File { source, contents, target } => self.mount_file(source, contents, target)?,
            Step::Volume { source, target, flags } => self.mount_volume(source, target, *flags)?,
            Step::WorkingDirectory(place) => self.cwd = Some(self.make(place, true)?),
            Step::Pivot => self.pivot()?,
            Step::Session => identity::new_session()?,
            Step::ControllingTerminal(terminal) => pty::make_controlling(*terminal)?,
            Step::Streams(streams) => {
                for (target, stream) in streams.iter().enumerate() {
                    if let Some(stream) = stream {
                        exec::place(stream.as_raw_fd(), target as RawFd)?;
                    }
                }
            }
            Step::Bound(keep) => capabilities::bound(*keep)?,
            Step::Groups(groups) => identity::set_groups(groups)?,
            Step::Group(gid) => identity::set_group(*gid)?,
            Step::User(uid) => {
                identity::set_user(*uid)?;
                if *uid != 0 {
                    identity::set_dumpable(false)?;
                }
            }
            Step::Capabilities(set) => {
                capabilities::clear_ambient()?;
                // A parent that lacks one itself cannot hand it on.
                capabilities::set(*set & capabilities::permitted()?)?;
            }
            Step::DieWithParent(alive) => die_with_parent(*alive)?,
            Step::NoNewPrivileges => identity::no_new_privileges()?,
            Step::CloseDescriptors => exec::close_from(3)?,
            Step::FilterWithListener(program, socket) => {
                let listener = notify::load(&program.0)?;
                notify::send_descriptor(*socket, listener.as_fd())?;
            }
            Step::Filter(program) => seccomp::load_raw(&program.0).map_err(Errno::from_raw)?,
            Step::UnblockSignals => signal::unblock_all(),
            Step::Refuse { candidates, own } => {
                for candidate in candidates.iter() {
                    refuse(candidate, *own)?;
                }
            }
            Step::Execute { candidates, searched, arguments, environment } => {
                return Err(execute(candidates, *searched, arguments, environment));
            }
        }
        Ok(())
    }

    fn root(&self) -> Result<BorrowedFd<'_>, Trouble> {
        self.root.as_ref().map(AsFd::as_fd).ok_or_else(|| Errno::EBADF.into())
    }

    /// Opens a directory of the container's root that must be one, made when missing.
    fn open_directory(&self, name: &CStr) -> Result<OwnedFd, Trouble> {
        let root = self.root()?;
        let opened = match at::open(root, name, DIRECTORY, 0, at::NO_SYMLINKS) {
            Err(Errno::ENOENT) => {
                at::make_directory(Some(root), name, 0o755)?;
                at::open(root, name, DIRECTORY, 0, at::NO_SYMLINKS)
            }
            other => other,
        };
        opened.map_err(|errno| match errno {
            Errno::ELOOP => trouble(errno, Reason::Link),
            // What a link answers to O_DIRECTORY depends on the kernel's order of checks.
            Errno::ENOTDIR => match at::open(root, name, libc::O_PATH, 0, at::NO_SYMLINKS) {
                Err(Errno::ELOOP) => trouble(errno, Reason::Link),
                _ => trouble(errno, Reason::NotDirectory),
            },
            other => other.into(),
        })
    }

    fn enter_directory(&self, name: &CStr) -> Result<(), Trouble> {
        Ok(at::change_to(self.open_directory(name)?.as_fd())?)
    }

    /// Goes to what is mounted at `name` now, if it is what it should be.
    fn enter_mounted(&self, name: &CStr, magic: i64) -> Result<(), Trouble> {
        let mounted = at::open(self.root()?, name, DIRECTORY, 0, at::NO_SYMLINKS)?;
        if at::file_system(mounted.as_fd())? != magic {
            return Err(trouble(Errno::EXDEV, Reason::Elsewhere));
        }
        Ok(at::change_to(mounted.as_fd())?)
    }

    fn mount_sysfs(&self) -> Result<(), Trouble> {
        let directory = self.open_directory(c"sys")?;
        at::change_to(directory.as_fd())?;
        let flags = NOSUID | NODEV | NOEXEC | READ_ONLY;
        match mount::mount(Some(c"sysfs"), c".", Some(c"sysfs"), flags, None) {
            // A user namespace gets a sysfs only with a network namespace of its own.
            Err(Errno::EPERM) => {
                let tree = mount::clone_tree(c"/sys", true)?;
                let restricted = mount::restrict_tree(tree.as_fd(), flags);
                mount::attach(tree.as_fd(), directory.as_fd())?;
                match restricted {
                    // Before Linux 5.12: the top, and control groups out of reach.
                    Err(Errno::ENOSYS) => {
                        self.enter_mounted(c"sys", SYSFS)?;
                        mount::restrict(c".", flags)?;
                        self.mask(c"fs/cgroup", true)?;
                    }
                    other => other?,
                }
            }
            other => other?,
        }
        self.enter_mounted(c"sys", SYSFS)
    }

    /// Opens a place of the root, links resolved inside it; makes what is missing, the last component as
    /// a directory or an empty file.
    fn make(&self, place: &Place, directory: bool) -> Result<OwnedFd, Trouble> {
        let root = self.root()?;
        let flags = if directory { DIRECTORY } else { libc::O_PATH };
        match at::open(root, &place.path, flags, 0, at::IN_ROOT) {
            Err(Errno::ENOENT) => {}
            other => return Ok(other?),
        }
        let last = place.components.len().saturating_sub(1);
        for (index, (prefix, name)) in place.components.iter().enumerate() {
            let parent = at::open(root, prefix, DIRECTORY, 0, at::IN_ROOT)?;
            let made = if index < last || directory {
                at::make_directory(Some(parent.as_fd()), name, 0o755)
            } else {
                at::make_file(Some(parent.as_fd()), name, 0o755)
            };
            match made {
                Err(Errno::EEXIST) => {}
                other => other?,
            }
        }
        Ok(at::open(root, &place.path, flags, 0, at::IN_ROOT)?)
    }

    /// Hides `name`, on a file system mounted in the root.
    fn mask(&self, name: &CStr, directory: bool) -> nix::Result<()> {
        let mut answer = Err(Errno::ENOTDIR);
        if !directory {
            answer = mount::bind(c"../dev/null", name);
        }
        if let (Err(Errno::ENOTDIR), Some(empty)) = (answer, self.empty) {
            answer = mount::bind(empty, name);
        }
        match answer {
            Err(Errno::ENOENT) => Ok(()),
            other => other,
        }
    }

    fn mount_file(&self, source: &CStr, contents: &[u8], target: &Place) -> Result<(), Trouble> {
        let file = at::open_own(source, libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL, 0o644)?;
        at::write_all(file.as_fd(), contents)?;
        let target = self.make(target, false)?;
        let mut name = [0u8; 32];
        match mount::bind(source, descriptor_name(target.as_raw_fd(), &mut name)) {
            // No procfs of this pid namespace here; the other way takes twice as long.
            Err(Errno::ENOENT) => {
                Ok(mount::attach(mount::clone_tree(source, false)?.as_fd(), target.as_fd())?)
            }
            other => Ok(other?),
        }
    }

    fn mount_volume(&self, source: &CStr, target: &Place, flags: u64) -> Result<(), Trouble> {
        let source_error = |errno| trouble(errno, Reason::Source);
        let mut tree = mount::clone_tree(source, true).map_err(source_error)?;
        let old = match mount::restrict_tree(tree.as_fd(), flags) {
            // Before Linux 5.12 only a single mount can be restricted: then the volume is that one alone.
            Err(Errno::ENOSYS) => {
                tree = mount::clone_tree(source, false).map_err(source_error)?;
                true
            }
            other => {
                other?;
                false
            }
        };
        let target = self.make(target, at::is_directory(tree.as_fd())?)?;
        if at::file_system(target.as_fd())? == PROC {
            return Err(trouble(Errno::EXDEV, Reason::IntoProc));
        }
        mount::attach(tree.as_fd(), target.as_fd())?;
        if old {
            let mut name = [0u8; 32];
            mount::restrict(descriptor_name(tree.as_raw_fd(), &mut name), flags)?;
        }
        Ok(())
    }

    fn pivot(&mut self) -> Result<(), Trouble> {
        // Nothing owns a descriptor after this: the next steps close whatever is open.
        let root = self.root.take().ok_or(Errno::EBADF)?;
        at::change_to(root.as_fd())?;
        mount::pivot_to_current()?;
        if let Some(cwd) = self.cwd.take() {
            at::change_to(cwd.as_fd())?;
        }
        match at::current_is_inside_root()? {
            true => Ok(()),
            false => Err(trouble(Errno::EXDEV, Reason::Outside)),
        }
    }
}

fn mount_overlay(overlay: &Overlay) -> nix::Result<OwnedFd> {
    at::change_to_path(&overlay.base)?;
    match &overlay.layers {
        Layers::Context(options) => {
            let context = mount::Context::new(c"overlay")?;
            for (key, value) in options {
                match value {
                    Some(value) => context.set(key, value)?,
                    None => context.set_flag(key)?,
                }
            }
            let tree = context.create(NODEV)?;
            mount::attach_at(tree.as_fd(), &overlay.at)?;
            Ok(tree)
        }
        Layers::Directory => {
            mount::bind(c".", &overlay.at)?;
            // By its whole name: the current directory is still what is below the new mount.
            let tree = at::open_own(&overlay.base, DIRECTORY, 0)?;
            at::change_to(tree.as_fd())?;
            mount::restrict(c".", NODEV)?;
            Ok(tree)
        }
        Layers::Data(data) => {
            mount::mount(Some(c"overlay"), &overlay.at, Some(c"overlay"), NODEV, Some(data))?;
            at::open_own(&overlay.at, DIRECTORY, 0)
        }
    }
}

fn die_with_parent(alive: [BorrowedFd<'_>; 2]) -> Result<(), Trouble> {
    identity::die_with_parent()?;
    let [reader, writer] = alive;
    exec::close_copy(writer)?;
    let mut reader = [PollFd::new(reader, PollFlags::POLLIN)];
    poll(&mut reader, PollTimeout::ZERO)?;
    match reader[0].revents() {
        Some(events) if events.contains(PollFlags::POLLHUP) => Err(trouble(Errno::ESRCH, Reason::Orphan)),
        _ => Ok(()),
    }
}

fn execute(
    candidates: &[CString],
    searched: bool,
    arguments: &Strings<'_>,
    environment: &Strings<'_>,
) -> Trouble {
    let mut result = trouble(Errno::ENOENT, Reason::Missing);
    for candidate in candidates {
        let errno = exec::execute(candidate, arguments, environment);
        match errno {
            Errno::ENOENT | Errno::ENOTDIR if at::exists(candidate) => {
                return trouble(errno, Reason::Interpreter);
            }
            Errno::ENOENT | Errno::ENOTDIR => {}
            Errno::EACCES => {
                let directory = at::open_own(candidate, DIRECTORY, 0).is_ok();
                let errno = if directory { Errno::EISDIR } else { Errno::EACCES };
                // A search passes over what it cannot execute, as Docker's does.
                if !searched {
                    result = errno.into();
                }
            }
            other => return other.into(),
        }
    }
    result
}

/// Follows a program through the interpreters that its first lines name, as the kernel will (fs/binfmt_script.c,
/// at most five deep), and fails where one of them is `own`.
fn refuse(program: &CStr, own: (u64, u64)) -> Result<(), Trouble> {
    // The kernel looks at 256 bytes; the last stays zero.
    let mut line = [0u8; 257];
    let mut name = [0u8; 257];
    let mut path = program;
    for _ in 0..6 {
        let flags = libc::O_RDONLY | libc::O_NONBLOCK | libc::O_NOCTTY;
        // What cannot be opened the kernel will refuse, too, and say why.
        let Ok(file) = at::open_own(path, flags, 0) else { return Ok(()) };
        let Some(found) = at::regular_file(file.as_fd())? else { return Ok(()) };
        if found == own {
            return Err(trouble(Errno::EACCES, Reason::Engine));
        }
        line.fill(0);
        let count = at::read_start(file.as_fd(), &mut line[..256]).unwrap_or(0);
        let Some(rest) = line[..count].strip_prefix(b"#!") else { return Ok(()) };
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        let start = rest.iter().position(|byte| !blank(byte)).unwrap_or(rest.len());
        let rest = &rest[start..];
        let end = rest.iter().position(|byte| blank(byte) || matches!(byte, b'\n' | 0)).unwrap_or(rest.len());
        name.fill(0);
        name[..end].copy_from_slice(&rest[..end]);
        path = match CStr::from_bytes_until_nul(&name) {
            Ok(path) => path,
            Err(_) => return Ok(()),
        };
    }
    Ok(())
}

/// `/proc/self/fd/N` without allocating.
fn descriptor_name(fd: RawFd, buffer: &mut [u8; 32]) -> &CStr {
    const PREFIX: &[u8] = b"/proc/self/fd/";
    buffer[..PREFIX.len()].copy_from_slice(PREFIX);
    let (mut digits, mut count, mut rest) = ([0u8; 10], 0, fd.unsigned_abs());
    loop {
        digits[count] = b'0' + (rest % 10) as u8;
        count += 1;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    for index in 0..count {
        buffer[PREFIX.len() + index] = digits[count - 1 - index];
    }
    buffer[PREFIX.len() + count] = 0;
    CStr::from_bytes_until_nul(buffer).unwrap_or(c"")
}
