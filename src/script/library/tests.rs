#![allow(clippy::unwrap_used)]
//! What must hold for every module of the library.

use std::sync::Arc;

use super::*;
use crate::script::verbs::{self, Needs};
use crate::script::{Session, SessionOptions, help};
use crate::workbench::{Settings, Workbench};

fn session() -> Session {
    let workbench = Workbench::new(Settings::at("/nonexistent"));
    Session::new(Arc::new(workbench), SessionOptions::default())
}

#[test]
fn comments_become_documentation() {
    let module = ModuleDoc::read(
        "std/sample",
        "//! Samples.\n//!\n//! More.\n\n/// Twice.\n///\n/// ```\n/// sample::twice(2) // => 4\n/// ```\nfn twice(n) { n * 2 }\n\
         /// With a factor.\n///\n/// ```engine\n/// let x = 1;\n/// x\n/// // =>\n/// // 1\n/// //   2\n/// ```\nfn twice(n, by) { n * by }\nprivate fn hidden() { 1 }\n/// A method.\nfn map.go_on(x) { x }",
    );
    assert_eq!((module.summary.as_str(), module.doc.as_str()), ("Samples", "Samples.\n\nMore."));
    assert_eq!(module.functions.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["twice", "go_on"]);
    let twice = module.function("twice").unwrap();
    assert_eq!(twice.signatures("s"), ["s::twice(n)", "s::twice(n, by)"]);
    assert_eq!(module.function("go_on").unwrap().signatures("s"), [".go_on(x)"]);
    assert_eq!(twice.summary(), "Twice");
    let [first, second] = &twice.examples()[..] else { panic!("{twice:?}") };
    let step = |code: &str, claim| Step { code: code.to_owned(), claim };
    assert_eq!(first.steps(), [step("sample::twice(2)", Some(Claim::Value("4".to_owned())))]);
    assert_eq!(second.needs, Needs::Engine);
    assert_eq!(second.steps(), [step("let x = 1;\nx\n", Some(Claim::Text("1\n  2".to_owned())))]);
}

#[test]
fn every_module_compiles_and_is_documented() {
    for (name, text) in MODULES {
        let outcome = session().feed(&format!("import \"{name}\" as it;"), "t");
        assert!(outcome.error.is_none(), "{name}: {:?}", outcome.error);
        let module = doc(name).unwrap();
        assert!(!module.functions.is_empty(), "{name}");
        assert!(!module.summary.is_empty() && module.summary == summary(text), "{name}");
        assert!(
            text.lines().next().is_some_and(|line| line.ends_with('.')),
            "{name}: a sentence comes first"
        );
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{name}: a line is too long");
        assert!(text.lines().count() <= 600, "{name} is long");
    }
}

#[test]
fn every_function_is_documented_with_an_example() {
    for module in docs() {
        for function in &module.functions {
            let label = format!("{}::{}", module.name, function.name);
            for way in &function.ways {
                assert!(way.doc.lines().next().is_some_and(|line| line.ends_with('.')), "{label}: {way:?}");
            }
            let examples = function.examples();
            assert!(!examples.is_empty(), "{label} has no example");
            for example in examples {
                assert!(example.code.contains(&function.name), "{label}: {}", example.code);
            }
        }
    }
}

/// Examples that need a container are run by `tests/library_examples.rs`.
#[test]
fn every_example_runs_and_gives_what_it_claims() {
    let mut claims = 0;
    for module in docs() {
        let of_functions = module.functions.iter().flat_map(FunctionDoc::examples);
        for example in module.examples().into_iter().chain(of_functions) {
            let mut session = session();
            let import = format!("import \"{}\" as {};", module.name, module.alias());
            assert!(session.feed(&import, "import").error.is_none());
            if example.needs == Needs::Engine {
                let complete = session.completeness(&example.code);
                assert_eq!(complete, crate::script::Completeness::Complete, "{}", example.code);
                continue;
            }
            for step in example.steps() {
                let outcome = session.feed(&step.code, &module.name[4..]);
                assert!(outcome.error.is_none(), "{}\n{}\n{:?}", module.name, step.code, outcome.error);
                let value = outcome.value.unwrap();
                let wanted = match step.claim {
                    None => continue,
                    Some(Claim::Text(text)) => serde_json::json!(text),
                    Some(Claim::Value(code)) => {
                        let outcome = session.feed(&code, "claim");
                        assert!(outcome.error.is_none(), "{code}\n{:?}", outcome.error);
                        outcome.value.unwrap().to_json()
                    }
                };
                claims += 1;
                let got = value.to_json();
                assert_eq!(got, wanted, "{}: {}\n{}", module.name, step.code, value.debug());
            }
        }
    }
    assert!(claims > 0, "only {claims} claims");
}

#[test]
fn help_knows_every_function() {
    let overview = help::overview();
    let reference = help::reference();
    for module in docs() {
        assert!(reference.contains(&format!("| `{}` |", module.name)), "{}", module.name);
        assert!(overview.contains(&module.name), "{}", module.name);
        let of_module = help::of(&module.name).unwrap();
        for function in &module.functions {
            let path = format!("{}::{}", module.alias(), function.name);
            assert!(of_module.contains(&function.summary()), "{path}");
            let text = help::of(&path).unwrap();
            for signature in function.signatures(module.alias()) {
                assert!(text.contains(&signature), "{path}: {text}");
            }
            assert!(text.contains(&format!("import \"{}\" as {};", module.name, module.alias())), "{text}");
            assert!(!text.contains("```"), "{text}");
        }
    }
    assert!(help::of("std").unwrap().contains("std/lesson"));
    assert!(help::of("std/nothing").is_none() && help::of("lesson::nothing").is_none());
    assert!(help::names().contains(&"std/lesson") && help::names().contains(&"lesson::play"));
}

/// `x.cut(3)` would be the module's own `cut(n)`, whatever `x` is.
#[test]
fn no_method_is_a_function_of_the_module_by_chance() {
    let mut engine = rhai::Engine::new();
    engine.set_max_expr_depths(0, 0);
    for (name, text) in MODULES {
        let ast = engine.compile(text).unwrap();
        let own: Vec<(String, usize)> = ast
            .iter_functions()
            .filter(|function| function.this_type.is_none())
            .map(|function| (function.name.to_owned(), function.params.len()))
            .collect();
        ast.walk(&mut |path: &[rhai::ASTNode<'_>]| {
            if let Some(rhai::ASTNode::Expr(rhai::Expr::MethodCall(call, at))) = path.last() {
                let method = (call.name.to_string(), call.args.len());
                assert!(!own.contains(&method), "{name}: `.{}` at {at}", call.name);
            }
            // `x in y` is `contains(y, x)`.
            if let Some(rhai::ASTNode::Expr(rhai::Expr::FnCall(call, at))) = path.last()
                && call.op_token == Some(rhai::Token::In)
            {
                assert!(!own.contains(&("contains".to_owned(), 2)), "{name}: `in` at {at}");
            }
            true
        });
    }
}

/// What a script gives to a module is called from the script's own place: `attempt(f, [x])`.
#[test]
fn closures_of_scripts_are_not_called_as_methods() {
    for (name, text) in MODULES {
        assert!(!text.contains(".call("), "{name}");
    }
}

/// A module's own functions come before the verbs for what it is given to call.
#[test]
fn no_function_is_called_like_a_verb() {
    for (name, text) in MODULES {
        for line in text.lines() {
            let Some(rest) = line.strip_prefix("private ").unwrap_or(line).strip_prefix("fn ") else {
                continue;
            };
            let function = rest.split('(').next().unwrap_or_default();
            // What is tied to a type is found by that type alone.
            if !function.contains('.') {
                assert!(verbs::find(function).is_none(), "{name}: {function}");
            }
        }
    }
}
