//! One blob's bytes from a registry, over as many connections as it takes.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use ureq::http::{Method, StatusCode};

use super::session::{Ask, Session};
use super::trouble::{Again, Trouble};
use crate::store::BlobWriter;
use crate::transfer::document::Descriptor;
use crate::transfer::progress::Item;
use crate::transfer::{Error, RegistryFault};

const CHUNK: usize = 256 * 1024;

/// Bytes that make up for failed attempts: a connection that brings that much is worth keeping up.
const PROGRESS: u64 = 64 << 10;

/// What errors call a blob.
pub(super) fn name_of(session: &Session<'_>, blob: &Descriptor) -> String {
    format!("layer `{}@{}`", session.endpoint.repository, blob.digest)
}

/// A blob that comes.
pub(super) struct Receiving<'a> {
    pub session: &'a Session<'a>,
    pub blob: &'a Descriptor,
}

impl Receiving<'_> {
    /// Appends to `writer` until the blob is as long as it should be; what it is, its digest must say. `reader`
    /// gives what is there from an earlier attempt. Each piece goes to `give` too.
    pub fn run(
        &self,
        mut reader: File,
        writer: &mut BlobWriter,
        item: &Item,
        give: &mut dyn FnMut(Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let name = name_of(self.session, self.blob);
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
            give(chunk)?;
        }
        if writer.size() > self.blob.size {
            return Err(Error::Size { name, expected: self.blob.size, found: writer.size() });
        }
        // Each connection that brings something gives the next ones their full number of attempts again.
        let mut last = writer.size();
        while writer.size() < self.blob.size || self.blob.size == 0 {
            let outcome = self.session.retry(|| {
                let before = writer.size();
                match self.connection(writer, item, give) {
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
        item: &Item,
        give: &mut dyn FnMut(Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Trouble> {
        let session = self.session;
        let name = name_of(session, self.blob);
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
                give(chunk)?;
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
