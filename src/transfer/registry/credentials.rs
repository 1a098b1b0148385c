//! Names and passwords, from the files and helpers of Docker and podman.
//!
//! Sources: containers-auth.json(5); docker/cli `cli/config/configfile`; docker-credential-helpers, "Development".

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use crate::transfer::{Error, Network};

/// Docker Hub's key, older than references.
const HUB_KEY: &str = "https://index.docker.io/v1/";

/// What convinces a registry.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Name and password.
    Password {
        /// The account.
        name: String,
        /// Its password, or a token that serves as one.
        password: String,
    },
    /// What a token server gave at a login, in place of a password.
    IdentityToken(String),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Credentials(…)")
    }
}

impl Credentials {
    /// For the header of basic authentication.
    pub(super) fn basic(&self) -> Option<String> {
        match self {
            Self::Password { name, password } => {
                Some(format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}"))))
            }
            Self::IdentityToken(_) => None,
        }
    }
}

/// What is known for `repository` of `registry`; `None` goes without a name.
pub(super) fn find(
    network: &Network,
    registry: &str,
    repository: &str,
) -> Result<Option<Credentials>, Error> {
    for path in &network.auth_files {
        let Some(document) = read(path)? else { continue };
        if let Some(found) = find_in(&document, network, path, registry, repository)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn read(path: &Path) -> Result<Option<Value>, Error> {
    let text = match fs::read(path) {
        Ok(text) => text,
        // A file of somebody else's is none for us.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    if text.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    match serde_json::from_slice::<Value>(&text) {
        Ok(document) if document.is_object() => Ok(Some(document)),
        Ok(_) => Err(Error::Settings { path: path.to_owned(), reason: "it is no JSON object".to_owned() }),
        Err(error) => Err(Error::Settings { path: path.to_owned(), reason: error.to_string() }),
    }
}

fn find_in(
    document: &Value,
    network: &Network,
    path: &Path,
    registry: &str,
    repository: &str,
) -> Result<Option<Credentials>, Error> {
    let key = helper_key(registry);
    let helpers = document.get("credHelpers");
    let helper = [key.as_str(), registry]
        .iter()
        .find_map(|key| helpers?.get(key)?.as_str())
        .filter(|name| !name.is_empty());
    if let Some(name) = helper {
        return ask(network, name, &key);
    }
    if let Some(auths) = document.get("auths").and_then(Value::as_object)
        && let Some(entry) = keys(registry, repository).iter().find_map(|key| entry_of(auths, key))
        && let Some(found) = decode(entry, path)?
    {
        return Ok(Some(found));
    }
    match document.get("credsStore").and_then(Value::as_str).filter(|name| !name.is_empty()) {
        Some(name) => ask(network, name, &key),
        None => Ok(None),
    }
}

/// The key that Docker and its helpers use for a registry.
fn helper_key(registry: &str) -> String {
    if registry == "docker.io" { HUB_KEY.to_owned() } else { registry.to_owned() }
}

/// Podman knows passwords for repositories; the nearest wins.
fn keys(registry: &str, repository: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut whole = format!("{registry}/{repository}");
    while whole.len() > registry.len() {
        found.push(whole.clone());
        whole.truncate(whole.rfind('/').unwrap_or(0));
    }
    found.push(registry.to_owned());
    if registry == "docker.io" {
        found.extend(["index.docker.io", "registry-1.docker.io"].map(str::to_owned));
    }
    found
}

/// Docker's keys may be URLs: `https://HOST/v1/`.
fn entry_of<'a>(auths: &'a Map<String, Value>, wanted: &str) -> Option<&'a Value> {
    auths.get(wanted).or_else(|| {
        auths.iter().find_map(|(key, value)| {
            let rest = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://"))?;
            let rest = rest.trim_end_matches('/');
            let rest = rest.strip_suffix("/v1").or_else(|| rest.strip_suffix("/v2")).unwrap_or(rest);
            (rest == wanted).then_some(value)
        })
    })
}

fn decode(entry: &Value, path: &Path) -> Result<Option<Credentials>, Error> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(token) = text("identitytoken") {
        return Ok(Some(Credentials::IdentityToken(token.to_owned())));
    }
    if let (Some(name), Some(password)) = (text("username"), text("password")) {
        let (name, password) = (name.to_owned(), password.to_owned());
        return Ok(Some(Credentials::Password { name, password }));
    }
    let Some(auth) = text("auth") else { return Ok(None) };
    let refuse = || Error::Settings {
        path: path.to_owned(),
        reason: "an `auth` in it is not base64 of `NAME:PASSWORD`".to_owned(),
    };
    let plain = BASE64_STANDARD.decode(auth.trim()).map_err(|_| refuse())?;
    let plain = String::from_utf8(plain).map_err(|_| refuse())?;
    let (name, password) = plain.split_once(':').ok_or_else(refuse)?;
    let password = password.trim_end_matches('\0').to_owned();
    Ok(Some(Credentials::Password { name: name.to_owned(), password }))
}

/// Where `docker-credential-NAME` is. A name with a slash would lead out of `PATH`.
fn program(network: &Network, name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return None;
    }
    let name = format!("docker-credential-{name}");
    let path = network.path.as_deref().unwrap_or_default();
    std::env::split_paths(path)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(&name))
        .find(|path| path.is_file())
}

fn run(network: &Network, name: &str, verb: &str, input: &str) -> Result<Result<Vec<u8>, String>, Error> {
    let full = format!("docker-credential-{name}");
    let program = program(network, name).ok_or_else(|| Error::Login {
        registry: full.clone(),
        reason: "this credential helper is not in `PATH`".to_owned(),
    })?;
    let failed = Error::io("run", &program);
    let mut child = Command::new(&program)
        .arg(verb)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(&failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // It may know the answer without reading; then its own verdict counts.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(&failed)?;
    if output.status.success() {
        return Ok(Ok(output.stdout));
    }
    Ok(Err(String::from_utf8_lossy(&output.stdout).trim().to_owned()))
}

fn ask(network: &Network, name: &str, key: &str) -> Result<Option<Credentials>, Error> {
    let answer = match run(network, name, "get", key)? {
        Ok(answer) => answer,
        Err(said) if said.contains("credentials not found") => return Ok(None),
        Err(said) => {
            let registry = format!("docker-credential-{name}");
            return Err(Error::Login { registry, reason: format!("the credential helper failed: {said}") });
        }
    };
    let refuse = || Error::Login {
        registry: format!("docker-credential-{name}"),
        reason: "the credential helper's answer is not the JSON that it should be".to_owned(),
    };
    let answer: Value = serde_json::from_slice(&answer).map_err(|_| refuse())?;
    let text = |key: &str| answer.get(key).and_then(Value::as_str).map(str::to_owned);
    let (name, secret) = (text("Username").ok_or_else(refuse)?, text("Secret").ok_or_else(refuse)?);
    if secret.is_empty() {
        return Ok(None);
    }
    Ok(Some(match name.as_str() {
        "<token>" => Credentials::IdentityToken(secret),
        _ => Credentials::Password { name, password: secret },
    }))
}

/// Keeps a password: in the helper that the login file names, else in that file, mode 0600, as Docker does.
pub(super) fn store(network: &Network, registry: &str, name: &str, password: &str) -> Result<(), Error> {
    let (path, mut document) = login_file(network)?;
    let key = helper_key(registry);
    if let Some(helper) = helper_of(&document, &key) {
        let input = json!({ "ServerURL": key, "Username": name, "Secret": password }).to_string();
        return run(network, &helper, "store", &input)?.map(drop).map_err(|said| Error::Login {
            registry: format!("docker-credential-{helper}"),
            reason: format!("the credential helper failed: {said}"),
        });
    }
    document["auths"][&key] = json!({ "auth": BASE64_STANDARD.encode(format!("{name}:{password}")) });
    write(&path, &document)
}

/// Forgets a password; whether there was one.
pub(super) fn erase(network: &Network, registry: &str) -> Result<bool, Error> {
    let (path, mut document) = login_file(network)?;
    let key = helper_key(registry);
    if let Some(helper) = helper_of(&document, &key) {
        return Ok(run(network, &helper, "erase", &key)?.is_ok());
    }
    let Some(auths) = document.get_mut("auths").and_then(Value::as_object_mut) else { return Ok(false) };
    let before = auths.len();
    auths.retain(|found, _| *found != key && *found != registry);
    if auths.len() == before {
        return Ok(false);
    }
    write(&path, &document)?;
    Ok(true)
}

fn login_file(network: &Network) -> Result<(PathBuf, Value), Error> {
    let path = network.login_file.clone().ok_or_else(|| Error::Login {
        registry: "login".to_owned(),
        reason: "there is no home folder to keep passwords in: set `REGISTRY_AUTH_FILE`".to_owned(),
    })?;
    let document = read(&path)?.unwrap_or_else(|| json!({}));
    Ok((path, document))
}

fn helper_of(document: &Value, key: &str) -> Option<String> {
    let own = document.get("credHelpers").and_then(|all| all.get(key));
    let name = own.or_else(|| document.get("credsStore"))?.as_str()?;
    (!name.is_empty()).then(|| name.to_owned())
}

fn write(path: &Path, document: &Value) -> Result<(), Error> {
    // Where it is a link into somebody's collection of dot files, it stays one.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let failed = Error::io("write", &path);
    let directory = crate::transfer::output::directory_of(&path);
    fs::create_dir_all(&directory).map_err(&failed)?;
    let mode = fs::metadata(&path).map_or(0o600, |found| found.mode() & 0o600);
    let temporary = directory.join(format!(".plywood-{}.tmp", std::process::id()));
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    let written = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&temporary)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&temporary, &path));
    written.map_err(|error| {
        // What is left of it has a password in it.
        let _ = fs::remove_file(&temporary);
        failed(error)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn network(directory: &Path, text: &str) -> Network {
        let file = directory.join("config.json");
        fs::write(&file, text).unwrap();
        Network {
            auth_files: vec![directory.join("missing.json"), file.clone()],
            login_file: Some(file),
            path: Some(directory.display().to_string()),
            ..Network::default()
        }
    }

    fn who(network: &Network, registry: &str, repository: &str) -> Option<String> {
        find(network, registry, repository).unwrap().map(|found| match found {
            Credentials::Password { name, password } => format!("{name}:{password}"),
            Credentials::IdentityToken(token) => format!("token {token}"),
        })
    }

    #[test]
    fn keys_of_docker_and_podman() {
        let directory = tempfile::tempdir().unwrap();
        let network = network(
            directory.path(),
            r#"{"auths": {
                "https://index.docker.io/v1/": {"auth": "aHViOnB3"},
                "example.org": {"auth": "YTpiOmM="},
                "example.org/team": {"auth": "dGVhbTp4"},
                "t.org": {"identitytoken": "T"}
            }}"#,
        );
        assert_eq!(who(&network, "docker.io", "library/debian").unwrap(), "hub:pw");
        assert_eq!(who(&network, "example.org", "x").unwrap(), "a:b:c");
        assert_eq!(who(&network, "example.org", "team/x/y").unwrap(), "team:x");
        assert_eq!(who(&network, "t.org", "x").unwrap(), "token T");
        assert_eq!(who(&network, "other.org", "x"), None);
    }

    #[test]
    fn login_and_logout() {
        let directory = tempfile::tempdir().unwrap();
        let network = network(directory.path(), r#"{"psFormat": "x"}"#);
        store(&network, "example.org:5000", "me", "secret").unwrap();
        let file = network.login_file.clone().unwrap();
        assert_eq!(who(&network, "example.org:5000", "x").unwrap(), "me:secret");
        assert!(fs::read_to_string(&file).unwrap().contains("psFormat"));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o077, 0);
        assert!(erase(&network, "example.org:5000").unwrap());
        assert!(!erase(&network, "example.org:5000").unwrap());
        assert_eq!(who(&network, "example.org:5000", "x"), None);
    }

    #[test]
    fn helpers_are_asked() {
        let directory = tempfile::tempdir().unwrap();
        let network =
            network(directory.path(), r#"{"credsStore": "mine", "credHelpers": {"no.org": "../x"}}"#);
        let program = directory.path().join("docker-credential-mine");
        let script = "#!/bin/sh\nread -r host\ncase \"$1:$host\" in\n\
            get:a.org) echo '{\"Username\":\"u\",\"Secret\":\"s\"}';;\n\
            get:b.org) echo '{\"Username\":\"<token>\",\"Secret\":\"t\"}';;\n\
            get:*) echo 'credentials not found in native keychain'; exit 1;;\nesac\n";
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(who(&network, "a.org", "x").unwrap(), "u:s");
        assert_eq!(who(&network, "b.org", "x").unwrap(), "token t");
        assert_eq!(who(&network, "c.org", "x"), None);
        assert!(find(&network, "no.org", "x").is_err());
    }

    #[test]
    fn damage_is_said() {
        let directory = tempfile::tempdir().unwrap();
        for text in [
            "[]",
            "{",
            r#"{"auths": {"a.org": {"auth": "%%"}}}"#,
            r#"{"auths": {"a.org": {"auth": "eA=="}}}"#,
        ] {
            let network = network(directory.path(), text);
            assert!(find(&network, "a.org", "x").is_err(), "{text}");
        }
    }
}
