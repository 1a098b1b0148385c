//! One program in one container, from start to end.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::unistd::pipe2;

use super::fuse::Served;
use super::host::Host;
use super::io::{Io, give};
use super::ownership::{Records, Supervisor};
use super::plan::{HandedOver, Plan, Wiring};
use super::watch::Watch;
use super::{Error, Exit, Network, Root, Seccomp, Spec, capture, exit, network, process, terminal};
use crate::sys::pty::Pty;
use crate::sys::{Interrupt, notify};

/// Runs a program in a container and waits for its end.
///
/// `timeout` counts from the program's start: then SIGTERM and, where that is not handled or does not help
/// within two seconds, SIGKILL. The first interrupt is passed on as SIGINT; SIGKILL follows at the second, or soon
/// where nothing handles it. `on_start` is told the process id as soon as the program executes.
///
/// The container dies with the calling thread, whatever ends that.
///
/// # Errors
/// Whatever kept the program from starting; its [`Error::exit_code`] is Docker's. A program that fails is no error.
pub fn run(
    spec: &Spec,
    io: Io<'_>,
    timeout: Option<Duration>,
    interrupt: &Interrupt,
    on_start: &mut dyn FnMut(u32),
) -> Result<Exit, Error> {
    if interrupt.raised() {
        return Err(Error::Interrupted);
    }
    let began = Instant::now();
    match io {
        Io::Captured { stdin, on_output } => {
            let mut channels = capture::Channels::new(stdin, spec.uid)?;
            let child = start(spec, channels.streams()?, None)?;
            channels.release_input();
            on_start(child.pid().unsigned_abs());
            let mut watch = Watch::new(&child, timeout, *interrupt);
            let output = capture::collect(channels, &mut watch, on_output)?;
            let (interrupted, timed_out) = (watch.interrupted(), watch.timed_out());
            let code = exit::code(child.wait()?);
            let capture::Output { stdout, stderr } = output;
            Ok(Exit { code, stdout, stderr, duration: began.elapsed(), interrupted, timed_out })
        }
        Io::Terminal => {
            let pty = open_terminal(spec)?;
            terminal::copy_size(&pty.master);
            let slave = pty.slave.as_fd();
            let child = start(spec, [slave, slave, slave], Some(pty.tree.as_fd()))?;
            on_start(child.pid().unsigned_abs());
            let Pty { tree, master, slave } = pty;
            drop((tree, slave));
            let mut watch = Watch::new(&child, timeout, *interrupt);
            terminal::relay(&master, &mut watch)?;
            terminal::drain(&master);
            let (interrupted, timed_out) = (watch.interrupted(), watch.timed_out());
            let code = exit::code(child.wait()?);
            let (stdout, stderr) = (Vec::new(), Vec::new());
            Ok(Exit { code, stdout, stderr, duration: began.elapsed(), interrupted, timed_out })
        }
    }
}

fn start(
    spec: &Spec,
    streams: [BorrowedFd<'_>; 3],
    terminal: Option<BorrowedFd<'_>>,
) -> Result<process::Running, Error> {
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC).map_err(Error::setup("make a pipe"))?;
    let network = match spec.network {
        Network::None => network::spare(),
        Network::Host => None,
    };
    // Whoever has one id only is told of others by these.
    let records = match spec.single_id && spec.seccomp != Seccomp::Unconfined {
        true => Some(Records::open(spec)?),
        false => None,
    };
    let sockets = match &records {
        Some(_) => Some(
            socketpair(AddressFamily::Unix, SockType::Datagram, None, SockFlag::SOCK_CLOEXEC)
                .map_err(Error::setup("make a socket"))?,
        ),
        None => None,
    };
    let mut served = match &spec.root {
        Root::Fuse(program) => Some(Served::start(program, spec)?),
        Root::Overlay | Root::Directory(_) => None,
    };
    let wiring = Wiring {
        streams,
        terminal,
        alive: [reader.as_fd(), writer.as_fd()],
        network: network.as_ref().map(AsFd::as_fd),
        handed_over: sockets.as_ref().zip(records.as_ref()).map(|((_, far), records)| HandedOver {
            socket: far.as_fd(),
            copying_up: records.lowers_have_lines(),
        }),
        root: served.as_ref().and_then(Served::tree),
    };
    let started = process::start(&Plan::new(spec, &Host::get(), &wiring)?);
    let mut running = match (started, &mut served, &spec.root) {
        (Err(error), Some(served), Root::Fuse(program)) => {
            let program = program.clone();
            return Err(served.complaint().map_or(error, |said| Error::Served { program, said }));
        }
        (started, _, _) => started?,
    };
    if let Some(mut served) = served {
        served.attached();
        running.serve(served);
    }
    if let (Some((near, _)), Some(records)) = (&sockets, records) {
        let listener = notify::receive_descriptor(near.as_fd()).map_err(Error::setup("get the listener"))?;
        let listener = listener.ok_or_else(|| Error::setup("get the listener")(Errno::ENOENT))?;
        running.supervise(Supervisor::start(spec, records, listener, running.pid())?);
    }
    Ok(running)
}

fn open_terminal(spec: &Spec) -> Result<Pty, Error> {
    let mut options = vec![(c"ptmxmode", c"0666"), (c"mode", c"0620")];
    if Host::get().tty_group {
        options.push((c"gid", c"5"));
    }
    let pty = Pty::new(&options).map_err(Error::setup("make a terminal"))?;
    give(pty.slave.as_fd(), spec.uid);
    Ok(pty)
}
