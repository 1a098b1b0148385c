//! What stays for how long, how deep it may go, and what is said when something cannot be.

use serde_json::json;

use super::assert_nothing_unreachable;
use crate::support::{Plywood, count};

#[test]
fn a_snapshot_outlives_its_container_and_nothing_else_does() {
    let plywood = Plywood::new();
    let seen = plywood.json(
        r#"
        let c = run(base(), "echo 1 > /n", #{ network: "none" });
        let s = snapshot(c, #{ name: "first", message: "one" });
        c.run("echo 2 > /n");
        let t = c.snapshot();
        c.run("echo 3 > /n; echo gone > /only");
        let b = branch(t, #{ name: "limb" });
        b.run("echo 4 > /n");
        rm(c);
        let again = branch("first");
        let keys = [s.name, s.message, s.parts, s.container == c.id, t.parts, s.image];
        rm(s);
        let told = [again.read("/n"), b.read("/n"), branch(t).read("/n"), b.exists("/only"), b.status,
            branch(b).status, snapshots().len(), snapshots(c).len(), s == t];
        for one in containers() { rm(one); }
        rm(snapshots());
        #{ keys: keys, told: told, bytes: prune().bytes }
        "#,
    );
    assert_eq!(seen["keys"], json!(["first", "one", 1, true, 2, "plywood/base:latest"]));
    assert_eq!(seen["told"], json!(["1\n", "4\n", "2\n", false, "created", "created", 1, 1, false]));
    assert_eq!(seen["bytes"], 0, "all had gone already");
    assert_nothing_unreachable(&plywood);
}

#[test]
fn a_branch_is_its_own_container() {
    let plywood = Plywood::new();
    let seen = plywood.json(
        r#"
        let c = run(base(), "echo $V-$HOSTNAME > /n; cd", #{ network: "none", env: #{ V: "set" }, workdir: "/srv" });
        let b = branch(c).run("echo $V-$PWD >> /n; hostname");
        let s = snapshot(b);
        let r = rollback(c, s).run("hostname");
        let i = commit(b, "limb:1");
        let j = commit(branch(b), "limb:2");
        [b.read("/n") == "set-" + c.id.sub_string(0, 12) + "\nset-/srv\n", b.stdout == b.id.sub_string(0, 12) + "\n",
            r.stdout == c.id.sub_string(0, 12) + "\n", c.read("/n") == b.read("/n"), layers(i).len(),
            layers(i)[1].diff_id == layers(j)[1].diff_id, history(i)[1].created_by.contains("$PWD")]
        "#,
    );
    assert_eq!(seen, json!([true, true, true, true, 2, true, true]));
    plywood.assert_clean();
}

/// Hard links, directories' modes and the root's own are what one writable directory would have had.
#[test]
fn going_on_upon_a_frozen_state_shows_no_seam() {
    let plywood = Plywood::new();
    let seen = plywood.json(
        r#"
        let c = run(base(), "mkdir -m 750 /d; echo x > /d/a; ln /d/a /b; chmod 711 /", #{ network: "none" });
        let s = snapshot(c);
        c.run("echo y >> /b; stat -c '%a' / /d >> /d/a");
        let t = snapshot(c);
        c.run("rm /b; ln /d/a /e; echo z >> /e");
        commit(c, "");
        c.run("true");
        let same = commit(c, "seam:1").diff_ids == commit(branch(c), "seam:2").diff_ids;
        c.write("/late", "x");
        [c.read("/d/a"), branch(t).read("/b"), branch(s).read("/d/a"), same, diff(c).map(|l| l.path),
            commit(c, "seam:3").diff_ids.len()]
        "#,
    );
    assert_eq!(
        seen,
        json!(["x\ny\n711\n750\nz\n", "x\ny\n711\n750\n", "x\n", true, ["/d", "/d/a", "/e", "/late"], 2])
    );
    plywood.assert_clean();
}

#[test]
fn hundreds_of_branches_upon_one_another() {
    let plywood = Plywood::new();
    let depth = count(140, 400);
    let seen = plywood.json(&format!(
        r#"
        let c = run(base(), "mkdir /log; echo 0 > /log/0; ln /log/0 /link; mkdir /old; echo x > /old/x", #{{ network: "none" }});
        let most = 0;
        for n in 1..={depth} {{
            let b = branch(c);
            rm(c);
            c = b.run(`echo ${{n}} > /log/${{n}}; rm -f /log/${{n - 50}}; echo ${{n}} > /last; echo ${{n}} >> /link` +
                if n == 100 {{ "; rm -r /old" }} else {{ "" }});
            let parts = inspect(c).parts.len();
            if parts > most {{ most = parts; }}
        }}
        let i = commit(c, "deep:1");
        let d = diff(c);
        [most, d.len(), d.filter(|l| l.kind != "A").len(), layers(i).len(), layers(i)[1].file_count == d.len(),
            c.read("/last"), c.read("/link").len() > {depth}, c.exists("/old"), i.read("/link") == c.read("/link")]
        "#
    ));
    let entries = 53;
    assert_eq!(seen, json!([64, entries, 0, 2, true, format!("{depth}\n"), true, false, true]),);
    plywood.eval("rm(containers()); rm(\"deep:1\"); prune();").assert_ok();
    assert_nothing_unreachable(&plywood);
}

#[test]
fn what_cannot_be_is_said() {
    let plywood = Plywood::new();
    let expect = |script: &str, kind: &str, message: &str, hint: &str| {
        let error = plywood.error(script);
        let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
        assert_eq!(text("kind"), kind, "{script}: {error}");
        assert!(text("message").contains(message), "{script}: {error}");
        assert!(text("hint").contains(hint), "{script}: {error}");
    };
    plywood
        .eval("run(base(), \"echo x > /x\", #{ name: \"one\" }).snapshot(#{ name: \"taken\" });")
        .assert_ok();
    expect("branch(\"takn\")", "not_found", "no snapshot `takn`", "did you mean `taken`");
    expect("rollback(container(\"one\"), \"zzzzzzzz\")", "not_found", "no snapshot", "snapshots()");
    expect(
        "snapshot(container(\"one\"), #{ name: \"taken\" })",
        "name_in_use",
        "by snapshot",
        "another name",
    );
    expect("snapshot(container(\"one\"), #{ name: \"a b\" })", "invalid", "cannot be a name", "calm_otter");
    expect("snapshot(container(\"one\"), #{ nam: \"x\" })", "invalid", "nam", "name");
    expect("branch(container(\"one\"), #{ name: \"one\" })", "name_in_use", "by container", "another name");
    expect("let s = branch(\"taken\").snapshot(); rm(s); branch(s)", "not_found", "no longer", "snapshots()");
    expect("let s = branch(\"taken\").snapshot(); rm(s); rm(s)", "not_found", "no longer", "snapshots()");
    expect(
        "let i = commit(container(\"one\"), \"other:1\"); rollback(run(i, \"true\"), \"taken\")",
        "invalid",
        "another image",
        "branch(snapshot)",
    );
    expect("rm(containers()); rm(\"other:1\"); rm(base())", "in_use", "by snapshot `taken`", "force: true");
    expect("tag(base(), \"taken\"); rm(\"taken\")", "ambiguous", "both a snapshot and image", "rm(image(");
    plywood.eval("rm(\"plywood/base\"); rm(\"taken:latest\", #{ force: true });").assert_ok();
    assert_eq!(plywood.json("[snapshots().len(), images().len()]"), json!([0, 0]));
    assert_nothing_unreachable_but_packages(&plywood);
}

fn assert_nothing_unreachable_but_packages(plywood: &Plywood) {
    plywood.eval("prune();").assert_ok();
    assert_nothing_unreachable(plywood);
}
