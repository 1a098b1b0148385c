//! A web server that says what a test wants it to, and a proxy that loses requests.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request's head.
#[derive(Debug, Clone)]
pub struct Request {
    pub path: String,
    pub head: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Listens until the test process ends.
pub struct Server {
    pub port: u16,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// `answer` writes the whole answer, head and body; the connection is then closed.
    pub fn start(answer: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let log = Arc::clone(&seen);
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                std::thread::spawn(move || {
                    let mut stream = stream;
                    if let Some((request, _)) = read_head(&mut stream) {
                        log.lock().unwrap().push(request.clone());
                        answer(&request, &mut stream);
                        let _ = stream.shutdown(Shutdown::Both);
                    }
                });
            }
        });
        Self { port, seen }
    }

    /// What was asked so far.
    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

/// A head and what came after it.
fn read_head(stream: &mut TcpStream) -> Option<(Request, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
            let path = head.lines().next()?.split(' ').nth(1)?.to_owned();
            return Some((Request { path, head }, bytes[end + 4..].to_vec()));
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
        // A TLS greeting is no head.
        if bytes[0] == TLS {
            return None;
        }
    }
}

/// A whole answer with a length.
pub fn respond(stream: &mut TcpStream, status: &str, headers: &[(&str, &str)], body: &[u8]) {
    let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

/// A head that is followed by chunks.
pub fn begin_chunks(stream: &mut TcpStream) {
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
}

/// One chunk; false when nobody listens any more.
pub fn chunk(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    let head = format!("{:x}\r\n", bytes.len());
    stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(bytes))
        .and_then(|()| stream.write_all(b"\r\n"))
        .is_ok()
}

/// How a greeting of TLS begins.
const TLS: u8 = 0x16;

/// Passes requests on to `port`, and lets 3 of 10 fail in one of several ways; of TLS, 3 of 10 connections.
pub struct FaultProxy {
    pub port: u16,
    pub passed: Arc<AtomicU64>,
    pub failed: Arc<AtomicU64>,
}

impl FaultProxy {
    pub fn start(upstream: u16, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (passed, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (good, bad) = (Arc::clone(&passed), Arc::clone(&failed));
        let state = Arc::new(AtomicU64::new(seed | 1));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (good, bad, state) = (Arc::clone(&good), Arc::clone(&bad), Arc::clone(&state));
                std::thread::spawn(move || {
                    // xorshift: the same seed gives the same failures.
                    let random = state
                        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |mut x| {
                            x ^= x << 13;
                            x ^= x >> 7;
                            x ^= x << 17;
                            Some(x)
                        })
                        .unwrap();
                    serve(stream, upstream, random, &good, &bad);
                });
            }
        });
        Self { port, passed, failed }
    }
}

fn serve(mut client: TcpStream, upstream: u16, random: u64, good: &AtomicU64, bad: &AtomicU64) {
    let fault = (random % 10 < 3).then_some(random / 10 % 4);
    let counter = if fault.is_some() { bad } else { good };
    let mut first = [0];
    if matches!(client.peek(&mut first), Ok(1)) && first[0] == TLS {
        counter.fetch_add(1, Ordering::Relaxed);
        // What goes by cannot be seen; some of it goes by.
        return tunnel(client, upstream, &[], fault.map(|_| random / 100 % 1_000_000));
    }
    let Some((request, rest)) = read_head(&mut client) else { return };
    counter.fetch_add(1, Ordering::Relaxed);
    match fault {
        // As if the machine had gone.
        Some(0) => return drop(client.shutdown(Shutdown::Both)),
        Some(1) => return respond(&mut client, "503 Service Unavailable", &[], b"{}"),
        Some(2) => return respond(&mut client, "429 Too Many Requests", &[("Retry-After", "0")], b"{}"),
        _ => {}
    }
    let mut head: String = request
        .head
        .lines()
        .filter(|line| !line.to_ascii_lowercase().starts_with("connection:"))
        .map(|line| format!("{line}\r\n"))
        .collect();
    head.push_str("Connection: close\r\n\r\n");
    let start = [head.as_bytes(), &rest].concat();
    // The fourth kind breaks off in the middle of the answer.
    tunnel(client, upstream, &start, fault.map(|_| 150 + random / 100 % 2_000_000));
}

/// Passes on what comes, `start` first; of what comes back no more than `limit` bytes.
fn tunnel(mut client: TcpStream, upstream: u16, start: &[u8], limit: Option<u64>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", upstream)) else { return };
    if server.write_all(start).is_err() {
        return;
    }
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let _ = std::io::copy(&mut server.take(limit.unwrap_or(u64::MAX)), &mut client);
    let _ = client.shutdown(Shutdown::Both);
    std::thread::sleep(Duration::from_millis(1));
}
