//! Kills at any moment of snapshots, branches and rollbacks.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use super::assert_nothing_unreachable;
use crate::support::{Plywood, count};

const LOOP: &str = r#"
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

#[test]
fn a_kill_at_any_moment_loses_no_snapshot() {
    let plywood = Plywood::new();
    plywood.eval("base();").assert_ok();
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("loop.rhai");
    std::fs::write(&script, LOOP).unwrap();
    let mut kept: Vec<String> = Vec::new();
    for round in 0..count(10, 100) as u64 {
        let mut child = plywood
            .command()
            .arg(&script)
            .arg(round.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            BufReader::new(lines).lines().map_while(Result::ok).collect::<Vec<_>>()
        });
        let scattered = round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        std::thread::sleep(Duration::from_micros(30_000 + scattered % 400_000));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.trim().is_empty(), "the loop failed by itself: {said}");
        kept.extend(reader.join().unwrap());
    }
    assert!(kept.len() > 5, "the storm was too short to prove anything: {}", kept.len());
    let report = plywood.args(["--json", "fsck", "--repair"]);
    report.assert_ok();
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!(report["problems"], serde_json::json!([]), "{report}");
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
