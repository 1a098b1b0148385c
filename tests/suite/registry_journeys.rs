//! pull → run → commit → push, against each kind of registry, straight and over a line on which 3 of 10 requests fail:
//! digests stay where nothing changed, and failures change nothing but the time.

use std::fs;
use std::process::Command;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::support::count;
use crate::support::http::FaultProxy;
use crate::support::registry::{Access, Registry, find, noise, output, plywood};
use crate::support::tokens::Tokens;

/// Everything that the journeys of one registry need.
struct Station {
    folder: tempfile::TempDir,
    registry: Registry,
    secret: bool,
    tls: bool,
}

impl Station {
    /// `None` after saying what is missing.
    fn new(access: &Access<'_>) -> Option<Self> {
        let busybox = find("busybox")?;
        let registry = Registry::start(access)?;
        let folder = tempfile::Builder::new().prefix("plywood-test-").tempdir().unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join("bin")).unwrap();
        fs::copy(busybox, tree.join("bin/busybox")).unwrap();
        std::os::unix::fs::symlink("busybox", tree.join("bin/sh")).unwrap();
        fs::write(tree.join("noise"), noise(3, 2_000_000)).unwrap();
        let station = Self {
            folder,
            registry,
            secret: matches!(access, Access::Password | Access::Token { .. }),
            tls: matches!(access, Access::Tls),
        };
        station.settings(&[station.registry.port]);
        Some(station)
    }

    /// Whom to trust at these ports, and much patience.
    fn settings(&self, ports: &[u16]) {
        let mut text = "attempts = 14\n".to_owned();
        for port in ports.iter().filter(|_| self.tls) {
            let ca = self.registry.folder.path().join("ca.pem");
            text += &format!("[[registry]]\nlocation = \"127.0.0.1:{port}\"\nca = \"{}\"\n", ca.display());
        }
        fs::write(self.folder.path().join("registries.toml"), text).unwrap();
    }

    /// Goes all the way in two stores, with the registry at `host`; every digest on the way.
    fn journey(&self, host: &str) -> Value {
        let place = self.folder.path();
        let store = || plywood(place).with_env("SOURCE_DATE_EPOCH", "1735689600");
        let (own, other, third) = (store(), store(), store());
        let login = if self.secret { format!("login(`{host}`, `me`, `s3cret`);") } else { String::new() };
        let pushed = own.json(&format!(
            "{login} push(rootfs(`{}`, `base:1`), `{host}/t/base:v1`)",
            place.join("tree").display()
        ));
        let done = other.json(&format!(
            r#"let i = pull(`{host}/t/base:v1`); let c = run(i, "echo new >/etc-new; cat /etc-new", #{{ network: "none" }});
               let n = commit(c, "training:v2");
               #{{ base: i.digest, layers: n.diff_ids, out: c.stdout, again: push(i, `{host}/t/copy:v1`),
                  next: push(n, `{host}/t/next:v2`), id: n.id }}"#
        ));
        assert_eq!(done["base"], pushed);
        assert_eq!(done["again"], pushed, "nothing changed, so the digest stays");
        assert_eq!(done["out"], "new\n");
        let pulled = third.json(&format!(
            r#"let i = pull(`{host}/t/next:v2`); [i.digest, i.id, i.diff_ids, i.read("/etc-new")]"#
        ));
        assert_eq!(pulled, json!([done["next"], done["id"], done["layers"], "new\n"]));
        let copy = tempfile::tempdir_in(place).unwrap();
        let copy = copy.path().join("layout");
        third
            .eval(&format!("save(image(`docker://{host}/t/next:v2`), `oci:{}`)", copy.display()))
            .assert_ok();
        let index: Value = serde_json::from_slice(&fs::read(copy.join("index.json")).unwrap()).unwrap();
        assert_eq!(index["manifests"][0]["digest"], done["next"]);
        let mut tags = third.json(&format!("tags(`{host}/t/base`)"));
        tags.as_array_mut().unwrap().sort_by_key(ToString::to_string);
        assert_eq!(tags, json!(["v1"]));
        [own, other, third].iter().for_each(|store| store.assert_clean());
        done
    }

    /// Copies with skopeo to a directory and back to another name, which changes nothing, and pulls that.
    fn skopeo_changes_nothing(&self, done: &Value) {
        let Some(skopeo) = find("skopeo") else { return };
        let copied = self.folder.path().join("copied");
        let certificates = self.folder.path().join("certificates");
        fs::create_dir_all(&certificates).unwrap();
        if self.tls {
            fs::copy(self.registry.folder.path().join("ca.pem"), certificates.join("ca.crt")).unwrap();
        }
        let options = |end: &str| {
            let mut options = vec![match self.tls {
                true => format!("--{end}-cert-dir={}", certificates.display()),
                false => format!("--{end}-tls-verify=false"),
            }];
            options.extend(self.secret.then(|| format!("--{end}-creds=me:s3cret")));
            options
        };
        let copy = |end: &str, from: &str, to: &str| {
            let mut command = Command::new(&skopeo);
            output(
                command
                    .args(["copy", "-q", "--insecure-policy", "--preserve-digests"])
                    .args(options(end))
                    .args([from, to]),
            );
        };
        let directory = format!("dir:{}", copied.display());
        copy("src", &format!("docker://{}", self.registry.name("t/next:v2")), &directory);
        let manifest = fs::read(copied.join("manifest.json")).unwrap();
        assert_eq!(done["next"], plywood::oci::Digest::of(&manifest).to_string());
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        let base: Value = {
            copy(
                "src",
                &format!("docker://{}", self.registry.name("t/base:v1")),
                &format!("{directory}-base"),
            );
            serde_json::from_slice(&fs::read(self.folder.path().join("copied-base/manifest.json")).unwrap())
                .unwrap()
        };
        assert_eq!(manifest["layers"].as_array().unwrap().len(), 2);
        assert_eq!(manifest["layers"][0], base["layers"][0], "the layer below is the same blob");
        // What skopeo pushes is what we pull, to the byte.
        let back = self.registry.name("t/back:v2");
        copy("dest", &directory, &format!("docker://{back}"));
        let pulled = plywood(self.folder.path()).json(&format!("pull(`{back}`).digest"));
        assert_eq!(pulled, done["next"]);
    }

    /// Straight, then over lines that fail in different ways.
    fn travel(&self, lines: usize) {
        let straight = self.journey(&format!("127.0.0.1:{}", self.registry.port));
        self.skopeo_changes_nothing(&straight);
        let (mut passed, mut failed) = (0, 0);
        for seed in 1..=lines as u64 {
            let proxy = FaultProxy::start(self.registry.port, seed.wrapping_mul(0x1234_5678_9abc_def1));
            self.settings(&[self.registry.port, proxy.port]);
            assert_eq!(self.journey(&format!("127.0.0.1:{}", proxy.port)), straight, "line {seed}");
            passed += proxy.passed.load(Ordering::Relaxed);
            failed += proxy.failed.load(Ordering::Relaxed);
        }
        // 3 of 10, as chance has it.
        assert!(failed > 3 && failed * 10 > passed, "the line failed {failed} times of {}", passed + failed);
    }
}

#[test]
fn plain() {
    let Some(station) = Station::new(&Access::Plain) else { return };
    station.travel(count(3, 20));
}

#[test]
fn with_an_authority_of_its_own() {
    let Some(station) = Station::new(&Access::Tls) else { return };
    station.travel(count(2, 20));
}

#[test]
fn with_a_password() {
    let Some(station) = Station::new(&Access::Password) else { return };
    station.travel(count(1, 20));
}

#[test]
fn with_tokens_from_a_server_that_fails_as_well() {
    let Some(tokens) = Tokens::start(3) else { return };
    let Some(station) = Station::new(&tokens.access()) else { return };
    let straight = station.journey(&format!("127.0.0.1:{}", station.registry.port));
    let before = tokens.seen().len();
    assert!(before > 3, "{before} tokens");
    for seed in 1..=count(1, 20) as u64 {
        let proxy = FaultProxy::start(station.registry.port, seed.wrapping_mul(0x1234_5678_9abc_def1));
        assert_eq!(station.journey(&format!("127.0.0.1:{}", proxy.port)), straight, "line {seed}");
        assert!(proxy.failed.load(Ordering::Relaxed) > 0);
    }
}

#[test]
fn with_tokens() {
    let Some(tokens) = Tokens::start(0) else { return };
    let Some(station) = Station::new(&tokens.access()) else { return };
    let straight = station.journey(&format!("127.0.0.1:{}", station.registry.port));
    station.skopeo_changes_nothing(&straight);
    // Who writes has said who he is; and every right was asked for.
    let seen = tokens.seen();
    assert!(seen.iter().any(|request| request.header("authorization").is_some()));
    assert!(seen.iter().any(|request| request.path.contains("push")));
}
