//! The user's terminal joined to the container's.

use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, poll};
use nix::unistd::{read, write};

use super::Error;
use super::watch::Watch;
use crate::sys::pty;
use crate::sys::terminal::Raw;

/// What the end of input is at a terminal: Ctrl-D.
const END_OF_TRANSMISSION: u8 = 0x04;
const CHUNK: usize = 16 * 1024;

/// Gives the container's terminal the size of the user's.
pub fn copy_size(master: &OwnedFd) {
    let outputs =
        [std::io::stdout().as_fd().try_clone_to_owned(), std::io::stdin().as_fd().try_clone_to_owned()];
    for output in outputs.into_iter().flatten() {
        if let Ok(size) = pty::size(output.as_fd()) {
            let _ = pty::set_size(master.as_fd(), size);
            return;
        }
    }
}

/// Passes keys in and text out until the program has ended.
pub fn relay(master: &OwnedFd, watch: &mut Watch<'_>) -> Result<(), Error> {
    let (keyboard, screen) = (std::io::stdin(), std::io::stdout());
    // Standard input need not be a terminal; then there is nothing to make raw.
    let raw = Raw::enter(keyboard.as_fd()).ok();
    fcntl(master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(Error::setup("prepare the terminal"))?;
    let mut open = true;
    let mut hung_up = false;
    let mut pending: Vec<u8> = Vec::new();
    let mut last = b'\n';
    let mut buffer = vec![0; CHUNK];
    loop {
        let nothing = PollFlags::empty();
        let mut events = [nothing; 4];
        {
            let own = watch.pidfd();
            let mut wanted = if hung_up { nothing } else { PollFlags::POLLIN };
            if !pending.is_empty() {
                wanted |= PollFlags::POLLOUT;
            }
            let mut polled = [
                PollFd::new(own, PollFlags::POLLIN),
                if hung_up { PollFd::new(own, nothing) } else { PollFd::new(master.as_fd(), wanted) },
                // Keys wait in the user's terminal while the container does not read.
                if open && pending.is_empty() {
                    PollFd::new(keyboard.as_fd(), PollFlags::POLLIN)
                } else {
                    PollFd::new(own, nothing)
                },
                match &raw {
                    Some(raw) => PollFd::new(raw.resized(), PollFlags::POLLIN),
                    None => PollFd::new(own, nothing),
                },
            ];
            match poll(&mut polled, watch.patience()) {
                Err(Errno::EINTR) | Ok(_) => {}
                Err(other) => return Err(Error::setup("wait for the program")(other)),
            }
            for (event, polled) in events.iter_mut().zip(&polled) {
                *event = polled.revents().unwrap_or(nothing);
            }
        }
        if events[1].intersects(PollFlags::POLLIN | PollFlags::POLLHUP | PollFlags::POLLERR) {
            match read(master, &mut buffer) {
                Ok(count) => show(&screen, buffer.get(..count).unwrap_or_default()),
                // Nobody has the terminal open at the moment; a program may open it again, but only while
                // process 1 lives, and that ends soon without one.
                Err(Errno::EIO) => hung_up = true,
                Err(_) => {}
            }
        }
        if !events[0].is_empty() {
            return Ok(());
        }
        // Before the keys: what was typed after a change of the size is for a program that knows it, also where the
        // signal is late. Setting the same size again tells nobody.
        if let Some(raw) = raw.as_ref().filter(|_| !events[2].is_empty() || !events[3].is_empty()) {
            raw.take_resized();
            copy_size(master);
        }
        if !events[2].is_empty() {
            match read(keyboard.as_fd(), &mut buffer) {
                Ok(0) | Err(Errno::EIO) => {
                    open = false;
                    pending.push(END_OF_TRANSMISSION);
                    // The first only sends what is left of a line.
                    if last != b'\n' {
                        pending.push(END_OF_TRANSMISSION);
                    }
                }
                Ok(count) => {
                    pending.extend_from_slice(buffer.get(..count).unwrap_or_default());
                    last = pending.last().copied().unwrap_or(last);
                }
                Err(_) => {}
            }
        }
        if !pending.is_empty() {
            match write(master, &pending) {
                Ok(count) => drop(pending.drain(..count)),
                Err(Errno::EINTR | Errno::EAGAIN) => {}
                Err(_) => pending.clear(),
            }
        }
        watch.act();
    }
}

/// Shows what is left when the program has ended.
pub fn drain(master: &OwnedFd) {
    let screen = std::io::stdout();
    let mut buffer = vec![0; CHUNK];
    while let Ok(count @ 1..) = read(master, &mut buffer) {
        show(&screen, buffer.get(..count).unwrap_or_default());
    }
}

/// Writes straight to the descriptor: a line buffer would hold a prompt back.
fn show(screen: &std::io::Stdout, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match write(screen.as_fd(), bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            // The user's terminal may be set so that it does not wait.
            Err(Errno::EAGAIN) => {
                let mut ready = [PollFd::new(screen.as_fd(), PollFlags::POLLOUT)];
                let _ = poll(&mut ready, nix::poll::PollTimeout::NONE);
            }
            Err(_) => return,
        }
    }
}
