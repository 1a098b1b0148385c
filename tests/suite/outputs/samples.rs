//! Images with everything in them that a layer can say, and the forms in which they go out.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::registry::{find, output, plywood};
use crate::support::{Plywood, is_root};

/// A store with `plain:v1`, of one layer, and `team/rich:v1`, of four.
pub struct Samples {
    pub folder: tempfile::TempDir,
    pub plywood: Plywood,
}

/// Says all that can be told of the files in `/srv` from inside: what they are, whose, what is in them.
pub const LOOK: &str = "cd /srv
    find . ! -type d -exec stat -c '%n %F %a %u:%g %h %s %Y %t:%T' {} + | sort
    find . -type d -exec stat -c '%n %F %a %u:%g %Y' {} + | sort
    find . -type f -exec sha256sum {} + | sort
    find . -type l -exec readlink {} + | sort
    find . -type f -exec getfattr -h -d -m '^(user|security.capability)' -e hex {} + | sort";

/// What the image of four layers is made of, after its first.
const STEPS: [&str; 3] = [
    "mkdir -p /srv/gone/deep /srv/opaque /srv/keep /srv/swap; echo 1 >/srv/gone/deep/f; echo 2 >/srv/opaque/old
     echo big >/srv/keep/h1; ln /srv/keep/h1 /srv/keep/h2; ln -s ../keep /srv/link; echo x >/srv/swap/f; echo f >/srv/was
     touch '/srv/na me' /srv/größe; mkfifo /srv/pipe; cp /bin/busybox /srv/suid; chmod 6755 /srv/suid
     mkdir -m 1777 /srv/sticky; mkdir -m 2770 /srv/setgid; chown 0:0 /srv/setgid",
    "rm -rf /srv/gone /srv/opaque /srv/swap /srv/was /srv/keep/h2; mkdir /srv/opaque /srv/was; echo n >/srv/opaque/new
     echo now >/srv/swap; touch /srv/was/in; chmod 600 /srv/first; echo more >>/srv/noted; rm -r /srv/lower; mkdir /srv/lower",
    "ln /srv/keep/h1 /srv/keep/h3; mv /srv/opaque/new /srv/moved; rmdir /srv/lower",
];

/// Words of a Dockerfile, each of which has a place in the configuration.
const CHANGES: &str = r#"["CMD [\"cat\", \"/srv/moved\"]", "ENTRYPOINT [\"/bin/env\"]", "ENV A=b C='d e'", "EXPOSE 80 53/udp",
    "VOLUME /data /more", "LABEL x=y empty=", "USER 0:0", "WORKDIR /srv", "STOPSIGNAL SIGUSR1", "ONBUILD RUN true",
    "HEALTHCHECK --interval=5s CMD true"]"#;

impl Samples {
    /// `None` after saying what is missing.
    pub fn new() -> Option<Self> {
        let busybox = find("busybox")?;
        let folder = tempfile::Builder::new().prefix("plywood-outputs-").tempdir().unwrap();
        tree(&folder.path().join("tree"), &busybox)?;
        let plywood = plywood(folder.path());
        let steps: String = STEPS
            .iter()
            .map(|step| format!("i = commit(run(i, `{step}`, #{{ network: \"none\" }}), \"team/rich:v1\");"))
            .collect();
        let script = format!(
            r#"let i = rootfs(`{}`, "plain:v1"); {steps}
            commit(run(i, "true", #{{ network: "none" }}), "team/rich:v1", #{{ message: "all", author: "Me <me@example.org>", change: {CHANGES} }});"#,
            folder.path().join("tree").display()
        );
        plywood.eval(&script).assert_ok();
        Some(Self { folder, plywood })
    }

    /// A path in the samples' folder.
    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the image `name` in these forms to files that begin with `prefix`.
    pub fn save(&self, name: &str, prefix: &str, forms: &[(&'static str, &'static str)]) -> Vec<Written> {
        let mut written = Vec::new();
        let mut script = String::new();
        for &(kind, compression) in forms {
            // Podman makes a name of a layout's path.
            let place = self.at(&format!("{prefix}-{kind}-{compression}"));
            let options = match compression {
                "" => "#{}".to_owned(),
                name => format!("#{{ compression: `{name}` }}"),
            };
            script += &format!("save(image(`{name}`), `{kind}:{}`, {options});", place.display());
            written.push(Written { kind, compression, place });
        }
        self.plywood.eval(&script).assert_ok();
        written
    }
}

/// A file or folder with an image in it.
#[derive(Debug, Clone)]
pub struct Written {
    pub kind: &'static str,
    pub compression: &'static str,
    pub place: PathBuf,
}

impl Written {
    /// As `skopeo` and we are told of it.
    pub fn source(&self) -> String {
        format!("{}:{}", self.kind, self.place.display())
    }

    /// Is it one that has an index?
    pub fn is_layout(&self) -> bool {
        self.kind.starts_with("oci")
    }
}

/// Every form with every compression that it has.
pub const FORMS: [(&str, &str); 10] = [
    ("docker-archive", ""),
    ("oci-archive", "gzip"),
    ("oci-archive", "zstd"),
    ("oci-archive", "none"),
    ("oci", "gzip"),
    ("oci", "zstd"),
    ("oci", "none"),
    ("dir", "gzip"),
    ("dir", "zstd"),
    ("dir", "none"),
];

/// The first layer: busybox, `getfattr`, and files whose attributes only the host can make.
fn tree(root: &Path, busybox: &Path) -> Option<()> {
    const APPLETS: &str = "sh cat chmod chown cp echo env find ln mkdir mkfifo mv readlink rm rmdir sha256sum sort stat touch true";
    fs::create_dir_all(root.join("bin")).unwrap();
    fs::create_dir_all(root.join("srv/lower/deep")).unwrap();
    fs::copy(busybox, root.join("bin/busybox")).unwrap();
    for applet in APPLETS.split(' ') {
        symlink("busybox", root.join("bin").join(applet)).unwrap();
    }
    let getfattr = find("getfattr")?;
    let libraries = output(Command::new("ldd").arg(&getfattr));
    let libraries = libraries.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from);
    for file in libraries.chain([getfattr]) {
        let inside = root.join(file.strip_prefix("/").unwrap());
        fs::create_dir_all(inside.parent().unwrap()).unwrap();
        fs::copy(&file, inside).unwrap();
    }
    let srv = root.join("srv");
    for name in ["first", "noted", "capable", "owned", "lower/deep/f", "été"] {
        fs::write(srv.join(name), format!("{name}\n")).unwrap();
    }
    output(Command::new(find("setfattr")?).args(["-n", "user.note", "-v", "hello"]).arg(srv.join("noted")));
    fs::set_permissions(srv.join("first"), fs::Permissions::from_mode(0o4711)).unwrap();
    if is_root() {
        // `cap_net_raw+ep`, version 2.
        let value = "0x0100000200200000000000000000000000000000";
        let mut command = Command::new(find("setfattr")?);
        output(command.args(["-n", "security.capability", "-v", value]).arg(srv.join("capable")));
        std::os::unix::fs::lchown(srv.join("owned"), Some(12), Some(34)).unwrap();
        fs::hard_link(srv.join("owned"), srv.join("twice")).unwrap();
        let device = Command::new("mknod").arg(srv.join("null")).args(["c", "1", "3"]).status().unwrap();
        assert!(device.success());
    }
    Some(())
}
