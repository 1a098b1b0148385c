//! Looking into an image or a container: its layers as one model, and the content of any version of any file.

mod cat;
mod duplicates;
mod junk;
mod provenance;
mod tree;

pub use tree::TreeOptions;

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::in_place::Origin;
use super::step::{LayerStep, steps};
use super::{Container, Error, Image, Result, Subject, Workbench, index_of};
use crate::image::Config;
use crate::inspect::Model;
use crate::inspect::model::{Entries, NodeId, Version};
use crate::layer::{self, DirContent, Index, OverlayFormat, Stack};
use crate::oci::DiffId;
use crate::store::ContainerRecord;
use crate::sys::file;

/// What is known of the layers of an image or a container; a container's own writable layer is the last.
#[derive(Debug, Clone)]
pub struct Look {
    /// Every version of every path.
    pub model: Arc<Model>,
    /// How each layer came to be, lowest first.
    pub steps: Arc<[LayerStep]>,
    /// What the subject is called.
    pub label: String,
    holdings: Arc<[Holding]>,
    format: OverlayFormat,
}

/// Where the files of a layer are.
#[derive(Debug, Clone)]
enum Holding {
    /// In a stored layer's directory.
    Tree(PathBuf),
    /// In a container's own directories, top first.
    Parts(Vec<PathBuf>),
    /// Nowhere at hand: it was only listed.
    Nowhere,
}

/// Models of what was looked at last.
pub(super) type Kept = Mutex<Vec<(Vec<DiffId>, bool, Arc<Model>)>>;

/// So many are kept.
const MOST_KEPT: usize = 4;

/// Whether a look must be able to read files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// An image that lies elsewhere is taken into the store for it.
    Needed,
    /// Where it is at hand.
    IfThere,
}

impl Workbench {
    /// Looks into an image or a container. An image that is only looked at in place stays so, unless files'
    /// content is [needed](Content::Needed).
    ///
    /// # Errors
    /// When the subject or one of its layers is gone.
    pub fn look(&self, subject: &Subject, content: Content) -> Result<Look> {
        self.look_with(subject, content, Depth::Contents)
    }

    /// The same without a look at files' content, which is there at once: whether a file of the same size and
    /// another time is another one stays unknown. [`Look::compared`] gives the model that knows.
    ///
    /// # Errors
    /// As [`Self::look`].
    pub fn glance(&self, subject: &Subject, content: Content) -> Result<Look> {
        self.look_with(subject, content, Depth::Entries)
    }

    fn look_with(&self, subject: &Subject, content: Content, depth: Depth) -> Result<Look> {
        match subject {
            Subject::Image(image) => self.look_at_image(image, content, depth),
            Subject::Container(container) => self.look_at_container(container, depth),
        }
    }

    fn look_at_image(&self, image: &Image, content: Content, depth: Depth) -> Result<Look> {
        let format = self.format()?;
        let label = image.label().to_owned();
        if content == Content::IfThere
            && let Some(examined) = self.examined(image)?
        {
            let diff_ids: Vec<DiffId> = examined.layers.iter().map(|layer| layer.diff_id).collect();
            let indexes = || Ok(examined.layers.iter().map(|layer| Arc::clone(&layer.index)).collect());
            let holdings: Vec<Holding> = examined.layers.iter().map(|_| Holding::Nowhere).collect();
            let model = self.model_of(&diff_ids, indexes, &holdings, depth)?;
            let config = image.origin.as_deref().map(Origin::config).transpose()?;
            let steps = steps(config.as_ref(), diff_ids.len()).into();
            return Ok(Look { model, steps, label, holdings: holdings.into(), format });
        }
        let record = self.image_record(image)?;
        let config = Config::parse(record.config.clone())?;
        let (model, holdings) = self.stored_model(&record.diff_ids, depth)?;
        let steps = steps(Some(&config), record.diff_ids.len()).into();
        Ok(Look { model, steps, label, holdings: holdings.into(), format })
    }

    fn look_at_container(&self, container: &Container, depth: Depth) -> Result<Look> {
        let format = self.format()?;
        let record = self.container_record(container)?;
        let prepared = self.prepare_container(&record)?;
        let diff_ids = prepared.config.diff_ids();
        let (below, mut holdings) = self.stored_model(diff_ids, depth)?;
        let parts = self.part_trees(&record)?;
        let own = layer::scan_all(&parts, format)?;
        holdings.push(Holding::Parts(parts));
        let mut layers: Vec<Entries> =
            (0..below.layer_count()).filter_map(|layer| below.entries(layer).cloned()).collect();
        layers.push(Entries::List(own.into()));
        let model = Arc::new(modelled(layers, &holdings, format, depth));
        let mut steps = steps(Some(&prepared.config), diff_ids.len());
        steps.push(Self::own_step(&record));
        let label = container.name.clone();
        Ok(Look { model, steps: steps.into(), label, holdings: holdings.into(), format })
    }

    /// Looks into one layer alone, stored or in an image that is only looked at.
    pub(super) fn look_at_layer(&self, diff_id: &DiffId) -> Result<Look> {
        let ids = [*diff_id];
        let (model, holdings) = match self.examined_index(diff_id)? {
            Some(index) => {
                let holdings = vec![Holding::Nowhere];
                (self.model_of(&ids, || Ok(vec![index]), &holdings, Depth::Contents)?, holdings)
            }
            None => self.stored_model(&ids, Depth::Contents)?,
        };
        let label = format!("layer {}", diff_id.0.short());
        let steps = steps(None, 1).into();
        Ok(Look { model, steps, label, holdings: holdings.into(), format: self.format()? })
    }

    /// How a container's writable layer comes to be.
    pub(super) fn own_step(record: &ContainerRecord) -> LayerStep {
        LayerStep {
            created: Some(super::time::rfc3339(record.created)),
            created_by: Some(super::run::RunConfig::of(record).argv.join(" ")),
        }
    }

    /// The model of stored layers, and where their files are.
    fn stored_model(&self, diff_ids: &[DiffId], depth: Depth) -> Result<(Arc<Model>, Vec<Holding>)> {
        let parts = diff_ids
            .iter()
            .map(|diff_id| Ok(self.stored_layer(diff_id)?.part))
            .collect::<Result<Vec<_>>>()?;
        let holdings =
            parts.iter().map(|part| Ok(Holding::Tree(self.tree(part)?))).collect::<Result<Vec<_>>>()?;
        let store = self.store()?;
        let indexes = || {
            let open = |part| Ok(Arc::new(Index::open(&index_of(&store.part_dir(part)))?));
            parts.iter().map(open).collect::<Result<Vec<_>>>()
        };
        let model = self.model_of(diff_ids, indexes, &holdings, depth)?;
        Ok((model, holdings))
    }

    /// Made once for a while: a script asks the same image one thing after another.
    fn model_of(
        &self,
        diff_ids: &[DiffId],
        indexes: impl FnOnce() -> Result<Vec<Arc<Index>>>,
        holdings: &[Holding],
        depth: Depth,
    ) -> Result<Arc<Model>> {
        let is_stored = holdings.iter().all(|holding| matches!(holding, Holding::Tree(_)));
        let lock = || self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().iter().find(|(ids, stored, _)| ids == diff_ids && *stored == is_stored).cloned();
        if let Some((_, _, model)) = known {
            return Ok(model);
        }
        let layers = indexes()?.into_iter().map(Entries::Index).collect();
        let model = Arc::new(modelled(layers, holdings, self.format()?, depth));
        if depth == Depth::Entries {
            return Ok(model);
        }
        let mut kept = lock();
        kept.insert(0, (diff_ids.to_vec(), is_stored, Arc::clone(&model)));
        kept.truncate(MOST_KEPT);
        Ok(model)
    }
}

/// How deep a look goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// What the layers' indexes say.
    Entries,
    /// Files of the same size are compared too.
    Contents,
}

fn modelled(layers: Vec<Entries>, holdings: &[Holding], format: OverlayFormat, depth: Depth) -> Model {
    if depth == Depth::Entries {
        return Model::new(layers, |_, _, _| None);
    }
    let reader = Reader::new(holdings, format);
    Model::new(layers, |lower, upper, path| reader.same(lower, upper, path))
}

impl Look {
    /// The index of the last layer; `None` of an image without layers.
    #[must_use]
    pub fn top(&self) -> Option<usize> {
        self.model.layer_count().checked_sub(1)
    }

    /// The same model with files' contents compared, which takes long.
    #[must_use]
    pub fn compared(&self) -> Model {
        let layers = (0..self.model.layer_count()).filter_map(|layer| self.model.entries(layer).cloned());
        modelled(layers.collect(), &self.holdings, self.format, Depth::Contents)
    }

    /// The last layer, or the one that is asked for.
    pub(super) fn layer(&self, asked: Option<i64>) -> Result<usize> {
        let count = self.model.layer_count();
        let Some(asked) = asked else { return Ok(count.saturating_sub(1)) };
        let from_end = i64::try_from(count).unwrap_or(i64::MAX).checked_add(asked);
        let place = if asked < 0 { from_end } else { Some(asked) };
        place.and_then(|place| usize::try_from(place).ok()).filter(|place| *place < count).ok_or_else(|| {
            Error::invalid(format!("`{}` has no layer {asked}", self.label)).with_hint(match count {
                0 => "it has no layers".to_owned(),
                count => format!("its layers are 0 to {}; -1 is the last", count - 1),
            })
        })
    }

    /// The file of a version, to be read.
    ///
    /// # Errors
    /// When it is no regular file, or its layer is not at hand.
    pub fn open(&self, version: &Version<'_>) -> Result<File> {
        self.open_at(version.layer, self.model.path(version.node))
    }

    pub(super) fn open_at(&self, layer: usize, path: &[u8]) -> Result<File> {
        let holding = self.holdings.get(layer).unwrap_or(&Holding::Nowhere);
        let place = Place::open(holding, self.format)?.ok_or_else(|| {
            Error::invalid(format!("the files of `{}` are not in the store", self.label))
                .with_hint("`load` takes the image in")
        })?;
        Ok(place.file(path)?)
    }

    /// The files of many versions: what is open already is used again.
    pub(super) fn reader(&self) -> Reader {
        Reader::new(&self.holdings, self.format)
    }

    /// Where a path leads at the end or after a layer: exactly it if any layer has it, else with the symbolic
    /// links on the way followed.
    pub(super) fn node(&self, path: &str, layer: usize) -> Result<NodeId> {
        let bytes = layer::unescape_path(path)?;
        self.model.resolve(&bytes, layer, false).ok_or_else(|| self.missing(path))
    }

    pub(super) fn missing(&self, path: &str) -> Error {
        Error::not_found(format!("no layer of `{}` has `{path}`", self.label))
            .with_hint("`tree(x)` lists what the end shows, `layers(x)[n].files` what a layer has")
    }
}

/// Files of several layers, opened one after another.
#[derive(Debug)]
pub(super) struct Reader {
    places: Vec<Option<Place>>,
}

enum Place {
    Tree(DirContent),
    Parts(Box<Stack>),
}

impl std::fmt::Debug for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Place")
    }
}

impl Place {
    fn open(holding: &Holding, format: OverlayFormat) -> std::result::Result<Option<Self>, layer::Error> {
        Ok(match holding {
            Holding::Tree(tree) => Some(Self::Tree(DirContent::open(tree)?)),
            Holding::Parts(parts) => Some(Self::Parts(Box::new(Stack::open(parts, format)?))),
            Holding::Nowhere => None,
        })
    }

    fn file(&self, path: &[u8]) -> std::result::Result<File, layer::Error> {
        match self {
            Self::Tree(content) => content.file(path),
            Self::Parts(stack) => stack.open_file(path),
        }
    }
}

impl Reader {
    fn new(holdings: &[Holding], format: OverlayFormat) -> Self {
        // A layer that cannot be opened is as one that is not at hand: nothing is known of its content.
        let places = holdings.iter().map(|holding| Place::open(holding, format).ok().flatten()).collect();
        Self { places }
    }

    pub(super) fn file(&self, layer: usize, path: &[u8]) -> Option<File> {
        self.places.get(layer)?.as_ref()?.file(path).ok()
    }

    /// Whether two layers have the same content at a path; `None` where that cannot be known.
    fn same(&self, lower: usize, upper: usize, path: &[u8]) -> Option<bool> {
        file::same_data(&self.file(lower, path)?, &self.file(upper, path)?).ok()
    }
}
