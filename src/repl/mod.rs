//! repl
mod lexer;
