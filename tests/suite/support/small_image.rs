//! An image with little more in it than a shell, so that what a test does is what takes time.

use std::path::{Path, PathBuf};

use super::Plywood;

/// Its name.
pub const SMALL: &str = "small:1";

/// Writes it as an archive into `folder`: some programs of this machine with their libraries, and an empty `/t`.
pub fn small_image(folder: &Path) -> PathBuf {
    // `LD_TRACE_LOADED_OBJECTS` makes the loader print lines such as `libc.so.6 => /lib/libc.so.6 (0x7f…)` and
    // `/lib64/ld-linux-x86-64.so.2 (0x7f…)`.
    const COLLECT: &str = r#"
        set -e
        mkdir -p /keep/usr/bin /keep/t /keep/tmp /keep/etc
        ln -s usr/bin /keep/bin
        for name in sh chmod cp ln mkdir mv rm sha256sum stat touch true; do
            cp -L /usr/bin/$name /keep/usr/bin
            LD_TRACE_LOADED_OBJECTS=1 /usr/bin/$name
        done | while read -r name arrow path rest; do
            case $name in /*) path=$name ;; esac
            case $path in /*) cp -L --parents $path /keep ;; esac
        done
    "#;
    let (tree, archive) = (folder.join("small"), folder.join("small.tar"));
    let script = format!(
        "let c = run(base(), {}, #{{ network: \"none\" }}); copy_out(c, \"/keep\", `{}`); \
         save(rootfs(`{}`, \"{SMALL}\"), `docker-archive:{}`);",
        serde_json::to_string(COLLECT).unwrap(),
        tree.display(),
        tree.display(),
        archive.display()
    );
    Plywood::new().eval(&script).assert_ok();
    archive
}
