//! Docker's default filter of system calls, compiled.
//!
//! `profile` says what is allowed, by name; `numbers` where a name is on each way into the
//! kernel; `tree` makes the program.
//!
//! The answers are Docker's for every number, but for these, where its own are accidents of
//! its tools:
//! - `socket` looks at the 32 bits of the family the kernel looks at. Docker compares all 64,
//!   so a family of 2³² + 40 passes its filter and is `AF_VSOCK` for the kernel.
//! - on x32 and arm a number between the newest known call and the ABI's private ones answers
//!   `ENOSYS`, as any other call too new to be known, not `EPERM`.

mod handed_over;
#[cfg(test)]
mod interpreter;
mod numbers;
mod profile;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::HashMap;

use crate::sys::seccomp::Instruction;
use numbers::Abi;
use profile::Action;
use tree::{Arch, DENIED, Span};

/// A processor with all the ABIs its kernels serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// x86_64, with i386 and x32.
    X86_64,
    /// aarch64, with 32-bit arm.
    Aarch64,
}

impl Machine {
    /// The one this program runs on.
    pub const NATIVE: Self = if cfg!(target_arch = "aarch64") { Self::Aarch64 } else { Self::X86_64 };

    /// ABIs by `AUDIT_ARCH`, in the order of their numbers.
    fn abis(self) -> [&'static [Abi]; 2] {
        match self {
            Self::X86_64 => [&[Abi::X86_64, Abi::X32], &[Abi::I386]],
            Self::Aarch64 => [&[Abi::Aarch64], &[Abi::Arm]],
        }
    }
}

/// Docker's default filter for a container with these capabilities (bit n: capability n).
///
/// Pure, and about 0.1 ms of work: worth keeping for the next container. A call no rule allows answers `EPERM`, a call newer than
/// the profile `ENOSYS`, so that libraries fall back; a call by an ABI the machine is not
/// known for kills the thread.
#[must_use]
pub fn docker_default(capabilities: u64) -> Vec<Instruction> {
    docker_default_for(Machine::NATIVE, capabilities)
}

/// The same filter for a machine that need not be this one.
#[must_use]
pub fn docker_default_for(machine: Machine, capabilities: u64) -> Vec<Instruction> {
    compile(machine, capabilities, |_, _, action| action)
}

/// The same filter, but that it hands the calls over by which programs change and ask for owners and
/// identities; for a container with a single id, whose engine answers them ([`handed_over()`]). With `copying_up` also
/// those that copy a file of a lower layer up and leave its record behind.
#[must_use]
pub fn docker_default_single_id(capabilities: u64, copying_up: bool) -> Vec<Instruction> {
    compile(Machine::NATIVE, capabilities, |abi, name, action| {
        handed_over::instead(abi, name, action, copying_up)
    })
}

/// The calls that [`docker_default_single_id`] hands over at most, by `AUDIT_ARCH` and number.
#[must_use]
pub fn handed_over() -> HashMap<(u32, u32), &'static str> {
    let abis = Machine::NATIVE.abis().into_iter().flatten();
    abis.flat_map(|abi| {
        let calls = abi.calls().into_iter();
        let handed =
            calls.filter(|(_, name)| handed_over::instead(*abi, name, Action::Allow, true) != Action::Allow);
        handed.map(|(number, name)| ((abi.audit_arch(), number), name)).collect::<Vec<_>>()
    })
    .collect()
}

fn compile(
    machine: Machine,
    capabilities: u64,
    instead: impl Fn(Abi, &str, Action) -> Action,
) -> Vec<Instruction> {
    let rules = profile::rules(capabilities);
    tree::compile(&machine.abis().map(|abis| Arch {
        audit_arch: abis.first().map_or(0, |abi| abi.audit_arch()),
        spans: spans(abis, &rules, &instead),
    }))
}

/// What happens to each number of ABIs that share an `AUDIT_ARCH`, ascending from 0.
fn spans(
    abis: &[Abi],
    rules: &HashMap<&'static str, Action>,
    instead: &impl Fn(Abi, &str, Action) -> Action,
) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::with_capacity(128);
    let mut push = |first, action| {
        if spans.last().is_none_or(|last| last.action != action) {
            spans.push(Span { first, action });
        }
    };
    for abi in abis {
        let calls = abi.calls().into_iter();
        let mut ruled: Vec<_> = calls
            .filter_map(|(number, name)| Some((number, instead(*abi, name, *rules.get(name)?))))
            .collect();
        ruled.sort_unstable_by_key(|(number, _)| *number);
        let mut ruled = ruled.into_iter().peekable();
        let runs = abi.runs();
        for (run, &start) in runs.iter().enumerate() {
            let end = runs.get(run + 1).copied().unwrap_or(u32::MAX);
            let mut next = start;
            while let Some((number, action)) = ruled.next_if(|(number, _)| *number < end) {
                if next < number {
                    push(next, DENIED);
                }
                push(number, action);
                next = number + 1;
            }
            push(next, Action::Errno(libc::ENOSYS as u16));
        }
    }
    spans
}
