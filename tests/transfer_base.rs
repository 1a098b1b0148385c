//! The starter image and `pkg`, run for real in a chroot.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use plywood::oci::Digest;
use plywood::transfer::base::{self, Host};

/// An assembled image with the package folder copied to where it would be mounted.
struct Image {
    directory: tempfile::TempDir,
}

impl Image {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let image = Self { directory };
        fs::create_dir(image.root()).unwrap();
        let start = Instant::now();
        let assembled = base::assemble(&image.root(), &Host::default()).unwrap();
        eprintln!(
            "base: {} files, {:.1} MB in {:?}; left out: {:?}",
            assembled.files,
            assembled.bytes as f64 / 1e6,
            start.elapsed(),
            assembled.notices
        );
        image
    }

    fn with_packages() -> Self {
        let image = Self::new();
        let start = Instant::now();
        let folder = image.root().join(&base::PACKAGES_MOUNT[1..]);
        base::assemble_packages(&folder, &image.root(), &Host::default()).unwrap();
        eprintln!("packages in {:?}", start.elapsed());
        image
    }

    fn root(&self) -> PathBuf {
        self.directory.path().join("root")
    }

    /// Runs a shell command inside, without anything of the caller's environment.
    fn run(&self, command: &str) -> Output {
        let mut chroot = if nix::unistd::geteuid().is_root() {
            Command::new("chroot")
        } else {
            let mut unshare = Command::new("unshare");
            unshare.args(["-r", "chroot"]);
            unshare
        };
        chroot
            .arg(self.root())
            .args(["/bin/sh", "-c", command])
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LANG", "C.UTF-8")
            .output()
            .unwrap()
    }

    fn succeed(&self, command: &str) -> String {
        let output = self.run(command);
        assert!(output.status.success(), "`{command}`: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// Can this user chroot? Says so if not.
fn can_chroot() -> bool {
    let can = nix::unistd::geteuid().is_root()
        || Command::new("unshare").args(["-r", "true"]).status().is_ok_and(|status| status.success());
    if !can {
        assert!(std::env::var_os("PLYWOOD_REQUIRE_PEERS").is_none(), "no user namespaces here");
        eprintln!("skipped: neither root nor user namespaces");
    }
    can
}

/// Path, mode, owner, time and content of everything below `root`, but `/dev`: without its devices
/// the first `>/dev/null` makes a file there.
fn listing(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut pending = vec![root.to_owned()];
    while let Some(path) = pending.pop() {
        if path == root.join("dev") {
            continue;
        }
        let data = path.symlink_metadata().unwrap();
        let content = if data.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            String::new()
        } else if data.is_symlink() {
            fs::read_link(&path).unwrap().display().to_string()
        } else {
            Digest::of(&fs::read(&path).unwrap()).to_string()
        };
        let line = format!(
            "{:o} {}:{} {}.{} {content}",
            data.mode(),
            data.uid(),
            data.gid(),
            data.mtime(),
            data.mtime_nsec()
        );
        found.insert(path.strip_prefix(root).unwrap().to_owned(), line);
    }
    found
}

#[test]
fn the_same_host_gives_the_same_tree() {
    let first = Image::with_packages();
    let second = Image::with_packages();
    let listed = listing(&first.root());
    assert_eq!(listed, listing(&second.root()));
    let owner = nix::unistd::geteuid();
    for (path, line) in &listed {
        assert!(line.contains(&format!(" {owner}:")), "{}: {line}", path.display());
        assert!(line.contains(" 946684800.0 "), "{}: {line}", path.display());
        assert!(u32::from_str_radix(line.split(' ').next().unwrap(), 8).unwrap() & 0o6000 == 0);
    }
}

#[test]
fn the_usual_programs_run() {
    if !can_chroot() {
        return;
    }
    let image = Image::new();
    assert_eq!(image.succeed("ls -d /bin/sh"), "/bin/sh\n");
    assert_eq!(image.succeed("echo a b | awk '{ print $2 }'"), "b\n");
    assert_eq!(image.succeed("printf 'b\\na\\n' | sort | tr a-z A-Z | xargs"), "A B\n");
    assert_eq!(
        image.succeed("id -un; whoami; cat /etc/os-release | grep ^NAME"),
        "root\nroot\nNAME=\"Plywood base\"\n"
    );
    assert_eq!(
        image.succeed("cd /tmp && echo x > f && tar -czf f.tgz f && tar -tzf f.tgz && stat -c %a /tmp /root"),
        "f\n1777\n700\n"
    );
    // Every program starts: the loader finds all libraries of each.
    let failures = image.succeed(
        "for p in /usr/bin/* /usr/sbin/*; do [ -f $p ] && { $p --version </dev/null >/tmp/out 2>&1; c=$?; \
         if [ $c = 127 ] || [ $c = 126 ] || grep -q 'loading shared' /tmp/out; then echo $p $c; cat /tmp/out; fi; }; done; true",
    );
    assert_eq!(failures, "");
    let left = image.root().join("usr/bin/wget");
    assert!(left.symlink_metadata().is_err(), "wget is for `pkg install`");
}

#[test]
fn packages_are_installed_and_removed() {
    if !can_chroot() {
        return;
    }
    let image = Image::with_packages();
    let before = listing(&image.root());
    assert!(image.succeed("pkg list").contains("hello"));
    assert!(image.succeed("pkg search greeting").contains("hello"));
    let said = image.succeed("pkg install hello && hello you");
    assert!(
        said.contains("installed hello (") && said.ends_with("Hello, you! This program came with a layer.\n"),
        "{said}"
    );
    assert_eq!(image.succeed("pkg owner /bin/hello; pkg files hello"), "hello\n/usr/bin/hello\n");
    assert!(image.succeed("pkg install -y hello").contains("installed already"));
    let after = listing(&image.root());
    let added: Vec<_> = after
        .keys()
        .filter(|path| !before.contains_key(*path))
        .map(|path| path.display().to_string())
        .collect();
    assert_eq!(
        added,
        [
            "usr/bin/hello",
            "var/cache/pkg/hello.tar",
            "var/lib/pkg/installed/hello",
            "var/lib/pkg/lists/packages"
        ]
    );
    for (path, line) in &after {
        assert!(line.contains(" 946684800.0 "), "{}: {line}", path.display());
    }
    image.succeed("pkg remove hello && pkg clean");
    assert_eq!(listing(&image.root()), before);
}

#[test]
fn every_offered_package_installs_and_its_programs_start() {
    if !can_chroot() {
        return;
    }
    let image = Image::with_packages();
    let before = listing(&image.root());
    let names: Vec<String> = image
        .succeed("pkg update >/dev/null; cut -f1 /var/lib/pkg/lists/packages")
        .lines()
        .map(str::to_owned)
        .collect();
    eprintln!("{}", image.succeed("pkg list; du -sk /usr/share/plywood/packages"));
    for name in &names {
        let said = image.succeed(&format!("pkg install {name}"));
        eprintln!("{said}");
        let failures = image.succeed(&format!(
            "for p in $(pkg files {name} | grep -E '^/usr/s?bin/'); do timeout 5 $p --version </dev/null >/tmp/out 2>&1; c=$?; \
             if [ $c = 126 ] || grep -q 'loading shared\\|not found$' /tmp/out && ! grep -q 'applet not found' /tmp/out; then echo $p $c; cat /tmp/out; fi; done; rm -f /tmp/out",
        ));
        assert_eq!(failures, "", "{name}");
    }
    let all = listing(&image.root());
    let bad: Vec<_> = all
        .iter()
        .filter(|(path, line)| !path.starts_with("tmp") && !line.contains(" 946684800.0 "))
        .collect();
    assert!(bad.is_empty(), "{bad:?}");
    image.succeed(&format!("pkg remove {} && pkg clean", names.join(" ")));
    let left: Vec<_> = listing(&image.root()).into_keys().filter(|path| !before.contains_key(path)).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn mistakes_are_explained() {
    if !can_chroot() {
        return;
    }
    let image = Image::with_packages();
    for (command, code, message) in [
        ("pkg install helo", 1, "pkg: there is no package helo; did you mean: hello?"),
        ("pkg install qqqqqqqqq", 1, "pkg: there is no package qqqqqqqqq; pkg list shows what there is"),
        ("pkg install", 2, "pkg: install what?"),
        ("pkg upgrade", 2, "pkg: there is no command upgrade"),
        ("pkg remove hello", 1, "pkg: hello is not installed"),
        ("pkg owner /bin/sh", 1, "pkg: no installed package has /usr/bin/sh"),
    ] {
        let output = image.run(command);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.starts_with(message), "{command}: {stderr}");
        assert_eq!(output.status.code(), Some(code), "{command}");
    }
    let empty = Image::new();
    let output = empty.run("pkg update");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("Plywood fills it"));
}

/// Another system below a directory, made of this machine's files.
fn system(files: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for file in files {
        let place = root.path().join(&file[1..]);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(file, place).unwrap();
    }
    root
}

#[test]
fn a_machine_with_nothing_but_a_static_busybox() {
    let Some(busybox) = ["/bin/busybox", "/usr/bin/busybox"].iter().find(|path| Path::new(path).exists())
    else {
        assert!(std::env::var_os("PLYWOOD_REQUIRE_PEERS").is_none(), "no busybox");
        eprintln!("skipped: no busybox");
        return;
    };
    if !can_chroot() {
        return;
    }
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("bin")).unwrap();
    fs::copy(busybox, root.path().join("bin/busybox")).unwrap();
    let applets = Command::new(busybox).arg("--list").output().unwrap().stdout;
    for name in String::from_utf8(applets).unwrap().lines().filter(|name| *name != "busybox") {
        symlink("/bin/busybox", root.path().join("bin").join(name)).unwrap();
    }
    let host = Host::at(root.path());
    let image = Image { directory: tempfile::tempdir().unwrap() };
    fs::create_dir(image.root()).unwrap();
    base::assemble(&image.root(), &host).unwrap();
    base::assemble_packages(&image.root().join(&base::PACKAGES_MOUNT[1..]), &image.root(), &host).unwrap();
    let before = listing(&image.root());
    let said = image.succeed("pkg list && pkg install hello wget && hello && pkg owner /bin/hello");
    assert!(said.ends_with("Hello, world! This program came with a layer.\nhello\n"), "{said}");
    for (path, line) in listing(&image.root()) {
        assert!(line.contains(" 946684800.0 "), "{}: {line}", path.display());
    }
    let output = image.run("pkg install helo");
    assert!(String::from_utf8(output.stderr).unwrap().contains("did you mean: hello"));
    image.succeed("pkg remove wget hello && pkg clean");
    assert_eq!(listing(&image.root()), before);
}

#[test]
fn what_is_missing_is_named_with_who_needs_it() {
    let sh = fs::canonicalize("/bin/sh").unwrap();
    let interpreter = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"]
        .into_iter()
        .find(|path| Path::new(path).exists());
    let Some(interpreter) = interpreter else {
        eprintln!("skipped: not a glibc machine");
        return;
    };
    let place = tempfile::tempdir().unwrap();
    let root = system(&[sh.to_str().unwrap()]);
    fs::create_dir_all(root.path().join("bin")).unwrap();
    symlink(&sh, root.path().join("bin/sh")).unwrap();
    let error = base::assemble(place.path(), &Host::at(root.path())).unwrap_err().to_string();
    assert_eq!(
        error,
        format!("interpreter `{interpreter}`, needed by `{}`, is not on this machine", sh.display())
    );
    let target = root.path().join(&interpreter[1..]);
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    fs::copy(interpreter, target).unwrap();
    let error = base::assemble(place.path(), &Host::at(root.path())).unwrap_err().to_string();
    assert_eq!(error, format!("library `libc.so.6`, needed by `{}`, is not on this machine", sh.display()));
    let error = base::assemble(place.path(), &Host::at(place.path())).unwrap_err().to_string();
    assert!(error.starts_with("this machine has no usable `/bin/sh`"), "{error}");
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0, "nothing is half done");
}
