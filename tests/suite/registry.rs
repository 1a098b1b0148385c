//! Pull and push against real registries: plain, with TLS, with a password, with tokens, and over a line that fails.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::http::{FaultProxy, Server, respond};
use crate::support::registry::{Access, Registry, find, output, plywood, sample};

fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("plywood-test-").tempdir().unwrap()
}

fn skopeo(arguments: &[&str]) -> Option<String> {
    Some(output(Command::new(find("skopeo")?).args(arguments)))
}

/// The digest of the manifest of a `dir:`.
fn digest_of(place: &Path) -> String {
    plywood::oci::Digest::of(&fs::read(place.join("manifest.json")).unwrap()).to_string()
}

#[test]
fn pull_run_commit_push_and_copy_keep_digests() {
    let Some(registry) = Registry::start(&Access::Plain) else { return };
    let folder = folder();
    let base = registry.name("t/base:v1");
    let own = plywood(folder.path());
    let pushed = own.json(&format!("push(base(), \"{base}\")"));
    // Another store pulls, runs, commits and pushes.
    let other = plywood(folder.path());
    let next = registry.name("t/next:v2");
    let done = other.json(&format!(
        r#"let i = image("{base}"); let c = run(i, "echo new >/etc/new; cat /etc/new"); let n = commit(c, "training:v2");
           #{{ digest: i.digest, out: c.stdout, again: push(i, "{}"), next: push(n, "{next}"), bottom: layers(n)[0].digest }}"#,
        registry.name("t/copy:v1")
    ));
    assert_eq!(done["digest"], pushed);
    assert_eq!(done["again"], pushed, "nothing changed, so the digest stays");
    assert_eq!(done["out"], "new\n");
    let Some(raw) = skopeo(&["inspect", "--raw", "--tls-verify=false", &format!("docker://{next}")]) else {
        return;
    };
    let manifest: Value = serde_json::from_str(&raw).unwrap();
    assert_eq!(manifest["layers"][0]["digest"], done["bottom"]);
    assert_eq!(manifest["layers"].as_array().unwrap().len(), 2);
    let copied = folder.path().join("copied");
    skopeo(&[
        "copy",
        "-q",
        "--src-tls-verify=false",
        &format!("docker://{next}"),
        &format!("dir:{}", copied.display()),
    ]);
    assert_eq!(json!(digest_of(&copied)), done["next"]);
    // And back: what skopeo pushed is what we pull, to the byte.
    let back = registry.name("t/back:v2");
    skopeo(&[
        "copy",
        "-q",
        "--dest-tls-verify=false",
        &format!("dir:{}", copied.display()),
        &format!("docker://{back}"),
    ]);
    let third = plywood(folder.path());
    let pulled = third.json(&format!(r#"let i = pull("{back}"); [i.digest, run(i, "cat /etc/new").stdout]"#));
    assert_eq!(pulled, json!([done["next"], "new\n"]));
    let mut tags = third.json(&format!("tags(\"{}\")", registry.name("t/base")));
    tags.as_array_mut().unwrap().sort_by_key(ToString::to_string);
    assert_eq!(tags, json!(["v1"]));
    [own, other, third].iter().for_each(|store| store.assert_clean());
}

#[test]
fn layers_that_are_there_do_not_travel() {
    let Some(registry) = Registry::start(&Access::Plain) else { return };
    let folder = folder();
    let own = plywood(folder.path());
    let make = sample(folder.path());
    let first = own.eval(&format!("push({make}, \"{}\")", registry.name("a/one:v1")));
    assert!(first.assert_ok().stderr.contains(": pushed, "), "{}", first.stderr);
    let again = own.eval(&format!("push(image(\"sample:one\"), \"{}\")", registry.name("a/one:v2")));
    assert!(again.assert_ok().stderr.contains(": exists"), "{}", again.stderr);
    // What was pulled is known to be in its repository, and is mounted into another one.
    let other = plywood(folder.path());
    let script = format!("push(pull(\"{}\"), \"{}\");", registry.name("a/one:v1"), registry.name("b/two:v1"));
    let mounted = other.eval(&script);
    assert!(mounted.assert_ok().stderr.contains(": mounted"), "{}", mounted.stderr);
    let pulled = other.eval(&format!("pull(\"{}\");", registry.name("b/two:v1")));
    assert!(pulled.assert_ok().stderr.contains(": exists"), "{}", pulled.stderr);
    let quiet =
        own.args(["--quiet", "-e", &format!("push(image(\"sample:one\"), \"{}\")", registry.name("c/x"))]);
    assert_eq!(quiet.assert_ok().stderr, "");
}

#[test]
fn documents_are_read_without_layers() {
    let Some(registry) = Registry::start(&Access::Plain) else { return };
    let folder = folder();
    let own = plywood(folder.path());
    let name = registry.name("a/one:v1");
    own.eval(&format!("push({}, \"{name}\")", sample(folder.path()))).assert_ok();
    let other = plywood(folder.path());
    let seen = other.json(&format!(
        r#"let i = image("docker://{name}"); let d = inspect(i);
           [i.verified, d.layers.len(), d.manifest.schemaVersion, i.history().len(), images().len()]"#
    ));
    assert_eq!(seen, json!([false, 1, 2, 1, 0]));
    let taken = other
        .json(&format!(r#"let i = image("docker://{name}"); [i.read("/etc/name") != "", images().len()]"#));
    assert_eq!(taken, json!([true, 1]), "reading a file takes it in");
}

#[test]
fn an_authority_of_its_own() {
    let Some(registry) = Registry::start(&Access::Tls) else { return };
    let folder = folder();
    let own = plywood(folder.path());
    let host = registry.name("");
    let host = host.trim_end_matches('/');
    let settings = |ca: &Path| {
        let text = format!("attempts = 2\n[[registry]]\nlocation = \"{host}\"\nca = \"{}\"\n", ca.display());
        fs::write(folder.path().join("registries.toml"), text).unwrap();
    };
    settings(&registry.folder.path().join("ca.pem"));
    let name = registry.name("a/one:v1");
    own.eval(&format!("push({}, \"{name}\")", sample(folder.path()))).assert_ok();
    plywood(folder.path()).eval(&format!("pull(\"{name}\")")).assert_ok();
    // Another authority does not vouch for it, although it is on this machine.
    let stranger = tempfile::tempdir().unwrap();
    let Some(openssl) = find("openssl") else { return };
    let key = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -out ca.pem -days 2 -subj /CN=x";
    output(Command::new(openssl).current_dir(stranger.path()).args(key.split(' ')));
    settings(&stranger.path().join("ca.pem"));
    let error = plywood(folder.path()).error(&format!("pull(\"{name}\")"));
    assert_eq!(error["kind"], "network");
    assert!(error["message"].as_str().unwrap().contains("certificate"), "{error}");
    // As `certs.d` has it, and without any word for a loopback address.
    fs::write(folder.path().join("registries.toml"), "").unwrap();
    let place = folder.path().join("config/containers/certs.d").join(host);
    fs::create_dir_all(&place).unwrap();
    fs::copy(registry.folder.path().join("ca.pem"), place.join("ca.crt")).unwrap();
    plywood(folder.path()).eval(&format!("pull(\"{name}\")")).assert_ok();
}

#[test]
fn a_password() {
    let Some(registry) = Registry::start(&Access::Password) else { return };
    let folder = folder();
    let own = plywood(folder.path());
    let (name, host) = (registry.name("a/one:v1"), format!("127.0.0.1:{}", registry.port));
    let make = sample(folder.path());
    let error = own.error(&format!("push({make}, \"{name}\")"));
    assert_eq!(error["kind"], "denied");
    assert!(error["hint"].as_str().unwrap().contains("login("), "{error}");
    assert_eq!(own.error(&format!("login(\"{host}\", \"me\", \"wrong\")"))["kind"], "denied");
    assert!(!folder.path().join("docker/config.json").exists(), "a wrong password is not kept");
    own.eval(&format!("login(\"{host}\", \"me\", \"s3cret\")")).assert_ok();
    own.eval(&format!("push({make}, \"{name}\")")).assert_ok();
    plywood(folder.path()).eval(&format!("pull(\"{name}\")")).assert_ok();
    assert_eq!(own.json(&format!("[logout(\"{host}\"), logout(\"{host}\")]")), json!([true, false]));
    assert_eq!(plywood(folder.path()).error(&format!("pull(\"{name}\")"))["kind"], "denied");
    // As podman keeps it.
    let auths = json!({ "auths": { format!("{host}/a"): { "auth": BASE64_STANDARD.encode("me:s3cret") } } });
    fs::create_dir_all(folder.path().join("run/containers")).unwrap();
    fs::write(folder.path().join("run/containers/auth.json"), auths.to_string()).unwrap();
    plywood(folder.path()).eval(&format!("pull(\"{name}\")")).assert_ok();
}

/// A token for `access`, signed as distribution wants it.
fn token(place: &Path, access: &Value) -> String {
    let pem = fs::read_to_string(place.join("cert.pem")).unwrap();
    let der: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let head = json!({ "typ": "JWT", "alg": "RS256", "x5c": [der] });
    let body = json!({
        "iss": "plywood-issuer", "sub": "me", "aud": "plywood-test", "exp": now + 300, "nbf": now - 10, "iat": now,
        "jti": "1", "access": access,
    });
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(&head), encode(&body));
    fs::write(place.join("signed"), &signed).unwrap();
    output(Command::new("/usr/bin/openssl").current_dir(place).args([
        "dgst",
        "-sha256",
        "-sign",
        "key.pem",
        "-out",
        "signature",
        "signed",
    ]));
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(fs::read(place.join("signature")).unwrap()))
}

#[test]
fn tokens() {
    let Some(openssl) = find("openssl") else { return };
    let folder = folder();
    let place = folder.path().join("tokens");
    fs::create_dir(&place).unwrap();
    let words = "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=tokens";
    output(Command::new(openssl).current_dir(&place).args(words.split(' ')));
    let signing = place.clone();
    let server = Server::start(move |request, stream| {
        let query = request.path.split_once('?').map_or("", |(_, query)| query);
        let known = request.header("authorization")
            == Some(&format!("Basic {}", BASE64_STANDARD.encode("me:s3cret")));
        let scopes = query.split('&').filter_map(|pair| pair.strip_prefix("scope=")).map(|scope| {
            let scope = scope.replace("%3A", ":").replace("%2F", "/").replace("%2C", ",");
            let mut parts = scope.split(':').map(str::to_owned);
            let (kind, name) = (parts.next().unwrap(), parts.next().unwrap());
            // Anybody may read; who has a password may write.
            let actions = parts.next().unwrap();
            let actions: Vec<String> =
                actions.split(',').filter(|action| known || *action == "pull").map(str::to_owned).collect();
            json!({ "type": kind, "name": name, "actions": actions })
        });
        let access: Value = scopes.collect();
        let folder = tempfile::tempdir_in(&signing).unwrap();
        for name in ["cert.pem", "key.pem"] {
            fs::copy(signing.join(name), folder.path().join(name)).unwrap();
        }
        let body = json!({ "token": token(folder.path(), &access), "expires_in": 300 }).to_string();
        respond(stream, "200 OK", &[("Content-Type", "application/json")], body.as_bytes());
    });
    let realm = format!("http://127.0.0.1:{}/token", server.port);
    let certificate = place.join("cert.pem");
    let Some(registry) = Registry::start(&Access::Token { realm: &realm, certificate: &certificate }) else {
        return;
    };
    let own = plywood(folder.path());
    let (name, host) = (registry.name("a/one:v1"), format!("127.0.0.1:{}", registry.port));
    let make = sample(folder.path());
    assert_eq!(own.error(&format!("push({make}, \"{name}\")"))["kind"], "denied");
    own.eval(&format!("login(\"{host}\", \"me\", \"s3cret\"); push({make}, \"{name}\")")).assert_ok();
    own.eval(&format!("logout(\"{host}\")")).assert_ok();
    // Without a name, and mounted with two rights in one token where there is one.
    let other = plywood(folder.path());
    other.eval(&format!("pull(\"{name}\")")).assert_ok();
    assert!(server.seen().last().unwrap().header("authorization").is_none());
    let script = format!(
        "login(\"{host}\", \"me\", \"s3cret\"); push(image(\"{name}\"), \"{}\")",
        registry.name("b/two:v1")
    );
    let mounted = other.eval(&script);
    assert!(mounted.assert_ok().stderr.contains(": mounted"), "{}", mounted.stderr);
}

#[test]
fn three_of_ten_requests_fail_and_nothing_changes() {
    let Some(registry) = Registry::start(&Access::Plain) else { return };
    let folder = folder();
    fs::write(folder.path().join("registries.toml"), "attempts = 12\n").unwrap();
    let make = sample(folder.path());
    let own = plywood(folder.path());
    let straight =
        own.json(&format!("{make}; push(image(\"sample:one\"), \"{}\")", registry.name("s/one:v1")));
    let (mut passed, mut failed) = (0, 0);
    for seed in 1..=4_u64 {
        let proxy = FaultProxy::start(registry.port, seed.wrapping_mul(0x1234_5678_9abc_def1));
        let name = format!("127.0.0.1:{}/f/one:v{seed}", proxy.port);
        let pushed = own.json(&format!("push(image(\"sample:one\"), \"{name}\")"));
        assert_eq!(pushed, straight);
        let other = plywood(folder.path());
        let pulled = other.json(&format!("let i = pull(\"{name}\"); [i.digest, i.diff_ids[0]]"));
        assert_eq!(pulled[0], straight);
        assert_eq!(pulled[1], own.json("image(\"sample:one\").diff_ids[0]"));
        other.assert_clean();
        passed += proxy.passed.load(Ordering::Relaxed);
        failed += proxy.failed.load(Ordering::Relaxed);
    }
    assert!(failed * 10 > passed, "the line failed {failed} times of {}", passed + failed);
}

#[test]
fn mirrors_and_blocked_registries() {
    let Some(registry) = Registry::start(&Access::Plain) else { return };
    let folder = folder();
    let own = plywood(folder.path());
    own.eval(&format!("push({}, \"{}\")", sample(folder.path()), registry.name("hub/library/thing:1")))
        .assert_ok();
    let text = format!(
        "attempts = 1\n[[registry]]\nlocation = \"docker.io\"\n[[registry.mirror]]\nlocation = \"127.0.0.1:1\"\n\
         [[registry.mirror]]\nlocation = \"{}\"\n[[registry]]\nlocation = \"bad.example\"\nblocked = true\n",
        registry.name("hub")
    );
    fs::write(folder.path().join("registries.toml"), text).unwrap();
    let other = plywood(folder.path());
    assert_eq!(other.json("image(\"thing:1\").references"), json!(["thing:1"]));
    assert!(other.error("pull(\"bad.example/x\")")["message"].as_str().unwrap().contains("blocked"));
    fs::write(folder.path().join("registries.toml"), "tiemout = 1").unwrap();
    let error = other.error("pull(\"thing:1\")");
    assert_eq!(error["kind"], "invalid");
    assert!(error["message"].as_str().unwrap().contains("registries.toml"), "{error}");
}

#[test]
fn what_cannot_be_reached_is_said() {
    let folder = folder();
    let own = plywood(folder.path());
    for script in
        ["pull(\"127.0.0.1:1/x\")", "tags(\"127.0.0.1:1/x\")", "login(\"127.0.0.1:1\", \"a\", \"b\")"]
    {
        assert_eq!(own.error(script)["kind"], "network", "{script}");
    }
    let error = own.error("image(\"127.0.0.1:1/x\")");
    assert_eq!(error["kind"], "not_found");
    assert!(error["message"].as_str().unwrap().contains("cannot be reached"), "{error}");
    assert_eq!(own.error("image(\"0123456789abcdef\")")["kind"], "not_found");
}

#[test]
fn many_platforms() {
    let (Some(registry), Some(_)) = (Registry::start(&Access::Plain), find("skopeo")) else { return };
    let folder = folder();
    let own = plywood(folder.path());
    let make = sample(folder.path());
    let digest =
        own.json(&format!("{make}; push(image(\"sample:one\"), \"{}\")", registry.name("m/one:amd")));
    // A second image for a machine that nobody has here, and an index of both by hand.
    let layout = folder.path().join("layout");
    own.eval(&format!("save(image(\"sample:one\"), `dir:{}`)", layout.display())).assert_ok();
    let manifest: Value = serde_json::from_slice(&fs::read(layout.join("manifest.json")).unwrap()).unwrap();
    let hex = |value: &Value| value["digest"].as_str().unwrap().trim_start_matches("sha256:").to_owned();
    let config = fs::read(layout.join(hex(&manifest["config"]))).unwrap();
    let mut config: Value = serde_json::from_slice(&config).unwrap();
    let own_architecture = config["architecture"].as_str().unwrap().to_owned();
    config["architecture"] = json!("riscv64");
    let raw = config.to_string();
    let new = plywood::oci::Digest::of(raw.as_bytes());
    fs::write(layout.join(new.hex()), &raw).unwrap();
    let mut foreign = manifest.clone();
    foreign["config"]["digest"] = json!(new.to_string());
    foreign["config"]["size"] = json!(raw.len());
    let foreign = foreign.to_string();
    fs::write(layout.join("manifest.json"), &foreign).unwrap();
    let target = format!("docker://{}", registry.name("m/one:riscv"));
    skopeo(&["copy", "-q", "--dest-tls-verify=false", &format!("dir:{}", layout.display()), &target]);
    let size = foreign.len();
    let own_size = {
        let raw = skopeo(&[
            "inspect",
            "--raw",
            "--tls-verify=false",
            &format!("docker://{}", registry.name("m/one:amd")),
        ]);
        raw.unwrap().len()
    };
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let index = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [
            { "mediaType": kind, "digest": plywood::oci::Digest::of(foreign.as_bytes()).to_string(), "size": size,
              "platform": { "os": "linux", "architecture": "riscv64" } },
            { "mediaType": kind, "digest": digest, "size": own_size,
              "platform": { "os": "linux", "architecture": own_architecture } },
            { "mediaType": kind, "digest": digest, "size": own_size,
              "annotations": { "vnd.docker.reference.type": "attestation-manifest" },
              "platform": { "os": "unknown", "architecture": "unknown" } },
        ],
    })
    .to_string();
    put(
        registry.port,
        "/v2/m/one/manifests/all",
        "application/vnd.oci.image.index.v1+json",
        index.as_bytes(),
    );
    let name = registry.name("m/one:all");
    let other = plywood(folder.path());
    assert_eq!(other.json(&format!("pull(\"{name}\").digest")), digest);
    let pulled = other.json(&format!("pull(\"{name}\", #{{ platform: \"linux/riscv64\" }}).architecture"));
    assert_eq!(pulled, "riscv64");
    let error = other.error(&format!("pull(\"{name}\", #{{ platform: \"linux/s390x\" }})"));
    assert_eq!(error["kind"], "not_found");
    assert!(error["message"].as_str().unwrap().contains("linux/riscv64"), "{error}");
    let by_digest = registry.name(&format!("m/one@{}", digest.as_str().unwrap()));
    assert_eq!(other.json(&format!("pull(\"{by_digest}\").digest")), digest);
}

fn put(port: u16, path: &str, kind: &str, body: &[u8]) {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}
