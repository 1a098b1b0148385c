//! What little bytes can ask for: work, memory, and what no file system has.

use super::hostile::try_it;
use super::support::{Part, index_tar, skip};
use super::tar::Tar;
use crate::layer::{Error, Limits};

/// Links that lead through `deep` directories again and again, and so many entries that use them.
fn slow(deep: usize, entries: usize) -> Vec<u8> {
    const TURNS: usize = 19;
    let path = "d/".repeat(deep);
    let mut tar = Tar::new();
    for turn in 0..TURNS {
        let (below, next) = (format!("{path}up{turn}"), format!("/l{}", turn + 1));
        tar = tar.pax(&[("linkpath", below.as_bytes())]).symlink(&format!("l{turn}"), "");
        tar = tar.pax(&[("path", below.as_bytes())]).symlink("x", &next);
    }
    (0..entries).fold(tar.dir(&format!("l{TURNS}")), |tar, at| tar.dir(&format!("l0/{at}/x"))).end()
}

#[test]
fn ways_of_links_are_paid_for() {
    // Ordinary links cost what every header may.
    let most = Limits { steps: 0, ..Limits::default() };
    let usual =
        (0..200).fold(Tar::new().symlink("lib", "usr/lib"), |tar, at| tar.file(&format!("lib/{at}/f"), b""));
    assert_eq!(index_tar(&usual.end()[..], &most).unwrap().len(), 403);
    assert_eq!(index_tar(&slow(10, 100)[..], &Limits::default()).unwrap().len(), 10 + 2 * 19 + 1 + 200);
    let started = std::time::Instant::now();
    match index_tar(&slow(2000, 20_000)[..], &Limits::default()) {
        Err(Error::Limit { limit: "steps", .. }) => {}
        other => panic!("{other:?}"),
    }
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}

#[test]
fn a_link_is_no_longer_than_the_kernel_has_them() {
    let to = |length: usize| {
        let target = format!("{}{}", "x/".repeat(length / 2), "y".repeat(length % 2));
        Tar::new().pax(&[("linkpath", target.as_bytes())]).symlink("s", "").end()
    };
    try_it(&to(4095)).unwrap();
    assert!(matches!(try_it(&to(4096)), Err(Error::Refused { .. })));
}

#[test]
fn names_may_be_as_many_as_their_headers() {
    let limits = Limits { name_bytes: 0, ..Limits::default() };
    let many = (0..100).fold(Tar::new(), |tar, at| tar.file(&format!("{at:0100}"), b"")).end();
    assert_eq!(index_tar(&many[..], &limits).unwrap().len(), 100);
    let deep = Tar::new().pax(&[("path", "d/".repeat(500).as_bytes())]).dir("d").end();
    assert!(matches!(index_tar(&deep[..], &limits), Err(Error::Limit { limit: "name_bytes", .. })));
}

#[test]
fn attributes_that_do_not_fit_are_left_out_with_a_notice() {
    let keys: Vec<String> = (0..2000).map(|at| format!("SCHILY.xattr.user.attribute-{at}")).collect();
    let records: Vec<(&str, &[u8])> = keys.iter().map(|key| (key.as_str(), &b"1"[..])).collect();
    let part = Part::new();
    let unpacked =
        part.unpack(&Tar::new().pax(&records).file("f", b"1").pax(&records).dir("d").end()).unwrap();
    assert_eq!(unpacked.entries.len(), 2);
    assert!(unpacked.entries.iter().all(|entry| entry.xattrs.len() == 2000));
    let on_disk = part.scan();
    if on_disk[0].xattrs.len() == 2000 || on_disk[0].xattrs.is_empty() {
        return skip("the temporary directory has room for all attributes, or for none");
    }
    assert!(unpacked.notices[0].contains("cannot have the attribute"), "{:?}", unpacked.notices);
    assert!(unpacked.notices.last().unwrap().contains("more like these"), "{:?}", unpacked.notices);
}
