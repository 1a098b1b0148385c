//! A session: code goes in, a value or a failure comes out, variables and functions stay.

mod engines;
mod known;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rhai::{AST, Dynamic, EvalAltResult, Expr, FnPtr, LexError, ParseError, ParseErrorType, Scope, Stmt};

use super::context::{Context, SessionOptions};
use super::explain::{self, Surroundings};
use super::failure::Failure;
use super::library::FunctionDoc;
use super::limits::Watch;
use super::raised::ExitCode;
use super::receiver::{self, Shifts};
use super::resolver::Resolver;
use super::sources::{Sources, without_interpreter_line};
use super::value::Value;
use super::{help, verbs};
use crate::workbench::Workbench;

use engines::Engines;
pub use known::Known;

/// What feeding a text gave: exactly one of the three, or nothing but `()`.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The last statement's value.
    pub value: Option<Value>,
    /// Why it failed.
    pub error: Option<Failure>,
    /// The code that `exit(…)` named.
    pub exit: Option<i32>,
}

/// Whether a text can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// It can.
    Complete,
    /// More must follow.
    Incomplete,
    /// It cannot, whatever follows.
    Invalid,
}

/// What a session knows by name, for completion and `:vars`.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Variables: name and type, the newest definition only.
    pub variables: Vec<(String, String)>,
    /// Functions: name and parameters.
    pub functions: Vec<(String, Vec<String>)>,
    /// Names of imported modules.
    pub modules: Vec<String>,
}

/// What a session knows at one moment: variables, functions, imports.
#[derive(Clone)]
pub struct SessionState {
    scope: Scope<'static>,
    functions: AST,
    imports: Vec<Import>,
}

impl std::fmt::Debug for SessionState {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SessionState").field("variables", &self.scope.len()).finish_non_exhaustive()
    }
}

/// A running script or conversation.
pub struct Session {
    engines: Engines,
    context: Arc<Context>,
    scope: Scope<'static>,
    /// The functions of what was fed so far.
    functions: AST,
    /// `import` statements of what was fed so far: Rhai forgets them after each evaluation.
    imports: Vec<Import>,
    resolver: Resolver,
    sources: Sources,
}

/// An `import … as name` at the top of a text.
#[derive(Debug, Clone)]
struct Import {
    statement: Stmt,
    name: String,
    /// What it imports, where that is a plain text.
    path: Option<String>,
    /// The text that it stands in.
    source: String,
}

impl Import {
    fn of(statement: &Stmt, source: &str) -> Option<Self> {
        let Stmt::Import(parts, _) = statement else { return None };
        let path = match &parts.0 {
            Expr::StringConstant(path, _) => Some(path.to_string()),
            _ => None,
        };
        let (statement, name) = (statement.clone(), parts.1.name.to_string());
        Some(Self { statement, name, path, source: source.to_owned() })
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Session").field("context", &self.context).finish_non_exhaustive()
    }
}

impl Session {
    /// A session on `workbench`. Quick: nothing is opened.
    #[must_use]
    pub fn new(workbench: Arc<Workbench>, options: SessionOptions) -> Self {
        let watch = Watch::new(options.limits);
        let context = Arc::new(Context { workbench, options, watch });
        let sources = Sources::default();
        let resolver = Resolver::new(sources.clone());
        Self {
            engines: Engines::new(&context, &resolver),
            context,
            scope: Scope::new(),
            functions: AST::empty(),
            imports: Vec::new(),
            resolver,
            sources,
        }
    }

    /// The workbench below.
    #[must_use]
    pub fn workbench(&self) -> &Arc<Workbench> {
        &self.context.workbench
    }

    /// What it knows now.
    #[must_use]
    pub fn state(&self) -> SessionState {
        let Self { scope, functions, imports, .. } = self;
        SessionState { scope: scope.clone(), functions: functions.clone(), imports: imports.clone() }
    }

    /// Makes it know what it knew then.
    pub fn restore(&mut self, state: SessionState) {
        let SessionState { scope, functions, imports } = state;
        (self.scope, self.functions, self.imports) = (scope, functions, imports);
    }

    /// Runs `source`; `name` is what errors call it. Variables, functions and imports stay for the
    /// next text; in an interactive session a text that fails leaves none of its own.
    pub fn feed(&mut self, source: &str, name: &str) -> Outcome {
        let source = without_interpreter_line(source);
        self.sources.insert(name, &source, Shifts::default());
        let mut ast = match receiver::compile(self.engines.reader(), &self.scope, &source) {
            Ok((ast, shifts)) => {
                self.sources.insert(name, &source, shifts);
                ast
            }
            Err(error) => return Outcome { error: Some(self.syntax(&error, name)), ..Outcome::default() },
        };
        ast.set_source(name);

        let before = self.context.options.interactive.then(|| self.scope.clone());
        let imports: Vec<Import> =
            ast.statements().iter().filter_map(|statement| Import::of(statement, name)).collect();
        // Who imports once more at the prompt has changed something.
        self.resolver.refresh(self.context.options.interactive && !imports.is_empty());
        self.sources.define(name, &ast);
        let whole = self.together(ast, name);

        let result = self.evaluate(&whole);
        let outcome = match result {
            Ok(value) => Outcome { value: Some(Value(value.flatten())), ..Outcome::default() },
            Err(error) => match exit_code(&error) {
                Some(code) => Outcome { exit: Some(code), ..Outcome::default() },
                None => Outcome { error: Some(self.failure(&error, name, &whole)), ..Outcome::default() },
            },
        };
        match before {
            Some(scope) if outcome.error.is_some() => {
                self.scope = scope;
                self.sources.forget(name);
            }
            _ => {
                self.functions = whole.clone_functions_only();
                for import in imports {
                    self.imports.retain(|known| known.name != import.name || import.name.is_empty());
                    self.imports.push(import);
                }
            }
        }
        outcome
    }

    /// Earlier functions and imports with the new text.
    fn together(&self, ast: AST, name: &str) -> AST {
        if self.imports.is_empty() && !self.functions.has_functions() {
            return ast;
        }
        let new = ast.statements().to_vec();
        let functions = self.functions.merge(&ast.clone_functions_only());
        let imports = self.imports.iter().map(|import| import.statement.clone());
        let mut whole = AST::new(imports.chain(new), functions.shared_lib().clone());
        whole.set_source(name);
        whole
    }

    fn evaluate(&mut self, ast: &AST) -> Result<Dynamic, Box<EvalAltResult>> {
        let _watched = self.context.watch.begin();
        let (engine, scope) = (self.engines.of(ast), &mut self.scope);
        catch_unwind(AssertUnwindSafe(|| engine.eval_ast_with_scope::<Dynamic>(scope, ast)))
            .unwrap_or_else(|panic| Err(verbs::internal("the script engine", &*panic).into()))
    }

    fn syntax(&self, error: &ParseError, name: &str) -> Failure {
        let error: Box<EvalAltResult> = error.clone().into();
        self.failure(&error, name, &AST::empty())
    }

    fn failure(&self, error: &EvalAltResult, name: &str, ast: &AST) -> Failure {
        let variables: Vec<String> = self.scope.iter().map(|(name, ..)| name.to_owned()).collect();
        let closures: Vec<String> = self
            .scope
            .iter()
            .filter(|(_, _, value)| value.read_lock::<FnPtr>().is_some())
            .map(|(name, ..)| name.to_owned())
            .collect();
        let functions: Vec<(String, usize)> = ast
            .iter_functions()
            .chain(self.functions.iter_functions())
            .filter(|function| !function.name.starts_with("anon$"))
            .map(|function| (function.name.to_owned(), function.params.len()))
            .collect();
        let known =
            || {
                self.engines
                    .whole()
                    .gen_fn_signatures(true)
                    .into_iter()
                    .filter_map(|signature| {
                        signature.split('(').next().map(|name| name.trim().to_owned()).filter(|name| {
                            name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
                        })
                    })
                    .collect()
            };
        let imported: Vec<Import> =
            ast.statements().iter().filter_map(|statement| Import::of(statement, name)).collect();
        let members = |module: &str| {
            let import = imported.iter().chain(&self.imports).find(|import| import.name == module);
            import.map(|import| self.functions_of(import)).unwrap_or_default()
        };
        let surroundings = Surroundings {
            sources: &self.sources,
            variables,
            closures,
            functions,
            known: &known,
            members: &members,
            limits: &self.context.options.limits,
        };
        explain::failure(error, name, &surroundings)
    }

    /// Whether `source` could be fed as it is.
    #[must_use]
    pub fn completeness(&self, source: &str) -> Completeness {
        if has_open_comment(source) {
            return Completeness::Incomplete;
        }
        match self.engines.reader().compile_with_scope(&self.scope, &*without_interpreter_line(source)) {
            Ok(_) => Completeness::Complete,
            Err(error) if wants_more(source, &error) => Completeness::Incomplete,
            Err(_) => Completeness::Invalid,
        }
    }

    /// The names that completion can offer.
    #[must_use]
    pub fn names(&self) -> Names {
        let mut seen = std::collections::HashSet::new();
        let mut variables: Vec<(String, String)> = Vec::new();
        for (name, _, value) in self.scope.iter_raw().collect::<Vec<_>>().into_iter().rev() {
            if seen.insert(name) {
                variables.push((name.to_owned(), super::types::name(value)));
            }
        }
        variables.reverse();
        let mut functions: Vec<(String, Vec<String>)> = self
            .functions
            .iter_functions()
            .filter(|function| !function.name.starts_with("anon$"))
            .map(|function| {
                (function.name.to_owned(), function.params.iter().map(|&name| name.to_owned()).collect())
            })
            .collect();
        functions.sort();
        let named = self.imports.iter().filter(|import| !import.name.is_empty());
        let modules = named.map(|import| import.name.clone()).collect();
        Names { variables, functions, modules }
    }

    /// All about a verb, a type, a module or a function of one, also under the name that it was imported as.
    #[must_use]
    pub fn help(&self, name: &str) -> Option<String> {
        let imported = || {
            let alias = name.split("::").next().unwrap_or(name);
            let import = self.imports.iter().find(|import| import.name == alias)?;
            let module = self.resolver.module(&import.source, import.path.as_deref()?)?;
            help::of_imported(name, std::iter::once((alias, &*module)))
        };
        help::of(name).or_else(imported)
    }

    fn functions_of(&self, import: &Import) -> Vec<FunctionDoc> {
        import.path.as_ref().map(|path| self.resolver.functions(&import.source, path)).unwrap_or_default()
    }

    /// The text of the function called `name`, as it was given.
    #[must_use]
    pub fn source_of(&self, name: &str) -> Option<String> {
        let function = self.functions.iter_functions().find(|function| function.name == name)?;
        let home = self.sources.home(function.name, "")?;
        let text = self.sources.get(&home)?;
        function_text(&text, name)
    }

    /// The variable called `name`, as it is now.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<Value> {
        self.scope.get_value::<Dynamic>(name).map(|value| Value(value.flatten()))
    }

    /// Gives the session a variable, in place of one of that name.
    pub fn set_variable(&mut self, name: &str, value: Value) {
        self.scope.set_or_push(name, value.0);
    }
}

/// `fn name(…) { … }` in `text`, with the comments right above it.
fn function_text(text: &str, name: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let is_head = |line: &str| {
        let line = line.trim_start();
        let rest = line.strip_prefix("private ").unwrap_or(line).strip_prefix("fn ");
        rest.is_some_and(|rest| {
            let head = rest.split('(').next().unwrap_or_default().trim();
            head.rsplit('.').next() == Some(name)
        })
    };
    let at = lines.iter().rposition(|line| is_head(line))?;
    let comments = lines[..at].iter().rev().take_while(|line| line.trim_start().starts_with("//")).count();
    let mut depth = 0_i64;
    for (offset, line) in lines[at..].iter().enumerate() {
        // A brace in a text may end it too early; it is for reading.
        depth += line.matches('{').count() as i64 - line.matches('}').count() as i64;
        if depth <= 0 && line.contains('}') {
            return Some(lines[at - comments..=at + offset].join("\n"));
        }
    }
    Some(lines[at - comments..].join("\n"))
}

/// The code of `exit(…)`, wherever in the script or its modules it was called.
fn exit_code(error: &EvalAltResult) -> Option<i32> {
    match error {
        EvalAltResult::ErrorTerminated(token, _) => token.clone().try_cast::<ExitCode>().map(|code| code.0),
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) | EvalAltResult::ErrorInModule(_, inner, _) => {
            exit_code(inner)
        }
        _ => None,
    }
}

/// Whether the parser stopped because the text ended.
fn wants_more(source: &str, error: &ParseError) -> bool {
    let at = error.position();
    match error.err_type() {
        ParseErrorType::UnexpectedEOF => true,
        // It is reported where the string begins; only these two kinds may go over lines.
        ParseErrorType::BadInput(LexError::UnterminatedString) => {
            let line = at.line().and_then(|line| source.lines().nth(line - 1)).unwrap_or("");
            let start = at.position().and_then(|column| line.chars().nth(column.saturating_sub(1)));
            matches!(start, Some('`' | '#'))
        }
        _ => {
            let text = source.trim_end();
            let lines = text.lines().count();
            let last = text.lines().last().map_or(0, |line| line.chars().count());
            match (at.line(), at.position()) {
                (Some(line), Some(column)) => line > lines || line == lines && column > last,
                (Some(line), None) => line > lines,
                _ => true,
            }
        }
    }
}

/// An unclosed `/*` compiles, so it is looked for by hand.
fn has_open_comment(source: &str) -> bool {
    let mut depth = 0_usize;
    let mut quote: Option<char> = None;
    let mut chars = source.chars().peekable();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (Some(_), '\\') if quote != Some('`') => {
                chars.next();
            }
            (Some(open), _) if char == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '`') if depth == 0 => quote = Some(char),
            (None, '/') if depth == 0 && chars.peek() == Some(&'/') => {
                for char in chars.by_ref() {
                    if char == '\n' {
                        break;
                    }
                }
            }
            (None, '/') if chars.peek() == Some(&'*') => {
                chars.next();
                depth += 1;
            }
            (None, '*') if depth > 0 && chars.peek() == Some(&'/') => {
                chars.next();
                depth -= 1;
            }
            (None, _) => {}
        }
    }
    depth > 0
}

#[cfg(test)]
mod tests;
