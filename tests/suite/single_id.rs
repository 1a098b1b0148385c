//! A user who has one id only gets the owners that root would have seen.

mod terminal;
mod transfer;

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Docker, Outcome, Somebody, Who, debian, everybody, project};

/// What a script in a container of `base()` prints, and the owners of the layer that it makes.
fn on_base(who: Who, script: &str) -> Option<(Value, Value)> {
    let somebody = Somebody::new(who)?;
    let script = format!(
        r#"let c = run(base(), `{script}`, #{{ network: "none", check: false }});
        #{{ out: c.stdout + c.stderr, files: layers(commit(c, "o:1"))[-1].files.map(|f| [f.path, f.uid, f.gid, f.mode, f.type]) }}"#
    );
    let value = somebody.json(&script);
    somebody.assert_clean();
    Some((value["out"].clone(), value["files"].clone()))
}

/// Everybody sees the same, and makes the same layer.
#[track_caller]
fn same_for_all(script: &str) -> Option<(Value, Value)> {
    let root = on_base(Who::Root, script)?;
    let single = on_base(Who::Single, script)?;
    assert_eq!(root.0, single.0, "with a single id the script says something else");
    assert_eq!(root.1, single.1, "with a single id the layer has other owners");
    Some(root)
}

#[test]
fn owners_are_changed_seen_and_committed() {
    let script = r"
        mkdir -p /srv/d; echo x > /srv/f; ln -s f /srv/l; mkfifo /srv/p; ln /srv/f /srv/hard
        chown 33:34 /srv/f; chown -h 35:36 /srv/l; chown 37 /srv/d; chgrp 38 /srv/p; chown 40:41 /etc/passwd
        cd /srv; chown 50:50 .; ls -ln --time-style=+ /srv; ls -nd --time-style=+ /srv; stat -c '%u:%g' f l d p hard /etc/passwd
        chmod 4755 /srv/f; chown 1:1 /srv/f; stat -c %a f; mv f g; stat -c %u:%g g; cp -a g h; stat -c %u:%g h
        touch n; stat -c %u:%g n; rm h; touch h; stat -c %u:%g h; chown 0:0 p; stat -c %u:%g p
        exec 9< g; stat -L -c %u:%g /proc/self/fd/9 /dev/fd/9";
    let Some((out, files)) = same_for_all(script) else { return };
    assert!(out.as_str().unwrap().contains("33:34\n35:36\n37:0\n0:38\n33:34\n40:41\n"), "{out}");
    assert!(files.as_array().unwrap().iter().any(|file| file[0] == "/srv/l" && file[1] == 35), "{files}");
}

#[test]
fn what_a_lower_layer_says_is_kept_when_it_is_copied_up() {
    let Some(single) = Somebody::new(Who::Single) else { return };
    let script = r#"
        let one = commit(run(base(), "mkdir /srv/d; echo x > /srv/f; ln -s f /srv/l; chown -h 5:6 /srv/f /srv/d /srv/l", #{ network: "none" }), "one:1");
        let c = run(one, "echo y >> /srv/f; touch /srv/d/x; mv /srv/f /srv/g; stat -c %u:%g /srv/g /srv/d /srv/d/x /srv/l", #{ network: "none" });
        let again = run(c, "chown 7 /srv/g; stat -c %u:%g /srv/g", #{ network: "none" });
        let two = commit(again, "two:1");
        let files = again.files.filter(|f| f.path.starts_with("/srv/")).map(|f| `${f.path} ${f.uid}:${f.gid}`);
        #{ out: c.stdout, again: again.stdout, diff: diff(again).map(|x| x.kind + " " + x.path), files: files,
           layer: layers(two)[-1].files.filter(|f| f.path.starts_with("/srv/")).map(|f| `${f.path} ${f.uid}:${f.gid}`) }"#;
    let value = single.json(script);
    assert_eq!(value["out"], "5:6\n5:6\n0:0\n5:6\n");
    assert_eq!(value["again"], "7:6\n");
    assert_eq!(value["files"], serde_json::json!(["/srv/d 5:6", "/srv/d/x 0:0", "/srv/g 7:6", "/srv/l 5:6"]));
    assert_eq!(
        value["diff"],
        serde_json::json!(["C /srv", "C /srv/d", "A /srv/d/x", "D /srv/f", "A /srv/g"])
    );
    assert_eq!(value["layer"], serde_json::json!(["/srv/d 5:6", "/srv/d/x 0:0", "/srv/f 0:0", "/srv/g 7:6"]));
    single.assert_clean();
}

#[test]
fn what_is_made_through_a_link_belongs_to_its_maker() {
    let script = r"
        mkdir -p /srv/shared /srv/in; chmod 777 /srv/in; chown 0:1001 /srv/shared; chmod 2777 /srv/shared; cd /srv/in
        ln -s ../shared/one a; ln -s /srv/shared/two b; ln -s b c; ln -s loop loop; ln -s none/x d; ln -s /srv/in/e2 e
        echo 1 > a; echo 2 > c; echo 3 > loop; echo 4 > d; ls -l /srv/shared | wc -l
        chroot --userspec=33:34 / /bin/sh -c 'cd /srv/in; echo 5 > e; rm -f /srv/shared/one; echo 6 > a; echo 7 > f'
        chroot /srv/in /bin/true; stat -c '%n %u:%g %a %s' /srv/shared/* /srv/in/*";
    let Some((out, _)) = same_for_all(script) else { return };
    for line in ["/srv/shared/one 33:1001 644", "/srv/shared/two 0:1001 644", "/srv/in/e2 33:34 644"] {
        assert!(out.as_str().unwrap().contains(line), "{line}: {out}");
    }
}

/// Links and FIFOs have no attributes: their records are lines of the layer below, and have to be written anew.
#[test]
fn what_has_no_attributes_keeps_its_owner_however_it_is_copied_up() {
    let first = r"
        mkdir -p /srv/d; cd /srv; for n in 1 2 3 4 5 6 7 8 9; do ln -s to$n l$n; mkfifo p$n; done; ln -sf longer l6; mkdir t; ln -s x t/in
        chown -h 1001:2001 l*; chown 1002:2002 p*; chown -h 1003:2003 t/in; touch own; ln -s gone d/stays; chown -h 9:9 d/stays
        ln -s same s1; ln -P s1 s2; chown -h 1004:2004 s1; ln -s two w1; chown -h 1005:2005 w1";
    let second = r"
        cd /srv; mv l1 m1; ln -P l2 m2; touch -h l3; mv l4 d/m4; cp -a l5 m5; mv -T l6 l7; mv p1 q1; ln p2 q2
        touch p3; chmod 640 p4; mv p5 d; chmod 604 /srv/p6; mv l8 none/l8; ln -P l8 none/l8; mv t u; mv own l9; touch -h own
        perl -e 'rename q(p7), q(q7); link q(p8), q(q8); utime 1, 1, q(p9)' 2>/dev/null || { mv p7 q7; ln p8 q8; touch -d @1 p9; }
        mv -T s1 s2; ln -P l3 d/stays; ln -P w1 w2; chown -h 8:8 w2; echo x > f; chown 33:34 f; cp --preserve=xattr f g
        chown -h 5:6 m1; mv m1 m0; stat -c '%n %u:%g %a %F' * d/* u/in";
    let script = format!(
        r#"fn of(files) {{
            files.filter(|f| f.path.starts_with("/srv/")).map(|f| [f.path, f.uid, f.gid, f.mode, f.type])
        }}
        let options = #{{ network: "none", check: false }};
        let one = commit(run(base(), `{first}`, options), "one:1");
        let c = run(one, `{second}`, options);
        let frozen = c.branch();
        let again = run(frozen, "cd /srv; mv m0 n0; mv q1 r1; ln -P d/m4 n4", options);
        #{{ out: c.stdout, diff: diff(c).map(|x| x.kind + x.path), layer: of(layers(commit(c, "two:1"))[-1].files),
            again: diff(again).map(|x| x.kind + x.path), last: of(layers(commit(again, "three:1"))[-1].files) }}"#
    );
    let told = everybody(|somebody| {
        let told = somebody.json(&script);
        somebody.assert_clean();
        told
    });
    let Some((root, others)) = told.split_first() else { return };
    let text = root.to_string();
    for line in [
        "m2 1001:2001 777 symbolic link",
        "q2 1002:2002 644 fifo",
        "m0 5:6 777",
        "u/in 1003:2003",
        "w1 8:8",
        "g 0:0",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(text.contains(r#"["/srv/d/m4",1001,2001"#) && text.contains(r#"["/srv/n0",5,6"#), "{text}");
    for other in others {
        assert_eq!(root, other, "other owners than root sees");
    }
}

/// Nobody is given a file in the second run: its record comes up with the file.
#[test]
fn a_file_that_is_only_copied_up_keeps_its_owner_in_the_layer() {
    let Some(single) = Somebody::new(Who::Single) else { return };
    let script = r#"
        let none = #{ network: "none" };
        let one = commit(run(base(), "cd /srv; echo x > f; mkdir d; echo y > d/g; chown -R 33:34 f d", none), "one:1");
        let c = run(one, "chmod 600 /srv/f; touch /srv/d/new; stat -c %u:%g /srv/f /srv/d", none);
        let owners = |files| files.filter(|f| f.path.starts_with("/srv/")).map(|f| `${f.path} ${f.uid}:${f.gid}`);
        [c.stdout, owners.call(c.files), owners.call(layers(commit(c, "two:1"))[-1].files)]"#;
    let value = single.json(script);
    assert_eq!(value[0], "33:34\n33:34\n");
    assert_eq!(
        value[1],
        serde_json::json!(["/srv/d 33:34", "/srv/d/g 33:34", "/srv/d/new 0:0", "/srv/f 33:34"])
    );
    assert_eq!(value[2], serde_json::json!(["/srv/d 33:34", "/srv/d/new 0:0", "/srv/f 33:34"]));
    single.assert_clean();
}

#[test]
fn devices_are_remembered() {
    let script = "mknod /srv/null c 1 3; mknod /srv/b b 8 17; chown 0:6 /srv/b; mkfifo /srv/p; \
        chmod 640 /srv/b; stat -c '%F %t:%T %u:%g %a' /srv/null /srv/b; test -c /srv/null && echo is";
    let Some((out, files)) = same_for_all(script) else { return };
    assert!(out.as_str().unwrap().contains("block special file 8:11 0:6 640"), "{out}");
    assert!(files.as_array().unwrap().iter().any(|file| file[4] == "char_device"), "{files}");
}

#[test]
fn somebody_can_be_become_and_makes_files_of_his_own() {
    let script = r#"
        umask 022; mkdir -m 2775 /srv/g; chgrp 50 /srv/g; touch /srv/g/x; mkdir /srv/g/d; ls -ln --time-style=+ /srv/g; mkdir -m 777 /srv/o
        setpriv --reuid 7 --regid 8 --groups 9,10 sh -c 'id -u; id -g; id -G; touch /srv/o/a; mkdir /srv/o/d; ln -s x /srv/o/l
            echo 1 > /srv/o/a; mkfifo /srv/o/p; mktemp /srv/o/tmp.XXXXXX >/dev/null; chown 0 /srv/o/a 2>/dev/null || echo no
            chgrp 9 /srv/o/a && chgrp 11 /srv/o/a 2>/dev/null || echo not; umask 077; mkdir /srv/o/e; ls -ln /srv/o | cut -c 1-20'
        rm /srv/o/tmp.??????"#;
    let Some(root) = Somebody::new(Who::Root) else { return };
    if root.json(r#"base().exists("/usr/bin/setpriv")"#) != true {
        // The starter image has no such program: Debian's has.
        let Some(debian) = debian() else { return };
        let mut all = Vec::new();
        for who in [Who::Root, Who::Single] {
            let Some(one) = Somebody::new(who) else { return };
            let tar = one.give(&debian.tar);
            let value = one.json(&format!(
                r#"let c = run(rootfs("{}", "d:1"), `{script}`, #{{ network: "none", check: false }});
                [c.stdout + c.stderr, layers(commit(c, "o:1"))[-1].files.map(|f| [f.path, f.uid, f.gid, f.mode, f.type])]"#,
                tar.display()
            ));
            all.push(value);
        }
        assert_eq!(all[0], all[1]);
        assert!(all[0][0].as_str().unwrap().contains("7\n8\n8 9 10\n"), "{}", all[0][0]);
        return;
    }
    same_for_all(script);
}

/// Files of every kind that belong to somebody, one of them with two names.
const MAKE: &str = r"cd /srv; mkdir d; echo x > f; ln f d/hard; ln -s f l; ln l d/again; mkfifo p; mknod b b 8 17; \
    ln b d/c; chown 33:34 f; chown -h 35:36 l; chown 37 d; chgrp 38 p; chown 0:6 b; chmod 640 b; chown 50:51 .; \
    chown 9:9 /";

/// What there is to see of them from inside.
const LOOK: &str = "stat -c '%n %F %u:%g %a %t:%T' / /srv /srv/* /srv/d/*";

/// The same from outside: owners of what lies in `/srv`.
const OWNERS: &str = r#"
    fn owners(what) {
        what.files.filter(|f| f.path.starts_with("/srv")).map(|f| `${f.path} ${f.type} ${f.uid}:${f.gid} ${f.mode}`)
    }
"#;

#[test]
fn states_keep_owners() {
    let mut all = Vec::new();
    for who in [Who::Root, Who::Single] {
        let Some(one) = Somebody::new(who) else { return };
        let value = one.json(&format!(
            r#"{OWNERS}
            let none = #{{ network: "none" }};
            let c = run(base(), `{MAKE}`, none);
            let s = snapshot(c);
            let seen = [];
            let b = run(branch(s), `{LOOK}; chown 70 /srv/f; chown -h 71 /srv/l; {LOOK}`, none);
            seen.push(b.stdout); seen.push(owners(b));
            // More parts than a container keeps: they are merged, and more than once.
            for i in 0..70 {{
                c = run(c, `chown ${{i + 100}} /srv/d/hard; chown -h ${{i + 100}} /srv/d/again; ln -s x /srv/n${{i}}; chown -h ${{i}} /srv/n${{i}}`, none);
                snapshot(c);
            }}
            c = run(c, `{LOOK}`, none);
            seen.push(c.stdout); seen.push(owners(c)); seen.push(owners(commit(c, "c:1")));
            seen.push(layers(commit(branch(s), "s:1"))[-1].files.map(|f| [f.path, f.type, f.uid, f.gid, f.mode]));
            c = run(rollback(c, s), `{LOOK}`, none);
            seen.push(c.stdout); seen.push(owners(c));
            seen"#
        ));
        one.assert_clean();
        all.push(value);
    }
    let [root, single] = all.as_slice() else { return };
    for (one, other) in root.as_array().unwrap().iter().zip(single.as_array().unwrap()) {
        assert_eq!(one, other);
    }
    let text = single.to_string();
    for line in
        ["/srv/f regular file 33:34", "/srv/l symbolic link 35:36", "/srv/b block special file 0:6 640 8:11"]
    {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn states_of_a_running_container_keep_owners() {
    let mut all = Vec::new();
    for who in [Who::Root, Who::Single] {
        let Some(one) = Somebody::new(who) else { return };
        one.json("base().id");
        let run = format!(
            r#"run(base(), `{MAKE}; echo > /ready; sleep 60`, #{{ name: "busy", network: "none" }})"#
        );
        let mut child =
            one.command().args(["-e", &run]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while one.json(r#"attempt(|| container("busy").exists("/ready")).value ?? false"#) != true {
            assert!(Instant::now() < until, "it does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        let value = one.json(&format!(
            r#"{OWNERS}
            let c = container("busy");
            let s = snapshot(c);
            let b = branch(c);
            let i = commit(c, "busy:1");
            let loose = commit(c, "busy:2", #{{ pause: false }});
            let seen = [];
            for state in [branch(s), b, i, loose] {{
                seen.push(owners(state));
                seen.push(run(state, `{LOOK}`, #{{ network: "none" }}).stdout);
            }}
            rm(c, #{{ force: true }});
            seen"#
        ));
        child.wait().unwrap();
        one.assert_clean();
        all.push(value);
    }
    let [root, single] = all.as_slice() else { return };
    assert_eq!(root, single);
    assert!(single[0].to_string().contains("/srv/d/c block_device 0:6"), "{}", single[0]);
}

#[test]
fn another_user_can_be_asked_for() {
    let Some(single) = Somebody::new(Who::Single) else { return };
    let value = single.json(
        r#"run(base(), "id -u; id -g; touch /tmp/x; stat -c %u:%g /tmp/x", #{ user: "123:45", network: "none" }).stdout"#,
    );
    assert_eq!(value, "123\n45\n123:45\n");
}

#[test]
fn the_container_reaches_no_record_but_its_own() {
    let Some(single) = Somebody::new(Who::Single) else { return };
    let outside = single.folder().join("volume");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("f"), "x").unwrap();
    for path in [&outside, &outside.join("f")] {
        nix::unistd::chown(path, Some(54321.into()), Some(54321.into())).unwrap();
    }
    let value = single.json(&format!(
        r#"let c = run(base(), "ln -s {0} /srv/l; ln -s /proc/self/root/srv /srv/m; chown 5:5 /srv/l/f /vol/f /vol; chown 5 /proc/self/../../etc/passwd; chown 6 /srv/m; chown -h 7 /proc/self /proc/1/root; mkdir /srv/x; chroot /srv/x /bin/true; true", #{{ volumes: ["{0}:/vol"], network: "none", check: false }});
        [c.stderr, diff(c).map(|x| x.path)]"#,
        outside.display()
    ));
    assert!(value[0].as_str().unwrap().contains("chown"), "{value}");
    for path in [&outside, &outside.join("f")] {
        let listed = Outcome::of(std::process::Command::new("getfattr").arg("-d").arg(path));
        assert!(!listed.stdout.contains("plywood"), "{}", listed.stdout);
    }
}

#[test]
fn a_root_of_its_own_is_where_a_process_means_it() {
    let Some(debian) = debian() else { return };
    let Some(single) = Somebody::new(Who::Single) else { return };
    let tar = single.give(&debian.tar);
    let value = single.json(&format!(
        r#"let c = run(rootfs("{}", "d:1"), "mkdir -p /jail/srv /srv; for d in usr bin lib lib64; do cp -a /$d /jail/ 2>/dev/null; done; touch /jail/srv/f /srv/f; chroot /jail chown 5:6 /srv/f; stat -c %u:%g /jail/srv/f /srv/f; chroot /jail stat -c %u:%g /srv/f", #{{ network: "none", check: false }});
        c.stdout + c.stderr"#,
        tar.display()
    ));
    assert_eq!(value, "5:6\n0:0\n5:6\n");
}

/// Installs wget and takes away what tells the time or the machine.
const INSTALL: &str = "apt-get update && apt-get install -y wget && apt-get clean && \
    rm -rf /var/lib/apt/lists/* /var/log/*.log /var/log/apt /var/cache/ldconfig/* /var/cache/apt/*.bin";

#[test]
fn apt_makes_the_same_layer_for_everybody() {
    let Some(debian) = debian() else { return };
    let layers = everybody(|one| {
        let who = one.who();
        let tar = one.give(&debian.tar);
        let target = one.folder().join("image.tar");
        let reference = format!("plywood-wget/{who:?}:{}", std::process::id()).to_lowercase();
        let script = format!(
            r#"let c = run(rootfs("{}", "debian:test"), "{INSTALL}", #{{ network: "host" }});
            let image = commit(c, "{reference}");
            save(image, "docker-archive:{}");
            let top = layers(image)[-1];
            #{{ diff_id: top.diff_id, files: top.files.map(|f| `${{f.path}} ${{f.type}} ${{f.mode}} ${{f.uid}}:${{f.gid}} ${{f.size}}`) }}"#,
            tar.display(),
            target.display(),
        );
        let outcome =
            Outcome::of(one.command().args(["--json", "-e", &script]).env("SOURCE_DATE_EPOCH", "1735689600"));
        outcome.assert_ok();
        let value: Value = serde_json::from_str(outcome.stdout.lines().last().unwrap()).unwrap();
        one.assert_clean();
        (who, value, in_docker(&target, &reference))
    });
    for pair in layers.windows(2) {
        let [one, other] = pair else { continue };
        assert_eq!(one.1["files"], other.1["files"], "{:?} and {:?}", one.0, other.0);
        assert_eq!(one.1["diff_id"], other.1["diff_id"], "{:?} and {:?}", one.0, other.0);
        assert_eq!(one.2, other.2, "after docker load: {:?} and {:?}", one.0, other.0);
    }
}

/// The layers' DiffIDs as Docker has them, and whose every file is in a container of Docker's.
fn in_docker(archive: &std::path::Path, reference: &str) -> Option<(String, Vec<String>)> {
    let docker = Docker::find()?;
    docker.run(&["load", "-i", &archive.display().to_string()]);
    let layers = docker.run(&["image", "inspect", "-f", "{{json .RootFS.Layers}}", reference]);
    let look = "find / -xdev -printf '%p %y %U:%G %m\\n' | sort";
    let files = docker.run(&["run", "--rm", "--network=none", reference, "sh", "-c", look]);
    docker.run(&["rmi", reference]);
    let files: Vec<String> = files.lines().map(str::to_owned).collect();
    assert!(files.iter().any(|line| line.starts_with("/usr/bin/wget f 0:0 755")), "{files:?}");
    // Of what apt and its programs give to others.
    assert!(
        files.iter().any(|line| line.starts_with("/var/cache/apt/archives/partial d 42:0 700")),
        "{files:?}"
    );
    Some((layers, files))
}

#[test]
fn the_lesson_runs_for_everybody() {
    let Some(debian) = debian() else { return };
    let played = everybody(|one| {
        let tar = one.give(&debian.tar);
        one.args(["-e", &format!(r#"rootfs("{}", "debian:test")"#, tar.display())]).assert_ok();
        let lesson = one.give(&project().join("scripts/01-from-container-to-image.rhai"));
        Outcome::of(one.command().arg(lesson).args(["--image", "debian:test"])).assert_ok();
        one.who()
    });
    assert!(played.len() == 3 || Somebody::new(Who::Ranges).is_none(), "{played:?}");
}
