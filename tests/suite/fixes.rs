//! Images made better: one layer of several, files that are really gone, another base, another configuration.

use serde_json::{Value, json};

use crate::support::{Outcome, Plywood, debian, everybody, registry};

/// An image of three layers upon the starter's, with everything that layers say of each other.
const MAKE: &str = r##"
    let none = #{ network: "none" };
    let one = run(base(), `
        cd /srv; mkdir -p gone/deep opaque keep swap old; echo 1 > gone/deep/f; head -c 7000 /dev/zero > opaque/old
        echo big > keep/h1; ln keep/h1 keep/h2; ln keep/h1 keep/h4; ln -s keep link; echo x > swap/f; echo f > was
        mkfifo pipe; cp /bin/cat suid; chmod 6755 suid; mkdir -m 1777 sticky; chown 33:34 keep/h1; chown -h 35:36 link
        touch 'na me' größe; head -c 3000 /dev/zero > over; mkdir -p /var/log /var/lib/apt/lists; echo l > /var/log/a.log
        head -c 5000 /dev/zero > /var/lib/apt/lists/deb_Packages; mkdir -m 700 shut; echo s > shut/s
    `, none).commit("f:one");
    let two = run(one, `
        cd /srv; rm -rf gone opaque swap was keep/h2; mkdir opaque was; echo n > opaque/new; echo now > swap; touch was/in
        chmod 600 keep/h4; echo less > over; rm -r old; rm -rf /usr/lib/terminfo; rm /var/lib/apt/lists/deb_Packages
    `, none).commit("f:two");
    let three = run(two, `
        cd /srv; ln keep/h1 keep/h3; mv opaque/new moved; rm -r was; mkdir gone; echo again > gone/deep; rm suid; cp /bin/cat suid
    `, none).commit("f:three");
"##;

/// All that can be seen of `what` in its files and from inside, but how many names an inode has.
const LOOK: &str = r#"
    fn look(what) {
        let inside = run(what, "cd /srv; find . -exec stat -c '%n %F %a %u:%g %Y %t:%T' {} + | sort; find . -type f -exec sha256sum {} + | sort; cat link/h1", #{ network: "none", rm: true }).stdout;
        [what.files.map(|f| [f.path, f.type, f.mode, f.uid, f.gid, f.size, f.mtime, f.link]), inside]
    }
"#;

fn script(rest: &str) -> String {
    format!("{LOOK}{MAKE}{rest}")
}

#[test]
fn everybody_makes_the_same_of_the_same() {
    let made = everybody(|one| {
        let script = script(
            r#"
            let before = look(three);
            let all = #{};
            let ids = [three.id];
            for made in [squash(three, 1..4), squash(three, 2..=3), squash(three, 1, 3), squash(three, -2..4), flatten(three),
                         slim(three, "waste"), squash(three, 0..1), with_env(three, "A", "b")] {
                if look(made) != before { let now = look(made); fail(`${history(made).map("created_by")} shows something else: ${now[0].filter(|x| !(x in before[0]))} ${before[0].filter(|x| !(x in now[0]))} ${if now[1] == before[1] { "" } else { now[1] + before[1] }}`); }
                ids.push([made.id, made.diff_ids, made.saving, layers(made).map(|l| if l.index == 0 && l.diff_id == base().diff_ids[0] { [] } else { l.files.map(|f| [f.path, f.type, f.uid, f.link]) })]);
            }
            let again = look(image(three.id));
            if again != before || three.diff_ids != image("f:three").diff_ids { fail("the image has changed"); }
            ids"#,
        );
        let outcome =
            Outcome::of(one.command().args(["--json", "-e", &script]).env("SOURCE_DATE_EPOCH", "1000000000"));
        outcome.assert_ok();
        one.assert_clean();
        serde_json::from_str::<Value>(&outcome.stdout).unwrap()
    });
    for one in &made {
        for (one, first) in one.as_array().unwrap().iter().zip(made[0].as_array().unwrap()) {
            assert_eq!(one, first);
        }
    }
    let Some(ids) = made.first() else { return };
    let layers = |made: usize| ids[made][3].as_array().unwrap().clone();
    let kinds = |layer: &Value, kind: &str| -> Vec<Value> {
        let files = layer.as_array().unwrap().iter().filter(|file| file[1] == kind);
        files.map(|file| file[0].clone()).collect()
    };
    // All above the base: the base's files stay hidden, those of the squashed layers are gone.
    let squashed = layers(1);
    assert_eq!(squashed.len(), 2);
    assert_eq!(kinds(&squashed[1], "whiteout"), [json!("/usr/lib/terminfo")]);
    assert_eq!(kinds(&squashed[1], "hardlink"), [json!("/srv/keep/h3")]);
    // Upon a layer that has them, deletions stay.
    assert!(kinds(&layers(2)[2], "whiteout").contains(&json!("/srv/keep/h2")));
    let flat = layers(5);
    assert_eq!((flat.len(), kinds(&flat[0], "whiteout").len()), (1, 0));
    // Without waste no deletion is left but that of the base's files, which came with its own layer.
    let slim = layers(6);
    assert_eq!(slim.len(), 4);
    assert!(slim[1..].iter().all(|layer| kinds(layer, "whiteout").is_empty()), "{slim:?}");
    assert!(ids[6][2].as_i64().unwrap() > 15_000, "{}", ids[6][2]);
}

#[test]
fn savings_are_the_differences_and_histories_fit() {
    let plywood = Plywood::new();
    let value = plywood.json(&script(
        r#"let r = [];
        for made in [squash(three, 1..4), flatten(three), without(three, "/srv/over"), slim(three), slim(three, ["logs", "packages"]),
                     without(three, ["/usr/bin/../../srv/**/h?", "srv/./pipe", "/nothing/*"], #{ force: true })] {
            r.push(#{ saving: made.saving, difference: three.size - made.size, layers: layers(made).map("created_by"), waste: waste(made).waste,
                      history: history(made).map(|h| [h.created_by, h.empty_layer, h.size]),
                      sizes: layers(made).map("size"), srv: made.files.map("path").filter(|p| p.starts_with("/srv/")) });
        }
        r"#,
    ));
    for made in value.as_array().unwrap() {
        assert_eq!(made["saving"], made["difference"], "{made}");
        assert!(made["saving"].as_i64().unwrap() > 0, "{made}");
        let steps = made["history"].as_array().unwrap();
        let sizes: Vec<&Value> = steps.iter().filter(|step| step[1] == false).map(|step| &step[2]).collect();
        assert_eq!(sizes, made["sizes"].as_array().unwrap().iter().collect::<Vec<_>>());
    }
    let last = |made: usize| value[made]["history"].as_array().unwrap().last().unwrap()[0].clone();
    assert_eq!(value[0]["layers"], json!(["plywood base", "plywood squash 1..4"]));
    assert_eq!(last(1), "plywood flatten");
    assert_eq!(last(2), "plywood without /srv/over");
    assert_eq!((last(3), last(4)), (json!("plywood slim"), json!("plywood slim logs packages")));
    assert_eq!((&value[1]["waste"], &value[3]["waste"]), (&json!(0), &json!(0)));
    let left = value[5]["srv"].to_string();
    assert!(!left.contains("/h1") && !left.contains("pipe") && left.contains("/srv/keep\""), "{left}");
    plywood.assert_clean();
}

#[test]
fn what_is_without_is_in_no_layer() {
    let plywood = Plywood::new();
    let value = plywood.json(
        r#"
        let none = #{ network: "none" };
        let one = run(base(), "mkdir -p /a/b /real; echo x > /a/b/secret; echo y > /a/y; ln -s ../real /a/way; echo r > /real/f", none).commit("w:1");
        let two = run(one, "echo only > /a/b/lone", none).commit("w:2");
        let three = run(two, "rm /a/b/secret; touch /z", none).commit("w:3");
        let made = without(three, ["/a/b/secret", "/a/b/lone"], #{ tag: "w:made", message: "out" });
        let paths = |i| layers(i).filter(|l| l.index > 0).map(|l| l.files.map("path"));
        #{ made: paths.call(made), same: made.diff_ids[0] == base().diff_ids[0], tag: made.references, steps: history(made).map(|h| [h.empty_layer, h.comment]),
           // Through a symbolic link there is no path.
           way: attempt(|| without(three, "/a/way/f")).error.message, up: paths.call(without(three, "/a/way/../y"))[0],
           // The link itself is one.
           link: paths.call(without(three, "/a/way"))[0], real: without(three, "/a/way").read("/real/f"),
           all: [without(three, "/*").diff_ids, without(three, "/*").size],
           none: without(three, ["/nope"], #{ force: true }).id == three.id, still: three.read("/a/y") }"#,
    );
    // The second layer had nothing else: it went, and its step made nothing.
    assert_eq!(
        value["made"],
        json!([["/a", "/a/b", "/a/way", "/a/y", "/real", "/real/f"], ["/a", "/a/b", "/z"]])
    );
    assert_eq!(
        value["steps"],
        json!([
            [false, "assembled from this machine's own programs"],
            [false, null],
            [true, null],
            [false, null],
            [true, "out"]
        ])
    );
    assert_eq!((&value["same"], &value["tag"]), (&json!(true), &json!(["w:made"])));
    assert_eq!(value["way"], "no layer of image `w:3` has `/a/way/f`");
    assert_eq!(value["up"], json!(["/a", "/a/b", "/a/b/secret", "/a/way", "/real", "/real/f"]));
    assert_eq!(value["link"], json!(["/a", "/a/b", "/a/b/secret", "/a/y", "/real", "/real/f"]));
    assert_eq!((&value["real"], &value["still"]), (&json!("r\n"), &json!("y\n")));
    assert_eq!((&value["all"], &value["none"]), (&json!([[], 0]), &json!(true)));
    for (path, part) in [
        ("/", "is the root itself"),
        ("/a/../..", "is the root itself"),
        ("/**", "is the root itself"),
        ("/a\\q", "backslash"),
        ("/none", "no layer of image"),
    ] {
        let error = plywood.error(&format!("without(\"w:3\", `{path}`)"));
        assert!(error["message"].as_str().unwrap().contains(part), "{error}");
        assert!(error["hint"].is_string(), "{error}");
    }
    plywood.assert_clean();
}

#[test]
fn slim_takes_no_more_than_junk_tells() {
    let value = Plywood::new().json(
        r#"
        let i = run(base(), "mkdir -p /var/log/web /tmp /srv/__pycache__ /var/lib/apt/lists/partial /app/.git; cd /var/log/web; echo x > error.log; ln -s /dev/stdout access.log; echo c > /srv/__pycache__/a.pyc; ln -s a.pyc /srv/__pycache__/b.pyc; echo p > /var/lib/apt/lists/a_b; echo g > /app/.git/HEAD", #{ network: "none" }).commit("j:1");
        let s = slim(i, #{ checks: ["test ! -e /srv/__pycache__ && test -d /var/lib/apt/lists/partial && test -h /var/log/web/access.log"] });
        [junk(i).map("path").filter(|p| !s.exists(p)), junk(s).map("path").filter(|p| p.starts_with("/app")), s.saving]"#,
    );
    let taken = ["/srv/__pycache__/a.pyc", "/var/lib/apt/lists/a_b", "/var/log/web/error.log"];
    let mut told: Vec<&str> =
        value[0].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    told.sort_unstable();
    assert_eq!((told.as_slice(), &value[1], &value[2]), (&taken[..], &json!(["/app/.git/HEAD"]), &json!(6)));
}

#[test]
fn a_slim_image_is_proved_or_not_kept() {
    let plywood = Plywood::new();
    let value = plywood.json(
        r#"
        let none = #{ network: "none" };
        let big = run(base(), "mkdir -p /var/log /opt; head -c 9000 /dev/zero > /var/log/x.log; echo 'exec cat /var/log/x.log' > /opt/tool; echo c > /tmp/t", none).commit("s:big");
        let slim = slim(big, #{ checks: [["sh", "-c", "test ! -e /var/log/x.log"], "ls /opt/tool"], tag: "s:slim" });
        #{ saving: slim.saving, difference: big.size - slim.size, names: slim.references, again: slim(slim).id == slim.id, zero: slim(slim).saving,
           only: slim(big, "temporary").saving, big: big.exists("/var/log/x.log"), count: images().len() }"#,
    );
    assert_eq!((&value["saving"], &value["difference"]), (&json!(9002), &json!(9002)));
    assert_eq!((&value["names"], &value["zero"]), (&json!(["s:slim"]), &json!(0)));
    assert_eq!((&value["only"], &value["big"], &value["again"]), (&json!(2), &json!(true), &json!(true)));
    let error = plywood
        .error(r#"slim("s:big", ["logs"], #{ checks: ["true", "sh /opt/tool", ["true"]], tag: "s:never" })"#);
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("the check `sh /opt/tool` fails in the new image: "), "{message}");
    assert_eq!((&error["kind"], &error["exit_code"]), (&json!("exit"), &json!(1)));
    assert!(error["stderr"].as_str().unwrap().contains("x.log"), "{error}");
    let after = plywood.json(r#"[images().len(), images().filter(|i| "s:never" in i.references).len(), containers().filter(|c| c.status != "exited").len()]"#);
    assert_eq!(after, json!([value["count"], 0, 0]));
    // An image that was there before stays, although a check fails.
    let stays = plywood.json(
        r#"let s = image("s:slim"); let e = attempt(|| slim(s, #{ checks: ["false"] })).error.kind; [e, image("s:slim") == s]"#,
    );
    assert_eq!(stays, json!(["exit", true]));
    plywood.assert_clean();
}

#[test]
fn own_layers_come_upon_another_base() {
    let plywood = Plywood::new();
    let value = plywood.json(
        r#"
        let none = #{ network: "none" };
        let old = with_env(run(base(), "echo 1 > /version; echo o > /both", none).commit("b:1"), #{ V: 1, OLD: "x" }, #{ tag: "b:1" });
        let fresh = with_env(run(base(), "echo 2 > /version; echo n > /both", none).commit("b:2"), #{ V: 2 }, #{ tag: "b:2" });
        let app = run(with_env(old, "MINE", "y"), "echo app > /app; rm /both", none).commit("app:1");
        let up = rebase(app, fresh, #{ from: old, tag: "app:2" });
        #{ said: run(up, "cat /version /app; ls /both 2>/dev/null; echo $V $OLD $MINE", #{ network: "none", check: false }).stdout,
           own: up.diff_ids[-1] == app.diff_ids[-1], below: up.diff_ids.extract(0, 2) == fresh.diff_ids,
           steps: history(up).map("created_by"), tag: up.references, saving: up.saving, wanted: app.size - up.size,
           empty: history(up)[-1].empty_layer, same: rebase(app, old, #{ from: old }).diff_ids == app.diff_ids,
           lists: rebase(app, "b:2", #{ from: "b:1" }).diff_ids == up.diff_ids,
           several: attempt(|| rebase(app, fresh)).error.kind, wrong: attempt(|| rebase(app, old, #{ from: fresh })).error.message }"#,
    );
    assert_eq!(value["said"], "2\napp\n2 y\n");
    for fact in ["own", "below", "empty", "same", "lists"] {
        assert_eq!(value[fact], true, "{fact}: {value}");
    }
    assert_eq!(value["saving"], value["wanted"]);
    let steps: Vec<&str> = value["steps"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(
        steps,
        [
            "plywood base",
            "/bin/sh -c echo 2 > /version; echo n > /both",
            "plywood with_env V=2",
            "plywood with_env MINE=y",
            "/bin/sh -c echo app > /app; rm /both",
            "plywood rebase b:2"
        ]
    );
    assert_eq!(value["several"], "ambiguous");
    assert_eq!(
        value["wrong"],
        "image `app:1` is not made on `b:2`: of the 2 layers of that it has the first 1"
    );
    // Where there is only one it could be, that is it.
    let alone = plywood.json(
        r#"let i = run(base(), "touch /x", #{ network: "none" }).commit("alone:1"); rebase(i, "b:2").diff_ids.len()"#,
    );
    assert_eq!(alone, 3);
    plywood.assert_clean();
}

#[test]
fn configurations_are_edited() {
    let plywood = Plywood::new();
    let value = plywood.json(
        r#"
        let i = base();
        let e = i.with_env(#{ A: "1 2", B: 2 }).with_env("B", ()).with_cmd("echo $A").with_label(#{ x: "y", n: 5 }).with_label("n", ())
            .with_user("65534:65534").with_workdir("/srv").with_workdir("sub").with_port([80, "53/udp"]).with_port(81)
            .with_volume(["/data", "/more"]).with_entrypoint([]);
        let f = with_entrypoint(i, ["echo", "-n"], #{ tag: "e:f", message: "why" });
        #{ out: run(e).stdout, config: e.config, layers: e.diff_ids == i.diff_ids, steps: history(e).filter(|h| !h.empty_layer).len(),
           told: history(e).map("created_by"), f: run(f, ["x"]).stdout, f_tag: f.references, comment: history(f)[-1].comment,
           none: with_cmd(i, []).config.keys().contains("Cmd"), where: run(e, "pwd; id -u").stdout,
           same: i.config == base().config, removed: with_user(with_user(i, "1"), "").config == i.config }"#,
    );
    let config = &value["config"];
    assert_eq!((&value["out"], &value["where"]), (&json!("1 2\n"), &json!("/srv/sub\n65534\n")));
    assert!(config["Env"].as_array().unwrap().contains(&json!("A=1 2")), "{config}");
    assert!(!config["Env"].to_string().contains("B="), "{config}");
    assert_eq!((&config["Labels"]["x"], &config["Labels"]["n"]), (&json!("y"), &json!(null)));
    assert_eq!(config["ExposedPorts"], json!({ "80/tcp": {}, "53/udp": {}, "81/tcp": {} }));
    assert_eq!(config["Volumes"], json!({ "/data": {}, "/more": {} }));
    assert_eq!((&value["layers"], &value["steps"]), (&json!(true), &json!(1)));
    for told in ["plywood with_env A=1 2 B=2", "plywood with_env -B", "plywood with_port 80 53/udp"] {
        assert!(value["told"].as_array().unwrap().contains(&json!(told)), "{told}: {}", value["told"]);
    }
    assert_eq!(
        (&value["f"], &value["f_tag"], &value["comment"]),
        (&json!("x"), &json!(["e:f"]), &json!("why"))
    );
    assert_eq!(
        (&value["none"], &value["same"], &value["removed"]),
        (&json!(false), &json!(true), &json!(true))
    );
    for (script, part) in [
        (r#"with_env(base(), "A=B", "c")"#, "`A=B` is no name of a variable"),
        (r#"with_env(base(), #{ A: [] })"#, "the value of `A` is text"),
        (r#"with_port(base(), "http")"#, "a port is a number"),
        (r#"with_volume(base(), "data")"#, "`data` is no absolute path"),
        (r#"with_workdir(base(), "")"#, "needs a path"),
        (r#"with_cmd(base(), [1, []])"#, "words are texts"),
        (r#"with_user(base(), "x", #{ tga: "a" })"#, "no option `tga`"),
        (r#"with_user(base(), "x", #{ tag: "A B" })"#, "A B"),
        ("squash(base(), 0..0)", "0..0 names no layer"),
        ("squash(base(), 0..2)", "has 1 layers: 0 to 2 is not within them"),
        ("squash(base(), -5..=-1)", "-5 to the end is not within them"),
    ] {
        let error = plywood.error(script);
        assert!(error["message"].as_str().unwrap().contains(part), "{script}: {error}");
    }
    plywood.assert_clean();
}

#[test]
fn an_image_that_is_only_looked_at_is_stored_first() {
    let folder = tempfile::Builder::new().prefix("plywood-test-").tempdir().unwrap();
    let maker = registry::plywood(folder.path());
    let archive = folder.path().join("i.tar");
    maker
        .eval(&format!(
            r#"let i = run(base(), "echo 1 > /a", #{{ network: "none" }}).commit("p:1"); save(run(i, "rm /a", #{{ network: "none" }}).commit("p:2"), `oci-archive:{}`)"#,
            archive.display()
        ))
        .assert_ok();
    let other = Plywood::new();
    let value = other.json(&format!(
        r#"let i = image(`{}`); let s = flatten(i); [i.verified, s.verified, s.saving, s.exists("/a"), s.diff_ids.len(), with_user(i, "1").diff_ids == i.diff_ids]"#,
        archive.display()
    ));
    assert_eq!(value, json!([false, true, 2, false, 1, true]));
    other.assert_clean();
}

#[test]
fn layers_that_stay_go_out_as_they_came() {
    let folder = tempfile::Builder::new().prefix("plywood-test-").tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let make = r#"
        let none = #{ network: "none" };
        let one = run(base(), "echo x > /f; head -c 100000 /dev/zero > /z", none).commit("k:1");
        save(run(one, "rm /z; touch /n", none).commit("k:2"), `oci:PLACE:v1`, #{ compression: "zstd" });"#;
    Plywood::new().eval(&make.replace("PLACE", &at("from"))).assert_ok();
    let other = Plywood::new();
    let value = other.json(&format!(
        r#"let i = load("oci:{}:v1"); let up = rebase(i, with_user(i, "1"), #{{ from: i }});
        [i, with_env(i, "A", "b"), without(i, "/n"), slim(i, "waste"), up, squash(i, 1..3)].map(|made| layers(made).map("digest"))"#,
        at("from")
    ));
    let all = value[0].as_array().unwrap();
    assert!(all.len() == 3 && all.iter().all(Value::is_string), "{value}");
    assert_eq!(value[1], value[0]);
    assert_eq!(value[2], json!([all[0], all[1], null]));
    assert_eq!(value[3], json!([all[0], null, null]));
    assert_eq!((&value[4], &value[5]), (&value[0], &json!([all[0], null])));
    other
        .eval(&format!(r#"save(without(load("oci:{}:v1"), "/n"), "oci:{}:v2")"#, at("from"), at("to")))
        .assert_ok();
    for digest in &all[..2] {
        let name = digest.as_str().unwrap().replace(':', "/");
        assert!(folder.path().join("to/blobs").join(&name).exists(), "{name}");
    }
    other.assert_clean();
}

/// The same step twice makes the same layer, and overlayfs takes no directory twice.
#[test]
fn an_image_with_the_same_layer_twice_runs_and_is_made_better() {
    let plywood = Plywood::new().with_env("SOURCE_DATE_EPOCH", "1000000000");
    let value = plywood.json(
        r#"
        let none = #{ network: "none" };
        let one = run(base(), "mkdir /d; echo x > /d/f; echo y > /g; touch -d @1 /d /d/f /g /", none).commit("d:1");
        let two = run(one, "rm -r /d; echo z > /g; echo n > /n", none).commit("d:2");
        let three = run(two, "rm /g; mkdir /d; echo x > /d/f; echo y > /g; touch -d @1 /d /d/f /g /", none).commit("d:3");
        let seen = |i| run(i, "cat /d/f /g /n; ls /d", none).stdout;
        let made = [three, slim(three, "waste"), squash(three, 1..3), squash(three, 2..=3), flatten(three)];
        [three.diff_ids[1] == three.diff_ids[3], made.map(|i| seen.call(i)), slim(three, "waste").saving, run(three, "echo 2 > /g; cat /g", none).stdout]"#,
    );
    assert_eq!(value[0], true, "the two layers are not the same");
    assert_eq!(value[1], json!(vec!["x\ny\nn\nf\n"; 5]));
    assert_eq!((&value[2], &value[3]), (&json!(6), &json!("2\n")));
    plywood.assert_clean();
}

/// The training page's own image.
#[test]
fn the_wget_image_is_slim() {
    let Some(debian) = debian() else { return };
    let value = debian.plywood().json(
        r#"
        let wget = run(image("debian:test"), "apt-get update && apt-get install -y --no-install-recommends wget").commit("slim:wget");
        let slim = slim(wget, #{ checks: [["wget", "--version"], "dpkg -l wget | grep -q ^ii"], tag: "slim:slim" });
        let lists = |i| i.files.filter(|f| f.path.starts_with("/var/lib/apt/lists/") && f.path.contains("_")).len();
        let facts = #{ saving: slim.saving, difference: wget.size - slim.size, before: lists.call(wget), after: lists.call(slim), waste: waste(slim).waste,
           said: run(slim, ["wget", "--version"]).stdout, again: run(slim, "apt-get update").exit_code };
        rm(image("slim:wget"), #{ force: true }); rm(image("slim:slim"), #{ force: true });
        facts"#,
    );
    assert_eq!(value["saving"], value["difference"]);
    assert!(value["saving"].as_i64().unwrap() > 10_000_000, "{value}");
    assert!(value["before"].as_i64().unwrap() > 0 && value["after"] == 0 && value["waste"] == 0, "{value}");
    assert!(value["said"].as_str().unwrap().starts_with("GNU Wget"), "{value}");
    assert_eq!(value["again"], 0);
}
