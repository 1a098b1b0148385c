//! Run options checked before anything is made.

use std::path::PathBuf;

use super::{Error, Network, Result, RunOptions, Volume};
use crate::workbench::{ErrorKind, Settings};

/// Options that took some reading.
pub struct Checked {
    /// `NAME=value`, the caller's values filled in; a name alone where there is none.
    pub env: Vec<String>,
}

impl Checked {
    /// Reads `options`, so that a mistake is found before a container exists.
    pub fn of(options: &RunOptions, settings: &Settings) -> Result<Self> {
        if let Some(name) = &options.network {
            network(name)?;
        }
        for text in &options.volumes {
            volume(text)?;
        }
        if let Some(path) = options.workdir.as_ref().filter(|path| !path.starts_with('/')) {
            return Err(Error::invalid(format!("`workdir: \"{path}\"` is not an absolute path"))
                .with_hint("begin it with `/`")
                .with_exit_code(125));
        }
        let mut env = Vec::new();
        for (name, value) in &options.env {
            if name.is_empty() || name.contains('=') {
                return Err(
                    Error::invalid(format!("`{name}` cannot be a variable's name")).with_exit_code(125)
                );
            }
            let callers =
                || settings.host.env.iter().find(|(known, _)| known == name).map(|(_, value)| value);
            env.push(match value.as_ref().or_else(callers) {
                Some(value) => format!("{name}={value}"),
                // A name that the caller has no value for is unset, as with Docker.
                None => name.clone(),
            });
        }
        Ok(Self { env })
    }
}

/// The network called `name`.
pub fn network(name: &str) -> Result<Network> {
    match name {
        "host" => Ok(Network::Host),
        "none" => Ok(Network::None),
        _ => Err(Error::invalid(format!("no network `{name}`"))
            .with_hint("`network` is \"host\" (the machine's own) or \"none\"")
            .with_exit_code(125)),
    }
}

/// Reads `SOURCE:TARGET[:ro|rw]`; the source must be there.
pub fn volume(text: &str) -> Result<Volume> {
    let wrong = |why: String| {
        Error::invalid(why)
            .with_hint("a volume is \"SOURCE:TARGET\" or \"SOURCE:TARGET:ro\", SOURCE a path on this machine")
            .with_exit_code(125)
    };
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, read_only) = match parts.as_slice() {
        [source, target] | [source, target, "rw"] => (*source, *target, false),
        [source, target, "ro"] => (*source, *target, true),
        _ => return Err(wrong(format!("`{text}` is not a volume"))),
    };
    if !target.starts_with('/') || target.split('/').all(str::is_empty) {
        return Err(wrong(format!("volume target `{target}` is not an absolute path below `/`")));
    }
    if target.split('/').any(|name| name == "..") {
        return Err(wrong(format!("volume target `{target}` goes up with `..`")));
    }
    let source: PathBuf = std::fs::canonicalize(source).map_err(|error| Error {
        kind: ErrorKind::NotFound,
        ..wrong(format!(
            "volume source `{source}`: {}",
            if error.kind() == std::io::ErrorKind::NotFound {
                "no such file or directory".to_owned()
            } else {
                error.to_string()
            }
        ))
    })?;
    Ok(Volume { source, target: PathBuf::from(target), read_only })
}
