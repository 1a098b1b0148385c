//! The type of what stands before a dot, as far as the verbs' table tells it.

use super::super::lexer::{Kind, Token};
use crate::script::{Names, types, verbs};

/// The language's own methods that are worth offering.
pub const METHODS: &[(&str, &[&str])] = &[
    (
        "text",
        &[
            "len",
            "is_empty",
            "contains",
            "starts_with",
            "ends_with",
            "split",
            "trim",
            "to_upper",
            "to_lower",
            "replace",
            "sub_string",
            "index_of",
            "crop",
            "pad",
            "chars",
            "parse_int",
            "parse_float",
            "bytes",
        ],
    ),
    (
        "array",
        &[
            "len", "is_empty", "push", "pop", "filter", "map", "reduce", "contains", "index_of", "find",
            "some", "all", "sort", "dedup", "reverse", "extract", "append", "insert", "remove", "clear",
            "zip",
        ],
    ),
    (
        "map",
        &[
            "len", "is_empty", "keys", "values", "contains", "remove", "mixin", "get", "set", "filter",
            "clear",
        ],
    ),
    ("blob", &["len", "is_empty", "as_string", "extract", "push", "to_array"]),
    ("number", &["abs", "sign", "to_float", "to_hex", "to_string"]),
    ("decimal number", &["abs", "floor", "ceiling", "round", "to_int", "to_string"]),
];

/// The type of the expression that ends with the last of `tokens`; `None` where it is not clear.
pub fn type_before(text: &str, tokens: &[&Token], names: &Names) -> Option<String> {
    let (last, before) = tokens.split_last()?;
    let word = &text[last.range.clone()];
    match last.kind {
        Kind::Text { .. } => Some("text".to_owned()),
        Kind::Number => Some(if word.contains('.') { "decimal number" } else { "number" }.to_owned()),
        Kind::Name => match receiver(text, before) {
            Some(owner) => getter(&type_before(text, owner, names)?, word),
            None => names.variables.iter().find(|(name, _)| name == word).map(|(_, of)| of.clone()),
        },
        Kind::Close => {
            let open = opening(tokens)?;
            let before = &tokens[..open];
            match &text[tokens[open].range.clone()] {
                "#{" => Some("map".to_owned()),
                "[" if is_index(before) => item(&type_before(text, before, names)?),
                "[" => Some("array".to_owned()),
                "(" => call(text, before, names),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The tokens before the dot, if there is one.
fn receiver<'a, 'b>(text: &str, tokens: &'a [&'b Token]) -> Option<&'a [&'b Token]> {
    let (dot, before) = tokens.split_last()?;
    (dot.kind == Kind::Sign && &text[dot.range.clone()] == ".").then_some(before)
}

fn opening(tokens: &[&Token]) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().rev() {
        match token.kind {
            Kind::Close => depth += 1,
            Kind::Open => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(index);
        }
    }
    None
}

/// Whether a `[` after these is an index, not an array.
fn is_index(before: &[&Token]) -> bool {
    before.last().is_some_and(|token| matches!(token.kind, Kind::Name | Kind::Close | Kind::Text { .. }))
}

fn call(text: &str, before: &[&Token], names: &Names) -> Option<String> {
    let (name, rest) = before.split_last().filter(|(name, _)| name.kind == Kind::Name)?;
    let name = &text[name.range.clone()];
    if let Some(owner) = receiver(text, rest) {
        let of = type_before(text, owner, names);
        if let Some(found) = of.as_deref().and_then(|of| method(of, name)) {
            return Some(found);
        }
    }
    let returns = verbs::find(name)?.overloads.last()?.returns;
    (!matches!(returns, "any" | "()" | "never"))
        .then(|| returns.split(' ').next().unwrap_or(returns).to_owned())
}

/// What a list's method gives.
fn method(of: &str, name: &str) -> Option<String> {
    let info = types::all().into_iter().find(|info| info.list == Some(of))?;
    match name {
        "filter" | "order" | "reverse" | "take" | "skip" => Some(of.to_owned()),
        "find" | "get" => Some(info.name.to_owned()),
        "map" | "to_array" => Some("array".to_owned()),
        "len" | "sum" => Some("number".to_owned()),
        _ => None,
    }
}

fn item(of: &str) -> Option<String> {
    types::all().into_iter().find(|info| info.list == Some(of)).map(|info| info.name.to_owned())
}

/// A getter's type: by its name the list of that name, otherwise what is known of it.
fn getter(of: &str, name: &str) -> Option<String> {
    let all = types::all();
    let info = all.iter().find(|info| info.name == of)?;
    info.getters.iter().find(|(getter, _)| *getter == name)?;
    let known = match (of, name) {
        (_, "changes") => "Diff",
        ("Waste", "items") => "WasteItems",
        (_, "config") => "map",
        (_, "references" | "diff_ids" | "command" | "garbage" | "calls") => "array",
        (_, "stdout_blob" | "stderr_blob") => "blob",
        (
            _,
            "size" | "bytes" | "total" | "index" | "mode" | "uid" | "gid" | "file_count" | "exit_code"
            | "compressed_size" | "parts" | "blobs",
        ) => "number",
        ("Waste" | "Layer", "waste") => "number",
        (_, "duration" | "efficiency") => "decimal number",
        (_, name) => {
            let list = all.iter().filter_map(|info| info.list).find(|list| list.eq_ignore_ascii_case(name));
            list.unwrap_or("text")
        }
    };
    Some(known.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::super::lexer;
    use super::*;

    fn of(text: &str) -> Option<String> {
        let names = Names {
            variables: vec![("c".to_owned(), "Container".to_owned()), ("d".to_owned(), "Diff".to_owned())],
            ..Names::default()
        };
        let tokens = lexer::tokens(text);
        let tokens: Vec<&Token> = tokens.iter().filter(|token| token.kind != Kind::Space).collect();
        type_before(text, &tokens, &names)
    }

    #[test]
    fn chains_have_types() {
        for (text, name) in [
            ("c", "Container"),
            ("let x = c", "Container"),
            ("run(base(), \"x\")", "Container"),
            ("base().run(\"x\")", "Container"),
            ("c.run(\"x\").commit(\"y\")", "Image"),
            ("layers(c.commit(\"x\"))[1]", "Layer"),
            ("layers(i)[1].files", "Files"),
            ("d.filter(|x| x.size > 1)", "Diff"),
            ("d[0]", "Change"),
            ("c.changes", "Diff"),
            ("c.stdout", "text"),
            ("c.exit_code", "number"),
            ("\"x\"", "text"),
            ("[1, 2]", "array"),
            ("#{ a: 1 }", "map"),
            ("base().config", "map"),
            ("waste(i).items[0]", "WasteItem"),
        ] {
            assert_eq!(of(text).as_deref(), Some(name), "{text}");
        }
        for text in ["x", "f(1)", "x.y", "1 +", ""] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
