//! Which image or container an expression is, as far as that can be said without running it.

use super::super::lexer::Kind;
use super::literal;
use super::place::Place;
use super::reader::{Bound, Reader};
use super::world::Thing;

/// What gives the image or container that it is given, or one that looks much the same.
const PASS: &[&str] =
    &["run", "commit", "tag", "branch", "rollback", "snapshot", "write", "copy_in", "push", "pull"];

impl Reader<'_> {
    /// What a call works on: what stands before its dot, or its first argument.
    pub fn subject(&self, place: &Place) -> Option<Thing> {
        match place.owner {
            Some(owner) => self.thing_before(owner),
            None => self.thing_in(self.first_argument(place.open)),
        }
    }

    fn thing_in(&self, (from, end): (usize, usize)) -> Option<Thing> {
        // A chain from its head; a sum or a closure is none.
        (from < end && !matches!(self.word(from), "|" | "!" | "if")).then(|| self.thing_before(end)).flatten()
    }

    fn thing_before(&self, end: usize) -> Option<Thing> {
        self.deeper(|| self.last_thing(end))
    }

    fn last_thing(&self, end: usize) -> Option<Thing> {
        let last = end.checked_sub(1)?;
        match self.kind(last) {
            Kind::Text { closed: true } => literal::value(self.word(last)).map(Thing::Image),
            Kind::Name => match self.owner(last) {
                None => self.thing_called(last),
                Some(_) => self.value_before(end),
            },
            Kind::Close => {
                let open = self.opening(last)?;
                match self.word(open) {
                    "(" if open > 0 && self.is_name(open - 1) => self.thing_given(open),
                    "(" if !self.follows_value(open) => self.thing_in((open + 1, last)),
                    "[" => self.value_before(end),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// What a name stands for.
    fn thing_called(&self, at: usize) -> Option<Thing> {
        match self.bound(at) {
            Some(Bound::Let(from, end)) => self.thing_in((from, end)),
            Some(_) => None,
            None => self.value_before(at + 1),
        }
    }

    /// A value that the session has.
    fn value_before(&self, end: usize) -> Option<Thing> {
        let path = self.type_before(end)?.path?;
        self.world.known(&path)?.id.map(|_| Thing::Value(path))
    }

    /// What a call gives.
    fn thing_given(&self, open: usize) -> Option<Thing> {
        let name = open - 1;
        let owner = self.owner(name);
        let argument = |skipped: usize| {
            let mut from = open + 1;
            for _ in 0..skipped {
                from = self.item_end(from, self.len()) + 1;
            }
            let is_text = self.item_end(from, self.len()) == from + 1;
            is_text.then(|| literal::value(self.word(from))).flatten()
        };
        match self.word(name) {
            "base" => Some(Thing::Image("plywood/base".to_owned())),
            "last" => Some(Thing::Last),
            "image" => argument(0).map(Thing::Image),
            "pull" if owner.is_none() => argument(0).map(Thing::Image),
            "container" => argument(0).map(Thing::Container),
            "rootfs" => argument(1).map(Thing::Image),
            word if PASS.contains(&word) => match owner {
                Some(owner) => self.thing_before(owner),
                None => self.thing_in(self.first_argument(open)),
            },
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::lexer;
    use super::super::tests::Fake;
    use super::*;

    fn of(text: &str) -> Option<Thing> {
        let tokens = lexer::tokens(text);
        let world = Fake::default();
        let reader = Reader::new(text, &tokens, &world);
        reader.subject(&reader.place(reader.len())?)
    }

    fn value(path: &str) -> Option<Thing> {
        Some(Thing::Value(path.split('.').map(str::to_owned).collect()))
    }

    fn image(name: &str) -> Option<Thing> {
        Some(Thing::Image(name.to_owned()))
    }

    #[test]
    fn what_a_call_works_on() {
        for text in [
            "c.read(",
            "read(c, ",
            "c.run(\"x\").read(",
            "run(c, \"x\").read(",
            "(c).read(",
            "let x = c; x.read(",
        ] {
            assert_eq!(of(text), value("c"), "{text}");
        }
        for text in [
            "run(\"debian\", ",
            "image(\"debian\").run(",
            "pull(`debian`).read(",
            "rootfs(\"a.tar\", \"debian\").read(",
        ] {
            assert_eq!(of(text), image("debian"), "{text}");
        }
        assert_eq!(of("base().run("), image("plywood/base"));
        assert_eq!(of("let x = run(base(), \"a\"); x.read("), image("plywood/base"));
        assert_eq!(of("container(\"web\").read("), Some(Thing::Container("web".to_owned())));
        assert_eq!(of("run(last(), "), Some(Thing::Last));
        assert_eq!(of("m.image.read("), value("m.image"));
        for text in [
            "x.read(",
            "f(c).read(",
            "c.stdout.read(",
            "images()[0].read(",
            "run(|| c, ",
            "run(1, ",
            "for i in images() { i.read(",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
