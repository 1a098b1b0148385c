//! What is going on, for whoever draws it. The library never prints.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Something that takes long has moved on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Which; a number of its own for each thing in this process.
    pub item: u64,
    /// What happened to it.
    pub step: Step,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It begins.
    Begin {
        /// Twelve digits of a layer's digest, or the name of something else.
        name: String,
        /// `pull`, `push`, `load`, …
        action: &'static str,
        /// Bytes, where that is known.
        total: Option<u64>,
    },
    /// So many bytes are done, counted from the beginning.
    At(u64),
    /// Nothing has moved on, but this is worth knowing: a sentence without its full stop.
    Notice(String),
    /// It is over.
    End {
        /// `pulled`, `exists`, `mounted`, `stopped`, …
        outcome: &'static str,
        /// Bytes that were read or written for it.
        bytes: u64,
    },
}

/// Takes progress, from any thread.
#[derive(Clone, Default)]
pub struct Report(Option<Arc<Listener>>);

/// Who is told, unless somebody wants silence.
struct Listener {
    sink: Box<dyn Fn(Progress) + Send + Sync>,
    silent: AtomicUsize,
}

/// Nothing is told while this lives: somebody else has the screen.
#[derive(Debug)]
pub struct Silence(Report);

impl Drop for Silence {
    fn drop(&mut self) {
        if let Some(listener) = &self.0.0 {
            listener.silent.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Report {
    /// One that calls `sink`.
    pub fn to(sink: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(Listener { sink: Box::new(sink), silent: AtomicUsize::new(0) })))
    }

    /// Nothing is told for a while, through whichever copy.
    #[must_use]
    pub fn silence(&self) -> Silence {
        if let Some(listener) = &self.0 {
            listener.silent.fetch_add(1, Ordering::SeqCst);
        }
        Silence(self.clone())
    }

    fn tell(&self, progress: Progress) {
        if let Some(listener) = &self.0
            && listener.silent.load(Ordering::SeqCst) == 0
        {
            (listener.sink)(progress);
        }
    }

    /// Something is worth knowing.
    pub fn notice(&self, text: impl Into<String>) {
        self.tell(Progress { item: 0, step: Step::Notice(text.into()) });
    }

    /// Something begins.
    pub(super) fn begin(&self, name: impl Into<String>, action: &'static str, total: Option<u64>) -> Item {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let item = Item {
            report: self.clone(),
            item: NEXT.fetch_add(1, Ordering::Relaxed),
            at: AtomicU64::new(0),
            told: AtomicU64::new(0),
            wire: AtomicU64::new(0),
            ended: false,
        };
        item.tell(Step::Begin { name: name.into(), action, total });
        item
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.0.is_some() { "Report" } else { "Report(nobody)" })
    }
}

/// Bytes between two calls of the sink: enough for a bar that moves smoothly.
const EACH: u64 = 1 << 18;

/// Something that is going on. Dropped, it has stopped.
pub(super) struct Item {
    report: Report,
    item: u64,
    at: AtomicU64,
    told: AtomicU64,
    wire: AtomicU64,
    ended: bool,
}

impl Item {
    fn tell(&self, step: Step) {
        self.report.tell(Progress { item: self.item, step });
    }

    /// So many bytes came or went.
    pub fn advance(&self, bytes: usize) {
        self.wire.fetch_add(bytes as u64, Ordering::Relaxed);
        self.skip(bytes as u64);
    }

    /// So many bytes need not come: they are here.
    pub fn skip(&self, bytes: u64) {
        let at = self.at.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if at.saturating_sub(self.told.load(Ordering::Relaxed)) >= EACH {
            self.told.store(at, Ordering::Relaxed);
            self.tell(Step::At(at));
        }
    }

    /// `stream`, whose bytes move this on.
    pub fn reader<R: Read>(&self, stream: R) -> Counted<'_, R> {
        Counted { item: self, stream }
    }

    /// The same for what is written.
    pub fn writer<W: Write>(&self, stream: W) -> Counted<'_, W> {
        Counted { item: self, stream }
    }

    /// From the beginning again.
    pub fn restart(&self) {
        self.at.store(0, Ordering::Relaxed);
        self.told.store(0, Ordering::Relaxed);
        self.tell(Step::At(0));
    }

    /// It is over.
    pub fn end(mut self, outcome: &'static str) {
        self.ended = true;
        self.tell(Step::End { outcome, bytes: self.wire.load(Ordering::Relaxed) });
    }
}

/// See [`Item::reader`].
pub(super) struct Counted<'a, S> {
    item: &'a Item,
    stream: S,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.item.advance(count);
        Ok(count)
    }
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.stream.write(bytes)?;
        self.item.advance(count);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        if !self.ended {
            self.tell(Step::End { outcome: "stopped", bytes: self.wire.load(Ordering::Relaxed) });
        }
    }
}
