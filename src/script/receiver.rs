//! Lets a closure use the value whose method it is given to.
//!
//! Rhai locks the variable at the head of a chain while the chain runs, so in
//! `c.files.filter(|f| c.exists(f.path))` the closure would find `c` locked ("data race"). Where a
//! method that does not change its receiver is given a closure that captures the chain's own
//! variable, the head is read by a function first: `value_of(c).files.filter(…)`, and nothing
//! stays locked. Copies of our values are the same thing, and a copy of an array that is only read
//! is as good as the array. Columns of errors are counted as in the text that was given.
//!
//! In a module the verbs get a name of their own by the same means: Rhai would find a function of the
//! script that imports it first, and a script may well have a `run` of its own.

use std::collections::HashSet;

use rhai::{AST, ASTFlags, ASTNode, Dynamic, Engine, Expr, Ident, Module, ParseError, Position, Scope, Stmt};

use super::verbs;

/// Methods that only read their receiver.
const READERS: &[&str] = &[
    "all",
    "any",
    "contains",
    "filter",
    "find",
    "find_map",
    "index_of",
    "map",
    "order",
    "reduce",
    "reduce_rev",
    "some",
    "sum",
];

/// The function; nobody would give that name to one of theirs.
const READ: &str = "__value_of";

/// The verbs in modules; nobody would give that name to a module of theirs.
pub const VERBS: &str = "__verbs";

/// Puts the function into `module`.
pub fn register(module: &mut Module) {
    module.set_native_fn(READ, |value: Dynamic| Ok(value.flatten()));
}

/// A text that differs from the one given by what was put into some lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shifts {
    /// Line, column in the given text, and how many characters were put in before it.
    put_in: Vec<(usize, usize, usize)>,
}

impl Shifts {
    /// The column in the given text of `column` in the changed one.
    pub fn given_column(&self, line: usize, column: usize) -> usize {
        let mut shift = 0;
        for (_, place, count) in self.put_in.iter().filter(|(at, ..)| *at == line) {
            // Inside what was put in, the place it was put at is meant.
            if column < place + shift {
                break;
            }
            if column < place + shift + count {
                return *place;
            }
            shift += count;
        }
        column - shift
    }
}

/// A name in the text, and what is put in before and after it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Edit {
    line: usize,
    column: usize,
    name: String,
    before: String,
    after: &'static str,
}

/// Compiles `source`, with such chains made to work.
pub fn compile(engine: &Engine, scope: &Scope<'_>, source: &str) -> Result<(AST, Shifts), ParseError> {
    let ast = engine.compile_with_scope(scope, source)?;
    // Closures are functions of the AST: without one there is nothing to do.
    let edits = if ast.has_functions() { heads(&ast) } else { Vec::new() };
    compile_edited(engine, scope, source, ast, edits)
}

/// The same for a module, where verbs are verbs whatever the script has.
pub fn compile_module(engine: &Engine, source: &str) -> Result<(AST, Shifts), ParseError> {
    let scope = Scope::new();
    let ast = engine.compile_with_scope(&scope, source)?;
    let mut edits = heads(&ast);
    edits.extend(calls_of_verbs(&ast));
    compile_edited(engine, &scope, source, ast, edits)
}

fn compile_edited(
    engine: &Engine,
    scope: &Scope<'_>,
    source: &str,
    ast: AST,
    mut edits: Vec<Edit>,
) -> Result<(AST, Shifts), ParseError> {
    if edits.is_empty() {
        return Ok((ast, Shifts::default()));
    }
    edits.sort();
    edits.dedup();
    let (text, shifts) = edit(source, edits);
    Ok((engine.compile_with_scope(scope, text)?, shifts))
}

/// What a module's statements begin with, so that its functions find the verbs by that name.
pub fn import_of_verbs() -> Stmt {
    let path = Expr::StringConstant(VERBS.into(), Position::NONE);
    let name = Ident { name: VERBS.into(), pos: Position::NONE };
    Stmt::Import(Box::new((path, name)), Position::NONE)
}

/// The calls of verbs that are none of the text's own functions.
fn calls_of_verbs(ast: &AST) -> Vec<Edit> {
    let own: HashSet<(&str, usize)> = ast
        .shared_lib()
        .iter_script_fn_info()
        .map(|(_, _, name, parameters, _)| (name, parameters))
        .collect();
    let mut calls = Vec::new();
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        let call = match path.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, at))) => Some((call, at)),
            Some(ASTNode::Stmt(Stmt::FnCall(call, at))) => Some((call, at)),
            _ => None,
        };
        if let Some((call, at)) = call
            && call.namespace.is_empty()
            && verbs::find(&call.name).is_some()
            && !own.contains(&(call.name.as_str(), call.args.len()))
            && let (Some(line), Some(column)) = (at.line(), at.position())
        {
            let (name, before) = (call.name.to_string(), format!("{VERBS}::"));
            calls.push(Edit { line, column, name, before, after: "" });
        }
        true
    });
    calls
}

/// The chains' heads.
fn heads(ast: &AST) -> Vec<Edit> {
    let mut heads = Vec::new();
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some(ASTNode::Expr(Expr::Dot(chain, ..) | Expr::Index(chain, ..))) = path.last()
            && let Expr::Variable(head, _, at) = &chain.lhs
            && head.2.is_empty()
            && reads_with_closure(&chain.rhs, &head.1)
            && let (Some(line), Some(column)) = (at.line(), at.position())
        {
            let (name, before) = (head.1.to_string(), format!("{READ}("));
            heads.push(Edit { line, column, name, before, after: ")" });
        }
        true
    });
    heads
}

/// Sorted edits are made from the end, so that no place moves before its turn.
fn edit(source: &str, edits: Vec<Edit>) -> (String, Shifts) {
    let mut shifts = Shifts::default();
    let mut lines: Vec<String> = source.split('\n').map(str::to_owned).collect();
    for Edit { line, column, name, before, after } in edits.into_iter().rev() {
        let Some(text) = lines.get_mut(line - 1) else { continue };
        let Some((start, _)) = text.char_indices().nth(column - 1) else { continue };
        let end = start + name.len();
        if text.get(start..end) != Some(name.as_str()) {
            continue;
        }
        text.replace_range(start..end, &format!("{before}{name}{after}"));
        shifts.put_in.push((line, column, before.len()));
        if !after.is_empty() {
            shifts.put_in.push((line, column + name.chars().count(), after.len()));
        }
    }
    shifts.put_in.sort_unstable();
    (lines.join("\n"), shifts)
}

/// Whether a reading method in the rest of a chain is given a closure that captures `name`.
fn reads_with_closure(rest: &Expr, name: &str) -> bool {
    match rest {
        Expr::MethodCall(call, _) => {
            READERS.contains(&call.name.as_str()) && call.args.iter().any(|arg| captures(arg, name))
        }
        Expr::Dot(chain, flags, _) | Expr::Index(chain, flags, _) => {
            // Where a chain is broken, its end is an argument of its own.
            reads_with_closure(&chain.lhs, name)
                || !flags.intersects(ASTFlags::BREAK) && reads_with_closure(&chain.rhs, name)
        }
        _ => false,
    }
}

/// A closure that captures is parsed as a block: share the variables, then curry them.
fn captures(argument: &Expr, name: &str) -> bool {
    let Expr::Stmt(block) = argument else { return false };
    block
        .statements()
        .iter()
        .any(|statement| matches!(statement, Stmt::Share(names) if names.iter().any(|(ident, _)| ident.name == name)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn engine() -> Engine {
        let mut engine = Engine::new();
        let mut module = Module::new();
        register(&mut module);
        engine.register_global_module(module.into());
        engine
    }

    fn eval(source: &str) -> String {
        let engine = engine();
        let (ast, _) = compile(&engine, &Scope::new(), source).unwrap();
        engine
            .eval_ast::<Dynamic>(&ast)
            .map_or_else(|error| format!("error: {error}"), |value| value.to_string())
    }

    #[test]
    fn the_natural_form_works() {
        assert_eq!(eval("let a = [1, 2]; a.map(|x| a.len())"), "[2, 2]");
        assert_eq!(eval("let m = #{ l: [1, 2], k: 5 }; m.l.map(|x| x + m.k).filter(|x| x > 6)"), "[7]");
        assert_eq!(eval("fn f(a) { a.filter(|x| x == a.len()) } f([1, 2, 3])"), "[3]");
        assert_eq!(eval("let a = [[1], [2]]; a[1].map(|x| a.len())"), "[2]");
        assert_eq!(eval("let a = [1]; [0].map(|y| a.map(|x| a.len()))"), "[[1]]");
        assert_eq!(eval("let a = [1]; `${a.map(|x| a.len())}`"), "[1]");
    }

    #[test]
    fn what_changes_its_receiver_is_left_alone() {
        assert!(eval("let a = [1, 2]; a.retain(|x| a.len() > 1); a").contains("Data race"));
    }

    #[test]
    fn columns_are_those_of_the_given_text() {
        let source = "let a = [1]; a.map(|x| a.len()); a.map(|x| a.nope())";
        let (_, shifts) = compile(&engine(), &Scope::new(), source).unwrap();
        let long = READ.len();
        assert_eq!(shifts.given_column(1, 5), 5);
        assert_eq!(shifts.given_column(1, 14), 14);
        assert_eq!(shifts.given_column(1, 14 + long + 1), 14);
        assert_eq!(shifts.given_column(1, 15 + long + 2), 15);
        assert_eq!(shifts.given_column(2, 15), 15);
        let end = source.len();
        assert_eq!(shifts.given_column(1, end + 2 * (long + 2)), end);
    }
}
