//! How much a source may ask for.

/// Bounds on what is believed of a source, beside those on each layer. An error names the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one manifest, index or configuration.
    pub document_bytes: u64,
    /// Members of an archive, and images of an index.
    pub members: u64,
    /// Bytes of an archive that comes compressed as a whole, once unpacked.
    pub archive_bytes: u64,
    /// Layers of one image. Docker allows 127; OCI images may have more.
    pub layers: u64,
    /// Bytes of one layer's file in a registry.
    pub blob_bytes: u64,
    /// Bounds on each layer.
    pub layer: crate::layer::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes: 8 << 20,
            members: 200_000,
            archive_bytes: 256 << 30,
            layers: 2_000,
            blob_bytes: 64 << 30,
            layer: crate::layer::Limits::default(),
        }
    }
}
