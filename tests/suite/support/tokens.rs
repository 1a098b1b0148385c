//! A server that gives out the tokens that a registry asks for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::http::{Request, Server, respond};
use super::registry::{Access, find, output};

/// Anybody may read; who says that he is `me` with the password `s3cret` may write.
pub struct Tokens {
    server: Server,
    realm: String,
    certificate: PathBuf,
    _folder: tempfile::TempDir,
}

impl Tokens {
    /// Answers with an error `failing` times of ten; `None` after saying what is missing.
    pub fn start(failing: usize) -> Option<Self> {
        let openssl = find("openssl")?;
        let folder = tempfile::Builder::new().prefix("plywood-tokens-").tempdir().unwrap();
        let words =
            "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=tokens";
        output(Command::new(openssl).current_dir(folder.path()).args(words.split(' ')));
        let (place, asked) = (folder.path().to_owned(), AtomicUsize::new(0));
        let server = Server::start(move |request, stream| {
            // The first ones of every ten: so it fails for certain, and never for ever.
            if asked.fetch_add(1, Ordering::Relaxed) % 10 < failing {
                return respond(stream, "503 Service Unavailable", &[], b"{}");
            }
            let token = token(&place, &granted(request));
            let body = json!({ "token": token, "expires_in": 300 }).to_string();
            respond(stream, "200 OK", &[("Content-Type", "application/json")], body.as_bytes());
        });
        let realm = format!("http://127.0.0.1:{}/token", server.port);
        let certificate = folder.path().join("cert.pem");
        Some(Self { server, realm, certificate, _folder: folder })
    }

    /// How a registry is to be started that believes these tokens.
    pub fn access(&self) -> Access<'_> {
        Access::Token { realm: &self.realm, certificate: &self.certificate }
    }

    /// What was asked so far.
    pub fn seen(&self) -> Vec<Request> {
        self.server.seen()
    }
}

/// What a request may do of what it asks for.
fn granted(request: &Request) -> Value {
    let query = request.path.split_once('?').map_or("", |(_, query)| query);
    let known =
        request.header("authorization") == Some(&format!("Basic {}", BASE64_STANDARD.encode("me:s3cret")));
    let scopes = query.split('&').filter_map(|pair| pair.strip_prefix("scope=")).map(|scope| {
        let scope = scope.replace("%3A", ":").replace("%2F", "/").replace("%2C", ",");
        let mut parts = scope.split(':').map(str::to_owned);
        let (kind, name) = (parts.next().unwrap(), parts.next().unwrap());
        let actions = parts.next().unwrap();
        let actions: Vec<String> =
            actions.split(',').filter(|action| known || *action == "pull").map(str::to_owned).collect();
        json!({ "type": kind, "name": name, "actions": actions })
    });
    scopes.collect()
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
    let folder = tempfile::tempdir_in(place).unwrap();
    let (text, signature) = (folder.path().join("signed"), folder.path().join("signature"));
    fs::write(&text, &signed).unwrap();
    let mut sign = Command::new("/usr/bin/openssl");
    sign.args(["dgst", "-sha256", "-sign"]).arg(place.join("key.pem")).arg("-out").arg(&signature).arg(&text);
    output(&mut sign);
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(fs::read(signature).unwrap()))
}
