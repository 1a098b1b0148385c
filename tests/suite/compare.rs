//! Two images, containers or layers beside each other.

use serde_json::{Value, json};

use crate::support::{Plywood, debian};

fn kinds(found: &Value) -> Vec<String> {
    let line = |it: &Value| format!("{} {}", it["kind"].as_str().unwrap(), it["path"].as_str().unwrap());
    found.as_array().unwrap().iter().map(line).collect()
}

#[test]
fn any_two_are_compared() {
    let plywood = Plywood::new();
    plywood
        .eval(
            r#"let v1 = run(base(), "mkdir /d; echo one > /f; printf 'a\\nb\\nc\\n' > /t; printf '\\377' > /bin-file; touch -d @1000 /f; ln -s f /l; echo k > /d/k")
                   .commit("cmp:1", #{ change: ["ENV A=1", "LABEL x=y"] });
               let v2 = run(v1, "echo two > /f; printf 'a\\nB\\nc\\n' > /t; printf '\\376' > /bin-file; chmod 700 /d; rm /l; ln -s t /l; rm /d/k; echo n > /n")
                   .commit("cmp:2", #{ change: ["ENV A=2", "CMD [\"x\"]"] });"#,
        )
        .assert_ok();
    let found = plywood.json(r#"diff("cmp:1", "cmp:2")"#);
    assert_eq!((&found["same"], &found["verdict"]), (&json!(false), &json!("different")));
    assert_eq!(kinds(&found["files"]), ["C /bin-file", "C /d", "D /d/k", "C /f", "C /l", "A /n", "C /t"]);
    let reasons = |path: &str| {
        let files = found["files"].as_array().unwrap();
        files.iter().find(|file| file["path"] == path).unwrap()["reasons"].clone()
    };
    assert_eq!(reasons("/f"), json!(["mtime", "content"]));
    assert_eq!(reasons("/d"), json!(["mode", "mtime"]));
    assert_eq!(reasons("/l"), json!(["mtime", "link"]));
    assert_eq!(reasons("/n"), json!([]));
    let config: Vec<_> = found["config"].as_array().unwrap().iter().map(|it| it["key"].clone()).collect();
    assert_eq!(config, ["Cmd", "Env.A"]);
    assert_eq!(found["history"].as_array().unwrap().len(), 1);
    assert_eq!(found["history"][0]["kind"], "A");
    let layers: Vec<_> = found["layers"].as_array().unwrap().iter().map(|it| it["what"].clone()).collect();
    assert_eq!(layers, ["same", "same", "only one"]);

    // The other way round, a container, an archive in place, and layers.
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("two.tar");
    plywood.eval(&format!("save(image(\"cmp:2\"), `docker-archive:{}`)", archive.display())).assert_ok();
    let other = Plywood::new();
    let all = plywood.json(&format!(
        r#"let c = run(image("cmp:1"), "echo n > /n; rm /d/k");
           [diff("cmp:2", "cmp:1").files.map(|f| f.kind + " " + f.path), diff(image("cmp:1"), c).files,
            diff(c, "cmp:1").same, diff(layers("cmp:1")[1], layers("cmp:2")[2]).files.map(|f| f.kind + " " + f.path),
            diff("cmp:2", image(`docker-archive:{}`)).verdict, diff(layers(c)[-1], layers("cmp:2")[2]).files.len(),
            diff("cmp:1", "cmp:1").verdict]"#,
        archive.display()
    ));
    assert_eq!(all[0], json!(["C /bin-file", "C /d", "A /d/k", "C /f", "C /l", "D /n", "C /t"]), "{all}");
    assert_eq!(kinds(&all[1]), ["D /d/k", "A /n"]);
    assert_eq!(all[2], false);
    let layers = all[3].as_array().unwrap();
    assert!(layers.contains(&json!("A /n")) && layers.contains(&json!("C /d/k")), "{all}");
    assert_eq!((&all[4], &all[6]), (&json!("identical"), &json!("identical")));
    assert!(all[5].as_u64().unwrap() > 3, "{all}");
    drop(other);
}

#[test]
fn text_is_a_unified_diff() {
    let plywood = Plywood::new();
    let found = plywood.json(
        r#"let v1 = run(base(), "printf 'a\\nb\\nc\\n' > /t; printf '\\377' > /raw; ln -s t /l").commit("text:1");
           let v2 = run(v1, "printf 'a\\nB\\nc\\n' > /t; printf '\\376' > /raw; echo new > /n").commit("text:2");
           let d = diff(v1, v2); [d.text("/t"), d.text("/l"), d.text("/raw"), d.text("/n"), d.text("/etc/passwd")]"#,
    );
    assert_eq!(found[0], "--- text:1:/t\n+++ text:2:/t\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
    // A link is followed on both sides.
    assert!(found[1].as_str().unwrap().ends_with("-b\n+B\n c\n"), "{found}");
    assert_eq!(found[2], "Binary files text:1:/raw and text:2:/raw differ\n");
    assert_eq!(found[3], "--- /dev/null\n+++ text:2:/n\n@@ -0,0 +1 @@\n+new\n");
    assert_eq!(found[4], "");
}

#[test]
fn what_does_not_count_is_left_out() {
    let plywood = Plywood::new();
    plywood
        .eval(
            r#"run(base(), "mkdir /app; echo x > /app/x; echo x > /app/x.pyc; touch -d @1000 /app/x /app").commit("rule:1", #{ change: "CMD x" });
               run(base(), "mkdir /app; echo x > /app/x; echo y > /app/x.pyc; touch -d @2000 /app/x /app; mkdir -p /var/log; echo l > /var/log/l").commit("rule:2", #{ change: ["CMD x", "LABEL a=b", "LABEL b=c"] });"#,
        )
        .assert_ok();
    let verdict = |options: &str| {
        let found = plywood.json(&format!(
            r#"let d = diff("rule:1", "rule:2", #{{ {options} }}); [d.same, d.verdict, d.layers[1].what]"#
        ));
        (found[0] == true, found[1].as_str().unwrap().to_owned(), found[2].as_str().unwrap().to_owned())
    };
    let told = |same, verdict: &str, layer: &str| (same, verdict.to_owned(), layer.to_owned());
    assert_eq!(verdict(""), told(false, "different", "files"));
    let labels = r#""Labels.a", "Labels""#;
    assert_eq!(verdict(r#"ignore: ["*.pyc", "/var"]"#), told(false, "different", "times"));
    let options = format!(r#"ignore: ["*.pyc", "/var"], except: [{labels}]"#);
    assert_eq!(verdict(&options), told(false, "only times differ", "times"));
    let options = format!(r#"ignore: ["*.pyc", "/var"], except: ["mtime", {labels}]"#);
    assert_eq!(verdict(&options), told(true, "same", "ignored"));
    // What stands for all below a directory stands for the directory too, whose time differs: as in Docker's diff
    // that is no change, but the layers have it.
    assert_eq!(verdict(r#"ignore: ["/app/**", "/var"], except: "config""#), told(true, "same", "ignored"));
    assert_eq!(
        verdict(r#"ignore: ["/app/*", "/var"], except: "config""#),
        told(true, "packed differently", "packing")
    );
}

#[test]
fn packages_are_read_from_their_databases() {
    let plywood = Plywood::new();
    let found = plywood.json(
        r#"let v1 = run(base(), `
               mkdir -p /var/lib/dpkg /lib/apk/db /usr/lib/python3/six-1.0.dist-info /srv/node_modules/@s/p
               printf 'Package: wget\nStatus: install ok installed\nVersion: 1.21\nArchitecture: amd64\n\nPackage: gone\nVersion: 1\n' > /var/lib/dpkg/status
               printf 'P:musl\nV:1.2\nA:x86_64\n\n' > /lib/apk/db/installed
               printf 'Name: six\nVersion: 1.0\n\n' > /usr/lib/python3/six-1.0.dist-info/METADATA
               echo '{"name": "@s/p", "version": "3.0.0"}' > /srv/node_modules/@s/p/package.json`).commit("pack:1");
           let v2 = run(v1, `
               printf 'Package: wget\nVersion: 1.22\nArchitecture: amd64\n\nPackage: fresh\nVersion: 2\n' > /var/lib/dpkg/status
               rm -r /srv/node_modules`).commit("pack:2");
           [packages(v1), diff(v1, v2).packages]"#,
    );
    let names: Vec<_> = found[0]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            format!(
                "{} {} {}",
                it["manager"].as_str().unwrap(),
                it["name"].as_str().unwrap(),
                it["version"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(names, ["apk musl 1.2", "dpkg gone 1", "dpkg wget 1.21", "npm @s/p 3.0.0", "pip six 1.0"]);
    assert_eq!(
        found[1],
        json!([
            {"kind": "A", "manager": "dpkg", "name": "fresh", "before": null, "after": "2"},
            {"kind": "D", "manager": "dpkg", "name": "gone", "before": "1", "after": null},
            {"kind": "C", "manager": "dpkg", "name": "wget", "before": "1.21", "after": "1.22"},
            {"kind": "D", "manager": "npm", "name": "@s/p", "before": "3.0.0", "after": null},
        ])
    );
}

/// The plain text is complete and every name in it is spelled so that a terminal cannot be fooled.
#[test]
fn names_are_spelled_and_lines_are_plain() {
    let plywood = Plywood::new();
    let outcome = plywood.eval(
        r#"let v1 = run(base(), ["sh", "-c", "printf x > \"$(printf '/e\\033[31m')\"; echo x > /b"]).commit("names:1");
           print(diff(base(), v1).files); print(tree(v1, -1, #{ own: true })); diff(base(), v1)"#,
    );
    outcome.assert_ok();
    assert!(outcome.stdout.starts_with("A /b\nA /e\\x1b[31m\n"), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains('\x1b'));
    assert!(outcome.stdout.contains("verdict: different"), "{}", outcome.stdout);
}

/// The same as the manager itself says, of the starter image's own and of a whole Debian.
#[test]
fn packages_are_those_that_the_manager_lists() {
    let found = Plywood::new()
        .json(r#"packages(run(base(), "pkg install hello")).map(|p| p.manager + " " + p.name)"#);
    assert_eq!(found, json!(["pkg hello"]));
    let Some(debian) = debian() else { return };
    let plywood = debian.plywood();
    let found = plywood.json(
        r#"let x = image("debian:test");
           let said = run(x, "dpkg-query -W -f '${Package} ${Version} ${Architecture}\\n'").stdout.split("\n").filter(|l| l != "");
           let read = packages(x).filter(|p| p.manager == "dpkg").map(|p| `${p.name} ${p.version} ${p.architecture}`);
           said.sort(); read.sort(); [said == read, said.len()]"#,
    );
    assert_eq!(found[0], true, "{found}");
    assert!(found[1].as_u64() > Some(50), "{found}");
}

/// rpm's database is a SQLite file of headers; what is a view, or no database, is not run.
#[test]
fn packages_of_rpm_are_read_from_its_database() {
    fn header(entries: &[(u32, u32, &[u8])]) -> Vec<u8> {
        let (mut index, mut data) = (Vec::new(), Vec::new());
        for (tag, kind, value) in entries {
            for number in [*tag, *kind, u32::try_from(data.len()).unwrap(), 1] {
                index.extend(number.to_be_bytes());
            }
            data.extend_from_slice(value);
        }
        let counts = [entries.len(), data.len()].map(|count| u32::try_from(count).unwrap().to_be_bytes());
        [counts[0].as_slice(), &counts[1], &index, &data].concat()
    }
    let plywood = Plywood::new();
    let folder = tempfile::tempdir().unwrap();
    for (name, schema) in [
        ("table", "CREATE TABLE Packages(hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)"),
        (
            "view",
            "CREATE TABLE Other(hnum INTEGER PRIMARY KEY, blob BLOB); CREATE VIEW Packages AS SELECT * FROM Other",
        ),
    ] {
        let place = folder.path().join(name).join("usr/lib/sysimage/rpm");
        std::fs::create_dir_all(&place).unwrap();
        let database = rusqlite::Connection::open(place.join("rpmdb.sqlite")).unwrap();
        database.execute_batch(schema).unwrap();
        let table = if name == "table" { "Packages" } else { "Other" };
        for package in ["bash", "gpg-pubkey"] {
            let package = format!("{package}\0");
            let record = header(&[
                (1000, 6, package.as_bytes()),
                (1001, 6, b"5.1\0"),
                (1002, 6, b"9.el9\0"),
                (1022, 6, b"x86_64\0"),
            ]);
            database.execute(&format!("INSERT INTO {table}(blob) VALUES (?1)"), [record]).unwrap();
        }
        database.close().unwrap();
    }
    let of = |name: &str| {
        plywood.json(&format!("packages(rootfs(`{}`, \"rpm:{name}\"))", folder.path().join(name).display()))
    };
    assert_eq!(
        of("table"),
        json!([{"manager": "rpm", "name": "bash", "version": "5.1-9.el9", "architecture": "x86_64"}])
    );
    assert_eq!(of("view"), json!([]));
}
