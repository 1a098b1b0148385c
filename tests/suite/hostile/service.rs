//! A registry whose content is a layout, believed in everything that it says.

use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::layout::Layout;
use crate::support::http::{Request, Server, respond};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Serves what is in `layout` at the time.
pub fn serve(layout: Arc<Mutex<Option<Layout>>>) -> Server {
    Server::start(move |request, stream| {
        let now = layout.lock().unwrap().clone().unwrap_or_default();
        answer(&now, request, stream);
    })
}

fn answer(layout: &Layout, request: &Request, stream: &mut TcpStream) {
    if request.path == "/v2/" {
        return respond(stream, "200 OK", &[], b"{}");
    }
    if request.path.ends_with("/manifests/1") {
        let raw = layout.files.get("index.json").cloned().unwrap_or_default();
        let index: Value = serde_json::from_slice(&raw).unwrap_or_default();
        let entries = index["manifests"].as_array().cloned().unwrap_or_default();
        let [entry] = entries.as_slice() else {
            return respond(stream, "200 OK", &[("Content-Type", INDEX)], &raw);
        };
        let digest = entry["digest"].as_str().unwrap_or_default();
        let kind = entry["mediaType"].as_str().unwrap_or("application/json");
        return match blob(layout, digest) {
            Some(bytes) => {
                respond(
                    stream,
                    "200 OK",
                    &[("Content-Type", kind), ("Docker-Content-Digest", digest)],
                    bytes,
                );
            }
            None => respond(stream, "404 Not Found", &[], b"{}"),
        };
    }
    let digest = request.path.rsplit('/').next().unwrap_or_default();
    match blob(layout, digest) {
        Some(bytes) => respond(stream, "200 OK", &[], bytes),
        None => respond(stream, "404 Not Found", &[], b"{}"),
    }
}

fn blob<'a>(layout: &'a Layout, digest: &str) -> Option<&'a Vec<u8>> {
    layout.files.get(&format!("blobs/sha256/{}", digest.strip_prefix("sha256:")?))
}
