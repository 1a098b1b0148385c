//! What a container can do to its files, done under Docker and under Plywood: the answers agree.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;

use serde_json::Value;

use crate::support::{Docker, Plywood, count, debian, is_root};

/// Name and shell script; the scripts speak of files that a minimal Debian has.
pub const MUTATIONS: &[(&str, &str)] = &[
    ("nothing at all", "true"),
    ("create", "echo new > /new"),
    ("create in a new tree", "mkdir -p /srv/a/b/c; echo x > /srv/a/b/c/file"),
    ("overwrite", "echo other > /etc/debian_version"),
    (
        "overwrite by the same size and time",
        "cp -p /etc/debian_version /tmp/x; cat /tmp/x > /etc/debian_version; touch -r /tmp/x /etc/debian_version; rm /tmp/x",
    ),
    ("append", "echo '# more' >> /etc/profile"),
    ("truncate", ": > /etc/profile"),
    ("truncate to a size", "truncate -s 10 /etc/profile; truncate -s 1M /etc/issue"),
    ("chmod file", "chmod 600 /etc/issue"),
    ("chmod directory", "chmod 700 /usr/share/doc"),
    ("chown file", "chown 33:44 /etc/issue"),
    ("chown directory", "chown 33:44 /usr/share/doc"),
    ("chown symlink", "chown -h 33:44 /etc/os-release"),
    ("touch file", "touch -d 2001-02-03T04:05:06 /etc/issue"),
    ("touch directory", "touch -d 2001-02-03T04:05:06 /usr/share/doc"),
    ("touch to the same second", "touch -d \"$(stat -c %y /etc/issue | cut -d. -f1).5 UTC\" /etc/issue"),
    ("user xattr", "setfattr -n user.note -v hello /etc/issue /usr/share/doc"),
    (
        "capability xattr",
        "setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 /usr/bin/env || true",
    ),
    ("remove file", "rm /etc/issue"),
    ("remove tree", "rm -rf /usr/share/doc"),
    ("remove everything in a directory", "rm -rf /usr/share/doc/*"),
    (
        "remove tree and make it again",
        "rm -rf /usr/share/base-files; mkdir /usr/share/base-files; echo x > /usr/share/base-files/z",
    ),
    (
        "remove and make the same file again",
        "cp -p /etc/issue /tmp/i; rm /etc/issue; cp -p /tmp/i /etc/issue; rm /tmp/i",
    ),
    ("remove what was made", "mkdir /gone; echo x > /gone/x; rm -rf /gone"),
    ("rename file", "mv /etc/issue /etc/issue.old"),
    ("rename file over another", "mv /etc/issue /etc/issue.net"),
    ("rename directory", "mv /usr/share/base-files /usr/share/moved"),
    ("rename directory away and back", "mv /usr/share/base-files /x; mv /x /usr/share/base-files"),
    ("symlink retarget", "ln -sfn /nowhere /etc/os-release"),
    ("symlink replaced by file", "rm /etc/os-release; echo x > /etc/os-release"),
    ("file replaced by symlink", "rm /etc/issue; ln -s motd /etc/issue"),
    ("hard link to a lower file", "ln /etc/issue /etc/issue.link"),
    ("new hard links", "mkdir /srv/l; echo x > /srv/l/a; ln /srv/l/a /srv/l/b; ln /srv/l/a /c"),
    ("write through one hard link", "echo x > /srv/a; ln /srv/a /srv/b; echo y >> /srv/b"),
    ("remove one lower hard link", "rm /usr/bin/perl5.36.0"),
    ("file replaced by directory", "rm /etc/issue; mkdir /etc/issue; echo x > /etc/issue/inside"),
    (
        "file replaced by directory and back",
        "rm /etc/issue; mkdir /etc/issue; rmdir /etc/issue; echo x > /etc/issue",
    ),
    ("directory replaced by file", "rm -rf /usr/share/doc; echo x > /usr/share/doc"),
    (
        "directory replaced by file and back",
        "rm -rf /usr/share/base-files; echo x > /usr/share/base-files; rm /usr/share/base-files; mkdir /usr/share/base-files; echo y > /usr/share/base-files/y",
    ),
    ("directory replaced by symlink", "rm -rf /usr/share/doc; ln -s /tmp /usr/share/doc"),
    ("devices", "mknod /srv/null c 1 3; mknod /srv/disk b 7 200; chmod 640 /srv/disk"),
    ("fifos", "mkfifo /srv/pipe; mkfifo -m 600 /etc/pipe"),
    (
        "sockets",
        "perl -e 'use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un(\"/srv/sock\")) or die'; echo x > /srv/beside",
    ),
    ("sparse files", "truncate -s 64M /srv/sparse; echo end >> /srv/sparse"),
    ("names with spaces", "mkdir '/srv/a b'; echo x > '/srv/a b/c  d '"),
    ("names with newlines", "echo x > \"$(printf '/srv/line\\nbreak')\""),
    ("names with a backslash", "echo x > '/srv/back\\slash'; echo y > '/srv/\\x41'"),
    (
        "names that are not UTF-8",
        "echo x > \"$(printf '/srv/\\351t\\351')\"; mkdir \"$(printf '/srv/\\377')\"",
    ),
    ("names with control characters", "echo x > \"$(printf '/srv/\\033[31mred\\007')\""),
    ("names in other scripts", "echo x > /srv/日本語; echo y > /srv/ünïcödé"),
    ("long names", "n=$(printf 'n%.0s' $(seq 255)); echo x > /srv/$n; mkdir -p /srv/$n.d 2>/dev/null; true"),
    (
        "long paths",
        "d=/srv; for i in 1 2 3 4 5 6; do d=$d/$(printf 'd%.0s' $(seq 60)); done; mkdir -p $d; echo x > $d/f; ln -s $d $d/l; ln $d/f $d/h",
    ),
    (
        "deep trees",
        "d=/srv; i=0; while [ $i -lt 100 ]; do d=$d/d; i=$((i+1)); done; mkdir -p $d; echo x > $d/f",
    ),
    (
        "set-id bits",
        "cp /usr/bin/env /srv/u; chmod 4755 /srv/u; cp /usr/bin/env /srv/g; chmod 2755 /srv/g; mkdir -m 1777 /srv/t; mkdir -m 2775 /srv/s",
    ),
    ("set-id bits taken off", "chmod u-s /usr/bin/passwd"),
    ("lock file opened for writing", "exec 9>>/etc/.pwd.lock; exec 8<>/var/lib/dpkg/lock; :"),
    ("lock file opened and closed again", "perl -e 'open(F, \"+<\", \"/etc/issue\") or die; close F'"),
    ("empty files and directories", "mkdir /srv/empty; : > /srv/nothing; mkdir -p /usr/share/doc/new"),
    (
        "many files",
        "mkdir /srv/m; i=0; while [ $i -lt 500 ]; do echo $i > /srv/m/$i; i=$((i+1)); done; rm -rf /usr/share/locale",
    ),
    ("sorting", "mkdir /srv/a /srv/a-b /srv/a.b; touch /srv/a/x /srv/a-b/x /srv/a.b/x /srv/a0 /srv/A"),
    ("a new user", "useradd -m someone"),
    (
        "where the engine mounts",
        "echo x >> /etc/hosts; echo y >> /etc/resolv.conf; echo z > /etc/hostname; touch /dev/mine; echo x > /dev/shm/y",
    ),
    (
        "files beside the mount points",
        "echo x > /etc/hosts.allow; rm -f /etc/mtab; mkdir /proc.d /sys.d /dev.d",
    ),
    (
        "old and future times",
        "echo x > /srv/old; touch -d 1970-01-01T00:00:01Z /srv/old; echo x > /srv/new; touch -d 2100-01-01T00:00:00Z /srv/new",
    ),
    (
        "owners outside the usual",
        "echo x > /srv/o; chown 65534:65533 /srv/o; mkdir /srv/p; chown 1000:1001 /srv/p",
    ),
];

/// Lists everything that a container shows, as bytes that both sides can be compared by. Files that
/// the engine mounts are left out, and so is what neither side keeps.
pub const LIST: &str = r#"
use Digest::MD5; use Fcntl ':mode';
my %first; my @queue = ('');
my %skip = map { $_ => 1 } qw(/proc /sys /dev /.dockerenv /etc/hosts /etc/hostname /etc/resolv.conf /etc/mtab);
while (defined(my $d = shift @queue)) {
  opendir(my $h, $d eq '' ? '/' : $d) or die "$d: $!";
  for my $n (sort readdir $h) {
    next if $n eq '.' || $n eq '..'; my $p = "$d/$n"; next if $skip{$p};
    my @s = lstat $p or die "$p: $!"; my $m = $s[2]; my $t = S_IFMT($m); next if $t == S_IFSOCK;
    my $x = '';
    if ($t == S_IFLNK) { $x = readlink $p }
    elsif ($t == S_IFREG) { open(my $f, '<:raw', $p) or die "$p: $!"; $x = $s[7].' '.Digest::MD5->new->addfile($f)->hexdigest }
    elsif ($t == S_IFCHR || $t == S_IFBLK) { $x = $s[6] }
    my $g = $t == S_IFDIR ? '' : ($first{$s[1]} //= $p);
    my $a = '';
    if ($t == S_IFREG || $t == S_IFDIR) { $a = `getfattr -h -d -m '^(user|security[.]capability)' -e hex -- "\Q$p\E" 2>/dev/null | grep -v '^#'` if $ENV{XATTRS} }
    # Docker makes its own /etc in every container: the time of it tells when that was.
    my $line = sprintf("%s|%o|%d|%d|%d|%s|%s|%s", $p, $m, $s[4], $s[5], $p eq '/etc' ? 0 : $s[9], $x, $g, $a);
    $line =~ s/([^ -\x5b\x5d-~])/sprintf("\\x%02x", ord $1)/ge; print "$line\n";
    push @queue, $p if $t == S_IFDIR;
  }
}
"#;

/// Docker's answer, straight from its API: the client prints newlines in names raw.
pub fn docker_diff(docker: &Docker, container: &str) -> Diff {
    let path = docker.host().strip_prefix("unix://").unwrap();
    let mut stream = UnixStream::connect(path).unwrap();
    write!(stream, "GET /v1.41/containers/{container}/changes HTTP/1.0\r\nHost: docker\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let body = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let changes: Value = serde_json::from_slice(&answer[body..]).unwrap();
    let list = changes.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .map(|change| {
            let kind = ['C', 'A', 'D'][usize::try_from(change["Kind"].as_u64().unwrap()).unwrap()];
            (change["Path"].as_str().unwrap().to_owned(), kind)
        })
        .collect()
}

/// Plywood's answer with names as Docker's API gives them: U+FFFD for what is not UTF-8.
pub fn plywood_diff(changes: &Value) -> Diff {
    changes
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            let path = plywood::layer::unescape_path(change["path"].as_str().unwrap()).unwrap();
            let kind = change["kind"].as_str().unwrap().chars().next().unwrap();
            (String::from_utf8_lossy(&path).into_owned(), kind)
        })
        .collect()
}

/// The words of a script as a Rhai string.
pub fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// A diff as both sides can be compared by: path and kind.
pub type Diff = BTreeMap<String, char>;

/// What one diff has and the other has not.
pub fn only(a: &Diff, b: &Diff) -> Vec<String> {
    a.iter()
        .filter(|(path, kind)| b.get(*path) != Some(kind))
        .map(|(path, kind)| format!("{kind} {path:?}"))
        .collect()
}

/// The scripts that this user can do: without root no device can be made.
pub fn possible() -> Vec<(&'static str, &'static str)> {
    MUTATIONS.iter().copied().filter(|(name, _)| is_root() || *name != "devices").collect()
}

/// What Docker says to each script; asked once, however many tests want it.
pub fn dockers_diffs(docker: &Docker) -> &'static BTreeMap<&'static str, Diff> {
    static DIFFS: OnceLock<BTreeMap<&'static str, Diff>> = OnceLock::new();
    DIFFS.get_or_init(|| {
        let answer = |chosen: &[(&'static str, &str)]| -> Vec<(&'static str, Diff)> {
            let ask = |(name, script): &(&'static str, &str)| {
                let container =
                    docker.run(&["create", "--network", "none", "debian:test", "sh", "-c", script]);
                docker.run(&["start", "-a", &container]);
                let diff = docker_diff(docker, &container);
                docker.run(&["rm", &container]);
                (*name, diff)
            };
            chosen.iter().map(ask).collect()
        };
        // Two at a time: dockerd does the waiting.
        let possible = possible();
        let (first, second) = possible.split_at(possible.len() / 2);
        std::thread::scope(|scope| {
            let other = scope.spawn(|| answer(second));
            answer(first).into_iter().chain(other.join().unwrap()).collect()
        })
    })
}

#[test]
fn diff_equals_dockers() {
    let Some(debian) = debian() else { return };
    let Some(docker) = debian.docker() else { return };
    let plywood = debian.plywood();
    let ours = std::thread::scope(|scope| {
        let ours = scope.spawn(|| {
            let diff = |script: &str| {
                plywood_diff(&plywood.json(&format!(
                    "let c = run(`debian:test`, {}, #{{ network: \"none\" }}); let d = diff(c); rm(c); d",
                    quoted(script)
                )))
            };
            possible().into_iter().map(|(name, script)| (name, diff(script))).collect::<BTreeMap<_, _>>()
        });
        dockers_diffs(docker);
        ours.join().unwrap()
    });
    let mut wrong = Vec::new();
    for (name, theirs) in dockers_diffs(docker) {
        let ours = &ours[name];
        if ours != theirs {
            let (theirs, ours) = (only(theirs, ours), only(ours, theirs));
            wrong.push(format!("{name}: only docker {theirs:?}, only plywood {ours:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), ours.len(), wrong.join("\n"));
}

/// Everything that a fresh container of an image shows, by Plywood; attributes only in the full runs, for they take
/// most of the time.
fn listed(plywood: &Plywood, image: &str) -> String {
    listed_with(plywood, image, count(0, 1) == 1)
}

pub fn listed_with(plywood: &Plywood, image: &str, xattrs: bool) -> String {
    let script = format!(
        "run(`{image}`, [\"perl\", \"-e\", {}], #{{ network: \"none\", rm: true, env: #{{ XATTRS: \"{}\" }} }}).stdout",
        quoted(LIST),
        if xattrs { "1" } else { "" },
    );
    plywood.json(&script).as_str().unwrap().to_owned()
}

fn listed_by_docker(docker: &Docker, image: &str) -> String {
    listed_by_docker_with(docker, image, count(0, 1) == 1)
}

pub fn listed_by_docker_with(docker: &Docker, image: &str, xattrs: bool) -> String {
    let xattrs = if xattrs { "XATTRS=1" } else { "XATTRS=" };
    docker.run(&["run", "--rm", "--network", "none", "-e", xattrs, image, "perl", "-e", LIST])
}

pub fn assert_same_tree(name: &str, ours: &str, theirs: &str) {
    // Without root no device can be made, also not one that an image brings.
    fn lines(text: &str) -> Vec<&str> {
        let mode =
            |line: &str| line.split('|').nth(1).map_or(0, |mode| u32::from_str_radix(mode, 8).unwrap_or(0));
        let is_device = |line: &str| matches!(mode(line) & 0o170_000, 0o020_000 | 0o060_000);
        text.lines().filter(|line| is_root() || !is_device(line)).collect()
    }
    let (ours, theirs) = (lines(ours), lines(theirs));
    assert!(ours.len() > 1000, "{name}: the listing is too short to be true");
    let missing: Vec<_> = theirs.iter().filter(|line| !ours.contains(line)).take(10).collect();
    let extra: Vec<_> = ours.iter().filter(|line| !theirs.contains(line)).take(10).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "{name}: only docker {missing:#?}, only plywood {extra:#?}"
    );
}

/// The scripts in groups, each group one container: a tree is compared once for several of them.
fn groups() -> Vec<(String, String)> {
    let size = count(MUTATIONS.len().div_ceil(6), 1);
    MUTATIONS
        .chunks(size)
        .map(|group| {
            let name = group.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            // Each on its own; a later one may miss what an earlier one took away.
            let script =
                group.iter().map(|(_, script)| format!("( {script} ) 2>/dev/null")).collect::<Vec<_>>();
            (name, format!("{}; true", script.join("; ")))
        })
        .collect()
}

#[test]
fn a_committed_image_is_the_same_tree_in_docker() {
    let Some(debian) = debian() else { return };
    let Some(docker) = debian.docker() else { return };
    let plywood = debian.plywood();
    let folder = tempfile::tempdir().unwrap();
    for (index, (name, script)) in groups().iter().enumerate() {
        let image = format!("there:{index}");
        let archive = folder.path().join("there.tar");
        plywood
            .eval(&format!(
                "let c = run(`debian:test`, {}, #{{ network: \"none\" }}); let i = commit(c, `{image}`); save(i, `docker-archive:{}`); rm(c);",
                quoted(script),
                archive.display()
            ))
            .assert_ok();
        docker.run(&["load", "-q", "-i", &archive.display().to_string()]);
        assert_same_tree(name, &listed(&plywood, &image), &listed_by_docker(docker, &image));
        docker.run(&["rmi", &image]);
    }
}

#[test]
fn an_image_that_docker_committed_is_the_same_tree_here() {
    let Some(debian) = debian() else { return };
    let Some(docker) = debian.docker() else { return };
    let plywood = Plywood::new();
    let folder = tempfile::tempdir().unwrap();
    for (index, (name, script)) in groups().iter().enumerate() {
        let image = format!("back:{index}");
        let archive = folder.path().join("back.tar");
        let container = docker.run(&["create", "--network", "none", "debian:test", "sh", "-c", script]);
        docker.run(&["start", "-a", &container]);
        docker.run(&["commit", &container, &image]);
        docker.run(&["rm", &container]);
        docker.run(&["save", "-o", &archive.display().to_string(), &image]);
        plywood.eval(&format!("load(`{}`)", archive.display())).assert_ok();
        assert_same_tree(name, &listed(&plywood, &image), &listed_by_docker(docker, &image));
        docker.run(&["rmi", &image]);
    }
    plywood.assert_clean();
}

/// The training page's own case. What the two runs of apt make different by themselves: its logs and caches carry
/// times and are there or not by chance of the mirror.
#[test]
fn a_real_package_manager_leaves_the_same_changes() {
    const INSTALL: &str = "apt-get update && apt-get install -y wget";
    let Some(debian) = debian() else { return };
    let Some(docker) = debian.docker() else { return };
    let container = docker.run(&["create", "--network", "host", "debian:test", "sh", "-c", INSTALL]);
    let (ours, theirs) = std::thread::scope(|scope| {
        let theirs = scope.spawn(|| {
            docker.run(&["start", "-a", &container]);
            docker_diff(docker, &container)
        });
        let script = format!(
            "let c = run(`debian:test`, `{INSTALL}`, #{{ network: \"host\" }}); let d = diff(c); rm(c); d"
        );
        (plywood_diff(&debian.plywood().json(&script)), theirs.join().unwrap())
    });
    docker.run(&["rm", &container]);
    assert!(ours.len() > 200, "only {} changes", ours.len());
    assert_eq!(ours.get("/usr/bin/wget"), Some(&'A'));
    let differing: Vec<String> = ours
        .iter()
        .filter(|(path, kind)| theirs.get(*path) != Some(kind))
        .chain(theirs.iter().filter(|(path, kind)| ours.get(*path) != Some(kind)))
        .map(|(path, kind)| format!("{kind} {path}"))
        .collect();
    assert!(differing.is_empty(), "{} against {}: {differing:#?}", ours.len(), theirs.len());
}
