//! `explore`: the full screen on an image or a container.

use std::io::Read as _;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, PoisonError};

use super::layers::file;
use super::time::rfc3339;
use super::{Error, ErrorKind, File, Image, Layer, Result, Subject, Workbench, index_of};
use crate::explorer::{self, LayerRow, Load, Look, Material, Refine};
use crate::image::Config;
use crate::inspect::Model;
use crate::inspect::model::Entries;
use crate::layer::{self, DirContent, Index, OverlayFormat, Stack};
use crate::oci::{DiffId, media_type};
use crate::store::BlobDescriptor;
use crate::transfer::Source;

/// What is to be explored.
#[derive(Debug, Clone)]
pub enum Explored {
    /// An image or a container.
    Subject(Box<Subject>),
    /// An image as people name it.
    Named(String),
}

/// Where a layer's files are.
#[derive(Debug, Clone)]
enum Home {
    /// In a stored layer's directory.
    Tree(PathBuf),
    /// In a container's own directories, top first.
    Parts(Vec<PathBuf>, OverlayFormat),
}

impl Workbench {
    /// Shows it full screen on the process's terminal; gives the files that were marked.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where there is no terminal; when the image or container is gone.
    pub fn explore(self: &Arc<Self>, what: Explored, color: bool) -> Result<Vec<File>> {
        if !self.settings.terminal {
            let message = "`explore` fills a terminal's screen, and standard input or output is none";
            return Err(Error::new(ErrorKind::Unsupported, message)
                .with_hint("`layers(x)`, `waste(x)` and `layers(x)[n].files` give the same as values"));
        }
        // Before there are threads: it may need a user namespace.
        self.store()?;
        let what = match what {
            // A download is told of while the screen is still the caller's.
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
        let name = match &what {
            Explored::Subject(subject) => label(subject),
            Explored::Named(name) => name.clone(),
        };
        let workbench = Arc::clone(self);
        let open = move || match what {
            Explored::Subject(subject) => workbench.material(&subject),
            Explored::Named(name) => workbench.material(&Subject::Image(workbench.image(&name)?)),
        };
        let _silence = self.settings.host.report.silence();
        let found = explorer::explore(&Look { name, color }, open).map_err(|failure| match failure {
            explorer::Failure::Open(error) => error,
            explorer::Failure::Terminal(error) => Error::io("the terminal".to_owned(), &error),
            explorer::Failure::Lost => Error::new(ErrorKind::Internal, "the explorer failed inside"),
        })?;
        Ok(found.files.iter().map(|picked| file(&picked.entry.as_ref())).collect())
    }

    fn material(self: &Arc<Self>, subject: &Subject) -> Result<Material> {
        match subject {
            Subject::Image(image) => match self.examined(image)? {
                Some(examined) => {
                    let indexes =
                        examined.layers.iter().map(|layer| Entries::Index(Arc::clone(&layer.index)));
                    let model = Model::new(indexes.collect(), |_, _, _| None);
                    let rows =
                        self.examined_layers(examined, &model.waste())?.into_iter().map(seen).collect();
                    Ok(material(
                        image.label().to_owned(),
                        facts(image),
                        rows,
                        model,
                        self.late_load(image),
                        None,
                    ))
                }
                None => {
                    let record = self.image_record(image)?;
                    let (layers, homes) = self.stored_layers(&record.diff_ids)?;
                    let (model, refine) = models(layers, &homes);
                    let config = Config::parse(record.config.clone())?;
                    let rows = self.rows(&record.diff_ids, &record.compressed, &config)?;
                    let (name, load) = (image.label().to_owned(), load_from(homes));
                    Ok(material(name, facts(image), rows, model, load, Some(refine)))
                }
            },
            Subject::Container(container) => {
                let record = self.container_record(container)?;
                let prepared = self.prepare_container(&record)?;
                let (mut layers, mut homes) = self.stored_layers(prepared.config.diff_ids())?;
                let (parts, format) = (self.part_trees(&record)?, self.format()?);
                let own = layer::scan_all(&parts, format)?;
                let file_count =
                    own.iter().filter(|entry| entry.kind != layer::Kind::Whiteout).count() as u64;
                layers.push(Entries::List(own.into()));
                homes.push(Home::Parts(parts, format));
                let (model, refine) = models(layers, &homes);
                let mut rows = self.rows(prepared.config.diff_ids(), &[], &prepared.config)?;
                rows.push(LayerRow {
                    size: model.layer_size(rows.len()),
                    file_count,
                    media_type: "the container's own files".to_owned(),
                    created: Some(rfc3339(record.created)),
                    command: Some(container.command.join(" ")),
                    ..LayerRow::default()
                });
                let facts = vec![("Id", container.id.clone()), ("Image", container.image.clone())];
                Ok(material(container.name.clone(), facts, rows, model, load_from(homes), Some(refine)))
            }
        }
    }

    /// What the table of layers knows of stored ones. Not [`Self::layers`], which looks at files' content for the
    /// waste in them.
    fn rows(
        &self,
        diff_ids: &[DiffId],
        packed: &[Option<BlobDescriptor>],
        config: &Config,
    ) -> Result<Vec<LayerRow>> {
        let mut rows = Vec::with_capacity(diff_ids.len());
        for (index, diff_id) in diff_ids.iter().enumerate() {
            let stored = self.stored_layer(diff_id)?;
            let blob = packed.get(index).cloned().flatten().or_else(|| self.came_as(&stored));
            let media_type = blob.as_ref().map_or(media_type::OCI_LAYER, |blob| &blob.media_type).to_owned();
            rows.push(LayerRow {
                digest: blob.as_ref().map(|blob| blob.digest.to_string()),
                diff_id: Some(diff_id.to_string()),
                size: stored.size,
                compressed_size: blob.map(|blob| blob.size),
                file_count: stored.file_count,
                media_type,
                ..LayerRow::default()
            });
        }
        // Histories may be shorter than the layers, or absent.
        let history = config.history().iter().filter(|entry| entry["empty_layer"] != true);
        for (row, entry) in rows.iter_mut().zip(history) {
            let text = |key: &str| entry[key].as_str().map(str::to_owned);
            (row.created, row.command) = (text("created"), text("created_by"));
        }
        Ok(rows)
    }

    fn stored_layers(&self, diff_ids: &[DiffId]) -> Result<(Vec<Entries>, Vec<Home>)> {
        let (mut layers, mut homes) = (Vec::new(), Vec::new());
        for diff_id in diff_ids {
            let part = self.stored_layer(diff_id)?.part;
            let index = Index::open(&index_of(&self.store()?.part_dir(&part)))?;
            layers.push(Entries::Index(Arc::new(index)));
            homes.push(Home::Tree(self.tree(&part)?));
        }
        Ok((layers, homes))
    }

    /// Of an image that is only looked at: the first file that is wanted takes it into the store.
    fn late_load(self: &Arc<Self>, image: &Image) -> Load {
        let (workbench, image) = (Arc::clone(self), image.clone());
        let known: std::sync::Mutex<Option<Load>> = std::sync::Mutex::new(None);
        Arc::new(move |layer, path, most| {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.is_none() {
                let stored = || {
                    let record = workbench.image_record(&image)?;
                    workbench.stored_layers(&record.diff_ids)
                };
                let (_, homes) = stored().map_err(|error: Error| error.message)?;
                *known = Some(load_from(homes));
            }
            let load = known.clone();
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

/// The row of a layer that was only looked at.
fn seen(layer: Layer) -> LayerRow {
    LayerRow {
        digest: layer.digest,
        diff_id: Some(layer.diff_id),
        size: layer.size,
        compressed_size: layer.compressed_size,
        file_count: layer.file_count,
        media_type: layer.media_type,
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

fn material(
    name: String,
    facts: Vec<(&'static str, String)>,
    layers: Vec<LayerRow>,
    model: Model,
    load: Load,
    refine: Option<Refine>,
) -> Material {
    let waste = Arc::new(model.waste());
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    Material { name, facts, layers, model: Arc::new(model), waste, load, refine }
}

fn facts(image: &Image) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("Id", image.id.clone()),
        ("Created", image.created.clone()),
        ("Platform", format!("{}/{}", image.os, image.architecture)),
    ];
    if !image.verified {
        facts.push(("Verified", "no: only looked at where it lies".to_owned()));
    }
    facts
}

/// The model without a look at files' content, which is there at once, and what makes it with one.
fn models(layers: Vec<Entries>, homes: &[Home]) -> (Model, Refine) {
    let first = Model::new(layers.clone(), |_, _, _| None);
    let homes = homes.to_vec();
    (first, Arc::new(move || model(layers.clone(), &homes)))
}

fn model(layers: Vec<Entries>, homes: &[Home]) -> Model {
    // Opened once, when it is first asked for.
    let places: Vec<OnceLock<Option<Place>>> = homes.iter().map(|_| OnceLock::new()).collect();
    let file = |layer: usize, path: &[u8]| {
        let place = places.get(layer)?.get_or_init(|| Place::open(homes.get(layer)?).ok());
        place.as_ref()?.file(path).ok()
    };
    Model::new(layers, |lower, upper, path| {
        crate::sys::file::same_data(&file(lower, path)?, &file(upper, path)?).ok()
    })
}

fn load_from(homes: Vec<Home>) -> Load {
    Arc::new(move |layer, path, most| {
        let home = homes.get(layer).ok_or_else(|| "there is no such layer".to_owned())?;
        let file = Place::open(home).and_then(|place| place.file(path)).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        Ok(bytes)
    })
}

/// A layer's files, opened.
enum Place {
    Tree(DirContent),
    Parts(Box<Stack>),
}

impl Place {
    fn open(home: &Home) -> std::result::Result<Self, layer::Error> {
        Ok(match home {
            Home::Tree(tree) => Self::Tree(DirContent::open(tree)?),
            Home::Parts(parts, format) => Self::Parts(Box::new(Stack::open(parts, *format)?)),
        })
    }

    fn file(&self, path: &[u8]) -> std::result::Result<std::fs::File, layer::Error> {
        match self {
            Self::Tree(content) => content.file(path),
            Self::Parts(stack) => stack.open_file(path),
        }
    }
}
