//! Whose certificates are believed.

use std::path::{Path, PathBuf};

use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};

use super::settings::Endpoint;
use crate::transfer::{Error, Network};

/// Where the distributions keep the system's authorities.
const SYSTEM: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// For connections to `endpoint`; with `None` for other hosts, to which a registry sends us.
///
/// Source of `certs.d/HOST/{*.crt,*.cert,*.key}`: containers-certs.d(5).
pub(super) fn tls(network: &Network, endpoint: Option<&Endpoint>) -> Result<TlsConfig, Error> {
    let mut trusted: Vec<Certificate<'static>> = Vec::new();
    let mut client = None;
    if let Some(endpoint) = endpoint {
        if let Some(path) = &endpoint.ca {
            trusted.extend(certificates(path)?);
        }
        for directory in &network.certificate_dirs {
            let directory = directory.join(&endpoint.registry);
            for path in listed(&directory, "crt") {
                trusted.extend(certificates(&path)?);
            }
            for path in listed(&directory, "cert") {
                client = Some(identity(&path)?);
            }
        }
    }
    // An authority of a registry's own is believed beside the system's, as Docker does, unless `ca` replaces those.
    if endpoint.is_none_or(|endpoint| endpoint.ca.is_none()) {
        trusted.extend(system(network)?);
    }
    let roots = if trusted.is_empty() { RootCerts::WebPki } else { RootCerts::new_with_certs(&trusted) };
    let own_authority = endpoint.is_some_and(|endpoint| endpoint.ca.is_some());
    Ok(TlsConfig::builder()
        .root_certs(roots)
        .client_cert(client)
        .disable_verification(endpoint.is_some_and(|endpoint| endpoint.insecure) && !own_authority)
        .build())
}

fn system(network: &Network) -> Result<Vec<Certificate<'static>>, Error> {
    if let Some(path) = &network.authorities {
        return certificates(path);
    }
    let bundle = SYSTEM.iter().map(Path::new).find(|path| path.exists());
    bundle.map_or(Ok(Vec::new()), certificates)
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(Error::io("read", path))
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, Error> {
    let pem = read(path)?;
    // A bundle with one odd entry still has the others.
    let found: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if found.is_empty() {
        let reason = "there is no certificate in it".to_owned();
        return Err(Error::Settings { path: path.to_owned(), reason });
    }
    Ok(found)
}

/// `NAME.cert` with `NAME.key` beside it.
fn identity(path: &Path) -> Result<ClientCert, Error> {
    let key = path.with_extension("key");
    let refuse =
        |_| Error::Settings { path: key.clone(), reason: "there is no private key in it".to_owned() };
    Ok(ClientCert::new_with_certs(&certificates(path)?, PrivateKey::from_pem(&read(&key)?).map_err(refuse)?))
}

fn listed(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    found.sort();
    found
}
