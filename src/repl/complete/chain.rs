//! The type of an expression, as far as the tables, the session and the text tell it: nothing is run.

use super::super::lexer::Kind;
use super::methods;
use super::reader::{Bound, Reader};
use crate::script::{Known, types, verbs};

/// A type, and what is known of what is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Type {
    /// Its name.
    pub name: String,
    /// An array's items.
    pub item: Option<Box<Type>>,
    /// A map's keys, where the text has them.
    pub fields: Vec<(String, Option<Type>)>,
    /// Where the session has the value.
    pub path: Option<Vec<String>>,
}

impl Type {
    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    fn array(item: Option<Self>) -> Self {
        Self { item: item.map(Box::new), ..Self::named("array") }
    }

    fn of_known(known: &Known, path: Vec<String>) -> Self {
        let item = known.item.as_deref().map(|item| {
            let path = path.iter().cloned().chain(["0".to_owned()]).collect();
            Box::new(Self { path: Some(path), ..Self::named(item) })
        });
        Self { item, path: Some(path), ..Self::named(&known.of) }
    }
}

impl Reader<'_> {
    /// The type of the chain that ends before the token `end`; `None` where it is not clear.
    pub fn type_before(&self, end: usize) -> Option<Type> {
        self.deeper(|| self.last_chain(end))
    }

    /// The type of a whole expression.
    pub fn expression(&self, from: usize, end: usize) -> Option<Type> {
        if from >= end { None } else { self.deeper(|| self.whole(from, end)) }
    }

    fn last_chain(&self, end: usize) -> Option<Type> {
        let last = end.checked_sub(1)?;
        let word = self.word(last);
        match self.kind(last) {
            Kind::Text { .. } => Some(Type::named("text")),
            Kind::Char => Some(Type::named("character")),
            Kind::Number => {
                let is_hex = word.starts_with("0x") || word.starts_with("0X");
                let decimal = !is_hex && word.contains(['.', 'e', 'E']);
                Some(Type::named(if decimal { "decimal number" } else { "number" }))
            }
            Kind::Keyword if matches!(word, "true" | "false") => Some(Type::named("true or false")),
            Kind::Name => match self.owner(last) {
                Some(owner) => match self.type_before(owner) {
                    Some(of) => self.field(&of, word),
                    None => by_name(word),
                },
                None if self.is_member(last) || self.is_before(last, ".") => None,
                None => self.named(last),
            },
            Kind::Close => {
                let open = self.opening(last)?;
                match self.word(open) {
                    "#{" => Some(self.literal_map(open, last)),
                    "[" if self.follows_value(open) => self.index(open, last),
                    "[" => {
                        let first = (open + 1 < last).then(|| self.item_end(open + 1, last));
                        Some(Type::array(first.and_then(|first| self.expression(open + 1, first))))
                    }
                    "(" if open > 0 && self.is_name(open - 1) => self.call(open, last),
                    "(" if !self.follows_value(open) => self.expression(open + 1, last),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn whole(&self, from: usize, end: usize) -> Option<Type> {
        match self.word(from) {
            "!" => return Some(Type::named("true or false")),
            "|" => return Some(Type::named("function")),
            "if" | "switch" | "while" | "loop" | "for" | "do" | "{" | "try" | "return" | "throw" => {
                return None;
            }
            _ => {}
        }
        let mut depth = 0_usize;
        let mut arithmetic = None;
        for index in from..end {
            match self.kind(index) {
                Kind::Open => depth += 1,
                Kind::Close => depth = depth.saturating_sub(1),
                Kind::Keyword if depth == 0 && self.word(index) == "in" => {
                    return Some(Type::named("true or false"));
                }
                Kind::Sign if depth == 0 && index > from => match (self.word(index), self.word(index + 1)) {
                    ("=" | "!" | "<" | ">", _) | ("&", "&") | ("|", "|") => {
                        return Some(Type::named("true or false"));
                    }
                    ("?", "?") => return self.type_before(index),
                    (".", ".") => return Some(Type::named("range")),
                    ("+" | "-" | "*" | "/" | "%", _) => arithmetic = Some(index),
                    _ => {}
                },
                _ => {}
            }
        }
        let Some(operator) = arithmetic else { return self.type_before(end) };
        let (left, right) = (self.expression(from, operator), self.type_before(end));
        let is = |side: &Option<Type>, name: &str| side.as_ref().is_some_and(|it| it.name == name);
        for name in ["text", "decimal number"] {
            if is(&left, name) || is(&right, name) {
                return Some(Type::named(name));
            }
        }
        left.or(right)
    }

    /// What a name that heads a chain stands for.
    fn named(&self, at: usize) -> Option<Type> {
        match self.bound(at) {
            Some(Bound::Let(from, end)) => self.expression(from, end),
            Some(Bound::Parameter { number, open }) => self.parameter(number, open),
            Some(Bound::For { counts: true, .. }) => Some(Type::named("number")),
            Some(Bound::For { from, end, .. }) => self.item(&self.expression(from, end)?),
            Some(Bound::Caught) => Some(Type::named("Error")),
            Some(Bound::Unknown) => None,
            None => {
                let path = vec![self.word(at).to_owned()];
                self.world.known(&path).map(|known| Type::of_known(&known, path))
            }
        }
    }

    /// A closure's parameter, by the method that it is given to.
    fn parameter(&self, number: usize, open: usize) -> Option<Type> {
        let name = open.checked_sub(1).filter(|name| self.word(open) == "(" && self.is_name(*name))?;
        let owner = match self.owner(name) {
            Some(owner) => self.type_before(owner)?,
            None => self.expression(open + 1, self.item_end(open + 1, self.len()))?,
        };
        if owner.name == "map" {
            return (number == 0).then(|| Type::named("text"));
        }
        match (self.word(name), number) {
            ("reduce" | "reduce_rev", 0) => None,
            ("reduce" | "reduce_rev", 1) | ("sort", _) | (_, 0) => self.item(&owner),
            (_, 1) => Some(Type::named("number")),
            _ => None,
        }
    }

    fn literal_map(&self, open: usize, close: usize) -> Type {
        let mut fields = Vec::new();
        let mut at = open + 1;
        while at + 1 < close && self.step() {
            let end = self.item_end(at, close);
            if self.word(at + 1) == ":" {
                fields.push((self.word(at).trim_matches('"').to_owned(), self.expression(at + 2, end)));
            }
            at = end + 1;
        }
        Type { fields, ..Type::named("map") }
    }

    /// `x.key`, `x["key"]`.
    fn field(&self, of: &Type, name: &str) -> Option<Type> {
        if let Some(path) = &of.path {
            let path: Vec<String> = path.iter().cloned().chain([name.to_owned()]).collect();
            if let Some(known) = self.world.known(&path).filter(|known| known.of != "nothing") {
                return Some(Type::of_known(&known, path));
            }
        }
        if let Some((_, found)) = of.fields.iter().find(|(known, _)| known == name) {
            return found.clone();
        }
        if name == "len" && (of.name == "array" || item_of(&of.name).is_some()) {
            return Some(Type::named("number"));
        }
        let (name, item) = types::getter_type(&of.name, name)?;
        Some(Type { item: item.map(|item| Box::new(Type::named(item))), ..Type::named(name) })
    }

    /// `x[…]`.
    fn index(&self, open: usize, close: usize) -> Option<Type> {
        let of = self.type_before(open)?;
        let only = self.word(open + 1);
        match self.kind(open + 1) {
            Kind::Text { closed: true } if of.name == "map" && open + 2 == close => {
                self.field(&of, only.trim_matches('"'))
            }
            Kind::Number if of.name == "array" && of.path.is_some() && open + 2 == close => {
                self.field(&of, only).or_else(|| self.item(&of))
            }
            _ => self.item(&of),
        }
    }

    /// How many arguments stand between two brackets.
    fn arguments(&self, open: usize, close: usize) -> usize {
        let (mut from, mut count) = (open + 1, 0);
        while from < close {
            count += 1;
            from = self.item_end(from, close) + 1;
        }
        count
    }

    /// What a list or array has in it.
    fn item(&self, of: &Type) -> Option<Type> {
        match of.name.as_str() {
            "array" => of.item.as_deref().cloned(),
            "range" => Some(Type::named("number")),
            "text" => Some(Type::named("character")),
            name => item_of(name).map(Type::named),
        }
    }

    /// A call whose brackets are at `open` and `close`.
    fn call(&self, open: usize, close: usize) -> Option<Type> {
        let at = open - 1;
        let name = self.word(at);
        let owner = match self.owner(at) {
            Some(owner) => self.type_before(owner),
            None if self.is_member(at) => return None,
            // `filter(list, …)` is `list.filter(…)`.
            None if verbs::find(name).is_none() && open + 1 < close => {
                self.expression(open + 1, self.item_end(open + 1, close))
            }
            None => None,
        };
        if let Some(found) = owner.as_ref().and_then(|owner| self.method(owner, name, open, close)) {
            return found;
        }
        if self.world.names().functions.iter().any(|(known, _)| known == name) {
            return None;
        }
        match name {
            "type_of" => return Some(Type::named("text")),
            "blob" => return Some(Type::named("blob")),
            "tags" => return Some(Type::array(Some(Type::named("text")))),
            _ => {}
        }
        let overloads = verbs::find(name)?.overloads;
        // `diff(c)` and `diff(a, b)` are two things.
        let count = usize::from(self.owner(at).is_some()) + self.arguments(open, close);
        let fitting = overloads.iter().find(|overload| overload.params.len() == count);
        let returns = fitting.or(overloads.last())?.returns;
        match returns {
            "any" | "()" | "never" => None,
            "bool" | "true or false" => Some(Type::named("true or false")),
            _ => Some(Type::named(returns.split(' ').next().unwrap_or(returns))),
        }
    }

    /// What a method of a list or of one of the language's types gives; `None` if it has no such method.
    fn method(&self, of: &Type, name: &str, open: usize, close: usize) -> Option<Option<Type>> {
        let closure = |of: &Type| Type::array(self.mapped(of, open, close));
        if item_of(&of.name).is_some() {
            return Some(match name {
                "filter" | "order" | "reverse" | "take" | "skip" => Some(of.clone()),
                "find" | "get" => self.item(of),
                "map" => Some(closure(of)),
                "to_array" => Some(Type::array(self.item(of))),
                "len" | "sum" => Some(Type::named("number")),
                "is_empty" | "contains" | "any" | "all" => Some(Type::named("true or false")),
                _ => return None,
            });
        }
        let method = methods::find(&of.name, name)?;
        Some(match method.gives {
            "same" => Some(of.clone()),
            "item" => self.item(of),
            "items" => Some(Type::array(Some(Type::named("text")))),
            "" => None,
            "array" if name == "map" => Some(closure(of)),
            other => Some(Type::named(other)),
        })
    }

    /// The type of what `map` makes of an item.
    fn mapped(&self, of: &Type, open: usize, close: usize) -> Option<Type> {
        let first = open + 1;
        match self.kind(first) {
            Kind::Text { closed: true } => {
                self.field(&self.item(of)?, self.word(first).trim_matches(['"', '`']))
            }
            Kind::Sign if self.word(first) == "|" => {
                let last = (first + 1..close).find(|index| self.word(*index) == "|")?;
                self.expression(last + 1, close)
            }
            _ => None,
        }
    }
}

/// The type of a getter that is the same list wherever it is one: `x.files`, whatever `x` is.
fn by_name(getter: &str) -> Option<Type> {
    let mut found = None;
    for info in types::all() {
        if let Some((of, _)) = types::getter_type(info.name, getter) {
            if item_of(of).is_none() || found.is_some_and(|known| known != of) {
                return None;
            }
            found = Some(of);
        }
    }
    found.map(Type::named)
}

/// The name of what a list of that name has in it.
pub fn item_of(list: &str) -> Option<&'static str> {
    types::all().into_iter().find(|info| info.list == Some(list)).map(|info| info.name)
}

#[cfg(test)]
mod tests {
    use super::super::super::lexer;
    use super::super::tests::Fake;
    use super::*;

    fn of(text: &str) -> Option<String> {
        let tokens = lexer::tokens(text);
        let world = Fake::default();
        let reader = Reader::new(text, &tokens, &world);
        reader.type_before(reader.len()).map(|it| it.name)
    }

    #[track_caller]
    fn all(expected: &[(&str, &str)]) {
        for (text, name) in expected {
            assert_eq!(of(text).as_deref(), Some(*name), "{text}");
        }
    }

    #[test]
    fn chains_have_types() {
        all(&[
            ("c", "Container"),
            ("let x = c", "Container"),
            ("run(base(), \"x\")", "Container"),
            ("base().run(\"x\")", "Container"),
            ("c.run(\"x\").commit(\"y\")", "Image"),
            ("layers(c.commit(\"x\"))[1]", "Layer"),
            ("layers(v1)[1].files", "Files"),
            ("d.filter(|x| x.size > 1)", "Diff"),
            ("filter(d, |x| x.size > 1)", "Diff"),
            ("d[0]", "Change"),
            ("c.changes", "Diff"),
            ("c?.changes", "Diff"),
            ("c.stdout", "text"),
            ("c.exit_code", "number"),
            ("\"x\"", "text"),
            ("`x ${c.id}`", "text"),
            ("[1, 2]", "array"),
            ("#{ a: 1 }", "map"),
            ("base().config", "map"),
            ("waste(v1).items[0]", "WasteItem"),
            ("(c)", "Container"),
            ("(1 + 1.5)", "decimal number"),
            ("exists(c, \"/x\")", "true or false"),
            ("images().find(|i| i.size > 1)", "Image"),
            ("unknown.changes", "Diff"),
            ("unknown.changes[0]", "Change"),
            ("diff(c)", "Diff"),
            ("c.diff()", "Diff"),
            ("diff(c, v1)", "Comparison"),
            ("c.diff(v1, #{ ignore: [1, 2] }).packages[0]", "PackageDifference"),
            ("tree(v1, 1)[0]", "TreeItem"),
        ]);
        for text in ["x", "f(1)", "x.y", "1 +", "", "0..c", "lesson::x", "(", ")", "c.nothing", "fail(\"x\")"]
        {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn items_have_types() {
        all(&[
            ("v1.references[0]", "text"),
            ("c.stdout.split(\" \")[0]", "text"),
            ("[v1, v1][0]", "Image"),
            ("d.map(\"path\")", "array"),
            ("d.map(\"path\")[0]", "text"),
            ("d.map(|x| x.size)[0]", "number"),
            ("d.map(|x| x.size > 1)[0]", "true or false"),
            ("d.to_array()[0]", "Change"),
            ("tags(\"debian\")[0]", "text"),
            ("c.stdout[0]", "character"),
            ("[c].filter(|x| true)[0]", "Container"),
            ("[c].map(|x| x.changes)[0][0]", "Change"),
        ]);
    }

    #[test]
    fn names_stand_for_what_the_entry_says() {
        all(&[
            ("let x = base(); x", "Image"),
            ("let x = base();\nlet y = x.run(\"a\");\ny", "Container"),
            ("let c = base(); c", "Image"),
            ("let c = c.run(\"x\").commit(\"y\"); c", "Image"),
            ("const X = 5; X", "number"),
            ("let x = 1 + 1; x", "number"),
            ("let x = \"a\" + 1; x", "text"),
            ("let x = 1 < 2; x", "true or false"),
            ("let m = #{ a: c, b: #{ n: 1 } }; m.a", "Container"),
            ("let m = #{ a: c, b: #{ n: 1 } }; m.b.n", "number"),
            ("for f in c.files { f", "File"),
            ("for (f, i) in c.files { f", "File"),
            ("for (f, i) in c.files { i", "number"),
            ("for i in 0..5 { i", "number"),
            ("for f in c.files { let n = f.path; n", "text"),
            ("if true { let x = d; x", "Diff"),
            ("let x = d; if true { x", "Diff"),
            ("try { x } catch (e) { e", "Error"),
        ]);
        // Not yet, not any more, or hidden.
        for text in [
            "let x = x",
            "{ let y = 5; } y",
            "fn f(c) { c",
            "fn f() { c",
            "let x = f(x",
            "let x = 5, x",
            "if a { b } else { y",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn parameters_have_the_types_of_items() {
        all(&[
            ("c.files.filter(|f| f", "File"),
            ("c.files.filter(|f| f.size > 1 && f", "File"),
            ("c.files.filter(|f| f).map(|g| g", "File"),
            ("filter(c.files, |f| f", "File"),
            ("d.order(|x| -x", "Change"),
            ("layers(v1).map(|l| l.files.filter(|f| l", "Layer"),
            ("layers(v1).map(|l| l.files.filter(|f| f", "File"),
            ("images().map(|i| { let n = 1; i", "Image"),
            ("[1, 2].reduce(|sum, n| n", "number"),
            ("[v1].sort(|a, b| b", "Image"),
            ("d.filter(|x, i| i", "number"),
            ("#{ a: 1 }.filter(|k, v| k", "text"),
            ("d.map(|x| x.path).filter(|p| p", "text"),
            ("let big = c.files.filter(|f| f.size > 9); big[0]", "File"),
        ]);
        for text in ["f(|x| x", "f(|x| x, x", "[1].reduce(|sum, n| sum", "attempt(|| x", "|x| x", "1 | x"] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn what_the_session_has_is_looked_up() {
        all(&[
            ("m", "map"),
            ("m.image", "Image"),
            ("m[\"image\"]", "Image"),
            ("m.rows", "array"),
            ("m.rows[0].name", "text"),
            ("m.rows.map(|r| r.name)[0]", "text"),
            ("for r in m.rows { r.name", "text"),
            ("v1.config", "map"),
        ]);
        assert_eq!(of("m.nothing"), None);
    }

    #[test]
    fn types_that_follow_from_types_come_to_an_end() {
        let mut text = String::from("let a0 = 1 + 1; ");
        for number in 1..60 {
            text.push_str(&format!("let a{number} = a{0} + a{0}; ", number - 1));
        }
        let begun = std::time::Instant::now();
        let _ = of(&format!("{text}a59"));
        let _ = of(&format!("{}1{}", "(".repeat(5000), ")".repeat(5000)));
        let _ = of(&format!("c{}", ".run(\"x\")".repeat(3000)));
        let _ = of(&"a.b(".repeat(2000));
        let _ = of(&"|x| x".repeat(5000));
        assert!(begun.elapsed().as_millis() < 2000, "{:?}", begun.elapsed());
    }
}
