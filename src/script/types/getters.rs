//! The types of getters, known without a value: what completion follows along a chain.

use super::all;

/// The type of the getter `name` of the type `of`; of an array also its items'.
#[must_use]
pub fn getter_type(of: &str, name: &str) -> Option<(&'static str, Option<&'static str>)> {
    let types = all();
    let info = types.iter().find(|info| info.name == of)?;
    info.getters.iter().find(|(getter, _)| *getter == name)?;
    Some(match (of, name) {
        (_, "changes") => ("Diff", None),
        ("Waste", "items") => ("WasteItems", None),
        ("FsckReport", "problems") => ("Problems", None),
        ("PruneReport", "layers") => ("number", None),
        ("Waste" | "Layer", "waste") => ("number", None),
        ("Comparison", "files") => ("FileDifferences", None),
        ("Comparison", "config") => ("ConfigDifferences", None),
        ("Comparison", "history") => ("HistoryDifferences", None),
        ("Comparison", "layers") => ("LayerDifferences", None),
        ("Comparison", "packages") => ("PackageDifferences", None),
        ("Comparison", "packing") => ("PackingDifferences", None),
        (_, "files") => ("Files", None),
        ("Image", "config") => ("map", None),
        (_, "references" | "diff_ids" | "command" | "garbage" | "paths" | "reasons" | "packing") => {
            ("array", Some("text"))
        }
        (_, "stdout_blob" | "stderr_blob") => ("blob", None),
        (_, "verified" | "same" | "reproducible" | "ok" | "repaired" | "empty_layer") => {
            ("true or false", None)
        }
        (
            _,
            "size" | "saving" | "bytes" | "total" | "index" | "mode" | "uid" | "gid" | "file_count"
            | "exit_code" | "compressed_size" | "parts" | "blobs" | "added_by" | "hidden_by" | "layer"
            | "gone_in" | "count" | "wasted",
        ) => ("number", None),
        (_, "duration" | "efficiency") => ("decimal number", None),
        _ => ("text", None),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Record, name};
    use super::*;
    use crate::script::sample;
    use crate::workbench::{Layer, PruneReport};

    fn agrees<T: Record>(example: &T) {
        for key in T::KEYS {
            let value = (key.get)(example);
            // What a sample has not got says nothing about what it would be.
            if value.is_unit() {
                continue;
            }
            let (of, item) = getter_type(T::NAME, key.name).unwrap_or(("nothing", None));
            assert_eq!(of, name(&value), "{}.{}", T::NAME, key.name);
            if let (Some(item), Ok(array)) = (item, value.as_array_ref()) {
                assert!(array.iter().all(|value| name(value) == item), "{}.{}", T::NAME, key.name);
            }
        }
        for noun in T::NOUNS {
            assert!(getter_type(T::NAME, noun.name).is_some(), "{}.{}", T::NAME, noun.name);
        }
    }

    #[test]
    fn getters_have_the_types_of_their_values() {
        agrees(&sample::image());
        agrees(&sample::container());
        agrees(&sample::snapshot());
        agrees(&sample::layer());
        agrees(&Layer { compressed_size: Some(1), ..sample::layer() });
        agrees(&sample::change("A", "/usr/bin/wget", 3));
        agrees(&sample::file());
        agrees(&sample::waste());
        agrees(&sample::waste_item());
        agrees(&sample::history_entry());
        agrees(&PruneReport::default());
        agrees(&sample::fsck_report());
        agrees(&sample::problem());
        agrees(&sample::check());
        agrees(&sample::tree_item());
        agrees(&sample::version());
        agrees(&sample::reason());
        agrees(&sample::junk());
        agrees(&sample::duplicate());
        agrees(&sample::package());
        agrees(&sample::file_difference());
        agrees(&sample::config_difference());
        agrees(&sample::history_difference());
        agrees(&sample::layer_difference());
        agrees(&sample::package_difference());
        agrees(&sample::packing_difference());
        assert_eq!(getter_type("Image", "nothing"), None);
        assert_eq!(getter_type("number", "size"), None);
        assert_eq!(getter_type("Container", "files"), Some(("Files", None)));
        assert_eq!(getter_type("Image", "references"), Some(("array", Some("text"))));
    }
}
