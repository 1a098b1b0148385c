//! Talking to one registry: how it is reached, how it is convinced, what is tried again.

use std::collections::HashMap;
use std::io::Read;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::http::{HeaderMap, Method, Request, Response, StatusCode};
use ureq::unversioned::transport::{ConnectProxyConnector, Connector, RustlsConnector};
use ureq::{Agent, Body, Proxy, SendBody};

use super::address::{self, encode, with_parameter};
use super::challenge::Challenge;
use super::credentials::{self, Credentials};
use super::settings::{Endpoint, bare_host, is_loopback};
use super::trouble::{Again, Trouble};
use super::wire::{Names, Sockets};
use super::{Client, trust};
use crate::transfer::{Error, RegistryFault};

/// How many answers may send us elsewhere, one after another.
const MAX_REDIRECTS: usize = 5;

/// Bytes of an answer that is looked at for what it says of an error.
const SAID: u64 = 16 << 10;

/// Bytes of a token server's answer.
const TOKEN: u64 = 1 << 20;

/// Between two attempts at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A registry, for as long as one verb lasts.
pub(super) struct Session<'a> {
    pub client: &'a Client,
    pub endpoint: Endpoint,
    agent: Agent,
    /// For hosts to which the registry sends us.
    elsewhere: OnceLock<Agent>,
    /// `https://HOST[:PORT]`, once it is known.
    base: OnceLock<String>,
    access: Mutex<Access>,
    /// What to use instead of what the files have.
    given: Option<Credentials>,
}

/// What the registry asked for, and what we got for it.
#[derive(Default)]
struct Access {
    challenge: Option<Challenge>,
    credentials: Option<Option<Credentials>>,
    /// By scope.
    tokens: HashMap<String, (String, Instant)>,
}

/// A request.
pub(super) struct Ask<'a> {
    pub method: Method,
    /// Absolute, or a path of the registry.
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub payload: Payload<'a>,
    /// For which right a token is needed.
    pub scope: &'a str,
    /// For messages.
    pub what: &'a str,
}

/// What goes with a request.
pub(super) enum Payload<'a> {
    None,
    Bytes(&'a [u8]),
    /// It can be read once: who wants to try again makes a new request.
    Stream(&'a mut dyn Read, u64),
}

pub(super) type Answer = Response<Body>;

impl<'a> Ask<'a> {
    /// A request without anything.
    pub fn new(method: Method, url: impl Into<String>, scope: &'a str, what: &'a str) -> Self {
        Self { method, url: url.into(), headers: Vec::new(), payload: Payload::None, scope, what }
    }

    /// The same with a header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl<'a> Session<'a> {
    /// For `endpoint`; connects to nothing yet.
    pub fn new(client: &'a Client, endpoint: Endpoint) -> Result<Self, Error> {
        let agent = agent(client, Some(&endpoint))?;
        Ok(Self {
            client,
            endpoint,
            agent,
            elsewhere: OnceLock::new(),
            base: OnceLock::new(),
            access: Mutex::default(),
            given: None,
        })
    }

    /// The same with what the caller gave at a login.
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.given = Some(credentials);
        self
    }

    /// The registry's name, for messages.
    pub fn name(&self) -> &str {
        &self.endpoint.registry
    }

    /// `pull` and the like for this repository, as token servers want it.
    pub fn scope(&self, actions: &str) -> String {
        format!("repository:{}:{actions}", self.endpoint.repository)
    }

    /// A path of this repository.
    pub fn path(&self, rest: &str) -> String {
        format!("/v2/{}/{rest}", self.endpoint.repository)
    }

    /// Does `work` until it succeeds, fails for good, or has been tried often enough.
    pub fn retry<T>(&self, mut work: impl FnMut() -> Result<T, Trouble>) -> Result<T, Error> {
        let patience = &self.client.patience;
        let mut pause = patience.pause;
        let mut attempt = 1;
        loop {
            let trouble = match work() {
                Ok(value) => return Ok(value),
                Err(trouble) => trouble,
            };
            self.client.watch.check()?;
            let wait = match trouble.again {
                Again::Never => return Err(trouble.error),
                Again::Twice if attempt >= 2 => return Err(trouble.error),
                _ if attempt >= patience.attempts => return Err(trouble.error),
                Again::Twice | Again::Soon => pause,
                // Who is not to be waited for long is not to make us wait long either.
                Again::After(wait) => wait.min(patience.stall * 2),
            };
            self.client.watch.sleep(wait)?;
            pause = (pause * 2).min(LONGEST_PAUSE);
            attempt += 1;
        }
    }

    /// Sends a request, convinces the registry where needed, follows redirects of GET and HEAD. The answer's status
    /// is a good one.
    pub fn send(&self, ask: Ask<'_>) -> Result<Answer, Trouble> {
        let what = ask.what.to_owned();
        let answer = self.send_any(ask)?;
        self.good(&what, answer)
    }

    /// The same, whatever the status is.
    pub fn send_any(&self, mut ask: Ask<'_>) -> Result<Answer, Trouble> {
        let base = self.base()?;
        if ask.url.starts_with('/') {
            ask.url = format!("{base}{}", ask.url);
        }
        let mut tried = false;
        loop {
            let authorization = if address::is_same(&ask.url, base) {
                self.authorization(ask.scope, ask.what)?
            } else {
                None
            };
            let answer = self.exchange(&mut ask, authorization.as_deref())?;
            let status = answer.status();
            if status == StatusCode::UNAUTHORIZED && address::is_same(&ask.url, base) {
                let challenge = challenge(answer.headers());
                let spent = matches!(ask.payload, Payload::Stream(..));
                let changed = self.challenged(challenge, ask.scope);
                if tried || !changed {
                    return Err(self.bad(ask.what, answer));
                }
                if spent {
                    return Err(Trouble { again: Again::Soon, ..self.bad(ask.what, answer) });
                }
                tried = true;
                continue;
            }
            if status.is_redirection() && (ask.method == Method::GET || ask.method == Method::HEAD) {
                return self.follow(ask, answer);
            }
            return Ok(answer);
        }
    }

    /// From host to host, credentials only to the registry's own.
    fn follow(&self, mut ask: Ask<'_>, mut answer: Answer) -> Result<Answer, Trouble> {
        let base = self.base()?;
        for _ in 0..MAX_REDIRECTS {
            if !answer.status().is_redirection() {
                return Ok(answer);
            }
            let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
            let next = location.and_then(|location| address::resolve(&ask.url, location));
            ask.url = next.ok_or_else(|| {
                Trouble::refused(self.name(), ask.what, "it sends us to where we do not go")
            })?;
            let own = address::is_same(&ask.url, base);
            let authorization = if own { self.authorization(ask.scope, ask.what)? } else { None };
            answer = self.exchange(&mut ask, authorization.as_deref())?;
        }
        if answer.status().is_redirection() {
            let reason = format!("it sends us around more than {MAX_REDIRECTS} times");
            return Err(Trouble::refused(self.name(), ask.what, reason));
        }
        Ok(answer)
    }

    /// One request, one answer.
    fn exchange(&self, ask: &mut Ask<'_>, authorization: Option<&str>) -> Result<Answer, Trouble> {
        self.client.watch.check()?;
        let mut request = Request::builder().method(ask.method.clone()).uri(&ask.url);
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let malformed = |error: ureq::http::Error| {
            Trouble::refused(self.name(), ask.what, format!("an address of it cannot be used: {error}"))
        };
        let agent = self.agent_for(&ask.url)?;
        let has_body = matches!(ask.method, Method::POST | Method::PUT | Method::PATCH);
        let sent = match &mut ask.payload {
            Payload::None if has_body => agent.run(request.body(&[][..]).map_err(malformed)?),
            Payload::None => agent.run(request.body(()).map_err(malformed)?),
            Payload::Bytes(bytes) => agent.run(request.body(*bytes).map_err(malformed)?),
            Payload::Stream(stream, length) => {
                let request = request.header("content-length", length.to_string());
                agent.run(request.body(SendBody::from_reader(*stream)).map_err(malformed)?)
            }
        };
        sent.map_err(|error| Trouble::transport(self.name(), ask.what, error))
    }

    /// The registry's host has its own authorities; others have the system's.
    fn agent_for(&self, url: &str) -> Result<&Agent, Error> {
        let own = address::origin(url)
            .is_some_and(|(_, authority)| bare_host(authority) == bare_host(self.endpoint.host()));
        if own {
            return Ok(&self.agent);
        }
        if let Some(agent) = self.elsewhere.get() {
            return Ok(agent);
        }
        let made = agent(self.client, None)?;
        Ok(self.elsewhere.get_or_init(|| made))
    }

    /// An answer as an error, if it is one.
    fn good(&self, what: &str, answer: Answer) -> Result<Answer, Trouble> {
        if answer.status().is_success() { Ok(answer) } else { Err(self.bad(what, answer)) }
    }

    /// An answer as an error.
    pub fn bad(&self, what: &str, answer: Answer) -> Trouble {
        let (parts, body) = answer.into_parts();
        let mut said = Vec::new();
        // What it says is a courtesy; it may break off.
        let _ = body.into_reader().take(SAID).read_to_end(&mut said);
        Trouble::status(self.name(), what, parts.status, &parts.headers, &String::from_utf8_lossy(&said))
    }

    /// The body of an answer, all of it, which must not exceed `limit` bytes.
    pub fn body(
        &self,
        what: &str,
        answer: Answer,
        limit: u64,
        name: &'static str,
    ) -> Result<Vec<u8>, Trouble> {
        let exceeded = || Error::Limit { name: what.to_owned(), limit: name, allowed: limit };
        if answer.body().content_length().is_some_and(|length| length > limit) {
            return Err(exceeded().into());
        }
        let mut bytes = Vec::new();
        let read = answer.into_body().into_reader().take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|error| Trouble::io(self.name(), what, error))?;
        if bytes.len() as u64 > limit { Err(exceeded().into()) } else { Ok(bytes) }
    }

    /// Where the registry is. Asks it once: Docker's "ping".
    pub fn base(&self) -> Result<&str, Trouble> {
        if let Some(base) = self.base.get() {
            return Ok(base);
        }
        let (base, challenge) = self.ping()?;
        if let Some(challenge) = challenge {
            self.access().challenge.get_or_insert(challenge);
        }
        Ok(self.base.get_or_init(|| base))
    }

    fn ping(&self) -> Result<(String, Option<Challenge>), Trouble> {
        const WHAT: &str = "its greeting";
        let host = self.endpoint.host();
        let schemes: &[&str] = if self.endpoint.insecure { &["https", "http"] } else { &["https"] };
        let mut first = None;
        for scheme in schemes {
            let base = format!("{scheme}://{host}");
            let mut ask = Ask::new(Method::GET, format!("{base}/v2/"), "", WHAT);
            let answer = match self.exchange(&mut ask, None) {
                Ok(answer) => answer,
                // Nobody listens there, whatever is spoken.
                Err(trouble) if trouble.again == Again::Twice => return Err(trouble),
                Err(trouble) => {
                    let failure = Trouble { again: Again::Soon, ..trouble };
                    if matches!(failure.error, Error::Interrupted) {
                        return Err(failure.error.into());
                    }
                    first.get_or_insert(failure);
                    continue;
                }
            };
            return match answer.status().as_u16() {
                200 => Ok((base, None)),
                401 => Ok((base, challenge(answer.headers()))),
                // A server that wants TLS says so with 400; one in trouble may be fine the next time.
                400 | 429 | 500..=599 => Err(match first {
                    Some(first) if *scheme == "http" => first,
                    _ => self.bad(WHAT, answer),
                }),
                // Some say 404 or 403 here and serve the rest.
                _ => Ok((base, challenge(answer.headers()))),
            };
        }
        let trouble = first.unwrap_or_else(|| Trouble::refused(self.name(), WHAT, "it cannot be reached"));
        // A certificate that is not believed will not be the next time.
        let tls = matches!(&trouble.error, Error::Registry { fault: RegistryFault::Broken(text), .. } if text.starts_with("TLS"));
        Err(if tls && schemes.len() == 1 { Trouble { again: Again::Never, ..trouble } } else { trouble })
    }

    fn access(&self) -> std::sync::MutexGuard<'_, Access> {
        self.access.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers what the registry asks for; whether that is worth another attempt.
    fn challenged(&self, challenge: Option<Challenge>, scope: &str) -> bool {
        let mut access = self.access();
        let had = access.tokens.remove(scope).is_some();
        let Some(challenge) = challenge else { return false };
        let new = access.challenge.as_ref() != Some(&challenge);
        let token = matches!(challenge, Challenge::Bearer { .. });
        access.challenge = Some(challenge);
        new || had || token
    }

    /// What the files and helpers know, looked up once.
    fn credentials(&self) -> Result<Option<Credentials>, Error> {
        if let Some(given) = &self.given {
            return Ok(Some(given.clone()));
        }
        if let Some(known) = &self.access().credentials {
            return Ok(known.clone());
        }
        let found =
            credentials::find(&self.client.network, &self.endpoint.registry, &self.endpoint.repository)?;
        self.access().credentials = Some(found.clone());
        Ok(found)
    }

    /// The header that convinces the registry, where it wants one.
    fn authorization(&self, scope: &str, what: &str) -> Result<Option<String>, Trouble> {
        let challenge = self.access().challenge.clone();
        match challenge {
            None => Ok(None),
            Some(Challenge::Basic) => Ok(self.credentials()?.and_then(|found| found.basic())),
            Some(Challenge::Bearer { realm, service, scope: asked }) => {
                let known = self.access().tokens.get(scope).cloned();
                if let Some((token, until)) = known
                    && Instant::now() < until
                {
                    return Ok(Some(format!("Bearer {token}")));
                }
                // Of a right that we did not think of, the registry knows the name.
                let wanted = if scope.is_empty() { asked.unwrap_or_default() } else { scope.to_owned() };
                let (token, life) = self.token(&realm, service.as_deref(), &wanted, what)?;
                self.access().tokens.insert(scope.to_owned(), (token.clone(), Instant::now() + life));
                Ok(Some(format!("Bearer {token}")))
            }
        }
    }

    /// Sources: distribution `docs/spec/auth/token.md` and `oauth.md`.
    fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        scope: &str,
        what: &str,
    ) -> Result<(String, Duration), Trouble> {
        let refuse = |reason: &str| Trouble::refused(self.name(), what, reason);
        let (scheme, authority) =
            address::origin(realm).ok_or_else(|| refuse("its token server has no address"))?;
        let secure = self.base.get().is_none_or(|base| base.starts_with("https:"));
        if scheme == "http" && secure && !is_loopback(authority) {
            return Err(refuse("its token server has no TLS: a password would be seen by all"));
        }
        let credentials = self.credentials()?;
        let mut form: Vec<(&str, &str)> = Vec::new();
        form.extend(service.map(|service| ("service", service)));
        // Several rights are told apart by spaces.
        form.extend(scope.split(' ').filter(|scope| !scope.is_empty()).map(|scope| ("scope", scope)));
        let answer = if let Some(Credentials::IdentityToken(token)) = &credentials {
            form.extend([
                ("grant_type", "refresh_token"),
                ("client_id", "plywood"),
                ("refresh_token", token.as_str()),
            ]);
            let pairs: Vec<String> =
                form.iter().map(|(key, value)| format!("{key}={}", encode(value))).collect();
            let body = pairs.join("&");
            let mut ask = Ask::new(Method::POST, realm, "", what)
                .header("content-type", "application/x-www-form-urlencoded");
            ask.payload = Payload::Bytes(body.as_bytes());
            self.exchange(&mut ask, None)?
        } else {
            let mut url = realm.to_owned();
            for (key, value) in form {
                url = with_parameter(&url, key, value);
            }
            let basic = credentials.and_then(|found| found.basic());
            self.exchange(&mut Ask::new(Method::GET, url, "", what), basic.as_deref())?
        };
        let answer = self.good(what, answer)?;
        let bytes = self.body(what, answer, TOKEN, "token_bytes")?;
        let document: Value =
            serde_json::from_slice(&bytes).map_err(|_| refuse("its token server's answer is no JSON"))?;
        let token = ["token", "access_token"].iter().find_map(|key| document.get(key)?.as_str());
        let token =
            token.filter(|token| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
        let token = token.ok_or_else(|| refuse("its token server gave no token"))?;
        let life = document.get("expires_in").and_then(Value::as_u64).unwrap_or(60).clamp(10, 3600);
        // Rather a new one than one that ends on its way.
        Ok((token.to_owned(), Duration::from_secs(life * 4 / 5)))
    }
}

fn challenge(headers: &HeaderMap) -> Option<Challenge> {
    Challenge::choose(headers.get_all("www-authenticate").iter().filter_map(|value| value.to_str().ok()))
}

fn agent(client: &Client, endpoint: Option<&Endpoint>) -> Result<Agent, Error> {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .tls_config(trust::tls(&client.network, endpoint)?)
        .proxy(proxy(client, endpoint)?)
        .user_agent(concat!("plywood/", env!("CARGO_PKG_VERSION")))
        .max_idle_connections_per_host(client.patience.connections + 1)
        .input_buffer_size(128 << 10)
        .output_buffer_size(128 << 10)
        .build();
    let sockets = Sockets { watch: client.watch.clone(), stall: client.patience.stall, socket: None };
    let connector =
        ().chain(ConnectProxyConnector::default()).chain(sockets).chain(RustlsConnector::default());
    Ok(Agent::with_parts(config, connector, Names(client.watch.clone())))
}

/// The proxy on the way to the registry, if the caller has one and the host is not excepted.
fn proxy(client: &Client, endpoint: Option<&Endpoint>) -> Result<Option<Proxy>, Error> {
    let network = &client.network;
    let host = endpoint.map_or("", |endpoint| bare_host(endpoint.host()));
    let excepted = network.no_proxy.as_deref().unwrap_or_default().split(',').map(str::trim).any(|entry| {
        let entry = entry.trim_start_matches('.');
        entry == "*" || !entry.is_empty() && (host == entry || host.ends_with(&format!(".{entry}")))
    });
    if excepted || endpoint.is_some_and(|endpoint| is_loopback(endpoint.host())) {
        return Ok(None);
    }
    let insecure = endpoint.is_some_and(|endpoint| endpoint.insecure);
    let chosen = network.https_proxy.as_ref().or(network.http_proxy.as_ref().filter(|_| insecure));
    let Some(url) = chosen.filter(|url| !url.is_empty()) else { return Ok(None) };
    let refuse = |_| Error::Name { text: url.clone(), reason: "is no address of a proxy".to_owned() };
    Proxy::new(url).map(Some).map_err(refuse)
}
