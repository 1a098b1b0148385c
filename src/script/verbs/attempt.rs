//! `attempt`.

use rhai::{Dynamic, EvalAltResult, Map};

use super::super::closure;
use super::super::raised::{Origin, Raised, Result};
use super::super::types::Handle;
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const CLOSURE: Param = Param { name: "closure", kinds: &[Kind::Function], completes: Completes::Nothing };
const ARGUMENTS: Param = Param { name: "arguments", kinds: &[Kind::Array], completes: Completes::Nothing };

/// The entry.
pub static VERB: Verb = Verb {
    name: "attempt",
    group: Group::Script,
    summary: "call a closure and give its value or its error, without ending the script",
    doc: "\
Gives `#{ ok, value, error }`. `try` is a statement in Rhai; this is its expression. `exit`, Ctrl-C
and limits go through. `throw result.error` raises the error once more, where it was. In a module the
closure of a script is best called by this: with `f.call()` the closure would find the module's
functions before the script's.",
    overloads: &[
        Overload { params: &[CLOSURE], returns: "map" },
        Overload { params: &[CLOSURE, ARGUMENTS], returns: "map" },
    ],
    options: &[],
    examples: &[
        Example {
            about: "an error as a value",
            code: r#"attempt(|| fail("no")).error.message"#,
            needs: Needs::Nothing,
        },
        Example { about: "a value", code: r#"attempt(|| 6 * 7).value"#, needs: Needs::Nothing },
        Example {
            about: "with arguments",
            code: r#"attempt(|a, b| a * b, [6, 7]).value"#,
            needs: Needs::Nothing,
        },
    ],
    call: |call| {
        let closure = call.function(0)?;
        let arguments = call.any(1).into_array().unwrap_or_default();
        let (ok, value, error) = match closure::call(call.native, &closure, arguments) {
            Ok(value) => (true, value, Dynamic::UNIT),
            Err(error) => (false, Dynamic::UNIT, Dynamic::from(Handle::new(caught(error)?))),
        };
        let mut map = Map::new();
        map.insert("ok".into(), ok.into());
        map.insert("value".into(), value);
        map.insert("error".into(), error);
        Ok(map.into())
    },
};

/// What a script may look at; what must end the script is handed on.
fn caught(error: Box<EvalAltResult>) -> Result<Raised> {
    let mut inner = &*error;
    while let EvalAltResult::ErrorInFunctionCall(_, _, within, _)
    | EvalAltResult::ErrorInModule(_, within, _) = inner
    {
        inner = within;
    }
    if inner.is_pseudo_error()
        || inner.is_system_exception() && !matches!(inner, EvalAltResult::ErrorParsing(..))
    {
        return Err(error);
    }
    let mut raised = super::super::explain::raised(inner);
    raised.origin = Origin::of(error);
    Ok(raised)
}
