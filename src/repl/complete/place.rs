//! In which call, argument or option the cursor stands.

use super::super::lexer::Kind;
use super::reader::Reader;

/// A place inside a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The function that is called.
    pub function: String,
    /// The token of its opening bracket.
    pub open: usize,
    /// Where the chain ends whose method it is.
    pub owner: Option<usize>,
    /// The module that it is of.
    pub module: Option<String>,
    /// Which argument, from 0.
    pub argument: usize,
    /// Inside an option map: the key whose value it is, or in whose map or array it is.
    pub key: Option<String>,
    /// Inside an option map, where a key stands; with `key` it is one of a map in the map.
    pub at_key: bool,
    /// The keys that stand before it.
    pub given: Vec<String>,
    /// Inside an array: which item, from 0.
    pub item: Option<usize>,
}

impl Reader<'_> {
    /// The place after the token before `end`.
    pub fn place(&self, end: usize) -> Option<Place> {
        let mut place = Place::default();
        let mut maps = 0;
        let mut rest = end;
        loop {
            let (open, commas) = self.enclosing(rest)?;
            match self.word(open) {
                "(" => {
                    let name = open.checked_sub(1).filter(|name| self.is_name(*name))?;
                    let is_path = self.is_member(name);
                    place.function = self.word(name).to_owned();
                    place.open = open;
                    place.owner = self.owner(name);
                    place.module = name.checked_sub(3).filter(|_| is_path).map(|it| self.word(it).to_owned());
                    place.argument = commas;
                    return Some(place);
                }
                "#{" if maps < 2 => {
                    let key = self.key(open, rest);
                    if maps == 0 {
                        place.at_key = key.is_none();
                        place.given = self.keys(open, rest);
                        place.key = key;
                    } else if place.at_key || place.key.is_some() {
                        // In a map in the map: whose it is says what it takes.
                        place.key = Some(key?);
                    }
                    maps += 1;
                }
                "[" if place.at_key => return None,
                "[" if place.item.is_none() && !self.follows_value(open) => place.item = Some(commas),
                _ => return None,
            }
            rest = open;
        }
    }

    /// The key whose value comes next: `… , key :`.
    fn key(&self, open: usize, end: usize) -> Option<String> {
        let mut from = open + 1;
        loop {
            let stop = self.item_end(from, end);
            if stop >= end {
                break;
            }
            from = stop + 1;
        }
        (from + 1 < end && self.word(from + 1) == ":").then(|| self.word(from).trim_matches('"').to_owned())
    }

    /// The keys of the map that is open at `open`, as far as it goes.
    fn keys(&self, open: usize, end: usize) -> Vec<String> {
        let mut found = Vec::new();
        let mut from = open + 1;
        while from + 1 < end {
            if self.word(from + 1) == ":" {
                found.push(self.word(from).trim_matches('"').to_owned());
            }
            from = self.item_end(from, end) + 1;
        }
        found
    }

    /// The first argument of the call at `open`: its tokens.
    pub fn first_argument(&self, open: usize) -> (usize, usize) {
        (open + 1, self.item_end(open + 1, self.len()))
    }
}

/// The keys that follow the cursor in the same map; `text` is what comes after it.
pub fn keys_after(text: &str) -> Vec<String> {
    let tokens = super::super::lexer::tokens(text);
    let tokens: Vec<_> = tokens.iter().filter(|token| token.kind != Kind::Space).collect();
    let mut found = Vec::new();
    let mut depth = 0_usize;
    for pair in tokens.windows(2) {
        match pair[0].kind {
            Kind::Open => depth += 1,
            Kind::Close if depth == 0 => break,
            Kind::Close => depth -= 1,
            Kind::Name | Kind::Reserved | Kind::Text { closed: true }
                if depth == 0 && &text[pair[1].range.clone()] == ":" =>
            {
                found.push(text[pair[0].range.clone()].trim_matches('"').to_owned());
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::super::lexer;
    use super::super::tests::Fake;
    use super::*;

    fn place(text: &str) -> Option<Place> {
        let tokens = lexer::tokens(text);
        let world = Fake::default();
        let reader = Reader::new(text, &tokens, &world);
        reader.place(reader.len())
    }

    #[track_caller]
    fn is(text: &str, function: &str, argument: usize, method: bool) {
        let place = place(text).unwrap_or_default();
        assert_eq!(
            (place.function.as_str(), place.argument, place.owner.is_some()),
            (function, argument, method),
            "{text}"
        );
    }

    #[test]
    fn calls_and_methods() {
        is("run(", "run", 0, false);
        is("run(base(), [1, 2], ", "run", 2, false);
        is("c.commit(", "commit", 0, true);
        is("c?.commit(", "commit", 0, true);
        is("let x = f(g(1, ", "g", 1, false);
        is("run(x, [\"a\", ", "run", 1, false);
        for text in ["f(1) + ", "if x { ", "(1 + ", "x[", "f(x[", "[1, "] {
            assert_eq!(place(text), None, "{text}");
        }
        let found = place("lesson::play(").unwrap_or_default();
        assert_eq!((found.module.as_deref(), found.owner), (Some("lesson"), None));
        assert_eq!(place("run(x, [\"a\", ").and_then(|place| place.item), Some(1));
    }

    #[test]
    fn options() {
        let at = |text: &str| place(text).map(|place| (place.at_key, place.key.unwrap_or_default()));
        let key = |name: &str| Some((false, name.to_owned()));
        assert_eq!(at("run(x, #{ "), Some((true, String::new())));
        assert_eq!(at("run(x, #{ rm: true, "), Some((true, String::new())));
        assert_eq!(at("run(x, #{ rm: "), key("rm"));
        assert_eq!(at("run(x, #{ rm: true, network: "), key("network"));
        assert_eq!(at("run(x, #{ volume: [ \"a\", "), key("volume"));
        assert_eq!(at("commit(x, y, #{ \"sync\": "), key("sync"));
        // In a map of the map the outer key counts.
        assert_eq!(at("run(x, #{ env: #{ A: "), key("env"));
        assert_eq!(at("run(x, #{ env: #{ "), Some((true, "env".to_owned())));
        assert_eq!(at("run(x, #{ env: #{ a: #{ "), None);
        assert_eq!(place("run(x, #{ rm: ").map(|it| (it.function, it.argument)), Some(("run".to_owned(), 1)));
        let given = place("run(x, #{ rm: f(1, #{ x: 1 }), \"env\": 2, ").unwrap_or_default().given;
        assert_eq!(given, ["rm", "env"]);
        assert_eq!(keys_after("k, network: f(a, #{ b: 1 }), \"env\": 2 }, #{ c: 1 }"), ["network", "env"]);
    }
}
