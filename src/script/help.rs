//! Help texts, all read from the tables.

use std::fmt::Write as _;
use std::sync::OnceLock;

use rhai::Module;

use super::library::{self, FunctionDoc, ModuleDoc};
use super::search::search;
use super::types::{self, list_methods};
use super::verbs::{self, Group, Verb};

/// The verbs by heading, one line each.
#[must_use]
pub fn overview() -> String {
    let width = verbs::ALL.iter().map(|verb| verb.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for group in Group::ALL {
        out.push_str(group.title());
        out.push('\n');
        for verb in verbs::ALL.iter().filter(|verb| verb.group == *group) {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "  {:width$}  {}", verb.name, verb.summary);
        }
    }
    out.push_str("Library\n");
    out.push_str(&modules());
    out.push_str("help(\"run\") tells all about one verb, help(\"Image\") about a type, ");
    out.push_str("help(\"std/lesson\") about a module.");
    out
}

/// All about the verb or type called `name`.
#[must_use]
pub fn of(name: &str) -> Option<String> {
    if let Some(verb) = verbs::find(name) {
        return Some(of_verb(verb));
    }
    let Some(info) = types::all().into_iter().find(|info| info.name == name || info.list == Some(name))
    else {
        return of_library(name);
    };
    let mut out = String::new();
    let is_list = info.list == Some(name);
    let _ = if is_list {
        writeln!(out, "{name}: a list of `{}`; it does not change", info.name)
    } else {
        writeln!(out, "{name}: a value that does not change")
    };
    out.push_str(if is_list { "\nEach item has\n" } else { "\nIt has\n" });
    let width = info.getters.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (getter, doc) in &info.getters {
        let _ = writeln!(out, "  .{getter:width$}  {doc}");
    }
    if is_list {
        out.push_str("\nThe list has\n");
        for (method, arguments, doc) in list_methods::METHODS {
            let _ = writeln!(out, "  .{method}{arguments}  {doc}");
        }
    }
    Some(out.trim_end().to_owned())
}

/// Everything that there is help on.
#[must_use]
pub fn names() -> Vec<&'static str> {
    static FUNCTIONS: OnceLock<Vec<String>> = OnceLock::new();
    let functions = FUNCTIONS.get_or_init(|| {
        let of = |module: &'static ModuleDoc| {
            module.functions.iter().map(|function| format!("{}::{}", module.alias(), function.name))
        };
        library::docs().iter().flat_map(of).collect()
    });
    let types = types::all();
    verbs::ALL
        .iter()
        .map(|verb| verb.name)
        .chain(types.iter().flat_map(|info| [Some(info.name), info.list]).flatten())
        .chain(["std"])
        .chain(library::names())
        .chain(functions.iter().map(String::as_str))
        .collect()
}

/// What has to do with the words of `query`, one line each; `None` where nothing has.
#[must_use]
pub fn found(query: &str) -> Option<String> {
    let hits = search(query, &[]);
    let width = hits.iter().map(|hit| hit.name.chars().count()).max()?;
    let lines: Vec<String> = hits.iter().map(|hit| format!("{:width$}  {}", hit.name, hit.about)).collect();
    Some(lines.join("\n"))
}

/// The modules of the library, one line each.
fn modules() -> String {
    let width = library::names().map(str::len).max().unwrap_or(0);
    let lines =
        library::MODULES.iter().map(|(name, text)| format!("  {name:width$}  {}\n", library::summary(text)));
    lines.collect()
}

/// `std`, `std/text`, `text`, `text::wrap`.
fn of_library(name: &str) -> Option<String> {
    if matches!(name, "std" | "std/") {
        return Some(format!(
            "std: the library; `import \"std/lesson\" as lesson;` and then `lesson::play(…)`\n\n{}",
            modules().trim_end()
        ));
    }
    match library::function(name) {
        Some((module, function)) => Some(of_function(module, module.alias(), function)),
        None => library::doc(name).map(|module| of_module(module, module.alias())),
    }
}

/// `p` or `p::install`, where a module is imported as `p`: one of the library, or of a file.
pub(super) fn of_imported<'a>(
    name: &str,
    mut imports: impl Iterator<Item = (&'a str, &'a Module)>,
) -> Option<String> {
    let (alias, function) = name.split_once("::").map_or((name, None), |(alias, name)| (alias, Some(name)));
    let (_, module) = imports.find(|(known, _)| *known == alias)?;
    let id = module.id().unwrap_or(alias);
    let of_file = || ModuleDoc::of(id, module.doc(), module);
    let module = library::text(id).and_then(|_| library::doc(id)).cloned().unwrap_or_else(of_file);
    match function {
        Some(function) => Some(of_function(&module, alias, module.function(function)?)),
        None => Some(of_module(&module, alias)),
    }
}

fn of_module(module: &ModuleDoc, alias: &str) -> String {
    let mut out =
        without_fences(&format!("{}: {}\n\n  import \"{0}\" as {alias};\n", module.name, module.doc));
    out.push_str("\nFunctions\n");
    for function in &module.functions {
        let longest = function.signatures(alias).pop().unwrap_or_default();
        let _ = writeln!(out, "  {longest}");
        if !function.summary().is_empty() {
            let _ = writeln!(out, "      {}", function.summary());
        }
    }
    if let Some(first) = module.functions.first() {
        let _ = write!(out, "help(\"{alias}::{}\") tells all about one.", first.name);
    }
    out.trim_end().to_owned()
}

fn of_function(module: &ModuleDoc, alias: &str, function: &FunctionDoc) -> String {
    let name = &module.name;
    let mut out = format!("{alias}::{}, of {name}\n\n  import \"{name}\" as {alias};\n", function.name);
    for (signature, way) in function.signatures(alias).iter().zip(&function.ways) {
        let _ = writeln!(out, "\n  {signature}\n\n{}", without_fences(&way.doc));
    }
    out.trim_end().to_owned()
}

/// Markdown for a terminal: what stands between fences is set in instead.
fn without_fences(markdown: &str) -> String {
    let mut inside = false;
    let mut out = String::new();
    for line in markdown.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else {
            out.push_str(if inside && !line.is_empty() { "  " } else { "" });
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// All about one verb.
#[must_use]
pub fn of_verb(verb: &Verb) -> String {
    let mut out = format!("{}: {}\n\n", verb.name, verb.summary);
    for signature in verb.signatures() {
        let _ = writeln!(out, "  {signature}");
    }
    let _ = writeln!(out, "\n{}", verb.doc);
    if !verb.options.is_empty() {
        out.push_str("\nOptions\n");
        let width = verb.options.iter().map(|option| option.name.len()).max().unwrap_or(0);
        for option in verb.options {
            let _ = writeln!(out, "  {:width$}  {}: {}", option.name, option.takes.name(), option.doc);
        }
    }
    out.push_str("\nExamples\n");
    for example in verb.examples {
        let _ = writeln!(out, "  // {}\n  {}", example.about, example.code.replace("; ", ";\n  "));
    }
    out.trim_end().to_owned()
}

/// The reference in Markdown: the README's tables of verbs and modules.
#[must_use]
pub fn reference() -> String {
    let mut out = String::new();
    for group in Group::ALL {
        let _ = writeln!(out, "### {}\n\n| verb | |\n| --- | --- |", group.title());
        for verb in verbs::ALL.iter().filter(|verb| verb.group == *group) {
            let ways: Vec<String> = verb
                .overloads
                .iter()
                .map(|overload| {
                    let names: Vec<&str> = overload.params.iter().map(|param| param.name).collect();
                    format!("`{}({})`", verb.name, names.join(", "))
                })
                .collect();
            let longest = ways.last().cloned().unwrap_or_default();
            let _ = writeln!(out, "| {longest} | {} |", verb.summary.replace('|', "\\|"));
        }
        out.push('\n');
    }
    out.push_str("### Library\n\n| module | | functions |\n| --- | --- | --- |\n");
    for module in library::docs() {
        let names = |function: &FunctionDoc| {
            let is_method = function.ways.iter().all(|way| way.receiver.is_some());
            format!("`{}{}`", if is_method { "." } else { "" }, function.name)
        };
        let functions: Vec<String> = module.functions.iter().map(names).collect();
        let summary = module.summary.replace('|', "\\|");
        let _ = writeln!(out, "| `{}` | {summary} | {} |", module.name, functions.join(" "));
    }
    out
}
