//! `import`: the standard library, and files beside the one that imports.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared};

use super::raised::{Raised, Result};
use super::receiver::{self, Shifts};
use super::sources::{Sources, without_interpreter_line};
use super::suggest;

/// The embedded modules: name and text.
pub const STDLIB: &[(&str, &str)] = &[
    ("std/experiment", include_str!("../../stdlib/experiment.rhai")),
    ("std/lesson", include_str!("../../stdlib/lesson.rhai")),
];

type SharedModule = Shared<Module>;

/// Finds modules; each is evaluated once a session.
#[derive(Debug, Default)]
pub struct Resolver {
    sources: Sources,
    loaded: Mutex<HashMap<String, SharedModule>>,
}

impl Resolver {
    /// A resolver that keeps the texts it loads in `sources`.
    pub fn new(sources: Sources) -> Self {
        Self { sources, loaded: Mutex::default() }
    }

    fn load(
        &self,
        engine: &Engine,
        name: &str,
        text: &str,
        path: &str,
        pos: Position,
    ) -> Result<SharedModule> {
        let text = without_interpreter_line(text);
        let in_module = |error| -> Box<EvalAltResult> {
            EvalAltResult::ErrorInModule(name.to_owned(), error, pos).into()
        };
        self.sources.insert(name, &text, Shifts::default());
        let (mut ast, shifts) =
            receiver::compile(engine, &Scope::new(), &text).map_err(|error| in_module(error.into()))?;
        self.sources.insert(name, &text, shifts);
        self.sources.define(name, &ast);
        ast.set_source(name);
        let module: SharedModule =
            Module::eval_ast_as_new(Scope::new(), &ast, engine).map_err(in_module)?.into();
        self.loaded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path.to_owned(), Arc::clone(&module));
        Ok(module)
    }
}

impl ModuleResolver for Resolver {
    fn resolve(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        pos: Position,
    ) -> Result<SharedModule> {
        let known = |key: &str| self.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        if path.starts_with("std/") {
            if let Some(module) = known(path) {
                return Ok(module);
            }
            let Some((name, text)) = STDLIB.iter().find(|(name, _)| *name == path) else {
                let hint =
                    suggest::among(path, STDLIB.iter().map(|(name, _)| *name), "modules of the library");
                return Err(at(
                    Raised::new("not_found", format!("there is no module `{path}`")).with_hint(hint),
                    pos,
                ));
            };
            return self.load(engine, name, text, path, pos);
        }
        let file = file(source, path);
        let name = file.to_string_lossy().into_owned();
        if let Some(module) = known(&name) {
            return Ok(module);
        }
        let text = std::fs::read_to_string(&file).map_err(|error| {
            let raised = Raised::new("not_found", format!("cannot read the module `{name}`: {error}"));
            at(
                raised.with_hint(
                    "a path is relative to the file that imports; the library's begin with `std/`",
                ),
                pos,
            )
        })?;
        self.load(engine, &name, &text, &name, pos)
    }
}

fn at(raised: Raised, pos: Position) -> Box<EvalAltResult> {
    let mut error: Box<EvalAltResult> = raised.into();
    error.set_position(pos);
    error
}

/// `path` beside the importing file, `.rhai` added where it has no ending.
pub(super) fn file(source: Option<&str>, path: &str) -> PathBuf {
    let folder = source.and_then(|source| Path::new(source).parent()).unwrap_or(Path::new(""));
    let mut file = folder.join(path);
    if file.extension().is_none() {
        file.set_extension("rhai");
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Within a module its own functions come before the verbs, also for the closures that it is given:
    /// `start.run("…")` in a cell would call the module's `run`.
    #[test]
    fn no_function_of_the_library_is_called_like_a_verb() {
        for (name, text) in STDLIB {
            for line in text.lines() {
                let Some(rest) = line.strip_prefix("private ").unwrap_or(line).strip_prefix("fn ") else {
                    continue;
                };
                let function = rest.split('(').next().unwrap_or_default();
                // What is tied to a type is found by that type alone.
                if !function.contains('.') {
                    assert!(crate::script::verbs::find(function).is_none(), "{name}: {function}");
                }
            }
        }
    }

    #[test]
    fn paths_are_relative_to_the_importing_file() {
        assert_eq!(file(Some("lessons/one.rhai"), "shared/steps"), Path::new("lessons/shared/steps.rhai"));
        assert_eq!(file(None, "a.rhai"), Path::new("a.rhai"));
        assert_eq!(file(Some("<-e 1>"), "/abs/a"), Path::new("/abs/a.rhai"));
    }
}
