//! The loop itself: run, diff, commit, layers, and what goes with them.

use serde_json::json;

use crate::support::Plywood;

#[test]
fn run_diff_commit_layers() {
    let plywood = Plywood::new();
    let script = r#"
        let c = run(base(), "echo hello > /greeting; mkdir -p /srv/a; rm /etc/issue 2>/dev/null; true", #{ network: "none" });
        let d = diff(c);
        let v1 = commit(c, "training:v1", #{ message: "a greeting", author: "me" });
        let ls = layers(v1);
        #{ diff: d, layers: ls, history: history(v1), read: v1.read("/greeting"), last: last() == c, size: v1.size - base().size }"#;
    let result = plywood.json(script);
    let diff = result["diff"].as_array().unwrap();
    assert!(diff.contains(&json!({"kind": "A", "path": "/greeting", "size": 6, "type": "file"})), "{result}");
    assert!(diff.contains(&json!({"kind": "A", "path": "/srv/a", "size": 0, "type": "dir"})), "{result}");
    assert_eq!(result["layers"].as_array().unwrap().len(), 2);
    assert_eq!(result["layers"][1]["size"], 6);
    assert_eq!(result["layers"][1]["index"], 1);
    assert_eq!(result["history"][1]["comment"], "a greeting");
    assert_eq!(result["history"][1]["author"], "me");
    assert_eq!(result["read"], "hello\n");
    assert_eq!(result["last"], true);
    assert_eq!(result["size"], 6);
    plywood.assert_clean();
}

#[test]
fn a_container_goes_on_in_its_own_layer() {
    let plywood = Plywood::new();
    let script = r#"
        let c = base().run("echo 1 > /a").run("echo 2 > /b; cat /a");
        let first = c.stdout;
        let i = commit(c, "x:1");
        let c2 = c.run("rm /a; echo 3 > /c");
        let j = commit(c2, "x:2");
        #{ first: first, same: c == c2, diff: diff(c2).map(|x| x.kind + x.path), i: layers(i).len(), j: layers(j).len(),
           a: [i.exists("/a"), j.exists("/a"), j.exists("/b"), j.exists("/c")], again: commit(c2, "x:3").diff_ids == j.diff_ids,
           fresh: diff(run("x:2", "true")).len() }"#;
    let result = plywood.json(script);
    assert_eq!(
        result,
        json!({"first": "1\n", "same": true, "diff": ["A/b", "A/c"], "i": 2, "j": 2, "a": [true, false, true, true], "again": true, "fresh": 0})
    );
    plywood.assert_clean();
}

#[test]
fn nothing_changed_adds_no_layer() {
    let plywood = Plywood::new();
    let result = plywood.json("let i = commit(run(base(), \"true\"), \"same:1\"); [layers(i).len(), history(i).len(), history(i)[1].empty_layer]");
    assert_eq!(result, json!([1, 2, true]));
}

#[test]
fn options_do_what_docker_does() {
    let plywood = Plywood::new();
    let result = plywood.json(
        r#"run(base(), "echo $A $B; pwd; hostname; id -u; id -g; cat", #{
            env: #{ A: "1", B: "two words" }, workdir: "/made/for/it", hostname: "box", user: "7:8", stdin: "typed", name: "opts"
        }).stdout"#,
    );
    assert_eq!(result, "1 two words\n/made/for/it\nbox\n7\n8\ntyped");
    assert_eq!(plywood.json("container(\"opts\").name"), "opts");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in"), "from outside").unwrap();
    // A rootless container's root is this user, so the folder must be this user's own.
    let path = folder.path().display();
    let result = plywood.json(&format!(
        r#"let c = run(base(), "cat /data/in; echo out > /data/out; echo x 2>/dev/null > /ro/x || echo refused", #{{ volumes: [`{path}:/data`, `{path}:/ro:ro`] }});
           [c.stdout, diff(c).map(|x| x.path)]"#
    ));
    assert_eq!(result, json!(["from outsiderefused\n", ["/data", "/ro"]]));
    assert_eq!(std::fs::read_to_string(folder.path().join("out")).unwrap(), "out\n");
    assert_eq!(
        plywood.json("run(base(), [\"echo\", \"a  b\"], #{ entrypoint: [\"printf\", \"[%s]\"] }).stdout"),
        "[echo][a  b]"
    );
    let error = plywood.error("run(base(), \"sleep 60\", #{ timeout: 0.3 })");
    assert_eq!(error["kind"], "timeout", "{error}");
    assert_eq!(
        plywood.json(
            "let c = run(base(), \"true\", #{ rm: true }); containers().filter(|x| x.id == c.id).len()"
        ),
        0
    );
    plywood.assert_clean();
}

#[test]
fn network_none_has_only_the_loopback() {
    let plywood = Plywood::new();
    let seen = plywood.json("run(base(), \"cat /proc/net/dev | tail -n +3 | cut -d: -f1; cat /sys/class/net/lo/operstate 2>/dev/null; true\", #{ network: \"none\" }).stdout");
    assert_eq!(seen.as_str().unwrap().split_whitespace().next(), Some("lo"));
    assert_eq!(seen.as_str().unwrap().lines().filter(|line| line.contains("eth")).count(), 0);
}

#[test]
fn files_go_in_and_out() {
    let plywood = Plywood::new();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("tree/sub")).unwrap();
    std::fs::write(folder.path().join("tree/sub/f"), "deep").unwrap();
    let path = folder.path().display();
    let result = plywood.json(&format!(
        r#"let c = run(base(), "mkdir /w; echo old > /w/f; ln -s /w/f /link");
           c.write("/w/new", "text"); c.write("/link", "through");
           c.copy_in(`{path}/tree`, "/w"); c.copy_out("/w/tree", `{path}/back`); c.copy_out("/w/f", `{path}/f`);
           [c.read("/w/new"), c.read("/w/f"), c.exists("/w/tree/sub/f"), c.exists("/nope"), c.run("cat /w/tree/sub/f /link").stdout]"#
    ));
    assert_eq!(result, json!(["text", "through", true, false, "deepthrough"]));
    assert_eq!(std::fs::read_to_string(folder.path().join("back/sub/f")).unwrap(), "deep");
    assert_eq!(std::fs::read_to_string(folder.path().join("f")).unwrap(), "through");
    assert_eq!(plywood.error("let c = last(); c.read(\"/nope\")")["kind"], "not_found");
    plywood.assert_clean();
}

#[test]
fn values_are_seen_as_promised() {
    let plywood = Plywood::new();
    let outcome = plywood.eval("let c = run(base(), \"echo x > /b; echo y > /a\"); diff(c)");
    outcome.assert_ok();
    assert_eq!(outcome.stdout, "A /a\nA /b\n");
    assert_eq!(plywood.eval("let x = 1;").stdout, "");
    assert_eq!(plywood.eval("print(1); 2").stdout, "1\n2\n");
    let outcome = plywood.args(["--json", "-e", "print(1); 2"]);
    assert_eq!((outcome.stdout.trim(), outcome.stderr.trim()), ("2", "1"));
    let container = plywood.json("container(last().name)");
    for key in ["id", "name", "image", "command", "status", "exit_code", "created", "stdout", "stderr"] {
        assert!(container.get(key).is_some(), "{key}");
    }
    assert_eq!(container["status"], "exited");
    let image = plywood.json("base()");
    for key in ["id", "digest", "references", "size", "created", "config", "diff_ids"] {
        assert!(image.get(key).is_some(), "{key}");
    }
    let layer = plywood.json("layers(base())[0]");
    for key in [
        "index",
        "digest",
        "diff_id",
        "media_type",
        "size",
        "compressed_size",
        "file_count",
        "created",
        "created_by",
        "waste",
    ] {
        assert!(layer.get(key).is_some(), "{key}");
    }
    let waste = plywood.json("let c = run(base(), \"echo 1234567 > /w\"); let i = commit(c, \"w:1\"); let j = commit(run(i, \"rm /w; echo 12 > /v\"), \"w:2\"); waste(j)");
    assert_eq!(waste["waste"], 8, "{waste}");
    assert_eq!(
        waste["items"],
        json!([{"path": "/w", "bytes": 8, "added_by": 1, "hidden_by": 2, "cause": "removed"}])
    );
}

#[test]
fn the_same_files_give_the_same_base() {
    let (one, other) = (Plywood::new(), Plywood::new());
    assert_eq!(one.json("base().id"), other.json("base().id"));
}

#[test]
fn a_script_finds_its_arguments() {
    let plywood = Plywood::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.rhai");
    std::fs::write(
        &file,
        "#!/usr/bin/env plywood\nfn f() { global::args }\nprint(args.len()); print(args[1]);\n",
    )
    .unwrap();
    let outcome = plywood.args([file.to_str().unwrap(), "a", "--json"]);
    outcome.assert_ok();
    assert_eq!(outcome.stdout, "2\n--json\n");
}
