//! The Rhai engine with our natives, hooks and limits.

use std::sync::{Arc, OnceLock};

use rhai::packages::{
    BasicArrayPackage, BasicBlobPackage, BasicMapPackage, BasicMathPackage, BasicTimePackage, CorePackage,
    LogicPackage, MoreStringPackage, Package,
};
use rhai::{Array, Dynamic, Engine, Map, Module, Position, Shared};

use super::context::Context;
use super::resolver::Resolver;
use super::{in_place, receiver, render, types, verbs};

/// Nesting of expressions, which the parser follows recursively.
const EXPRESSION_DEPTH: usize = 200;
/// The same inside functions.
const FUNCTION_EXPRESSION_DEPTH: usize = 100;

/// An engine with every function; natives work on `context`.
pub fn whole(context: &Arc<Context>, resolver: Resolver) -> Engine {
    // It knows no session, so that a process makes it once and never takes it apart.
    static FUNCTIONS: OnceLock<Shared<Module>> = OnceLock::new();

    let mut engine = Engine::new_raw();
    engine.register_global_module(Shared::clone(FUNCTIONS.get_or_init(|| functions().into())));
    engine.set_default_tag(context.carried());
    engine.set_module_resolver(resolver);
    prepare(&mut engine, context);
    engine
}

/// An engine that has no function at all: it reads texts, and runs those that call nothing.
pub fn bare(context: &Arc<Context>) -> Engine {
    let mut engine = Engine::new_raw();
    prepare(&mut engine, context);
    engine
}

/// What holds whatever is called.
fn prepare(engine: &mut Engine, context: &Arc<Context>) {
    engine.register_global_module(arguments(context).into());
    context.options.limits.apply(engine);
    engine.set_max_expr_depths(EXPRESSION_DEPTH, FUNCTION_EXPRESSION_DEPTH);
    engine.set_fail_on_invalid_map_property(true);

    let print = Arc::clone(&context.options.out.print);
    engine.on_print(move |text| print(text));
    let debug = Arc::clone(&context.options.out.debug);
    engine.on_debug(move |text, source, at| debug(&located(text, source, at)));
    let interrupted = context.options.interrupted;
    let watched = Arc::clone(context);
    engine.on_progress(move |_| {
        if interrupted() {
            return Some(Dynamic::UNIT);
        }
        watched.watch.step().map(Dynamic::from)
    });
}

/// All functions in one module, since a call looks through the modules one after the other.
fn functions() -> Module {
    let mut module = Module::new();
    put_in_library(&mut module);
    put_in_natives(&mut module);
    module
}

/// Rhai's own functions, each of them: else Rhai would look for it in its packages' lists when it is called, and
/// remember it within one evaluation, but not from one call of a closure to the next.
fn put_in_library(module: &mut Module) {
    CorePackage::init(module);
    LogicPackage::init(module);
    BasicMathPackage::init(module);
    BasicArrayPackage::init(module);
    BasicBlobPackage::init(module);
    BasicMapPackage::init(module);
    BasicTimePackage::init(module);
    MoreStringPackage::init(module);
    module.register_lazy_functions();
}

/// The verbs and the types' methods, some in the place of Rhai's.
fn put_in_natives(module: &mut Module) {
    receiver::register(module);
    in_place::register(module);
    types::register(module);
    verbs::register(module);
    for name in ["to_string", "print", "to_debug", "debug"] {
        module
            .set_native_fn(name, |array: &mut Array| Ok(render::debug(&Dynamic::from_array(array.clone()))));
        module.set_native_fn(name, |map: &mut Map| Ok(render::debug(&Dynamic::from_map(map.clone()))));
    }
}

/// `args`, which functions see too.
fn arguments(context: &Context) -> Module {
    let mut module = Module::new();
    let args: Array = context.options.args.iter().map(|arg| arg.as_str().into()).collect();
    module.set_var("args", args);
    module
}

fn located(text: &str, source: Option<&str>, at: Position) -> String {
    match (source, at.line()) {
        (Some(source), Some(line)) => format!("{source}:{line}: {text}"),
        (None, Some(line)) => format!("line {line}: {text}"),
        (_, None) => text.to_owned(),
    }
}
