//! Methods that change their receiver, and give it too.
//!
//! Rhai's own `text.trim()` and `array.sort()` give `()`, so that `let t = s.trim()` loses the text, which everybody
//! writes who knows another language. Here they do both: the variable is changed, as Rhai's manual says, and the
//! value is that of the variable.

use std::cmp::Ordering;

use rhai::{Array, Dynamic, FnPtr, FuncRegistration, ImmutableString, Module, NativeCallContext};

use super::raised::{Raised, Result};

/// Puts them into `module`, in place of Rhai's.
pub fn register(module: &mut Module) {
    text(module, "trim", |text| text.trim().into());
    text(module, "make_upper", |text| text.to_uppercase());
    text(module, "make_lower", |text| text.to_lowercase());
    FuncRegistration::new("replace")
        .set_into_module(module, |text: &mut ImmutableString, from: &str, to: &str| replace(text, from, to));
    FuncRegistration::new("replace")
        .set_into_module(module, |text: &mut ImmutableString, from: &str, to: char| {
            replace(text, from, to.encode_utf8(&mut [0; 4]))
        });
    FuncRegistration::new("replace")
        .set_into_module(module, |text: &mut ImmutableString, from: char, to: &str| {
            replace(text, from.encode_utf8(&mut [0; 4]), to)
        });
    FuncRegistration::new("replace").set_into_module(
        module,
        |text: &mut ImmutableString, from: char, to: char| {
            replace(text, from.encode_utf8(&mut [0; 4]), to.encode_utf8(&mut [0; 4]))
        },
    );
    module.set_native_fn("reverse", |array: &mut Array| {
        array.reverse();
        Ok(array.clone())
    });
    module.set_native_fn("sort", |array: &mut Array| {
        if let Some(pair) = array.windows(2).find(|pair| compare(&pair[0], &pair[1]).is_none()) {
            let types = format!("{} and {}", super::types::name(&pair[0]), super::types::name(&pair[1]));
            return Err(Raised::new("script", format!("`sort` has no order for {types}"))
                .with_hint("give it one: `.sort(|a, b| a.size - b.size)`")
                .into());
        }
        array.sort_by(|left, right| compare(left, right).unwrap_or(Ordering::Equal));
        Ok(array.clone())
    });
    FuncRegistration::new("sort").set_into_module(
        module,
        |context: NativeCallContext<'_>, array: &mut Array, by: FnPtr| -> Result<Array> {
            sort_by(&context, array, &by)
        },
    );
}

fn text(module: &mut Module, name: &str, change: fn(&str) -> String) {
    module.set_native_fn(name, move |text: &mut ImmutableString| {
        *text = change(text).into();
        Ok(text.clone())
    });
}

fn replace(text: &mut ImmutableString, from: &str, to: &str) -> ImmutableString {
    *text = text.replace(from, to).into();
    text.clone()
}

/// The order of two plain values; `None` where they have none.
fn compare(left: &Dynamic, right: &Dynamic) -> Option<Ordering> {
    if let (Ok(left), Ok(right)) = (left.as_int(), right.as_int()) {
        return Some(left.cmp(&right));
    }
    let number =
        |value: &Dynamic| value.as_float().or_else(|_| value.as_int().map(|whole| whole as f64)).ok();
    if let (Some(left), Some(right)) = (number(left), number(right)) {
        return Some(left.total_cmp(&right));
    }
    if let (Ok(left), Ok(right)) = (left.as_immutable_string_ref(), right.as_immutable_string_ref()) {
        return Some(left.as_str().cmp(right.as_str()));
    }
    if let (Ok(left), Ok(right)) = (left.as_char(), right.as_char()) {
        return Some(left.cmp(&right));
    }
    match (left.as_bool(), right.as_bool()) {
        (Ok(left), Ok(right)) => Some(left.cmp(&right)),
        _ => (left.is_unit() && right.is_unit()).then_some(Ordering::Equal),
    }
}

/// `by` gives a number below, at or above 0, or whether the first comes before the second.
fn sort_by(context: &NativeCallContext<'_>, array: &mut Array, by: &FnPtr) -> Result<Array> {
    let mut failure = None;
    let mut ask = |left: &Dynamic, right: &Dynamic| -> Option<Dynamic> {
        if failure.is_some() {
            return None;
        }
        match by.call_within_context::<Dynamic>(context, (left.clone(), right.clone())) {
            Ok(answer) => Some(answer),
            Err(error) => {
                failure = Some(error);
                None
            }
        }
    };
    // What a closure answers may be no order at all: the standard library sorts somehow then, or panics; this does not.
    let mut sorted: Array = Vec::with_capacity(array.len());
    merge_sort(array.clone(), &mut sorted, &mut |left, right| match ask(left, right) {
        None => true,
        Some(answer) => match (answer.as_int(), answer.as_bool()) {
            (Ok(number), _) => number <= 0,
            (_, Ok(true)) => true,
            // Not before: after it, or equal.
            (_, Ok(false)) => ask(right, left).is_none_or(|back| back.as_bool() != Ok(true)),
            _ => true,
        },
    });
    if let Some(error) = failure {
        return Err(error);
    }
    *array = sorted;
    Ok(array.clone())
}

/// Stable; `in_order` says whether the first may stand before the second.
fn merge_sort(mut items: Array, into: &mut Array, in_order: &mut dyn FnMut(&Dynamic, &Dynamic) -> bool) {
    if items.len() < 2 {
        into.append(&mut items);
        return;
    }
    let right = items.split_off(items.len() / 2);
    let (mut first, mut second) = (Vec::new(), Vec::new());
    merge_sort(items, &mut first, in_order);
    merge_sort(right, &mut second, in_order);
    let (mut first, mut second) = (first.into_iter().peekable(), second.into_iter().peekable());
    while let (Some(left), Some(right)) = (first.peek(), second.peek()) {
        let next = if in_order(left, right) { first.next() } else { second.next() };
        into.extend(next);
    }
    into.extend(first);
    into.extend(second);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn eval(source: &str) -> String {
        let mut engine = rhai::Engine::new();
        let mut module = Module::new();
        register(&mut module);
        engine.register_global_module(module.into());
        engine
            .eval::<Dynamic>(source)
            .map_or_else(|error| format!("error: {error}"), |value| value.to_string())
    }

    #[test]
    fn they_change_and_give() {
        for (source, result) in [
            ("let s = \" a \"; let t = s.trim(); s + t", "aa"),
            ("\"a-b-c\".replace(\"-\", \"+\")", "a+b+c"),
            ("let s = \"a-b\"; s.replace('-', \"\"); s", "ab"),
            ("\"abc\".make_upper()", "ABC"),
            ("let a = [3, 1, 2]; let b = a.sort(); a == b && a == [1, 2, 3]", "true"),
            ("[1.5, 1, 0].sort()", "[0, 1, 1.5]"),
            ("[\"b\", \"a\"].sort()", "[\"a\", \"b\"]"),
            ("[1, 2, 3].reverse()", "[3, 2, 1]"),
            ("[3, 1, 2].sort(|a, b| b - a)", "[3, 2, 1]"),
            ("[3, 1, 2].sort(|a, b| a < b)", "[1, 2, 3]"),
            ("[[2, 1], [1, 2], [1, 1]].sort(|a, b| a[0] - b[0])", "[[1, 2], [1, 1], [2, 1]]"),
            ("[3, 1, 2].sort(|a, b| true).len()", "3"),
            ("let a = []; a.sort()", "[]"),
        ] {
            assert_eq!(eval(source), result, "{source}");
        }
        assert!(eval("[1, \"a\"].sort()").contains("error"));
        assert!(eval("[2, 1].sort(|a, b| a.nope())").contains("nope"));
    }
}
