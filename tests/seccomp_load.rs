#![allow(unsafe_code, clippy::unwrap_used)]
use plywood::{
    container::seccomp,
    sys::seccomp::{Instruction, load_raw},
};
use std::time::Instant;
fn load(p: &[Instruction]) -> u64 {
    unsafe {
        let mut fds = [0; 2];
        libc::pipe(fds.as_mut_ptr());
        let pid = libc::fork();
        if pid == 0 {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            let t = Instant::now();
            let r = load_raw(p);
            let n = t.elapsed().as_nanos() as u64;
            if r.is_err() {
                libc::_exit(3)
            }
            libc::write(fds[1], (&raw const n).cast(), 8);
            libc::_exit(0);
        }
        let mut n = 0u64;
        libc::read(fds[0], (&raw mut n).cast(), 8);
        libc::waitpid(pid, std::ptr::null_mut(), 0);
        libc::close(fds[0]);
        libc::close(fds[1]);
        n
    }
}
#[test]
fn bench() {
    let c = 0xa80425fb;
    let ours = seccomp::docker_default(c);
    let t = Instant::now();
    for _ in 0..100 {
        std::hint::black_box(seccomp::docker_default(c));
    }
    eprintln!("compile {:?}", t.elapsed() / 100);
    let linear: Vec<_> = {
        let mut v = vec![
            Instruction::load(4),
            Instruction { code: 0x15, jt: 1, jf: 0, k: 0xc000003e },
            Instruction::answer(0),
            Instruction::load(0),
        ];
        for i in 0..380 {
            v.push(Instruction { code: 0x15, jt: 0, jf: 1, k: i });
            v.push(Instruction::answer(libc::SECCOMP_RET_ALLOW));
            v.push(Instruction::skip(0));
            v.push(Instruction::skip(0));
        }
        v.push(Instruction::answer(0));
        v
    };
    let tiny = vec![Instruction::answer(libc::SECCOMP_RET_ALLOW)];
    for (n, p) in [("ours", &ours), ("linear", &linear), ("tiny", &tiny), ("ours", &ours)] {
        let mut v: Vec<u64> = (0..300).map(|_| load(p)).collect();
        v.sort();
        eprintln!("{n} {} instr: min {} median {} p90 {} ns", p.len(), v[0], v[150], v[270]);
    }
}
