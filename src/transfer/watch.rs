//! Reading and writing that ends when somebody says so.

use std::io::{self, BufRead, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Error;
use crate::layer;
use crate::sys::Interrupt;

/// Ctrl-C, or the failure of another thread at the same work.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch {
    interrupt: Interrupt,
    stopped: Arc<AtomicBool>,
}

impl Watch {
    pub fn new(interrupt: Interrupt) -> Self {
        Self { interrupt, stopped: Arc::default() }
    }

    /// Makes everybody else stop.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Takes [`stop`](Self::stop) back: what is done next is other work.
    pub fn go_on(&self) {
        self.stopped.store(false, Ordering::Relaxed);
    }

    /// An error if the work should end.
    pub fn check(&self) -> Result<(), Error> {
        if self.interrupt.raised() || self.stopped.load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        Ok(())
    }

    /// Waits, unless the work should end.
    pub fn sleep(&self, time: Duration) -> Result<(), Error> {
        const LOOK: Duration = Duration::from_millis(50);
        let until = Instant::now() + time;
        loop {
            self.check()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(LOOK));
        }
    }

    /// `stream` with that check before each piece.
    pub fn reader<R: Read>(&self, stream: R) -> Watched<R> {
        Watched { watch: self.clone(), stream }
    }

    /// The same for a stream that can pass over bytes.
    pub fn source<S: layer::Source>(&self, stream: S) -> Watched<S> {
        Watched { watch: self.clone(), stream }
    }

    /// The same for what is written.
    pub fn writer<W: Write>(&self, stream: W) -> Watched<W> {
        Watched { watch: self.clone(), stream }
    }
}

/// See [`Watch`].
pub(super) struct Watched<S> {
    watch: Watch,
    stream: S,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.watch.check().map_err(io::Error::other)?;
        self.stream.read(buffer)
    }
}

impl<S: layer::Source> BufRead for Watched<S> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.watch.check().map_err(io::Error::other)?;
        self.stream.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.stream.consume(count);
    }
}

impl<S: layer::Source> layer::Source for Watched<S> {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        self.stream.skip(count)
    }
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.watch.check().map_err(io::Error::other)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
