//! Script values as JSON and back.

use rhai::{Array, Blob, Dynamic, ImmutableString, Map};
use serde::Serialize;
use serde_json::{Number, Value};

use super::types;

/// The JSON of a workbench value.
pub fn serialize<T: Serialize>(value: &T) -> Value {
    // Our values are plain data: they have no map whose keys are not text, which is all that can fail.
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// The JSON of any script value: records by their keys, blobs as an array of numbers, what JSON
/// does not have (closures, ranges, not-a-number) as text or `null`.
pub fn of(value: &Dynamic) -> Value {
    if value.is_unit() {
        return Value::Null;
    }
    if let Ok(bool) = value.as_bool() {
        return Value::Bool(bool);
    }
    if let Ok(int) = value.as_int() {
        return Value::Number(int.into());
    }
    if let Ok(float) = value.as_float() {
        return Number::from_f64(float).map_or(Value::Null, Value::Number);
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return Value::String(text.to_string());
    }
    if let Ok(array) = value.as_array_ref() {
        return Value::Array(array.iter().map(of).collect());
    }
    if let Ok(map) = value.as_map_ref() {
        return Value::Object(map.iter().map(|(key, value)| (key.to_string(), of(value))).collect());
    }
    if let Ok(blob) = value.as_blob_ref() {
        return Value::Array(blob.iter().map(|byte| Value::Number((*byte).into())).collect());
    }
    if let Some(list) = types::as_list(value) {
        return list.json();
    }
    if let Some(record) = types::as_record(value) {
        return record.json();
    }
    Value::String(value.to_string())
}

/// A script value of some JSON: `null` is `()`, an object a map.
pub fn to_dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(bool) => Dynamic::from_bool(*bool),
        Value::Number(number) => number
            .as_i64()
            .map_or_else(|| Dynamic::from_float(number.as_f64().unwrap_or(f64::NAN)), Dynamic::from_int),
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(to_dynamic).collect::<Array>().into(),
        Value::Object(object) => {
            object.iter().map(|(key, value)| (key.as_str().into(), to_dynamic(value))).collect::<Map>().into()
        }
    }
}

/// A number as a float, whole or not.
pub fn float(value: &Dynamic) -> Option<f64> {
    #[allow(clippy::cast_precision_loss)]
    value.as_int().map(|int| int as f64).or_else(|_| value.as_float()).ok()
}

/// A size or count, which scripts see as a signed number.
pub fn int(value: u64) -> Dynamic {
    Dynamic::from_int(i64::try_from(value).unwrap_or(i64::MAX))
}

/// Text.
pub fn text(value: &str) -> Dynamic {
    ImmutableString::from(value).into()
}

/// Text that may be missing.
pub fn optional(value: Option<&String>) -> Dynamic {
    value.map_or(Dynamic::UNIT, |value| text(value))
}

/// Several texts.
pub fn texts(values: &[String]) -> Dynamic {
    values.iter().map(|value| text(value)).collect::<Array>().into()
}

/// Bytes.
pub fn blob(bytes: &[u8]) -> Dynamic {
    Dynamic::from_blob(Blob::from(bytes))
}
