//! Stores on file systems of all kinds: what the kernel cannot do there is done otherwise, with the same result.

use std::process::Command;

use serde_json::Value;

use super::{LOOP, assert_same};
use crate::support::{Outcome, Somebody, Who, everybody};

/// The program as somebody, with something mounted where the store is to be; it goes with the program.
fn mounted(mount: &str, somebody: &Somebody) -> Command {
    let command = somebody.command();
    let user = somebody.user();
    let script = format!("set -e; mkdir -p \"$0\"; {mount}; chown {user}:{user} \"$0\"; exec \"$@\"");
    let mut wrapped = Command::new("unshare");
    wrapped
        .args(["--mount", "sh", "-c", &script])
        .arg(somebody.folder().join("store"))
        .arg(command.get_program());
    wrapped.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    wrapped
}

/// Without extended attributes of any kind.
const RAMFS: &str = "mount -t ramfs none \"$0\"";
/// What a container has for a disk: takes no whiteouts and no second overlay upon it.
const OVERLAY: &str = "mount -t tmpfs none \"$0\"; mkdir \"$0/l\" \"$0/u\" \"$0/w\"; \
    mount -t overlay -o \"lowerdir=$0/l,upperdir=$0/u,workdir=$0/w\" none \"$0\"";
const TMPFS: &str = "mount -t tmpfs none \"$0\"";

/// Owners, devices and links of all kinds, in two layers and seen from inside; and whether the store is whole.
const OWNERS: &str = r#"
    let none = #{ network: "none" };
    let c = run(base(), "cd /srv; mkdir d e; echo x >f; ln f h; ln -s f l; mkfifo p; chown 33:34 f; chown -h 35:36 l; chown 37 d; chown 0:38 p; chmod 4755 f", none);
    let one = commit(c, "o:1");
    let d = run(one, "chown 7 /srv/f /srv/l; touch /srv/d/n; chown 8 /srv/d/n; rm -r /srv/e; mkdir /srv/e; chown 0 /srv/d; stat -c '%n %u:%g %a %F' / /srv /srv/*", none);
    let again = run(branch(snapshot(d)), "chown 10 /srv/h; stat -c '%n %u:%g' /srv/* /srv/d/*", none);
    let two = commit(again, "o:2");
    [d.stdout, again.stdout, layers(two).skip(1).map(|l| l.files.map(|f| `${f.path} ${f.type} ${f.uid}:${f.gid} ${f.mode}`)), fsck().problems]"#;

/// The core loop, and the owners.
fn both(mut command: Command) -> [Value; 2] {
    let script = format!("[{{ {LOOP} }}, {{ {OWNERS} }}]");
    let outcome = Outcome::of(command.env("SOURCE_DATE_EPOCH", "1735689600").args(["--json", "-e", &script]));
    outcome.assert_ok();
    serde_json::from_str(&outcome.stdout).unwrap()
}

#[test]
fn everywhere_the_same_layers_and_owners() {
    let Some(root) = Somebody::new(Who::Root) else { return };
    let [usual, owners] = both(root.command());
    assert_eq!(owners[3], Value::Array(Vec::new()));
    for (name, mount) in [("ramfs", RAMFS), ("overlay", OVERLAY), ("tmpfs", TMPFS)] {
        everybody(|somebody| {
            let what = format!("{name} {:?}", somebody.who());
            let [other, others] = both(mounted(mount, somebody));
            assert_same(&usual, &other, &what);
            assert_eq!(others, owners, "{what}");
            let is_overlay = other["mounts"].as_str().unwrap().contains(" - overlay ");
            assert_eq!(is_overlay, name == "tmpfs", "{what}: {}", other["mounts"]);
        });
    }
}
