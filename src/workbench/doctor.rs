//! `doctor`: what this machine allows, and the exact fix for what it does not.

use std::fs;

use super::fallback::Trees;
use super::{Check, Fallback, Result, Workbench};
use crate::layer::copy::Copying;
use crate::sys::userns::{self, Identity, Shortfall};

/// The first kernel that mounts an overlay in a user namespace.
const OLDEST_KERNEL: (u32, u32) = (5, 11);

impl Workbench {
    /// One line for each thing that running containers depends on.
    ///
    /// # Errors
    /// None today: what cannot be found out is a check that says so.
    pub fn doctor(&self) -> Result<Vec<Check>> {
        let mut checks = vec![kernel(), overlay()];
        match self.opened() {
            Ok(opened) => {
                checks.push(identity(opened.identity));
                checks.push(self.roots());
                checks.push(self.ways());
            }
            Err(error) => {
                checks.push(failed("user namespace and store", &error.message, error.hint.clone()));
            }
        }
        checks.push(store(&self.settings.store));
        checks.push(inside_a_container());
        Ok(checks)
    }
}

impl Workbench {
    /// How containers of this store get their roots; asked anew, whatever is remembered.
    fn roots(&self) -> Check {
        let name = "container roots";
        match self.kind_of_trees() {
            Err(error) => return failed(name, error.message, error.hint),
            Ok(_) if self.settings.force.iter().any(|way| way.is_for_roots()) => {
                let way = self.kind_of_trees().map_or_else(|error| error.message, described);
                return passed(name, format!("{way}: forced"));
            }
            Ok(Trees::Copies(copying, why)) => {
                return failed(name, format!("{}, slow and large: {why}", in_words(*copying)), Some(fix()));
            }
            Ok(Trees::Overlay | Trees::Fuse(_)) => {}
        }
        let store = match self.store() {
            Ok(store) => store,
            Err(error) => return failed(name, error.message, error.hint),
        };
        match (self.probe_overlay(store), self.kind_of_trees()) {
            (Ok(()), _) => passed(name, "overlayfs"),
            (Err(why), Ok(trees @ Trees::Fuse(_))) => {
                Check { fix: Some(fix()), ..passed(name, format!("{}: {why}", described(trees))) }
            }
            // What is remembered does not hold any more.
            (Err(why), _) => failed(name, format!("no overlayfs: {why}"), Some(fix())),
        }
    }

    /// Which of the kernel's newer ways there are; each older way gives the same result.
    fn ways(&self) -> Check {
        let name = "kernel ways";
        let forced = self.forced();
        let ways = crate::container::Ways::of_this_kernel();
        let list = [
            ("clone3", ways.clone3 && !self.is_forced(Fallback::OldClone), "clone"),
            (
                "lowerdir+",
                ways.lowerdir_plus && !self.is_forced(Fallback::OldMount),
                "mount with short names",
            ),
            ("mount_setattr", ways.mount_setattr && !self.is_forced(Fallback::OldAttributes), "remount"),
            ("getxattrat", ways.getxattrat && !self.is_forced(Fallback::OldXattrs), "paths in /proc"),
        ];
        let used: Vec<String> = list
            .iter()
            .map(|(new, has, old)| if *has { (*new).to_owned() } else { format!("{old} (no {new})") })
            .collect();
        let mut detail = used.join(", ");
        if !forced.is_empty() {
            detail.push_str(&format!("; forced by `PLYWOOD_FORCE`: {}", forced.join(", ")));
        }
        passed(name, detail)
    }
}

fn fix() -> String {
    "put the store on ext4, xfs or btrfs: `--store DIR` or `PLYWOOD_STORE=DIR`".to_owned()
}

fn described(trees: &Trees) -> String {
    match trees {
        Trees::Overlay => "overlayfs".to_owned(),
        Trees::Fuse(program) => format!("fuse-overlayfs ({})", program.display()),
        Trees::Copies(copying, _) => in_words(*copying).to_owned(),
    }
}

const fn in_words(copying: Copying) -> &'static str {
    match copying {
        Copying::Reflink => "a copy for each run, blocks shared where the file system can",
        Copying::Bytes => "a full copy for each run",
    }
}

fn passed(name: &str, detail: impl Into<String>) -> Check {
    Check { name: name.to_owned(), ok: true, detail: detail.into(), fix: None }
}

fn failed(name: &str, detail: impl Into<String>, fix: Option<String>) -> Check {
    Check { name: name.to_owned(), ok: false, detail: detail.into(), fix }
}

fn kernel() -> Check {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let release = release.trim();
    let mut numbers =
        release.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version >= OLDEST_KERNEL {
        return passed("kernel", release);
    }
    let wanted = format!("{}.{}", OLDEST_KERNEL.0, OLDEST_KERNEL.1);
    failed(
        "kernel",
        format!("{release} is older than {wanted}"),
        Some(format!("install a kernel of version {wanted} or newer")),
    )
}

fn overlay() -> Check {
    let known = fs::read_to_string("/proc/filesystems").unwrap_or_default();
    if known.lines().any(|line| line.trim_start_matches("nodev").trim() == "overlay") {
        return passed("overlayfs", "known to the kernel");
    }
    failed("overlayfs", "not known to the kernel", Some("as root: modprobe overlay".to_owned()))
}

fn identity(identity: Identity) -> Check {
    let name = "user namespace";
    match identity {
        Identity::Root => passed(name, "not needed: this is root"),
        Identity::Ranges => passed(name, "with a range of ids"),
        Identity::Single => {
            let (uid, _) = userns::original();
            let why = match userns::shortfall() {
                Some(Shortfall::NoRange { file }) => format!("no range for this user in {file}"),
                Some(Shortfall::NoProgram { name }) => format!("`{name}` is not installed"),
                Some(Shortfall::Refused { name, said }) => format!("`{name}` refused: {said}"),
                None => "no range of ids".to_owned(),
            };
            let detail =
                format!("with a single id ({why}): owners and other users are recorded and pretended");
            let fix = format!(
                "as root, for real ones: install `uidmap`, then usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $(id -un {uid})"
            );
            Check { fix: Some(fix), ..passed(name, detail) }
        }
    }
}

/// Magic numbers of file systems on which overlayfs cannot write; see statfs(2).
const UNFIT: [(i64, &str); 3] = [(0x6969, "NFS"), (0x794c_7630, "overlayfs"), (0x6573_5546, "FUSE")];

fn store(path: &std::path::Path) -> Check {
    let name = "store";
    let there = path.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(path);
    match nix::sys::statfs::statfs(there) {
        Ok(found) => {
            #[allow(clippy::useless_conversion)]
            let magic = i64::from(found.filesystem_type().0);
            let free =
                found.blocks_available().saturating_mul(u64::try_from(found.block_size()).unwrap_or(0));
            match UNFIT.iter().find(|(number, _)| *number == magic) {
                Some((_, kind)) => failed(
                    name,
                    format!("{} is on {kind}, upon which there is no overlayfs", path.display()),
                    Some("put it on a local disk: `--store DIR` or `PLYWOOD_STORE=DIR`".to_owned()),
                ),
                None => passed(name, format!("{}, {} MB free", path.display(), free / 1_000_000)),
            }
        }
        Err(error) => failed(name, format!("{}: {}", there.display(), error.desc()), None),
    }
}

fn inside_a_container() -> Check {
    let name = "host";
    let marks = ["/.dockerenv", "/run/.containerenv"];
    if marks.iter().any(|mark| std::path::Path::new(mark).exists()) {
        return passed(
            name,
            "this is itself a container; it needs the right to mount (such as `--privileged`)",
        );
    }
    passed(name, "not a container")
}
