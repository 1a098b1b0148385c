//! `tree`.

use rhai::Dynamic;

use super::super::types::List;
use super::parameters::{LAYER, OPTIONS, SUBJECT};
use super::{Completes, Example, Group, Needs, Opt, Overload, Takes, Verb};
use crate::workbench::TreeOptions;

/// The entry.
pub static VERB: Verb = Verb {
    name: "tree",
    group: Group::Analysis,
    summary: "every path, with the sizes of what is below it, at the end or after a layer",
    doc: "\
Of a layer (an index, -1 is the last, or one of `layers(x)`) the tree after it, where `kind` is what that
layer did: `A`, `C`, `D` (what it deleted is in the list too), else `()`. A container's writable layer is
its last one. Sizes count a file with several names once. At a terminal it is drawn as a tree, the larger
ones not to their last leaf; `.show()` does.",
    overloads: &[
        Overload { params: &[SUBJECT], returns: "Tree" },
        Overload { params: &[SUBJECT, LAYER], returns: "Tree" },
        Overload { params: &[SUBJECT, LAYER, OPTIONS], returns: "Tree" },
    ],
    options: &[
        Opt {
            name: "own",
            takes: Takes::Bool,
            doc: "only what the layer itself carries, whiteouts included",
            completes: Completes::Nothing,
        },
        Opt {
            name: "since",
            takes: Takes::Int,
            doc: "`kind` is what happened since after this layer",
            completes: Completes::Nothing,
        },
    ],
    examples: &[
        Example {
            about: "the largest folders below the root",
            code: r#"tree(base()).filter(|it| it.type == "dir" && it.path.split("/").len() == 2).order(|it| -it.size).take(3).map("path")"#,
            needs: Needs::Engine,
        },
        Example {
            about: "what the last layer did",
            code: r#"let v = run(base(), "echo hi > /greeting").commit("demo:tree"); tree(v, -1).filter(|it| it.kind != ()).map(|it| it.kind + " " + it.path)"#,
            needs: Needs::Engine,
        },
    ],
    call: |call| {
        let options = call.options(2)?;
        let wanted = TreeOptions {
            layer: call.layer_index(1),
            own: options.flag("own").unwrap_or(false),
            since: options.int("since"),
        };
        let tree = call.context.workbench.tree_of(&call.subject(0)?, &wanted)?;
        Ok(Dynamic::from(tree.into_iter().collect::<List<_>>()))
    },
};
