//! How much a source may ask for.

use std::str::FromStr;

use super::Error;

/// Bounds on what is believed of a source, beside those on each layer. An error names the field.
///
/// As a text they are `NAME=NUMBER` with commas between, where a number may end in `K`, `M`, `G` or `T`
/// (1024 and its powers); what is not named stays as it is by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one manifest, index or configuration.
    pub document_bytes: u64,
    /// Values in one of them: numbers, texts, lists, objects. Parsed, a value takes up to a hundred times its text.
    pub document_values: u64,
    /// Bytes of all documents of one source, each as often as it is named.
    pub all_document_bytes: u64,
    /// Members of an archive, and images of an index.
    pub members: u64,
    /// Bytes of the names and links of an archive's members.
    pub member_name_bytes: u64,
    /// Bytes of an archive that comes compressed as a whole, once unpacked.
    pub archive_bytes: u64,
    /// Layers of one image. Docker allows 127; OCI images may have more.
    pub layers: u64,
    /// Bytes of one layer's file in a registry.
    pub blob_bytes: u64,
    /// Bytes that one compressed byte may stand for, beyond the first `expansion_bytes`. Deflate cannot do more than
    /// 1032, zstd makes tens of thousands of zeros out of one.
    pub expansion: u64,
    /// Bytes that anything compressed may stand for, however short it is.
    pub expansion_bytes: u64,
    /// Bounds on each layer.
    pub layer: crate::layer::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes: 8 << 20,
            document_values: 100_000,
            all_document_bytes: 64 << 20,
            members: 200_000,
            member_name_bytes: 32 << 20,
            archive_bytes: 256 << 30,
            layers: 2_000,
            blob_bytes: 64 << 30,
            expansion: 200,
            expansion_bytes: 4 << 30,
            layer: crate::layer::Limits::default(),
        }
    }
}

impl Limits {
    /// Every limit's name.
    pub const NAMES: [&'static str; 18] = [
        "document_bytes",
        "document_values",
        "all_document_bytes",
        "members",
        "member_name_bytes",
        "archive_bytes",
        "layers",
        "blob_bytes",
        "expansion",
        "expansion_bytes",
        "tar_bytes",
        "file_bytes",
        "entries",
        "path_bytes",
        "name_bytes",
        "extension_bytes",
        "sparse_segments",
        "steps",
    ];

    /// Sets the limit of that name; whether there is one.
    fn set(&mut self, name: &str, value: u64) -> bool {
        let layer = &mut self.layer;
        let size = usize::try_from(value).unwrap_or(usize::MAX);
        match name {
            "document_bytes" => self.document_bytes = value,
            "document_values" => self.document_values = value,
            "all_document_bytes" => self.all_document_bytes = value,
            "members" => self.members = value,
            "member_name_bytes" => self.member_name_bytes = value,
            "archive_bytes" => self.archive_bytes = value,
            "layers" => self.layers = value,
            "blob_bytes" => self.blob_bytes = value,
            "expansion" => self.expansion = value,
            "expansion_bytes" => self.expansion_bytes = value,
            "tar_bytes" => layer.tar_bytes = value,
            "file_bytes" => layer.file_bytes = value,
            "entries" => layer.entries = value,
            "path_bytes" => layer.path_bytes = size,
            "name_bytes" => layer.name_bytes = value,
            "extension_bytes" => layer.extension_bytes = size,
            "sparse_segments" => layer.sparse_segments = size,
            "steps" => layer.steps = value,
            _ => return false,
        }
        true
    }
}

impl FromStr for Limits {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut limits = Self::default();
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let refuse = |reason: String| Error::Name { text: item.to_owned(), reason };
            let (name, number) = item
                .split_once('=')
                .ok_or_else(|| refuse("is no limit: write `NAME=NUMBER`, such as `entries=5M`".to_owned()))?;
            let value = number_of(number.trim())
                .ok_or_else(|| refuse(format!("is no limit: `{number}` is no number")))?;
            if !limits.set(name.trim(), value) {
                return Err(refuse(format!("is no limit; there are {}", Self::NAMES.join(", "))));
            }
        }
        Ok(limits)
    }
}

fn number_of(text: &str) -> Option<u64> {
    let units = [('K', 10), ('M', 20), ('G', 30), ('T', 40)];
    let (digits, shift) =
        units.iter().find_map(|(unit, shift)| Some((text.strip_suffix(*unit)?, *shift))).unwrap_or((text, 0));
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_limit_can_be_set() {
        let usual = Limits::default();
        for name in Limits::NAMES {
            let limits: Limits = format!("{name}=7").parse().unwrap();
            assert_ne!(limits, usual, "{name}");
            assert!(format!("{limits:?}").contains(&format!("{name}: 7")));
        }
        // A field that is not listed would be the only way in which two that are set alike differ from each other.
        let all = |value: u64| {
            let texts: Vec<String> = Limits::NAMES.iter().map(|name| format!("{name}={value}")).collect();
            format!("{:?}", texts.join(",").parse::<Limits>().unwrap())
        };
        let counted = all(7).matches(": 7").count();
        assert_eq!(counted, Limits::NAMES.len());
        assert_eq!(all(7).matches(": ").count(), counted + 1, "a limit is not listed: {}", all(7));
    }

    #[test]
    fn numbers_have_units() {
        let limits: Limits = " entries = 5M , tar_bytes=2T,".parse().unwrap();
        assert_eq!((limits.layer.entries, limits.layer.tar_bytes), (5 << 20, 2 << 40));
        assert_eq!("".parse::<Limits>().unwrap(), Limits::default());
        for (text, part) in [
            ("entries", "write `NAME=NUMBER`"),
            ("entries=many", "no number"),
            ("entries=-1", "no number"),
            ("entries=99999999T", "no number"),
            ("entrees=5", "there are document_bytes"),
        ] {
            assert!(text.parse::<Limits>().unwrap_err().to_string().contains(part), "{text}");
        }
    }
}
