//! What history says of a layer.

use crate::image::Config;

/// How a layer came to be, as the image's history has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LayerStep {
    /// RFC 3339.
    pub created: Option<String>,
    /// The command.
    pub created_by: Option<String>,
}

/// Histories may be shorter than the layers, or absent: then what is missing stays unknown.
pub(super) fn steps(config: Option<&Config>, layers: usize) -> Vec<LayerStep> {
    let mut history =
        config.into_iter().flat_map(Config::history).filter(|entry| entry["empty_layer"] != true).map(
            |entry| {
                let text = |key: &str| entry[key].as_str().map(str::to_owned);
                LayerStep { created: text("created"), created_by: text("created_by") }
            },
        );
    (0..layers).map(|_| history.next().unwrap_or_default()).collect()
}
