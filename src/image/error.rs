//! What can be wrong with a configuration or a change to one.

/// A configuration that cannot be read, or an instruction that cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration is not a JSON document of the specified shape.
    #[error("the image's configuration is not valid: {reason}")]
    Config {
        /// What the parser said.
        reason: String,
    },
    /// `rootfs.diff_ids` and what the manifest lists do not fit.
    #[error("the image's configuration names {configured} layers, its manifest {listed}")]
    LayerCount {
        /// Number of `rootfs.diff_ids`.
        configured: usize,
        /// Number of layers in the manifest.
        listed: usize,
    },
    /// Not one of the instructions that a commit may apply.
    #[error("`{instruction}` is not a valid change command")]
    Instruction {
        /// The word as given.
        instruction: String,
    },
    /// A known instruction with arguments that do not parse.
    #[error("`{line}`: {reason}")]
    Arguments {
        /// The line as given.
        line: String,
        /// Which rule it breaks.
        reason: String,
    },
}
