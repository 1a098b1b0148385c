//! From tar to tree and back.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::support::{Part, index_tar, options, skip, tar_of, unpack};
use super::tar::Tar;
use crate::layer::{
    DirContent, Entry, Error, FileRange, Index, Kind, Limits, TarOptions, digest_tar, never, rebuild_tar,
    write_tar,
};
use crate::oci::{DiffId, Digest};

fn names(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| String::from_utf8_lossy(&entry.path).into_owned()).collect()
}

fn find<'a>(entries: &'a [Entry], path: &str) -> &'a Entry {
    entries.iter().find(|entry| entry.path == path.as_bytes()).unwrap()
}

#[test]
fn a_tree_becomes_a_tar_and_a_tree_again() {
    let part = Part::new();
    let fs = part.fs();
    std::fs::create_dir_all(fs.join("etc/deep/er")).unwrap();
    std::fs::write(fs.join("etc/passwd"), "root").unwrap();
    std::fs::write(fs.join("etc/empty"), "").unwrap();
    std::fs::write(fs.join("etc-a"), vec![7; 1_000_000]).unwrap();
    std::fs::hard_link(fs.join("etc/passwd"), fs.join("a-link")).unwrap();
    symlink("../etc", fs.join("etc/self")).unwrap();
    std::fs::set_permissions(fs.join("etc-a"), PermissionsExt::from_mode(0o4711)).unwrap();
    std::fs::write(fs.join("n".repeat(200)), "long").unwrap();
    let deep = format!("{}/{}", "d".repeat(120), "e".repeat(99));
    std::fs::create_dir_all(fs.join(&deep)).unwrap();
    symlink("t".repeat(300), fs.join("long-target")).unwrap();
    let entries = part.scan();
    assert_eq!(find(&entries, "a-link").kind, Kind::File);
    assert_eq!(find(&entries, "etc/passwd").kind, Kind::Hardlink);
    assert_eq!(find(&entries, "etc/passwd").link, b"a-link");
    let tar = tar_of(&entries, &fs);
    let (diff_id, size) =
        digest_tar(&fs, entries.iter().map(Entry::as_ref), &TarOptions::default(), &never).unwrap();
    assert_eq!((diff_id, size), (DiffId(Digest::of(&tar)), tar.len() as u64));

    let copy = Part::new();
    let unpacked = copy.unpack(&tar).unwrap();
    assert_eq!(unpacked.diff_id, diff_id);
    assert!(unpacked.split);
    let whole: Vec<Entry> = entries
        .iter()
        .map(|entry| {
            let mut entry = entry.clone();
            entry.mtime.nanos = 0;
            entry
        })
        .collect();
    assert_eq!(unpacked.entries, whole);
    assert_eq!(copy.scan(), whole);
    assert_eq!(tar_of(&copy.scan(), &copy.fs()), tar);
    let mut again = Vec::new();
    assert_eq!(rebuild_tar(copy.path(), &mut again).unwrap(), size);
    assert_eq!(again, tar);
    let index = Index::open(&copy.path().join("index")).unwrap();
    assert_eq!(index.iter().map(|entry| entry.to_entry()).collect::<Vec<_>>(), whole);
    assert_eq!((index.file_bytes(), index.file_count()), (unpacked.file_bytes, unpacked.file_count));
    assert_eq!(index_tar(&tar[..], &Limits::default()).unwrap(), whole);
}

#[test]
fn gnu_tar_reads_what_we_write() {
    let part = Part::new();
    let fs = part.fs();
    std::fs::create_dir_all(fs.join("d/".repeat(90))).unwrap();
    std::fs::write(fs.join("plain"), "x").unwrap();
    std::fs::write(fs.join("d").join("ü".repeat(110)), "y").unwrap();
    std::fs::hard_link(fs.join("plain"), fs.join("zlink")).unwrap();
    let tar = tar_of(&part.scan(), &fs);
    let file = part.path().join("t.tar");
    std::fs::write(&file, &tar).unwrap();
    let Ok(out) = std::process::Command::new("tar").args(["-tf"]).arg(&file).env("LC_ALL", "C").output()
    else {
        return skip("no `tar` here");
    };
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(out.stderr, b"");
    assert_eq!(String::from_utf8_lossy(&out.stdout).lines().count(), part.scan().len());
}

#[test]
fn deletions_and_opaque_directories_keep_their_place() {
    let tar =
        Tar::new().dir("a/").file("a/.wh..wh..opq", b"").file("a/.wh.gone", b"").file("a/x", b"1").end();
    let part = Part::new();
    let unpacked = part.unpack(&tar).unwrap();
    assert_eq!(names(&unpacked.entries), ["a", "a/gone", "a/x"]);
    assert!(unpacked.entries[0].opaque);
    assert_eq!(unpacked.entries[1].kind, Kind::Whiteout);
    if part.scan() != unpacked.entries {
        // Not every file system of a build machine has `user.*` attributes.
        return skip("the temporary directory has no extended attributes");
    }
    let ours = tar_of(&part.scan(), &part.fs());
    let order: Vec<&str> =
        ours.chunks(512).filter(|block| &block[257..262] == b"ustar").map(name_of).collect();
    assert_eq!(order, ["a/", "a/.wh..wh..opq", "a/.wh.gone", "a/x"]);
    let mark = &ours[512..1024];
    assert_eq!(&mark[100..108], b"0000600\0");
    assert_eq!(&mark[136..148], b"00000000000\0");
    let again = Part::new();
    assert_eq!(again.unpack(&ours).unwrap().entries, unpacked.entries);
}

fn name_of(block: &[u8]) -> &str {
    std::str::from_utf8(block[..100].split(|&byte| byte == 0).next().unwrap()).unwrap()
}

#[test]
fn a_file_named_like_a_deletion_cannot_be_packed() {
    let part = Part::new();
    std::fs::write(part.fs().join(".wh.x"), "").unwrap();
    let entries = part.scan();
    let content = DirContent::open(&part.fs()).unwrap();
    let result =
        write_tar(entries.iter().map(Entry::as_ref), &content, &mut Vec::new(), &TarOptions::default());
    let error = result.unwrap_err();
    assert!(matches!(error, Error::WhiteoutName { .. }));
    assert!(error.to_string().contains("`/.wh.x`"), "{error}");
}

#[test]
fn a_file_that_changes_is_noticed() {
    let part = Part::new();
    for size in [10, 1_000_000] {
        for (now, before) in [(size, size + 1), (size, size - 1), (0, size)] {
            std::fs::write(part.fs().join("f"), vec![1; now]).unwrap();
            let mut entries = part.scan();
            entries[0].size = before as u64;
            let digest =
                digest_tar(&part.fs(), entries.iter().map(Entry::as_ref), &TarOptions::default(), &never);
            assert!(matches!(digest, Err(Error::SizeChanged { .. })), "{now} {before}");
        }
    }
}

#[test]
fn the_epoch_cuts_later_times_only() {
    let part = Part::new();
    let at = |secs| std::time::UNIX_EPOCH + std::time::Duration::from_secs(secs);
    for (name, secs) in [("a", 1000), ("b", 3000)] {
        let file = std::fs::File::create(part.fs().join(name)).unwrap();
        file.set_modified(at(secs)).unwrap();
    }
    let content = DirContent::open(&part.fs()).unwrap();
    let mut tar = Vec::new();
    let entries = part.scan();
    let options = TarOptions { source_date_epoch: Some(2000) };
    write_tar(entries.iter().map(Entry::as_ref), &content, &mut tar, &options).unwrap();
    let read = index_tar(&tar[..], &Limits::default()).unwrap();
    assert_eq!(read.iter().map(|entry| entry.mtime.secs).collect::<Vec<_>>(), [1000, 2000]);
}

#[test]
fn what_ustar_cannot_say_is_in_pax() {
    let mut entry = Entry::new(b"f".to_vec(), Kind::Fifo);
    entry.mtime.secs = -7;
    (entry.uid, entry.gid) = (3_000_000, 4_000_000);
    let mut dir = Entry::new([b"x".repeat(200), b"/".to_vec(), b"y".repeat(150)].concat(), Kind::Dir);
    dir.mtime.secs = 1 << 40;
    let list = [entry, Entry::new(b"x".repeat(200), Kind::Dir), dir];
    let part = Part::new();
    let tar = tar_of(&list, &part.fs());
    assert_eq!(index_tar(&tar[..], &Limits::default()).unwrap(), list);
}

#[test]
fn a_wrong_digest_is_an_error() {
    let tar = Tar::new().file("a", b"1").end();
    let mut options = options();
    options.expected = Some(DiffId(Digest::of(&tar)));
    unpack(&tar[..], Part::new().path(), &options).unwrap();
    options.expected = Some(DiffId(Digest::of(b"")));
    assert!(matches!(unpack(&tar[..], Part::new().path(), &options), Err(Error::DiffId { .. })));
}

#[test]
fn long_streams_take_the_threads() {
    let data: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
    let mut tar = Tar::new().dir("d/");
    for number in 0..50 {
        tar = tar.file(&format!("d/{number:02}"), &data[number..number * 60_000]);
    }
    // What follows the end belongs to the digest too.
    let tar = [tar.end(), vec![0; 9000], b"trailing".to_vec()].concat();
    let part = Part::new();
    let unpacked = part.unpack(&tar).unwrap();
    assert_eq!(unpacked.diff_id, DiffId(Digest::of(&tar)));
    assert_eq!(std::fs::read(part.fs().join("d/49")).unwrap(), data[49..49 * 60_000]);
    let mut again = Vec::new();
    rebuild_tar(part.path(), &mut again).unwrap();
    assert_eq!(again, tar);
    let file = part.path().join("t");
    std::fs::write(&file, [&[1; 100][..], &tar].concat()).unwrap();
    let file = std::fs::File::open(file).unwrap();
    let range = FileRange::new(&file, 100, tar.len() as u64);
    assert_eq!(index_tar(range, &Limits::default()).unwrap(), unpacked.entries);
    let cut = FileRange::new(&file, 100, 40_000_000 - 5);
    assert!(matches!(index_tar(cut, &Limits::default()), Err(Error::Tar { .. })));
}

#[test]
fn a_very_deep_tree_is_scanned_and_packed() {
    let part = Part::new();
    let name = "d".repeat(100);
    let mut path = String::new();
    let mut tar = Tar::new();
    for _ in 0..300 {
        path.push_str(&name);
        path.push('/');
        tar = tar.pax(&[("path", path.as_bytes())]).dir("x");
    }
    let tar = tar.pax(&[("path", format!("{path}leaf").as_bytes())]).file("x", b"deep").end();
    let unpacked = part.unpack(&tar).unwrap();
    assert_eq!(unpacked.entries.len(), 301);
    assert_eq!(part.scan(), unpacked.entries);
    let ours = tar_of(&unpacked.entries, &part.fs());
    assert_eq!(index_tar(&ours[..], &Limits::default()).unwrap(), unpacked.entries);
}
