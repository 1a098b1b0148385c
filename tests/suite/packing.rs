//! Why two archives of the same files are not the same.

#[allow(dead_code)]
#[path = "../transfer_support/layout.rs"]
mod layout;
#[allow(dead_code)]
#[path = "../../src/layer/tests/tar.rs"]
mod tars;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use layout::Layout;
use serde_json::{Value, json};
use tars::Tar;

use crate::support::{Plywood, count, skip};

const PLAIN: &str = "application/vnd.oci.image.layer.v1.tar";
const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";

/// An image of one layer in `folder/name`, spelled as a source.
fn image(folder: &Path, name: &str, media_type: &str, blob: &[u8], plain: &[u8]) -> String {
    let mut layout = Layout::new();
    let manifest = layout.image(&[(media_type, blob, plain)]);
    layout.index(&[manifest]);
    format!("oci:{}", layout.directory(&folder.join(name)))
}

/// What `diff` says of pairs of tars, each as an image's only layer.
fn compared(pairs: &[(Vec<u8>, Vec<u8>)], options: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let mut script = String::from("[");
    for (place, (one, other)) in pairs.iter().enumerate() {
        let one = image(folder.path(), &format!("{place}a"), PLAIN, one, one);
        let other = image(folder.path(), &format!("{place}b"), PLAIN, other, other);
        script += &format!("diff(image(`{one}`), image(`{other}`), #{{ {options} }}),\n");
    }
    script.push(']');
    let found = Plywood::new().json(&script);
    found.as_array().unwrap().clone()
}

/// `field count path before after`, one each.
fn lines(found: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let line = |it: &Value| {
        ["field", "count", "path", "before", "after"].map(|key| text(&it[key])).join(" ")
    };
    found["packing"].as_array().unwrap().iter().map(line).collect()
}

fn octal(field: &mut [u8], text: &str) {
    field[..text.len()].copy_from_slice(text.as_bytes());
}

/// Archives made by hand, each with one thing that is not as in the other.
#[test]
fn each_difference_is_named() {
    let base = || Tar::new().dir("d/").file("d/a", b"one").file("d/b", b"two");
    let pax = |records: &[(&str, &[u8])]| base().pax(records).file("e", b"").end();
    let with = |change: &dyn Fn(&mut [u8])| base().with(b'0', b"e", b"", change).end();
    let long = [&[b'p'; 60][..], b"/", &[b'q'; 60], b"/r"].concat();
    let split = |at: usize| {
        let name = long[at + 1..].to_vec();
        base().with(b'0', &name, b"", |header| header[345..345 + at].copy_from_slice(&long[..at])).end()
    };
    let gnu = |header: &mut [u8]| header[257..265].copy_from_slice(b"ustar  \0");
    let mut filled = base().end();
    filled[512 + 512 + 3] = b'x';
    let mut garbage = base().file("e", b"").end();
    // After the end of the name; the checksum then has to be right again.
    let at = garbage.len() - 1024 - 512;
    garbage[at + 50] = b'g';
    let sum = garbage[at..at + 512].iter().enumerate().map(|(place, byte)| {
        if (148..156).contains(&place) { 32 } else { u32::from(*byte) }
    });
    let sum = format!("{:06o}", sum.sum::<u32>());
    octal(&mut garbage[at + 148..], &sum);
    let cases: Vec<(Vec<u8>, Vec<u8>, Vec<&str>)> = vec![
        (
            base().file("e", b"").end(),
            Tar::new().file("e", b"").dir("d/").file("d/a", b"one").file("d/b", b"two").end(),
            vec!["order 1 /d place 0 place 1"],
        ),
        (
            Tar::new().file("a", b"1").file("b", b"2").file("c", b"3").file("d", b"").end(),
            Tar::new().file("a", b"1").file("c", b"3").file("b", b"2").file("d", b"").end(),
            vec!["order 1 /b place 1 place 2"],
        ),
        (
            with(&|_| {}),
            with(&|header| octal(&mut header[136..147], "00000001751")),
            vec!["mtime 1 /e 1970-01-01T00:16:40Z 1970-01-01T00:16:41Z"],
        ),
        (with(&|_| {}), with(&gnu), vec!["format 1 /e ustar GNU"]),
        (with(&|_| {}), with(&|header| header[257..265].fill(0)), vec!["format 1 /e ustar v7"]),
        (pax(&[("comment", b"x")]), with(&|_| {}), vec!["format 1 /e PAX ustar", "pax comment 1 /e x null"]),
        (
            pax(&[("atime", b"1.5"), ("ctime", b"2")]),
            pax(&[("atime", b"1.6"), ("LIBARCHIVE.creationtime", b"3")]),
            vec![
                "pax LIBARCHIVE.creationtime 1 /e null 3",
                "pax atime 1 /e 1.5 1.6",
                "pax ctime 1 /e 2 null",
            ],
        ),
        (
            pax(&[("atime", b"1"), ("ctime", b"2")]),
            pax(&[("ctime", b"2"), ("atime", b"1")]),
            vec!["pax order 1 /e atime ctime ctime atime"],
        ),
        (
            with(&|header| octal(&mut header[265..], "root")),
            with(&|header| octal(&mut header[297..], "wheel")),
            vec!["gname 1 /e  wheel", "uname 1 /e root "],
        ),
        (
            with(&|header| octal(&mut header[108..], "0001750")),
            with(&|header| octal(&mut header[116..], "0001750")),
            vec!["gid 1 /e 0 1000", "uid 1 /e 1000 0"],
        ),
        (
            with(&|header| octal(&mut header[100..], "0100644")),
            with(&|_| {}),
            vec!["mode 1 /e 100644 0644"],
        ),
        (
            with(&|header| octal(&mut header[329..], "0000000")),
            with(&|_| {}),
            vec![r"devmajor and devminor 1 /e 0000000\x00\x00\x00\x00\x00\x00\x00\x00\x00 \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"],
        ),
        (with(&|_| {}), with(&|header| header[156] = 0), vec![r"typeflag 1 /e 0 \x00"]),
        (
            split(60),
            split(121),
            vec![&*Box::leak(
                format!(
                    "name and prefix 1 /{} {} | {}/r {}/{} | r",
                    String::from_utf8_lossy(&long),
                    "p".repeat(60),
                    "q".repeat(60),
                    "p".repeat(60),
                    "q".repeat(59) + "q"
                )
                .into_boxed_str(),
            )],
        ),
        (
            base().end(),
            Tar::new().dir("./d").file("./d/a", b"one").file("./d/b", b"two").end(),
            vec!["name 3 /d d/ ./d"],
        ),
        (
            base().file("e", b"").end(),
            base().file("d/a", b"one").file("e", b"").dir("implied/").end(),
            vec!["entry more 2 /d/a null file"],
        ),
        (
            base().hard_link("h", "d/a").symlink("s", "d").end(),
            base().hard_link("h", "./d/a").symlink("s", "d").end(),
            vec!["link 1 /h d/a ./d/a"],
        ),
        (
            Tar::new().file("a", b"x").hard_link("b", "a").end(),
            Tar::new().file("b", b"x").hard_link("a", "b").end(),
            vec!["order 1 /a place 0 place 1", "kind 2 /a file hardlink to b"],
        ),
        (
            with(&|_| {}),
            with(&|header| octal(&mut header[100..], "   644 ")),
            vec!["digits 1 /e mode 0000644\\x00 mode    644 \\x00"],
        ),
        (base().end(), filled, vec!["padding 1 /d/a zeros other bytes in 1"]),
        (base().end(), base().raw(&[0; 10240]).0, vec!["end 1 null 1024 zero bytes 10240 zero bytes"]),
        (base().end(), base().0, vec!["end 1 null 1024 zero bytes 0 zero bytes"]),
        (base().file("e", b"").end(), garbage, vec!["other bytes 1 /e byte 50 is 0x00 byte 50 is 0x67"]),
        (
            base().with(b'L', b"././@LongLink", &[&long[..], b"\0"].concat(), |_| {}).file("x", b"").end(),
            base().pax(&[("path", &long)]).file("x", b"").end(),
            vec![],
        ),
        (
            base().with(b'g', b"g", b"12 comment=x\n", |_| {}).file("e", b"").end(),
            base().file("e", b"").end(),
            vec!["extended headers 1 /e g null", "global pax comment 1 /e x null"],
        ),
        (
            base().with(b'x', b"PaxHeaders.12/e", b"9 atime=1\n", |_| {}).file("e", b"").end(),
            base().with(b'x', b"PaxHeaders.34/e", b"9 atime=1\n", |header| octal(&mut header[136..], "00000000000")).file("e", b"").end(),
            vec![
                "pax header mtime 1 /e 1970-01-01T00:16:40Z 1970-01-01T00:00:00Z",
                "pax header name 1 /e PaxHeaders.12/e PaxHeaders.34/e",
            ],
        ),
    ];
    let pairs: Vec<_> = cases.iter().map(|(one, other, _)| (one.clone(), other.clone())).collect();
    for ((_, _, wanted), found) in cases.iter().zip(compared(&pairs, "")) {
        let got = lines(&found);
        if wanted.is_empty() {
            // Long names in two ways: all of it is told.
            assert!(got.iter().any(|line| line.starts_with("extended headers 1 ")), "{got:#?}");
            assert!(got.iter().any(|line| line.starts_with("pax path 1 ")), "{got:#?}");
            continue;
        }
        assert_eq!(&got, wanted, "{found:#}");
        let only_mtime = wanted.iter().all(|line| line.starts_with("mtime"));
        let hard_links = wanted.iter().any(|line| line.starts_with("uid") || line.starts_with("entry more"));
        if !only_mtime && !hard_links {
            assert_eq!((&found["same"], &found["verdict"]), (&json!(true), &json!("packed differently")), "{found:#}");
            assert_eq!(found["layers"][0]["what"], "packing");
        }
        assert_eq!(found["reproducible"], false);
    }
    // Twice the same, made twice.
    let found = compared(&[(base().end(), base().end())], "");
    assert_eq!((&found[0]["verdict"], &found[0]["reproducible"]), (&json!("identical"), &json!(true)));
}
