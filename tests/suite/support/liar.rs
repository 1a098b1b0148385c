//! Registries that are honest but for one thing.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use plywood::oci::Digest;
use serde_json::{Value, json};

use super::http::{Request, Server, respond};
use super::registry::noise;

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// An honest image of one plain layer, from which the tests make dishonest ones.
#[derive(Clone)]
pub struct Parts {
    pub layer: Vec<u8>,
    pub config: Vec<u8>,
    pub manifest: Value,
}

pub fn parts() -> Parts {
    let mut builder =
        tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut plain = tar::Builder::new(Vec::new());
    let content = noise(7, 600_000);
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    builder.append_data(&mut header.clone(), "noise", content.as_slice()).unwrap();
    plain.append_data(&mut header, "noise", content.as_slice()).unwrap();
    let layer = builder.into_inner().unwrap().finish().unwrap();
    let diff_id = Digest::of(&plain.into_inner().unwrap());
    let config = json!({
        "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
        "os": "linux", "config": {}, "rootfs": { "type": "layers", "diff_ids": [diff_id.to_string()] },
    })
    .to_string()
    .into_bytes();
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json",
                    "digest": Digest::of(&config).to_string(), "size": config.len() },
        "layers": [{ "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                     "digest": Digest::of(&layer).to_string(), "size": layer.len() }],
    });
    Parts { layer, config, manifest }
}

impl Parts {
    pub fn is_layer(&self, request: &Request) -> bool {
        request.path.ends_with(&Digest::of(&self.layer).to_string())
    }

    /// The honest answer; for a part of the layer, that part.
    pub fn answer(&self, request: &Request, stream: &mut TcpStream) {
        if request.path == "/v2/" {
            return respond(stream, "200 OK", &[], b"{}");
        }
        if request.path.contains("/manifests/") {
            return respond(
                stream,
                "200 OK",
                &[("Content-Type", MANIFEST)],
                self.manifest.to_string().as_bytes(),
            );
        }
        if request.path.ends_with(&Digest::of(&self.config).to_string()) {
            return respond(stream, "200 OK", &[], &self.config);
        }
        if !self.is_layer(request) {
            return respond(stream, "404 Not Found", &[], b"{}");
        }
        let range = request.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
        match range.and_then(|from| from.parse::<usize>().ok()) {
            Some(from) => {
                let range = format!("bytes {from}-{}/{}", self.layer.len() - 1, self.layer.len());
                respond(stream, "206 Partial Content", &[("Content-Range", &range)], &self.layer[from..]);
            }
            None => respond(stream, "200 OK", &[], &self.layer),
        }
    }
}

/// A server that is honest but for what `lie` answers; `lie` says whether it did.
pub fn lying(lie: impl Fn(&Parts, &Request, &mut TcpStream) -> bool + Send + Sync + 'static) -> Server {
    let parts = parts();
    Server::start(move |request, stream| {
        if !lie(&parts, request, stream) {
            parts.answer(request, stream);
        }
    })
}

/// One whose image is honest but for what `change` makes of its manifest.
pub fn with_manifest(change: impl Fn(&mut Value)) -> Server {
    let mut parts = parts();
    change(&mut parts.manifest);
    Server::start(move |request, stream| parts.answer(request, stream))
}

/// The layer's first half, then nothing more, as long as `broken`.
pub fn halting() -> (Server, Arc<AtomicUsize>) {
    let broken = Arc::new(AtomicUsize::new(1));
    let state = Arc::clone(&broken);
    let server = lying(move |parts, request, stream| {
        let lies = parts.is_layer(request) && state.load(Ordering::Relaxed) > 0;
        if lies {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", parts.layer.len());
            let half = &parts.layer[..parts.layer.len() / 2];
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(half));
            for _ in 0..300 {
                if state.load(Ordering::Relaxed) != 2 {
                    break;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        }
        lies
    });
    (server, broken)
}
