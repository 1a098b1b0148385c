//! The gate: whether an image is as it is asked to be, and which file of which layer is not.

mod rules;

pub use rules::{NAMES, Rules, Value, parse_bytes};

use super::glob::Globs;
use super::junk::JunkRules;
use super::model::Model;
use super::waste::Hidden;
use crate::layer::{EntryRef, Kind};

/// What one rule found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule, by its name in a file.
    pub rule: &'static str,
    /// Whether the image is as it asks; equality passes.
    pub ok: bool,
    /// What was found.
    pub value: Measure,
    /// What is asked.
    pub limit: Measure,
    /// What it is about, the worst first.
    pub items: Vec<Item>,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// A share, 0 to 1.
    Share(f64),
    /// Bytes.
    Bytes(u64),
    /// So many.
    Count(u64),
}

/// A file or package that a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The path without a leading `/`; of a package its name and version.
    pub name: Vec<u8>,
    /// Whether `name` is a path.
    pub is_path: bool,
    /// Its bytes.
    pub bytes: u64,
    /// The layer that has it, lowest 0; `None` of a package.
    pub layer: Option<usize>,
    /// What is wrong with it, in a few words.
    pub why: String,
}

/// Asks `model` for all that `rules` ask for. The lowest `base` layers count for nothing; `packages` are the
/// installed ones, as `name version`, and asked for only where a rule is about them.
///
/// # Errors
/// A pattern that is none.
pub fn judge(
    model: &Model,
    base: usize,
    rules: &Rules,
    packages: impl FnOnce() -> Vec<(String, String)>,
) -> Result<Vec<Finding>, String> {
    let ignored = Globs::of_ignored(&rules.ignore)?;
    let sums = Sums::of(model, base, &ignored);
    let mut findings = Vec::new();
    let hidden = || sums.hidden.iter().map(item_of).collect::<Vec<Item>>();
    if let Some(limit) = rules.lowest_efficiency {
        let value = share(sums.bytes.saturating_sub(sums.wasted), sums.bytes).unwrap_or(1.0);
        findings.push(Finding {
            rule: "lowestEfficiency",
            ok: value >= limit,
            value: Measure::Share(value),
            limit: Measure::Share(limit),
            items: hidden(),
        });
    }
    if let Some(limit) = rules.highest_wasted_bytes {
        findings.push(at_most("highestWastedBytes", sums.wasted, limit, hidden()));
    }
    if let Some(limit) = rules.highest_user_wasted_percent {
        let value = share(sums.wasted, sums.own).unwrap_or(0.0);
        findings.push(Finding {
            rule: "highestUserWastedPercent",
            ok: value <= limit,
            value: Measure::Share(value),
            limit: Measure::Share(limit),
            items: hidden(),
        });
    }
    if let Some(limit) = rules.highest_bytes {
        let all =
            (0..model.layer_count()).fold(0_u64, |sum, layer| sum.saturating_add(model.layer_size(layer)));
        findings.push(at_most("highestBytes", all, limit, layers(model, 0)));
    }
    if let Some(limit) = rules.highest_growth {
        findings.push(at_most("highestGrowth", sums.bytes, limit, layers(model, base)));
    }
    if let Some(limit) = rules.highest_junk_bytes {
        let known = JunkRules::built_in();
        let mut items = shown(model, base, &ignored, |entry| known.rule_of(entry.path).map(str::to_owned));
        items.retain(|item| item.bytes > 0);
        let bytes = items.iter().fold(0_u64, |sum, item| sum.saturating_add(item.bytes));
        findings.push(at_most("highestJunkBytes", bytes, limit, items));
    }
    if !rules.forbidden_paths.is_empty() {
        let forbidden = Globs::of_ignored(&rules.forbidden_paths)?;
        let why = |entry: &EntryRef<'_>| forbidden.fits(entry.path).then(|| "forbidden".to_owned());
        findings.push(none_of("forbiddenPaths", shown(model, base, &ignored, why)));
    }
    if !rules.forbidden_packages.is_empty() {
        let forbidden = Globs::new(&rules.forbidden_packages)?;
        let found = packages().into_iter().filter(|(name, _)| forbidden.fits(name.as_bytes()));
        let items = found.map(|(name, version)| Item {
            name: format!("{name} {version}").into_bytes(),
            is_path: false,
            bytes: 0,
            layer: None,
            why: "forbidden".to_owned(),
        });
        findings.push(none_of("forbiddenPackages", items.collect()));
    }
    if let Some(allowed) = &rules.allowed_set_id {
        let allowed = Globs::of_ignored(allowed)?;
        let why = |entry: &EntryRef<'_>| {
            let word = match (entry.kind, entry.mode & 0o6000) {
                (Kind::File | Kind::Hardlink, 0o4000) => "set-user-id",
                (Kind::File | Kind::Hardlink, 0o2000) => "set-group-id",
                (Kind::File | Kind::Hardlink, 0o6000) => "set-user-id and set-group-id",
                _ => return None,
            };
            (!allowed.fits(entry.path)).then(|| word.to_owned())
        };
        findings.push(none_of("allowedSetId", shown(model, base, &ignored, why)));
    }
    Ok(findings)
}

/// What counts of the layers.
struct Sums {
    /// Bytes above the base.
    bytes: u64,
    /// Of them, those that are one's own: without a base the first layer is somebody else's, as dive has it.
    own: u64,
    wasted: u64,
    hidden: Vec<Hidden>,
}

impl Sums {
    fn of(model: &Model, base: usize, ignored: &Globs) -> Self {
        let size = |layer: usize| {
            let entries = model.entries(layer).into_iter().flat_map(|entries| entries.iter());
            entries
                .filter(|entry| entry.kind == Kind::File && !ignored.fits(entry.path))
                .fold(0_u64, |sum, entry| sum.saturating_add(entry.size))
        };
        let sizes: Vec<u64> = (base..model.layer_count()).map(size).collect();
        let mut hidden = model.waste().items;
        hidden.retain(|item| item.added_by >= base && !ignored.fits(&item.path));
        let sum = |sizes: &[u64]| sizes.iter().fold(0_u64, |sum, size| sum.saturating_add(*size));
        Self {
            bytes: sum(&sizes),
            own: sum(sizes.get(usize::from(base == 0)..).unwrap_or_default()),
            wasted: hidden.iter().fold(0_u64, |sum, item| sum.saturating_add(item.bytes)),
            hidden,
        }
    }
}

fn at_most(rule: &'static str, value: u64, limit: u64, items: Vec<Item>) -> Finding {
    let (ok, value, limit) = (value <= limit, Measure::Bytes(value), Measure::Bytes(limit));
    Finding { rule, ok, value, limit, items }
}

fn none_of(rule: &'static str, items: Vec<Item>) -> Finding {
    Finding {
        rule,
        ok: items.is_empty(),
        value: Measure::Count(items.len() as u64),
        limit: Measure::Count(0),
        items,
    }
}

#[allow(clippy::cast_precision_loss)]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn item_of(hidden: &Hidden) -> Item {
    Item {
        name: hidden.path.clone(),
        is_path: true,
        bytes: hidden.bytes,
        layer: Some(hidden.added_by),
        why: format!("{} by layer {}", hidden.cause.as_str(), hidden.hidden_by),
    }
}

/// The layers above the base, as items.
fn layers(model: &Model, base: usize) -> Vec<Item> {
    let mut items: Vec<Item> = (base..model.layer_count())
        .map(|layer| Item {
            name: Vec::new(),
            is_path: true,
            bytes: model.layer_size(layer),
            layer: Some(layer),
            why: "the layer".to_owned(),
        })
        .collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.bytes));
    items
}

/// What the end shows and `why` has a word for, largest first; what the base brought is left out.
fn shown(
    model: &Model,
    base: usize,
    ignored: &Globs,
    why: impl Fn(&EntryRef<'_>) -> Option<String>,
) -> Vec<Item> {
    let mut items: Vec<Item> = model
        .shown_at_the_end()
        .filter(|version| version.layer >= base && !ignored.fits(version.entry.path))
        .filter_map(|version| {
            let file = model.file(&version);
            // A further name of a file adds no bytes.
            let bytes = if version.entry.kind == Kind::File { file.size } else { 0 };
            let why = why(&file)?;
            Some(Item { name: file.path.to_vec(), is_path: true, bytes, layer: Some(version.layer), why })
        })
        .collect();
    items.sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.name.cmp(&other.name)));
    items
}

#[cfg(test)]
mod tests;
