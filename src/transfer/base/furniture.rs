//! What a root file system has besides programs: accounts, names, certificates, terminals.

use std::path::Path;

use super::plan::{MERGED, Plan};
use super::programs::Builder;
use super::{Error, PACKAGES_MOUNT};

/// Directories with another mode than 0755, and empty ones.
const DIRECTORIES: &[(&str, u32)] = &[
    ("/dev", 0o755),
    ("/home", 0o755),
    ("/mnt", 0o755),
    ("/opt", 0o755),
    ("/proc", 0o755),
    ("/root", 0o700),
    ("/run", 0o755),
    ("/srv", 0o755),
    ("/sys", 0o755),
    ("/tmp", 0o1777),
    ("/usr/lib64", 0o755),
    ("/usr/local/bin", 0o755),
    ("/usr/local/sbin", 0o755),
    ("/usr/sbin", 0o755),
    (PACKAGES_MOUNT, 0o755),
    ("/var/cache/pkg", 0o755),
    ("/var/lib/pkg/installed", 0o755),
    ("/var/lib/pkg/lists", 0o755),
    ("/var/log", 0o755),
    ("/var/spool", 0o755),
    ("/var/tmp", 0o1777),
];

const FILES: &[(&str, &str)] = &[
    ("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"),
    ("/etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n"),
    ("/etc/shells", "/bin/sh\n"),
    ("/etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost\n"),
    ("/etc/resolv.conf", ""),
    ("/etc/host.conf", "multi on\n"),
    (
        "/etc/nsswitch.conf",
        "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\nservices: files\nprotocols: files\n",
    ),
    (
        "/usr/lib/os-release",
        "NAME=\"Plywood base\"\nPRETTY_NAME=\"Plywood base\"\nID=plywood\nVERSION_ID=1\n",
    ),
    (
        "/etc/profile",
        "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n. /etc/shrc\n",
    ),
    // Read by every interactive shell, through ENV: dash has no file of its own for that.
    (
        "/etc/shrc",
        "# The working directory and a sharp; `id` is not asked, this must be quick.\nPS1='$PWD # '\n",
    ),
];

/// Read by a bash that was built the way Debian, Fedora or SUSE build it.
const BASH_FILES: [&str; 2] = ["/etc/bash.bashrc", "/root/.bashrc"];

/// Where distributions keep the certificates that programs trust.
const CERTIFICATES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

const TERMINAL_DIRECTORIES: [&str; 3] = ["/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo"];

/// What terminals call themselves.
const TERMINALS: &str = "alacritty ansi dumb foot linux rxvt rxvt-unicode-256color screen screen-256color \
    tmux tmux-256color vt100 vt102 vt220 xterm xterm-256color xterm-kitty";

/// Loaded by name: they are in no program's list of libraries. The last is for `pthread_cancel`.
const LOADED_BY_NAME: [&str; 3] = ["libnss_files.so.2", "libnss_dns.so.2", "libgcc_s.so.1"];

const PKG: &str = include_str!("pkg.sh");

/// Adds everything that is not a program.
pub(super) fn add(builder: &mut Builder<'_>, plan: &mut Plan) -> Result<(), Error> {
    for (path, mode) in DIRECTORIES {
        plan.directory(path, *mode);
    }
    for (path, text) in FILES {
        plan.text(path, *text, 0o644);
    }
    for path in BASH_FILES {
        plan.text(path, ". /etc/shrc\n", 0o644);
    }
    plan.text("/usr/bin/pkg", PKG, 0o755);
    for name in MERGED {
        plan.link(&Path::new("/").join(name), &Path::new("/usr").join(name));
    }
    plan.link(Path::new("/etc/os-release"), Path::new("/usr/lib/os-release"));
    plan.link(Path::new("/etc/mtab"), Path::new("/proc/self/mounts"));
    plan.link(Path::new("/var/run"), Path::new("/run"));
    add_certificates(builder, plan);
    for name in TERMINALS.split_whitespace() {
        let initial = &name[..1];
        for directory in TERMINAL_DIRECTORIES {
            let path = Path::new(directory).join(initial).join(name);
            builder.add_data(plan, &path, &[]);
        }
    }
    for path in builder.host.matches(Path::new("/usr/lib/locale/C.*")) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if name == "c.utf8" || name == "c.utf-8" {
            builder.add_data(plan, &path, &[]);
        }
    }
    if let Some(shell) = builder.host.program("sh").and_then(|path| builder.host.resolve(&path)) {
        for name in LOADED_BY_NAME {
            if let Err(error) = builder.libraries.offer(plan, name, &shell) {
                builder.notices.push(format!("`{name}` is left out: {error}"));
            }
        }
    }
    Ok(())
}

/// The host's bundle, in the place where its programs look, and where OpenSSL looks by itself.
fn add_certificates(builder: &mut Builder<'_>, plan: &mut Plan) {
    let Some((path, real)) = CERTIFICATES
        .iter()
        .map(Path::new)
        .find_map(|path| builder.host.resolve(path).map(|real| (path, real)))
    else {
        return;
    };
    // The content under the usual name, not under the one to which the host's links lead: that may
    // be anywhere, and a user may have put it in /usr/local.
    let source = builder.host.real(&real);
    let Ok(bytes) = std::fs::read(&source) else { return };
    plan.text(&path.to_string_lossy(), bytes, 0o644);
    for other in CERTIFICATES {
        if Path::new(other).parent() != Some(Path::new("/etc/pki/tls/certs")) {
            plan.link(Path::new(other), path);
        }
    }
    plan.link(Path::new("/usr/lib/ssl/cert.pem"), path);
}
