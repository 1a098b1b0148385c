//! The configuration edited: images with the layers of another, and one thing said differently.
//!
//! Each adds a history entry without a layer. The image that they are made of stays as it is.

use serde_json::{Map, Value, json};

use super::commit::parse_optional;
use super::time::image_time;
use super::{DeriveOptions, Error, Image, Result, Workbench};
use crate::image::{Change, Config, Next};

impl Workbench {
    /// `image` with variables set, or taken away where the value is `None`.
    ///
    /// # Errors
    /// A name that is empty or has `=` or NUL in it; a value with NUL.
    pub fn with_env(
        &self,
        image: &Image,
        variables: &[(String, Option<String>)],
        options: &DeriveOptions,
    ) -> Result<Image> {
        for (name, value) in variables {
            if name.is_empty() || name.contains(['=', '\0']) {
                return Err(Error::invalid(format!("`{}` is no name of a variable", name.escape_debug()))
                    .with_hint("it is not empty and has no `=`: `with_env(image, \"NAME\", \"value\")`"));
            }
            if value.as_ref().is_some_and(|value| value.contains('\0')) {
                return Err(Error::invalid(format!("the value of `{name}` holds a NUL character")));
            }
        }
        self.edited(image, &format!("with_env {}", pairs(variables)), options, |runtime| {
            for (name, value) in variables {
                match value {
                    Some(value) => Change::Env(vec![(name.clone(), value.clone())]).apply(runtime),
                    None => remove_variable(runtime, name),
                }
            }
        })
    }

    /// `image` with labels set, or taken away where the value is `None`.
    ///
    /// # Errors
    /// An empty name.
    pub fn with_label(
        &self,
        image: &Image,
        labels: &[(String, Option<String>)],
        options: &DeriveOptions,
    ) -> Result<Image> {
        if labels.iter().any(|(name, _)| name.is_empty()) {
            return Err(Error::invalid("a label needs a name"));
        }
        self.edited(image, &format!("with_label {}", pairs(labels)), options, |runtime| {
            for (name, value) in labels {
                match value {
                    Some(value) => Change::Label(vec![(name.clone(), value.clone())]).apply(runtime),
                    None => remove_key(runtime, "Labels", name),
                }
            }
        })
    }

    /// `image` with another default command; none at all for no words.
    ///
    /// # Errors
    /// When the image is gone.
    pub fn with_cmd(&self, image: &Image, words: &[String], options: &DeriveOptions) -> Result<Image> {
        self.edited(image, &format!("with_cmd {}", json!(words)), options, |runtime| {
            Change::Cmd(words.to_vec()).apply(runtime);
        })
    }

    /// `image` with another entrypoint; none at all for no words. The default command stays.
    ///
    /// # Errors
    /// When the image is gone.
    pub fn with_entrypoint(&self, image: &Image, words: &[String], options: &DeriveOptions) -> Result<Image> {
        self.edited(image, &format!("with_entrypoint {}", json!(words)), options, |runtime| {
            Change::Entrypoint(words.to_vec()).apply(runtime);
        })
    }

    /// `image` whose programs run as somebody else; as nobody in particular for an empty text.
    ///
    /// # Errors
    /// When the image is gone.
    pub fn with_user(&self, image: &Image, user: &str, options: &DeriveOptions) -> Result<Image> {
        self.edited(image, &format!("with_user {user}"), options, |runtime| {
            if user.is_empty() {
                runtime.shift_remove("User");
            } else {
                Change::User(user.to_owned()).apply(runtime);
            }
        })
    }

    /// `image` whose programs begin in another directory; a relative one is below the old.
    ///
    /// # Errors
    /// An empty path.
    pub fn with_workdir(&self, image: &Image, path: &str, options: &DeriveOptions) -> Result<Image> {
        if path.is_empty() || path.contains('\0') {
            return Err(Error::invalid("a working directory needs a path"));
        }
        self.edited(image, &format!("with_workdir {path}"), options, |runtime| {
            Change::Workdir(path.to_owned()).apply(runtime);
        })
    }

    /// `image` that says that it listens on these ports too, such as `80` or `53/udp`.
    ///
    /// # Errors
    /// What is no port.
    pub fn with_port(&self, image: &Image, ports: &[String], options: &DeriveOptions) -> Result<Image> {
        let changes: Vec<Change> = ports
            .iter()
            .map(|port| format!("EXPOSE {port}").parse::<Change>().map_err(Error::from))
            .collect::<Result<_>>()?;
        self.edited(image, &format!("with_port {}", ports.join(" ")), options, |runtime| {
            changes.iter().for_each(|change| change.apply(runtime));
        })
    }

    /// `image` that says that these directories are for data that outlives containers.
    ///
    /// # Errors
    /// A path that is not absolute.
    pub fn with_volume(&self, image: &Image, paths: &[String], options: &DeriveOptions) -> Result<Image> {
        if let Some(path) = paths.iter().find(|path| !path.starts_with('/') || path.contains('\0')) {
            return Err(Error::invalid(format!("`{path}` is no absolute path")));
        }
        self.edited(image, &format!("with_volume {}", paths.join(" ")), options, |runtime| {
            Change::Volume(paths.to_vec()).apply(runtime);
        })
    }

    /// The image after `edit` on what its configuration says of running it; `done` is what history tells.
    fn edited(
        &self,
        image: &Image,
        done: &str,
        options: &DeriveOptions,
        edit: impl FnOnce(&mut Map<String, Value>),
    ) -> Result<Image> {
        let reference = parse_optional(options.tag.as_deref().unwrap_or_default())?;
        let record = self.image_record(image)?;
        let config = Config::parse(record.config)?;
        let before = config.runtime_value().as_object().cloned().unwrap_or_default();
        let mut runtime = before.clone();
        edit(&mut runtime);
        for name in before.keys().filter(|name| !runtime.contains_key(*name)).cloned().collect::<Vec<_>>() {
            runtime.insert(name, Value::Null);
        }
        let next = Next {
            created: image_time(self.settings.source_date_epoch),
            created_by: format!("plywood {done}"),
            comment: options.message.clone(),
            runtime,
            ..Next::default()
        };
        let edited = self.put_derived(&next.on(&config)?, record.compressed, reference.as_ref())?;
        self.note_image(&edited);
        Ok(edited)
    }
}

fn remove_variable(runtime: &mut Map<String, Value>, name: &str) {
    let Some(lines) = runtime.get_mut("Env").and_then(Value::as_array_mut) else { return };
    let is_it = |line: &str| line.split_once('=').map_or(line, |(known, _)| known) == name;
    lines.retain(|line| !line.as_str().is_some_and(is_it));
}

fn remove_key(runtime: &mut Map<String, Value>, map: &str, name: &str) {
    if let Some(map) = runtime.get_mut(map).and_then(Value::as_object_mut) {
        map.shift_remove(name);
    }
}

/// As history tells it: `A=1 B=`, and `-C` for what was taken away.
fn pairs(pairs: &[(String, Option<String>)]) -> String {
    let shown = pairs.iter().map(|(name, value)| match value {
        Some(value) => format!("{name}={value}"),
        None => format!("-{name}"),
    });
    shown.collect::<Vec<_>>().join(" ")
}
