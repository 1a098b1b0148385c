//! Why two archives of the same files are not the same.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::hostile::layout::{self, Layout};
use crate::hostile::tars::Tar;
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
    let line = |it: &Value| ["field", "count", "path", "before", "after"].map(|key| text(&it[key])).join(" ");
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
    let long = [&[b'p'; 50][..], b"/", &[b'q'; 50], b"/r"].concat();
    let split = |at: usize| {
        let name = long[at + 1..].to_vec();
        base().with(b'0', &name, b"", |header| header[345..345 + at].copy_from_slice(&long[..at])).end()
    };
    let (left, right) = ("p".repeat(50), "q".repeat(50));
    let halves = format!("name and prefix 1 /{left}/{right}/r {left} | {right}/r {left}/{right} | r");
    let gnu = |header: &mut [u8]| header[257..265].copy_from_slice(b"ustar  \0");
    let mut filled = base().end();
    filled[512 + 512 + 3] = b'x';
    let mut garbage = base().file("e", b"").end();
    // After the end of the name; the checksum then has to be right again.
    let at = garbage.len() - 1024 - 512;
    garbage[at + 50] = b'g';
    let sum = garbage[at..at + 512]
        .iter()
        .enumerate()
        .map(|(place, byte)| if (148..156).contains(&place) { 32 } else { u32::from(*byte) });
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
        (with(&|header| octal(&mut header[100..], "0100644")), with(&|_| {}), vec!["mode 1 /e 100644 0644"]),
        (
            with(&|header| octal(&mut header[329..], "0000000")),
            with(&|_| {}),
            vec![
                r"devmajor and devminor 1 /e 0000000\x00\x00\x00\x00\x00\x00\x00\x00\x00 \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
            ],
        ),
        (with(&|_| {}), with(&|header| header[156] = 0), vec![r"typeflag 1 /e 0 \x00"]),
        (split(50), split(101), vec![&halves]),
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
            base().with(b'g', b"g", b"13 comment=x\n", |_| {}).file("e", b"").end(),
            base().file("e", b"").end(),
            vec!["extended headers 1 /e g null", "global pax comment 1 /e x null"],
        ),
        (
            base().with(b'x', b"PaxHeaders.12/e", b"11 atime=1\n", |_| {}).file("e", b"").end(),
            base()
                .with(b'x', b"PaxHeaders.34/e", b"11 atime=1\n", |header| {
                    octal(&mut header[136..], "00000000000")
                })
                .file("e", b"")
                .end(),
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
            assert_eq!(
                (&found["same"], &found["verdict"]),
                (&json!(true), &json!("packed differently")),
                "{found:#}"
            );
            assert_eq!(found["layers"][0]["what"], "packing");
        }
        assert_eq!(found["reproducible"], false);
    }
    // Twice the same, made twice.
    let found = compared(&[(base().end(), base().end())], "");
    assert_eq!((&found[0]["verdict"], &found[0]["reproducible"]), (&json!("identical"), &json!(true)));
}

/// What does not count is left out, also of archives; layers are compared where they lie, too.
#[test]
fn what_does_not_count_is_left_out() {
    let one = Tar::new().file("a", b"1").file("b", b"2").file("c", b"3").end();
    let named = |header: &mut [u8]| octal(&mut header[265..], "root");
    let late = |header: &mut [u8]| octal(&mut header[136..], "00000007777");
    let other = Tar::new().file("a", b"1").with(b'0', b"c", b"3", named).with(b'0', b"b", b"2", late).end();
    let pair = [(one.clone(), other.clone())];
    let parts = |options: &str| {
        let found = &compared(&pair, options)[0];
        let lines = lines(found);
        let fields = lines.iter().map(|line| line.split(' ').next().unwrap().to_owned());
        let what = found["layers"][0]["what"].as_str().unwrap().to_owned();
        (fields.collect::<Vec<_>>().join(" "), what, found["verdict"].as_str().unwrap().to_owned())
    };
    let told =
        |fields: &str, what: &str, verdict: &str| (fields.to_owned(), what.to_owned(), verdict.to_owned());
    assert_eq!(parts(""), told("order mtime uname", "times", "only times differ"));
    assert_eq!(parts(r#"except: "mtime""#), told("order uname", "packing", "packed differently"));
    assert_eq!(parts(r#"except: ["mtime", "owner"]"#), told("order", "packing", "packed differently"));
    assert_eq!(parts(r#"except: ["mtime", "owner", "order"]"#), told("", "ignored", "same"));
    assert_eq!(parts(r#"except: ["mtime", "packing"]"#), told("", "ignored", "same"));
    assert_eq!(parts(r#"ignore: "/b""#), told("uname", "packing", "packed differently"));
    assert_eq!(parts(r#"ignore: ["b", "c"]"#), told("", "ignored", "same"));
    // Of content that is not at hand only size and time are known, and the time is the same here.
    let named_only = Tar::new().file("a", b"1").with(b'0', b"c", b"3", named).file("b", b"2").end();
    let folder = tempfile::tempdir().unwrap();
    let place = |name, tar: &[u8]| image(folder.path(), name, GZIP, &layout::gzip(tar), tar);
    let plywood = Plywood::new();
    let found = plywood.json(&format!(
        "let d = diff(layers(image(`{}`))[0], layers(image(`{}`))[0]);
         [d.packing.map(\"field\"), d.verdict, d.layers[0].packing, `${{d}}`, images().len()]",
        place("one", &one),
        place("other", &named_only)
    ));
    assert_eq!(found[0], json!(["order", "uname"]));
    assert_eq!((&found[1], &found[2]), (&json!("packed differently"), &json!(["order", "owner"])));
    assert!(found[3].as_str().unwrap().ends_with(": packed differently (order, owner)"), "{found}");
    assert_eq!(found[4], 0, "nothing was taken into the store");
    let error = plywood.error(r#"diff(base(), base(), #{ except: "nothing" })"#);
    assert!(error["hint"].as_str().unwrap().contains("compression"), "{error}");
}

/// One tar, compressed in two ways: the DiffID is the same, the digest is not.
#[test]
fn compressions_are_compared_by_their_heads() {
    use std::io::Write as _;
    let plain = Tar::new()
        .file("f", (0..20_000_u32).map(|it| (it * it % 251).to_string()).collect::<String>().as_bytes())
        .end();
    let gzip = |level, change: fn(flate2::GzBuilder) -> flate2::GzBuilder| {
        let builder = change(flate2::GzBuilder::new().operating_system(255));
        let mut encoder = builder.write(Vec::new(), flate2::Compression::new(level));
        encoder.write_all(&plain).unwrap();
        encoder.finish().unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str, kind, blob: &[u8]| image(folder.path(), name, kind, blob, &plain);
    let usual = place("usual", GZIP, &gzip(6, |it| it));
    let others = [
        place("dated", GZIP, &gzip(6, |it| it.mtime(1_700_000_000))),
        place("named", GZIP, &gzip(6, |it| it.filename("layer.tar").operating_system(3))),
        place("best", GZIP, &gzip(9, |it| it)),
        place("level", GZIP, &gzip(3, |it| it)),
        place("plain", PLAIN, &plain),
        place("zstd", ZSTD, &zstd::bulk::compress(&plain, 3).unwrap()),
        place("again", GZIP, &gzip(6, |it| it)),
    ];
    let script: Vec<String> =
        others.iter().map(|other| format!("diff(image(`{usual}`), image(`{other}`))")).collect();
    let plywood = Plywood::new();
    let found = plywood.json(&format!("[{}]", script.join(", ")));
    let told = |place: usize| {
        let lines = lines(&found[place]);
        lines.iter().map(|line| line.replacen(" 1 null", "", 1)).collect::<Vec<_>>()
    };
    assert_eq!(told(0), ["gzip mtime none 2023-11-14T22:13:20Z"]);
    assert_eq!(told(1), ["gzip flags 0x00 0x08", "gzip name null layer.tar", "gzip os unknown Unix"]);
    assert_eq!(told(2), ["gzip level not said best"]);
    assert!(told(3).len() == 1 && told(3)[0].starts_with("compressed bytes "), "{:?}", told(3));
    assert_eq!(told(4), ["compression gzip none"]);
    assert_eq!(told(5), ["compression gzip zstd"]);
    assert_eq!(told(6), [""; 0]);
    for place in 0..6 {
        let found = &found[place];
        assert_eq!((&found["same"], &found["reproducible"]), (&json!(true), &json!(false)), "{found}");
        assert_eq!(found["verdict"], "packed differently");
        assert_eq!(found["layers"][0]["what"], "compression");
    }
    assert_eq!((&found[6]["verdict"], &found[6]["layers"][0]["what"]), (&json!("identical"), &json!("same")));
    // Out of the store too, where two images have one tar as two blobs.
    let mut stored = Vec::new();
    for (name, blob) in [("one", gzip(6, |it| it)), ("two", gzip(6, |it| it.mtime(5)))] {
        let own = Tar::new().file(name, b"").end();
        let mut layout = Layout::new();
        let manifest = layout.image(&[(GZIP, &blob, &plain), (PLAIN, &own, &own)]);
        layout.index(&[manifest]);
        stored.push(layout.directory(&folder.path().join(format!("stored-{name}"))));
    }
    let found = plywood.json(&format!(
        "let a = load(`oci:{}`); let b = load(`oci:{}`); let d = diff(a, b);
         [d.packing.filter(|it| it.layer == 0), d.layers.map(\"what\")]",
        stored[0], stored[1]
    ));
    assert_eq!(found[0][0]["field"], "gzip mtime", "{found}");
    assert_eq!(found[1], json!(["compression", "files"]));
}

/// When and by what an image was made, and what is noted beside: told, and no difference of what it is.
#[test]
fn documents_are_compared() {
    let plain = Tar::new().file("f", b"x").end();
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str, change: fn(&mut Value, &mut Value)| {
        let mut layout = Layout::new();
        let layer = layout.blob(PLAIN, &plain);
        let mut config: Value =
            serde_json::from_slice(&layout::config(&[layer["digest"].as_str().unwrap().parse().unwrap()]))
                .unwrap();
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "layers": [layer],
            "annotations": { "org.opencontainers.image.created": "2020" },
        });
        change(&mut config, &mut manifest);
        let config = serde_json::to_vec_pretty(&config).unwrap();
        manifest["config"] = layout.blob("application/vnd.oci.image.config.v1+json", &config);
        let manifest = layout.manifest(&manifest);
        layout.index(&[manifest]);
        format!("oci:{}", layout.directory(&folder.path().join(name)))
    };
    let usual = place("usual", |_, _| {});
    let others = [
        place("late", |config, _| {
            config["created"] = json!("2021-01-01T00:00:00Z");
            config["history"][0]["created"] = json!("2021-01-01T00:00:01Z");
        }),
        place("built", |config, _| config["container"] = json!("b".repeat(200))),
        place("noted", |_, manifest| {
            manifest["annotations"] = json!({ "org.opencontainers.image.created": "2021", "x": "y\u{1b}" });
        }),
        place("spelled", |config, _| {
            let os = config.as_object_mut().unwrap().remove("os").unwrap();
            config["os"] = os;
        }),
        place("other", |config, _| config["config"]["Cmd"] = json!(["/bin/other"])),
        place("again", |_, _| {}),
    ];
    let script: Vec<String> =
        others.iter().map(|other| format!("diff(image(`{usual}`), image(`{other}`))")).collect();
    let plywood = Plywood::new();
    let found = plywood.json(&format!("[{}]", script.join(", ")));
    let ids = |place: usize| lines(&found[place]);
    assert_eq!(
        ids(0),
        [
            "created 1 null 2020-01-02T03:04:05Z 2021-01-01T00:00:00Z",
            "history created 1 null 2020-01-02T03:04:05Z 2021-01-01T00:00:01Z"
        ]
    );
    assert_eq!(ids(1), [format!("configuration container 1 null null {}…", "b".repeat(120))]);
    assert_eq!(
        ids(2),
        ["annotation org.opencontainers.image.created 1 null 2020 2021", "annotation x 1 null null y\u{1b}"]
    );
    assert!(
        ids(3).len() == 1 && ids(3)[0].starts_with("configuration's spelling 1 null sha256:"),
        "{:?}",
        ids(3)
    );
    assert_eq!((ids(4).len(), ids(5).len()), (0, 0));
    let verdicts: Vec<&str> = (0..6).map(|place| found[place]["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["same", "same", "same", "same", "different", "identical"]);
    let reproducible: Vec<bool> = (0..6).map(|place| found[place]["reproducible"] == true).collect();
    assert_eq!(reproducible, [false, false, false, false, false, true]);
    let except = r#"#{ except: ["created", "documents"] }"#;
    for other in &others[..4] {
        let found = plywood.json(&format!("diff(image(`{usual}`), image(`{other}`), {except}).reproducible"));
        assert_eq!(found, true, "{other}");
    }
    // As a gate reads it.
    let gate = |other: &str| {
        let script =
            format!("exit(if diff(image(`{usual}`), image(`{other}`)).reproducible {{ 0 }} else {{ 1 }})");
        plywood.eval(&script).code
    };
    assert_eq!((gate(&others[5]), gate(&others[0])), (0, 1));
}

/// Decoders that want much memory take turns; two that are read side by side must not wait for each other.
#[test]
fn large_windows_do_not_wait_for_each_other() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let content: Vec<u8> =
        (0..6_000_000_u32).map(|it| it.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let place = |name: &str, mtime: &str| {
        let file = |header: &mut [u8]| octal(&mut header[136..], mtime);
        let plain = Tar::new().with(b'0', b"f", &content, file).with(b'0', b"g", &content, file).end();
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(27).unwrap();
        encoder.write_all(&plain).unwrap();
        image(folder.path(), name, ZSTD, &encoder.finish().unwrap(), &plain)
    };
    let (one, other) = (place("one", "00000001750"), place("other", "00000001751"));
    let plywood = Plywood::new();
    let found = plywood.json(&format!(
        "let a = image(`{one}`); let b = image(`{other}`);
         [diff(layers(a)[0], layers(b)[0]).packing.map(\"field\"), diff(a, b).packing.map(\"field\")]"
    ));
    assert_eq!(found, json!([["mtime"], ["mtime"]]));
}

/// What GNU tar writes of one tree, told one to do and then another.
#[test]
fn gnu_tars_formats_and_options_are_told_apart() {
    let version = Command::new("tar").arg("--version").stdin(Stdio::null()).output();
    if !version.is_ok_and(|it| String::from_utf8_lossy(&it.stdout).contains("GNU tar")) {
        return skip("`tar` is not GNU's");
    }
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("usr/share")).unwrap();
    let amount = count(60, 2000);
    for place in 0..amount {
        fs::write(tree.join(format!("usr/share/{place:05}")), place.to_string()).unwrap();
    }
    fs::hard_link(tree.join("usr/share/00000"), tree.join("usr/zlink")).unwrap();
    std::os::unix::fs::symlink("share", tree.join("usr/link")).unwrap();
    let long = tree.join("n".repeat(120));
    fs::write(&long, "long").unwrap();
    // `.`, `usr`, `share`, the files, two links, the long name.
    let entries = amount + 6;
    let tar = |options: &str| {
        let output = Command::new("tar")
            .args(options.split(' '))
            .arg("-C")
            .arg(&tree)
            .args(["-cf", "-", "."])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        output.stdout
    };
    let usual = "--sort=name --format=gnu --mtime=@1000 --owner=root:0 --group=root:0";
    let with = |from: &str, to: &str| tar(&usual.replace(from, to));
    let made = tar(usual);
    let pairs = [
        (made.clone(), with("--mtime=@1000", "--mtime=@2000")),
        (made.clone(), with("--format=gnu", "--format=ustar --exclude=./nnn*")),
        (made.clone(), with("--format=gnu", "--format=pax")),
        (made.clone(), with("--owner=root:0", "--owner=somebody:0")),
        (made.clone(), tar(&format!("{usual} --numeric-owner"))),
        (made.clone(), tar(&format!("{usual} --blocking-factor=1"))),
        (
            tar("--sort=name --format=v7 --mtime=@1 --exclude=./nnn*"),
            tar("--sort=name --format=ustar --mtime=@1 --exclude=./nnn*"),
        ),
        (
            with("--format=gnu", "--format=pax --pax-option=exthdr.name=%d/PaxHeaders.1/%f"),
            with(
                "--format=gnu",
                "--format=pax --pax-option=exthdr.name=%d/PaxHeaders.2/%f,delete=atime,delete=ctime",
            ),
        ),
        (made.clone(), made.clone()),
    ];
    let found = compared(&pairs, "");
    let of = |place: usize, field: &str| {
        let all = found[place]["packing"].as_array().unwrap();
        let it = all.iter().find(|it| it["field"] == field).unwrap_or_else(|| panic!("no {field}: {all:#?}"));
        (it["count"].as_u64().unwrap() as usize, it["before"].clone(), it["after"].clone())
    };
    let fields = |place: usize| {
        found[place]["packing"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["field"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(of(0, "mtime"), (entries, json!("1970-01-01T00:16:40Z"), json!("1970-01-01T00:33:20Z")));
    assert_eq!(fields(0), ["mtime"]);
    assert_eq!(of(1, "format"), (entries - 1, json!("GNU"), json!("ustar")));
    assert_eq!(of(1, "entry missing").0, 1);
    assert_eq!(of(2, "format"), (entries, json!("GNU"), json!("PAX")));
    assert_eq!(of(2, "extended headers"), (1, json!("L"), Value::Null));
    assert_eq!(of(2, "pax path").0, 1);
    assert_eq!(of(2, "pax ctime").0, entries);
    assert_eq!(fields(3), ["uname"]);
    assert_eq!(of(3, "uname"), (entries, json!("root"), json!("somebody")));
    // The header that carries the long name has an owner too.
    assert_eq!(fields(4), ["gname", "uname", "long name header fields"]);
    assert!(fields(5) == ["end"] || fields(5).is_empty(), "{:?}", fields(5));
    assert_eq!(of(6, "format"), (entries - 1, json!("v7"), json!("ustar")));
    let name = |number: u8| json!(format!("./PaxHeaders.{number}/."));
    let told = of(7, "pax header name");
    assert!(
        told.0 > 0 && (told.1 == name(1) || told.1.as_str().unwrap().contains("PaxHeaders.1")),
        "{told:?}"
    );
    assert!(fields(7).contains(&"pax atime".to_owned()), "{:?}", fields(7));
    assert_eq!(fields(8), [""; 0]);
}
