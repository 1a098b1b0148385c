//! A session's engines: one that reads, and one with the functions, made when they are needed first.
//!
//! Functions are most of what a start costs, and a prompt that waits, or a text that calls nothing, needs none.

use std::sync::{Arc, OnceLock};

use rhai::{AST, ASTNode, Engine, Expr, Stmt};

use super::super::context::Context;
use super::super::engine;
use super::super::resolver::Resolver;

/// The engines.
pub struct Engines {
    bare: Engine,
    whole: OnceLock<Engine>,
    context: Arc<Context>,
    resolver: Resolver,
}

impl Engines {
    /// Engines whose natives work on `context`.
    pub fn new(context: &Arc<Context>, resolver: &Resolver) -> Self {
        Self {
            bare: engine::bare(context),
            whole: OnceLock::new(),
            context: Arc::clone(context),
            resolver: resolver.clone(),
        }
    }

    /// The one that reads texts.
    pub fn reader(&self) -> &Engine {
        &self.bare
    }

    /// The one that has every function.
    pub fn whole(&self) -> &Engine {
        self.whole.get_or_init(|| engine::whole(&self.context, self.resolver.clone()))
    }

    /// One that can run `ast`.
    pub fn of(&self, ast: &AST) -> &Engine {
        if calls_nothing(ast) { &self.bare } else { self.whole() }
    }
}

/// Whether running `ast` needs no function: it is made of constants, variables, arrays and maps of them, and `let`.
/// What is not known to need none needs some.
fn calls_nothing(ast: &AST) -> bool {
    ast.walk(&mut |path: &[ASTNode<'_>]| match path.last() {
        Some(ASTNode::Stmt(statement)) => {
            matches!(statement, Stmt::Noop(..) | Stmt::Var(..) | Stmt::Expr(..))
        }
        Some(ASTNode::Expr(expression)) => match expression {
            Expr::Variable(name, ..) => name.2.is_empty(),
            Expr::DynamicConstant(..)
            | Expr::BoolConstant(..)
            | Expr::IntegerConstant(..)
            | Expr::FloatConstant(..)
            | Expr::CharConstant(..)
            | Expr::StringConstant(..)
            | Expr::Array(..)
            | Expr::Map(..)
            | Expr::Unit(..) => true,
            _ => false,
        },
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_what_surely_calls_nothing() {
        let nothing = |text: &str| calls_nothing(&Engine::new_raw().compile(text).unwrap());
        for text in ["", "1", "\"x\"", "let x = [1, #{ a: 2.5 }, ()];", "let x = 1; x", "'c'", "true", "args"]
        {
            assert!(nothing(text), "{text}");
        }
        for text in [
            "f()",
            "x + 1",
            "x.y",
            "x[0]",
            "`${x}`",
            "x in y",
            "for x in [1] { f() }",
            "fn f() { g() }",
            "|x| g(x)",
            "import \"std/text\" as text;",
            "text::PI",
            "x += 1",
            "if x { f() }",
            "[1, f()]",
            "#{ a: f() }",
            "let x = f();",
            "x && f()",
            "throw 1",
            "switch x { 1 => f() }",
        ] {
            assert!(!nothing(text), "{text}");
        }
    }
}
