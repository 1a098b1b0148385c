//! Images with other people's files come and go: in by every way, out by every way, with the same bytes.

use serde_json::{Value, json};

use crate::support::registry::{Access, Registry};
use crate::support::{Outcome, Somebody, Who};

/// The program as that user, at home in its own folder.
fn json(somebody: &Somebody, script: &str) -> Value {
    let mut command = somebody.command();
    command.env("HOME", somebody.folder()).env("SOURCE_DATE_EPOCH", "1735689600");
    let outcome = Outcome::of(command.args(["--quiet", "--json", "-e", script]));
    outcome.assert_ok();
    serde_json::from_str(&outcome.stdout).unwrap()
}

/// Makes files of all kinds and owners upon `base()`, and changes some in a second layer.
const MAKE: &str = r#"
    let none = #{ network: "none" };
    let one = commit(run(base(), `cd /srv; mkdir -p d gone; echo x >f; ln f d/hard; ln -s f l; mkfifo p; mknod n c 1 3; cp /bin/true suid
        chown 33:34 f; chown -h 35:36 l; chown 37 d gone; chown 0:38 p; chown 5:6 suid; chmod 6755 suid; chown 9:9 n; chmod 1777 d`, none), "owned:1");
    let image = commit(run(one, `rm -r /srv/gone; rm -rf /srv/d; mkdir /srv/d; chown 40:41 /srv/d; echo y >>/srv/f; chown 7 /srv/l /srv/p`, none), "owned:2");
"#;

/// What is inside, seen from inside and from outside.
const LOOK: &str = r#"
    let seen = run(image, "stat -c '%n %F %u:%g %a %h %t:%T' /srv /srv/* /srv/d", #{ network: "none" }).stdout;
    let files = image.files.filter(|f| f.path.starts_with("/srv")).map(|f| `${f.path} ${f.type} ${f.uid}:${f.gid} ${f.mode}`);
"#;

#[test]
fn every_transport_there_and_back() {
    let (Some(root), Some(single)) = (Somebody::new(Who::Root), Somebody::new(Who::Single)) else { return };
    let at = |name: &str| single.folder().join(name).display().to_string();
    let made = json(&root, &format!("{MAKE} {LOOK} [image.id, image.diff_ids, seen, files]"));
    // Who has one id makes the same image: the same layers with the same owners.
    let own = json(&single, &format!("{MAKE} {LOOK} [image.diff_ids, seen, files]"));
    assert_eq!(own, json!([made[1], made[2], made[3]]));
    for (kind, options) in [
        ("docker-archive", "#{}"),
        ("oci-archive", "#{ compression: \"gzip\" }"),
        ("oci-archive", "#{ compression: \"zstd\" }"),
        ("oci", "#{ compression: \"none\" }"),
        ("dir", "#{ compression: \"gzip\" }"),
    ] {
        let Some(single) = Somebody::new(Who::Single) else { return };
        let (from, to) = (at(&format!("from-{kind}")), single.folder().join("to").display().to_string());
        json(&root, &format!("save(image(\"owned:2\"), `{kind}:{from}`, {options}); true"));
        Outcome::of(std::process::Command::new("chmod").args(["-R", "a+rX", &from])).assert_ok();
        let taken = json(
            &single,
            &format!(
                "let image = load(`{kind}:{from}`); {LOOK} save(image, `{kind}:{to}`); [image.id, image.diff_ids, seen, files]"
            ),
        );
        assert_eq!(taken, made, "{kind} {options}");
        single.assert_clean();
        // What goes out is what came in, to the byte; only a `dir:`, and an image with no name, name less.
        let same = Outcome::of(std::process::Command::new("diff").args(["-r", &from, &to]));
        let named = kind.starts_with("docker") || kind == "dir";
        assert!(same.code == 0 || !named, "{kind}: {}", same.stdout);
        let back =
            json(&root, &format!("[load(`{kind}:{to}`), load(`{kind}:{from}`)].map(|i| [i.id, i.digest])"));
        assert_eq!(back[0], back[1], "{kind}");
        assert_eq!(back[0][0], made[0]);
        Outcome::of(std::process::Command::new("rm").args(["-rf", &from])).assert_ok();
    }
}

#[test]
fn pull_run_commit_push() {
    let (Some(root), Some(single)) = (Somebody::new(Who::Root), Somebody::new(Who::Single)) else { return };
    let Some(registry) = Registry::start(&Access::Plain) else { return };
    let name = |name: &str| registry.name(name);
    let made = json(
        &root,
        &format!("{MAKE} {LOOK} let d = push(image, `{}`); [d, image.id, seen, files]", name("o/owned:2")),
    );
    let done = json(
        &single,
        &format!(
            r#"let image = pull(`{}`); {LOOK} let again = push(image, `{}`);
            let c = run(image, "chown 70:71 /srv/f; echo more >/srv/more; chown 72 /srv/more; rm /srv/p", #{{ network: "none" }});
            let next = commit(c, "next:1"); #{{ first: [image.digest, image.id, seen, files], again: again, next: push(next, `{}`), ids: next.diff_ids }}"#,
            name("o/owned:2"),
            name("o/again:2"),
            name("o/next:1")
        ),
    );
    assert_eq!(done["first"], made);
    assert_eq!(done["again"], made[0], "nothing changed, so the digest stays");
    single.assert_clean();
    // And root, from what the single id pushed, gets what root would have made.
    let seen = json(
        &root,
        &format!(
            r#"let i = pull(`{}`); let c = commit(run(image("owned:2"), "chown 70:71 /srv/f; echo more >/srv/more; chown 72 /srv/more; rm /srv/p", #{{ network: "none" }}), "mine:1");
            let look = |i| layers(i)[-1].files.map(|f| `${{f.path}} ${{f.uid}}:${{f.gid}} ${{f.mode}} ${{f.type}}`);
            [i.digest, i.diff_ids, c.diff_ids == i.diff_ids, look.call(i) == look.call(c), look.call(i).filter(|t| "/srv/more" in t)]"#,
            name("o/next:1")
        ),
    );
    assert_eq!(seen[0], done["next"]);
    assert_eq!(seen[1], done["ids"]);
    assert_eq!((&seen[2], &seen[3]), (&json!(true), &json!(true)), "{seen}");
    assert_eq!(seen[4], json!(["/srv/more 72:0 420 file"]));
}
