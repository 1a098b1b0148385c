//! Reads half-typed code from its tokens: brackets, chains, and what a name stands for where it is used.

use std::cell::Cell;

use super::super::lexer::{Kind, Token};
use super::world::World;

/// Steps that one question may take: code can be written so that types follow from types without end.
const FUEL: u32 = 3000;
/// How deep questions may lead into each other.
const DEPTH: u32 = 60;

/// The tokens before the cursor, without blanks and comments.
pub struct Reader<'a> {
    text: &'a str,
    tokens: Vec<&'a Token>,
    /// What names stand for.
    pub world: &'a dyn World,
    fuel: Cell<u32>,
    depth: Cell<u32>,
}

/// What a name stands for where it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// `let name = …`: the expression's tokens.
    Let(usize, usize),
    /// A closure's parameter: its number, the call's opening bracket, and the argument that the closure is.
    Parameter { number: usize, open: usize },
    /// `for name in …`: the expression's tokens; the second name counts.
    For { from: usize, end: usize, counts: bool },
    /// `catch (name)`.
    Caught,
    /// A parameter of a function, or hidden by one.
    Unknown,
}

impl<'a> Reader<'a> {
    /// A reader of `tokens`, which are of `text`.
    pub fn new(text: &'a str, tokens: &'a [Token], world: &'a dyn World) -> Self {
        let tokens =
            tokens.iter().filter(|token| !matches!(token.kind, Kind::Space | Kind::Comment { .. })).collect();
        Self { text, tokens, world, fuel: Cell::new(FUEL), depth: Cell::new(0) }
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is strength for one more step.
    pub fn step(&self) -> bool {
        let left = self.fuel.get();
        self.fuel.set(left.saturating_sub(1));
        left > 0
    }

    /// What `answer` says, unless the question is too deep.
    pub fn deeper<T>(&self, answer: impl FnOnce() -> Option<T>) -> Option<T> {
        let depth = self.depth.get();
        if depth >= DEPTH || !self.step() {
            return None;
        }
        self.depth.set(depth + 1);
        let said = answer();
        self.depth.set(depth);
        said
    }

    /// The text of a token; of one that is not there it is empty.
    pub fn word(&self, index: usize) -> &'a str {
        self.tokens.get(index).map_or("", |token| &self.text[token.range.clone()])
    }

    /// The kind of a token; one that is not there is a sign.
    pub fn kind(&self, index: usize) -> Kind {
        self.tokens.get(index).map_or(Kind::Sign, |token| token.kind)
    }

    /// The token before `index`, if it is that sign.
    pub fn is_before(&self, index: usize, sign: &str) -> bool {
        index > 0 && self.word(index - 1) == sign
    }

    /// Whether a token is a name.
    pub fn is_name(&self, index: usize) -> bool {
        self.kind(index) == Kind::Name
    }

    /// Where the chain ends that goes on with `.` right before the token `index`; `None` if none does.
    pub fn owner(&self, index: usize) -> Option<usize> {
        let dot = index.checked_sub(1).filter(|dot| self.word(*dot) == ".")?;
        match dot.checked_sub(1) {
            // A range, not a chain.
            Some(before) if self.word(before) == "." => None,
            Some(before) if self.word(before) == "?" && self.touches(before) => Some(before),
            before => before.map(|_| dot),
        }
    }

    /// Whether `::` stands before the token.
    pub fn is_member(&self, index: usize) -> bool {
        index > 1 && self.word(index - 1) == ":" && self.word(index - 2) == ":"
    }

    /// Whether a token touches the next one.
    fn touches(&self, index: usize) -> bool {
        match (self.tokens.get(index), self.tokens.get(index + 1)) {
            (Some(token), Some(next)) => token.range.end == next.range.start,
            _ => false,
        }
    }

    /// The bracket that the one at `close` closes.
    pub fn opening(&self, close: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for index in (0..=close).rev() {
            match self.kind(index) {
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

    /// The bracket that is open before `end`, and how many commas stand since.
    pub fn enclosing(&self, end: usize) -> Option<(usize, usize)> {
        let (mut depth, mut commas) = (0_usize, 0);
        for index in (0..end).rev() {
            match self.kind(index) {
                Kind::Close => depth += 1,
                Kind::Open if depth == 0 => return Some((index, commas)),
                Kind::Open => depth -= 1,
                Kind::Sign if depth == 0 && self.word(index) == "," => commas += 1,
                _ => {}
            }
        }
        None
    }

    /// Where the argument or item that begins at `from` ends: before a comma, a bracket that closes, or `end`.
    pub fn item_end(&self, from: usize, end: usize) -> usize {
        let mut depth = 0_usize;
        for index in from..end {
            match self.kind(index) {
                Kind::Open => depth += 1,
                Kind::Close if depth == 0 => return index,
                Kind::Close => depth -= 1,
                Kind::Sign if depth == 0 && matches!(self.word(index), "," | ";") => return index,
                _ => {}
            }
        }
        end
    }

    /// Whether a `[` or `(` at `index` follows a value: an index or a call, not an array or a group.
    pub fn follows_value(&self, index: usize) -> bool {
        index > 0 && matches!(self.kind(index - 1), Kind::Name | Kind::Close | Kind::Text { .. })
    }

    /// What the name at the token `at`, which heads a chain, stands for; `None` where the entry does not say.
    pub fn bound(&self, at: usize) -> Option<Bound> {
        let name = self.word(at);
        // Whether a statement, or an argument, has ended between here and there.
        let (mut ended, mut comma) = (false, false);
        // The block that `for … in …` may stand before.
        let mut block = None;
        let mut depth = 0_usize;
        let mut index = at;
        while index > 0 && self.step() {
            index -= 1;
            match self.kind(index) {
                Kind::Close => depth += 1,
                Kind::Open if depth > 0 => depth -= 1,
                Kind::Open => {
                    (ended, comma) = (false, false);
                    block = (self.word(index) == "{").then_some(index);
                    if let Some(bound) = block.and_then(|block| self.head(block, name)) {
                        return Some(bound);
                    }
                }
                _ if depth > 0 => {}
                Kind::Keyword if self.word(index) == "in" => {
                    let bound = block.and_then(|block| self.looped(index, block, name));
                    if bound.is_some() {
                        return bound;
                    }
                }
                Kind::Name if self.word(index) == name => {
                    let declared = index > 0 && matches!(self.word(index - 1), "let" | "const");
                    if declared && ended && self.word(index + 1) == "=" {
                        let end = self.item_end(index + 2, self.len());
                        return Some(Bound::Let(index + 2, end));
                    }
                }
                Kind::Sign => match self.word(index) {
                    ";" => (ended, block) = (true, None),
                    "," => comma = true,
                    "|" => {
                        let Some(first) = self.first_bar(index) else { continue };
                        let number = (first + 1..index)
                            .filter(|it| self.is_name(*it))
                            .position(|it| self.word(it) == name);
                        if let (Some(number), false) = (number, comma) {
                            return Some(match self.enclosing(first) {
                                Some((open, _)) => Bound::Parameter { number, open },
                                None => Bound::Unknown,
                            });
                        }
                        index = first;
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        None
    }

    /// What a function or `catch` before the block at `block` makes of `name`.
    fn head(&self, block: usize, name: &str) -> Option<Bound> {
        let close = block.checked_sub(1).filter(|close| self.word(*close) == ")")?;
        let open = self.opening(close)?;
        let names = (open + 1..close).any(|index| self.word(index) == name);
        if self.is_before(open, "catch") {
            return names.then_some(Bound::Caught);
        }
        // A function sees nothing of what is outside.
        (open >= 2
            && (self.word(open - 2) == "fn" || self.is_before(open.saturating_sub(1), "."))
            && (0..open).rev().take(4).any(|index| self.word(index) == "fn"))
        .then_some(Bound::Unknown)
    }

    /// `for name in … {`, `for (name, count) in … {`.
    fn looped(&self, at: usize, block: usize, name: &str) -> Option<Bound> {
        let before = at.checked_sub(1)?;
        let expression = |counts| Some(Bound::For { from: at + 1, end: block, counts });
        if self.is_name(before) {
            return if self.word(before) == name { expression(false) } else { None };
        }
        let open = (self.word(before) == ")").then(|| self.opening(before)).flatten()?;
        match (open + 1..before)
            .filter(|index| self.is_name(*index))
            .position(|index| self.word(index) == name)?
        {
            0 => expression(false),
            _ => expression(true),
        }
    }

    /// The bar that begins the parameters which the one at `last` ends; `None` if that is an operator.
    pub fn first_bar(&self, last: usize) -> Option<usize> {
        let mut index = last;
        while index > 0 {
            index -= 1;
            match (self.kind(index), self.word(index)) {
                (Kind::Name, _) | (Kind::Sign, ",") => {}
                (Kind::Sign, "|") => {
                    let operand = index > 0
                        && matches!(
                            self.kind(index - 1),
                            Kind::Name | Kind::Close | Kind::Number | Kind::Text { .. }
                        );
                    return (!operand).then_some(index);
                }
                _ => return None,
            }
        }
        None
    }
}

impl Reader<'_> {
    /// Names that the entry itself declares before the cursor, each once.
    pub fn declared(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut add = |index: usize| {
            let name = self.word(index);
            if self.is_name(index) && !found.iter().any(|known| known == name) {
                found.push(name.to_owned());
            }
        };
        for index in 0..self.len() {
            match self.word(index) {
                // A variable is not there before its statement ends.
                "let" | "const" if (index..self.len()).any(|end| self.word(end) == ";") => add(index + 1),
                "for" if self.word(index + 2) == "in" => add(index + 1),
                "|" => {
                    if let Some(first) = self.first_bar(index) {
                        (first + 1..index).for_each(&mut add);
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// The path of the module that the entry itself imports as `alias`.
    pub fn imported(&self, alias: &str) -> Option<String> {
        let at = (0..self.len()).rev().find(|index| {
            self.word(*index) == "import" && self.word(index + 2) == "as" && self.word(index + 3) == alias
        })?;
        super::literal::value(self.word(at + 1))
    }
}
