//! What the process finds around it: environment, folders, terminals. Nothing below reads them.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;

use super::arguments::Arguments;
use super::console::Console;
use super::limits::Limits;
use super::{Result, report};
use crate::repl;
use crate::script::{Failure, Input, Session, SessionOptions};
use crate::sys::Interrupt;
use crate::workbench::{Fallback, HostEnvironment, Network, Report, Settings, Workbench};

/// The process's surroundings, read once.
#[derive(Debug, Clone)]
pub struct Surroundings {
    store: PathBuf,
    environment: Vec<(String, String)>,
    interrupt: Interrupt,
    source_date_epoch: Option<i64>,
    force: Vec<Fallback>,
    limits: Limits,
    json: bool,
    quiet: bool,
}

impl Surroundings {
    /// Reads them.
    ///
    /// # Errors
    /// A `SOURCE_DATE_EPOCH` that is no number, no folder for the store, no signal handler.
    pub fn new(arguments: &Arguments) -> Result<Self> {
        let interrupt = Interrupt::install_handler()
            .map_err(|error| Failure::new("io", format!("cannot watch for Ctrl-C: {error}")))?;
        let source_date_epoch = match std::env::var("SOURCE_DATE_EPOCH") {
            Ok(text) if !text.is_empty() => Some(text.parse().map_err(|_| {
                Failure::new("usage", format!("`SOURCE_DATE_EPOCH` must be seconds since 1970, is `{text}`"))
            })?),
            _ => None,
        };
        Ok(Self {
            force: force()?,
            store: store(arguments)?,
            environment: std::env::vars_os()
                .map(|(name, value)| {
                    (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
                })
                .collect(),
            interrupt,
            source_date_epoch,
            limits: Limits::read(&std::env::var("PLYWOOD_LIMITS").unwrap_or_default(), &arguments.limits)?,
            json: arguments.json,
            quiet: arguments.quiet,
        })
    }

    /// A workbench on the store; nothing is opened yet.
    pub fn workbench(&self, report: Report) -> Arc<Workbench> {
        let find = |wanted: &str| self.variable(wanted).map(str::to_owned);
        Arc::new(Workbench::new(Settings {
            store: self.store.clone(),
            interrupt: self.interrupt,
            source_date_epoch: self.source_date_epoch,
            terminal: io::stdin().is_terminal() && io::stdout().is_terminal(),
            host: HostEnvironment {
                path: find("PATH"),
                term: find("TERM"),
                env: self.environment.clone(),
                network: self.network(),
                report,
            },
            force: self.force.clone(),
            limits: self.limits.images.clone(),
        }))
    }

    fn variable(&self, wanted: &str) -> Option<&str> {
        let found = self.environment.iter().find(|(name, value)| name == wanted && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// Where Docker, podman and we keep what concerns registries and daemons.
    ///
    /// Sources: containers-auth.json(5), containers-certs.d(5), docker(1), podman(1).
    fn network(&self) -> Network {
        let variable = |name: &str| self.variable(name);
        let path = |name: &str| variable(name).map(PathBuf::from);
        let home = dirs::home_dir();
        let below_home = |rest: &str| home.as_ref().map(|home| home.join(rest));
        let config = path("XDG_CONFIG_HOME").or_else(|| below_home(".config"));
        let runtime = path("XDG_RUNTIME_DIR");
        let docker = path("DOCKER_CONFIG").or_else(|| below_home(".docker")).map(|it| it.join("config.json"));
        let own = path("REGISTRY_AUTH_FILE");
        let below = |base: &Option<PathBuf>, rest: &str| base.as_ref().map(|base| base.join(rest));
        // curl's rule, which all follow: the small letters come first.
        let proxy = |name: &str| {
            let large = name.to_uppercase();
            variable(name).or_else(|| variable(&large)).map(str::to_owned)
        };
        Network {
            registries: path("PLYWOOD_REGISTRIES").map_or_else(
                || {
                    let user = below(&config, "plywood/registries.toml");
                    user.into_iter().chain([PathBuf::from("/etc/plywood/registries.toml")]).collect()
                },
                |path| vec![path],
            ),
            auth_files: match &own {
                Some(own) => vec![own.clone()],
                None => [
                    below(&runtime, "containers/auth.json"),
                    below(&config, "containers/auth.json"),
                    docker.clone(),
                ]
                .into_iter()
                .flatten()
                .collect(),
            },
            login_file: own.or(docker),
            certificate_dirs: [below(&config, "containers/certs.d")]
                .into_iter()
                .flatten()
                .chain(["/etc/containers/certs.d", "/etc/docker/certs.d"].map(PathBuf::from))
                .collect(),
            authorities: path("SSL_CERT_FILE"),
            path: variable("PATH").map(str::to_owned),
            https_proxy: proxy("https_proxy"),
            http_proxy: proxy("http_proxy"),
            no_proxy: proxy("no_proxy"),
            docker_host: variable("DOCKER_HOST").map(str::to_owned),
            container_host: variable("CONTAINER_HOST").map(str::to_owned),
            daemon_sockets: [
                Some(PathBuf::from("/var/run/docker.sock")),
                below(&runtime, "docker.sock"),
                below(&runtime, "podman/podman.sock"),
                Some(PathBuf::from("/run/podman/podman.sock")),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }
    }

    /// A session whose output is the console.
    pub fn session(&self, console: &Console, args: Vec<String>, interactive: bool) -> Session {
        self.session_with(console, args, interactive, &[])
    }

    /// The same with more variables in its environment.
    pub fn session_with(
        &self,
        console: &Console,
        args: Vec<String>,
        interactive: bool,
        more: &[(&str, &str)],
    ) -> Session {
        let mut environment = self.environment.clone();
        environment.retain(|(name, _)| !more.iter().any(|(other, _)| name == other));
        environment.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let attended = io::stdin().is_terminal() && console.is_terminal();
        Session::new(
            self.workbench(console.progress()),
            SessionOptions {
                interactive,
                json: self.json,
                args,
                out: console.sinks(),
                environment,
                input: attended.then(ask),
                style: console.style,
                terminal: terminal_size,
                limits: self.limits.script,
                ..SessionOptions::default()
            },
        )
    }

    /// What the prompt wants to know.
    pub fn repl(&self, console: &Console) -> repl::Settings {
        repl::Settings {
            style: console.style,
            store: self.store.clone(),
            quiet: self.quiet,
            report: report::failure_text,
        }
    }
}

/// Writes a prompt and reads a line, byte by byte: a command that is run next must find the rest.
fn ask() -> Input {
    Arc::new(|prompt| {
        let mut out = io::stdout();
        out.write_all(prompt.as_bytes()).and_then(|()| out.flush()).ok()?;
        let mut line = Vec::new();
        let mut byte = [0];
        loop {
            // An interrupt ends the wait too: the script's own check for it comes right after.
            match nix::unistd::read(io::stdin().as_fd(), &mut byte) {
                Ok(1) if byte[0] == b'\n' => return Some(String::from_utf8_lossy(&line).into_owned()),
                Ok(1) => line.push(byte[0]),
                Ok(_) if line.is_empty() => return None,
                Ok(_) => return Some(String::from_utf8_lossy(&line).into_owned()),
                Err(_) => return None,
            }
        }
    })
}

/// The size of the terminal on standard output.
fn terminal_size() -> Option<(u16, u16)> {
    let size = crate::sys::pty::size(io::stdout().as_fd()).ok()?;
    // A terminal that does not know its size says 0.
    (size.columns > 0).then_some((size.columns, size.rows))
}

/// Older ways that are forced: names with commas between them.
fn force() -> Result<Vec<Fallback>> {
    let names = std::env::var("PLYWOOD_FORCE").unwrap_or_default();
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    names
        .map(|name| {
            name.parse().map_err(|error: crate::workbench::Error| {
                let mut failure = Failure::new("usage", format!("`PLYWOOD_FORCE`: {}", error.message));
                failure.hint = error.hint;
                failure.into()
            })
        })
        .collect()
}

fn store(arguments: &Arguments) -> Result<PathBuf> {
    let set = std::env::var_os("PLYWOOD_STORE").filter(|store| !store.is_empty()).map(PathBuf::from);
    if let Some(store) = arguments.store.clone().or(set) {
        // Mounts are made elsewhere than where the caller stands.
        return std::path::absolute(&store).map_err(|error| {
            Failure::new("usage", format!("`{}` is no folder for the store: {error}", store.display())).into()
        });
    }
    dirs::data_dir().map(|data| data.join("plywood")).ok_or_else(|| {
        let mut failure = Failure::new("usage", "there is no home folder for the store");
        failure.hint = Some("give one with `--store DIR` or `PLYWOOD_STORE`".to_owned());
        failure.into()
    })
}
