//! Input and output through pipes.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, poll};
use nix::unistd::{pipe2, read, write};

use super::Error;
use super::io::{OnOutput, Stdin, Stream, give, null};
use super::watch::Watch;
use crate::sys::at;
use crate::sys::signal::PipesMayBreak;

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
