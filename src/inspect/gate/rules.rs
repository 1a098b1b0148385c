//! What is asked of an image, and the file that says it.
//!
//! dive's `.dive-ci` is read as it is: `rules` with `lowestEfficiency`, `highestWastedBytes` and
//! `highestUserWastedPercent`, a number or a text each, `disabled` for none. The same file may have our own rules
//! beside them, and outside of `rules` the keys `base` and `ignore`.
//!
//! Source: dive's README, "CI Integration", and its `cmd/dive/cli/internal/command/ci/rules.go`.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What is asked of an image. `None` and an empty list ask nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// At least this share of the bytes is to be seen at the end, 0 to 1.
    pub lowest_efficiency: Option<f64>,
    /// At most so many bytes are hidden.
    pub highest_wasted_bytes: Option<u64>,
    /// At most this share of the bytes above the base (without one: above the first layer) is hidden, 0 to 1.
    pub highest_user_wasted_percent: Option<f64>,
    /// At most so many bytes in all layers.
    pub highest_bytes: Option<u64>,
    /// At most so many bytes above the base.
    pub highest_growth: Option<u64>,
    /// At most so many bytes of known junk.
    pub highest_junk_bytes: Option<u64>,
    /// Paths that must not be there at the end.
    pub forbidden_paths: Vec<String>,
    /// Packages that must not be installed: names, with `*` and `?`.
    pub forbidden_packages: Vec<String>,
    /// The only paths that may have the set-user-id or set-group-id bit.
    pub allowed_set_id: Option<Vec<String>>,
    /// Paths that count for nothing.
    pub ignore: Vec<String>,
    /// The image whose layers count for nothing.
    pub base: Option<String>,
}

impl Default for Rules {
    /// dive's: an efficiency of 0.9, a tenth of one's own bytes wasted.
    fn default() -> Self {
        Self { lowest_efficiency: Some(0.9), highest_user_wasted_percent: Some(0.1), ..Self::none() }
    }
}

#[derive(Debug, Deserialize)]
struct Document {
    #[serde(default)]
    rules: BTreeMap<String, Value>,
    #[serde(default)]
    ignore: Vec<String>,
    #[serde(default)]
    base: Option<String>,
    /// Whatever else: other tools' settings, or slips.
    #[serde(flatten)]
    other: BTreeMap<String, serde_json::Value>,
}

/// A rule's value.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Whether at all.
    Switch(bool),
    /// A whole number.
    Whole(u64),
    /// A number.
    Number(f64),
    /// A number with a unit, or `disabled`.
    Text(String),
    /// Several.
    Texts(Vec<String>),
}

/// Every rule's name in a file and what it is called as an option, in the order of the results.
pub const NAMES: &[(&str, &str)] = &[
    ("lowestEfficiency", "efficiency"),
    ("highestWastedBytes", "waste"),
    ("highestUserWastedPercent", "user_waste"),
    ("highestBytes", "size"),
    ("highestGrowth", "growth"),
    ("highestJunkBytes", "junk"),
    ("forbiddenPaths", "forbidden"),
    ("forbiddenPackages", "packages"),
    ("allowedSetId", "set_id"),
];

impl Rules {
    /// Nothing is asked.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            lowest_efficiency: None,
            highest_wasted_bytes: None,
            highest_user_wasted_percent: None,
            highest_bytes: None,
            highest_growth: None,
            highest_junk_bytes: None,
            forbidden_paths: Vec::new(),
            forbidden_packages: Vec::new(),
            allowed_set_id: None,
            ignore: Vec::new(),
            base: None,
        }
    }

    /// Reads a file's text. What it does not mention is as in [`Rules::default`].
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(Self::default());
        }
        let document: Document = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        let known = ["rules", "ignore", "base"];
        if let Some(other) = document.other.keys().next() {
            return Err(format!(
                "there is no `{other}`: a file has {}",
                known.map(|it| format!("`{it}`")).join(", ")
            ));
        }
        let mut rules = Self { ignore: document.ignore, base: document.base, ..Self::default() };
        for (name, value) in document.rules {
            rules.set(&name, &value)?;
        }
        Ok(rules)
    }

    /// Sets one rule, by its name in a file (in any case, as dive reads it) or as an option.
    ///
    /// # Errors
    /// There is no such rule, or its value is none.
    pub fn set(&mut self, name: &str, value: &Value) -> Result<(), String> {
        let known = NAMES.iter().find(|(file, option)| file.eq_ignore_ascii_case(name) || *option == name);
        let Some((rule, _)) = known else {
            let names: Vec<&str> = NAMES.iter().map(|(file, _)| *file).collect();
            return Err(format!("there is no rule `{name}`; there are {}", names.join(", ")));
        };
        let wrong = |what: &str| format!("`{name}` wants {what}");
        match *rule {
            "lowestEfficiency" => self.lowest_efficiency = share(value).ok_or_else(|| wrong(SHARE))?,
            "highestUserWastedPercent" => {
                self.highest_user_wasted_percent = share(value).ok_or_else(|| wrong(SHARE))?;
            }
            "highestWastedBytes" => self.highest_wasted_bytes = bytes(value).ok_or_else(|| wrong(BYTES))?,
            "highestBytes" => self.highest_bytes = bytes(value).ok_or_else(|| wrong(BYTES))?,
            "highestGrowth" => self.highest_growth = bytes(value).ok_or_else(|| wrong(BYTES))?,
            "highestJunkBytes" => self.highest_junk_bytes = bytes(value).ok_or_else(|| wrong(BYTES))?,
            "forbiddenPaths" => {
                self.forbidden_paths = texts(value).ok_or_else(|| wrong(TEXTS))?.unwrap_or_default();
            }
            "forbiddenPackages" => {
                self.forbidden_packages = texts(value).ok_or_else(|| wrong(TEXTS))?.unwrap_or_default();
            }
            _ => self.allowed_set_id = texts(value).ok_or_else(|| wrong(TEXTS))?,
        }
        Ok(())
    }
}

const SHARE: &str = "a number from 0 to 1, or `disabled`";
const BYTES: &str = "bytes such as `20MB` or `1GiB`, or `disabled`";
const TEXTS: &str = "a list of patterns, or `disabled`";

/// Whether a value says that nothing is asked.
fn is_off(value: &Value) -> bool {
    match value {
        Value::Switch(on) => !on,
        Value::Text(text) => text.trim().eq_ignore_ascii_case("disabled"),
        _ => false,
    }
}

/// `None` is no share; `Some(None)` asks nothing.
fn share(value: &Value) -> Option<Option<f64>> {
    if is_off(value) {
        return Some(None);
    }
    let number = match value {
        Value::Number(number) => *number,
        #[allow(clippy::cast_precision_loss)]
        Value::Whole(number) => *number as f64,
        Value::Text(text) => text.trim().parse().ok()?,
        Value::Switch(_) | Value::Texts(_) => return None,
    };
    (0.0..=1.0).contains(&number).then_some(Some(number))
}

fn bytes(value: &Value) -> Option<Option<u64>> {
    if is_off(value) {
        return Some(None);
    }
    match value {
        Value::Whole(number) => Some(Some(*number)),
        Value::Text(text) => parse_bytes(text).map(Some),
        _ => None,
    }
}

fn texts(value: &Value) -> Option<Option<Vec<String>>> {
    if is_off(value) {
        return Some(None);
    }
    match value {
        Value::Text(text) => Some(Some(vec![text.clone()])),
        Value::Texts(texts) => Some(Some(texts.clone())),
        _ => None,
    }
}

/// `20MB`, `1.5 GiB`, `300`: decimal units, and binary ones with an `i`.
///
/// Source: github.com/dustin/go-humanize, `ParseBytes`, which dive uses.
#[must_use]
pub fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let end =
        text.find(|char: char| !(char.is_ascii_digit() || char == '.' || char == ',')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.replace(',', "").parse().ok()?;
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        "ki" | "kib" => 1 << 10,
        "mi" | "mib" => 1 << 20,
        "gi" | "gib" => 1 << 30,
        "ti" | "tib" => 1 << 40,
        _ => return None,
    };
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let bytes = (number * factor as f64) as u64;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_file_of_dive_is_read_as_it_is() {
        let text = "rules:\n  # If the efficiency is measured below X%, mark as failed.\n  lowestEfficiency: 0.95\n\n  highestWastedBytes: 20MB\n  highestUserWastedPercent: 0.20\n";
        let rules = Rules::parse(text).unwrap();
        assert_eq!(rules.lowest_efficiency, Some(0.95));
        assert_eq!(rules.highest_wasted_bytes, Some(20_000_000));
        assert_eq!(rules.highest_user_wasted_percent, Some(0.2));
        let text = "rules:\n  lowestefficiency: \"0.5\"\n  highestWastedBytes: disabled\n  highestUserWastedPercent: \"disabled\"\n";
        let rules = Rules::parse(text).unwrap();
        assert_eq!(rules, Rules { lowest_efficiency: Some(0.5), ..Rules::none() });
        assert_eq!(Rules::parse("").unwrap(), Rules::default());
        assert_eq!(Rules::parse("# nothing\n").unwrap(), Rules::default());
    }

    #[test]
    fn our_own_rules_stand_beside() {
        let text = "base: debian:12\nignore: [/var/cache, \"*.pyc\"]\nrules:\n  highestGrowth: 50MiB\n  highestJunkBytes: 0\n  forbiddenPaths: /root/.ssh\n  forbiddenPackages: [gcc, \"*-dev\"]\n  allowedSetId: []\n";
        let rules = Rules::parse(text).unwrap();
        assert_eq!((rules.highest_growth, rules.highest_junk_bytes), (Some(50 << 20), Some(0)));
        assert_eq!((rules.base.as_deref(), rules.ignore.len()), (Some("debian:12"), 2));
        assert_eq!((rules.forbidden_paths.len(), rules.forbidden_packages.len()), (1, 2));
        assert_eq!(rules.allowed_set_id, Some(Vec::new()));
    }

    #[test]
    fn slips_are_named() {
        for (text, part) in [
            ("rules:\n  lowestEficiency: 0.9\n", "there is no rule `lowestEficiency`"),
            ("rules:\n  lowestEfficiency: 95\n", "a number from 0 to 1"),
            ("rules:\n  highestWastedBytes: many\n", "bytes such as"),
            ("rules:\n  forbiddenPaths: 5\n", "a list of patterns"),
            ("rule:\n  lowestEfficiency: 0.9\n", "there is no `rule`"),
            ("rules: [", ""),
        ] {
            let error = Rules::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn bytes_have_units() {
        for (text, bytes) in [
            ("300", Some(300)),
            ("20MB", Some(20_000_000)),
            ("1.5 GiB", Some(3 << 29)),
            ("1,024 kB", Some(1_024_000)),
            ("5 apples", None),
            ("", None),
            ("-5", None),
        ] {
            assert_eq!(parse_bytes(text), bytes, "{text}");
        }
    }
}
