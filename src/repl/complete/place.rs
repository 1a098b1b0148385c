//! In which call, argument or option the cursor stands.

use super::super::lexer::{Kind, Token};

/// A place inside a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The function that is called.
    pub function: String,
    /// It is called as a method: its first argument stands before the dot.
    pub method: bool,
    /// The first argument, or what stands before the dot: a variable, `last()`, or a text.
    pub subject: Option<String>,
    /// Which argument, from 0.
    pub argument: usize,
    /// Inside an option map: the key whose value it is.
    pub key: Option<String>,
    /// Inside an option map, where a key stands.
    pub at_key: bool,
}

/// The place after `tokens`, which hold no blanks.
pub fn of(text: &str, tokens: &[&Token]) -> Option<Place> {
    let mut place = Place::default();
    let mut rest = tokens;
    loop {
        let (opener, commas) = enclosing(text, rest)?;
        let inside = &rest[opener + 1..];
        let outside = &rest[..opener];
        match &text[rest[opener].range.clone()] {
            "(" => {
                let (name, before) = outside.split_last()?;
                if name.kind != Kind::Name {
                    return None;
                }
                place.function = text[name.range.clone()].to_owned();
                place.method = before.last().is_some_and(|token| &text[token.range.clone()] == ".");
                place.argument = commas;
                place.subject = match before.split_last() {
                    Some((_, owner)) if place.method => last_operand(text, owner),
                    _ => first_argument(text, inside),
                };
                return Some(place);
            }
            "#{" if place.key.is_none() && !place.at_key => match key(text, inside) {
                Some(key) => place.key = Some(key),
                None => place.at_key = true,
            },
            "[" if !place.at_key => {}
            _ => return None,
        }
        rest = outside;
    }
}

/// The innermost bracket that is open, and how many commas stand since.
fn enclosing(text: &str, tokens: &[&Token]) -> Option<(usize, usize)> {
    let (mut depth, mut commas) = (0_usize, 0);
    for (index, token) in tokens.iter().enumerate().rev() {
        match token.kind {
            Kind::Close => depth += 1,
            Kind::Open if depth == 0 => return Some((index, commas)),
            Kind::Open => depth -= 1,
            Kind::Sign if depth == 0 && &text[token.range.clone()] == "," => commas += 1,
            _ => {}
        }
    }
    None
}

/// A variable, `last()` or a text at the end of `tokens`.
fn last_operand(text: &str, tokens: &[&Token]) -> Option<String> {
    let take = |count: usize| tokens.len().checked_sub(count).map(|at| (&tokens[..at], &tokens[at..]));
    let is = |token: &Token, sign: &str| &text[token.range.clone()] == sign;
    let (before, operand) = match take(3) {
        Some((before, [name, open, close])) if is(name, "last") && is(open, "(") && is(close, ")") => {
            (before, "last()".to_owned())
        }
        _ => {
            let (before, operand) = take(1)?;
            let operand = operand.first()?;
            if !matches!(operand.kind, Kind::Name | Kind::Text { closed: true }) {
                return None;
            }
            (before, text[operand.range.clone()].to_owned())
        }
    };
    let chained = before.last().is_some_and(|token| is(token, "."));
    (!chained).then_some(operand)
}

/// The same, if it is all that stands before the first comma.
fn first_argument(text: &str, inside: &[&Token]) -> Option<String> {
    let end = inside.iter().position(|token| &text[token.range.clone()] == ",")?;
    let operand = last_operand(text, &inside[..end])?;
    (end == 1 || operand == "last()" && end == 3).then_some(operand)
}

/// The key whose value comes next: `… , key :`.
fn key(text: &str, tokens: &[&Token]) -> Option<String> {
    let mut depth = 0_usize;
    let mut colon = None;
    for (index, token) in tokens.iter().enumerate().rev() {
        match (token.kind, &text[token.range.clone()]) {
            (Kind::Close, _) => depth += 1,
            (Kind::Open, _) => depth = depth.checked_sub(1)?,
            (Kind::Sign, ",") if depth == 0 => break,
            (Kind::Sign, ":") if depth == 0 => colon = Some(index),
            _ => {}
        }
    }
    let name = tokens.get(colon?.checked_sub(1)?)?;
    Some(text[name.range.clone()].trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::super::lexer;
    use super::*;

    fn place(text: &str) -> Option<Place> {
        let tokens = lexer::tokens(text);
        let tokens: Vec<&Token> = tokens.iter().filter(|token| token.kind != Kind::Space).collect();
        of(text, &tokens)
    }

    fn at(function: &str, argument: usize, method: bool) -> Option<Place> {
        Some(Place { function: function.to_owned(), argument, method, ..Place::default() })
    }

    #[test]
    fn calls_and_methods() {
        let place = |text| place(text).map(|place| Place { subject: None, ..place });
        assert_eq!(place("run("), at("run", 0, false));
        assert_eq!(place("run(base(), [1, 2], "), at("run", 2, false));
        assert_eq!(place("c.commit("), at("commit", 0, true));
        assert_eq!(place("let x = f(g(1, "), at("g", 1, false));
        assert_eq!(place("run(x, [\"a\", "), at("run", 1, false));
        assert_eq!(place("f(1) + "), None);
        assert_eq!(place("if x { "), None);
        assert_eq!(place("(1 + "), None);
    }

    #[test]
    fn options() {
        let key = |text| place(text).and_then(|place| place.key);
        let subject = |text| place(text).and_then(|place| place.subject);
        assert_eq!(subject("c.read("), Some("c".to_owned()));
        assert_eq!(subject("read(c, "), Some("c".to_owned()));
        assert_eq!(subject("last().read("), Some("last()".to_owned()));
        assert_eq!(subject("run(last(), "), Some("last()".to_owned()));
        assert_eq!(subject("run(\"debian\", "), Some("\"debian\"".to_owned()));
        assert_eq!(subject("x.c.read("), None);
        assert_eq!(subject("run(f(c), "), None);
        let at_key = |text| place(text).is_some_and(|place| place.at_key);
        assert!(at_key("run(x, #{ "));
        assert!(at_key("run(x, #{ rm: true, "));
        assert!(!at_key("run(x, #{ rm: "));
        assert_eq!(key("run(x, #{ rm: true, network: "), Some("network".to_owned()));
        assert_eq!(key("run(x, #{ volume: [ \"a\", "), Some("volume".to_owned()));
        assert_eq!(key("commit(x, y, #{ \"sync\": "), Some("sync".to_owned()));
        assert_eq!(place("run(x, #{ env: #{ A: "), None);
        assert_eq!(place("run(x, #{ env: #{ "), None);
        assert_eq!(
            place("run(x, #{ rm: ").map(|place| (place.function, place.argument)),
            Some(("run".to_owned(), 1))
        );
    }
}
