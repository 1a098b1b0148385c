//! Calling a closure that a script gave, as if from the place where it was written.
//!
//! Within a module Rhai finds the module's functions first, also for the closures that the module
//! was given: a closure that calls the script's own `done(c)` would get the module's. Natives call
//! closures through here, where what lies above the closure's own text is taken away first.

use rhai::{Dynamic, FnPtr, NativeCallContext};

use super::raised::Result;

/// Calls `closure` with `args`.
pub fn call(native: &NativeCallContext<'_>, closure: &FnPtr, args: Vec<Dynamic>) -> Result<Dynamic> {
    let Some(home) = home(native, closure, args.len()) else {
        return closure.call_raw(native, None, args);
    };
    let mut global = native.global_runtime_state().clone();
    global.lib.truncate(home + 1);
    let (name, source, at) = (native.fn_name(), native.fn_source(), native.call_position());
    let there = NativeCallContext::new_with_all_fields(native.engine(), name, source, &global, at);
    closure.call_raw(&there, None, args)
}

/// The place of the closure's text in the stack of texts, unless it is the uppermost.
fn home(native: &NativeCallContext<'_>, closure: &FnPtr, args: usize) -> Option<usize> {
    let texts = native.namespaces();
    let parameters = closure.curry().len() + args;
    let place = texts.iter().position(|text| text.get_script_fn(closure.fn_name(), parameters).is_some())?;
    (place + 1 < texts.len()).then_some(place)
}
