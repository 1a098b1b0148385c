//! Limits against scripts that run away.
//!
//! Operations and calls are counted, sizes measured by Rhai itself. The stack is watched too: however
//! many calls are allowed, a script that goes too deep ends with an error and not with the process.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use rhai::Engine;

use super::failure::Failure;
use super::raised::Raised;
use super::suggest;

/// The kind of errors that a limit makes.
pub const KIND: &str = "limit";

/// How far a script may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Steps of one text that is fed; `None` is as many as it takes.
    pub operations: Option<u64>,
    /// Functions inside functions.
    pub calls: Option<u64>,
    /// Bytes of a text.
    pub text: Option<u64>,
    /// Items of an array or bytes of a blob, those inside the items counted too.
    pub array: Option<u64>,
    /// Keys of a map, likewise.
    pub map: Option<u64>,
    /// Bytes of stack below the place where a text is fed.
    pub stack: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // A thread that Rust starts has two megabytes.
        Self { operations: None, calls: Some(100), text: None, array: None, map: None, stack: 1 << 20 }
    }
}

/// What can be set: name, and what it counts.
pub const NAMES: &[(&str, &str)] = &[
    ("operations", "steps of a script"),
    ("calls", "functions inside functions"),
    ("text", "bytes of a text"),
    ("array", "items of an array, bytes of a blob"),
    ("map", "keys of a map"),
];

impl Limits {
    /// Sets what `assignment` says: `operations=1_000_000`, `text=10M`, `calls=none`.
    ///
    /// # Errors
    /// `usage`: no such limit, or no number.
    pub fn set(&mut self, assignment: &str) -> Result<(), Box<Failure>> {
        let usage = |message: String, hint: String| {
            let mut failure = Failure::new("usage", message);
            failure.hint = Some(hint);
            Err(Box::new(failure))
        };
        let (name, number) = assignment.split_once('=').unwrap_or((assignment, ""));
        let (name, number) = (name.trim(), number.trim());
        let place = match name {
            "operations" => &mut self.operations,
            "calls" => &mut self.calls,
            "text" => &mut self.text,
            "array" => &mut self.array,
            "map" => &mut self.map,
            _ => {
                let names = NAMES.iter().map(|(name, _)| *name);
                return usage(format!("there is no limit `{name}`"), suggest::among(name, names, "limits"));
            }
        };
        match amount(number) {
            Some(amount) => *place = amount,
            None => {
                return usage(
                    format!("the limit `{name}` wants a number, got `{number}`"),
                    format!("such as `{name}=200`, `{name}=1_000_000`, `{name}=10M`, or `{name}=none`"),
                );
            }
        }
        Ok(())
    }

    /// Tells `engine` those that it looks after itself.
    pub fn apply(&self, engine: &mut Engine) {
        let size = |limit: Option<u64>| limit.map_or(0, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        engine.set_max_call_levels(self.calls.map_or(usize::MAX, |_| size(self.calls)));
        // Ours count what closures do inside natives too.
        engine.set_max_operations(0);
        engine.set_max_string_size(size(self.text));
        engine.set_max_array_size(size(self.array));
        engine.set_max_map_size(size(self.map));
        if self.text.or(self.array).or(self.map).is_some() {
            // Rhai measures what functions take and give. What grows by `m[key] = value` is measured
            // when the variable is used next.
            #[allow(deprecated)]
            engine.on_var(|name, _, context| {
                match context.scope().get(name).filter(|value| !value.is_locked()) {
                    Some(value) => context.engine().ensure_data_size_within_limits(value).map(|()| None),
                    None => Ok(None),
                }
            });
        }
    }

    /// The error of having reached the limit called `name`.
    pub fn reached(&self, name: &str) -> Raised {
        let number = |limit: Option<u64>| limit.unwrap_or_default();
        let (message, more) = match name {
            "operations" => (format!("the script takes more than {} steps", number(self.operations)), 10),
            "calls" => {
                (format!("functions call each other too deeply: {} inside each other", number(self.calls)), 2)
            }
            "text" => (format!("a text is longer than {} bytes", number(self.text)), 10),
            "array" => (format!("an array has more than {} items", number(self.array)), 10),
            _ => (format!("a map has more than {} keys", number(self.map)), 10),
        };
        let limit = match name {
            "operations" => self.operations,
            "calls" => self.calls,
            "text" => self.text,
            "array" => self.array,
            _ => self.map,
        };
        let next = limit.unwrap_or(1).max(1).saturating_mul(more);
        let end = if name == "calls" { "a function that calls itself needs an end; " } else { "" };
        Raised::new(KIND, message).with_hint(format!(
            "{end}that is the limit `{name}`: `--limit {name}={next}` or `PLYWOOD_LIMITS={name}={next}` allows more, `{name}=none` any number"
        ))
    }
}

/// `200`, `1_000_000`, `10k`, `2M`, `none`.
fn amount(text: &str) -> Option<Option<u64>> {
    if text == "none" {
        return Some(None);
    }
    let (digits, factor) = match text.char_indices().last()? {
        (end, 'k' | 'K') => (&text[..end], 1_000),
        (end, 'M') => (&text[..end], 1_000_000),
        (end, 'G') => (&text[..end], 1_000_000_000),
        _ => (text, 1),
    };
    if !digits.starts_with(|char: char| char.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.replace('_', "").parse().ok()?;
    // Nothing at all could be done with none.
    number.checked_mul(factor).filter(|number| *number > 0).map(Some)
}

/// What a script has come to, as it goes up through everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// All operations are spent.
    Operations,
    /// The stack is nearly full.
    Stack(usize),
}

impl Reached {
    /// The error that people see.
    pub fn raised(self, limits: &Limits) -> Raised {
        match self {
            Self::Operations => limits.reached("operations"),
            Self::Stack(bytes) => {
                let message = format!(
                    "functions call each other too deeply for {} of stack",
                    super::size(bytes as u64)
                );
                Raised::new(KIND, message).with_hint(
                    "a function that calls itself needs an end; after `ulimit -s unlimited` there is more stack",
                )
            }
        }
    }
}

/// The watch over one session: its limits, and what was spent.
#[derive(Debug)]
pub struct Watch {
    limits: Limits,
    operations: AtomicU64,
}

thread_local! {
    /// The lowest address that this thread's stack may reach; 0 where nothing is watched.
    static FLOOR: Cell<usize> = const { Cell::new(0) };
}

impl Watch {
    /// A watch that has seen nothing yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, operations: AtomicU64::new(0) }
    }

    /// Begins anew, until the value is dropped.
    pub fn begin(&self) -> Watched {
        self.operations.store(0, Ordering::Relaxed);
        let before = FLOOR.replace(here().saturating_sub(self.limits.stack));
        Watched { before }
    }

    /// One operation more; called between any two, so it is quick.
    pub fn step(&self) -> Option<Reached> {
        if here() < FLOOR.get() {
            return Some(Reached::Stack(self.limits.stack));
        }
        let most = self.limits.operations?;
        (self.operations.fetch_add(1, Ordering::Relaxed) >= most).then_some(Reached::Operations)
    }
}

/// While it lives, this thread's stack is watched.
#[derive(Debug)]
pub struct Watched {
    before: usize,
}

impl Drop for Watched {
    fn drop(&mut self) {
        FLOOR.set(self.before);
    }
}

/// An address near the end of the stack.
#[inline(never)]
fn here() -> usize {
    let marker = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&marker)).addr()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use super::*;
    use crate::script::{Session, SessionOptions};
    use crate::workbench::{Settings, Workbench};

    fn fed(limits: &[&str], stack: usize, source: &str) -> Result<String, Box<Failure>> {
        let mut all = Limits { stack, ..Limits::default() };
        for limit in limits {
            all.set(limit).unwrap();
        }
        let workbench = Workbench::new(Settings::at("/nonexistent"));
        let options = SessionOptions { limits: all, ..SessionOptions::default() };
        let outcome = Session::new(Arc::new(workbench), options).feed(source, "t");
        outcome.error.map_or_else(|| Ok(outcome.value.unwrap().debug()), |failure| Err(Box::new(failure)))
    }

    fn reached(limit: &str, source: &str) {
        let failure = fed(&[limit], 1 << 20, source).unwrap_err();
        assert_eq!(failure.kind, KIND, "{source}: {failure:?}");
        let name = limit.split('=').next().unwrap();
        let hint = failure.hint.clone().unwrap();
        assert!(hint.contains(&format!("`--limit {name}=")) && hint.contains("PLYWOOD_LIMITS="), "{hint}");
        assert!(failure.at.is_some(), "{failure:?}");
    }

    #[test]
    fn every_limit_ends_what_runs_away() {
        reached("operations=1000", "loop { }");
        reached("operations=1000", "let n = 0; loop { attempt(|| fail(\"x\")); }");
        reached("operations=1_000", "fn f() { loop { try { fail(\"x\") } catch { } } } attempt(|| f())");
        reached("operations=1k", "loop { [1, 2, 3].map(|x| x + 1); }");
        reached("calls=10", "fn f(n) { f(n + 1) } f(0)");
        reached("text=1k", "let s = \"x\"; loop { s += s; }");
        reached("text=1k", "\"x\".pad(5000, \"y\")");
        reached("array=100", "let a = []; loop { a.push([1]); }");
        reached("array=100", "let a = []; try { loop { a.push(1); } } catch { } a");
        reached("map=100", "let m = #{}; let n = 0; loop { n += 1; m[`${n}`] = n; }");
    }

    #[test]
    fn what_stays_below_a_limit_is_left_alone() {
        assert_eq!(
            fed(&["operations=1000"], 1 << 20, "let n = 0; while n < 50 { n += 1; } n").unwrap(),
            "50"
        );
        assert_eq!(fed(&["text=10", "array=10", "map=10"], 1 << 20, "[\"0123456789\"].len()").unwrap(), "1");
        let deep = "fn f(n) { if n == 0 { 0 } else { 1 + f(n - 1) } } f(15)";
        assert_eq!(fed(&["calls=20"], 1 << 20, deep).unwrap(), "15");
    }

    #[test]
    fn each_text_has_its_operations() {
        let mut limits = Limits::default();
        limits.set("operations=200").unwrap();
        let workbench = Workbench::new(Settings::at("/nonexistent"));
        let options = SessionOptions { limits, ..SessionOptions::default() };
        let mut session = Session::new(Arc::new(workbench), options);
        for _ in 0..10 {
            assert!(session.feed("let n = 0; while n < 10 { n += 1; }", "t").error.is_none());
        }
    }

    #[test]
    fn the_stack_is_watched_whatever_is_allowed() {
        for source in [
            "fn f(n) { f(n + 1) } f(0)",
            "fn f(n) { [n].map(|x| f(x + 1)) } f(0)",
            "fn f(n) { attempt(|| f(n + 1)) } f(0)",
            "fn f(n) { let a = [[[[f(n + 1)]]]]; if true { while true { a += f(n) } } } f(0)",
        ] {
            let failure = fed(&["calls=none"], 512 << 10, source).unwrap_err();
            assert_eq!(failure.kind, KIND, "{source}");
            assert!(
                failure.message.starts_with("functions call each other too deeply for 524 kB"),
                "{failure:?}"
            );
        }
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, number) in [
            ("200", Some(200)),
            ("1_000", Some(1000)),
            ("10k", Some(10_000)),
            ("2M", Some(2_000_000)),
            ("none", None),
        ] {
            assert_eq!(amount(text), Some(number), "{text}");
        }
        for text in ["", "x", "-1", "0", "k", "_1", "1.5", "99999999999999999999", "99999999999999999G"] {
            assert_eq!(amount(text), None, "{text}");
        }
    }

    #[test]
    fn slips_are_named() {
        let slip = |assignment: &str| *Limits::default().set(assignment).unwrap_err();
        assert!(slip("operatons=5").hint.unwrap().starts_with("did you mean `operations`?"));
        assert_eq!(slip("calls").message, "the limit `calls` wants a number, got ``");
        assert_eq!(slip("calls=many").kind, "usage");
    }
}
