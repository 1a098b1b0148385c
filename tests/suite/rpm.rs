//! Packages out of rpm's databases, made by rpm itself and by Berkeley DB's own tools.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Plywood, count, skip};

/// Whether a program is there, after saying so if it is not.
fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").arg("-V").stdin(Stdio::null()).output().is_ok();
    if !found {
        skip(&format!("`{program}` is not installed"));
    }
    found
}

fn ran(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Builds packages, one of them with an epoch and one with a long header.
fn build(folder: &Path) -> Vec<PathBuf> {
    let mut spec = String::from(
        "Name: first\nEpoch: 3\nVersion: 1.2\nRelease: 4.el7\nSummary: s\nLicense: MIT\nBuildArch: noarch\n\
         %description\nd\n%files\n",
    );
    for place in 0..count(25, 400) {
        let long = if place == 7 { "long ".repeat(20_000) } else { "short".to_owned() };
        write!(
            spec,
            "%package -n other{place}\nVersion: {place}.0\nSummary: s\n%description -n other{place}\n{long}\n%files -n other{place}\n"
        )
        .unwrap();
    }
    fs::write(folder.join("all.spec"), spec).unwrap();
    let top = format!("_topdir {}", folder.join("top").display());
    ran(Command::new("rpmbuild").args(["--quiet", "--define", &top, "-bb"]).arg(folder.join("all.spec")));
    let made = fs::read_dir(folder.join("top/RPMS/noarch")).unwrap();
    let mut packages: Vec<PathBuf> = made.map(|entry| entry.unwrap().path()).collect();
    packages.sort();
    packages
}

/// A database in `place`, of which rpm says what is in it.
fn rpm(place: &Path, backend: &str) -> Command {
    let mut command = Command::new("rpm");
    command.arg("--dbpath").arg(place).args(["--define", &format!("_db_backend {backend}")]);
    command
}

fn install(place: &Path, backend: &str, packages: &[PathBuf]) {
    fs::create_dir_all(place).unwrap();
    ran(rpm(place, backend)
        .args(["-i", "--justdb", "--nodeps", "--noscripts", "--nosignature", "--force-debian"])
        .args(packages));
}

/// `NAME VERSION ARCHITECTURE`, sorted, as rpm says it.
fn said(place: &Path, backend: &str) -> Vec<String> {
    let form = "%{NAME} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE} %{ARCH}\n";
    let text = ran(rpm(place, backend).args(["-qa", "--qf", form]));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// The same as the program reads it from an image.
fn read(root: &Path) -> Vec<String> {
    let script = format!("packages(rootfs(`{}`, \"rpm:1\"))", root.display());
    let found = Plywood::new().json(&script);
    let text = |it: &Value, key: &str| it[key].as_str().unwrap().to_owned();
    let line = |it: &Value| {
        assert_eq!(it["manager"], "rpm");
        format!("{} {} {}", text(it, "name"), text(it, "version"), text(it, "architecture"))
    };
    let mut lines: Vec<String> = found.as_array().unwrap().iter().map(line).collect();
    lines.sort();
    lines
}

/// SQLite, written by rpm; packages that were removed again leave holes.
#[test]
fn what_rpm_wrote_is_read_as_rpm_reads_it() {
    if !is_there("rpm") || !is_there("rpmbuild") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let packages = build(folder.path());
    let root = folder.path().join("root");
    let database = root.join("var/lib/rpm");
    install(&database, "sqlite", &packages);
    ran(rpm(&database, "sqlite").args(["-e", "--justdb", "--nodeps", "other3", "other7", "other11"]));
    let wanted = said(&database, "sqlite");
    assert!(wanted.len() > 20 && wanted.contains(&"first 3:1.2-4.el7 noarch".to_owned()), "{wanted:?}");
    assert_eq!(read(&root), wanted);
}

/// Every header of a SQLite database that rpm wrote, by number.
fn headers(place: &Path) -> Vec<(u32, Vec<u8>)> {
    let database = rusqlite::Connection::open(place.join("rpmdb.sqlite")).unwrap();
    let mut statement = database.prepare("SELECT hnum, blob FROM Packages").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// rpm's own format, `Packages.db`, as SUSE has it. Debian's rpm does not write it: the headers are rpm's, what is
/// around them is written here, with holes in the list.
fn ndb(items: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let words = |words: [u32; 4]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let slots = 2 * items.len();
    let pages = (slots + 2).div_ceil(256);
    let magic = |text: &[u8; 4]| u32::from_le_bytes(*text);
    let number = |size: usize| u32::try_from(size).unwrap();
    let mut file = words([magic(b"RpmP"), 0, 1, number(pages)]);
    file.extend(words([number(items.len() + 1), 0, 0, 0]));
    let mut blobs: Vec<u8> = Vec::new();
    for place in 0..pages * 256 - 2 {
        let Some((index, blob)) = items.get(place / 2).filter(|_| place % 2 == 1) else {
            file.extend(words([magic(b"Slot"), 0, 0, 0]));
            continue;
        };
        let size = (16 + blob.len() + 12).next_multiple_of(16);
        let at = pages * 256 + blobs.len() / 16;
        file.extend(words([magic(b"Slot"), *index, number(at), number(size / 16)]));
        let end = blobs.len() + size - 12;
        blobs.extend(words([magic(b"BlbS"), *index, 1, number(blob.len())]));
        blobs.extend(blob);
        blobs.resize(end, 0);
        blobs.extend(&words([0, number(blob.len()), magic(b"BlbE"), 0])[..12]);
    }
    file.extend(blobs);
    file
}

#[test]
fn rpms_own_format_is_read() {
    if !is_there("rpm") || !is_there("rpmbuild") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let sqlite = folder.path().join("sqlite");
    install(&sqlite, "sqlite", &build(folder.path()));
    let root = folder.path().join("root");
    let place = root.join("usr/lib/sysimage/rpm");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("Packages.db"), ndb(&headers(&sqlite))).unwrap();
    assert_eq!(read(&root), said(&sqlite, "sqlite"));
}

/// Berkeley DB as CentOS 7 has it: headers that rpm made, in a hash that Berkeley DB's own tool wrote, in either
/// byte order and with several sizes of pages. rpm reads the same.
#[test]
fn berkeley_databases_are_read() {
    if !is_there("rpm") || !is_there("rpmbuild") || !is_there("db_load") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let packages = build(folder.path());
    let sqlite = folder.path().join("sqlite");
    install(&sqlite, "sqlite", &packages);
    let wanted = said(&sqlite, "sqlite");
    let items = headers(&sqlite);
    assert_eq!(items.len(), packages.len());
    for (order, page) in [("1234", 4096), ("4321", 4096), ("1234", 512), ("1234", 65536)] {
        let root = folder.path().join(format!("{order}-{page}"));
        let place = root.join("var/lib/rpm");
        fs::create_dir_all(&place).unwrap();
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let mut dump = format!(
            "VERSION=3\nformat=bytevalue\ntype=hash\ndb_lorder={order}\ndb_pagesize={page}\nHEADER=END\n 00000000\n 40000000\n"
        );
        for (number, blob) in &items {
            writeln!(dump, " {}\n {}", hex(&number.to_le_bytes()), hex(blob)).unwrap();
        }
        dump += "DATA=END\n";
        let text = folder.path().join("dump");
        fs::write(&text, dump).unwrap();
        ran(Command::new("db_load").arg("-f").arg(&text).arg(place.join("Packages")));
        assert_eq!(read(&root), wanted, "{order} {page}");
        if (order, page) == ("1234", 4096) {
            let theirs = rpm(&place, "bdb_ro").args(["-qa"]).stdin(Stdio::null()).output().unwrap();
            let lines = String::from_utf8_lossy(&theirs.stdout).lines().count();
            assert!(!theirs.status.success() || lines == wanted.len(), "{theirs:?}");
        }
    }
    // What is cut off is an error, and one may go without.
    let root = folder.path().join("1234-4096");
    let file = fs::OpenOptions::new().write(true).open(root.join("var/lib/rpm/Packages")).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    let plywood = Plywood::new();
    let error = plywood.error(&format!("packages(rootfs(`{}`, \"cut:1\"))", root.display()));
    assert_eq!(error["kind"], "corrupt");
    assert!(error["message"].as_str().unwrap().contains("`/var/lib/rpm/Packages` of `cut:1`"), "{error}");
    let found = plywood
        .json(r#"let v = run(base(), "true").commit("x:1"); diff("cut:1", v, #{ except: "packages" }).same"#);
    assert_eq!(found, false);
}
