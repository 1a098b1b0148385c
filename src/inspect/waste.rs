//! Bytes that an image carries and its final root filesystem does not show.

/// Why a file's bytes are no longer visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A later layer has other content at the path.
    Overwritten,
    /// A later layer removed the path, or a directory above it.
    Removed,
    /// A later layer carries the same content again with another mode, owner, time or xattr.
    Metadata,
}

impl Cause {
    /// The word that people and JSON read.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overwritten => "overwritten",
            Self::Removed => "removed",
            Self::Metadata => "metadata",
        }
    }
}

/// One version of a file that is not visible at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// Its first name in the layer that added it, without a leading `/`.
    pub path: Vec<u8>,
    /// Its size.
    pub bytes: u64,
    /// Index of the layer that carries it, lowest 0.
    pub added_by: usize,
    /// Index of the layer that hid its last name.
    pub hidden_by: usize,
    /// How.
    pub cause: Cause,
}

/// What a stack of layers carries in vain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waste {
    /// Bytes of all layers' files, hard links once.
    pub total: u64,
    /// Bytes of the versions in `items`.
    pub bytes: u64,
    /// Every hidden version once; largest first, then by path and layer. Those of zero bytes are left out.
    pub items: Vec<Hidden>,
    /// By layer: how many of its own bytes are hidden.
    pub by_layer: Vec<u64>,
}

impl Waste {
    /// The share of `total` that is visible: 1 for an image without files.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn efficiency(&self) -> f64 {
        if self.total == 0 { 1.0 } else { 1.0 - self.bytes as f64 / self.total as f64 }
    }
}
