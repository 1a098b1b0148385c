//! Sockets below HTTP: they can be interrupted at any time, and do not wait for ever.
//!
//! A peer must send at least [`SLOWEST`] bytes in each second that we wait for it, measured over the time that
//! [`Patience`](crate::transfer::Patience) has for a stall: a slow drip is as bad as silence.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
};

use crate::transfer::network::SLOWEST;
use crate::transfer::watch::Watch;

/// How often somebody who waits looks whether to stop.
const LOOK: Duration = Duration::from_millis(100);

/// For looking up a name, and for a connection.
const CONNECT: Duration = Duration::from_secs(15);

/// Finds addresses in a thread of its own, since `getaddrinfo` cannot be interrupted.
#[derive(Debug)]
pub(in crate::transfer) struct Names(pub Watch);

impl Resolver for Names {
    fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().ok_or(ureq::Error::HostNotFound)?.trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let found = waiting(&self.0, move || {
            (host.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>)
        });
        let mut addresses = self.empty();
        for address in found.map_err(|error| match carried(&error) {
            true => ureq::Error::Io(error),
            false => ureq::Error::HostNotFound,
        })? {
            if addresses.len() == 16 {
                break;
            }
            addresses.push(address);
        }
        if addresses.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(addresses) }
    }
}

/// An error of ours that only passes through.
fn carried(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<crate::transfer::Error>())
}

/// Runs `work` in a thread and waits for it, but not longer than [`CONNECT`], nor after an interrupt.
fn waiting<T: Send + 'static>(
    watch: &Watch,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (done, result) = mpsc::sync_channel(1);
    std::thread::Builder::new().name("connect".to_owned()).spawn(move || {
        // Nobody may be waiting any more.
        let _ = done.send(work());
    })?;
    let until = Instant::now() + CONNECT;
    loop {
        match result.recv_timeout(LOOK) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Disconnected) => return Err(io::Error::other("a thread died")),
            Err(RecvTimeoutError::Timeout) => {}
        }
        watch.check().map_err(io::Error::other)?;
        if Instant::now() > until {
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
    }
}

/// Makes connections: to the addresses of a URL, or always to one socket.
#[derive(Debug)]
pub(in crate::transfer) struct Sockets {
    pub watch: Watch,
    pub stall: Duration,
    /// A Unix socket instead of an address.
    pub socket: Option<PathBuf>,
}

impl<In: Transport> Connector<In> for Sockets {
    type Out = Either<In, Wire>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        if let Some(proxied) = chained {
            return Ok(Some(Either::A(proxied)));
        }
        let stream = match &self.socket {
            Some(path) => Stream::Unix(UnixStream::connect(path)?),
            None => Stream::Tcp(self.reach(&details.addrs)?),
        };
        stream.prepare()?;
        let config = details.config;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        let watch = self.watch.clone();
        let wire = Wire {
            stream,
            buffers,
            watch,
            stall: self.stall,
            waited: Duration::ZERO,
            came: 0,
            closed: false,
        };
        Ok(Some(Either::B(wire)))
    }
}

impl Sockets {
    fn reach(&self, addresses: &[SocketAddr]) -> io::Result<TcpStream> {
        let mut failure = io::Error::from(io::ErrorKind::ConnectionRefused);
        let limit = CONNECT.min(self.stall);
        for &address in addresses {
            let connected = if address.ip().is_loopback() {
                // It is there at once or not at all: a thread would cost more.
                TcpStream::connect_timeout(&address, limit)
            } else {
                waiting(&self.watch, move || TcpStream::connect_timeout(&address, limit))
            };
            match connected {
                Ok(stream) => return Ok(stream),
                Err(error) if carried(&error) => return Err(error),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    fn prepare(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(LOOK))?;
                stream.set_write_timeout(Some(LOOK))
            }
            Self::Unix(stream) => {
                stream.set_read_timeout(Some(LOOK))?;
                stream.set_write_timeout(Some(LOOK))
            }
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    /// Nothing to read and not closed, as it must be between two requests.
    fn is_quiet(&self) -> bool {
        let descriptor = match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        };
        let mut polled = [PollFd::new(descriptor, PollFlags::POLLIN)];
        matches!(poll(&mut polled, PollTimeout::ZERO), Ok(0))
    }
}

/// One connection.
pub(in crate::transfer) struct Wire {
    stream: Stream,
    buffers: LazyBuffers,
    watch: Watch,
    stall: Duration,
    /// How long we have waited for the peer in the present span.
    waited: Duration,
    /// What came in that span.
    came: u64,
    closed: bool,
}

impl Wire {
    /// After a wait: is it to go on?
    fn patience(&mut self, since: Instant, bytes: usize) -> io::Result<()> {
        self.watch.check().map_err(io::Error::other)?;
        self.waited += since.elapsed();
        self.came += bytes as u64;
        if self.waited < self.stall {
            return Ok(());
        }
        let wanted = (self.stall.as_secs_f64() * SLOWEST as f64) as u64;
        if self.came < wanted.max(1) {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("it sent {} bytes in {:.0} seconds", self.came, self.waited.as_secs_f64()),
            ));
        }
        self.waited = Duration::ZERO;
        self.came = 0;
        Ok(())
    }
}

/// A socket's own timeout, or a signal: a reason to look around, not a failure.
fn is_pause(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

impl Transport for Wire {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        let mut done = 0;
        (self.waited, self.came) = (Duration::ZERO, 0);
        while done < amount {
            let since = Instant::now();
            match self.stream.write(&self.buffers.output()[done..amount]) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                Ok(count) => {
                    done += count;
                    self.patience(since, count)?;
                }
                Err(error) if is_pause(&error) => self.patience(since, 0)?,
                Err(error) => return Err(error.into()),
            }
        }
        (self.waited, self.came) = (Duration::ZERO, 0);
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        loop {
            let since = Instant::now();
            match self.stream.read(self.buffers.input_append_buf()) {
                Ok(count) => {
                    self.buffers.input_appended(count);
                    self.closed |= count == 0;
                    self.patience(since, count)?;
                    return Ok(count > 0);
                }
                Err(error) if is_pause(&error) => self.patience(since, 0)?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn is_open(&mut self) -> bool {
        !self.closed && self.stream.is_quiet()
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Wire").finish_non_exhaustive()
    }
}
