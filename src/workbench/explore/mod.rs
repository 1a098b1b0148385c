//! `explore`: the full screen on an image or a container, or on two beside each other.

mod pair;

use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError};

use super::listed::file;
use super::{Content, Error, ErrorKind, File, Image, Layer, Look, Result, Subject, Workbench};
use crate::explorer::{self, LayerRow, Load, Material};
use crate::transfer::Source;

/// What is to be explored.
#[derive(Debug, Clone)]
pub enum Explored {
    /// An image or a container.
    Subject(Box<Subject>),
    /// An image as people name it.
    Named(String),
}

impl Explored {
    fn label(&self) -> String {
        match self {
            Self::Subject(subject) => label(subject),
            Self::Named(name) => name.clone(),
        }
    }
}

impl Workbench {
    /// Shows it full screen on the process's terminal, or it and `other` beside each other; gives the files that
    /// were marked.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where there is no terminal; when the image or container is gone.
    pub fn explore(
        self: &Arc<Self>,
        what: Explored,
        other: Option<Explored>,
        color: bool,
    ) -> Result<Vec<File>> {
        if !self.settings.terminal {
            let message = "`explore` fills a terminal's screen, and standard input or output is none";
            return Err(Error::new(ErrorKind::Unsupported, message).with_hint(match other {
                None => "`layers(x)`, `waste(x)` and `layers(x)[n].files` give the same as values",
                Some(_) => "`diff(a, b)` gives the same as a value",
            }));
        }
        // Before there are threads: it may need a user namespace.
        self.store()?;
        let what = self.told_of(what)?;
        let other = other.map(|other| self.told_of(other)).transpose()?;
        let name = match &other {
            None => what.label(),
            Some(other) => format!("{} and {}", what.label(), other.label()),
        };
        let workbench = Arc::clone(self);
        let open = move || {
            let one = workbench.subject_of(what)?;
            match other {
                None => workbench.material(&one),
                Some(other) => workbench.pair_material(&one, &workbench.subject_of(other)?),
            }
        };
        let _silence = self.settings.host.report.silence();
        let look = explorer::Look { name, color, interrupt: self.settings.interrupt };
        let found = explorer::explore(&look, open).map_err(|failure| match failure {
            explorer::Failure::Open(error) => error,
            explorer::Failure::Terminal(error) => Error::io("the terminal".to_owned(), &error),
            explorer::Failure::Lost => Error::new(ErrorKind::Internal, "the explorer failed inside"),
        })?;
        Ok(found.files.iter().map(|picked| file(&picked.entry.as_ref())).collect())
    }

    /// With everything downloaded that has to be: that is told of while the screen is still the caller's.
    fn told_of(&self, what: Explored) -> Result<Explored> {
        let what = match what {
            Explored::Named(name) if !is_local(&name) => {
                Explored::Subject(Box::new(Subject::Image(self.image(&name)?)))
            }
            other => other,
        };
        if let Explored::Subject(subject) = &what
            && let Subject::Image(image) = &**subject
            && image.origin.is_some()
            && self.examined(image)?.is_none()
        {
            self.image_record(image)?;
        }
        Ok(what)
    }

    fn subject_of(&self, what: Explored) -> Result<Subject> {
        match what {
            Explored::Subject(subject) => Ok(*subject),
            Explored::Named(name) => Ok(Subject::Image(self.image(&name)?)),
        }
    }

    fn material(self: &Arc<Self>, subject: &Subject) -> Result<Material> {
        let look = self.glance(subject, Content::IfThere)?;
        let waste = Arc::new(look.model.waste());
        let layers = self.layers_of(subject, &look, &waste)?.into_iter().map(row).collect();
        let is_elsewhere = match subject {
            Subject::Image(image) => self.examined(image)?.is_some(),
            Subject::Container(_) => false,
        };
        let mut material = Material {
            name: label(subject),
            facts: facts(subject),
            layers,
            model: Arc::clone(&look.model),
            waste,
            load: load(look.clone()),
            refine: None,
            pair: None,
        };
        if is_elsewhere {
            material.load = self.late_load(subject);
        } else {
            material.refine = Some(Arc::new(move || look.compared()));
        }
        Ok(material)
    }

    /// Of an image that is only looked at: the first file that is wanted takes it into the store.
    fn late_load(self: &Arc<Self>, subject: &Subject) -> Load {
        let (workbench, subject) = (Arc::clone(self), subject.clone());
        let known: Mutex<Option<Load>> = Mutex::new(None);
        Arc::new(move |layer, path, most| {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.is_none() {
                let look = workbench.glance(&subject, Content::Needed).map_err(|error| error.message)?;
                *known = Some(load(look));
            }
            let load = known.clone();
            drop(known);
            load.map_or_else(|| Err("is not at hand".to_owned()), |load| load(layer, path, most))
        })
    }
}

/// Whether a name is of an image that lies in a file or a directory: no download is to be told of, but looking
/// into it may take long.
fn is_local(name: &str) -> bool {
    if Source::is_spelled(name) {
        return name.parse::<Source>().is_ok_and(|source| !matches!(source, Source::Registry(_)));
    }
    Source::looks_like_path(name) && std::path::Path::new(name).exists()
}

fn row(layer: Layer) -> LayerRow {
    let is_own = layer.container.is_some();
    LayerRow {
        digest: layer.digest,
        // Nobody has written a container's own files as a tar.
        diff_id: Some(layer.diff_id).filter(|_| !is_own),
        size: layer.size,
        compressed_size: layer.compressed_size,
        file_count: layer.file_count,
        media_type: if is_own { "the container's own files".to_owned() } else { layer.media_type },
        created: layer.created,
        command: layer.created_by,
    }
}

fn label(subject: &Subject) -> String {
    match subject {
        Subject::Image(image) => image.label().to_owned(),
        Subject::Container(container) => container.name.clone(),
    }
}

fn facts(subject: &Subject) -> Vec<(&'static str, String)> {
    let mut facts = match subject {
        Subject::Container(container) => {
            vec![("Id", container.id.clone()), ("Image", container.image.clone())]
        }
        Subject::Image(image) => vec![
            ("Id", image.id.clone()),
            ("Created", image.created.clone()),
            ("Platform", platform(image)),
            ("Verified", verified(image)),
        ],
    };
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

fn platform(image: &Image) -> String {
    format!("{}/{}", image.os, image.architecture)
}

fn verified(image: &Image) -> String {
    if image.verified { String::new() } else { "no: only looked at where it lies".to_owned() }
}

/// Reads the files of a look.
fn load(look: Look) -> Load {
    Arc::new(move |layer, path, most| {
        let file = look.open_at(layer, path).map_err(|error| error.message)?;
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        Ok(bytes)
    })
}
