//! How a container runs, as its record keeps it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::options::Checked;
use super::{Command, Error, Network, Result, RunOptions, Volume};
use crate::image::Config;
use crate::store::ContainerRecord;

/// A container's own settings; what is not set here is the image's.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RunConfig {
    /// Entrypoint of the last run; empty where it had none.
    pub entrypoint: Vec<String>,
    /// Arguments of the last run, or the whole command where there is no entrypoint.
    pub cmd: Vec<String>,
    /// Both together: what is executed.
    pub argv: Vec<String>,
    /// Every command so far, as people read them: what a commit's history says.
    pub history: Vec<String>,
    /// Variables besides the image's: `NAME=value`, or a name alone to unset the image's.
    pub env: Vec<String>,
    /// Where it starts.
    pub workdir: String,
    /// `name|uid[:group|gid]`, or empty for root.
    pub user: String,
    /// What it calls its host; empty for its short id.
    pub hostname: String,
    /// `host` or `none`.
    pub network: String,
    /// `SOURCE:TARGET[:ro]`.
    pub volumes: Vec<String>,
}

impl RunConfig {
    /// As the container's record has it; what cannot be read is left at its default.
    pub fn of(record: &ContainerRecord) -> Self {
        let mut config: Self = serde_json::from_value(record.config.clone()).unwrap_or_default();
        if config.hostname.is_empty() {
            config.hostname = record.id.chars().take(12).collect();
        }
        config
    }

    /// For a first run.
    pub fn fresh(
        image: &Config,
        command: Option<&Command>,
        options: &RunOptions,
        asked: &Checked,
    ) -> Result<Self> {
        let mut config = Self {
            workdir: image.working_dir(),
            user: image.user(),
            network: "host".to_owned(),
            ..Self::default()
        };
        config.apply(options, asked);
        config.set_command(image, command, options.entrypoint.as_deref())?;
        Ok(config)
    }

    /// For a further run in the same container: what is not asked for stays.
    pub fn again(
        mut self,
        image: &Config,
        command: Option<&Command>,
        options: &RunOptions,
        asked: &Checked,
    ) -> Result<Self> {
        self.apply(options, asked);
        self.set_command(image, command, options.entrypoint.as_deref())?;
        Ok(self)
    }

    fn apply(&mut self, options: &RunOptions, asked: &Checked) {
        for line in &asked.env {
            let name = line.split('=').next().unwrap_or(line);
            self.env.retain(|old| old.split('=').next() != Some(name));
            self.env.push(line.clone());
        }
        let set = |field: &mut String, value: &Option<String>| {
            if let Some(value) = value {
                field.clone_from(value);
            }
        };
        set(&mut self.workdir, &options.workdir);
        set(&mut self.user, &options.user);
        set(&mut self.hostname, &options.hostname);
        set(&mut self.network, &options.network);
        self.volumes.extend(options.volumes.iter().cloned());
    }

    /// Docker's rule: an entrypoint that is asked for drops the image's command.
    fn set_command(
        &mut self,
        image: &Config,
        command: Option<&Command>,
        entrypoint: Option<&[String]>,
    ) -> Result<()> {
        let image_entrypoint = || entrypoint.map_or_else(|| image.entrypoint(), <[String]>::to_vec);
        (self.entrypoint, self.cmd) = match command {
            Some(Command::Shell(line)) => {
                (Vec::new(), vec!["/bin/sh".to_owned(), "-c".to_owned(), line.clone()])
            }
            Some(Command::Argv(words)) => (image_entrypoint(), words.clone()),
            None if entrypoint.is_some() => (image_entrypoint(), Vec::new()),
            None => (image.entrypoint(), image.cmd()),
        };
        self.argv = [self.entrypoint.as_slice(), self.cmd.as_slice()].concat();
        if self.argv.first().is_none_or(String::is_empty) {
            return Err(Error::invalid("no command: the image names none and none was given")
                .with_hint("give one: `run(image, [\"program\", \"argument\"])`")
                .with_exit_code(125));
        }
        self.history.push(match command {
            Some(Command::Shell(line)) => format!("/bin/sh -c {line}"),
            _ => self.argv.join(" "),
        });
        Ok(())
    }

    /// For the container's record.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The network by its name.
    pub fn network(&self) -> Result<Network> {
        super::options::network(&self.network)
    }

    /// The volumes, their sources absolute.
    pub fn volumes(&self) -> Result<Vec<Volume>> {
        self.volumes.iter().map(|text| super::options::volume(text)).collect()
    }

    /// Its own variables; one without a value is to be unset.
    pub fn variables(&self) -> Vec<(String, Option<String>)> {
        let split = |line: &String| match line.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (line.clone(), None),
        };
        self.env.iter().map(split).collect()
    }

    /// The `config` keys that a commit of this container sets.
    pub fn committed(&self, image: &Config) -> Map<String, Value> {
        let mut env = image.env();
        for line in &self.env {
            let Some((name, _)) = line.split_once('=') else {
                env.retain(|old| old.split('=').next() != Some(line));
                continue;
            };
            match env.iter_mut().find(|old| old.split('=').next() == Some(name)) {
                Some(old) => old.clone_from(line),
                None => env.push(line.clone()),
            }
        }
        let list = |words: &[String]| if words.is_empty() { Value::Null } else { json!(words) };
        let mut keys = Map::new();
        keys.insert("Cmd".into(), list(&self.cmd));
        keys.insert("Entrypoint".into(), list(&self.entrypoint));
        keys.insert("Env".into(), list(&env));
        if self.workdir != image.working_dir() {
            keys.insert("WorkingDir".into(), json!(self.workdir));
        }
        if self.user != image.user() {
            keys.insert("User".into(), json!(self.user));
        }
        keys
    }

    /// The commands, joined as a history entry has them.
    pub fn created_by(&self) -> String {
        self.history.join(" && ")
    }
}
