//! The compiled programs against the rules they were made from, and against another compiler.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

use super::interpreter::{Call, Raw, answer};
use super::profile::Check;
use super::*;

/// Docker's fourteen.
const DEFAULT: u64 = 0xa804_25fb;
const ALL: u64 = (1 << 41) - 1;
const SYS_ADMIN: u64 = 1 << 21;

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const KILL: u32 = libc::SECCOMP_RET_KILL_THREAD;
const EPERM: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
const ENOSYS: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;

const MACHINES: [Machine; 2] = [Machine::X86_64, Machine::Aarch64];
/// The four that are served, their neighbours, big-endian and foreign ones.
const ARCHES: [u32; 11] = [
    0xc000_003e,
    0x4000_0003,
    0xc000_00b7,
    0x4000_0028,
    0,
    1,
    0x4000_003e,
    0x8000_00b7,
    0xc000_00f3,
    0xc000_003f,
    u32::MAX,
];
/// First arguments around every boundary of every check, in both halves.
const VALUES: [u64; 22] = [
    0,
    1,
    7,
    8,
    9,
    37,
    38,
    39,
    40,
    41,
    0x1_ffff,
    0x2_0000,
    0x2_0008,
    0x7e02_0000,
    0x1000_0000,
    0x80,
    0x7fff_ffff,
    0xffff_ffff,
    0x1_0000_0000,
    0x1_0000_0028,
    0x1_0002_0008,
    u64::MAX,
];

fn raw(program: &[Instruction]) -> Vec<Raw> {
    program.iter().map(|i| (i.code, i.jt, i.jf, i.k)).collect()
}

fn numbers() -> impl Iterator<Item = u32> {
    let x32 = (0..=600).map(|number| number | numbers::X32_BIT);
    let private = 0xe_ffff..=0xf_0010;
    let big = [0x3fff_ffff, 0x7fff_ffff, 0x8000_0000, 0xc000_0000, u32::MAX - 1, u32::MAX];
    (0..=600).chain(x32).chain(private).chain(big)
}

/// The rules by number, looked up one by one: no spans, no tree.
struct Model {
    machine: Machine,
    ruled: Vec<(Abi, BTreeMap<u32, Action>)>,
}

impl Model {
    fn new(machine: Machine, capabilities: u64) -> Self {
        let rules = profile::rules(capabilities);
        let by_number = |abi: Abi| {
            let calls = abi.calls().into_iter();
            calls.filter_map(|(number, name)| Some((number, *rules.get(name)?))).collect()
        };
        let abis = machine.abis().into_iter().flatten();
        Self { machine, ruled: abis.map(|abi| (*abi, by_number(*abi))).collect() }
    }

    fn answer(&self, call: &Call) -> u32 {
        let abi = match (self.machine, call.arch) {
            (Machine::X86_64, 0xc000_003e) if call.number >= numbers::X32_BIT => Abi::X32,
            (Machine::X86_64, 0xc000_003e) => Abi::X86_64,
            (Machine::X86_64, 0x4000_0003) => Abi::I386,
            (Machine::Aarch64, 0xc000_00b7) => Abi::Aarch64,
            (Machine::Aarch64, 0x4000_0028) => Abi::Arm,
            _ => return KILL,
        };
        let ruled = &self.ruled.iter().find(|(known, _)| *known == abi).unwrap().1;
        let value = call.arguments[0];
        let passes = match ruled.get(&call.number) {
            Some(Action::Allow) => true,
            Some(Action::AllowIf(Check::NoneOf(values))) => !values.contains(&(value as u32)),
            Some(Action::AllowIf(Check::OneOf(values))) => {
                values.iter().any(|allowed| u64::from(*allowed) == value)
            }
            Some(Action::AllowIf(Check::NoBits(bits))) => value & u64::from(*bits) == 0,
            Some(Action::Errno(errno)) => return libc::SECCOMP_RET_ERRNO | u32::from(*errno),
            Some(Action::Kill | Action::HandOver | Action::HandOverIf(..) | Action::HandOverFor(..)) => {
                return KILL;
            }
            None => {
                let run_end = abi.runs().iter().find(|start| **start > call.number);
                let known = ruled.range(call.number..*run_end.unwrap_or(&u32::MAX)).next();
                return if known.is_some() { EPERM } else { ENOSYS };
            }
        };
        if passes { ALLOW } else { EPERM }
    }
}

fn first(arch: u32, number: u32, value: u64) -> Call {
    Call { arch, number, arguments: [value, 0, 0, 0, 0, 0] }
}

#[test]
fn every_number_of_every_abi_answers_as_its_rule() {
    let single = (0..41).map(|capability| 1 << capability);
    for capabilities in [DEFAULT, 0, ALL, DEFAULT | SYS_ADMIN].into_iter().chain(single) {
        for machine in MACHINES {
            let program = raw(&docker_default_for(machine, capabilities));
            let model = Model::new(machine, capabilities);
            for (arch, number) in ARCHES.into_iter().flat_map(|a| numbers().map(move |n| (a, n))) {
                let call = first(arch, number, 0);
                let wanted = model.answer(&call);
                assert_eq!(answer(&program, &call).0, wanted, "{machine:?} {capabilities:#x} {call:x?}");
            }
        }
    }
}

#[test]
fn arguments_are_looked_at_where_a_rule_says_so() {
    for (capabilities, machine) in
        [DEFAULT, 0, ALL].into_iter().flat_map(|c| MACHINES.map(|machine| (c, machine)))
    {
        let program = raw(&docker_default_for(machine, capabilities));
        let model = Model::new(machine, capabilities);
        for (arch, number) in ARCHES.into_iter().flat_map(|a| numbers().map(move |n| (a, n))) {
            for value in VALUES {
                let call = first(arch, number, value);
                assert_eq!(answer(&program, &call).0, model.answer(&call), "{call:x?}");
            }
        }
    }
}

/// What no other test of this file could notice: rules that are wrong in the table itself.
#[test]
fn what_docker_promises() {
    let program = raw(&docker_default_for(Machine::X86_64, DEFAULT));
    let admin = raw(&docker_default_for(Machine::X86_64, DEFAULT | SYS_ADMIN));
    let native = |number, value| answer(&program, &first(0xc000_003e, number, value)).0;
    let with_admin = |number, value| answer(&admin, &first(0xc000_003e, number, value)).0;
    let i386 = |number, value| answer(&program, &first(0x4000_0003, number, value)).0;
    let x32 = |number: u32, value| answer(&program, &first(0xc000_003e, number | numbers::X32_BIT, value)).0;
    // clone: threads, but no namespaces; clone3 not at all.
    assert_eq!([native(56, 0x3d_0f00), native(56, 0x1000_0011)], [ALLOW, EPERM]);
    assert_eq!([with_admin(56, 0x1000_0011), with_admin(435, 0)], [ALLOW, ALLOW]);
    assert_eq!([native(435, 0), i386(435, 0), x32(435, 0)], [ENOSYS; 3]);
    assert_eq!([i386(120, 0x11), i386(120, 0x2_0011), x32(56, 0x4000_0000)], [ALLOW, EPERM, EPERM]);
    // socket: AF_ALG and AF_VSOCK, however they are written.
    let vsock = libc::AF_VSOCK as u64;
    assert_eq!([native(41, 1), native(41, 2), native(41, 39), native(41, 41)], [ALLOW; 4]);
    assert_eq!([native(41, 38), native(41, vsock), native(41, 1 << 32 | vsock)], [EPERM; 3]);
    assert_eq!([i386(359, vsock), x32(41, vsock), i386(102, 1)], [EPERM, EPERM, ALLOW]);
    // personality.
    assert_eq!([native(135, 8), native(135, 0xffff_ffff), native(135, 0x2_0008)], [ALLOW; 3]);
    assert_eq!([native(135, 4), native(135, 0x4_0000), native(135, u64::MAX)], [EPERM; 3]);
    // mount, unshare, bpf, keyctl, io_uring_setup, userfaultfd, kexec_load, reboot, swapon.
    for number in [165, 272, 321, 250, 425, 323, 246, 169, 167] {
        assert_eq!(native(number, 0), EPERM, "{number}");
    }
    assert_eq!([with_admin(165, 0), with_admin(272, 0), with_admin(321, 0)], [ALLOW; 3]);
    assert_eq!([with_admin(250, 0), with_admin(425, 0), with_admin(169, 0)], [EPERM; 3]);
    // Newer than the profile, on every ABI; and the number a tracer skips a call with.
    assert_eq!([native(467, 0), i386(467, 0), x32(467, 0), x32(548, 0)], [ENOSYS; 4]);
    assert_eq!(native(u32::MAX, 0), ENOSYS);
    // A foreign ABI.
    assert_eq!(answer(&program, &first(0xc000_00b7, 63, 0)).0, KILL);
}

/// A name misspelt is a call denied; so is a name lost.
#[test]
fn every_name_is_a_call_and_none_is_lost() {
    let abis = MACHINES.map(|machine| machine.abis().concat()).concat();
    let calls: HashMap<&str, u32> =
        abis.iter().flat_map(|abi| abi.calls()).map(|(n, name)| (name, n)).collect();
    for capabilities in [0, ALL] {
        for name in profile::rules(capabilities).keys() {
            assert!(calls.contains_key(name), "`{name}` is a call of no ABI");
        }
    }
    for (capabilities, expected) in [
        (DEFAULT, [310, 306, 361, 268, 354]),
        (0, [309, 305, 360, 267, 353]),
        (ALL, [351, 347, 405, 307, 394]),
    ] {
        let rules = profile::rules(capabilities);
        let ruled = |abi: &Abi| abi.calls().iter().filter(|(_, name)| rules.contains_key(name)).count();
        let counted: Vec<usize> = abis.iter().map(ruled).collect();
        assert_eq!(counted, expected, "{capabilities:#x} of {abis:?}");
    }
}

#[test]
fn programs_stay_small_and_shallow() {
    for (machine, instructions) in [(Machine::X86_64, 225), (Machine::Aarch64, 170)] {
        let program = raw(&docker_default_for(machine, DEFAULT));
        assert!(program.len() <= instructions, "{machine:?} has {}", program.len());
        let calls = ARCHES.into_iter().flat_map(|a| numbers().map(move |n| first(a, n, 0)));
        let deepest = calls.map(|call| answer(&program, &call).1).max().unwrap();
        assert!(deepest <= 20, "{machine:?} needs {deepest} steps");
    }
}

/// Whoever has a single id is answered by the engine, and is allowed nothing more.
#[test]
fn what_is_handed_over_was_allowed() {
    const HANDED: u32 = libc::SECCOMP_RET_USER_NOTIF;
    let [docker, owners, copying] = [
        docker_default(DEFAULT),
        docker_default_single_id(DEFAULT, false),
        docker_default_single_id(DEFAULT, true),
    ]
    .map(|program| raw(&program));
    let known = handed_over();
    let mut handed = [0, 0];
    for (arch, number) in ARCHES.into_iter().flat_map(|arch| numbers().map(move |number| (arch, number))) {
        for value in VALUES {
            let call = first(arch, number, value);
            let plain = answer(&docker, &call).0;
            for (program, handed) in [&owners, &copying].into_iter().zip(&mut handed) {
                match answer(program, &call).0 {
                    HANDED => {
                        assert_eq!(plain, ALLOW, "{arch:x} {number}");
                        assert!(known.contains_key(&(arch, number)), "{arch:x} {number}");
                        *handed += 1;
                    }
                    other => assert_eq!(other, plain, "{arch:x} {number}"),
                }
            }
        }
    }
    assert!(handed[0] > 0 && handed[0] < handed[1], "{handed:?}");
}

#[test]
fn degenerate_trees_work() {
    let arch = |audit_arch, spans: &[Span]| Arch { audit_arch, spans: spans.to_vec() };
    let denied = Span { first: 0, action: DENIED };
    let allowed = Span { first: 0, action: Action::Allow };
    let program =
        raw(&tree::compile(&[arch(1, &[denied]), arch(2, &[allowed]), arch(3, &[]), arch(4, &[allowed])]));
    let answers = [1, 2, 3, 4, 5].map(|arch| answer(&program, &first(arch, 9, 0)).0);
    assert_eq!(answers, [EPERM, ALLOW, EPERM, ALLOW, KILL]);
}

/// The native rules as seccompiler's linear filter: allowed, or `EPERM`.
fn oracle(abi: Abi, target: TargetArch, capabilities: u64) -> BpfProgram {
    let rules = profile::rules(capabilities);
    let condition =
        |length, operator, value: u32| SeccompCondition::new(0, length, operator, u64::from(value)).unwrap();
    let mut filter = BTreeMap::new();
    for (number, name) in abi.calls() {
        let alternatives: Vec<Vec<SeccompCondition>> = match rules.get(name) {
            None
            | Some(
                Action::Errno(_)
                | Action::Kill
                | Action::HandOver
                | Action::HandOverIf(..)
                | Action::HandOverFor(..),
            ) => continue,
            Some(Action::Allow) => vec![],
            Some(Action::AllowIf(Check::NoneOf(values))) => {
                let not = |value: &u32| condition(SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, *value);
                vec![values.iter().map(not).collect()]
            }
            Some(Action::AllowIf(Check::OneOf(values))) => {
                let is = |value: &u32| vec![condition(SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, *value)];
                values.iter().map(is).collect()
            }
            Some(Action::AllowIf(Check::NoBits(bits))) => {
                let masked = SeccompCmpOp::MaskedEq(u64::from(*bits));
                vec![vec![condition(SeccompCmpArgLen::Qword, masked, 0)]]
            }
        };
        let rules = alternatives.into_iter().map(|all| SeccompRule::new(all).unwrap()).collect();
        filter.insert(i64::from(number), rules);
    }
    let denied = SeccompAction::Errno(libc::EPERM as u32);
    SeccompFilter::new(filter, denied, SeccompAction::Allow, target).unwrap().try_into().unwrap()
}

#[test]
fn another_compiler_agrees_on_the_native_numbers() {
    for (machine, abi, target) in [
        (Machine::X86_64, Abi::X86_64, TargetArch::x86_64),
        (Machine::Aarch64, Abi::Aarch64, TargetArch::aarch64),
    ] {
        for capabilities in [DEFAULT, 0, ALL] {
            let oracle: Vec<Raw> =
                oracle(abi, target, capabilities).iter().map(|i| (i.code, i.jt, i.jf, i.k)).collect();
            let program = raw(&docker_default_for(machine, capabilities));
            assert!(program.len() * 4 < oracle.len());
            for (number, value) in (0..=600).flat_map(|n| VALUES.map(|value| (n, value))) {
                let call = first(abi.audit_arch(), number, value);
                // It knows one error only, so what is compared is whether the call is allowed.
                let (ours, theirs) = (answer(&program, &call).0, answer(&oracle, &call).0);
                assert_eq!(ours == ALLOW, theirs == ALLOW, "{machine:?} {call:x?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn any_call_answers_as_its_rule(
        capabilities in any::<u64>(),
        aarch64 in any::<bool>(),
        calls in prop::collection::vec(
            (prop::sample::select(&ARCHES[..]), prop_oneof![0u32..600, any::<u32>()], any::<[u64; 6]>()),
            1..50,
        ),
    ) {
        let machine = MACHINES[usize::from(aarch64)];
        let program = raw(&docker_default_for(machine, capabilities));
        let model = Model::new(machine, capabilities);
        for (arch, number, arguments) in calls {
            let call = Call { arch, number, arguments };
            prop_assert_eq!(answer(&program, &call).0, model.answer(&call));
        }
    }

    #[test]
    fn any_spans_make_a_program_that_finds_them(
        steps in prop::collection::vec((1u32..5, 0u16..6), 1..1200),
        asked in prop::collection::vec(0u32..6000, 100),
    ) {
        let mut spans: Vec<Span> = Vec::new();
        let mut first_number = 0;
        for (length, action) in steps {
            let action = match action {
                0 => Action::Allow,
                1 => DENIED,
                2 => Action::AllowIf(Check::NoneOf(&[3, 4])),
                3 => Action::AllowIf(Check::OneOf(&[0, 7])),
                4 => Action::AllowIf(Check::NoBits(5)),
                errno => Action::Errno(errno * 20),
            };
            spans.push(Span { first: first_number, action });
            first_number += length;
        }
        let arch = |audit_arch| Arch { audit_arch, spans: spans.clone() };
        let program = raw(&tree::compile(&[arch(1), arch(2)]));
        for (index, number) in asked.into_iter().enumerate() {
            let action = spans.iter().rfind(|span| span.first <= number).unwrap().action;
            for value in [0, 1, 3, 7, 1 << 32] {
                let wanted = match action {
                    Action::Errno(errno) => libc::SECCOMP_RET_ERRNO | u32::from(errno),
                    Action::AllowIf(Check::NoneOf(_)) if value == 3 => EPERM,
                    Action::AllowIf(Check::OneOf(_)) if ![0, 7].contains(&value) => EPERM,
                    Action::AllowIf(Check::NoBits(_)) if value & 5 != 0 => EPERM,
                    _ => ALLOW,
                };
                let call = first(1 + index as u32 % 2, number, value);
                prop_assert_eq!(answer(&program, &call).0, wanted, "{:?}", call);
            }
        }
        prop_assert_eq!(answer(&program, &first(3, 0, 0)).0, KILL);
    }
}
