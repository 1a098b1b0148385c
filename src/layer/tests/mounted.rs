//! Our reading of an upper directory against the kernel's writing of it.

use std::path::Path;
use std::process::Command;

use super::support::{is_root, skip};
use super::view::{View, letters, naive, stack, view};
use crate::layer::{
    Entry, OverlayFormat, TarOptions, UnpackOptions, changes, changes_of, digest_tar, merge, never, scan,
    settle, unpack,
};

/// The image that is changed.
const IMAGE: &str = r"
mkdir -p etc/conf.d usr/bin usr/lib/deep/er var/cache/apt var/lib tmp opt/app/data srv/a/b/c keep empty
for n in 1 2 3 4 5 6; do echo conf $n > etc/conf.d/$n; echo bin $n > usr/bin/prog$n; done
for n in 1 2 3; do echo data $n > opt/app/data/$n; echo deep > usr/lib/deep/er/$n; echo c > var/cache/apt/$n; done
ln -s ../etc/conf.d opt/link; ln -s /usr/bin/prog1 usr/bin/alias; ln -s gone usr/bin/dangling
echo hard > var/lib/h1; ln var/lib/h1 var/lib/h2; ln var/lib/h1 var/lib/h3
echo kept > keep/file; mkfifo var/lib/pipe; echo x > srv/a/b/c/x; echo y > srv/a/y
chmod 1777 tmp; chmod 4755 usr/bin/prog2
find . -exec touch -h -d @1000000000 {} +
";

/// What a first and a second run do, from the root of the mount.
const FIRST: &str = r"
echo more >> etc/conf.d/1
touch etc/conf.d/2
chmod 600 etc/conf.d/3
rm etc/conf.d/4
mv etc/conf.d/5 etc/conf.d/five
touch etc/only-a-new-file; rm etc/only-a-new-file
touch keep
exec 3>>keep/file; exec 3>&-
rm -rf opt/app/data; mkdir opt/app/data; echo new > opt/app/data/z; echo again > opt/app/data/1
rm -rf var/cache/apt
rm -rf srv; echo now a file > srv
rm var/lib/h1; echo own > var/lib/h2
rm var/lib/pipe; mkfifo -m 600 var/lib/pipe2
rm usr/bin/prog1; mkdir -p usr/bin/prog1/sub; echo in > usr/bin/prog1/sub/f
ln -sfn /tmp opt/link
rm usr/bin/dangling; ln -s other usr/bin/dangling
mkdir -p home/me/a/b home/you; echo 1 > home/me/a/b/1; ln home/me/a/b/1 home/me/link
ln usr/bin/prog3 usr/bin/prog3-hard
rmdir empty; mkdir empty
mkdir -p new/one new/two; echo n > new/one/n; mv new/one new/renamed
echo temp > tmp/t; rm tmp/t
cp usr/bin/prog4 usr/bin/copy; cat usr/bin/prog4 > usr/bin/prog4.tmp; mv usr/bin/prog4.tmp usr/bin/prog4
touch -d @5 usr/bin/prog6
printf 'odd' > 'tmp/with space
and newline'
chmod 700 usr/lib/deep
rm -rf usr/lib/deep/er/1
";
const SECOND: &str = r"
rm -f etc/conf.d/five; echo back > etc/conf.d/4
rm -rf opt/app/data; mkdir -p opt/app/data/deep; echo d > opt/app/data/deep/d
mkdir -p var/cache/apt/partial; echo p > var/cache/apt/partial/p
rm srv; mkdir -p srv/a; echo again > srv/a/again
rm -rf usr/bin/prog1; echo file again > usr/bin/prog1
rm home/me/a/b/1; echo third > home/me/third
rm -rf home/you new/two
echo h > var/lib/h1; rm var/lib/h3
rm -rf usr/lib/deep/er; mkdir usr/lib/deep/er
rm -f 'tmp/with space
and newline'
mkdir keep/d; rmdir keep/d
mv usr/bin/copy usr/bin/moved
rm -rf empty
touch new/renamed/n2; chmod 711 new
";

/// Runs a script in a mount namespace of its own (and for `User` in a user namespace).
fn run(format: OverlayFormat, place: &Path, script: &str) -> Result<(), String> {
    let mut command = Command::new("unshare");
    command.arg(if format == OverlayFormat::User { "-Urm" } else { "-m" });
    let out =
        command.args(["sh", "-euc", script]).current_dir(place).output().map_err(|it| it.to_string())?;
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    if out.status.success() { Ok(()) } else { Err(text) }
}

fn mount(format: OverlayFormat, lowers: &str, upper: &str, script: &str) -> String {
    let options = match format {
        OverlayFormat::Trusted => "index=off,metacopy=off,redirect_dir=nofollow",
        OverlayFormat::User => "userxattr",
        OverlayFormat::Plain => panic!("the kernel does not know these"),
    };
    format!(
        "mkdir -p {upper} work-{upper} view m\n\
         mount -t overlay overlay -o lowerdir={lowers},upperdir={upper},workdir=work-{upper},{options} m\n\
         (cd m\n{script}\n)\n\
         rm -rf view; cp -a m view; umount m\n"
    )
}

/// What a copy of the mounted tree shows, in the form of a stack.
fn copied(place: &Path, format: OverlayFormat) -> View {
    view(&stack(&[place.join("view")], format))
}

fn digest(fs: &Path, entries: &[Entry]) -> String {
    // Times differ from run to run; everything else must not.
    let options = TarOptions { source_date_epoch: Some(1) };
    digest_tar(fs, entries.iter().map(Entry::as_ref), &options, &never).unwrap().0.to_string()
}

fn compare_with_the_kernel(format: OverlayFormat) {
    let home = tempfile::tempdir().unwrap();
    let place = home.path();
    let probe = mount(format, "probe", "u", "rm f; mkdir f");
    if let Err(error) = run(format, place, &format!("mkdir probe; touch probe/f\n{probe}")) {
        return skip(&format!("no overlay mount here: {error}"));
    }
    run(format, place, &format!("mkdir image; cd image\n{IMAGE}")).unwrap();
    let image = stack(&[place.join("image")], format);
    let before = view(&image);

    // One writable directory, after the first run and after the second.
    run(format, place, &mount(format, "image", "one", FIRST)).unwrap();
    let one = place.join("one");
    let after = copied(place, format);
    assert_eq!(view(&stack(&[one.clone(), place.join("image")], format)), after);
    let found = letters(&changes(&one, &image).unwrap());
    assert_eq!(found, naive(&before, &after));
    for (letter, path) in [
        ('C', "/etc/conf.d/1"),
        ('D', "/etc/conf.d/4"),
        ('C', "/opt/app/data"),
        ('C', "/opt/app/data/1"),
        ('D', "/opt/app/data/2"),
        ('A', "/opt/app/data/z"),
        ('C', "/srv"),
        ('D', "/var/cache/apt"),
        ('C', "/usr/bin/prog1"),
        ('A', "/usr/bin/prog1/sub/f"),
        ('A', "/home/me/link"),
    ] {
        assert!(found.contains(&(letter, path.to_owned())), "{letter} {path}");
    }
    for path in
        ["/keep", "/keep/file", "/empty", "/tmp/t", "/etc/only-a-new-file", "/srv/a", "/usr/bin/prog3"]
    {
        assert!(!found.iter().any(|(_, it)| it == path), "{path}");
    }
    run(format, place, &mount(format, "image", "one", SECOND)).unwrap();
    let after = copied(place, format);
    let expected = naive(&before, &after);
    assert_eq!(letters(&changes(&one, &image).unwrap()), expected);

    // The same in two frozen steps.
    run(format, place, &mount(format, "image", "low", FIRST)).unwrap();
    run(format, place, &mount(format, "low:image", "high", SECOND)).unwrap();
    let uppers = [place.join("high"), place.join("low")];
    let stepped = copied(place, format);
    assert_eq!(letters(&changes_of(&uppers, &image).unwrap()), letters_of(&before, &stepped));
    let merged = place.join("merged");
    std::fs::create_dir(&merged).unwrap();
    merge(&uppers, &merged, format, &never).unwrap();
    assert_eq!(view(&stack(&[merged.clone(), place.join("image")], format)), stepped);

    // Both ways are one layer, and it says no more than what can be seen.
    let single = settle(&one, &image, &never).unwrap();
    let several = settle(&merged, &image, &never).unwrap();
    let shape = |entries: &[Entry]| {
        entries.iter().map(|it| (it.path.clone(), it.kind, it.opaque, it.mode)).collect::<Vec<_>>()
    };
    assert_eq!(shape(&single), shape(&several));
    assert_eq!(digest(&one, &single), digest(&merged, &several));
    assert_eq!(scan(&merged, format).unwrap(), several);
    assert_eq!(letters(&changes(&one, &image).unwrap()), expected);

    // The layer, unpacked elsewhere, is mounted by the kernel as the same tree.
    let mut tar = Vec::new();
    let content = crate::layer::DirContent::open(&one).unwrap();
    crate::layer::write_tar(single.iter().map(Entry::as_ref), &content, &mut tar, &TarOptions::default())
        .unwrap();
    let copy = place.join("copy");
    std::fs::create_dir_all(copy.join("fs")).unwrap();
    let options = UnpackOptions {
        format,
        limits: Default::default(),
        expected: None,
        owners: is_root(),
        keep_split: false,
    };
    unpack(&tar[..], &copy, &options).unwrap();
    run(format, place, &mount(format, "copy/fs:image", "last", "true")).unwrap();
    let mounted = copied(place, format);
    let whole = |seen: &View| {
        let mut seen = seen.clone();
        seen.values_mut().for_each(|it| it.mtime.nanos = 0);
        seen
    };
    assert_eq!(whole(&mounted), whole(&after));
    // What the container's directories hold may not be ours to remove without the namespace.
    let _ = run(format, place, "rm -rf work-*");
}

fn letters_of(before: &View, after: &View) -> Vec<(char, String)> {
    naive(before, after)
}

#[test]
fn the_kernels_trusted_format_is_understood() {
    if !is_root() {
        return skip("`trusted.*` attributes need root");
    }
    // Root of a user namespace only: no peer is missing, this format is simply not that user's.
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    if !map.split_whitespace().eq(["0", "0", "4294967295"]) {
        eprintln!("skipped: `trusted.*` attributes need root of the whole machine");
        return;
    }
    compare_with_the_kernel(OverlayFormat::Trusted);
}

#[test]
fn the_kernels_user_format_is_understood() {
    compare_with_the_kernel(OverlayFormat::User);
}
