//! `registries.toml`: mirrors, registries without TLS, own authorities, and how patient to be.
//!
//! ```toml
//! timeout = 60            # seconds: for a connection, and for a stall
//! attempts = 8            # of one request, with growing pauses between them
//! connections = 4         # layers that come or go at a time
//!
//! [[registry]]
//! location = "registry.example.org:5000"   # a registry, or a repository's beginning in it
//! insecure = true                          # a certificate is not checked, and plain http will do
//! ca = "/etc/ssl/example.pem"              # authorities to trust for it, instead of the system's
//!
//! [[registry]]
//! location = "docker.io"
//! [[registry.mirror]]
//! location = "mirror.example.org/hub"
//! ```
//!
//! Spelled as `[[registry]]` in containers-registries.conf(5), of which `prefix` and `blocked` are understood too.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::oci::Reference;
use crate::transfer::Error;
use crate::transfer::network::{Network, Patience};

const DOCKER_HUB: &str = "docker.io";

/// The file's content.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    #[serde(default)]
    timeout: Option<f64>,
    #[serde(default)]
    attempts: Option<u32>,
    #[serde(default)]
    connections: Option<usize>,
    #[serde(default)]
    registry: Vec<Entry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    prefix: Option<String>,
    location: String,
    #[serde(default)]
    insecure: bool,
    #[serde(default)]
    blocked: bool,
    #[serde(default)]
    ca: Option<PathBuf>,
    #[serde(default)]
    mirror: Vec<Mirror>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mirror {
    location: String,
    #[serde(default)]
    insecure: bool,
    #[serde(default)]
    ca: Option<PathBuf>,
}

/// Where one repository is to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// `HOST[:PORT]`, as it is spelled in references.
    pub registry: String,
    /// The repository there.
    pub repository: String,
    /// Certificates are not checked, and plain http will do.
    pub insecure: bool,
    /// Authorities of its own.
    pub ca: Option<PathBuf>,
}

impl Settings {
    /// The first file of `network.registries` that is there.
    pub fn read(network: &Network) -> Result<Self, Error> {
        for path in &network.registries {
            let text = match std::fs::read_to_string(path) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(Error::io("read", path)(error)),
            };
            return Self::parse(&text, path);
        }
        Ok(Self::default())
    }

    fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let refuse = |reason: String| Error::Settings { path: path.to_owned(), reason };
        let settings: Self = toml::from_str(text).map_err(|error| refuse(error.message().to_owned()))?;
        if settings.timeout.is_some_and(|seconds| !(0.01..=86_400.0).contains(&seconds)) {
            return Err(refuse("`timeout` is to be 0.01 to 86400 seconds".to_owned()));
        }
        if settings.attempts == Some(0) || settings.connections == Some(0) {
            return Err(refuse("`attempts` and `connections` are at least 1".to_owned()));
        }
        Ok(settings)
    }

    /// How patient to be.
    pub fn patience(&self) -> Patience {
        let mut patience = Patience::default();
        if let Some(seconds) = self.timeout {
            patience.stall = Duration::from_secs_f64(seconds);
        }
        patience.attempts = self.attempts.unwrap_or(patience.attempts);
        patience.connections = self.connections.unwrap_or(patience.connections).min(64);
        patience
    }

    /// Where `reference` is to be read from, mirrors first; its own place alone where it is to be written.
    pub fn endpoints(&self, reference: &Reference, mirrors: bool) -> Result<Vec<Endpoint>, Error> {
        let name = format!("{}/{}", reference.registry(), reference.repository());
        // The longest prefix wins.
        let entry = self
            .registry
            .iter()
            .filter(|entry| is_below(&name, entry.name()))
            .max_by_key(|entry| entry.name().len());
        let Some(entry) = entry else {
            let (registry, repository) = (reference.registry().to_owned(), reference.repository().to_owned());
            return Ok(vec![Endpoint { insecure: is_loopback(&registry), registry, repository, ca: None }]);
        };
        if entry.blocked {
            return Err(Error::Name {
                text: reference.to_string(),
                reason: format!("is blocked: `{}` says so of `{}`", "registries.toml", entry.name()),
            });
        }
        let rest = name[entry.name().len()..].trim_start_matches('/');
        let place = |location: &str, insecure: bool, ca: &Option<PathBuf>| {
            let whole = format!("{}/{rest}", location.trim_end_matches('/'));
            let (registry, repository) = whole.split_once('/').unwrap_or((&whole, ""));
            Endpoint {
                registry: registry.to_owned(),
                repository: repository.trim_matches('/').to_owned(),
                // Who names an authority wants it to be asked.
                insecure: insecure || ca.is_none() && is_loopback(registry),
                ca: ca.clone(),
            }
        };
        let mut found = Vec::new();
        if mirrors {
            found.extend(
                entry.mirror.iter().map(|mirror| place(&mirror.location, mirror.insecure, &mirror.ca)),
            );
        }
        found.push(place(&entry.location, entry.insecure, &entry.ca));
        Ok(found)
    }
}

impl Entry {
    fn name(&self) -> &str {
        self.prefix.as_deref().unwrap_or(&self.location).trim_end_matches('/')
    }
}

fn is_below(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Endpoint {
    /// Where to connect to. Source: Docker's `registry/config.go`, "DefaultRegistryHost".
    pub fn host(&self) -> &str {
        if self.registry == DOCKER_HUB { "registry-1.docker.io" } else { &self.registry }
    }
}

/// The host without its port and brackets.
pub(super) fn bare_host(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split(']').next().unwrap_or(rest);
    }
    authority.split(':').next().unwrap_or(authority)
}

/// Docker speaks plain http to loopback addresses without being told.
pub(super) fn is_loopback(authority: &str) -> bool {
    let host = bare_host(authority);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TEXT: &str = r#"
        timeout = 2.5
        [[registry]]
        location = "docker.io"
        mirror = [{ location = "localhost:5001/hub", insecure = true }]
        [[registry]]
        location = "docker.io/secret"
        blocked = true
        [[registry]]
        prefix = "example.org/a"
        location = "127.0.0.1:5000/b/c"
        ca = "/x.pem"
    "#;

    fn endpoints(reference: &str, mirrors: bool) -> Result<Vec<String>, Error> {
        let settings = Settings::parse(TEXT, Path::new("registries.toml")).unwrap();
        assert_eq!(settings.patience().stall, Duration::from_millis(2500));
        let found = settings.endpoints(&reference.parse().unwrap(), mirrors)?;
        Ok(found.iter().map(|it| format!("{}|{}|{}", it.host(), it.repository, it.insecure)).collect())
    }

    #[test]
    fn mirrors_come_first_and_prefixes_are_replaced() {
        assert_eq!(
            endpoints("debian", true).unwrap(),
            ["localhost:5001|hub/library/debian|true", "registry-1.docker.io|library/debian|false"]
        );
        assert_eq!(endpoints("debian", false).unwrap(), ["registry-1.docker.io|library/debian|false"]);
        assert_eq!(endpoints("example.org/a/x:1", true).unwrap(), ["127.0.0.1:5000|b/c/x|false"]);
        assert_eq!(endpoints("example.org/ab", true).unwrap(), ["example.org|ab|false"]);
        assert_eq!(endpoints("localhost/ab", true).unwrap(), ["localhost|ab|true"]);
        assert!(endpoints("secret/x", true).unwrap_err().to_string().contains("blocked"));
    }

    #[test]
    fn slips_are_named() {
        for text in ["timeot = 1", "timeout = 0", "attempts = 0", "[[registry]]\nlocation = 1", "x"] {
            let error = Settings::parse(text, Path::new("r.toml")).unwrap_err().to_string();
            assert!(error.contains("r.toml"), "{error}");
        }
    }

    #[test]
    fn loopback_is_known() {
        for host in ["localhost", "localhost:5000", "127.0.0.1:1", "127.9.9.9", "[::1]:5000"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example.org", "128.0.0.1", "127.0.0.1.nip.io", "[::2]:1"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
