//! States of containers that run: in another process, and in another thread of this one.

use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use plywood::workbench::{
    BranchPoint, Command, CommitOptions, HostEnvironment, RunOptions, Settings, SnapshotOptions, Subject,
    Workbench,
};
use serde_json::json;

use super::assert_nothing_unreachable;
use crate::support::{Plywood, count, is_root, leave_to_root};

/// Writes `n` into `/a`, then into `/b`, for ever; makes and removes a tree, with a link; has children.
const BUSY: &str = "mkdir /keep; rm /usr/bin/find; ln -s x /keep/l; mkfifo /keep/p; echo h > /keep/h;
ln /keep/h /keep/i; i=0; while :; do i=$((i+1)); echo $i > /tmp/n; cat /tmp/n > /a.new; mv /a.new /a;
cat /tmp/n > /b.new; mv /b.new /b; mkdir /t; echo $i > /t/x; ln /t/x /t/y; rm -r /t; done";

struct Busy {
    child: Child,
}

impl Busy {
    fn start(plywood: &Plywood) -> Self {
        let script = format!("run(base(), {}, #{{ name: \"busy\", network: \"none\" }})", json!(BUSY));
        let child = plywood
            .command()
            .args(["-e", &script])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let busy = Self { child };
        busy.wait_for_progress(plywood);
        busy
    }

    /// That the container goes on.
    #[track_caller]
    fn wait_for_progress(&self, plywood: &Plywood) {
        let read = || plywood.json("let c = attempt(|| container(\"busy\").read(\"/b\")); c.value ?? \"\"");
        let before = read();
        let until = Instant::now() + Duration::from_secs(20);
        while read() == before {
            assert!(Instant::now() < until, "it stands still at {before}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_running_container_is_held_still_and_goes_on() {
    let plywood = Plywood::new();
    plywood.eval("base();").assert_ok();
    let busy = Busy::start(&plywood);
    for round in 0..count(3, 20) {
        let seen = plywood.json(&format!(
            r#"
            let c = container("busy");
            let s = snapshot(c);
            let b = branch(c);
            let i = commit(c, "busy:{round}");
            let of_s = branch(s);
            let told = [];
            for state in [of_s, b] {{
                let d = diff(state).map(|l| `${{l.kind}} ${{l.path}}`).filter(|l| l.contains("keep") || l.contains("find"));
                told.push([state.read("/a"), state.read("/b"), d, state.files.filter(|f| f.path == "/keep/i")[0].size]);
                rm(state);
            }}
            told.push([i.read("/a"), i.read("/b"), layers(i).len(), i.exists("/usr/bin/find")]);
            rm(s);
            rm(`busy:{round}`);
            #{{ told: told, status: container("busy").status }}
            "#
        ));
        assert_eq!(seen["status"], "running");
        let number = |value: &serde_json::Value| value.as_str().unwrap().trim().parse::<i64>().unwrap();
        for state in seen["told"].as_array().unwrap() {
            let (a, b) = (number(&state[0]), number(&state[1]));
            assert!(a == b || a == b + 1, "not of one moment: {a} and {b}");
        }
        for state in &seen["told"].as_array().unwrap()[..2] {
            let there =
                json!(["A /keep", "A /keep/h", "A /keep/i", "A /keep/l", "A /keep/p", "D /usr/bin/find"]);
            assert_eq!(state[2], there);
        }
        assert_eq!((&seen["told"][2][2], &seen["told"][2][3]), (&json!(2), &json!(false)));
        busy.wait_for_progress(&plywood);
    }
    let error = plywood.error("let s = snapshot(container(\"busy\")); rollback(container(\"busy\"), s)");
    assert_eq!(error["kind"], "busy", "{error}");
    assert!(error["hint"].as_str().unwrap().contains("branch"), "{error}");
    assert_eq!(
        plywood.json("commit(container(\"busy\"), \"busy:live\", #{ pause: false }).diff_ids.len()"),
        2
    );
    plywood
        .eval("rm(container(\"busy\"), #{ force: true }); rm(snapshots()); rm(\"busy:live\");")
        .assert_ok();
    drop(busy);
    assert_nothing_unreachable(&plywood);
}

/// Whoever pauses a container and dies does not leave it paused.
#[test]
fn a_kill_of_who_pauses_leaves_the_container_running() {
    let plywood = Plywood::new();
    plywood.eval("base();").assert_ok();
    let busy = Busy::start(&plywood);
    for round in 0..count(10, 100) {
        let mut child = plywood
            .command()
            .args(["-e", "loop { snapshot(container(\"busy\")); branch(container(\"busy\")); }"])
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(20_000 + 7919 * round as u64 % 60_000));
        child.kill().unwrap();
        child.wait().unwrap();
        busy.wait_for_progress(&plywood);
    }
    plywood.eval("for c in containers() { rm(c, #{ force: true }); } rm(snapshots()); prune();").assert_ok();
    drop(busy);
    assert_nothing_unreachable(&plywood);
}

#[test]
fn a_container_of_another_thread_can_be_branched() {
    if !is_root() {
        // The process would have to enter its user namespace before the test program has threads.
        return leave_to_root("a workbench inside of the test program needs root");
    }
    let plywood = Plywood::new();
    plywood.eval("base();").assert_ok();
    let workbench = Arc::new(Workbench::new(Settings {
        store: plywood.store().to_owned(),
        interrupt: plywood::sys::Interrupt,
        source_date_epoch: None,
        terminal: false,
        host: HostEnvironment::default(),
        force: Vec::new(),
        limits: plywood::workbench::Limits::default(),
    }));
    let image = workbench.image("plywood/base").unwrap();
    let options = |name: &str| RunOptions {
        name: Some(name.to_owned()),
        network: Some("none".to_owned()),
        check: false,
        ..RunOptions::default()
    };
    std::thread::scope(|scope| {
        let runner = scope.spawn(|| {
            let command = Command::Shell("echo 1 > /n; read -t 30 x < /dev/zero; sleep 30".to_owned());
            workbench.run(Subject::Image(image.clone()), Some(command), options("here")).unwrap()
        });
        let until = Instant::now() + Duration::from_secs(20);
        let container = loop {
            match workbench.container("here") {
                Ok(here) if workbench.exists(&Subject::Container(here.clone()), "/n").unwrap() => break here,
                _ => assert!(Instant::now() < until),
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let snapshot = workbench.snapshot(&container, SnapshotOptions::default()).unwrap();
        let branch = workbench.branch(&BranchPoint::Container(container.clone()), None).unwrap();
        let image = workbench
            .commit(&container, "here:1", CommitOptions { pause: true, ..CommitOptions::default() })
            .unwrap();
        assert_eq!(workbench.read(&Subject::Container(branch), "/n").unwrap(), "1\n");
        assert_eq!(workbench.read(&Subject::Image(image), "/n").unwrap(), "1\n");
        assert_eq!(snapshot.parts, 1);
        workbench.rm_container(&container, true).unwrap();
        assert_eq!(runner.join().unwrap().exit_code, Some(137));
    });
    drop(workbench);
    plywood.assert_clean();
}
