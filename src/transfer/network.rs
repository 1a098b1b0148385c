//! What the network code is told when it begins; it reads no environment itself.

use std::path::PathBuf;
use std::time::Duration;

/// Where the caller's settings for registries and daemons are. Paths need not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// Lists of registries (see [`registries.toml`](super::registry)); the first that is there counts.
    pub registries: Vec<PathBuf>,
    /// Files with passwords, as Docker and podman write them; the first that knows the registry counts.
    pub auth_files: Vec<PathBuf>,
    /// The one that `login` and `logout` write.
    pub login_file: Option<PathBuf>,
    /// Directories that have a directory for each registry, with `*.crt` and `*.cert` and `*.key` in it.
    pub certificate_dirs: Vec<PathBuf>,
    /// Certificates to trust instead of the system's (`SSL_CERT_FILE`).
    pub authorities: Option<PathBuf>,
    /// `PATH`: where `docker-credential-NAME` is looked for.
    pub path: Option<String>,
    /// Proxy for `https`, as `http://HOST:PORT`.
    pub https_proxy: Option<String>,
    /// Proxy for `http`.
    pub http_proxy: Option<String>,
    /// Hosts and domains that need none, between commas.
    pub no_proxy: Option<String>,
    /// `DOCKER_HOST`: which daemon `docker-daemon:` means.
    pub docker_host: Option<String>,
    /// `CONTAINER_HOST`: the same for podman's, where there is no `DOCKER_HOST`.
    pub container_host: Option<String>,
    /// Sockets that are tried where neither is set, in this order.
    pub daemon_sockets: Vec<PathBuf>,
}

/// How patient network code is. `registries.toml` may say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a connection, and for each `SLOWEST` × that many bytes.
    pub stall: Duration,
    /// How often one request is tried before its failure counts.
    pub attempts: u32,
    /// Before the second attempt; doubled for each further one.
    pub pause: Duration,
    /// Layers that come or go at a time.
    pub connections: usize,
}

/// Bytes each second below which a connection counts as stalled.
pub const SLOWEST: u64 = 512;

impl Default for Patience {
    fn default() -> Self {
        Self { stall: Duration::from_secs(60), attempts: 8, pause: Duration::from_millis(50), connections: 4 }
    }
}
