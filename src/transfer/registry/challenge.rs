//! `WWW-Authenticate`: how a registry wants to be convinced.
//!
//! Source: RFC 9110 section 11.6.1; distribution `docs/spec/auth/token.md`.

/// What the registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// Name and password with each request.
    Basic,
    /// A token, to be had from a server.
    Bearer {
        /// The server's address.
        realm: String,
        /// For which service.
        service: Option<String>,
        /// For which right; the registry knows best.
        scope: Option<String>,
    },
}

impl Challenge {
    /// The best of those that the headers name: a token where one is offered.
    pub fn choose<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut found = None;
        for challenge in headers.filter_map(Self::parse) {
            if matches!(challenge, Self::Bearer { .. }) {
                return Some(challenge);
            }
            found = Some(challenge);
        }
        found
    }

    fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let (mut realm, mut service, mut scope) = (None, None, None);
        for (key, value) in parameters(rest) {
            match key.to_ascii_lowercase().as_str() {
                "realm" => realm = Some(value),
                "service" => service = Some(value),
                "scope" => scope = Some(value),
                _ => {}
            }
        }
        Some(Self::Bearer { realm: realm?, service, scope })
    }
}

/// `key="value", key=value`; what is malformed ends the list.
fn parameters(mut text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    loop {
        text = text.trim_start_matches([' ', ',', '\t']);
        let Some((key, rest)) = text.split_once('=') else { return found };
        let value;
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut plain = String::new();
            let mut chars = quoted.char_indices();
            let end = loop {
                match chars.next() {
                    Some((at, '"')) => break at,
                    Some((_, '\\')) => plain.extend(chars.next().map(|(_, char)| char)),
                    Some((_, char)) => plain.push(char),
                    None => return found,
                }
            };
            value = plain;
            text = &quoted[end + 1..];
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            value = rest[..end].trim().to_owned();
            text = &rest[end..];
        }
        found.push((key.trim().to_owned(), value));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_registries_ask() {
        let text = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push",error="x \" y""#;
        assert_eq!(
            Challenge::choose(["Basic realm=\"x\"", text].into_iter()).unwrap(),
            Challenge::Bearer {
                realm: "https://auth.docker.io/token".to_owned(),
                service: Some("registry.docker.io".to_owned()),
                scope: Some("repository:a/b:pull,push".to_owned()),
            }
        );
        assert_eq!(Challenge::choose(["basic realm=x"].into_iter()).unwrap(), Challenge::Basic);
        for text in ["", "Bearer", "Bearer realm=\"", "Negotiate", "Bearer service=\"x\""] {
            assert_eq!(Challenge::choose([text].into_iter()), None, "{text}");
        }
    }
}
