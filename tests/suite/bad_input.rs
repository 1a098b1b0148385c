//! Whatever goes wrong: a clear message, a hint, the right exit code, and a store that is clean afterwards.

use std::fs;

use serde_json::Value;

use crate::support::{Outcome, Plywood, is_root, skip};

/// That `error` is of `kind`, speaks of all of `words`, and says what to do.
#[track_caller]
fn assert_error(error: &Value, kind: &str, words: &[&str]) {
    assert_eq!(error["kind"], kind, "{error}");
    let message = error["message"].as_str().unwrap();
    for word in words {
        assert!(message.contains(word), "`{word}` is not in: {error}");
    }
    assert!(error["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "no hint: {error}");
}

#[test]
fn an_unknown_image_names_the_nearest() {
    let plywood = Plywood::new();
    assert_error(&plywood.error("image(\"plywood/bsae\")"), "not_found", &["plywood/bsae"]);
    plywood.eval("base();").assert_ok();
    let error = plywood.error("image(\"plywood/bsae\")");
    assert_error(&error, "not_found", &["plywood/bsae"]);
    assert!(error["hint"].as_str().unwrap().contains("plywood/base"), "{error}");
    assert_error(&plywood.error("run(\"nothing:here\", \"true\")"), "not_found", &["nothing:here"]);
    assert_eq!(plywood.error("image(\"Not A Reference\")")["kind"], "not_found");
    plywood.assert_clean();
}

#[test]
fn a_missing_program_is_127_and_one_that_cannot_run_126() {
    let plywood = Plywood::new();
    let error = plywood.error("run(base(), [\"no-such-program\", \"x\"])");
    assert_error(&error, "not_found", &["no-such-program"]);
    assert_eq!(error["exit_code"], 127);
    let error = plywood.error("run(base(), [\"/etc\"])");
    assert_error(&error, "denied", &["/etc"]);
    assert_eq!(error["exit_code"], 126);
    let error = plywood.error("run(base(), [\"/etc/passwd\"])");
    assert_eq!(error["exit_code"], 126);
    let error = plywood.error("run(base(), \"exit 42\")");
    assert_error(&error, "exit", &["42"]);
    assert_eq!(error["exit_code"], 42);
    assert_eq!(plywood.json("run(base(), \"exit 42\", #{ check: false }).exit_code"), 42);
    assert_eq!(
        plywood.json("run(base(), [\"sh\", \"-c\", \"kill -9 $$; exit 7\"], #{ check: false }).exit_code"),
        7
    );
    assert_eq!(plywood.json("run(base(), `sh -c 'kill -TERM $$'`, #{ check: false }).exit_code"), 143);
    plywood.assert_clean();
}

#[test]
fn an_image_without_a_shell_says_how_to_do_without() {
    let plywood = Plywood::new();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "x").unwrap();
    let path = folder.path().display();
    let error = plywood.error(&format!("run(rootfs(`{path}`, \"bare:1\"), \"echo hi\")"));
    assert_error(&error, "not_found", &["shell"]);
    assert!(error["hint"].as_str().unwrap().contains('['), "{error}");
    assert_eq!(error["exit_code"], 127);
    let error = plywood.error("run(\"bare:1\")");
    assert_error(&error, "invalid", &["no command"]);
    assert_eq!(error["exit_code"], 125);
    plywood.assert_clean();
}

#[test]
fn options_are_checked() {
    let plywood = Plywood::new();
    let error = plywood.error("run(base(), \"true\", #{ hostnam: \"x\" })");
    assert_error(&error, "invalid", &["hostnam"]);
    assert!(error["hint"].as_str().unwrap().contains("hostname"), "{error}");
    assert_error(&plywood.error("run(base(), \"true\", #{ rm: \"yes\" })"), "invalid", &["rm"]);
    assert_error(&plywood.error("run(base(), \"true\", #{ network: \"bridge\" })"), "invalid", &["bridge"]);
    assert_error(
        &plywood.error("run(base(), \"true\", #{ volumes: [\"/nowhere-at-all:/x\"] })"),
        "not_found",
        &["/nowhere-at-all"],
    );
    assert_error(&plywood.error("run(base(), \"true\", #{ name: \"no good\" })"), "invalid", &["no good"]);
    assert_error(
        &plywood.error("run(base(), \"true\", #{ workdir: \"relative\" })"),
        "invalid",
        &["relative"],
    );
    let error = plywood.error("run(base(), \"true\", #{ user: \"nobody-here\" })");
    assert_eq!(error["exit_code"], 125, "{error}");
    // What never ran is no container that runs; with `rm` it is none at all.
    assert_eq!(plywood.json("[last().status, last().exit_code]"), serde_json::json!(["exited", 125]));
    let count = plywood.json("containers().len()");
    plywood.error("run(base(), \"true\", #{ user: \"nobody-here\", rm: true })");
    assert_eq!(plywood.json("containers().len()"), count);
    assert_eq!(plywood.error("image(5)")["kind"], "invalid");
    assert_eq!(
        plywood.error("commit(run(base(), \"true\"), \"x:1\", #{ change: \"RUN x\" })")["kind"],
        "invalid"
    );
    assert_eq!(plywood.error("commit(run(base(), \"true\"), \"Not Good\")")["kind"], "invalid");
    plywood.assert_clean();
}

#[test]
fn a_name_in_use_names_its_holder() {
    let plywood = Plywood::new();
    plywood.eval("run(base(), \"true\", #{ name: \"taken\" });").assert_ok();
    assert_error(&plywood.error("run(base(), \"true\", #{ name: \"taken\" })"), "name_in_use", &["taken"]);
    let error = plywood.error("rm(base())");
    assert_error(&error, "in_use", &["taken"]);
    plywood.eval("rm(container(\"taken\")); rm(base());").assert_ok();
    plywood.assert_clean();
}

#[test]
fn a_container_in_use_is_busy() {
    let plywood = Plywood::new();
    plywood.eval("base();").assert_ok();
    let mut running = plywood
        .command()
        .args(["-e", "run(base(), \"sleep 30\", #{ name: \"long\" })"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while plywood.json("containers().len()") == 0 {
        assert!(std::time::Instant::now() < until);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let error = plywood.error("container(\"long\").run(\"true\")");
    assert_error(&error, "busy", &["long"]);
    assert!(error["message"].as_str().unwrap().contains(&running.id().to_string()), "{error}");
    assert_error(&plywood.error("rm(container(\"long\"))"), "busy", &["long"]);
    running.kill().unwrap();
    running.wait().unwrap();
    // The lock died with its process.
    assert_eq!(plywood.json("container(\"long\").run(\"echo again\").stdout"), "again\n");
    plywood.eval("rm(container(\"long\"))").assert_ok();
    plywood.assert_clean();
}

#[test]
fn a_corrupt_archive_leaves_nothing() {
    let plywood = Plywood::new();
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good.tar");
    plywood.eval(&format!("save(base(), `docker-archive:{}`); rm(base());", good.display())).assert_ok();
    let bytes = fs::read(&good).unwrap();
    let bad = folder.path().join("bad.tar");
    let load = format!("load(`{}`)", bad.display());

    fs::write(&bad, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(plywood.error(&load)["kind"], "corrupt");
    fs::write(&bad, b"this is not an archive").unwrap();
    assert_error(&plywood.error(&load), "corrupt", &["bad.tar"]);
    fs::write(&bad, b"").unwrap();
    assert_eq!(plywood.error(&load)["kind"], "corrupt");
    // One byte of a file's content: the layer's digest no longer fits.
    let mut changed = bytes.clone();
    let at = changed.windows(4).position(|four| four == b"\x7fELF").unwrap() + 200;
    changed[at] ^= 1;
    fs::write(&bad, &changed).unwrap();
    assert_error(&plywood.error(&load), "corrupt", &["sha256:"]);
    assert_eq!(plywood.error("load(`/nowhere/at/all.tar`)")["kind"], "not_found");
    assert_eq!(plywood.json("images().len()"), 0);
    plywood.assert_clean();
    fs::write(&bad, &bytes).unwrap();
    plywood.eval(&load).assert_ok();
    plywood.assert_clean();
}

#[test]
fn limits_are_named_and_can_be_raised() {
    let plywood = Plywood::new();
    let folder = tempfile::tempdir().unwrap();
    for name in ["one", "two", "three"] {
        fs::write(folder.path().join(name), name).unwrap();
    }
    let load = format!("rootfs(`{}`, \"tree:1\").id", folder.path().display());
    let with = |limits: &str| {
        Outcome::of(plywood.command().env("PLYWOOD_LIMITS", limits).args(["--json", "-e", &load]))
    };
    let refused = with("entries=2");
    assert_eq!(refused.code, 1, "{refused:?}");
    let error: Value = serde_json::from_str(&refused.stderr).unwrap();
    assert_error(&error["error"], "denied", &["`entries` of 2"]);
    assert!(refused.stderr.contains("PLYWOOD_LIMITS=entries="), "{refused:?}");
    plywood.assert_clean();
    with("entries=3, tar_bytes=1M").assert_ok();
    for (limits, part) in [
        ("entrees=3", "did you mean `entries`?"),
        ("xyzzy=3", "there are operations, calls"),
        ("entries=x", "no number"),
        ("3", "NAME="),
    ] {
        let outcome = with(limits);
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.stderr.contains("PLYWOOD_LIMITS") && outcome.stderr.contains(part), "{outcome:?}");
    }
}

#[test]
fn usage_is_2_and_a_script_that_fails_is_1() {
    let plywood = Plywood::new();
    assert_eq!(plywood.args(["--no-such-flag"]).code, 2);
    assert_eq!(plywood.args(["/no/such/file.rhai"]).code, 2);
    assert_eq!(plywood.eval("fail(\"no\")").code, 1);
    assert_eq!(plywood.eval("exit(7)").code, 7);
    assert_eq!(plywood.eval("attempt(|| exit(3)); 1").code, 3);
    let outcome = plywood.eval("let x = 1;\nlet y = x +* 2;");
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains('^') && outcome.stderr.contains("2:"), "{}", outcome.stderr);
}

#[test]
fn a_full_disk_is_said_and_survived() {
    if !is_root() {
        // Without root the same is done in a namespace of our own.
        return inside_small_disk("unshare --user --map-root-user --mount");
    }
    inside_small_disk("unshare --mount");
}

/// Runs on a tmpfs too full for the image, then gives it room again.
fn inside_small_disk(unshare: &str) {
    let folder = tempfile::tempdir().unwrap();
    let binary = crate::support::binary();
    let script = format!(
        r#"
        mount -t tmpfs -o size=400m small '{folder}' || exit 77
        head -c 397M /dev/zero > '{folder}/ballast'
        said=$('{binary}' --store '{folder}/store' --json -e 'base()' 2>&1 >/dev/null) && exit 1
        echo "$said"
        rm '{folder}/ballast'
        '{binary}' --store '{folder}/store' --json fsck --repair >/dev/null || exit 2
        '{binary}' --store '{folder}/store' -e 'run(base(), "echo works").stdout' || exit 3
        '{binary}' --store '{folder}/store' --json fsck || exit 4
        "#,
        folder = folder.path().display(),
        binary = binary.display(),
    );
    let words: Vec<&str> = unshare.split(' ').collect();
    let output =
        std::process::Command::new(words[0]).args(&words[1..]).args(["sh", "-c", &script]).output().unwrap();
    let (text, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.code() == Some(77) {
        return skip("no tmpfs can be mounted here");
    }
    assert_eq!(output.status.code(), Some(0), "{text}\n{said}");
    assert!(text.contains("no_space"), "{text}");
    assert!(text.contains("works"), "{text}");
}

#[test]
fn no_user_namespaces_is_said_with_the_cure() {
    if is_root() {
        return; // Root needs none.
    }
    // A namespace in which no further one may be made.
    let script = format!(
        "echo 0 > /proc/sys/user/max_user_namespaces; exec setpriv --reuid 1 --clear-groups '{}' --store /nowhere -e 'base()'",
        crate::support::binary().display()
    );
    let output = std::process::Command::new("unshare")
        .args(["--user", "--map-auto", "--map-root-user", "sh", "-c", &script])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("max_user_namespaces"), "{said}");
}
