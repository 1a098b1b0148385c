//! Kills at any moment, and many processes at once: nothing that was reported is lost.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Plywood, count};

/// Makes an image, reports it, takes it away again: forever. What it printed must be there.
const LOOP: &str = r#"
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

/// A pseudo random number from a counter: every storm differs, a failing one can be read from its output.
fn scattered(seed: u64) -> u64 {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(std::process::id());
    x ^= x >> 29;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^ (x >> 32)
}

#[test]
fn a_kill_at_any_moment_loses_nothing() {
    let plywood = Plywood::new();
    plywood.eval("base();").assert_ok();
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("loop.rhai");
    std::fs::write(&script, LOOP).unwrap();
    let mut kept: Vec<String> = Vec::new();
    let mut unsure: Vec<String> = Vec::new();
    for round in 0..count(12, 100) {
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
        std::thread::sleep(Duration::from_micros(5_000 + scattered(round as u64) % 250_000));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.trim().is_empty(), "the loop failed by itself: {said}");
        for line in reader.join().unwrap() {
            let (word, n) = line.split_once(' ').unwrap();
            let name = format!("storm:n{n}");
            match word {
                "committed" => kept.push(name),
                "removing" => unsure.push(name),
                _ => {
                    kept.retain(|other| *other != name);
                }
            }
        }
    }
    // A removal that was under way may have happened or not; what no removal was asked for must be there.
    // Every third is removed without an announcement, so its last one may be gone as well.
    let sure: Vec<&String> = kept
        .iter()
        .filter(|name| !unsure.contains(name))
        .filter(|name| name.trim_start_matches("storm:n").parse::<u64>().is_ok_and(|n| n % 3 == 2))
        .collect();
    assert!(kept.len() > count(3, 20), "the storm was too short to prove anything: {}", kept.len());
    let report = plywood.args(["--json", "fsck", "--repair"]);
    report.assert_ok();
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!(report["problems"], serde_json::json!([]), "{report}");
    let names: Vec<String> = sure.iter().map(|name| format!("\"{name}\"")).collect();
    let script = format!("[{}].map(|r| image(r).read(\"/n\"))", names.join(", "));
    let contents = plywood.json(&script);
    for (name, content) in sure.iter().zip(contents.as_array().unwrap()) {
        assert_eq!(format!("storm:n{}", content.as_str().unwrap().trim()), **name);
    }
    assert_nothing_left(&plywood);
    assert_eq!(plywood.json("run(base(), \"echo works\").stdout"), "works\n");
    let report = plywood.args(["--json", "fsck"]);
    assert_eq!(report.code, 0, "{}", report.stdout);
}

/// That no mount and no process of this store is left.
fn assert_nothing_left(plywood: &Plywood) {
    let store = plywood.store().display().to_string();
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(&store), "a mount is left:\n{mounts}");
    let until = Instant::now() + Duration::from_secs(5);
    loop {
        let left: Vec<_> = std::fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()))
            .filter(|entry| {
                let read = |name: &str| std::fs::read_to_string(entry.path().join(name)).unwrap_or_default();
                read("cmdline").contains(&store) || read("mountinfo").contains(&store)
            })
            .map(|entry| entry.path())
            .collect();
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < until, "processes are left: {left:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

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
    assert_nothing_left(&plywood);
}
