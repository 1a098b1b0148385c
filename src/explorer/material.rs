//! What the explorer is given, and what it gives back.

use std::fmt;
use std::sync::Arc;

use super::pair::Pair;
use crate::inspect::model::NodeId;
use crate::inspect::{Model, Waste};
use crate::layer::Entry;

/// Reads the beginning of a file that a layer has: layer, path without leading `/`, most bytes. The error is what
/// people are told.
pub type Load = Arc<dyn Fn(usize, &[u8], u64) -> Result<Vec<u8>, String> + Send + Sync>;

/// Makes a model of the same layers that knows more.
pub type Refine = Arc<dyn Fn() -> Model + Send + Sync>;

/// Everything about one image or container that is shown.
#[derive(Clone)]
pub struct Material {
    /// What people call it.
    pub name: String,
    /// More about it: a word, and what there is to say.
    pub facts: Vec<(&'static str, String)>,
    /// As many as the model has, lowest first.
    pub layers: Vec<LayerRow>,
    /// Every version of every path.
    pub model: Arc<Model>,
    /// What is carried in vain.
    pub waste: Arc<Waste>,
    /// Reads files.
    pub load: Load,
    /// Makes the same model once more, with files' contents compared, which takes long; none where `model` is that
    /// already.
    pub refine: Option<Refine>,
    /// Of two images beside each other, which are then the two layers.
    pub pair: Option<Arc<Pair>>,
}

impl Material {
    /// With what takes longer to be known.
    pub fn refined(&self) -> Option<Self> {
        let model = (self.refine.as_ref()?)();
        let pair = self.pair.as_ref().map(|pair| Arc::new(pair.refined()));
        // The one of two images does not waste what the other has in its place.
        let waste = if pair.is_some() { Arc::clone(&self.waste) } else { Arc::new(model.waste()) };
        Some(Self { model: Arc::new(model), waste, refine: None, pair, ..self.clone() })
    }
}

impl Material {
    /// A path as a layer has it.
    pub fn picked(&self, node: NodeId, layer: usize) -> Option<Picked> {
        let version = self.model.version_in(node, layer)?;
        Some(Picked { layer, entry: self.model.file(&version).to_entry() })
    }
}

impl fmt::Debug for Material {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Material").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What the table of layers knows of one.
#[derive(Debug, Clone, Default)]
pub struct LayerRow {
    /// Digest of the blob, where there is one.
    pub digest: Option<String>,
    /// Digest of its tar; a container's own layer has none.
    pub diff_id: Option<String>,
    /// Unpacked bytes.
    pub size: u64,
    /// Bytes of the blob.
    pub compressed_size: Option<u64>,
    /// How many files it has.
    pub file_count: u64,
    /// What the blob is.
    pub media_type: String,
    /// When it was made.
    pub created: Option<String>,
    /// The command that made it.
    pub command: Option<String>,
}

/// What was marked, sorted by path and layer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Each file.
    pub files: Vec<Picked>,
}

/// A marked file, as one layer has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    /// That layer, lowest 0.
    pub layer: usize,
    /// What it says of the file; a hard link is the file that it names.
    pub entry: Entry,
}
