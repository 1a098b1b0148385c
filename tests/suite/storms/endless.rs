//! Endless loops, killed again and again.

use std::path::Path;
use std::time::Duration;

use super::assert_no_process_left;
use crate::branches::assert_nothing_unreachable;
use crate::support::{Chance, Plywood, count, kill_again_and_again};

/// Makes an image, reports it, takes it away again: forever. What it printed must be there.
const COMMITS: &str = r#"
let n = parse_int(args[0]) * 100000;
loop {
    let c = run("plywood/base", `echo ${n} > /n; mkdir /d; rm -rf /usr/share/terminfo`, #{ network: "none" });
    commit(c, `storm:n${n}`);
    print(`committed ${n}`);
    let again = c.run("echo more > /more");
    rm(again);
    if n % 3 == 0 {
        rm(`storm:n${n}`);
        print(`removed ${n}`);
    } else if n % 3 == 1 {
        print(`removing ${n}`);
        rm(`storm:n${n}`);
        print(`removed ${n}`);
    }
    n += 1;
}
"#;

const SNAPSHOTS: &str = r#"
let n = parse_int(args[0]) * 100000;
let c = run("plywood/base", "mkdir /d; echo x > /d/a; ln /d/a /d/b", #{ network: "none" });
loop {
    c.run(`echo ${n} > /n; echo ${n} >> /d/b`);
    let s = snapshot(c, #{ name: `kept-${n}` });
    print(`kept-${n}`);
    let b = branch(s, #{ name: `limb-${n}` });
    b.run("echo other > /n");
    if n % 2 == 0 { c = branch(b); rm(b); } else { c.run("rm -rf /d"); rollback(c, s); }
    if n % 3 == 0 { commit(c, `storm:n${n}`); }
    if n % 5 == 0 { prune(); }
    if n % 4 == 1 { let t = snapshot(c, #{ name: `gone-${n}` }); rm(t); }
    n += 1;
}
"#;

/// Lets `code` be killed so often, and until its processes have printed `least` lines; `take` gets the lines.
fn storm(plywood: &Plywood, code: &str, rounds: usize, least: usize, take: impl FnMut(Vec<String>)) {
    plywood.eval("base();").assert_ok();
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("loop.rhai");
    std::fs::write(&script, code).unwrap();
    let command = |script: &Path, round: usize| {
        let mut command = plywood.command();
        command.arg(script).arg(round.to_string());
        command
    };
    kill_again_and_again(
        rounds,
        Duration::from_millis(300),
        &mut Chance::new(),
        |round| command(&script, round),
        take,
        |reported| reported >= least,
    );
    let report = plywood.args(["--json", "fsck", "--repair"]);
    report.assert_ok();
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!(report["problems"], serde_json::json!([]), "{report}");
}

#[test]
fn a_kill_at_any_moment_loses_no_image() {
    let plywood = Plywood::new();
    let mut kept: Vec<String> = Vec::new();
    let mut unsure: Vec<String> = Vec::new();
    storm(&plywood, COMMITS, count(12, 100), count(20, 300), |lines| {
        for line in lines {
            let (word, n) = line.split_once(' ').unwrap();
            let name = format!("storm:n{n}");
            match word {
                "committed" => kept.push(name),
                "removing" => unsure.push(name),
                _ => kept.retain(|other| *other != name),
            }
        }
    });
    // A removal that was under way may have happened or not; what no removal was asked for must be there.
    // Every third is removed without an announcement, so its last one may be gone as well.
    let sure: Vec<&String> = kept
        .iter()
        .filter(|name| !unsure.contains(name))
        .filter(|name| name.trim_start_matches("storm:n").parse::<u64>().is_ok_and(|n| n % 3 == 2))
        .collect();
    assert!(!sure.is_empty());
    let names = serde_json::to_string(&sure).unwrap();
    let contents = plywood.json(&format!("{names}.map(|r| image(r).read(\"/n\"))"));
    for (name, content) in sure.iter().zip(contents.as_array().unwrap()) {
        assert_eq!(format!("storm:n{}", content.as_str().unwrap().trim()), **name);
    }
    assert_no_process_left(&plywood);
    assert_eq!(plywood.json("run(base(), \"echo works\").stdout"), "works\n");
    plywood.assert_clean();
}

#[test]
fn a_kill_at_any_moment_loses_no_snapshot() {
    let plywood = Plywood::new();
    let mut kept: Vec<String> = Vec::new();
    storm(&plywood, SNAPSHOTS, count(10, 100), count(10, 200), |lines| kept.extend(lines));
    for names in kept.chunks(50) {
        let script = format!(
            "{}.map(|s| {{ let b = branch(s); let t = b.read(\"/n\"); let same = b.read(\"/d/a\") == b.read(\"/d/b\"); rm(b); [t, same] }})",
            serde_json::to_string(names).unwrap()
        );
        let seen = plywood.json(&script);
        for (name, state) in names.iter().zip(seen.as_array().unwrap()) {
            assert_eq!(format!("kept-{}", state[0].as_str().unwrap().trim()), *name);
            assert_eq!(state[1], true, "{name}");
        }
    }
    plywood.eval("prune();").assert_ok();
    assert_nothing_unreachable(&plywood);
    plywood
        .eval("rm(snapshots()); rm(containers()); for i in images() { rm(i, #{ force: true }); } prune();")
        .assert_ok();
    assert_nothing_unreachable(&plywood);
}
