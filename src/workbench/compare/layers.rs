//! Whether the layers are the same, and if not, whether it is only how they are packed.

use super::super::{Result, Workbench};
use super::files::Pairs;
use super::side::Side;
use super::{LayerDifference, PackingDifference, Rules, packing};
use crate::inspect::model::Aspect;
use crate::layer::ChangeKind;

pub(super) fn compare(
    bench: &Workbench,
    one: &Side,
    other: &Side,
    rules: &Rules,
) -> Result<(Vec<LayerDifference>, Vec<PackingDifference>)> {
    let count = one.diff_ids.len().max(other.diff_ids.len());
    let (mut layers, mut all) = (Vec::with_capacity(count), Vec::new());
    for index in 0..count {
        let (before, after) = (one.diff_id(index), other.diff_id(index));
        let mut found = Vec::new();
        let what = match (before, after) {
            (Some(before), Some(after)) if before == after => {
                found = packing::of_blobs(index, (one, other), true, rules);
                if found.is_empty() { "same" } else { "compression" }
            }
            (Some(_), Some(_)) => {
                let seen = look(bench, (one, other), index, rules)?;
                let tars = one.tars.get(index).zip(other.tars.get(index));
                if let (true, Some(tars)) = (seen.is_alike, tars) {
                    found = bench.compare_tars(index, tars, rules)?;
                    found.append(&mut packing::of_blobs(index, (one, other), false, rules));
                }
                match seen.what {
                    "packing" if found.is_empty() => "ignored",
                    what => what,
                }
            }
            _ => "only one",
        };
        let mut parts: Vec<String> = found.iter().map(|it| it.part.clone()).collect();
        parts.dedup();
        layers.push(LayerDifference {
            index,
            before: before.map(ToString::to_string),
            after: after.map(ToString::to_string),
            what: what.to_owned(),
            packing: parts,
        });
        all.append(&mut found);
    }
    Ok((layers, all))
}

/// What the files of two layers tell.
struct Seen {
    what: &'static str,
    /// They have enough in common for their archives to be worth a look.
    is_alike: bool,
}

fn look(bench: &Workbench, (one, other): (&Side, &Side), index: usize, rules: &Rules) -> Result<Seen> {
    let (mut files, mut times, mut lone) = (false, false, 0);
    let (before, after) = (one.items_of(index), other.items_of(index));
    let mut pairs = Pairs::new(one, other, rules, bench.settings.interrupt);
    pairs.run(before, after, &mut |kind, _, aspects| {
        if kind != ChangeKind::Modified {
            lone += 1;
        }
        if aspects.is_only(Aspect::Mtime) {
            times = true;
        } else {
            files = true;
        }
    })?;
    let what = match (files, times) {
        (true, _) => "files",
        (false, true) => "times",
        (false, false) => "packing",
    };
    let total = one.items_of(index).count().max(other.items_of(index).count());
    Ok(Seen { what, is_alike: !files || lone * 2 <= total })
}
