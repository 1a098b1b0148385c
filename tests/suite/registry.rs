//! Pull and push against real registries: plain, with TLS, with a password, with tokens.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::support::registry::{Access, Registry, find, output, plywood, sample};
use crate::support::tokens::Tokens;

fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("plywood-test-").tempdir().unwrap()
}

fn skopeo(arguments: &[&str]) -> Option<String> {
    Some(output(Command::new(find("skopeo")?).args(arguments)))
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

#[test]
fn tokens() {
    let Some(tokens) = Tokens::start(0) else { return };
    let Some(registry) = Registry::start(&tokens.access()) else { return };
    let folder = folder();
    let own = plywood(folder.path());
    let (name, host) = (registry.name("a/one:v1"), format!("127.0.0.1:{}", registry.port));
    let make = sample(folder.path());
    assert_eq!(own.error(&format!("push({make}, \"{name}\")"))["kind"], "denied");
    own.eval(&format!("login(\"{host}\", \"me\", \"s3cret\"); push({make}, \"{name}\")")).assert_ok();
    own.eval(&format!("logout(\"{host}\")")).assert_ok();
    // Without a name, and mounted with two rights in one token where there is one.
    let other = plywood(folder.path());
    other.eval(&format!("pull(\"{name}\")")).assert_ok();
    assert!(tokens.seen().last().unwrap().header("authorization").is_none());
    let script = format!(
        "login(\"{host}\", \"me\", \"s3cret\"); push(image(\"{name}\"), \"{}\")",
        registry.name("b/two:v1")
    );
    let mounted = other.eval(&script);
    assert!(mounted.assert_ok().stderr.contains(": mounted"), "{}", mounted.stderr);
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
