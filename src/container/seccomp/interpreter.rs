//! A classic BPF interpreter for the tests: what would the kernel answer?

/// One instruction as (code, jt, jf, k).
pub type Raw = (u16, u8, u8, u32);

/// What a filter is asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Call {
    pub arch: u32,
    pub number: u32,
    pub arguments: [u64; 6],
}

impl Call {
    fn word(&self, offset: u32) -> u32 {
        match offset {
            0 => self.number,
            4 => self.arch,
            16..64 if offset.is_multiple_of(4) => {
                let argument = self.arguments[(offset as usize - 16) / 8];
                if offset.is_multiple_of(8) { argument as u32 } else { (argument >> 32) as u32 }
            }
            _ => panic!("load from {offset}"),
        }
    }
}

/// The `SECCOMP_RET_…` value, and how many instructions were run for it.
///
/// # Panics
/// For an instruction that no filter of ours, libseccomp's or seccompiler's has.
pub fn answer(program: &[Raw], call: &Call) -> (u32, usize) {
    let (mut accumulator, mut at, mut steps) = (0u32, 0usize, 0usize);
    loop {
        let (code, yes, no, k) = program[at];
        at += 1;
        steps += 1;
        let holds = match code {
            0x20 => {
                accumulator = call.word(k);
                continue;
            }
            0x54 => {
                accumulator &= k;
                continue;
            }
            0x05 => {
                at += k as usize;
                continue;
            }
            0x06 => return (k, steps),
            0x15 => accumulator == k,
            0x25 => accumulator > k,
            0x35 => accumulator >= k,
            0x45 => accumulator & k != 0,
            _ => panic!("instruction {code:#x} at {}", at - 1),
        };
        at += usize::from(if holds { yes } else { no });
    }
}
