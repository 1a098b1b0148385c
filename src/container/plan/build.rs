//! Specification to steps.

use std::ffi::{CStr, CString};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::{Arc, Mutex, PoisonError};

use super::super::host::Host;
use super::super::seccomp::{docker_default, docker_default_single_id};
use super::super::{Capabilities, Error, MountApi, Network, Seccomp, Spec};
use super::{Overlay, Place, Program, Step};
use crate::sys::clone;
use crate::sys::exec::Strings;
use crate::sys::mount::{NODEV, NOEXEC, NOSUID, READ_ONLY};
use crate::sys::seccomp::Instruction;

const PROC: i64 = 0x9fa0;

/// Devices that exist in every container, as Docker has them.
const DEVICES: [(&CStr, &CStr); 6] = [
    (c"/dev/null", c"null"),
    (c"/dev/zero", c"zero"),
    (c"/dev/full", c"full"),
    (c"/dev/random", c"random"),
    (c"/dev/urandom", c"urandom"),
    (c"/dev/tty", c"tty"),
];
const LINKS: [(&CStr, &CStr); 6] = [
    (c"/proc/self/fd", c"fd"),
    (c"/proc/self/fd/0", c"stdin"),
    (c"/proc/self/fd/1", c"stdout"),
    (c"/proc/self/fd/2", c"stderr"),
    (c"/proc/kcore", c"core"),
    (c"pts/ptmx", c"ptmx"),
];
/// Docker's masked paths (`oci/defaults.go` of moby): below /proc, and whether each is a directory …
const MASKED_PROC: [(&CStr, bool); 9] = [
    (c"asound", true),
    (c"acpi", true),
    (c"kcore", false),
    (c"keys", false),
    (c"latency_stats", false),
    (c"timer_list", false),
    (c"timer_stats", false),
    (c"sched_debug", false),
    (c"scsi", true),
];
/// … and below /sys, all directories.
const MASKED_SYS: [&CStr; 2] = [c"firmware", c"devices/virtual/powercap"];
/// Docker's read-only paths.
const READ_ONLY_PROC: [&CStr; 5] = [c"bus", c"fs", c"irq", c"sys", c"sysrq-trigger"];

/// Descriptors of the parent that the child inherits a copy of.
#[derive(Debug, Clone, Copy)]
pub struct Wiring<'a> {
    /// What becomes 0, 1 and 2.
    pub streams: [BorrowedFd<'a>; 3],
    /// The mount of a `devpts` whose terminal 0 is the container's.
    pub terminal: Option<BorrowedFd<'a>>,
    /// A pipe, reader and writer, that nobody else writes to.
    pub alive: [BorrowedFd<'a>; 2],
    /// A network namespace prepared ahead.
    pub network: Option<BorrowedFd<'a>>,
    /// Where the listener for handed-over calls is sent, and which those are.
    pub handed_over: Option<HandedOver<'a>>,
    /// The mount of an overlay that a program serves.
    pub root: Option<BorrowedFd<'a>>,
}

/// Calls that the engine answers.
#[derive(Debug, Clone, Copy)]
pub struct HandedOver<'a> {
    /// Where the listener is sent.
    pub socket: BorrowedFd<'a>,
    /// Also those that copy files of lower layers up.
    pub copying_up: bool,
}

/// What the child will do.
#[derive(Debug)]
pub struct Plan<'a> {
    /// Namespaces to make it in, as `clone(2)` flags.
    pub namespaces: u64,
    /// The steps, in order; the last never returns.
    pub steps: Vec<Step<'a>>,
}

impl<'a> Plan<'a> {
    /// Compiles a specification. Touches nothing but memory.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what cannot be.
    pub(in super::super) fn new(spec: &'a Spec, host: &Host, wiring: &Wiring<'a>) -> Result<Self, Error> {
        let mut namespaces =
            clone::NEW_MOUNTS | clone::NEW_PIDS | clone::NEW_IPC | clone::NEW_UTS | clone::NEW_CGROUP;
        let mut steps = Vec::with_capacity(72);
        // First: under load the kernel puts a new session's process at the end of the queue.
        steps.push(Step::Session);
        steps.push(Step::ResetSignals);
        match (spec.network, wiring.network) {
            (Network::Host, _) => {}
            (Network::None, Some(namespace)) => steps.push(Step::JoinNetwork(namespace)),
            (Network::None, None) => {
                namespaces |= clone::NEW_NETWORK;
                steps.push(Step::LoopbackUp);
            }
        }
        steps.push(Step::Hostname(hostname(&spec.hostname)?));
        steps.push(Step::PrivateMounts);
        // The modes below are meant as they are written.
        steps.push(Step::Umask(0));
        steps.push(match wiring.root {
            Some(tree) => {
                let at = string(spec.upper.as_os_str().as_bytes().to_vec(), "upper directory")?;
                Step::Root { at, tree }
            }
            None => Step::Overlay(Overlay::new(spec, host.lowerdir_plus && spec.mount_api != MountApi::Old)?),
        });
        let stage = |name: &str| string(spec.work.join(name).into_os_string().into_vec(), "work directory");
        // Over the work directory, which overlayfs holds by then.
        steps.push(Step::Stage { at: stage("")?, dev: stage("dev")?, empty: stage("empty")? });
        steps.push(Step::Dev { source: stage("dev")? });
        mount_dev(&mut steps, host, wiring.terminal);
        // After /dev, whose read-only `null` hides files.
        mount_proc(&mut steps);
        mount_sys(&mut steps, host);
        files(&mut steps, spec)?;
        volumes(&mut steps, spec)?;
        let cwd = std::path::Path::new(std::ffi::OsStr::from_bytes(spec.cwd.to_bytes()));
        steps.push(Step::WorkingDirectory(Place::new(cwd, "working directory")?));
        steps.push(Step::Umask(0o022));
        steps.push(Step::Pivot);
        let candidates = candidates(spec)?;
        steps.push(Step::Refuse { candidates: candidates.clone(), own: host.program });
        if wiring.terminal.is_some() {
            steps.push(Step::ControllingTerminal(wiring.streams[0]));
        }
        steps.push(Step::Streams(wiring.streams.map(Some)));
        identity(&mut steps, spec, host, wiring);
        steps.push(Step::Execute {
            searched: !spec.argv.first().is_some_and(|program| program.as_bytes().contains(&b'/')),
            candidates,
            arguments: Strings::new(&spec.argv),
            environment: Strings::new(&spec.env),
        });
        Ok(Self { namespaces, steps })
    }
}

fn mount_proc(steps: &mut Vec<Step<'_>>) {
    steps.push(Step::Mount {
        at: c"proc",
        kind: c"proc",
        flags: NOSUID | NODEV | NOEXEC,
        data: c"",
        magic: PROC,
    });
    for (name, directory) in MASKED_PROC {
        steps.push(Step::Mask { name, directory });
    }
    for name in READ_ONLY_PROC {
        steps.push(Step::ReadOnly { name });
    }
}

fn mount_dev<'a>(steps: &mut Vec<Step<'a>>, host: &Host, terminal: Option<BorrowedFd<'a>>) {
    for (source, name) in DEVICES {
        steps.push(Step::Device { source, name, shared: true });
    }
    match terminal {
        Some(tree) => {
            steps.push(Step::Attach { name: c"pts", tree });
            steps.push(Step::Device { source: c"pts/0", name: c"console", shared: false });
        }
        None => steps.push(Step::Submount {
            name: c"pts",
            make: true,
            source: c"devpts",
            kind: c"devpts",
            flags: NOSUID | NOEXEC,
            data: if host.tty_group {
                c"newinstance,ptmxmode=0666,mode=0620,gid=5"
            } else {
                c"newinstance,ptmxmode=0666,mode=0620"
            },
            optional: false,
        }),
    }
    steps.push(Step::Submount {
        name: c"shm",
        make: true,
        source: c"shm",
        kind: c"tmpfs",
        flags: NOSUID | NODEV | NOEXEC,
        data: c"mode=1777,size=65536k",
        optional: false,
    });
    steps.push(Step::Submount {
        name: c"mqueue",
        make: true,
        source: c"mqueue",
        kind: c"mqueue",
        flags: NOSUID | NODEV | NOEXEC,
        data: c"",
        // A kernel may be built without message queues.
        optional: true,
    });
    for (target, name) in LINKS {
        steps.push(Step::Link { target, name });
    }
}

fn mount_sys(steps: &mut Vec<Step<'_>>, host: &Host) {
    steps.push(Step::Sysfs);
    if host.cgroup2 {
        steps.push(Step::Submount {
            name: c"fs/cgroup",
            make: false,
            source: c"cgroup",
            kind: c"cgroup2",
            flags: NOSUID | NODEV | NOEXEC | READ_ONLY,
            data: c"",
            // Programs read their limits there, but can do without.
            optional: true,
        });
    }
    for name in MASKED_SYS {
        steps.push(Step::Mask { name, directory: true });
    }
}

fn files<'a>(steps: &mut Vec<Step<'a>>, spec: &'a Spec) -> Result<(), Error> {
    for (index, (path, contents)) in spec.files.iter().enumerate() {
        let source = spec.work.join(index.to_string());
        let target = Place::new(std::path::Path::new(path), "file")?;
        if target.is_root() {
            return Err(Error::Invalid { what: "file", value: (*path).into(), reason: "is the root" });
        }
        steps.push(Step::File {
            source: string(source.as_os_str().as_bytes().to_vec(), "work directory")?,
            contents,
            target,
        });
    }
    Ok(())
}

fn volumes(steps: &mut Vec<Step<'_>>, spec: &Spec) -> Result<(), Error> {
    let first = steps.len();
    for volume in &spec.volumes {
        let refuse = |value: &std::path::Path, what, reason| Error::Invalid {
            what,
            value: value.to_string_lossy().into_owned(),
            reason,
        };
        if !volume.source.is_absolute() {
            return Err(refuse(&volume.source, "volume source", "is not an absolute path"));
        }
        let target = Place::new(&volume.target, "volume target")?;
        if target.is_root() || target.is_below("proc") {
            return Err(refuse(
                &volume.target,
                "volume target",
                "cannot be covered: choose a directory of its own",
            ));
        }
        let source = string(volume.source.as_os_str().as_bytes().to_vec(), "volume source")?;
        let read_only = if volume.read_only { READ_ONLY } else { 0 };
        steps.push(Step::Volume { source, target, flags: NOSUID | NODEV | read_only });
    }
    // What is nested comes after what it is nested in; otherwise the order given.
    steps[first..].sort_by_key(|step| match step {
        Step::Volume { target, .. } => target.components.len(),
        _ => 0,
    });
    Ok(())
}

fn identity<'a>(steps: &mut Vec<Step<'a>>, spec: &'a Spec, host: &Host, wiring: &Wiring<'a>) {
    steps.push(Step::Bound(spec.capabilities.0));
    // Where there is one id, the program is only told who it is.
    if !spec.single_id {
        if host.set_groups {
            steps.push(Step::Groups(&spec.groups));
        }
        steps.push(Step::Group(spec.gid));
        steps.push(Step::User(spec.uid));
    }
    steps.push(Step::Capabilities(if spec.uid == 0 { spec.capabilities.0 } else { 0 }));
    // The kernel forgets this at a change of user: after it.
    steps.push(Step::DieWithParent(wiring.alive));
    steps.push(Step::NoNewPrivileges);
    let program = match &spec.seccomp {
        Seccomp::Docker => {
            Some(Program(docker_filter(spec.capabilities, wiring.handed_over.map(|calls| calls.copying_up))))
        }
        Seccomp::Program(program) => Some(Program(program.clone())),
        Seccomp::Unconfined => None,
    };
    if let (Some(program), Some(HandedOver { socket, .. })) = (&program, wiring.handed_over) {
        // Before the socket is closed. From here to the program no call is made that is handed over:
        // nobody would answer.
        steps.push(Step::FilterWithListener(program.clone(), socket));
    }
    steps.push(Step::CloseDescriptors);
    steps.push(Step::UnblockSignals);
    if let (Some(program), None) = (program, wiring.handed_over) {
        steps.push(Step::Filter(program));
    }
}

/// Docker's filter; the one made last is kept, for a caller has one or two sets of capabilities.
fn docker_filter(capabilities: Capabilities, handed_over: Option<bool>) -> Arc<[Instruction]> {
    /// Capabilities, what is handed over (for a single id), and the filter.
    type Made = (Capabilities, Option<bool>, Arc<[Instruction]>);
    static LAST: Mutex<Option<Made>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*last {
        Some((kept, calls, program)) if (*kept, *calls) == (capabilities, handed_over) => program.clone(),
        _ => {
            let program: Arc<[Instruction]> = match handed_over {
                Some(copying_up) => docker_default_single_id(capabilities.0, copying_up),
                None => docker_default(capabilities.0),
            }
            .into();
            *last = Some((capabilities, handed_over, program.clone()));
            program
        }
    }
}

fn candidates(spec: &Spec) -> Result<Arc<[CString]>, Error> {
    let program = spec.argv.first().ok_or_else(|| Error::Invalid {
        what: "command",
        value: String::new(),
        reason: "is empty",
    })?;
    if program.as_bytes().contains(&b'/') {
        return Ok([program.clone()].into());
    }
    if program.is_empty() {
        return Ok([].into());
    }
    let directories = spec.search_path.split(|byte| *byte == b':');
    directories
        .map(|directory| {
            let directory = if directory.is_empty() { b"." } else { directory };
            string([directory, b"/", program.as_bytes()].concat(), "PATH")
        })
        .collect()
}

fn hostname(name: &str) -> Result<CString, Error> {
    let refuse = |reason| Error::Invalid { what: "host name", value: name.to_owned(), reason };
    if name.len() > 64 {
        return Err(refuse("is longer than 64 bytes"));
    }
    CString::new(name).map_err(|_| refuse("contains a NUL byte"))
}

fn string(bytes: Vec<u8>, what: &'static str) -> Result<CString, Error> {
    CString::new(bytes).map_err(|error| {
        let value = String::from_utf8_lossy(&error.into_vec()).into_owned();
        Error::Invalid { what, value, reason: "contains a NUL byte" }
    })
}
