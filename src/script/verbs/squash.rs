//! `squash`.

use std::ops::{Range, RangeInclusive};

use rhai::Dynamic;

use super::super::types::Handle;
use super::derived::{self, MESSAGE, TAG};
use super::parameters::{IMAGE, OPTIONS};
use super::{Call, Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const LAYERS: Param = Param { name: "layers", kinds: &[Kind::Range], completes: Completes::Nothing };
const FROM: Param = Param { name: "from", kinds: &[Kind::Int], completes: Completes::Nothing };
const TO: Param = Param { name: "to", kinds: &[Kind::Int], completes: Completes::Nothing };

/// The entry.
pub static VERB: Verb = Verb {
    name: "squash",
    group: Group::Fix,
    summary: "an image with several of its layers as one",
    doc: "\
Layers are numbered from 0, lowest first, as `layers(image)` has them; negative numbers count from the end.
`1..3` and `1, 3` are the layers 1 and 2, `1..=3` has the 3 too. What one of them hides of another is gone.
Deletions stay where they hide something of the layers below, the others go. History keeps their steps.",
    overloads: &[
        Overload { params: &[IMAGE, LAYERS], returns: "Image" },
        Overload { params: &[IMAGE, LAYERS, OPTIONS], returns: "Image" },
        Overload { params: &[IMAGE, FROM, TO], returns: "Image" },
        Overload { params: &[IMAGE, FROM, TO, OPTIONS], returns: "Image" },
    ],
    options: &[TAG, MESSAGE],
    examples: &[
        Example {
            about: "two steps as one layer",
            code: r#"let v1 = run(base(), "head -c 5000 /dev/zero > /big").commit("demo:big"); let v2 = run(v1, "rm /big && touch /small").commit("demo:small"); let one = squash(v2, 1..3); [layers(one).len(), one.saving]"#,
            needs: Needs::Engine,
        },
        Example {
            about: "all above the lowest",
            code: r#"let v1 = run(base(), "touch /a").commit("demo:a"); squash(run(v1, "touch /b").commit("demo:b"), 1..=-1, #{ tag: "demo:ab" }).references"#,
            needs: Needs::Engine,
        },
    ],
    call: |call| {
        let (from, to, next) = bounds(call);
        let options = derived::options(call, next)?;
        let image = call.context.workbench.squash(&call.image(0)?, from, to, &options)?;
        Ok(Dynamic::from(Handle::new(image)))
    },
};

/// The first layer, the one after the last (`None` is the end), and where the options are.
fn bounds(call: &Call<'_>) -> (i64, Option<i64>, usize) {
    let value = call.any(1);
    if let Some(range) = value.read_lock::<Range<i64>>() {
        return (range.start, Some(range.end), 2);
    }
    if let Some(range) = value.read_lock::<RangeInclusive<i64>>() {
        let after = range.end().checked_add(1).filter(|after| *after != 0);
        return (*range.start(), after, 2);
    }
    (call.int(1).unwrap_or_default(), call.int(2), 3)
}
