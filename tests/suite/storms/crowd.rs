//! Many processes at once on one store.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::assert_no_process_left;
use crate::support::{Plywood, SMALL, count, small_image};

/// One process's share: every operation, again and again, on a store that others use too.
const MIXED: &str = r#"
let me = args[0];
let rounds = parse_int(args[1]);
for i in 0..rounds {
    let name = `mixed:p${me}-${i}`;
    let c = run("plywood/base", `echo ${me}-${i} > /who`, #{ network: "none" });
    if i % 5 == 0 { rm(c); continue; }
    let image = commit(c, name);
    if image.read("/who").trim() != `${me}-${i}` { }
    if i % 5 == 1 { rm(c); rm(name); continue; }
    if i % 5 == 2 { let d = diff(c); if d.len() != 1 { fail(`diff has ${d.len()} lines`); } }
    if i % 5 == 3 { prune(); tag(image, `${name}-b`); }
    rm(c);
    print(name);
}
"#;

#[test]
fn eight_processes_share_a_store() {
    let plywood = Plywood::new();
    plywood.eval("base();").assert_ok();
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("mixed.rhai");
    std::fs::write(&script, MIXED).unwrap();
    let rounds = count(10, 50).to_string();
    let children: Vec<_> = (0..8)
        .map(|index| {
            plywood
                .command()
                .arg(&script)
                .args([index.to_string(), rounds.clone()])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut names = Vec::new();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        names.extend(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned));
    }
    assert_eq!(names.len(), 8 * count(10, 50) * 3 / 5);
    let list: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let contents = plywood.json(&format!("[{}].map(|r| image(r).read(\"/who\"))", list.join(", ")));
    for (name, content) in names.iter().zip(contents.as_array().unwrap()) {
        assert_eq!(format!("mixed:p{}", content.as_str().unwrap().trim()), *name);
    }
    assert_eq!(plywood.json("containers().len()"), 0);
    plywood.assert_clean();
    assert_no_process_left(&plywood);
}

/// What a process knows of an image is no more true when another one has removed it and brought it back.
#[test]
fn an_image_that_went_and_came_back_is_found_where_it_is_now() {
    let plywood = Plywood::new();
    let folder = tempfile::tempdir().unwrap();
    let load = format!("load(`{}`);", small_image(folder.path()).display());
    plywood.eval(&load).assert_ok();
    let (ready, go) = (folder.path().join("ready"), folder.path().join("go"));
    let script = format!(
        r#"
        let look = || run("{SMALL}", "echo here", #{{ network: "none", rm: true }}).stdout;
        look.call();
        write_file(`{}`, "");
        while !attempt(|| read_file(`{}`)).ok {{ }}
        print(look.call());
        "#,
        ready.display(),
        go.display()
    );
    let child = plywood
        .command()
        .args(["-e", &script])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while !ready.exists() {
        assert!(Instant::now() < until, "it does not get ready");
        std::thread::sleep(Duration::from_millis(5));
    }
    plywood.eval(&format!("rm(\"{SMALL}\"); prune(); {load}")).assert_ok();
    std::fs::write(go, "").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "here");
    plywood.assert_clean();
}
