//! Registries that lie, drip, lead in circles and never end.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use plywood::oci::Digest;
use serde_json::json;

use super::case::{Case, Threat};
use crate::support::http::{Request, Server, begin_chunks, chunk, respond};
use crate::support::liar::{INDEX, MANIFEST, Parts, lying, with_manifest};

type Lie = fn(&Parts, &Request, &mut TcpStream);

/// A registry that tells `lie` where the layer is asked for.
fn layer(name: &'static str, lie: Lie) -> Case {
    when(name, |parts, request| parts.is_layer(request), lie)
}

fn manifest(name: &'static str, lie: Lie) -> Case {
    when(name, |_, request| request.path.contains("/manifests/"), lie)
}

fn when(name: &'static str, applies: fn(&Parts, &Request) -> bool, lie: Lie) -> Case {
    Case::server(Threat::Registry, name, move |_| {
        lying(move |parts, request, stream| {
            let lies = applies(parts, request);
            if lies {
                lie(parts, request, stream);
            }
            lies
        })
    })
}

fn server(name: &'static str, make: impl Fn() -> Server + Send + Sync + 'static) -> Case {
    Case::server(Threat::Registry, name, move |_| make())
}

fn raw(stream: &mut TcpStream, text: &[u8]) {
    let _ = stream.write_all(text);
}

/// A byte now and then, for ten seconds.
fn drip(stream: &mut TcpStream, byte: &[u8]) {
    for _ in 0..100 {
        if stream.write_all(byte).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

pub fn cases() -> Vec<Case> {
    lengths().into_iter().chain(ends()).chain(ways()).chain(contents()).collect()
}

fn lengths() -> Vec<Case> {
    const NOT: &str = "bytes, not";
    vec![
        layer("a layer shorter than it should be", |parts, _, stream| {
            respond(stream, "200 OK", &[], &parts.layer[..1000]);
        })
        .refused("corrupt", "has 1000 bytes"),
        layer("a layer longer than it should be", |parts, _, stream| {
            respond(stream, "200 OK", &[], &[parts.layer.as_slice(), b"more"].concat());
        })
        .refused("corrupt", NOT),
        layer("a layer without a length that goes on", |parts, _, stream| {
            raw(stream, b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
            raw(stream, &parts.layer);
            raw(stream, b"more");
        })
        .refused("corrupt", NOT),
        layer("a layer of two lengths", |parts, _, stream| {
            raw(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 600000\r\n\r\n");
            raw(stream, &parts.layer);
        })
        .refused("network", "content-length"),
        layer("a layer of a negative length", |parts, _, stream| {
            raw(stream, b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n");
            raw(stream, &parts.layer);
        })
        .refused("network", "layer"),
        layer("a chunk of exabytes", |parts, _, stream| {
            raw(stream, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff0\r\n");
            raw(stream, &parts.layer[..1000]);
        })
        .refused("network", "layer"),
        server("a layer of petabytes", || with_manifest(|it| it["layers"][0]["size"] = json!(1_u64 << 50)))
            .refused("denied", "blob_bytes"),
        server("a configuration of petabytes", || {
            with_manifest(|it| it["config"]["size"] = json!(1_u64 << 50))
        })
        .refused("denied", "document_bytes"),
        layer("no content", |_, _, stream| respond(stream, "204 No Content", &[], b""))
            .refused("network", "ended after 0"),
    ]
}

fn ends() -> Vec<Case> {
    vec![
        layer("a layer that never ends", |parts, _, stream| {
            begin_chunks(stream);
            chunk(stream, &parts.layer);
            while chunk(stream, &[0; 60_000]) {}
        })
        .refused("corrupt", "bytes, not"),
        manifest("a manifest that never ends", |_, _, stream| {
            begin_chunks(stream);
            while chunk(stream, &[b' '; 60_000]) {}
        })
        .refused("denied", "`document_bytes`"),
        when(
            "a configuration that never ends",
            |parts, request| request.path.ends_with(&Digest::of(&parts.config).to_string()),
            |_, _, stream| {
                begin_chunks(stream);
                while chunk(stream, &[b' '; 60_000]) {}
            },
        )
        .refused("corrupt", "bytes, not"),
        manifest("headers that never end", |_, _, stream| {
            raw(stream, b"HTTP/1.1 200 OK\r\n");
            while stream.write_all(&[b"X-More: ".as_slice(), &[b'x'; 4000], b"\r\n"].concat()).is_ok() {}
        })
        .refused("network", "manifest"),
        manifest("one header that never ends", |_, _, stream| {
            raw(stream, b"HTTP/1.1 200 OK\r\nX-More: ");
            while stream.write_all(&[b'x'; 4000]).is_ok() {}
        })
        .refused("network", "manifest"),
        manifest("a refusal that never ends", |_, _, stream| {
            raw(stream, b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n");
            while chunk(stream, &[b'"'; 60_000]) {}
        })
        .refused("network", "status 500"),
        server("a token that never ends", || {
            let port = std::sync::OnceLock::new();
            let port: &'static std::sync::OnceLock<u16> = Box::leak(Box::new(port));
            let server = Server::start(move |request, stream| {
                if request.path.starts_with("/token") {
                    begin_chunks(stream);
                    while chunk(stream, &[b' '; 60_000]) {}
                    return;
                }
                let realm = format!("Bearer realm=\"http://127.0.0.1:{}/token\"", port.wait());
                respond(stream, "401 Unauthorized", &[("WWW-Authenticate", &realm)], b"");
            });
            port.set(server.port).unwrap();
            server
        })
        .refused("denied", "token_bytes"),
        layer("a layer that drips", |_, _, stream| {
            raw(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 600000\r\n\r\n");
            drip(stream, b"x");
        })
        .refused("corrupt", "bytes, not"),
        manifest("a manifest that drips", |_, _, stream| {
            raw(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n");
            drip(stream, b" ");
        })
        .refused("network", "stalls"),
        manifest("a status that drips", |_, _, stream| {
            raw(stream, b"HTTP/1.1 200 ");
            drip(stream, b"O");
        })
        .refused("network", "stalls"),
        manifest("silence", |_, _, _| std::thread::sleep(Duration::from_secs(5)))
            .refused("network", "stalls"),
    ]
}

fn ways() -> Vec<Case> {
    vec![
        layer("a way in a circle", |_, request, stream| {
            respond(stream, "307 Temporary Redirect", &[("Location", &request.path)], b"");
        })
        .refused("corrupt", "around"),
        layer("a way without end", |_, request, stream| {
            let next = format!("/further{}", request.path);
            respond(stream, "307 Temporary Redirect", &[("Location", &next)], b"");
        })
        .refused("corrupt", "around"),
        layer("a way to a file", |_, _, stream| {
            respond(stream, "302 Found", &[("Location", "file:///etc/passwd")], b"");
        })
        .refused("corrupt", "where we do not go"),
        layer("a way to nowhere", |_, _, stream| respond(stream, "302 Found", &[], b""))
            .refused("corrupt", "where we do not go"),
        manifest("a way with a line of its own", |_, _, stream| {
            respond(stream, "302 Found", &[("Location", "http://127.0.0.1:1/\u{9b}31m\r\nX: y")], b"");
        })
        .refused("corrupt", "where we do not go"),
        server("passwords wanted for ever", || {
            Server::start(|_, stream| {
                respond(stream, "401 Unauthorized", &[("WWW-Authenticate", "Basic realm=\"x\"")], b"");
            })
        })
        .refused("denied", "access is denied"),
        manifest("a year's patience wanted", |_, _, stream| {
            respond(stream, "429 Too Many Requests", &[("Retry-After", "31536000")], b"");
        })
        .refused("network", "fewer requests"),
    ]
}

fn contents() -> Vec<Case> {
    vec![
        layer("another layer", |parts, _, stream| {
            let mut wrong = parts.layer.clone();
            let middle = wrong.len() / 2;
            wrong[middle] ^= 1;
            respond(stream, "200 OK", &[], &wrong);
        })
        .refused("corrupt", ""),
        layer("the same content under another digest", |parts, _, stream| {
            let mut wrong = parts.layer.clone();
            wrong[4] ^= 1;
            respond(stream, "200 OK", &[], &wrong);
        })
        .refused("corrupt", "digest"),
        layer("a layer that breaks off and goes on as another", |parts, request, stream| {
            static COUNT: AtomicUsize = AtomicUsize::new(0);
            let half = parts.layer.len() / 2;
            if request.header("range").is_none() || COUNT.fetch_add(1, Ordering::Relaxed) > 100 {
                raw(
                    stream,
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", parts.layer.len()).as_bytes(),
                );
                return raw(stream, &parts.layer[..half]);
            }
            // Whatever part is asked for: the right length, the wrong bytes.
            let from: usize = request.header("range").unwrap()[6..].trim_end_matches('-').parse().unwrap();
            let range = format!("bytes {from}-{}/{}", parts.layer.len() - 1, parts.layer.len());
            let wrong = vec![7; parts.layer.len() - from];
            respond(stream, "206 Partial Content", &[("Content-Range", &range)], &wrong);
        })
        .refused("corrupt", ""),
        layer("another part than was asked for", |parts, request, stream| {
            if request.header("range").is_none() {
                raw(
                    stream,
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", parts.layer.len()).as_bytes(),
                );
                return raw(stream, &parts.layer[..1000]);
            }
            respond(stream, "206 Partial Content", &[("Content-Range", "bytes 0-5/6")], b"evil!!");
        })
        .refused("corrupt", "another part"),
        manifest("a manifest under another digest", |parts, _, stream| {
            let digest = Digest::of(b"something else").to_string();
            let headers = [("Content-Type", MANIFEST), ("Docker-Content-Digest", &digest)];
            respond(stream, "200 OK", &headers, parts.manifest.to_string().as_bytes());
        })
        .refused("corrupt", "digest"),
        manifest("a manifest that comes as an index", |parts, _, stream| {
            respond(stream, "200 OK", &[("Content-Type", INDEX)], parts.manifest.to_string().as_bytes());
        })
        .refused("corrupt", "found as"),
        manifest("a page for people", |_, _, stream| {
            respond(stream, "200 OK", &[("Content-Type", "text/html")], b"<html>\x1b[31mlog in</html>");
        })
        .refused("corrupt", "manifest"),
        manifest("a refusal that steers the terminal", |_, _, stream| {
            let said = "{\"errors\":[{\"code\":\"X\",\"message\":\"\\u001b[31m\\u009bhelp\\n\\nerror\"}]}";
            respond(stream, "403 Forbidden", &[], said.as_bytes());
        })
        .refused("denied", "access is denied"),
        manifest("no HTTP at all", |_, _, stream| raw(stream, &[0xff; 4000])).refused("network", "manifest"),
        manifest("another protocol", |_, _, stream| raw(stream, b"SSH-2.0-OpenSSH_9.2\r\n"))
            .refused("network", "manifest"),
    ]
}
