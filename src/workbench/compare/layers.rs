//! Whether the layers are the same, and if not, whether it is only how they are packed.

use super::super::Result;
use super::files::Pairs;
use super::side::Side;
use super::{LayerDifference, Rules};
use crate::inspect::model::Aspect;
use crate::sys::Interrupt;

pub(super) fn compare(
    one: &Side,
    other: &Side,
    rules: &Rules,
    interrupt: Interrupt,
) -> Result<Vec<LayerDifference>> {
    let count = one.diff_ids.len().max(other.diff_ids.len());
    let mut found = Vec::with_capacity(count);
    for index in 0..count {
        let (before, after) = (one.diff_id(index), other.diff_id(index));
        let what = match (before, after) {
            (Some(before), Some(after)) if before == after => "same",
            (Some(_), Some(_)) => packing(one, other, index, rules, interrupt)?,
            _ => "only one",
        };
        found.push(LayerDifference {
            index,
            before: before.map(ToString::to_string),
            after: after.map(ToString::to_string),
            what: what.to_owned(),
        });
    }
    Ok(found)
}

fn packing(
    one: &Side,
    other: &Side,
    index: usize,
    rules: &Rules,
    interrupt: Interrupt,
) -> Result<&'static str> {
    let (mut files, mut times) = (false, false);
    let (before, after) = (one.items_of(index), other.items_of(index));
    Pairs::new(one, other, rules, interrupt).run(before, after, &mut |_, _, aspects| {
        if aspects.is_only(Aspect::Mtime) {
            times = true;
        } else {
            files = true;
        }
    })?;
    Ok(match (files, times) {
        (true, _) => "files",
        (false, true) => "times",
        (false, false) => "packing",
    })
}
