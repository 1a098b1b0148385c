#[test]
fn t() {
    for m in [super::Machine::X86_64, super::Machine::Aarch64] {
        let c = 0xa80425fb;
        let t = std::time::Instant::now();
        let p = super::docker_default_for(m, c);
        eprintln!("{m:?} {} in {:?}", p.len(), t.elapsed());
    }
}
