//! What the verbs have in common that make an image of another.

use rhai::{Dynamic, Map};

use super::super::raised::{Raised, Result};
use super::super::types;
use super::{Call, Completes, Kind, Opt, Param, Takes};
use crate::workbench::DeriveOptions;

/// A name for the new image.
pub const TAG: Opt =
    Opt { name: "tag", takes: Takes::Text, doc: "a name for the new image", completes: Completes::Images };
/// What history says of it.
pub const MESSAGE: Opt =
    Opt { name: "message", takes: Takes::Text, doc: "history's comment", completes: Completes::Nothing };

/// A command, whole.
pub const WORDS: Param =
    Param { name: "command", kinds: &[Kind::Text, Kind::Array], completes: Completes::Program };
/// Names and values.
pub const PAIRS: Param = Param { name: "values", kinds: &[Kind::Options], completes: Completes::Nothing };
/// The name of one.
pub const NAME: Param = Param { name: "name", kinds: &[Kind::Text], completes: Completes::Nothing };
/// Its value; `()` too.
pub const VALUE: Param = Param { name: "value", kinds: &[Kind::Any], completes: Completes::Nothing };

/// The options at `index`, as far as they are these two.
pub fn options(call: &Call<'_>, index: usize) -> Result<DeriveOptions> {
    let options = call.options(index)?;
    Ok(DeriveOptions { tag: options.text("tag"), message: options.text("message") })
}

/// A command as a configuration has it: text is for the shell, an array as it is, an empty one none.
pub fn words(call: &Call<'_>, index: usize) -> Result<Vec<String>> {
    let value = call.any(index);
    if value.is_string() {
        return Ok(vec!["/bin/sh".to_owned(), "-c".to_owned(), call.text(index)]);
    }
    texts(call, index, "a command's words are texts")
}

/// One text, or an array of texts.
pub fn texts(call: &Call<'_>, index: usize, rule: &str) -> Result<Vec<String>> {
    let value = call.any(index);
    let Ok(array) = value.as_array_ref() else { return Ok(vec![value.to_string()]) };
    array
        .iter()
        .map(|item| match item.as_immutable_string_ref() {
            Ok(text) => Ok(text.to_string()),
            Err(_) if item.is_int() => Ok(item.to_string()),
            Err(_) => Err(Raised::invalid(format!(
                "{rule}, got `{}` of type {}",
                super::super::render::debug(item),
                types::name(item)
            ))
            .into()),
        })
        .collect()
}

/// Names with their values; a name without one is taken away.
pub type Pairs = Vec<(String, Option<String>)>;

/// Names and values, of a map at 1 or of a name at 1 with its value at 2; then the options.
pub fn pairs(call: &Call<'_>) -> Result<(Pairs, DeriveOptions)> {
    if let Some(map) = call.any(1).try_cast::<Map>() {
        let pairs = map.iter().map(|(name, value)| Ok((name.to_string(), scalar(call, name, value)?)));
        return Ok((pairs.collect::<Result<_>>()?, options(call, 2)?));
    }
    let name = call.text(1);
    let value = scalar(call, &name, &call.any(2))?;
    Ok((vec![(name, value)], options(call, 3)?))
}

/// A value as text; `()` takes the name away.
fn scalar(call: &Call<'_>, name: &str, value: &Dynamic) -> Result<Option<String>> {
    if value.is_unit() {
        return Ok(None);
    }
    if value.is_string() || value.is_int() || value.is_bool() || value.is_float() {
        return Ok(Some(value.to_string()));
    }
    Err(Raised::invalid(format!(
        "`{}`: the value of `{name}` is text, got `{}` of type {}",
        call.verb.name,
        super::super::render::debug(value),
        types::name(value)
    ))
    .with_hint("`()` takes it away")
    .into())
}
