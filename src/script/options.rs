//! Option maps: every key is checked, every value has a type.

use std::time::Duration;

use rhai::{Dynamic, Map};

use super::json;
use super::raised::{Raised, Result};
use super::render;
use super::suggest;
use super::types;
use super::verbs::{Kind, Opt, Takes, Verb};
use crate::workbench::{Command, RuleValue};

/// A verb's checked options.
#[derive(Debug, Default)]
pub struct Options {
    map: Map,
}

impl Options {
    /// Checks `map` against what `verb` allows.
    ///
    /// # Errors
    /// `invalid`: an unknown key, or a value of another type.
    pub fn new(verb: &Verb, map: Map) -> Result<Self> {
        for (key, value) in &map {
            let Some(option) = verb.options.iter().find(|option| option.name == key) else {
                let names = verb.options.iter().map(|option| option.name);
                let hint = suggest::among(&key.replace('-', "_"), names, "options");
                return Err(Raised::invalid(format!("`{}` has no option `{key}`", verb.name))
                    .with_hint(hint)
                    .into());
            };
            check(verb, option, value)?;
        }
        Ok(Self { map })
    }

    fn get(&self, name: &str) -> Option<&Dynamic> {
        self.map.get(name).filter(|value| !value.is_unit())
    }

    /// Whether `name` was given and is not `()`.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool().ok()
    }

    /// A whole number.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.get(name)?.as_int().ok()
    }

    /// Text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(text)
    }

    /// One text or several.
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        let value = self.get(name)?;
        text(value)
            .map(|one| vec![one])
            .or_else(|| Some(value.as_array_ref().ok()?.iter().filter_map(text).collect()))
    }

    /// Text or bytes.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let value = self.get(name)?;
        text(value).map(String::into_bytes).or_else(|| value.clone().into_blob().ok())
    }

    /// What a rule of `check` asks for.
    pub fn rule(&self, name: &str) -> Option<RuleValue> {
        let value = self.get(name)?;
        if let Ok(number) = value.as_int() {
            // Less than none is told as a text that is no number.
            return Some(
                u64::try_from(number).map_or_else(|_| RuleValue::Text(number.to_string()), RuleValue::Whole),
            );
        }
        if let Ok(number) = value.as_float() {
            return Some(RuleValue::Number(number));
        }
        text(value).map(RuleValue::Text).or_else(|| self.texts(name).map(RuleValue::Texts))
    }

    /// Whatever it is.
    pub fn value(&self, name: &str) -> Option<Dynamic> {
        self.get(name).cloned()
    }

    /// Commands; none if there is no such option.
    pub fn commands(&self, name: &str) -> Vec<Command> {
        self.get(name).and_then(commands).unwrap_or_default()
    }

    /// A length of time.
    pub fn duration(&self, name: &str) -> Option<Duration> {
        self.get(name).and_then(duration)
    }

    /// Variables; `None` for a value copies the caller's.
    pub fn environment(&self, name: &str) -> Vec<(String, Option<String>)> {
        let Some(value) = self.get(name) else { return Vec::new() };
        environment(value).unwrap_or_default()
    }
}

fn text(value: &Dynamic) -> Option<String> {
    value.as_immutable_string_ref().ok().map(|text| text.to_string())
}

/// Texts are for the shell, arrays are words.
fn commands(value: &Dynamic) -> Option<Vec<Command>> {
    let array = value.as_array_ref().ok()?;
    let command = |item: &Dynamic| {
        if let Some(line) = text(item) {
            return Some(Command::Shell(line));
        }
        let words = item.as_array_ref().ok()?.iter().map(text).collect::<Option<Vec<String>>>()?;
        (!words.is_empty()).then_some(Command::Argv(words))
    };
    array.iter().map(command).collect()
}

/// `()` stands for "not given", so that a script can pass on what it was given.
fn check(verb: &Verb, option: &Opt, value: &Dynamic) -> Result<()> {
    let fits = value.is_unit()
        || match option.takes {
            Takes::Bool => value.is_bool(),
            Takes::Int => value.is_int(),
            Takes::Text => value.is_string(),
            Takes::Texts => {
                value.is_string()
                    || value.as_array_ref().is_ok_and(|array| array.iter().all(Dynamic::is_string))
            }
            Takes::Environment => environment(value).is_some(),
            Takes::Duration => duration(value).is_some(),
            Takes::Amount => value.is_int() || value.is_float() || value.is_string(),
            Takes::Bytes => value.is_string() || value.is_blob(),
            Takes::Commands => commands(value).is_some(),
            Takes::Image => Kind::Image.fits(value) || value.is_string(),
        };
    if fits {
        return Ok(());
    }
    Err(Raised::invalid(format!(
        "option `{}` of `{}` wants {}, got {} of type {}",
        option.name,
        verb.name,
        option.takes.name(),
        render::debug(value),
        types::name(value)
    ))
    .with_hint(option.doc)
    .into())
}

fn environment(value: &Dynamic) -> Option<Vec<(String, Option<String>)>> {
    if let Ok(map) = value.as_map_ref() {
        return map
            .iter()
            .map(|(name, value)| {
                let scalar = value.is_string() || value.is_int() || value.is_bool() || value.is_float();
                if value.is_unit() {
                    Some((name.to_string(), None))
                } else {
                    scalar.then(|| (name.to_string(), Some(value.to_string())))
                }
            })
            .collect();
    }
    let array = value.as_array_ref().ok()?;
    array
        .iter()
        .map(|entry| {
            let entry = text(entry)?;
            match entry.split_once('=') {
                Some(("", _)) => None,
                Some((name, value)) => Some((name.to_owned(), Some(value.to_owned()))),
                None if entry.is_empty() => None,
                None => Some((entry, None)),
            }
        })
        .collect()
}

/// Seconds, or `1h`, `1m30s`, `250ms`, `1.5s`.
pub fn duration(value: &Dynamic) -> Option<Duration> {
    if let Some(seconds) = json::float(value) {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    parse_duration(&text(value)?)
}

fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(rest.len());
        total += number
            * match &rest[..letters] {
                "ms" => 0.001,
                "s" => 1.0,
                "m" | "min" => 60.0,
                "h" => 3600.0,
                _ => return None,
            };
        rest = rest[letters..].trim_start();
    }
    Duration::try_from_secs_f64(total).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::script::raised::Result;
    use crate::script::types::Handle;
    use crate::script::verbs;

    fn options(source: &str) -> Result<Options> {
        let map: Map = rhai::Engine::new().eval(source).unwrap();
        Options::new(verbs::find("run").unwrap(), map)
    }

    fn failure(source: &str) -> Raised {
        match *options(source).unwrap_err() {
            rhai::EvalAltResult::ErrorRuntime(value, _) => (*value.cast::<Handle<Raised>>().0).clone(),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn durations_are_numbers_or_words() {
        for (text, seconds) in
            [("1m30s", 90.0), ("250ms", 0.25), ("1.5s", 1.5), ("1h 1m", 3660.0), ("2min", 120.0)]
        {
            assert_eq!(parse_duration(text).unwrap().as_secs_f64(), seconds, "{text}");
        }
        for text in ["", "5", "s", "1x", "-1s", "1m30"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
        assert_eq!(options("#{timeout: 2}").unwrap().duration("timeout"), Some(Duration::from_secs(2)));
        assert_eq!(options("#{timeout: 0.5}").unwrap().duration("timeout"), Some(Duration::from_millis(500)));
        assert!(options("#{timeout: -1}").is_err());
    }

    #[test]
    fn environments_are_maps_or_arrays() {
        let wanted = vec![("A".to_owned(), Some("1".to_owned())), ("B".to_owned(), None)];
        assert_eq!(options("#{env: #{A: 1, B: ()}}").unwrap().environment("env"), wanted);
        assert_eq!(options(r#"#{env: ["A=1", "B"]}"#).unwrap().environment("env"), wanted);
        assert!(options(r#"#{env: ["=1"]}"#).is_err());
        assert!(options("#{env: [1]}").is_err());
        assert!(options("#{env: #{A: []}}").is_err());
    }

    #[test]
    fn a_slip_is_named_with_what_is_allowed() {
        let raised = failure("#{volume: []}");
        assert_eq!(raised.message, "`run` has no option `volume`");
        assert!(
            raised.hint.clone().unwrap().starts_with("did you mean `volumes`? The options are `"),
            "{raised:?}"
        );
        let raised = failure("#{rm: 1}");
        assert_eq!(raised.message, "option `rm` of `run` wants `true` or `false`, got 1 of type number");
    }

    #[test]
    fn nothing_is_not_given() {
        let options = options("#{rm: (), name: ()}").unwrap();
        assert_eq!(options.flag("rm"), None);
        assert!(!options.has("name"));
    }
}
