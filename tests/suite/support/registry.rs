//! A real `docker-registry` on a loopback port.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Plywood, skip};

/// How a registry wants to be spoken to.
pub enum Access<'a> {
    Plain,
    /// With a certificate of an authority of its own.
    Tls,
    /// Name `me`, password `s3cret`.
    Password,
    /// Tokens of the server at this address, signed with this certificate's key.
    Token {
        realm: &'a str,
        certificate: &'a Path,
    },
}

/// Ends with the value.
pub struct Registry {
    pub port: u16,
    pub folder: tempfile::TempDir,
    child: Child,
}

/// Of `s3cret`.
const HASH: &str = "me:$2b$05$VSTrfemdAO6Dr5835zPAy.sCEKEDrMzr./Za8I7hZKcSlowbXZ9.W";

/// A program that this machine has, or a skip.
pub fn find(program: &str) -> Option<PathBuf> {
    let found = ["/usr/bin", "/usr/sbin", "/bin"].iter().map(|place| Path::new(place).join(program));
    let found = found.into_iter().find(|path| path.exists());
    if found.is_none() {
        skip(&format!("`{program}` is not installed"));
    }
    found
}

/// Runs a command that must succeed; gives its output.
#[track_caller]
pub fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

impl Registry {
    /// A registry, or `None` after saying why there is none.
    pub fn start(access: &Access<'_>) -> Option<Self> {
        let program = find("docker-registry")?;
        let folder = tempfile::Builder::new().prefix("plywood-registry-").tempdir().unwrap();
        let place = folder.path();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut http = format!("http:\n  addr: 127.0.0.1:{port}\n");
        let mut auth = String::new();
        match access {
            Access::Plain => {}
            Access::Tls => {
                certificate(place)?;
                http += &format!(
                    "  tls:\n    certificate: {0}/cert.pem\n    key: {0}/key.pem\n",
                    place.display()
                );
            }
            Access::Password => {
                std::fs::write(place.join("htpasswd"), format!("{HASH}\n")).unwrap();
                auth = format!("auth:\n  htpasswd:\n    realm: r\n    path: {}/htpasswd\n", place.display());
            }
            Access::Token { realm, certificate } => {
                auth = format!(
                    "auth:\n  token:\n    realm: {realm}\n    service: plywood-test\n    issuer: plywood-issuer\n    rootcertbundle: {}\n",
                    certificate.display()
                );
            }
        }
        let settings = format!(
            "version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\nstorage:\n  filesystem:\n    rootdirectory: {}/data\n{http}{auth}",
            place.display()
        );
        std::fs::write(place.join("config.yml"), settings).unwrap();
        let log = std::fs::File::create(place.join("log")).unwrap();
        let child = Command::new(program)
            .arg("serve")
            .arg(place.join("config.yml"))
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let registry = Self { port, folder, child };
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "the registry does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(registry)
    }

    /// `127.0.0.1:PORT/NAME`.
    pub fn name(&self, name: &str) -> String {
        format!("127.0.0.1:{}/{name}", self.port)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An authority `ca.pem`, and a certificate of it for 127.0.0.1.
fn certificate(place: &Path) -> Option<()> {
    let openssl = find("openssl")?;
    let run = |words: &str| {
        let mut command = Command::new(&openssl);
        output(command.current_dir(place).args(words.split(' ')));
    };
    std::fs::write(place.join("names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n").unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    run(&format!("req -x509 {key} -keyout ca-key.pem -out ca.pem -days 2 -subj /CN=authority"));
    run(&format!("req {key} -keyout key.pem -out request.pem -subj /CN=127.0.0.1"));
    run(
        "x509 -req -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile names -out cert.pem",
    );
    Some(())
}

/// A store whose program sees no settings but those in `folder`: `registries.toml` and `docker/config.json`.
pub fn plywood(folder: &Path) -> Plywood {
    let place = tempfile::Builder::new().prefix("store-").tempdir_in(folder).unwrap().keep();
    Plywood::on(&place.join("store"))
        .with_env("HOME", folder)
        .with_env("XDG_CONFIG_HOME", folder.join("config"))
        .with_env("XDG_RUNTIME_DIR", folder.join("run"))
        .with_env("DOCKER_CONFIG", folder.join("docker"))
        .with_env("PLYWOOD_REGISTRIES", folder.join("registries.toml"))
}

/// Code that makes an image of two layers, with files that do not compress: some megabytes.
pub fn sample(folder: &Path) -> String {
    for (tree, seed) in [("one", 1_u64), ("two", 2)] {
        let tree = folder.join(tree);
        std::fs::create_dir_all(tree.join("etc")).unwrap();
        std::fs::write(tree.join("etc/name"), tree.display().to_string()).unwrap();
        std::fs::write(tree.join("noise"), noise(seed, 3_000_000)).unwrap();
    }
    format!("rootfs(`{}`, \"sample:one\")", folder.join("one").display())
}

/// Bytes that do not compress.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            u8::try_from(state >> 56).unwrap()
        })
        .collect()
}
