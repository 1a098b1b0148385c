//! One layer from a registry into the store, in one pass.
//!
//! A thread of its own reads the network, appends to the partial blob and hashes; what it read goes through a
//! short queue to the thread that decompresses, hashes and unpacks. A connection that breaks is resumed where it
//! broke, without anybody downstream noticing; after Ctrl-C or a kill the next pull goes on from the partial blob.

use std::io::{self, Read, Write as _};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use ureq::http::{Method, StatusCode};

use super::session::{Ask, Session};
use super::trouble::{Again, Trouble};
use crate::oci::DiffId;
use crate::store::{BlobDescriptor, BlobWriter, Store, TarSource};
use crate::transfer::compression::Compression;
use crate::transfer::document::Descriptor;
use crate::transfer::expansion::Expansion;
use crate::transfer::fetch::{Fetched, hash, unpack_part};
use crate::transfer::progress::Item;
use crate::transfer::{Error, LoadOptions, RegistryFault};

const CHUNK: usize = 256 * 1024;

/// Chunks between network and unpacking.
const AHEAD: usize = 8;

/// Bytes that make up for failed attempts: a connection that brings that much is worth keeping up.
const PROGRESS: u64 = 64 << 10;

/// Brings one layer into the store; afterwards it is pinned there.
pub(super) fn layer(
    session: &Session<'_>,
    store: &Store,
    blob: &Descriptor,
    diff_id: DiffId,
    options: &LoadOptions,
) -> Result<Fetched, Error> {
    let short = blob.digest.short();
    let present = store.pin_layer(&diff_id)?;
    if let Some(known) = &present {
        // Of a plain tar digest and DiffID are one thing.
        if blob.digest == diff_id.0 {
            session.client.report.begin(short, "pull", Some(blob.size)).end("exists");
            return Ok(Fetched { blob: None, notices: Vec::new() });
        }
        if let TarSource::Blob(digest, media_type) = &known.tar
            && *digest == blob.digest
            && store.pin_blob(digest)?
        {
            session.client.report.begin(short, "pull", Some(blob.size)).end("exists");
            let media_type = media_type.clone();
            let blob = BlobDescriptor { digest: *digest, size: blob.size, media_type };
            return Ok(Fetched { blob: Some(blob), notices: Vec::new() });
        }
    }
    let item = session.client.report.begin(short, "pull", Some(blob.size));
    let download = Download { session, store, blob, options };
    let name = format!("{}@{}", session.endpoint.repository, blob.digest);
    let (reader, writer) = store.resume_blob(&blob.digest)?;
    let resumed = reader.metadata().map_or(0, |found| found.len());
    let fetched = match download.run(reader, writer, diff_id, present.is_some(), &item) {
        // What an earlier attempt left behind may have been damaged since.
        Err(Error::Digest { .. } | Error::Layer(_) | Error::Io { .. }) if resumed > 0 => {
            item.restart();
            let (reader, mut writer) = store.resume_blob(&blob.digest)?;
            writer.restart()?;
            download.run(reader, writer, diff_id, present.is_some(), &item)
        }
        outcome => outcome,
    };
    let fetched = fetched.map_err(|error| error.of_layer(&name))?;
    item.end("pulled");
    Ok(fetched)
}

struct Download<'a> {
    session: &'a Session<'a>,
    store: &'a Store,
    blob: &'a Descriptor,
    options: &'a LoadOptions,
}

impl Download<'_> {
    fn name(&self) -> String {
        format!("layer `{}@{}`", self.session.endpoint.repository, self.blob.digest)
    }

    fn run(
        &self,
        reader: std::fs::File,
        writer: BlobWriter,
        diff_id: DiffId,
        present: bool,
        item: &Item,
    ) -> Result<Fetched, Error> {
        let (sender, receiver) = sync_channel(AHEAD);
        std::thread::scope(|scope| {
            let source = std::thread::Builder::new().name("download".to_owned()).spawn_scoped(scope, || {
                let mut writer = writer;
                let outcome = self.receive(reader, &mut writer, &sender, item);
                drop(sender);
                (outcome, writer)
            });
            let source = source.map_err(Error::io("start a thread for", Path::new("a download")))?;
            let unpacked = self.unpack(Arriving::new(receiver), diff_id, present);
            let Ok((received, writer)) = source.join() else {
                return Err(Error::io("read", Path::new("a layer"))(io::Error::other("a thread died")));
            };
            self.settle(received, unpacked, writer, diff_id, present)
        })
    }

    /// Brings both halves together: what is kept of which outcome.
    fn settle(
        &self,
        received: Result<(), Error>,
        unpacked: Result<(Compression, Option<crate::transfer::fetch::Part>), Error>,
        writer: BlobWriter,
        diff_id: DiffId,
        present: bool,
    ) -> Result<Fetched, Error> {
        let (compression, part) = match (received, unpacked) {
            (Ok(()), Ok(done)) => done,
            (Ok(()), Err(error)) => {
                // Complete or hopeless: what came is not worth resuming. But if we were stopped, it is.
                if !matches!(error, Error::Interrupted | Error::Store(_)) {
                    writer.discard();
                }
                return Err(error);
            }
            (Err(error), outcome) => {
                if let Ok((_, Some(part))) = outcome {
                    part.discard(self.store)?;
                    if is_gone(&error) {
                        // The consumer was content with less than there is.
                        writer.discard();
                    }
                    return Err(error);
                }
                let own = match outcome {
                    // The consumer gave up first, and the sender only noticed.
                    Err(reason) if is_gone(&error) => {
                        if !matches!(reason, Error::Interrupted | Error::Store(_)) {
                            writer.discard();
                        }
                        return Err(reason);
                    }
                    _ => error,
                };
                if matches!(own, Error::Digest { .. } | Error::Size { .. } | Error::Limit { .. }) {
                    writer.discard();
                }
                return Err(own);
            }
        };
        let mut notices = Vec::new();
        if compression == Compression::None {
            if let Some(part) = part {
                let bytes = writer.reader()?;
                notices = part.record_plain(self.store, || Ok(bytes))?.1;
            }
            writer.discard();
            return Ok(Fetched { blob: None, notices });
        }
        let finished = writer.finish(Some(&self.blob.digest));
        let (digest, size) = match (finished, part) {
            (Ok(done), part) => {
                let kind = compression.layer_media_type().to_owned();
                if let Some(part) = part {
                    notices = part.record(self.store, TarSource::Blob(done.0, kind))?.1;
                }
                done
            }
            (Err(error), Some(part)) => {
                part.discard(self.store)?;
                return Err(crate::transfer::fetch::wrong_digest(&self.name(), error));
            }
            (Err(error), None) => return Err(crate::transfer::fetch::wrong_digest(&self.name(), error)),
        };
        debug_assert!(present || self.store.layer(&diff_id).is_ok_and(|layer| layer.is_some()));
        let media_type = compression.layer_media_type().to_owned();
        Ok(Fetched { blob: Some(BlobDescriptor { digest, size, media_type }), notices })
    }

    /// Decompresses and unpacks what arrives, to its very end.
    fn unpack(
        &self,
        mut arriving: Arriving,
        diff_id: DiffId,
        present: bool,
    ) -> Result<(Compression, Option<crate::transfer::fetch::Part>), Error> {
        let name = self.name();
        let failed = Error::io("unpack", Path::new(&name));
        let mut start = Vec::with_capacity(6);
        arriving.by_ref().take(6).read_to_end(&mut start).map_err(&failed)?;
        let compression = Compression::recognise(&start).map_err(|kind| {
            Error::document(
                &*name,
                format!("it is compressed with {kind}, which no image specification knows"),
            )
        })?;
        if compression == Compression::None && self.blob.digest != diff_id.0 {
            let (expected, found) = (diff_id, DiffId(self.blob.digest));
            return Err(crate::layer::Error::DiffId { expected, found }.into());
        }
        let part = {
            let whole = io::Cursor::new(start).chain(&mut arriving);
            let content =
                compression.reader(whole, Expansion::of(&self.options.limits, &name)).map_err(&failed)?;
            if present {
                let found = hash(content).map_err(&failed)?;
                if found != diff_id {
                    return Err(crate::layer::Error::DiffId { expected: diff_id, found }.into());
                }
                None
            } else {
                let plain = compression == Compression::None;
                Some(unpack_part(self.store, content, Some(diff_id), self.options, plain)?)
            }
        };
        // What follows the end of what was compressed belongs to the blob too, and its digest is known only then.
        match io::copy(&mut arriving, &mut io::sink()).map_err(&failed) {
            Ok(_) => Ok((compression, part)),
            Err(error) => {
                part.map_or(Ok(()), |part| part.discard(self.store))?;
                Err(error)
            }
        }
    }

    /// The sending half: first what is here already, then the rest, over as many connections as it takes.
    fn receive(
        &self,
        mut reader: std::fs::File,
        writer: &mut BlobWriter,
        to: &SyncSender<io::Result<Vec<u8>>>,
        item: &Item,
    ) -> Result<(), Error> {
        let outcome = self.receive_all(&mut reader, writer, to, item);
        if let Err(error) = &outcome {
            // The other half must not take an early end for the end.
            let _ = to.send(Err(io::Error::new(io::ErrorKind::UnexpectedEof, error.to_string())));
        }
        outcome
    }

    fn receive_all(
        &self,
        reader: &mut std::fs::File,
        writer: &mut BlobWriter,
        to: &SyncSender<io::Result<Vec<u8>>>,
        item: &Item,
    ) -> Result<(), Error> {
        let name = self.name();
        loop {
            self.session.client.watch.check()?;
            let mut chunk = vec![0; CHUNK];
            let count = match reader.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::io("read what is there of", Path::new(&name))(error)),
            };
            chunk.truncate(count);
            writer.take_in(&chunk);
            item.skip(count as u64);
            give(to, chunk)?;
        }
        if writer.size() > self.blob.size {
            return Err(Error::Size { name, expected: self.blob.size, found: writer.size() });
        }
        // Each connection that brings something gives the next ones their full number of attempts again.
        let mut last = writer.size();
        while writer.size() < self.blob.size || self.blob.size == 0 {
            let outcome = self.session.retry(|| {
                let before = writer.size();
                match self.connection(writer, to, item) {
                    Err(trouble) if trouble.again == Again::Soon && writer.size() - before >= PROGRESS => {
                        Ok(false)
                    }
                    Err(trouble) => Err(trouble),
                    Ok(()) => Ok(true),
                }
            })?;
            if outcome {
                break;
            }
            if writer.size() == last {
                self.session.client.watch.sleep(self.session.client.patience.pause)?;
            }
            last = writer.size();
        }
        Ok(())
    }

    /// One connection's worth.
    fn connection(
        &self,
        writer: &mut BlobWriter,
        to: &SyncSender<io::Result<Vec<u8>>>,
        item: &Item,
    ) -> Result<(), Trouble> {
        let session = self.session;
        let name = self.name();
        let scope = session.scope("pull");
        let start = writer.size();
        let left = self.blob.size - start;
        let path = session.path(&format!("blobs/{}", self.blob.digest));
        let mut ask = Ask::new(Method::GET, path, &scope, &name);
        if start > 0 {
            ask = ask.header("range", format!("bytes={start}-"));
        }
        let answer = session.send(ask)?;
        let partial = answer.status() == StatusCode::PARTIAL_CONTENT;
        if partial {
            let range = answer.headers().get("content-range").and_then(|value| value.to_str().ok());
            if start == 0 || !range.is_some_and(|range| range.starts_with(&format!("bytes {start}-"))) {
                return Err(Trouble::refused(
                    session.name(),
                    &name,
                    "it sends another part than was asked for",
                ));
            }
        }
        // Who does not know of ranges sends all of it again.
        let mut skip = if partial { 0 } else { start };
        let promised = if partial { left } else { self.blob.size };
        if let Some(length) = answer.body().content_length()
            && length != promised
        {
            return Err(Error::Size { name, expected: promised, found: length }.into());
        }
        let mut body = answer.into_body().into_reader();
        loop {
            let left = self.blob.size - writer.size();
            // One byte more than there should be shows that it does not end there.
            let wanted = usize::try_from(left + skip + 1).unwrap_or(CHUNK).min(CHUNK);
            let mut chunk = vec![0; wanted];
            let mut filled = 0;
            let mut broken = None;
            while filled < wanted {
                match body.read(&mut chunk[filled..]) {
                    Ok(0) => break,
                    Ok(count) => filled += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => {
                        broken = Some(Trouble::io(session.name(), &name, error));
                        break;
                    }
                }
            }
            let ended = filled < wanted && broken.is_none();
            chunk.truncate(filled);
            let drop_first = usize::try_from(skip).unwrap_or(usize::MAX).min(filled);
            skip -= drop_first as u64;
            chunk.drain(..drop_first);
            if chunk.len() as u64 > left {
                let found = self.blob.size + 1;
                return Err(Error::Size { name, expected: self.blob.size, found }.into());
            }
            if !chunk.is_empty() {
                let written = writer.write_all(&chunk);
                written.map_err(Error::io("write", Path::new("a layer's file")))?;
                item.advance(chunk.len());
                give(to, chunk)?;
            }
            if let Some(trouble) = broken {
                return Err(trouble);
            }
            if writer.size() == self.blob.size && ended {
                return Ok(());
            }
            if ended {
                let fault = RegistryFault::Broken(format!(
                    "it ended after {} of {} bytes",
                    writer.size(),
                    self.blob.size
                ));
                return Err(Trouble::new(session.name(), &name, fault, Again::Soon));
            }
        }
    }
}

const GONE: &str = "what unpacks the layer has stopped";

fn give(to: &SyncSender<io::Result<Vec<u8>>>, chunk: Vec<u8>) -> Result<(), Error> {
    to.send(Ok(chunk)).map_err(|_| Error::document("layer", GONE))
}

fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Document { reason, .. } if reason == GONE)
}

/// What the network thread sends, as a stream.
struct Arriving {
    chunks: Receiver<io::Result<Vec<u8>>>,
    now: Vec<u8>,
    at: usize,
}

impl Arriving {
    fn new(chunks: Receiver<io::Result<Vec<u8>>>) -> Self {
        Self { chunks, now: Vec::new(), at: 0 }
    }
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.now.len() {
            // The sender has gone: that is the end, unless it said otherwise before.
            let Ok(next) = self.chunks.recv() else { return Ok(0) };
            self.now = next?;
            self.at = 0;
        }
        let count = buffer.len().min(self.now.len() - self.at);
        buffer[..count].copy_from_slice(&self.now[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}
