//! Tars damaged at random.

use super::hostile::try_it;
use super::tar::Tar;

#[test]
fn random_damage_never_panics_or_escapes() {
    use proptest::prelude::*;
    let base = Tar::new()
        .dir("d")
        .pax(&[("path", b"d/long"), ("SCHILY.xattr.user.a", b"1"), ("mtime", b"1.5")])
        .file("x", &[7; 700])
        .symlink("s", "../..")
        .hard_link("h", "d/long")
        .file("s/f", b"1")
        .file("d/.wh.gone", b"")
        .with(b'L', b"l", b"d/other\0", |_| {})
        .file("y", b"2")
        .end();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(128));
    let spots = proptest::collection::vec((0..base.len(), any::<u8>(), any::<bool>()), 1..4);
    runner
        .run(&spots, |spots| {
            let mut tar = base.clone();
            for (at, value, mend) in spots {
                tar[at] = value;
                let start = at / 512 * 512;
                let header = &mut tar[start..start + 512];
                // A right checksum lets the damage through to what reads the fields.
                if mend && &header[257..262] == b"ustar" {
                    header[148..156].fill(b' ');
                    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
                    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
                }
            }
            let _ = try_it(&tar);
            Ok(())
        })
        .unwrap();
}
