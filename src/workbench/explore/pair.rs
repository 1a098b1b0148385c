//! Two images or containers beside each other.

use std::sync::Arc;

use super::super::compare::{Beside, Told};
use super::super::{Look, Result, Subject, Workbench};
use super::{label, platform};
use crate::explorer::{Load, Material, Origin, Other, Pair, PairFact};
use crate::inspect::Model;
use crate::inspect::model::Version;

impl Workbench {
    /// The one as the lowest layer, and upon it, hiding all of it, the other: what the upper layer changes is in
    /// what they differ.
    pub(super) fn pair_material(self: &Arc<Self>, one: &Subject, other: &Subject) -> Result<Material> {
        let beside = Arc::new(self.beside([one, other])?);
        let subjects = [one, other];
        let [lower, upper] = beside.looks();
        let layers = vec![lower.model.flattened(false), upper.model.flattened(true)];
        let model = Arc::new(Model::new(layers.clone(), |_, _, _| None));
        let late = Arc::clone(&beside);
        let pair = Pair {
            names: subjects.map(label),
            facts: facts(subjects, beside.looks()),
            others: others(beside.settings()),
            late: Some(Arc::new(move || others(late.packages()))),
            origin: origin(&beside),
        };
        let refined = Arc::clone(&beside);
        Ok(Material {
            name: format!("{} and {}", pair.names[0], pair.names[1]),
            facts: Vec::new(),
            layers: Vec::new(),
            waste: Arc::default(),
            load: load(&beside),
            refine: Some(Arc::new(move || {
                let readers = refined.readers();
                Model::new(layers.clone(), |_, _, path| readers.same(path))
            })),
            pair: Some(Arc::new(pair)),
            model,
        })
    }
}

fn others(told: Vec<Told>) -> Vec<Other> {
    told.into_iter().map(|(what, name, values)| Other { what, name, values }).collect()
}

/// What is said of both above their files.
fn facts(subjects: [&Subject; 2], looks: [&Look; 2]) -> Vec<PairFact> {
    let image = |subject: &Subject, say: &dyn Fn(&super::Image) -> String| match subject {
        Subject::Image(image) => say(image),
        Subject::Container(_) => String::new(),
    };
    let of = |word, say: &dyn Fn(&Subject, &Look) -> String| PairFact {
        word,
        values: [say(subjects[0], looks[0]), say(subjects[1], looks[1])],
    };
    let mut facts = vec![
        of("Layers", &|_, look| look.model.layer_count().to_string()),
        of("Created", &|subject, _| image(subject, &|image| image.created.clone())),
        of("Id", &|subject, _| match subject {
            Subject::Image(image) => image.id.clone(),
            Subject::Container(container) => container.id.clone(),
        }),
        of("Platform", &|subject, _| image(subject, &platform)),
    ];
    facts.retain(|fact| fact.values.iter().any(|value| !value.is_empty()));
    facts
}

/// The version that a side shows at a path.
fn shown<'l>(look: &'l Look, path: &[u8]) -> Option<Version<'l>> {
    look.model.shown(look.model.find(path)?, look.top()?)
}

/// Says which layer brought a path, and by which command.
fn origin(beside: &Arc<Beside>) -> Origin {
    let beside = Arc::clone(beside);
    Arc::new(move |side, path| {
        let Some(look) = beside.looks().get(side).copied() else { return String::new() };
        let Some(version) = shown(look, path) else { return String::new() };
        let step = look.steps.get(version.layer).and_then(|step| step.created_by.clone());
        format!("layer {}: {}", version.layer, step.unwrap_or_default())
    })
}

fn load(beside: &Arc<Beside>) -> Load {
    let beside = Arc::clone(beside);
    Arc::new(move |side, path, most| {
        let missing = || "is not there".to_owned();
        let look = beside.looks().get(side).copied().ok_or_else(missing)?;
        let version = shown(look, path).ok_or_else(missing)?;
        super::load(look.clone())(version.layer, path, most)
    })
}
