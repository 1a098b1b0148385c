//! Stores on file systems of all kinds: what the kernel cannot do there is done otherwise, with the same result.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{FUSE, LOOP, assert_same, has_fuse};
use crate::support::registry::{find, noise};
use crate::support::{Outcome, Somebody, Who, count, everybody, skip};

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

/// For everybody to use, as on most machines.
const DEVICE: &str = "mknod \"$0.fuse\" c 10 229; chmod 666 \"$0.fuse\"; mount --bind \"$0.fuse\" /dev/fuse";

/// Owners, devices and links of all kinds, in two layers and seen from inside; and whether the store is whole.
const OWNERS: &str = r#"
    let none = #{ network: "none" };
    let c = run(base(), "cd /srv; mkdir d e; echo x >f; ln -s f l; mkfifo p; chown 33:34 f; chown -h 35:36 l; chown 37 d; chown 0:38 p; chmod 4755 f", none);
    let one = commit(c, "o:1");
    let d = run(one, "chown 7 /srv/f /srv/l; touch /srv/d/n; chown 8 /srv/d/n; ln /srv/d/n /srv/h; rm -r /srv/e; mkdir /srv/e; chown 0 /srv/d; stat -c '%n %u:%g %a %F' / /srv /srv/*", none);
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

#[test]
fn a_program_serves_the_same_to_everybody() {
    let Some(root) = Somebody::new(Who::Root).filter(|_| has_fuse()) else { return };
    let [usual, owners] = both(root.command());
    everybody(|somebody| {
        let what = format!("{:?}", somebody.who());
        let mut command = mounted(DEVICE, somebody);
        command.env("PLYWOOD_FORCE", FUSE);
        let [other, others] = both(command);
        assert_same(&usual, &other, &what);
        assert_eq!(others, owners, "{what}");
        assert!(other["mounts"].as_str().unwrap().contains(" - fuse fuse-overlayfs "), "{what}: {other}");
        somebody.assert_clean();
    });
}

/// A mount that goes while the program is told of closed files ends it with a complaint, but well; any other
/// complaint is one.
#[test]
fn a_program_may_be_cut_off_at_its_end() {
    let Some(root) = Somebody::new(Who::Root).filter(|_| has_fuse()) else { return };
    let Some(program) = find("fuse-overlayfs") else { return };
    let folder = root.folder().join("programs");
    std::fs::create_dir_all(&folder).unwrap();
    let outcome = |said: &str| {
        let text = format!("#!/bin/sh\n{} \"$@\"\necho '{said}' >&2\nexit 1\n", program.display());
        let place = folder.join("fuse-overlayfs");
        std::fs::write(&place, text).unwrap();
        std::fs::set_permissions(&place, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let mut command = root.command();
        let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
        let script = r#"run(base(), "echo kept > /new").diff().map("path")"#;
        Outcome::of(command.env("PATH", path).env("PLYWOOD_FORCE", FUSE).args(["--json", "-e", script]))
    };
    let well = outcome("fuse: reading device: Software caused connection abort");
    assert_eq!(well.assert_ok().stdout.trim(), r#"["/new"]"#);
    let ill = outcome("fuse: no room for what was written");
    assert_eq!(ill.code, 1, "{}", ill.stderr);
    assert!(ill.stderr.contains("no room for what was written"), "{}", ill.stderr);
}

/// A file system of 400 MB in a file, or `None` after saying why it cannot be had.
fn disk(kind: &str, place: &Path) -> Option<&'static str> {
    find(&format!("mkfs.{kind}"))?;
    let mount = "mount -o loop \"$0.disk\" \"$0\"";
    let script = format!("truncate -s 400M \"$0.disk\"; mkfs.{kind} -q \"$0.disk\" >/dev/null; {mount}");
    std::fs::create_dir_all(place).unwrap();
    let tried = Outcome::of(Command::new("unshare").args(["--mount", "sh", "-ec", &script]).arg(place));
    if tried.code != 0 {
        skip(&format!("no {kind} in a file can be mounted: {}", tried.stderr));
        return None;
    }
    Some(mount)
}

/// More than half of the disk is one file: a second one like it has room only if it shares its blocks.
#[test]
fn blocks_are_shared_where_the_file_system_can() {
    const SIZE: usize = 190_000_000;
    let Some(somebody) = Somebody::new(Who::Root) else { return };
    let Some(busybox) = find("busybox") else { return };
    let tree = somebody.folder().join("tree");
    std::fs::create_dir_all(tree.join("bin")).unwrap();
    std::fs::copy(busybox, tree.join("bin/sh")).unwrap();
    std::fs::write(tree.join("large"), noise(5, SIZE)).unwrap();
    let script = format!(
        r#"let i = rootfs(`{}`, "large:1");
        let c = attempt(|| run(i, ["sh", "-c", "echo more >>/large; wc -c /large"], #{{ network: "none" }}));
        [if c.ok {{ c.value.stdout }} else {{ c.error.kind }}, if c.ok {{ diff(c.value).map("path") }}, fsck().problems]"#,
        tree.display()
    );
    let cases = [("xfs", "reflink", true), ("xfs", "copy", false), ("btrfs", "reflink", true)];
    for (kind, way, shares) in cases.into_iter().take(count(2, 3)) {
        let Some(disk) = disk(kind, &somebody.folder().join("store")) else { continue };
        let mut command = mounted(disk, &somebody);
        let outcome = Outcome::of(command.env("PLYWOOD_FORCE", way).args(["--json", "-e", &script]));
        outcome.assert_ok();
        let seen: Value = serde_json::from_str(&outcome.stdout).unwrap();
        let expected = match shares {
            true => serde_json::json!([format!("{} /large\n", SIZE + 5), ["/large"], []]),
            false => serde_json::json!(["no_space", null, []]),
        };
        assert_eq!(seen, expected, "{kind} {way}");
        std::fs::remove_file(somebody.folder().join("store.disk")).unwrap();
    }
}
