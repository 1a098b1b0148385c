//! A real Debian root filesystem, in a store that the tests share.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::scratch::Scratch;
use super::{Docker, Plywood, skip};

/// Debian as a tar, and a store that has it as `debian:test`.
pub struct Debian {
    pub tar: PathBuf,
    store: PathBuf,
    _folder: Scratch,
}

static DEBIAN: OnceLock<Option<Debian>> = OnceLock::new();
static IN_DOCKER: OnceLock<()> = OnceLock::new();

/// The image's name here and in Docker.
pub const NAME: &str = "debian:test";

/// Debian, or `None` after saying why there is none. `PLYWOOD_TEST_DEBIAN` names a tar that is there.
pub fn debian() -> Option<&'static Debian> {
    let found = DEBIAN.get_or_init(Debian::make);
    if found.is_none() {
        skip("no Debian root filesystem: `mmdebstrap` is not installed or cannot reach a mirror");
    }
    found.as_ref()
}

impl Debian {
    fn make() -> Option<Self> {
        let folder = Scratch::new("plywood-debian-", "read -r _");
        let tar = match std::env::var_os("PLYWOOD_TEST_DEBIAN") {
            Some(tar) => PathBuf::from(tar),
            None => bootstrap(&folder.path().join("debian.tar"))?,
        };
        let store = folder.path().join("store");
        let script = format!("rootfs(`{}`, `{NAME}`)", tar.display());
        Plywood::on(&store).eval(&script).assert_ok();
        Some(Self { tar, store, _folder: folder })
    }

    /// The shared store.
    pub fn plywood(&self) -> Plywood {
        Plywood::on(&self.store)
    }

    /// The same image in Docker.
    pub fn docker(&self) -> Option<&'static Docker> {
        let docker = Docker::find()?;
        IN_DOCKER.get_or_init(|| {
            docker.run(&["import", &self.tar.display().to_string(), NAME]);
        });
        Some(docker)
    }
}

fn bootstrap(tar: &Path) -> Option<PathBuf> {
    let done = Command::new("mmdebstrap")
        .args(["--quiet", "--variant=minbase", "--include=attr,ca-certificates", "bookworm"])
        .arg(tar)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status();
    done.is_ok_and(|status| status.success()).then(|| tar.to_owned())
}
