//! Docker or podman on this machine: images out of and into a daemon, by its API over a socket.
//!
//! Source: Docker Engine API, "Export several images" and "Import images"; podman's socket answers the same.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::NamedTempFile;
use ureq::http::{Method, Request, Response};
use ureq::unversioned::transport::Connector as _;
use ureq::{Agent, Body, SendBody};

use super::network::Patience;
use super::progress::Report;
use super::registry::{Names, Sockets};
use super::watch::Watch;
use super::{Error, Limits, Network, RegistryFault};
use crate::sys::Interrupt;

/// Bytes of an answer that is looked at for what it says.
const SAID: u64 = 1 << 20;

/// Writes the daemon's image `name` as a docker-archive into `place`.
///
/// # Errors
/// [`Error::Registry`] if there is no daemon, or no such image; [`Error::Limit`]; [`Error::Io`].
pub fn export(
    name: &str,
    network: &Network,
    mut place: NamedTempFile,
    limits: &Limits,
    interrupt: Interrupt,
    report: &Report,
) -> Result<NamedTempFile, Error> {
    let daemon = Daemon::find(network, interrupt)?;
    let what = format!("image `{name}`");
    let path = format!("/images/{}/get", escape(name));
    let answer = daemon.send(Request::builder().method(Method::GET), &path, SendBody::none(), &what)?;
    let item = report.begin(name, "export", answer.body().content_length());
    let mut body = answer.into_body().into_reader().take(limits.archive_bytes.saturating_add(1));
    let mut buffer = vec![0; 1 << 18];
    let mut total = 0;
    loop {
        let count = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) => return Err(daemon.broken(&what, error)),
        };
        total += count as u64;
        if total > limits.archive_bytes {
            return Err(Error::Limit { name: what, limit: "archive_bytes", allowed: limits.archive_bytes });
        }
        std::io::Write::write_all(&mut place, &buffer[..count]).map_err(Error::io("write", place.path()))?;
        item.advance(count);
    }
    item.end("exported");
    Ok(place)
}

/// Gives the daemon the images of the docker-archive `archive`.
///
/// # Errors
/// [`Error::Registry`] if there is no daemon, or it does not take them.
pub fn import(
    archive: &Path,
    name: &str,
    network: &Network,
    interrupt: Interrupt,
    report: &Report,
) -> Result<(), Error> {
    let daemon = Daemon::find(network, interrupt)?;
    let what = format!("image `{name}`");
    let file = File::open(archive).map_err(Error::io("open", archive))?;
    let size = file.metadata().map_err(Error::io("read", archive))?.len();
    let item = report.begin(name, "import", Some(size));
    let request = Request::builder()
        .method(Method::POST)
        .header("content-type", "application/x-tar")
        .header("content-length", size.to_string());
    let mut counted = Counted { file, item: &item };
    let answer = daemon.send(request, "/images/load?quiet=1", SendBody::from_reader(&mut counted), &what)?;
    // Failures come after the status, as lines of JSON.
    let mut failure = None;
    for line in BufReader::new(answer.into_body().into_reader().take(SAID)).lines() {
        let line = line.map_err(|error| daemon.broken(&what, error))?;
        let document: Value = serde_json::from_str(&line).unwrap_or_default();
        let said = document["errorDetail"]["message"].as_str().or_else(|| document["error"].as_str());
        failure = failure.or_else(|| said.map(str::to_owned));
    }
    match failure {
        Some(said) => Err(daemon.fault(&what, RegistryFault::Refused(said))),
        None => {
            item.end("imported");
            Ok(())
        }
    }
}

struct Counted<'a> {
    file: File,
    item: &'a super::progress::Item,
}

impl std::io::Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.item.advance(count);
        Ok(count)
    }
}

/// Slashes and colons may stand in the path; what could end it may not.
fn escape(name: &str) -> String {
    name.replace('%', "%25").replace('?', "%3F").replace('#', "%23")
}

struct Daemon {
    agent: Agent,
    base: String,
    /// For messages.
    name: String,
}

impl Daemon {
    fn find(network: &Network, interrupt: Interrupt) -> Result<Self, Error> {
        let told = network.docker_host.as_ref().or(network.container_host.as_ref());
        if let Some(host) = told.filter(|host| !host.is_empty()) {
            return Self::at(host, interrupt);
        }
        let socket = network.daemon_sockets.iter().find(|path| path.exists());
        match socket {
            Some(path) => Ok(Self::new(
                "http://localhost".to_owned(),
                Some(path.clone()),
                path.display().to_string(),
                interrupt,
            )),
            None => Err(Error::Registry {
                registry: "docker-daemon".to_owned(),
                what: "its socket".to_owned(),
                fault: RegistryFault::Unreachable(format!(
                    "there is none at {}; `DOCKER_HOST` can name another",
                    network
                        .daemon_sockets
                        .iter()
                        .map(|path| format!("`{}`", path.display()))
                        .collect::<Vec<_>>()
                        .join(", ")
                )),
            }),
        }
    }

    /// Source: docker(1), "DOCKER_HOST".
    fn at(host: &str, interrupt: Interrupt) -> Result<Self, Error> {
        if let Some(path) = host.strip_prefix("unix://") {
            let base = "http://localhost".to_owned();
            return Ok(Self::new(base, Some(PathBuf::from(path)), host.to_owned(), interrupt));
        }
        if let Some(address) = host.strip_prefix("tcp://").or_else(|| host.strip_prefix("http://")) {
            let base = format!("http://{}", address.trim_end_matches('/'));
            return Ok(Self::new(base, None, host.to_owned(), interrupt));
        }
        Err(Error::Name {
            text: host.to_owned(),
            reason: "names no daemon that can be reached here: `unix://PATH` or `tcp://HOST:PORT`".to_owned(),
        })
    }

    fn new(base: String, socket: Option<PathBuf>, name: String, interrupt: Interrupt) -> Self {
        let watch = Watch::new(interrupt);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .input_buffer_size(128 << 10)
            .output_buffer_size(128 << 10)
            .build();
        // A daemon works for a while before it says anything: it packs or unpacks whole images.
        let stall = Patience::default().stall * 10;
        let sockets = Sockets { watch: watch.clone(), stall, socket };
        Self { agent: Agent::with_parts(config, ().chain(sockets), Names(watch)), base, name }
    }

    fn send(
        &self,
        request: ureq::http::request::Builder,
        path: &str,
        body: SendBody<'_>,
        what: &str,
    ) -> Result<Response<Body>, Error> {
        let request = request.uri(format!("{}{path}", self.base)).body(body);
        let request = request.map_err(|error| self.fault(what, RegistryFault::Refused(error.to_string())))?;
        let answer = self.agent.run(request).map_err(|error| self.broken(what, error.into_io()))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let code = answer.status().as_u16();
        let mut said = String::new();
        // What it says is a courtesy; it may break off.
        let _ = answer.into_body().into_reader().take(SAID).read_to_string(&mut said);
        let document: Value = serde_json::from_str(&said).unwrap_or_default();
        let said = document["message"].as_str().unwrap_or_default().to_owned();
        // Podman says 500 where Docker says 404.
        let missing = code == 404 || said.contains("image not known") || said.contains("No such image");
        let fault = if missing { RegistryFault::NotFound } else { RegistryFault::Status { code, said } };
        Err(self.fault(what, fault))
    }

    fn fault(&self, what: &str, fault: RegistryFault) -> Error {
        Error::Registry { registry: self.name.clone(), what: what.to_owned(), fault }
    }

    fn broken(&self, what: &str, error: std::io::Error) -> Error {
        use std::io::ErrorKind as Kind;
        match Error::carried(error) {
            Ok(own) => own,
            Err(error) => {
                let gone =
                    matches!(error.kind(), Kind::NotFound | Kind::ConnectionRefused | Kind::PermissionDenied);
                let said = error.to_string();
                let fault = if gone { RegistryFault::Unreachable(said) } else { RegistryFault::Broken(said) };
                self.fault(what, fault)
            }
        }
    }
}
