//! What can be wrong with an identifier.

/// A text that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not `sha256:` and 64 lower-case hexadecimal digits.
    #[error("`{text}` is not a digest: want `sha256:` and 64 hexadecimal digits")]
    Digest {
        /// What was given.
        text: String,
    },
    /// Not a reference by Docker's grammar.
    #[error("`{text}` is not an image reference: {reason}")]
    Reference {
        /// What was given.
        text: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
}
