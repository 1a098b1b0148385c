//! Registries: the OCI distribution-spec's client side.
//!
//! ```text
//! settings     registries.toml: mirrors, insecure registries, own authorities, patience
//! credentials  passwords of Docker's and podman's files and helpers
//! trust        certificates
//! wire         sockets that can be interrupted and do not wait for ever
//! session      one registry: scheme, tokens, redirects, attempts
//! resolve      from a reference to one image's documents, through indexes
//! receive      one blob's bytes: resumed, bounded
//! download     one layer: received, hashed, decompressed and unpacked in one pass
//! bring        an image's layers as files
//! upload       one blob: not if it is there, mounted if another repository has it
//! pull push tags login
//! ```
//! Nothing that a registry says is believed: documents and layers are what their digests say, sizes bound what
//! is read, foreign layers are never fetched, and a password goes to the registry it is for and to its token
//! server, nowhere else. All is done by the calling thread and a few that it starts; there is no runtime.

mod address;
mod bring;
mod challenge;
mod credentials;
mod download;
mod login;
mod pull;
mod push;
mod receive;
mod resolve;
mod session;
mod settings;
mod tags;
mod trouble;
mod trust;
mod upload;
mod wire;

pub(in crate::transfer) use bring::bring;
pub use login::{login, logout};
pub use pull::pull;
pub use push::{Pushed, push};
pub use resolve::{Remote, RemoteLayer, look};
pub use tags::tags;

pub(in crate::transfer) use wire::{Names, Sockets};

use super::network::{Network, Patience};
use super::progress::Report;
use super::watch::Watch;
use super::{Error, Limits};
use crate::sys::Interrupt;

/// What verbs about registries have in common.
#[derive(Debug, Clone, Default)]
pub struct RegistryOptions {
    /// Where settings and passwords are.
    pub network: Network,
    /// Bounds on what is believed.
    pub limits: Limits,
    /// Ctrl-C.
    pub interrupt: Interrupt,
    /// Who hears how it goes.
    pub report: Report,
    /// `OS/ARCHITECTURE[/VARIANT]` instead of this machine's.
    pub platform: Option<String>,
    /// One attempt for a registry that does not answer, since nobody asked for it by name.
    pub hasty: bool,
}

/// The state of one verb.
struct Client {
    network: Network,
    settings: settings::Settings,
    patience: Patience,
    limits: Limits,
    watch: Watch,
    report: Report,
}

impl Client {
    fn new(options: &RegistryOptions) -> Result<Self, Error> {
        let settings = settings::Settings::read(&options.network)?;
        let mut patience = settings.patience();
        if options.hasty {
            patience.attempts = patience.attempts.min(3);
        }
        Ok(Self {
            network: options.network.clone(),
            patience,
            settings,
            limits: options.limits.clone(),
            watch: Watch::new(options.interrupt),
            report: options.report.clone(),
        })
    }
}
