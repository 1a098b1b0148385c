//! Which tags a repository has.

use serde_json::Value;
use ureq::http::Method;

use super::resolve::first;
use super::session::{Ask, Session};
use super::{Client, RegistryOptions, address};
use crate::oci::Reference;
use crate::transfer::registry::trouble::Trouble;
use crate::transfer::{Error, document};

/// The tags of the repository that `reference` names, in the registry's order; what tag it has itself does not matter.
///
/// Source: OCI distribution-spec, "Listing Tags".
///
/// # Errors
/// [`Error::Registry`]; [`Error::Limit`] for more than the options allow.
pub fn tags(reference: &Reference, options: &RegistryOptions) -> Result<Vec<String>, Error> {
    let client = Client::new(options)?;
    first(&client, reference, list)
}

fn list(session: &Session<'_>) -> Result<Vec<String>, Error> {
    let limits = &session.client.limits;
    let what = format!("tags of `{}`", session.endpoint.repository);
    let scope = session.scope("pull");
    let mut found: Vec<String> = Vec::new();
    let mut next = Some(session.path("tags/list?n=1000"));
    // An empty page may be followed by another one, but not for ever.
    let (mut pages, mut spent) = (0, 0);
    while let Some(url) = next.take() {
        let (page, more, size) = session.retry(|| {
            let answer = session.send(Ask::new(Method::GET, url.clone(), &scope, &what))?;
            let more = match answer.headers().get("link").and_then(|value| value.to_str().ok()) {
                Some(link) => Some(following(session, &what, link)?),
                None => None,
            };
            let bytes = session.body(&what, answer, limits.document_bytes, "document_bytes")?;
            document::check_values(&bytes, &what, limits)?;
            let page: Value = serde_json::from_slice(&bytes)
                .map_err(|error| Trouble::refused(session.name(), &what, error.to_string()))?;
            Ok((page, more.flatten(), bytes.len() as u64))
        })?;
        spent += size;
        if spent > limits.all_document_bytes {
            let allowed = limits.all_document_bytes;
            return Err(Error::Limit { name: what, limit: "all_document_bytes", allowed });
        }
        let tags = page.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        found.extend(tags.iter().filter_map(Value::as_str).map(str::to_owned));
        pages += 1;
        if found.len() as u64 > limits.members || pages > limits.members / 100 {
            return Err(Error::Limit { name: what, limit: "members", allowed: limits.members });
        }
        next = more;
    }
    Ok(found)
}

/// `<…>; rel="next"` as an address of the same registry.
fn following(session: &Session<'_>, what: &str, link: &str) -> Result<Option<String>, Trouble> {
    let Some((target, rest)) = link.trim().strip_prefix('<').and_then(|link| link.split_once('>')) else {
        return Ok(None);
    };
    if !rest.contains("next") {
        return Ok(None);
    }
    let base = session.base()?;
    match address::resolve(&format!("{base}/v2/"), target) {
        Some(url) if address::is_same(&url, base) => Ok(Some(url)),
        _ => Err(Trouble::refused(session.name(), what, "the next page is with somebody else")),
    }
}
