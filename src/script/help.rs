//! Help texts, all read from the tables.

use std::fmt::Write as _;

use super::types::{self, list};
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
    out.push_str("help(\"run\") tells all about one verb, help(\"Image\") about a type.");
    out
}

/// All about the verb or type called `name`.
#[must_use]
pub fn of(name: &str) -> Option<String> {
    if let Some(verb) = verbs::find(name) {
        return Some(of_verb(verb));
    }
    let info = types::all().into_iter().find(|info| info.name == name || info.list == Some(name))?;
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
        for (method, arguments, doc) in list::METHODS {
            let _ = writeln!(out, "  .{method}{arguments}  {doc}");
        }
    }
    Some(out.trim_end().to_owned())
}

/// Everything that there is help on.
#[must_use]
pub fn names() -> Vec<&'static str> {
    let types = types::all();
    verbs::ALL
        .iter()
        .map(|verb| verb.name)
        .chain(types.iter().flat_map(|info| [Some(info.name), info.list]).flatten())
        .collect()
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

/// The reference in Markdown: the README's table, and a chapter for each verb.
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
    out
}
