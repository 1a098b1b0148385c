//! Registries that lie, stall and lead astray; connections that break; Ctrl-C in the middle.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use plywood::oci::Digest;
use serde_json::{Value, json};

use crate::support::http::{Server, begin_chunks, chunk, respond};
use crate::support::liar::{INDEX, MANIFEST, halting, lying, parts, with_manifest};
use crate::support::registry::plywood;

/// Pulls from `server`; the error, after looking that nothing was kept and that it did not take long.
#[track_caller]
fn refused(server: &Server, settings: &str) -> Value {
    let folder = tempfile::Builder::new().prefix("plywood-test-").tempdir().unwrap();
    std::fs::write(folder.path().join("registries.toml"), settings).unwrap();
    let store = plywood(folder.path());
    let start = Instant::now();
    let error = store.error(&format!("pull(\"127.0.0.1:{}/h/x:1\")", server.port));
    assert!(start.elapsed() < Duration::from_secs(20), "it took {:?}: {error}", start.elapsed());
    assert_eq!(store.json("images().len()"), 0);
    assert_eq!(names(&store.store().join("blobs/sha256")), Vec::<String>::new());
    store.assert_clean();
    error
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

const HASTY: &str = "timeout = 0.5\nattempts = 2\n";

#[track_caller]
fn check(error: &Value, kind: &str, part: &str) {
    assert_eq!(error["kind"], kind, "{error}");
    assert!(error["message"].as_str().unwrap().contains(part), "wanted `{part}`: {error}");
}

#[test]
fn wrong_lengths() {
    let short = lying(|parts, request, stream| {
        let lies = parts.is_layer(request);
        if lies {
            respond(stream, "200 OK", &[], &parts.layer[..1000]);
        }
        lies
    });
    check(&refused(&short, HASTY), "corrupt", "has 1000 bytes");
    let long = lying(|parts, request, stream| {
        let lies = parts.is_layer(request);
        if lies {
            let mut more = parts.layer.clone();
            more.push(0);
            respond(stream, "200 OK", &[], &more);
        }
        lies
    });
    check(&refused(&long, HASTY), "corrupt", "bytes, not");
    let config = with_manifest(|manifest| manifest["config"]["size"] = json!(10));
    check(&refused(&config, HASTY), "corrupt", "bytes, not 10");
    let huge = with_manifest(|manifest| manifest["layers"][0]["size"] = json!(1_u64 << 50));
    check(&refused(&huge, HASTY), "denied", "blob_bytes");
}

#[test]
fn endless_bodies() {
    for which in ["/manifests/", "/blobs/"] {
        let server = lying(move |_, request, stream| {
            let lies = request.path.contains(which);
            if lies {
                begin_chunks(stream);
                while chunk(stream, &[b' '; 60_000]) {}
            }
            lies
        });
        let error = refused(&server, HASTY);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("exceeds the limit") || message.contains("bytes, not"), "{error}");
    }
    let layer = lying(|parts, request, stream| {
        let lies = parts.is_layer(request);
        if lies {
            begin_chunks(stream);
            chunk(stream, &parts.layer);
            while chunk(stream, &[0; 60_000]) {}
        }
        lies
    });
    check(&refused(&layer, HASTY), "corrupt", "bytes, not");
    let token = Server::start(|_, stream| {
        respond(
            stream,
            "401 Unauthorized",
            &[("WWW-Authenticate", "Bearer realm=\"http://127.0.0.1:1/t\"")],
            b"",
        );
    });
    check(&refused(&token, HASTY), "network", "cannot be reached");
}

#[test]
fn redirects() {
    let circle = lying(|parts, request, stream| {
        let lies = parts.is_layer(request);
        if lies {
            respond(stream, "307 Temporary Redirect", &[("Location", &request.path)], b"");
        }
        lies
    });
    check(&refused(&circle, HASTY), "corrupt", "around");
    for target in ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://me:pw@127.0.0.1/x", ""] {
        let server = lying(move |parts, request, stream| {
            let lies = parts.is_layer(request);
            if lies {
                respond(stream, "302 Found", &[("Location", target)], b"");
            }
            lies
        });
        check(&refused(&server, HASTY), "corrupt", "where we do not go");
    }
}

#[test]
fn passwords_do_not_follow_redirects() {
    let honest = parts();
    let elsewhere = Server::start(move |request, stream| honest.answer(request, stream));
    let port = elsewhere.port;
    let first = lying(move |parts, request, stream| {
        if request.header("authorization").is_none() {
            respond(stream, "401 Unauthorized", &[("WWW-Authenticate", "Basic realm=\"x\"")], b"");
            return true;
        }
        let lies = parts.is_layer(request);
        if lies {
            // By another name, so that it is another host too.
            let target = format!("http://localhost:{port}{}", request.path);
            respond(stream, "307 Temporary Redirect", &[("Location", &target)], b"");
        }
        lies
    });
    let folder = tempfile::Builder::new().prefix("plywood-test-").tempdir().unwrap();
    let auths = json!({ "auths": { format!("127.0.0.1:{}", first.port): { "auth": "bWU6cHc=" } } });
    std::fs::create_dir(folder.path().join("docker")).unwrap();
    std::fs::write(folder.path().join("docker/config.json"), auths.to_string()).unwrap();
    let store = plywood(folder.path());
    store.eval(&format!("pull(\"127.0.0.1:{}/h/x:1\")", first.port)).assert_ok();
    assert_eq!(elsewhere.seen().len(), 1);
    assert_eq!(elsewhere.seen()[0].header("authorization"), None);
}

#[test]
fn slow_drips_and_silence() {
    for drip in [true, false] {
        for which in ["/v2/h/x/manifests/", "/v2/h/x/blobs/"] {
            let server = lying(move |_, request, stream| {
                let lies = request.path.starts_with(which);
                if lies {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
                    for _ in 0..100 {
                        if drip && stream.write_all(b"x").is_err() {
                            break;
                        }
                        std::thread::sleep(Duration::from_millis(100));
                    }
                }
                lies
            });
            let error = refused(&server, HASTY);
            let message = error["message"].as_str().unwrap();
            assert!(message.contains("stalls") || message.contains("bytes, not"), "{error}");
        }
    }
}

#[test]
fn wrong_digests() {
    let layer = lying(|parts, request, stream| {
        let lies = parts.is_layer(request);
        if lies {
            let mut wrong = parts.layer.clone();
            // In the head that gzip does not check: the content stays right.
            wrong[4] ^= 1;
            respond(stream, "200 OK", &[], &wrong);
        }
        lies
    });
    check(&refused(&layer, HASTY), "corrupt", "digest");
    let content = lying(|parts, request, stream| {
        let lies = parts.is_layer(request);
        if lies {
            let mut wrong = parts.layer.clone();
            let middle = wrong.len() / 2;
            wrong[middle] ^= 1;
            respond(stream, "200 OK", &[], &wrong);
        }
        lies
    });
    assert_eq!(refused(&content, HASTY)["kind"], "corrupt");
    let header = lying(|parts, request, stream| {
        let lies = request.path.contains("/manifests/");
        if lies {
            let digest = Digest::of(b"something else").to_string();
            let headers = [("Content-Type", MANIFEST), ("Docker-Content-Digest", &digest)];
            respond(stream, "200 OK", &headers, parts.manifest.to_string().as_bytes());
        }
        lies
    });
    check(&refused(&header, HASTY), "corrupt", "digest");
    let config = with_manifest(|manifest| {
        manifest["layers"][0]["digest"] = manifest["config"]["digest"].clone();
        manifest["layers"][0]["size"] = manifest["config"]["size"].clone();
    });
    assert_eq!(refused(&config, HASTY)["kind"], "corrupt");
}

#[test]
fn documents_that_are_two_things() {
    let both = with_manifest(|manifest| manifest["manifests"] = json!([]));
    check(&refused(&both, HASTY), "corrupt", "at once");
    let other = lying(|parts, request, stream| {
        let lies = request.path.contains("/manifests/");
        if lies {
            respond(stream, "200 OK", &[("Content-Type", INDEX)], parts.manifest.to_string().as_bytes());
        }
        lies
    });
    check(&refused(&other, HASTY), "corrupt", "found as");
    let old = with_manifest(|manifest| *manifest = json!({ "schemaVersion": 1, "fsLayers": [] }));
    assert_eq!(refused(&old, HASTY)["kind"], "corrupt");
    let few = with_manifest(|manifest| manifest["layers"] = json!([]));
    check(&refused(&few, HASTY), "corrupt", "configuration names 1");
    let helm = with_manifest(|manifest| {
        manifest["config"]["mediaType"] = json!("application/vnd.cncf.helm.config.v1+json");
    });
    check(&refused(&helm, HASTY), "corrupt", "no container image");
}

#[test]
fn foreign_layers_are_never_fetched() {
    let trap = Server::start(|_, stream| respond(stream, "200 OK", &[], b"x"));
    let url = format!("http://127.0.0.1:{}/layer", trap.port);
    let server = with_manifest(|manifest| {
        manifest["layers"][0]["mediaType"] =
            json!("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
        manifest["layers"][0]["urls"] = json!([url]);
    });
    check(&refused(&server, HASTY), "corrupt", "never fetched");
    assert!(trap.seen().is_empty());
}

#[test]
fn what_is_no_registry() {
    let noise = Server::start(|_, stream| drop(stream.write_all(&[0xff; 4000])));
    assert_eq!(refused(&noise, HASTY)["kind"], "network");
    let heads = Server::start(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"X-More: and more and more and more and more and more\r\n").is_ok() {}
    });
    assert_eq!(refused(&heads, HASTY)["kind"], "network");
    let broken = lying(|_, request, stream| {
        let lies = request.path.contains("/manifests/");
        if lies {
            let said = b"{\"errors\":[{\"code\":\"UNKNOWN\",\"message\":\"\x1b[31mhelp\"}]}";
            respond(stream, "500 Internal Server Error", &[], said);
        }
        lies
    });
    let error = refused(&broken, HASTY);
    check(&error, "network", "status 500");
    assert!(!error["message"].as_str().unwrap().contains('\x1b'));
}

#[test]
fn asked_to_wait_it_waits() {
    let count = Arc::new(AtomicUsize::new(0));
    let asked = Arc::clone(&count);
    let server = lying(move |_, request, stream| {
        let lies = request.path.contains("/manifests/") && asked.fetch_add(1, Ordering::Relaxed) == 0;
        if lies {
            respond(stream, "429 Too Many Requests", &[("Retry-After", "1")], b"");
        }
        lies
    });
    let folder = tempfile::Builder::new().prefix("plywood-test-").tempdir().unwrap();
    let start = Instant::now();
    plywood(folder.path()).eval(&format!("pull(\"127.0.0.1:{}/h/x:1\")", server.port)).assert_ok();
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[test]
fn what_broke_off_goes_on_next_time() {
    let (server, broken) = halting();
    let folder = tempfile::Builder::new().prefix("plywood-test-").tempdir().unwrap();
    std::fs::write(folder.path().join("registries.toml"), "attempts = 2\ntimeout = 2\n").unwrap();
    let store = plywood(folder.path());
    let script = format!("pull(\"127.0.0.1:{}/h/x:1\")", server.port);
    let _ = store.eval(&script);
    let partial = |names: Vec<String>| names.iter().filter(|name| name.starts_with("resume-")).count();
    assert_eq!(partial(names(&store.store().join("tmp"))), 1);
    broken.store(0, Ordering::Relaxed);
    store.eval(&script).assert_ok();
    let last = server.seen().last().unwrap().clone();
    assert!(last.header("range").is_some_and(|range| range != "bytes=0-"), "{last:?}");
    assert_eq!(partial(names(&store.store().join("tmp"))), 0);
    store.assert_clean();
    // And `prune` takes a beginning that nobody comes back for.
    broken.store(1, Ordering::Relaxed);
    let other = plywood(folder.path());
    let _ = other.eval(&script);
    assert_eq!(partial(names(&other.store().join("tmp"))), 1);
    other.eval("prune()").assert_ok();
    assert_eq!(names(&other.store().join("tmp")), Vec::<String>::new());
}

#[test]
fn ctrl_c_stops_at_once_and_the_next_try_resumes() {
    let (server, broken) = halting();
    broken.store(2, Ordering::Relaxed);
    let folder = tempfile::Builder::new().prefix("plywood-test-").tempdir().unwrap();
    let store = plywood(folder.path());
    let script = format!("pull(\"127.0.0.1:{}/h/x:1\")", server.port);
    let child =
        store.command().args(["-e", &script]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while !server.seen().iter().any(|request| request.path.contains("/blobs/") && server.seen().len() >= 3) {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(400));
    let start = Instant::now();
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    broken.store(0, Ordering::Relaxed);
    store.eval(&script).assert_ok();
    assert!(server.seen().last().unwrap().header("range").is_some());
    store.assert_clean();
}
