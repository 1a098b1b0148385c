//! One blob to a registry.

use std::io::Read;

use ureq::http::{Method, StatusCode};

use super::address::{self, with_parameter};
use super::session::{Answer, Ask, Payload, Session};
use super::trouble::{Again, Trouble};
use crate::oci::Digest;
use crate::transfer::Error;
use crate::transfer::archive::Section;
use crate::transfer::progress::Item;

/// Bytes that can be read again when an attempt fails.
pub(super) enum Source<'a> {
    Bytes(&'a [u8]),
    File(Section),
}

impl Source<'_> {
    fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(section) => section.size(),
        }
    }
}

/// What the registry has done with a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Existed,
    Mounted,
    Uploaded,
}

impl Outcome {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Existed => "exists",
            Self::Mounted => "mounted",
            Self::Uploaded => "pushed",
        }
    }
}

/// Puts a blob into the session's repository, unless it is there; `mounts` are repositories of the same registry
/// that may have it.
pub(super) fn upload(
    session: &Session<'_>,
    digest: &Digest,
    source: &Source<'_>,
    mounts: &[String],
    item: Option<&Item>,
) -> Result<Outcome, Error> {
    let what = format!("blob `{}@{digest}`", session.endpoint.repository);
    let push = session.scope("pull,push");
    let mut tried = mounts.iter();
    session.retry(|| {
        if exists(session, digest, &push, &what)? {
            return Ok(Outcome::Existed);
        }
        // Each once: a registry that does not know it that way will not the next time.
        let mut location = None;
        for from in tried.by_ref() {
            // Two rights in one token, as distribution's own client asks for them.
            let both = format!("{push} repository:{from}:pull");
            let path = session.path("blobs/uploads/");
            let path = with_parameter(&with_parameter(&path, "mount", &digest.to_string()), "from", from);
            let answer = session.send_any(Ask::new(Method::POST, path, &both, &what))?;
            match answer.status() {
                StatusCode::CREATED => return Ok(Outcome::Mounted),
                StatusCode::ACCEPTED => {
                    location = Some(place(session, &what, &answer)?);
                    break;
                }
                status if status.is_server_error() => return Err(session.bad(&what, answer)),
                // It may not let us read the other one.
                _ => {}
            }
        }
        let location = match location {
            Some(location) => location,
            None => {
                let answer =
                    session.send(Ask::new(Method::POST, session.path("blobs/uploads/"), &push, &what))?;
                place(session, &what, &answer)?
            }
        };
        if let Some(item) = item {
            item.restart();
        }
        let url = with_parameter(&location, "digest", &digest.to_string());
        let mut ask =
            Ask::new(Method::PUT, url, &push, &what).header("content-type", "application/octet-stream");
        let mut stream;
        ask.payload = match source {
            Source::Bytes(bytes) => Payload::Bytes(bytes),
            Source::File(section) => {
                stream = Counted { stream: section.clone(), item };
                Payload::Stream(&mut stream, source.size())
            }
        };
        let answer = session.send_any(ask)?;
        match answer.status() {
            status if status.is_success() => Ok(Outcome::Uploaded),
            // The upload was lost on their side: a new one may work.
            StatusCode::NOT_FOUND => Err(Trouble { again: Again::Soon, ..session.bad(&what, answer) }),
            _ => Err(session.bad(&what, answer)),
        }
    })
}

fn exists(session: &Session<'_>, digest: &Digest, scope: &str, what: &str) -> Result<bool, Trouble> {
    let path = session.path(&format!("blobs/{digest}"));
    let answer = session.send_any(Ask::new(Method::HEAD, path, scope, what))?;
    match answer.status() {
        status if status.is_success() => Ok(true),
        status if status.is_server_error() || status.as_u16() == 429 => Err(session.bad(what, answer)),
        StatusCode::UNAUTHORIZED => Err(session.bad(what, answer)),
        _ => Ok(false),
    }
}

/// Where the upload goes on.
fn place(session: &Session<'_>, what: &str, answer: &Answer) -> Result<String, Trouble> {
    let base = session.base()?;
    let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
    location
        .and_then(|location| address::resolve(&format!("{base}{}", session.path("blobs/uploads/")), location))
        .ok_or_else(|| Trouble::refused(session.name(), what, "it does not say where the upload goes"))
}

struct Counted<'a> {
    stream: Section,
    item: Option<&'a Item>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.stream.read(buffer)?;
        if let Some(item) = self.item {
            item.advance(count);
        }
        Ok(count)
    }
}
