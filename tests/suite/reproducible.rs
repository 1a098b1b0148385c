//! The same script gives the same layer, wherever and whoever runs it.

use std::path::{Path, PathBuf};

use crate::support::{Plywood, binary, is_root};

/// Makes every kind of file, with fixed times; prints the committed layer's DiffID.
const SCRIPT: &str = r#"
let c = run(base(), `
    umask ${UMASK}
    mkdir -p /srv/a /srv/a-b /srv/Z /srv/ä; echo x > /srv/a/x; echo y > /srv/a-b/y; echo z > /srv/Z/z; echo ü > /srv/ä/ü
    chmod 755 /srv /srv/a /srv/a-b /srv/Z /srv/ä; chmod 644 /srv/a/x /srv/a-b/y /srv/Z/z /srv/ä/ü
    ln -s a/x /srv/link; ln /srv/a/x /srv/hard; mkfifo -m 644 /srv/fifo
    i=0; while [ $i -lt 50 ]; do echo $i > /srv/f$i; chmod 644 /srv/f$i; i=$((i+1)); done
    rm -rf /usr/share/terminfo; chmod 600 /etc/passwd
    find /srv /etc/passwd /etc /usr/share / -xdev -maxdepth 3 -newer /etc/group -exec touch -h -d 2020-02-02T02:02:02Z {} + 2>/dev/null
    find /srv -exec touch -h -d 2020-02-02T02:02:02Z {} +
    touch -h -d 2020-02-02T02:02:02Z /etc/passwd /etc /usr/share /usr /
`.replaced(), #{ network: "none" });
layers(commit(c, "same:1"))[-1].diff_id
"#;

fn script(umask: &str) -> String {
    SCRIPT.replace("${UMASK}", umask).replace("${", "$\\{").replace(".replaced()", "")
}

fn diff_id(plywood: &Plywood, locale: &str, umask: &str) -> String {
    let outcome = crate::support::Outcome::of(
        plywood.command().args(["--json", "-e", &script(umask)]).env("LC_ALL", locale).env("LANG", locale),
    );
    outcome.assert_ok();
    outcome.stdout.trim().trim_matches('"').to_owned()
}

/// A folder on a tmpfs that this user can write to.
fn on_tmpfs() -> PathBuf {
    PathBuf::from("/dev/shm")
}

#[test]
fn the_same_script_gives_the_same_layer() {
    let first = diff_id(&Plywood::new(), "C.UTF-8", "022");
    assert!(first.starts_with("sha256:"), "{first}");
    assert_eq!(first, diff_id(&Plywood::new(), "C", "022"), "another locale");
    assert_eq!(first, diff_id(&Plywood::new(), "C.UTF-8", "077"), "another umask");
    assert_eq!(first, diff_id(&Plywood::within(&on_tmpfs()), "C.UTF-8", "022"), "another file system");
    if is_root() {
        for user in ["with a range of ids", "with a single id"] {
            if let Some(other) = as_somebody(user == "with a range of ids") {
                assert_eq!(first, other, "an unprivileged user {user}");
            }
        }
    }
}

/// The same as a user that is not root, made for the purpose out of an id that nobody has. The
/// range is given as `newuidmap` would give it, by the namespace that the test makes around it.
fn as_somebody(ranges: bool) -> Option<String> {
    let folder = tempfile::Builder::new().prefix("plywood-somebody-").tempdir().ok()?;
    open_to_all(folder.path());
    let program = folder.path().join("plywood");
    std::fs::copy(binary(), &program).ok()?;
    let store = folder.path().join("store");
    let mut command = if ranges {
        let user = std::fs::read_to_string("/etc/subuid").ok()?;
        let user = user.lines().next()?.split(':').next()?.to_owned();
        let mut command = std::process::Command::new("setpriv");
        command.args(["--reuid", &user, "--regid", &user, "--init-groups"]);
        command
    } else {
        let mut command = std::process::Command::new("setpriv");
        command.args(["--reuid", "54321", "--regid", "54321", "--clear-groups"]);
        command
    };
    command.arg(&program).arg("--store").arg(&store).args(["--json", "-e", &script("022")]);
    let outcome = crate::support::Outcome::of(&mut command);
    outcome.assert_ok();
    Some(outcome.stdout.trim().trim_matches('"').to_owned())
}

fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
}
