//! "Function not found", in words that help.

use super::{Raised, Spot, Surroundings, script};
use crate::script::library::FunctionDoc;
use crate::script::types::{self, list_methods};
use crate::script::{receiver, suggest, verbs};

/// `signature` is Rhai's: `image (i64)`, `lesson::step (string)`, `+ (Image, string)`.
pub(super) fn describe(signature: &str, spot: &Spot<'_>) -> Raised {
    let (name, arguments) = signature.split_once(" (").unwrap_or((signature, ")"));
    let arguments: Vec<&str> = split(arguments.strip_suffix(')').unwrap_or(arguments));
    let words: Vec<&str> = arguments.iter().map(|argument| types::plain_name(argument)).collect();
    if !name.chars().any(char::is_alphanumeric) {
        return operator(name, &words);
    }
    let name = name.strip_prefix(receiver::VERBS).and_then(|name| name.strip_prefix("::")).unwrap_or(name);
    if let Some((module, function)) = name.rsplit_once("::") {
        let raised = script(format!("`{module}` has no function `{function}({})`", words.join(", ")));
        return raised
            .with_hint(spot.around.map_or_else(String::new, |around| member(around, module, function)));
    }
    let got = if words.is_empty() { "no argument".to_owned() } else { format!("({})", words.join(", ")) };
    let Some(around) = spot.around else { return script(format!("there is no function `{name}` for {got}")) };
    if around.closures.iter().any(|known| known == name) || is_closure_in_text(name, spot.text) {
        return script(format!("`{name}` is a closure in a variable")).with_hint(format!(
            "call it with `{name}.call({})`",
            "…".repeat(usize::from(!words.is_empty()))
        ));
    }
    let counts: Vec<String> = around
        .functions
        .iter()
        .filter(|(known, _)| known == name)
        .map(|(_, parameters)| parameters.to_string())
        .collect();
    if !counts.is_empty() {
        // The receiver of a call by dot is counted here, and is `this` in a script's function.
        if counts.contains(&words.len().to_string()) {
            let rest = "…, ".repeat(words.len() - 1);
            let call = format!("{name}(value, {rest}").trim_end_matches(", ").to_owned();
            return script(format!("the script's `{name}` is not called with a dot")).with_hint(format!(
                "write `{call})`; a function that is called with a dot has the value as `this`"
            ));
        }
        let takes = counts.join(" or ");
        let plural = if takes == "1" { "" } else { "s" };
        return script(format!("the script's `{name}` takes {takes} argument{plural}, got {}", words.len()));
    }
    let all = types::all();
    let first = arguments.first().copied().unwrap_or_default();
    if let Some(info) = all.iter().find(|info| info.list == Some(first)) {
        let is_method = list_methods::METHODS.iter().find(|(method, ..)| *method == name);
        if let Some((method, takes, doc)) = is_method {
            return script(format!("`{method}` of `{first}` does not take ({})", words[1..].join(", ")))
                .with_hint(format!("it is `.{method}{takes}`: {doc}"));
        }
        if info.getters.iter().any(|(getter, _)| *getter == name) {
            return script(format!("`{name}` is not a method of `{first}`"))
                .with_hint(format!("each item has `{name}`, without brackets: `.map(\"{name}\")`"));
        }
    }
    if let Some(info) = all.iter().find(|info| info.name == first)
        && info.getters.iter().any(|(getter, _)| *getter == name)
    {
        return script(format!("`{name}` of `{first}` is a property, not a function"))
            .with_hint(format!("write it without brackets: `.{name}`"));
    }
    let known = (around.known)();
    let methods = list_methods::METHODS.iter().map(|(method, ..)| *method);
    let names = verbs::ALL
        .iter()
        .map(|verb| verb.name)
        .chain(around.functions.iter().map(|(name, _)| name.as_str()))
        .chain(methods)
        .chain(known.iter().map(String::as_str));
    if known.iter().any(|known| known == name) {
        return script(format!("`{name}` does not take {got}"));
    }
    let raised = script(format!("there is no function `{name}`"));
    match suggest::nearest(name, names) {
        Some(near) => raised.with_hint(format!("did you mean `{near}`?")),
        None => raised.with_hint("help() lists what there is"),
    }
}

/// What of `module` may have been meant.
fn member(around: &Surroundings<'_>, module: &str, function: &str) -> String {
    let functions = (around.members)(module);
    let ways = |function: &FunctionDoc| -> Vec<String> {
        let plain = function.ways.iter().filter(|way| way.receiver.is_none());
        plain.map(|way| format!("`{}({})`", function.name, way.parameters.join(", "))).collect()
    };
    let named = |name: &str| functions.iter().find(|known| known.name == name).map(&ways);
    if let Some(ways) = named(function) {
        return format!("it is {}", ways.join(" or "));
    }
    let all: Vec<String> = functions.iter().flat_map(&ways).collect();
    match suggest::nearest(function, functions.iter().map(|function| function.name.as_str())) {
        Some(near) => format!("did you mean {}?", named(near).unwrap_or_default().join(" or ")),
        None if all.is_empty() => String::new(),
        None => format!("its functions are {}", all.join(", ")),
    }
}

fn operator(name: &str, words: &[&str]) -> Raised {
    let raised = match words {
        [left, right] => script(format!("`{name}` does not work with {left} and {right}")),
        [one] => script(format!("`{name}` does not work with {one}")),
        _ => script(format!("`{name}` does not work here")),
    };
    if words.contains(&"text") && name == "+" {
        return raised.with_hint("back-ticks put any value into a text: `it is ${value}`");
    }
    raised
}

/// Rhai writes text as `&str | ImmutableString | String`; commas only part arguments.
fn split(arguments: &str) -> Vec<&str> {
    if arguments.is_empty() { Vec::new() } else { arguments.split(", ").collect() }
}

/// A variable of an inner block is gone when the error arrives; its definition is still in the text.
fn is_closure_in_text(name: &str, text: Option<&str>) -> bool {
    text.is_some_and(|text| {
        text.match_indices(name).any(|(place, _)| {
            let before = text[..place].trim_end();
            let after = text[place + name.len()..].trim_start();
            (before.ends_with("let") || before.ends_with("const"))
                && after.strip_prefix('=').is_some_and(|value| value.trim_start().starts_with('|'))
        })
    })
}
