//! One layer from a registry into the store, in one pass.
//!
//! A thread of its own reads the network, appends to the partial blob and hashes; what it read goes through a
//! short queue to the thread that decompresses, hashes and unpacks. A connection that breaks is resumed where it
//! broke, without anybody downstream noticing; after Ctrl-C or a kill the next pull goes on from the partial blob.

use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::receive::{Receiving, name_of};
use super::session::Session;
use crate::oci::DiffId;
use crate::store::{BlobDescriptor, BlobWriter, Store, TarSource};
use crate::transfer::compression::Compression;
use crate::transfer::document::Descriptor;
use crate::transfer::expansion::Expansion;
use crate::transfer::fetch::{Fetched, hash, unpack_part};
use crate::transfer::progress::Item;
use crate::transfer::{Error, LoadOptions};

/// Chunks between network and unpacking.
const AHEAD: usize = 8;

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
        name_of(self.session, self.blob)
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
                let receiving = Receiving { session: self.session, blob: self.blob };
                let outcome = receiving.run(reader, &mut writer, item, &mut |chunk| give(&sender, chunk));
                if let Err(error) = &outcome {
                    // The other half must not take an early end for the end.
                    let _ = sender.send(Err(io::Error::new(io::ErrorKind::UnexpectedEof, error.to_string())));
                }
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
