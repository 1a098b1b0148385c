//! From actions by number to a program that searches them as a binary tree.
//!
//! The kernel reads a new filter, compiles it and runs it once for every number it knows, to
//! learn which calls are always allowed. For a list of 350 comparisons that takes well over
//! half a millisecond at each start of a container; for a tree, a seventh as long and a dozen
//! steps deep, a tenth of it.
//!
//! The program is put together from its end: all jumps go forward, so whatever is jumped to
//! is already there and its distance known.

use super::profile::{Action, Check};
use crate::sys::seccomp::{ARCH, ARGUMENT_HIGH, ARGUMENT_LOW, ARGUMENT_SIZE, Condition, Instruction, NUMBER};

/// A run of numbers with one action: from `first` to the next span's first, or to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: u32,
    pub(super) action: Action,
}

/// The calls that come with one `AUDIT_ARCH` value; `spans` ascend from number 0.
pub(super) struct Arch {
    pub(super) audit_arch: u32,
    pub(super) spans: Vec<Span>,
}

/// What a call answers that no rule allows.
pub(super) const DENIED: Action = Action::Errno(libc::EPERM as u16);

/// How many single numbers one leaf compares with in turn. More make the program shorter and
/// the way through it longer.
const SINGLES: usize = 3;

/// An answer is used again by jumps up to this far before it, else repeated.
const REUSE: usize = 200;

/// Jumps further than this go in two steps. The field has 8 bits; the margin is for the step
/// instructions themselves.
const REACH: usize = 250;

/// Compiles a filter; a call of any other `AUDIT_ARCH` is killed.
pub(super) fn compile(arches: &[Arch]) -> Vec<Instruction> {
    let mut assembler = Assembler::default();
    let mut entries = Vec::with_capacity(arches.len());
    for arch in arches.iter().rev() {
        let root = assembler.tree(&leaves(&arch.spans));
        entries.push((arch.audit_arch, assembler.load(NUMBER, root)));
    }
    let mut next = assembler.target(Action::Kill);
    for (audit_arch, entry) in entries {
        next = assembler.branch(Condition::Equal, audit_arch, entry, next);
    }
    assembler.load(ARCH, next);
    assembler.reversed.reverse();
    assembler.reversed
}

/// Several spans decided without a further split: single numbers inside a run of one action.
#[derive(Debug)]
struct Leaf {
    first: u32,
    action: Action,
    singles: Vec<Span>,
}

fn leaves(spans: &[Span]) -> Vec<Leaf> {
    let mut leaves = Vec::with_capacity(spans.len());
    let mut rest = spans;
    while let [span, others @ ..] = rest {
        let mut leaf = Leaf { first: span.first, action: span.action, singles: Vec::new() };
        rest = others;
        while let [single, next, ..] = rest
            && leaf.singles.len() < SINGLES
            && next.first - single.first == 1
            && next.action == leaf.action
        {
            leaf.singles.push(*single);
            rest = rest.get(2..).unwrap_or_default();
        }
        leaves.push(leaf);
    }
    leaves
}

/// A place in the program, counted from its end.
type Label = usize;

#[derive(Default)]
struct Assembler {
    /// The program so far, last instruction first.
    reversed: Vec<Instruction>,
    /// Where an action was last written down.
    written: Vec<(Action, Label)>,
}

impl Assembler {
    fn push(&mut self, instruction: Instruction) -> Label {
        self.reversed.push(instruction);
        self.reversed.len() - 1
    }

    /// The tree over `leaves`; a number below the first leaf is taken for one of it.
    fn tree(&mut self, leaves: &[Leaf]) -> Label {
        let (left, right) = leaves.split_at(leaves.len() / 2);
        match (left, right) {
            ([], [leaf]) => self.leaf(leaf),
            (_, [middle, ..]) => {
                let yes = self.tree(right);
                let no = self.tree(left);
                self.branch(Condition::AtLeast, middle.first, yes, no)
            }
            // No rules at all.
            (_, []) => self.target(DENIED),
        }
    }

    fn leaf(&mut self, leaf: &Leaf) -> Label {
        let mut next = self.target(leaf.action);
        for single in leaf.singles.iter().rev() {
            let yes = self.target(single.action);
            next = self.branch(Condition::Equal, single.first, yes, next);
        }
        next
    }

    /// Where `action` is carried out; writes it down if no such place is near.
    fn target(&mut self, action: Action) -> Label {
        let last = self.written.iter().rev().find(|(written, _)| *written == action);
        if let Some(&(_, label)) = last
            && self.reversed.len() - label <= REUSE
        {
            return label;
        }
        let label = match action {
            Action::Allow => self.push(Instruction::answer(libc::SECCOMP_RET_ALLOW)),
            Action::Errno(errno) => {
                self.push(Instruction::answer(libc::SECCOMP_RET_ERRNO | u32::from(errno)))
            }
            Action::Kill => self.push(Instruction::answer(libc::SECCOMP_RET_KILL_THREAD)),
            Action::AllowIf(check) => self.check(check),
            Action::HandOver => self.push(Instruction::answer(libc::SECCOMP_RET_USER_NOTIF)),
            Action::HandOverIf(index, value) | Action::HandOverFor(index, value) => {
                let allow = self.target(Action::Allow);
                let hand_over = self.target(Action::HandOver);
                let condition = match action {
                    Action::HandOverFor(..) => Condition::Equal,
                    _ => Condition::AnyBit,
                };
                let low = self.branch(condition, value, hand_over, allow);
                self.load(ARGUMENT_LOW + u32::from(index) * ARGUMENT_SIZE, low)
            }
        };
        self.written.push((action, label));
        label
    }

    fn check(&mut self, check: Check) -> Label {
        let deny = self.target(DENIED);
        let allow = self.target(Action::Allow);
        match check {
            Check::NoneOf(values) => {
                let low = self.any_equal(values, deny, allow);
                self.load(ARGUMENT_LOW, low)
            }
            Check::OneOf(values) => {
                let low = self.any_equal(values, allow, deny);
                let low = self.load(ARGUMENT_LOW, low);
                let high = self.branch(Condition::Equal, 0, low, deny);
                self.load(ARGUMENT_HIGH, high)
            }
            Check::NoBits(bits) => {
                let low = self.branch(Condition::AnyBit, bits, deny, allow);
                self.load(ARGUMENT_LOW, low)
            }
        }
    }

    fn any_equal(&mut self, values: &[u32], yes: Label, no: Label) -> Label {
        values.iter().rev().fold(no, |next, value| self.branch(Condition::Equal, *value, yes, next))
    }

    fn load(&mut self, offset: u32, next: Label) -> Label {
        self.fall_into(next);
        self.push(Instruction::load(offset))
    }

    fn branch(&mut self, condition: Condition, value: u32, yes: Label, no: Label) -> Label {
        let yes = self.near(yes);
        let no = self.near(no);
        let (yes, no) = (self.distance(yes), self.distance(no));
        // Within `REACH`, so neither is cut.
        self.push(Instruction::branch(condition, value, yes as u8, no as u8))
    }

    /// `label`, or a step to it if it is out of reach.
    fn near(&mut self, label: Label) -> Label {
        match self.distance(label) {
            distance if distance as usize <= REACH => label,
            distance => self.push(Instruction::skip(distance)),
        }
    }

    /// Makes the next instruction pushed be followed by `label`.
    fn fall_into(&mut self, label: Label) {
        match self.distance(label) {
            0 => {}
            distance => {
                self.push(Instruction::skip(distance));
            }
        }
    }

    /// How many instructions lie between the next one pushed and `label`.
    fn distance(&self, label: Label) -> u32 {
        (self.reversed.len() - label - 1) as u32
    }
}
