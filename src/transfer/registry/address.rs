//! Addresses that registries give us: where they may lead.

/// Scheme and authority of an absolute `http` or `https` URL.
pub(super) fn origin(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    if scheme != "http" && scheme != "https" {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    // A name and password in it would be sent along.
    (!authority.is_empty() && !authority.contains('@')).then_some((scheme, authority))
}

/// `location`, found in the answer to `base`, as an absolute URL; `None` if it leads to no web server, or from
/// TLS to where there is none. Source: RFC 3986 section 5.2, without what no registry sends.
pub(super) fn resolve(base: &str, location: &str) -> Option<String> {
    let (scheme, authority) = origin(base)?;
    if location.is_empty() || location.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        return None;
    }
    let whole = if location.contains("://") && !location.starts_with('/') {
        location.to_owned()
    } else if let Some(rest) = location.strip_prefix("//") {
        format!("{scheme}://{rest}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.starts_with('?') {
        format!("{}{location}", base.split(['?', '#']).next()?)
    } else {
        let path = base.split(['?', '#']).next()?;
        let folder = &path[..path.rfind('/').filter(|at| *at > scheme.len() + 2)? + 1];
        format!("{folder}{location}")
    };
    let (target, _) = origin(&whole)?;
    (target == "https" || scheme == "http").then_some(whole)
}

/// Do both have one scheme, host and port, so that what convinces the one may be shown to the other?
pub(super) fn is_same(one: &str, other: &str) -> bool {
    origin(one).is_some_and(|one| Some(one) == origin(other))
}

/// A value for a query.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// `url` with one more parameter in its query.
pub(super) fn with_parameter(url: &str, key: &str, value: &str) -> String {
    let url = url.split('#').next().unwrap_or(url);
    format!("{url}{}{key}={}", if url.contains('?') { '&' } else { '?' }, encode(value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn where_a_location_leads() {
        let base = "https://r.org:5000/v2/a/blobs/uploads/?x=1";
        for (location, whole) in [
            ("/v2/b?c", Some("https://r.org:5000/v2/b?c")),
            ("d", Some("https://r.org:5000/v2/a/blobs/uploads/d")),
            ("?e", Some("https://r.org:5000/v2/a/blobs/uploads/?e")),
            ("//cdn.org/f", Some("https://cdn.org/f")),
            ("https://cdn.org/f", Some("https://cdn.org/f")),
            ("http://cdn.org/f", None),
            ("file:///etc/passwd", None),
            ("https://user:pw@cdn.org/f", None),
            ("https://", None),
            ("/a b", None),
            ("", None),
        ] {
            assert_eq!(resolve(base, location).as_deref(), whole, "{location}");
        }
        assert!(resolve("http://r.org/x", "http://s.org/y").is_some());
        assert!(is_same(base, "https://r.org:5000/") && !is_same(base, "https://r.org/"));
        assert_eq!(with_parameter("http://a/b?c", "d", "sha256:e"), "http://a/b?c&d=sha256%3Ae");
    }
}
