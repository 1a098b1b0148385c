//! Failures of the network, and whether trying again can help.

use std::io;
use std::time::Duration;

use ureq::http::{HeaderMap, StatusCode};

use crate::transfer::{Error, RegistryFault};

/// A request that failed.
#[derive(Debug)]
pub(super) struct Trouble {
    pub error: Error,
    pub again: Again,
}

/// Whether to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// It would be the same.
    Never,
    /// Nobody is there. Twice is enough to know.
    Twice,
    /// After the usual pause.
    Soon,
    /// When the registry says.
    After(Duration),
}

/// The longest that a registry may make us wait.
const MOST: Duration = Duration::from_secs(120);

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self { error, again: Again::Never }
    }
}

impl Trouble {
    /// What happened to `what` of `registry`.
    pub fn new(registry: &str, what: &str, fault: RegistryFault, again: Again) -> Self {
        let (registry, what) = (registry.to_owned(), what.to_owned());
        Self { error: Error::Registry { registry, what, fault }, again }
    }

    /// A request that got no answer.
    pub fn transport(registry: &str, what: &str, error: ureq::Error) -> Self {
        use RegistryFault::{Broken, Unreachable};
        let new = |fault, again| Self::new(registry, what, fault, again);
        match error {
            ureq::Error::Io(error) => Self::io(registry, what, error),
            ureq::Error::HostNotFound => new(Unreachable("no such host".to_owned()), Again::Twice),
            ureq::Error::Rustls(error) => new(Broken(format!("TLS: {error}")), Again::Never),
            ureq::Error::Tls(error) => new(Broken(format!("TLS: {error}")), Again::Never),
            error @ (ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::InvalidProxyUrl) => {
                new(Broken(error.to_string()), Again::Never)
            }
            error @ (ureq::Error::ConnectProxyFailed(_) | ureq::Error::ConnectionFailed) => {
                new(Unreachable(error.to_string()), Again::Twice)
            }
            error => new(Broken(error.to_string()), Again::Soon),
        }
    }

    /// A connection that broke.
    pub fn io(registry: &str, what: &str, error: io::Error) -> Self {
        use io::ErrorKind as Kind;
        let error = match Error::carried(error) {
            Ok(own) => return own.into(),
            Err(error) => error,
        };
        // ureq's own errors travel inside of those of bodies.
        let error = match error.downcast::<ureq::Error>() {
            Ok(inner) => return Self::transport(registry, what, inner),
            Err(error) => error,
        };
        let (fault, again) = match error.kind() {
            Kind::ConnectionRefused | Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NotFound => {
                (RegistryFault::Unreachable(said(&error)), Again::Twice)
            }
            Kind::PermissionDenied => (RegistryFault::Unreachable(said(&error)), Again::Never),
            // What rustls says comes so.
            Kind::InvalidData => (RegistryFault::Broken(format!("TLS: {error}")), Again::Never),
            Kind::TimedOut => (RegistryFault::Broken(format!("it stalls: {}", said(&error))), Again::Soon),
            _ => (RegistryFault::Broken(said(&error)), Again::Soon),
        };
        Self::new(registry, what, fault, again)
    }

    /// An answer that is none: `said` is the beginning of its body.
    pub fn status(registry: &str, what: &str, status: StatusCode, headers: &HeaderMap, said: &str) -> Self {
        let code = status.as_u16();
        let said = message(said);
        let (fault, again) = match code {
            401 | 403 => (RegistryFault::Denied(said), Again::Never),
            404 => (RegistryFault::NotFound, Again::Never),
            429 | 503 => {
                let again = retry_after(headers).map_or(Again::Soon, |wait| Again::After(wait.min(MOST)));
                (if code == 429 { RegistryFault::Busy } else { RegistryFault::Status { code, said } }, again)
            }
            408 | 425 | 500..=599 => (RegistryFault::Status { code, said }, Again::Soon),
            _ => (RegistryFault::Status { code, said }, Again::Never),
        };
        Self::new(registry, what, fault, again)
    }

    /// An answer that breaks the rules.
    pub fn refused(registry: &str, what: &str, reason: impl Into<String>) -> Self {
        Self::new(registry, what, RegistryFault::Refused(reason.into()), Again::Never)
    }
}

/// The system's words without Rust's `(os error N)`.
fn said(error: &io::Error) -> String {
    let text = error.to_string();
    text.find(" (os error").map_or(text.clone(), |end| text[..end].to_lowercase())
}

/// What the registry says of its error. Source: OCI distribution-spec, "Error codes".
fn message(body: &str) -> String {
    let document: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let first = &document["errors"][0];
    let text = first["message"].as_str().filter(|text| !text.is_empty()).or_else(|| first["code"].as_str());
    text.or_else(|| document["details"].as_str()).unwrap_or_default().chars().take(200).collect()
}

/// Seconds; the other form of RFC 9110, a date, is what nobody sends.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get("retry-after")?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}
