//! `check`: whether an image is as it is asked to be.

use std::io::Read as _;
use std::path::Path;

use serde::Serialize;

use super::look::Content;
use super::{Error, ErrorKind, Result, Subject, Workbench};
use crate::inspect::gate::{self, Measure};
use crate::layer;
use crate::oci::DiffId;

pub use crate::inspect::gate::{NAMES as RULES, Rules, Value as RuleValue};

/// A file of rules larger than this is none.
const RULES_LIMIT: u64 = 1 << 20;

/// What `check` found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// What was looked at.
    pub image: String,
    /// Every rule passed.
    pub ok: bool,
    /// What each rule found.
    pub findings: Vec<Finding>,
}

/// What one rule found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Its name in a file.
    pub rule: String,
    /// Whether the image is as it asks.
    pub ok: bool,
    /// What was found: a share from 0 to 1, bytes, or how many.
    pub value: serde_json::Number,
    /// What is asked, likewise.
    pub limit: serde_json::Number,
    /// `share`, `bytes` or `count`.
    pub unit: String,
    /// What it is about, the worst first.
    pub items: Vec<FindingItem>,
}

/// A file, layer or package that a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingItem {
    /// Absolute path, or name and version of a package.
    pub name: String,
    /// Its bytes.
    pub bytes: u64,
    /// Index of the layer that has it; `None` of a package.
    pub layer: Option<usize>,
    /// The command that made that layer.
    pub created_by: Option<String>,
    /// What is wrong with it.
    pub why: String,
}

impl Workbench {
    /// Asks `subject` for all that `rules` ask for. The layers of their base are left out, if it has them.
    ///
    /// # Errors
    /// `not_found`: the subject or the base; `invalid`: a pattern that is none, a base that is not below.
    pub fn check(&self, subject: &Subject, rules: &Rules) -> Result<Verdict> {
        let look = self.look(subject, Content::IfThere)?;
        let base = match &rules.base {
            Some(base) => self.layers_of_base(subject, base)?,
            None => 0,
        };
        let packages = match rules.forbidden_packages.is_empty() {
            true => Vec::new(),
            false => {
                let installed = self.installed(subject)?.into_iter();
                installed.map(|package| (package.name, package.version)).collect()
            }
        };
        let findings = gate::judge(&look.model, base, rules, || packages).map_err(Error::invalid)?;
        let step = |layer: usize| look.steps.get(layer).and_then(|step| step.created_by.clone());
        let findings: Vec<Finding> = findings
            .into_iter()
            .map(|finding| Finding {
                rule: finding.rule.to_owned(),
                ok: finding.ok,
                value: number(finding.value),
                limit: number(finding.limit),
                unit: unit(finding.value).to_owned(),
                items: finding
                    .items
                    .into_iter()
                    .map(|item| FindingItem {
                        name: match (item.is_path, item.name.is_empty()) {
                            (true, true) => String::new(),
                            (true, false) => super::listed::absolute(&item.name),
                            (false, _) => layer::escape_path(&item.name),
                        },
                        bytes: item.bytes,
                        layer: item.layer,
                        created_by: item.layer.and_then(step),
                        why: item.why,
                    })
                    .collect(),
            })
            .collect();
        Ok(Verdict { image: look.label, ok: findings.iter().all(|finding| finding.ok), findings })
    }

    /// How many of the subject's layers are its base's.
    fn layers_of_base(&self, subject: &Subject, base: &str) -> Result<usize> {
        let below = self.image(base)?.diff_ids;
        let own: Vec<String> = match subject {
            Subject::Image(image) => image.diff_ids.clone(),
            Subject::Container(container) => {
                let prepared = self.prepare_container(&self.container_record(container)?)?;
                prepared.config.diff_ids().iter().map(DiffId::to_string).collect()
            }
        };
        if !own.starts_with(&below) {
            return Err(Error::invalid(format!("`{base}` is not below: its layers are not the lowest"))
                .with_hint("`layers(image)` lists the digests of both"));
        }
        Ok(below.len())
    }

    /// Reads a file of rules.
    ///
    /// # Errors
    /// `not_found`, `invalid`.
    pub fn read_rules(&self, path: &Path) -> Result<Rules> {
        let failed = |error: std::io::Error| {
            let kind = match error.kind() {
                std::io::ErrorKind::NotFound => ErrorKind::NotFound,
                _ => ErrorKind::Io,
            };
            Error::new(kind, format!("cannot read the rules `{}`: {error}", path.display()))
        };
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(RULES_LIMIT).read_to_string(&mut text).map_err(failed)?;
        Rules::parse(&text).map_err(|reason| Error::invalid(format!("`{}`: {reason}", path.display())))
    }
}

fn number(measure: Measure) -> serde_json::Number {
    match measure {
        Measure::Share(share) => serde_json::Number::from_f64(share).unwrap_or_else(|| 0.into()),
        Measure::Bytes(number) | Measure::Count(number) => number.into(),
    }
}

const fn unit(measure: Measure) -> &'static str {
    match measure {
        Measure::Share(_) => "share",
        Measure::Bytes(_) => "bytes",
        Measure::Count(_) => "count",
    }
}
