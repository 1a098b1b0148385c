//! Rhai's own answers where a function does not fit its receiver.
//!
//! The functions of records and lists are registered once, for a receiver of any type, and not once for each type:
//! that is what a start costs. So they get other receivers too, and say of those what Rhai says where nothing is
//! registered; suggestions are made from these texts.

use rhai::{Dynamic, EvalAltResult, NativeCallContext};

/// No function called as `context` says takes `args`.
pub fn function(context: &NativeCallContext<'_>, args: &[&Dynamic]) -> Box<EvalAltResult> {
    let of = |value: &&Dynamic| {
        if value.is_string() {
            "&str | ImmutableString | String"
        } else {
            context.engine().map_type_name(value.type_name())
        }
    };
    let types: Vec<&str> = args.iter().map(of).collect();
    let signature = format!("{} ({})", context.fn_name(), types.join(", "));
    Box::new(EvalAltResult::ErrorFunctionNotFound(signature, context.call_position()))
}

/// `value` has no property `name`.
pub fn property(context: &NativeCallContext<'_>, name: &str, value: &Dynamic) -> Box<EvalAltResult> {
    let of = context.engine().map_type_name(value.type_name());
    let text = format!("Unknown property '{name}' - a getter is not registered for type '{of}'");
    Box::new(EvalAltResult::ErrorDotExpr(text, context.call_position()))
}

/// Nobody can set the property `name` of `value` to `to`.
pub fn setter(
    context: &NativeCallContext<'_>,
    name: &str,
    value: &Dynamic,
    to: &Dynamic,
) -> Box<EvalAltResult> {
    let of = context.engine().map_type_name(value.type_name());
    let to = context.engine().map_type_name(to.type_name());
    let text = format!(
        "No writable property '{name}' - a setter is not registered for type '{of}' to handle '{to}'"
    );
    Box::new(EvalAltResult::ErrorDotExpr(text, context.call_position()))
}

/// `value` cannot be indexed by a number.
pub fn item(context: &NativeCallContext<'_>, value: &Dynamic) -> Box<EvalAltResult> {
    let of = context.engine().map_type_name(value.type_name());
    Box::new(EvalAltResult::ErrorIndexingType(format!("{of} [i64]"), context.call_position()))
}
