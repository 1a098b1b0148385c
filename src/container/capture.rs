//! Input and output through pipes, and the watch over a running program.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{pipe2, read, write};

use super::process::Running;
use super::run::{OnOutput, give, null};
use super::{Error, Stdin, Stream};
use crate::sys::signal::PipesMayBreak;
use crate::sys::{Interrupt, at, pidfd, signal};

/// How long a program that handles SIGTERM may take to end after a timeout.
const TERM_GRACE: Duration = Duration::from_secs(2);
/// After which an interrupt that ended nothing is passed on once more: one that comes while a shell forks reaches
/// a child that still has the shell's handler, and is lost.
const REPEAT: Duration = Duration::from_secs(1);
/// How long the processes of a container may take to end when process 1 does not handle the signal.
const SHORT_GRACE: Duration = Duration::from_millis(300);
/// How often the interrupt count is looked at: a signal may have come to another thread.
const TICK: Duration = Duration::from_millis(100);
/// How much is read at once; most programs write little, and memory has to be touched first.
const CHUNKS: [usize; 2] = [4 * 1024, 64 * 1024];

/// What a program wrote.
#[derive(Debug, Default)]
pub struct Output {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// The pipes of one run.
#[derive(Debug)]
pub struct Channels {
    input: Input,
    output: [Option<OwnedFd>; 2],
    far: [Option<OwnedFd>; 3],
}

#[derive(Debug)]
enum Input {
    Nothing,
    Inherited,
    Pipe { end: Option<OwnedFd>, bytes: Vec<u8>, done: usize },
}

impl Channels {
    pub fn new(stdin: Stdin, uid: u32) -> Result<Self, Error> {
        let make = || pipe2(OFlag::O_CLOEXEC).map_err(Error::setup("make a pipe"));
        let (stdout, far_stdout) = make()?;
        let (stderr, far_stderr) = make()?;
        for end in [&stdout, &stderr] {
            nonblocking(end)?;
        }
        for end in [&far_stdout, &far_stderr] {
            give(end.as_fd(), uid);
        }
        let (input, far_input) = match stdin {
            Stdin::Empty => (Input::Nothing, None),
            // A directory would be a door to the host's files.
            Stdin::Inherit if at::is_directory(std::io::stdin().as_fd()).unwrap_or(true) => {
                (Input::Nothing, None)
            }
            Stdin::Inherit => (Input::Inherited, None),
            Stdin::Bytes(bytes) => {
                let (far, end) = make()?;
                nonblocking(&end)?;
                give(far.as_fd(), uid);
                (Input::Pipe { end: Some(end), bytes, done: 0 }, Some(far))
            }
        };
        Ok(Self {
            input,
            output: [Some(stdout), Some(stderr)],
            far: [far_input, Some(far_stdout), Some(far_stderr)],
        })
    }

    /// What becomes 0, 1 and 2 of the program.
    pub fn streams(&self) -> Result<[BorrowedFd<'_>; 3], Error> {
        let own = null()?;
        let stream = |index: usize| self.far.get(index).and_then(Option::as_ref).map_or(own, AsFd::as_fd);
        let input = match self.input {
            Input::Inherited => STDIN.as_fd(),
            _ => stream(0),
        };
        Ok([input, stream(1), stream(2)])
    }

    /// Leaves the program's input to the program. Its outputs are kept open here, too: their end is the
    /// program's end, and one wake-up is enough for that.
    pub fn release_input(&mut self) {
        self.far[0] = None;
    }
}

static STDIN: std::sync::LazyLock<std::io::Stdin> = std::sync::LazyLock::new(std::io::stdin);

fn nonblocking(end: &OwnedFd) -> Result<(), Error> {
    fcntl(end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map(drop).map_err(Error::setup("make a pipe"))
}

/// Looks after a running program: its end, the user's interrupts, its time.
#[derive(Debug)]
pub struct Watch<'a> {
    child: &'a Running,
    deadline: Option<Instant>,
    interrupt: Interrupt,
    /// Interrupts dealt with.
    seen: usize,
    kill_at: Option<Instant>,
    /// When the interrupt is passed on once more.
    repeat_at: Option<Instant>,
    timed_out: bool,
}

impl<'a> Watch<'a> {
    pub fn new(child: &'a Running, timeout: Option<Duration>, interrupt: Interrupt) -> Self {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Self { child, deadline, interrupt, seen: 0, kill_at: None, repeat_at: None, timed_out: false }
    }

    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.child.pidfd()
    }

    pub fn interrupted(&self) -> bool {
        self.seen > 0
    }

    pub fn timed_out(&self) -> bool {
        self.timed_out
    }

    /// How long to wait for events at most.
    pub fn patience(&self) -> PollTimeout {
        let now = Instant::now();
        let next = [self.deadline, self.kill_at, self.repeat_at]
            .into_iter()
            .flatten()
            // A millisecond more: the kernel's are whole ones.
            .map(|when| when.saturating_duration_since(now) + Duration::from_millis(1))
            .chain([TICK])
            .min();
        next.and_then(|wait| PollTimeout::try_from(wait).ok()).unwrap_or(PollTimeout::ZERO)
    }

    /// Sends what is due.
    pub fn act(&mut self) {
        let count = self.interrupt.count();
        if count > self.seen {
            if self.seen > 0 || count > 1 {
                self.send(libc::SIGKILL);
            } else {
                self.ask(libc::SIGINT, None);
                self.repeat_at = Instant::now().checked_add(REPEAT);
            }
            self.seen = count;
        }
        let now = Instant::now();
        if self.repeat_at.is_some_and(|when| when <= now) {
            self.repeat_at = None;
            self.ask(libc::SIGINT, None);
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.deadline = None;
            self.timed_out = true;
            self.ask(libc::SIGTERM, Some(TERM_GRACE));
        }
        if self.kill_at.is_some_and(|when| when <= now) {
            self.kill_at = None;
            self.send(libc::SIGKILL);
        }
    }

    /// Asks the program to end; the kernel keeps signals from a process 1 that does not handle them.
    fn ask(&mut self, signal: libc::c_int, grace: Option<Duration>) {
        let handled = handles(self.child.pid(), signal);
        // Its session's first group, as a key press at a terminal would: the shell's children, too.
        if signal::kill_group(self.child.pid(), signal).is_err() {
            self.send(signal);
        }
        let grace = if handled { grace } else { Some(SHORT_GRACE) };
        if let Some(when) = grace.and_then(|grace| Instant::now().checked_add(grace)) {
            self.kill_at = Some(self.kill_at.map_or(when, |before| before.min(when)));
        }
    }

    fn send(&self, signal: libc::c_int) {
        // It may have ended in between; then nothing is left to do.
        let _ = pidfd::send_signal(self.pidfd(), signal);
    }
}

/// Whether the process has a handler for the signal (`SigCgt` of `/proc/PID/status`).
fn handles(pid: i32, signal: libc::c_int) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| catches(&status, signal))
}

fn catches(status: &str, signal: libc::c_int) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim);
    let mask = mask.and_then(|mask| u64::from_str_radix(mask, 16).ok()).unwrap_or(0);
    mask & (1 << (signal - 1)) != 0
}

/// Feeds the program, reads all it writes, and returns when it has ended.
pub fn collect(
    channels: Channels,
    watch: &mut Watch<'_>,
    mut on_output: Option<&mut OnOutput<'_>>,
) -> Result<Output, Error> {
    let Channels { mut input, output: mut ends, far: _kept } = channels;
    let _pipes = matches!(input, Input::Pipe { .. }).then(PipesMayBreak::new);
    let mut output = Output::default();
    let mut buffer = Vec::new();
    loop {
        let nothing = PollFlags::empty();
        let mut events = [nothing; 4];
        {
            let own = watch.pidfd();
            // A descriptor that is done is replaced by one that is not asked anything.
            let writer = match &input {
                Input::Pipe { end, .. } => end.as_ref(),
                _ => None,
            };
            let mut polled = [
                PollFd::new(own, PollFlags::POLLIN),
                slot(ends[0].as_ref(), own, PollFlags::POLLIN),
                slot(ends[1].as_ref(), own, PollFlags::POLLIN),
                slot(writer, own, PollFlags::POLLOUT),
            ];
            match poll(&mut polled, watch.patience()) {
                Err(Errno::EINTR) | Ok(_) => {}
                Err(other) => return Err(Error::setup("wait for the program")(other)),
            }
            for (event, polled) in events.iter_mut().zip(&polled) {
                *event = polled.revents().unwrap_or(nothing);
            }
        }
        let ended = !events[0].is_empty();
        for (index, stream) in [Stream::Stdout, Stream::Stderr].into_iter().enumerate() {
            // Once it has ended all is in the pipe that will ever be: it is emptied, not waited for.
            if ended || !events[index + 1].is_empty() {
                let kept = if index == 0 { &mut output.stdout } else { &mut output.stderr };
                drain(&mut ends[index], &mut buffer, ended, &mut |bytes| {
                    kept.extend_from_slice(bytes);
                    if let Some(told) = on_output.as_mut() {
                        told(stream, bytes);
                    }
                });
            }
        }
        if ended {
            return Ok(output);
        }
        if !events[3].is_empty() {
            feed(&mut input);
        }
        watch.act();
    }
}

fn slot<'a>(end: Option<&'a OwnedFd>, otherwise: BorrowedFd<'a>, flags: PollFlags) -> PollFd<'a> {
    match end {
        Some(end) => PollFd::new(end.as_fd(), flags),
        None => PollFd::new(otherwise, PollFlags::empty()),
    }
}

/// Reads what is there: everything when `all`, else one chunk, so that neither output starves the other.
fn drain(end: &mut Option<OwnedFd>, buffer: &mut Vec<u8>, all: bool, sink: &mut dyn FnMut(&[u8])) {
    if buffer.is_empty() {
        buffer.resize(CHUNKS[0], 0);
    }
    while let Some(open) = end.as_ref() {
        match read(open, buffer) {
            Ok(0) => *end = None,
            Ok(count) => {
                sink(buffer.get(..count).unwrap_or_default());
                if count == buffer.len() {
                    buffer.resize(CHUNKS[1], 0);
                }
                if !all {
                    return;
                }
            }
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => return,
            Err(_) => *end = None,
        }
    }
}

fn feed(input: &mut Input) {
    let Input::Pipe { end, bytes, done } = input else { return };
    let Some(open) = end.as_ref() else { return };
    let rest = bytes.get(*done..).unwrap_or_default();
    match write(open, rest) {
        Ok(count) => *done += count,
        Err(Errno::EINTR | Errno::EAGAIN) => return,
        // It does not read any more.
        Err(_) => *done = bytes.len(),
    }
    if *done >= bytes.len() {
        *end = None;
    }
}

#[cfg(test)]
mod tests {
    use super::catches;

    #[test]
    fn status_tells_which_signals_are_caught() {
        let status = "Name:\tsh\nSigIgn:\t0000000000000004\nSigCgt:\t0000000000010002\nCapInh:\t0\n";
        assert!(catches(status, libc::SIGINT));
        assert!(!catches(status, libc::SIGTERM));
        assert!(!catches("", libc::SIGINT));
    }
}
