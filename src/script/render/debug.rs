//! The one-line form of a value, also of what is inside arrays and maps.

use std::fmt::Write as _;

use rhai::{Dynamic, FnPtr};

use super::super::types;
use super::visible_line;

/// One line: text in quotes, arrays and maps as they are written, our values as `Type(words)`.
#[must_use]
pub fn debug(value: &Dynamic) -> String {
    let mut out = String::new();
    write(value, &mut out, 0);
    out
}

fn write(value: &Dynamic, out: &mut String, depth: usize) {
    if let Ok(text) = value.as_immutable_string_ref() {
        quote(&text, out);
    } else if let Ok(array) = value.as_array_ref() {
        // A value can contain itself through a closure's shared variable.
        if depth > 32 {
            return out.push_str("[…]");
        }
        out.push('[');
        for (index, item) in array.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            write(item, out, depth + 1);
        }
        out.push(']');
    } else if let Ok(map) = value.as_map_ref() {
        if depth > 32 {
            return out.push_str("#{…}");
        }
        out.push_str("#{");
        for (index, (key, item)) in map.iter().enumerate() {
            out.push_str(if index > 0 { ", " } else { " " });
            if is_name(key) {
                out.push_str(key);
            } else {
                quote(key, out);
            }
            out.push_str(": ");
            write(item, out, depth + 1);
        }
        out.push_str(if map.is_empty() { "}" } else { " }" });
    } else if let Ok(blob) = value.as_blob_ref() {
        // Writing to a String cannot fail.
        let _ = write!(out, "blob({} bytes)", blob.len());
    } else if let Some(record) = types::as_record(value) {
        out.push_str(&visible_line(&record.debug()));
    } else if let Some(list) = types::as_list(value) {
        out.push_str(&visible_line(&list.debug()));
    } else if let Some(function) = value.read_lock::<FnPtr>() {
        if function.is_anonymous() {
            out.push_str("|…| closure");
        } else {
            let _ = write!(out, "Fn({})", function.fn_name());
        }
    } else if let Ok(float) = value.as_float() {
        let _ = write!(out, "{float:?}");
    } else if value.is_unit() {
        out.push_str("()");
    } else {
        out.push_str(&visible_line(&value.to_string()));
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    out.push_str(&visible_line(&text.replace('\\', "\\\\").replace('"', "\\\"")));
    out.push('"');
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|char| char.is_ascii_alphanumeric() || char == '_')
}

#[cfg(test)]
mod tests {
    use rhai::{Array, Map};

    use super::*;
    use crate::script::sample;
    use crate::script::types::Handle;

    #[test]
    fn nested_values_keep_their_form() {
        let mut map = Map::new();
        map.insert("a b".into(), Dynamic::from_float(1.0));
        map.insert("image".into(), Dynamic::from(Handle::new(sample::image())));
        let array: Array = vec!["q\"\n\x1b".into(), map.into(), Dynamic::UNIT, true.into()];
        assert_eq!(
            debug(&array.into()),
            r#"["q\"\n\x1b", #{ "a b": 1.0, image: Image(training:v1) }, (), true]"#
        );
    }
}
