//! Passwords: tried, kept, forgotten.

use ureq::http::Method;

use super::credentials::{self, Credentials};
use super::session::{Ask, Session};
use super::{Client, RegistryOptions};
use crate::oci::Reference;
use crate::transfer::Error;

/// Tries name and password with `registry`, and keeps them if it takes them: in Docker's configuration, or the
/// credential helper that this names.
///
/// # Errors
/// [`Error::Registry`] with `Denied` where they are wrong; [`Error::Login`] and [`Error::Io`] where they cannot be kept.
pub fn login(registry: &str, name: &str, password: &str, options: &RegistryOptions) -> Result<(), Error> {
    const WHAT: &str = "login";
    let client = Client::new(options)?;
    let registry = registry_of(registry)?;
    // A login is for the whole registry; its entry in the settings is that of any repository in it.
    let any: Reference = format!("{registry}/plywood/login").parse().map_err(|_| refuse(&registry))?;
    let endpoint = client.settings.endpoints(&any, false)?.pop().ok_or_else(|| refuse(&registry))?;
    let given = Credentials::Password { name: name.to_owned(), password: password.to_owned() };
    let session = Session::new(&client, endpoint)?.with_credentials(given);
    session.retry(|| session.send(Ask::new(Method::GET, "/v2/", "", WHAT)).map(drop))?;
    credentials::store(&client.network, &registry, name, password)
}

/// Forgets the password for `registry`; whether there was one.
///
/// # Errors
/// [`Error::Settings`] and [`Error::Io`] where the file cannot be read or written.
pub fn logout(registry: &str, options: &RegistryOptions) -> Result<bool, Error> {
    credentials::erase(&options.network, &registry_of(registry)?)
}

/// `HOST[:PORT]`, perhaps with `https://` before and a slash behind; Docker Hub has several names.
fn registry_of(text: &str) -> Result<String, Error> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
    let host = host.trim_end_matches('/').trim_end_matches("/v1").trim_end_matches("/v2");
    let host = match host {
        "" | "index.docker.io" | "registry-1.docker.io" | "hub.docker.com" => "docker.io",
        host => host,
    };
    match format!("{host}/x").parse::<Reference>() {
        Ok(reference) if reference.registry() == host => Ok(host.to_owned()),
        _ => Err(refuse(text)),
    }
}

fn refuse(text: &str) -> Error {
    Error::Name { text: text.to_owned(), reason: "is no registry: write `HOST` or `HOST:PORT`".to_owned() }
}
