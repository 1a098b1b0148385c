//! An overlay that a program serves: `fuse-overlayfs`, where the kernel's own cannot be had.
//!
//! The mount is made here, attached nowhere, and the program is given the descriptor to serve; it needs no right to
//! mount. The mount goes with the container's namespace, and with the mount the program.

use std::ffi::{CString, OsString};
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;

use super::{Error, Spec};
use crate::sys::mount::{Context, NODEV};
use crate::sys::notify::errno_of;

/// Writing out what a program wrote may take as long as a slow disk does.
const PATIENCE: Duration = Duration::from_secs(60);

/// How libfuse ends where the mount goes while the program is still told of closed files: the kernel has written all
/// by then, and then says that the connection was aborted instead of that there is none any more.
const CUT_OFF: &str = "reading device: Software caused connection abort";

/// A mount of an overlay, and the program that serves it.
#[derive(Debug)]
pub struct Served {
    tree: Option<OwnedFd>,
    program: Child,
    said: File,
}

impl Served {
    /// Starts `program` on the directories of `spec`, whose root it shows.
    ///
    /// # Errors
    /// EACCES, ENOENT or ENXIO without `/dev/fuse`; what `fsopen(2)` and its like answer; what keeps the program from starting.
    pub fn start(program: &Path, spec: &Spec) -> Result<Self, Error> {
        let (device, tree) = mount()?;
        let setup = |step: &str| {
            let step = format!("{step} `{}`", program.display());
            move |error: std::io::Error| Error::Setup { step, errno: errno_of(&error) }
        };
        let said = tempfile::tempfile_in(&spec.work).map_err(setup("make room for the messages of"))?;
        let log = said.try_clone().map_err(setup("make room for the messages of"))?;
        let (base, options) = options(spec)?;
        let program = Command::new(program)
            .arg("-f")
            .arg("-o")
            .arg(options)
            // It is told of a descriptor as if of a place; the descriptor is its standard input.
            .arg("/dev/fd/0")
            .current_dir(base)
            .env_clear()
            // Ctrl-C at the terminal is for the container.
            .process_group(0)
            .stdin(Stdio::from(device))
            .stdout(Stdio::null())
            .stderr(Stdio::from(log))
            .spawn()
            .map_err(setup("start"))?;
        Ok(Self { tree: Some(tree), program, said })
    }

    /// The mount, to be attached once; `None` when that was done.
    pub fn tree(&self) -> Option<BorrowedFd<'_>> {
        self.tree.as_ref().map(AsFd::as_fd)
    }

    /// Lets go of the mount: it is the container's alone from here on.
    pub fn attached(&mut self) {
        self.tree = None;
    }

    /// Waits for the program, which ends when the mount is gone: then all is written.
    ///
    /// # Errors
    /// When it ended before its time or does not end.
    pub fn finish(mut self) -> Result<(), Error> {
        self.tree = None;
        let until = Instant::now() + PATIENCE;
        let failed = |errno| Error::setup("end the overlay's program")(errno);
        loop {
            match self.program.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => {
                    let mut text = String::new();
                    let _ = self.said.rewind().and_then(|()| self.said.read_to_string(&mut text));
                    let last =
                        text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
                    if last.trim().ends_with(CUT_OFF) {
                        return Ok(());
                    }
                    let step = format!("see the overlay's program end well ({status}: {})", last.trim());
                    return Err(Error::Setup { step, errno: Errno::EIO });
                }
                Ok(None) if Instant::now() > until => return Err(failed(Errno::ETIMEDOUT)),
                Ok(None) => std::thread::sleep(Duration::from_millis(1)),
                Err(error) => return Err(failed(errno_of(&error))),
            }
        }
    }

    /// What the program complained of, if it has ended already: the reason why its mount does not work.
    pub fn complaint(&mut self) -> Option<String> {
        self.program.try_wait().ok().flatten()?;
        let mut text = String::new();
        self.said.rewind().and_then(|()| self.said.read_to_string(&mut text)).ok()?;
        let last = text.lines().rev().find(|line| !line.trim().is_empty())?;
        Some(last.trim().to_owned())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.tree = None;
        // Nothing but a failure leaves it running here.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// Whether such a mount can be made at all.
///
/// # Errors
/// As `Served::start`.
pub fn probe() -> Result<(), Error> {
    mount().map(drop)
}

/// A mount without anybody who serves it yet, and the descriptor to serve it by.
fn mount() -> Result<(File, OwnedFd), Error> {
    let device = File::options()
        .read(true)
        .write(true)
        .open("/dev/fuse")
        .map_err(|error| Error::setup("open /dev/fuse")(errno_of(&error)))?;
    let failed = Error::setup("make a FUSE mount");
    let make = || -> nix::Result<OwnedFd> {
        let context = Context::new(c"fuse")?;
        let number = CString::new(device.as_raw_fd().to_string()).map_err(|_| Errno::EINVAL)?;
        let values = [
            (c"source", c"fuse-overlayfs"),
            (c"fd", number.as_c_str()),
            (c"rootmode", c"40000"),
            (c"user_id", c"0"),
            (c"group_id", c"0"),
        ];
        for (key, value) in values {
            context.set(key, value)?;
        }
        // The container's users are not its maker, and the kernel judges who may do what.
        context.set_flag(c"default_permissions")?;
        context.set_flag(c"allow_other")?;
        context.create(NODEV)
    };
    let tree = make().map_err(failed)?;
    Ok((device, tree))
}

/// Where to start it, and the directories by names relative to that: parts' names have neither commas nor colons.
fn options(spec: &Spec) -> Result<(PathBuf, OsString), Error> {
    let all = [&spec.upper, &spec.work].into_iter().chain(&spec.lowers);
    let paths: Vec<&Path> = all.map(PathBuf::as_path).collect();
    let base = super::plan::common(&paths);
    let short = |path: &Path| -> Result<Vec<u8>, Error> {
        let rest = path.strip_prefix(base).unwrap_or(path).as_os_str().as_bytes();
        if rest.is_empty() || rest.iter().any(|byte| b",:\\".contains(byte)) {
            let value = path.display().to_string();
            return Err(Error::Invalid { what: "path", value, reason: "cannot be told to fuse-overlayfs" });
        }
        Ok(rest.to_vec())
    };
    let lowers = spec.lowers.iter().map(|path| short(path)).collect::<Result<Vec<_>, _>>()?;
    let options = [
        b"lowerdir=".to_vec(),
        lowers.join(&b':'),
        b",upperdir=".to_vec(),
        short(&spec.upper)?,
        b",workdir=".to_vec(),
        short(&spec.work)?,
    ];
    Ok((base.to_owned(), OsString::from_vec(options.concat())))
}
