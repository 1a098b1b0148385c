//! podman with a store of its own.

use std::process::Command;

use super::registry::{find, output};
use super::{is_root, leave_to_root};

/// Its folder goes with the value.
pub struct Podman {
    folder: tempfile::TempDir,
}

impl Podman {
    /// podman, or `None` after saying why not.
    pub fn find() -> Option<Self> {
        find("podman")?;
        if !is_root() {
            leave_to_root("podman is tried as root");
            return None;
        }
        Some(Self { folder: tempfile::Builder::new().prefix("plywood-podman-").tempdir().unwrap() })
    }

    /// The program with its options, ready for a command.
    pub fn command(&self) -> Command {
        let mut command = Command::new("/usr/bin/podman");
        command.arg("--root").arg(self.folder.path().join("root"));
        command.arg("--runroot").arg(self.folder.path().join("run"));
        // Overlays do not lie on overlays; the other way copies every layer for every container.
        let below = nix::sys::statfs::statfs(self.folder.path()).unwrap().filesystem_type();
        let driver = if below == nix::sys::statfs::OVERLAYFS_SUPER_MAGIC { "vfs" } else { "overlay" };
        command.args(["--storage-driver", driver, "--cgroup-manager=cgroupfs", "--events-backend=none"]);
        // crun wants no cgroups of both kinds.
        if let Some(runc) =
            ["/usr/bin/runc", "/usr/sbin/runc"].iter().find(|path| std::fs::exists(path).unwrap())
        {
            command.args(["--runtime", runc]);
        }
        command
    }

    /// What it prints, without the last newline; it must succeed.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> String {
        output(self.command().args(args)).trim_end_matches('\n').to_owned()
    }

    /// What a container prints. Its limits are lower than podman's: higher ones cannot be set everywhere.
    #[track_caller]
    pub fn print(&self, image: &str, command: &[&str]) -> String {
        let limits = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=1000:1000"];
        let mut run = self.command();
        run.args(["run", "--rm", "--pull=never", "--network=none"]).args(limits);
        run.args(["--entrypoint", command[0], image]).args(&command[1..]);
        output(&mut run)
    }
}
