//! `import`: the standard library, and files beside the one that imports.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};

use rhai::{AST, Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared};

use super::library::{self, FunctionDoc, ModuleDoc};
use super::raised::{Raised, Result};
use super::receiver::{self, Shifts};
use super::sources::{Sources, without_interpreter_line};
use super::{suggest, verbs};

type SharedModule = Shared<Module>;

/// Finds modules; each is evaluated once a session. Copies share what they know.
#[derive(Debug, Clone)]
pub struct Resolver {
    sources: Sources,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// By key: a library name, or a file's canonical path.
    loaded: HashMap<String, Loaded>,
    /// What is being evaluated, outermost first; a thread sees its own.
    loading: Vec<(ThreadId, Loading)>,
    /// Whether files that have changed are evaluated anew, and those that were looked at already.
    refresh: Option<HashSet<String>>,
}

#[derive(Debug)]
struct Loaded {
    module: SharedModule,
    text: String,
    /// Keys of the modules that it imports itself.
    imports: Vec<String>,
}

#[derive(Debug)]
struct Loading {
    key: String,
    name: String,
    imports: Vec<String>,
}

/// A module that was found: what is known of it before it is read.
struct Found {
    key: String,
    /// What errors call it.
    name: String,
}

impl Resolver {
    /// A resolver that keeps the texts it loads in `sources`.
    pub fn new(sources: Sources) -> Self {
        Self { sources, state: Arc::default() }
    }

    /// The verbs once more, for modules; made when the first one is imported.
    fn verbs() -> SharedModule {
        static VERBS: OnceLock<SharedModule> = OnceLock::new();
        let make = || {
            let mut verbs = Module::new();
            verbs::register(&mut verbs);
            verbs.build_index();
            verbs.into()
        };
        Shared::clone(VERBS.get_or_init(make))
    }

    /// From now on files that have changed are evaluated anew, each once, or none.
    pub fn refresh(&self, changed: bool) {
        self.state().refresh = changed.then(HashSet::new);
    }

    /// The module that `source` imports as `path`, if it has been loaded.
    pub fn module(&self, source: &str, path: &str) -> Option<SharedModule> {
        let found = find(Some(source), path).ok()?;
        self.state().loaded.get(&found.key).map(|loaded| Arc::clone(&loaded.module))
    }

    /// The public functions of that module.
    pub fn functions(&self, source: &str, path: &str) -> Vec<FunctionDoc> {
        if path.starts_with("std/") {
            return library::doc(path).map(|module| module.functions.clone()).unwrap_or_default();
        }
        let module = self.module(source, path);
        module.map(|module| ModuleDoc::of(path, "", &module).functions).unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The module, if it is there and as it was.
    fn known(&self, key: &str) -> Option<SharedModule> {
        let state = self.state();
        let loaded = state.loaded.get(key)?;
        let stale = state.refresh.as_ref().is_some_and(|seen| state.has_changed(key, seen));
        (!stale).then(|| Arc::clone(&loaded.module))
    }

    /// Notes that `found` is being evaluated.
    ///
    /// # Errors
    /// It is already: modules import each other.
    fn enter(&self, found: &Found) -> std::result::Result<(), Box<Raised>> {
        let mut state = self.state();
        let thread = thread::current().id();
        let mine = state.loading.iter().filter(|(of, _)| *of == thread).map(|(_, loading)| loading);
        let circle: Vec<&Loading> = mine.skip_while(|loading| loading.key != found.key).collect();
        if !circle.is_empty() {
            let names = circle.iter().map(|loading| loading.name.as_str()).chain([found.name.as_str()]);
            let way = names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" → ");
            let message =
                if circle.len() == 1 { "a module imports itself" } else { "modules import each other" };
            return Err(Raised::invalid(format!("{message}: {way}"))
                .with_hint("what both need belongs into a module of its own, or the `import` into the function that needs it")
                .into());
        }
        let loading = Loading { key: found.key.clone(), name: found.name.clone(), imports: Vec::new() };
        state.loading.push((thread, loading));
        Ok(())
    }

    /// Ends what [`enter`](Self::enter) began.
    fn leave(&self, key: &str) -> Vec<String> {
        let mut state = self.state();
        let thread = thread::current().id();
        let place = state.loading.iter().rposition(|(of, loading)| *of == thread && loading.key == key);
        place.map(|place| state.loading.remove(place).1.imports).unwrap_or_default()
    }

    fn load(&self, engine: &Engine, found: &Found, text: &str, pos: Position) -> Result<SharedModule> {
        self.enter(found).map_err(|raised| at(raised, pos))?;
        let evaluated = self.evaluate(engine, &found.name, text, pos);
        let imports = self.leave(&found.key);
        let module = evaluated?;
        let loaded = Loaded { module: Arc::clone(&module), text: text.to_owned(), imports };
        let mut state = self.state();
        if let Some(seen) = &mut state.refresh {
            seen.insert(found.key.clone());
        }
        state.loaded.insert(found.key.clone(), loaded);
        Ok(module)
    }

    fn evaluate(&self, engine: &Engine, name: &str, text: &str, pos: Position) -> Result<SharedModule> {
        let text = without_interpreter_line(text);
        let in_module = |error| -> Box<EvalAltResult> {
            EvalAltResult::ErrorInModule(name.to_owned(), error, pos).into()
        };
        self.sources.insert(name, &text, Shifts::default());
        let (ast, shifts) =
            receiver::compile_module(engine, &text).map_err(|error| in_module(error.into()))?;
        self.sources.insert(name, &text, shifts);
        self.sources.forget(name);
        self.sources.define(name, &ast);
        let verbs = std::iter::once(receiver::import_of_verbs());
        let mut whole = AST::new(verbs.chain(ast.statements().to_vec()), ast.shared_lib().clone());
        whole.set_source(name);
        let mut module = Module::eval_ast_as_new(Scope::new(), &whole, engine).map_err(in_module)?;
        module.set_doc(ast.doc());
        Ok(module.into())
    }
}

impl State {
    /// Whether a file has another text than when it was read, or one of those that it imports has.
    fn has_changed(&self, key: &str, seen: &HashSet<String>) -> bool {
        if seen.contains(key) || key.starts_with("std/") {
            return false;
        }
        let Some(loaded) = self.loaded.get(key) else { return true };
        // A file that is gone is no reason to forget what is known.
        let changed = std::fs::read_to_string(key).is_ok_and(|text| text != loaded.text);
        changed || loaded.imports.iter().any(|import| self.has_changed(import, seen))
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
        if path == receiver::VERBS {
            return Ok(Self::verbs());
        }
        let found = find(source, path).map_err(|raised| at(raised, pos))?;
        {
            let mut state = self.state();
            let thread = thread::current().id();
            if let Some((_, outer)) = state.loading.iter_mut().rfind(|(of, _)| *of == thread) {
                outer.imports.push(found.key.clone());
            }
        }
        if let Some(module) = self.known(&found.key) {
            return Ok(module);
        }
        match library::text(&found.key) {
            Some(text) => self.load(engine, &found, text, pos),
            None => {
                let text = std::fs::read_to_string(&found.key)
                    .map_err(|error| at(unreadable(&found.name, &error), pos))?;
                self.load(engine, &found, &text, pos)
            }
        }
    }
}

fn at(raised: Box<Raised>, pos: Position) -> Box<EvalAltResult> {
    let mut error: Box<EvalAltResult> = (*raised).into();
    error.set_position(pos);
    error
}

/// The module that `path` names in the text `source`.
///
/// # Errors
/// `not_found`, with the nearest name there is; or what the system says.
fn find(source: Option<&str>, path: &str) -> std::result::Result<Found, Box<Raised>> {
    if path.starts_with("std/") {
        if library::text(path).is_some() {
            return Ok(Found { key: path.to_owned(), name: path.to_owned() });
        }
        let hint = suggest::among(path, library::names(), "modules of the library");
        return Err(Raised::new("not_found", format!("there is no module `{path}`")).with_hint(hint).into());
    }
    let mut last = None;
    for file in files(source, path) {
        match std::fs::canonicalize(&file) {
            Ok(real) if real.is_file() => {
                let name = shortest(&file, &real).to_string_lossy().into_owned();
                return Ok(Found { key: real.to_string_lossy().into_owned(), name });
            }
            Ok(_) => {}
            Err(error) => last = last.or(Some((file, error))),
        }
    }
    let name = last.as_ref().map_or_else(|| path.to_owned(), |(file, _)| file.to_string_lossy().into_owned());
    match last {
        Some((_, error)) if error.kind() != std::io::ErrorKind::NotFound => Err(unreadable(&name, &error)),
        _ => Err(Raised::new("not_found", format!("there is no module `{name}`"))
            .with_hint(hint(source, path))
            .into()),
    }
}

/// What errors and sources call the module that `path` names in the text `source`.
pub(super) fn name(source: Option<&str>, path: &str) -> Option<String> {
    find(source, path).ok().map(|found| found.name)
}

fn unreadable(name: &str, error: &std::io::Error) -> Box<Raised> {
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => "not_found",
        std::io::ErrorKind::PermissionDenied => "denied",
        std::io::ErrorKind::InvalidData => "invalid",
        _ => "io",
    };
    Raised::new(kind, format!("cannot read the module `{name}`: {error}")).into()
}

/// What `path` may mean beside the importing text: with `.rhai` added, or as it is.
fn files(source: Option<&str>, path: &str) -> Vec<PathBuf> {
    let beside = folder(source).join(path);
    let mut with_ending = beside.clone().into_os_string();
    with_ending.push(".rhai");
    match beside.extension() {
        Some(ending) if ending == "rhai" => vec![beside],
        Some(_) => vec![with_ending.into(), beside],
        None => vec![with_ending.into()],
    }
}

/// The folder of a text that is a file; of any other, the working directory.
fn folder(source: Option<&str>) -> &Path {
    source.and_then(|source| Path::new(source).parent()).unwrap_or(Path::new(""))
}

/// `file` without its `.` and `..`, if that is the same file.
fn shortest(file: &Path, real: &Path) -> PathBuf {
    use std::path::Component;
    let mut short = PathBuf::new();
    for part in file.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(short.components().next_back(), Some(Component::Normal(_))) => {
                short.pop();
            }
            part => short.push(part),
        }
    }
    if std::fs::canonicalize(&short).is_ok_and(|there| there == real) { short } else { file.to_owned() }
}

/// What was probably meant.
fn hint(source: Option<&str>, path: &str) -> String {
    let beside = folder(source).join(path);
    let (folder, inside) = if beside.is_dir() {
        (beside.clone(), true)
    } else {
        (beside.parent().map(Path::to_owned).unwrap_or_default(), false)
    };
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok()?.strip_suffix(".rhai").map(str::to_owned))
        .collect();
    names.sort();
    if inside && !names.is_empty() {
        let names: Vec<String> = names.iter().map(|name| format!("`{path}/{name}`")).collect();
        return format!("`{path}` is a folder; the modules in it are {}", names.join(", "));
    }
    let (parent, given) = path.rsplit_once('/').map_or(("", path), |(parent, name)| (parent, name));
    let given = given.strip_suffix(".rhai").unwrap_or(given);
    if let Some(near) = suggest::nearest(given, names.iter().map(String::as_str)) {
        let slash = if parent.is_empty() { "" } else { "/" };
        return format!("did you mean `{parent}{slash}{near}`?");
    }
    if let Some(near) = library::names().find(|name| library::alias(name) == given) {
        return format!("did you mean `{near}`?");
    }
    "a path is relative to the file that imports; the library's begin with `std/`".to_owned()
}

#[cfg(test)]
mod tests;
