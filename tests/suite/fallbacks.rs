//! The ways of older kernels give the same result.

mod places;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::registry::find;
use crate::support::{Outcome, Plywood, Somebody, Who, is_root, leave_to_root, skip};

const WAYS: [&str; 9] = [
    "old-mount",
    "old-clone",
    "old-attributes",
    "old-xattrs",
    FUSE,
    "reflink",
    "copy",
    "plain-marks",
    "old-mount,old-clone,old-attributes,old-xattrs,copy",
];

const FUSE: &str = "fuse-overlayfs";

/// Whether that program can be tried here; says why not.
fn has_fuse() -> bool {
    if !is_root() {
        leave_to_root("only root may be sure of /dev/fuse");
        return false;
    }
    if !Path::new("/dev/fuse").exists() {
        skip("there is no /dev/fuse");
        return false;
    }
    find(FUSE).is_some()
}

/// The core loop, twice in the same container and once upon its image: what changed and what was committed.
const LOOP: &str = r#"
    let steps = [
        `umask 022; mkdir -p /srv/a/b /srv/c; echo x > /srv/a/x; echo y > /srv/a/b/y; ln -s x /srv/a/l; ln /srv/a/x /srv/hard
         mkfifo /srv/p; chmod 4755 /srv/a/x; rm /etc/group; chmod 600 /etc/passwd; rm -rf /usr/share/terminfo
         rm -rf /etc/ssl; mkdir /etc/ssl; echo new > /etc/ssl/new; echo more >> /etc/profile`,
        `rm -rf /srv/a/b; mkdir /srv/a/b; echo z > /srv/a/b/z; rm /srv/p; mv /srv/c /srv/d; echo file > /etc/group`,
        `rm -rf /srv/a; mkdir /srv/a; echo last > /srv/a/last; rm /srv/hard; rm -rf /etc/ssl`,
    ];
    let options = #{ network: "none", check: false };
    let c = run(run(base(), steps[0], options), steps[1], options);
    let shown = diff(c).map(|x| x.kind + " " + x.path);
    let image = commit(c, "loop:1");
    let second = run(image, steps[2], options);
    let top = commit(second, "loop:2");
    #{ diff: shown, again: diff(second).map(|x| x.kind + " " + x.path),
       files: second.files.filter(|f| f.path.starts_with("/srv") || f.path.starts_with("/etc/")).map(|f| `${f.path} ${f.type} ${f.mode} ${f.uid}:${f.gid} ${f.size}`),
       layers: layers(top).map("diff_id"), mounts: run(base(), "grep ' / / ' /proc/self/mountinfo | head -1", options).stdout }"#;

fn with(way: &str, mut command: std::process::Command) -> Value {
    let outcome = Outcome::of(
        command.env("PLYWOOD_FORCE", way).env("SOURCE_DATE_EPOCH", "1735689600").args(["--json", "-e", LOOP]),
    );
    outcome.assert_ok();
    serde_json::from_str(&outcome.stdout).unwrap()
}

#[track_caller]
fn assert_same(usual: &Value, other: &Value, what: &str) {
    for part in ["diff", "again", "files", "layers"] {
        assert_eq!(usual[part], other[part], "{part} of {what}");
    }
}

#[test]
fn every_older_way_gives_the_same_layers() {
    let usual = with("", Plywood::new().command());
    assert!(
        usual["diff"].as_array().unwrap().iter().any(|line| line == "D /etc/group")
            || usual["diff"].as_array().unwrap().iter().any(|line| line == "C /etc/group"),
        "{usual}"
    );
    for way in WAYS.into_iter().filter(|way| *way != FUSE || has_fuse()) {
        let plywood = Plywood::new();
        let other = with(way, plywood.command());
        assert_same(&usual, &other, way);
        let mounts = other["mounts"].as_str().unwrap();
        let is_copy = ["copy", "reflink", "plain-marks"].iter().any(|copies| way.contains(copies));
        assert_eq!(mounts.contains(" - fuse fuse-overlayfs "), way == FUSE, "{way}: {mounts}");
        assert_eq!(mounts.contains(" - overlay "), !is_copy && way != FUSE, "{way}: {mounts}");
        plywood.assert_clean();
    }
}

#[test]
fn they_do_so_for_every_user() {
    let Some(root) = Somebody::new(Who::Root) else { return };
    let usual = with("", root.command());
    for who in [Who::Ranges, Who::Single] {
        for way in ["", "old-mount,old-clone,old-attributes,old-xattrs", "copy"] {
            let Some(somebody) = Somebody::new(who) else { continue };
            let other = with(way, somebody.command());
            assert_same(&usual, &other, &format!("{who:?} {way}"));
            somebody.assert_clean();
        }
    }
}

#[test]
fn owners_are_kept_in_copies() {
    let Some(single) = Somebody::new(Who::Single) else { return };
    let script = r#"let c = run(base(), "echo x > /srv/f; ln -s f /srv/l; chown -h 5:6 /srv/f /srv/l; mknod /srv/n c 1 3; chown 7 /srv", #{ network: "none" });
        let d = run(c, "stat -c '%u:%g %F' /srv /srv/f /srv/l /srv/n; chown 8 /srv/f", #{ network: "none" });
        [d.stdout, layers(commit(d, "o:1"))[-1].files.map(|f| `${f.path} ${f.uid}:${f.gid} ${f.type}`)]"#;
    let outcome = Outcome::of(single.command().env("PLYWOOD_FORCE", "copy").args(["--json", "-e", script]));
    outcome.assert_ok();
    let value: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(value[0], "7:0 directory\n5:6 regular file\n5:6 symbolic link\n0:0 character special file\n");
    assert_eq!(
        value[1],
        serde_json::json!([
            "/srv 7:0 dir",
            "/srv/f 8:6 file",
            "/srv/l 5:6 symlink",
            "/srv/n 0:0 char_device"
        ])
    );
}

/// What has been written is known when the run ends; until then nothing is told that is not so.
#[test]
fn what_runs_apart_is_branched_when_it_has_ended() {
    for way in ["copy", FUSE].into_iter().filter(|way| *way != FUSE || has_fuse()) {
        let plywood = Plywood::new();
        plywood.eval("base();").assert_ok();
        let script = r#"run(base(), "echo x > /f; sleep 60", #{ name: "busy", network: "none" })"#;
        let mut child = plywood
            .command()
            .env("PLYWOOD_FORCE", way)
            .args(["-e", script])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It has begun as soon as it can be asked for more than a name.
        let until = Instant::now() + Duration::from_secs(20);
        while plywood.json(r#"attempt(|| container("busy").status).value ?? """#) != "running" {
            assert!(Instant::now() < until, "it does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        for verb in
            ["snapshot(c)", "branch(c)", "commit(c, \"busy:1\")", "commit(c, \"busy:1\", #{ pause: false })"]
        {
            let error = plywood.error(&format!("let c = container(\"busy\"); {verb}"));
            assert_eq!(error["kind"], "unsupported", "{way}: {verb}: {error}");
        }
        // A kill of who runs it leaves what it wrote behind; then it runs under overlayfs, where nothing is in the way.
        child.kill().unwrap();
        child.wait().unwrap();
        let again = r#"let c = run(container("busy"), "echo y > /g", #{ network: "none" }); branch(snapshot(c)).read("/g")"#;
        assert_eq!(plywood.json(again), "y\n", "{way}");
        plywood.assert_clean();
        // No program that served it stays.
        while processes_in(plywood.store()) > 0 {
            assert!(Instant::now() < until, "{way}: somebody still works in the store");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// How many processes have their working directory below `folder`.
fn processes_in(folder: &Path) -> usize {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let places = all.filter_map(|process| std::fs::read_link(process.path().join("cwd")).ok());
    places.filter(|place| place.starts_with(folder)).count()
}

/// Ctrl-C at the terminal reaches the container, and not who serves its root: what was written before is kept.
#[test]
fn what_was_written_before_an_interrupt_is_kept() {
    for way in ["", "copy", FUSE].into_iter().filter(|way| *way != FUSE || has_fuse()) {
        let plywood = Plywood::new();
        plywood.eval("base();").assert_ok();
        let script = r#"run(base(), "trap 'echo caught > /g; exit 3' INT; echo x > /f; while :; do sleep 0.1; done", #{ name: "busy", network: "none" })"#;
        let mut command = plywood.command();
        command.env("PLYWOOD_FORCE", way).args(["-e", script]).stdout(Stdio::null()).stderr(Stdio::null());
        // A process group of its own, as a shell gives a job.
        let mut child = std::os::unix::process::CommandExt::process_group(&mut command, 0).spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while plywood.json(r#"attempt(|| container("busy").status).value ?? """#) != "running" {
            assert!(Instant::now() < until, "it does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        // The shell inside needs a moment to say what it wants to catch.
        std::thread::sleep(Duration::from_millis(500));
        let group = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
        nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGINT).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{way}");
        assert_eq!(
            plywood.json(r#"let c = container("busy"); [c.read("/f"), c.read("/g")]"#).to_string(),
            r#"["x\n","caught\n"]"#
        );
        plywood.assert_clean();
    }
}

#[test]
fn doctor_says_what_is_used() {
    let plywood = Plywood::new();
    let said = |way: &str| {
        let outcome =
            Outcome::of(plywood.command().env("PLYWOOD_FORCE", way).args(["--json", "-e", "doctor()"]));
        outcome.assert_ok();
        serde_json::from_str::<Value>(&outcome.stdout).unwrap()
    };
    let of = |checks: &Value, name: &str| {
        let check = checks.as_array().unwrap().iter().find(|check| check["name"] == name).cloned();
        check.unwrap_or_else(|| panic!("no check `{name}` in {checks}"))["detail"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(of(&said(""), "container roots"), "overlayfs");
    assert!(of(&said("copy"), "container roots").starts_with("a full copy for each run"));
    if has_fuse() {
        let detail = of(&said(FUSE), "container roots");
        assert!(detail.starts_with("fuse-overlayfs (/") && detail.ends_with(": forced"), "{detail}");
    }
    // A store has the marks that it was made with.
    let outcome = Outcome::of(plywood.command().env("PLYWOOD_FORCE", "plain-marks").args(["-e", "images()"]));
    assert!(outcome.stderr.contains("plain ones cannot be forced on it"), "{}", outcome.stderr);
    let plain = Plywood::new();
    Outcome::of(plain.command().env("PLYWOOD_FORCE", "plain-marks").args(["-e", "base();"])).assert_ok();
    let outcome = Outcome::of(plain.command().args(["--json", "-e", "doctor()"]));
    outcome.assert_ok();
    let detail = of(&serde_json::from_str(&outcome.stdout).unwrap(), "container roots");
    assert!(detail.contains("the store has plain marks"), "{detail}");
    assert!(
        of(&said("old-clone,old-mount"), "kernel ways")
            .starts_with("clone (no clone3), mount with short names")
    );
    let outcome = Outcome::of(plywood.command().env("PLYWOOD_FORCE", "nonsense").args(["-e", "1"]));
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stderr.contains("old-mount"), "{}", outcome.stderr);
}
