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
    // Neither module knows a session, so that a process makes them once and never takes them apart.
    static LIBRARY: OnceLock<Shared<Module>> = OnceLock::new();
    static NATIVES: OnceLock<Shared<Module>> = OnceLock::new();

    let mut engine = Engine::new_raw();
    engine.register_global_module(Shared::clone(LIBRARY.get_or_init(|| library().into())));
    engine.register_global_module(Shared::clone(NATIVES.get_or_init(|| natives().into())));
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

/// Rhai's own functions, in one module: a call looks through the modules one after the other.
///
/// All of them are put in: Rhai would look for each in its packages' lists when it is called, which it remembers
/// within one evaluation, but not from one call of a closure to the next.
fn library() -> Module {
    let mut library = Module::new();
    CorePackage::init(&mut library);
    LogicPackage::init(&mut library);
    BasicMathPackage::init(&mut library);
    BasicArrayPackage::init(&mut library);
    BasicBlobPackage::init(&mut library);
    BasicMapPackage::init(&mut library);
    BasicTimePackage::init(&mut library);
    MoreStringPackage::init(&mut library);
    library.register_lazy_functions();
    library
}

/// `args`, which functions see too.
fn arguments(context: &Context) -> Module {
    let mut module = Module::new();
    let args: Array = context.options.args.iter().map(|arg| arg.as_str().into()).collect();
    module.set_var("args", args);
    module
}

/// The verbs and the types' methods.
fn natives() -> Module {
    let mut module = Module::new();
    receiver::register(&mut module);
    in_place::register(&mut module);
    types::register(&mut module);
    verbs::register(&mut module);
    for name in ["to_string", "print", "to_debug", "debug"] {
        module
            .set_native_fn(name, |array: &mut Array| Ok(render::debug(&Dynamic::from_array(array.clone()))));
        module.set_native_fn(name, |map: &mut Map| Ok(render::debug(&Dynamic::from_map(map.clone()))));
    }
    module
}

fn located(text: &str, source: Option<&str>, at: Position) -> String {
    match (source, at.line()) {
        (Some(source), Some(line)) => format!("{source}:{line}: {text}"),
        (None, Some(line)) => format!("line {line}: {text}"),
        (_, None) => text.to_owned(),
    }
}
