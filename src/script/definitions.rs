//! What editors read: the functions and types as Rhai definition files.
//!
//! Source: the Rhai book, "Definition files"; the language server reads all `*.d.rhai` of a folder.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rhai::Engine;

use super::library::MODULES as STDLIB;
use super::types::{self, list_methods};
use super::verbs::{self, Kind, Param};

/// Files by name: Rhai's own functions, ours, and the modules of `std/` as they are.
#[must_use]
pub fn definitions() -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Engine::new()
        .definitions()
        .iter_files()
        .map(|(name, text)| (format!("rhai{}", name.trim_start_matches('_')), text))
        .collect();
    files.push(("plywood.d.rhai".to_owned(), own()));
    files.extend(STDLIB.iter().map(|(name, text)| (format!("{name}.rhai"), (*text).to_owned())));
    files
}

/// The verbs, and the properties and methods of our types.
fn own() -> String {
    let mut out = String::from("module static;\n\nconst args: Array;\n");
    for verb in verbs::ALL {
        for overload in verb.overloads {
            let params: Vec<String> = overload.params.iter().map(param).collect();
            let _ = write!(out, "\n/// {}\n///\n", verb.summary);
            for line in verb.doc.lines() {
                let _ = writeln!(out, "/// {line}");
            }
            for option in verb.options.iter().filter(|_| takes_options(overload.params)) {
                let _ =
                    writeln!(out, "///\n/// - `{}`: {} ({})", option.name, option.doc, option.takes.name());
            }
            let returns = name_of_type(overload.returns);
            let _ = writeln!(out, "fn {}({}) -> {returns};", verb.name, params.join(", "));
        }
    }
    for info in types::all() {
        for (getter, doc) in &info.getters {
            let _ = writeln!(out, "\n/// {doc}\nfn get {getter}(this: {}) -> ?;", info.name);
        }
        let Some(name) = info.list else { continue };
        for (method, arguments, doc) in list_methods::METHODS {
            let _ = write!(out, "\n/// {doc}: `.{method}{arguments}`\n");
            let takes = if *arguments == "()" { String::new() } else { ", by: ?".to_owned() };
            let _ = writeln!(out, "fn {method}(this: {name}{takes}) -> ?;");
        }
    }
    out
}

fn takes_options(params: &[Param]) -> bool {
    params.iter().any(|param| param.kinds.contains(&Kind::Options))
}

fn param(param: &Param) -> String {
    let kinds: BTreeSet<&str> = param.kinds.iter().map(|kind| name_of_type(kind.name())).collect();
    let any = kinds.is_empty() || kinds.contains("?");
    let kinds = if any { "?".to_owned() } else { kinds.into_iter().collect::<Vec<_>>().join(" | ") };
    format!("{}: {kinds}", param.name)
}

/// Our names of types as definition files spell them.
fn name_of_type(name: &str) -> &str {
    match name {
        "text" => "String",
        "number" => "int",
        "decimal number" => "float",
        "array" => "Array",
        "blob" => "Blob",
        "map" | "#{…}" => "Map",
        "function" => "FnPtr",
        "any" => "?",
        "never" => "!",
        name => name.split(' ').next().unwrap_or(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_and_getter_is_defined() {
        let files = definitions();
        let own = &files
            .iter()
            .find(|(name, _)| name == "plywood.d.rhai")
            .map(|(_, text)| text.clone())
            .unwrap_or_default();
        for verb in verbs::ALL {
            assert!(own.contains(&format!("\nfn {}(", verb.name)), "{}", verb.name);
        }
        assert!(own.contains("fn commit(container: Container, reference: String) -> Image;"), "{own}");
        assert!(own.contains("fn get exit_code(this: Container) -> ?;"));
        assert!(files.iter().any(|(name, text)| name.starts_with("rhai") && text.contains("fn to_upper(")));
        assert!(files.iter().any(|(name, _)| name == "std/lesson.rhai"));
    }
}
