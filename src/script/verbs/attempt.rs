//! `attempt`.

use rhai::{Dynamic, EvalAltResult, Map};

use super::super::raised::{Raised, Result};
use super::super::types::Handle;
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const CLOSURE: Param = Param { name: "closure", kinds: &[Kind::Function], completes: Completes::Nothing };

/// The entry.
pub static VERB: Verb = Verb {
    name: "attempt",
    group: Group::Script,
    summary: "call a closure and give its value or its error, without ending the script",
    doc: "\
Gives `#{ ok, value, error }`. `try` is a statement in Rhai; this is its expression. `exit` and
Ctrl-C go through.",
    overloads: &[Overload { params: &[CLOSURE], returns: "map" }],
    options: &[],
    examples: &[
        Example {
            about: "an error as a value",
            code: r#"attempt(|| fail("no")).error.message"#,
            needs: Needs::Nothing,
        },
        Example { about: "a value", code: r#"attempt(|| 6 * 7).value"#, needs: Needs::Nothing },
    ],
    call: |call| {
        let closure = call.function(0)?;
        let (ok, value, error) = match closure.call_within_context::<Dynamic>(call.native, ()) {
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
    Ok(super::super::explain::raised(inner))
}
