//! Entering, in processes of their own; and the pure parts.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::print_stdout)]
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Instant;

use super::*;

/// Runs `inside` in a process of its own with one thread, as `user` where we are root; its standard output.
fn inside(user: Option<(u32, u32)>) -> Option<String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "sys::userns::tests::inside_one", "--nocapture", "--test-threads=1"]);
    command.env("PLYWOOD_TEST_USERNS", "1");
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
    match command.output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) => {
            let why = format!("the test binary cannot be run as another user: {error}");
            skipped(&why)
        }
    }
}

fn skipped<T>(why: &str) -> Option<T> {
    assert!(std::env::var_os("PLYWOOD_REQUIRE_PEERS").is_none(), "skipped: {why}");
    eprintln!("skipped: {why}");
    None
}

/// Not a test by itself: the body of the child that [`inside`] starts.
#[test]
fn inside_one() {
    if std::env::var_os("PLYWOOD_TEST_USERNS").is_none() {
        return;
    }
    // The harness runs every test in a thread; a forked child has one only. The harness's other thread just waits,
    // so that no lock can be held over the fork.
    // SAFETY: as said; the child ends by `exit`.
    match unsafe { nix::unistd::fork() }.unwrap() {
        ForkResult::Parent { child } => {
            assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 0)));
        }
        ForkResult::Child => {
            print_identity();
            std::process::exit(0);
        }
    }
}

fn print_identity() {
    let before = Instant::now();
    let first = enter(&[]);
    let spent = before.elapsed();
    match first {
        Ok(identity) => {
            assert_eq!(enter(&[]).unwrap(), identity);
            assert_eq!(self::identity(), Some(identity));
            println!("identity={identity:?} user={} from={:?} why={:?}", geteuid(), original(), shortfall());
            println!("spent={spent:?}");
            let folder = tempfile::tempdir().unwrap();
            let owned = nix::unistd::chown(folder.path(), Some(Uid::from_raw(1)), Some(Gid::from_raw(1)));
            println!("chown={}", owned.is_ok());
        }
        Err(error) => println!("error={error}"),
    }
}

#[test]
fn a_user_becomes_root_of_its_own_namespace() {
    let root = geteuid().is_root() && already_root(&read("/proc/self/uid_map"), 0).identity == Identity::Root;
    let check = |said: &str, identity: Identity| {
        if said.contains("error=this machine does not let") {
            skipped::<()>(said);
            return;
        }
        assert!(said.contains(&format!("identity={identity:?} user=0")), "{said}");
        assert!(said.contains(&format!("chown={}", identity != Identity::Single)), "{said}");
    };
    if !root {
        if let Some(said) = inside(None) {
            assert!(said.contains("identity=") || said.contains("error=this machine"), "{said}");
        }
        return;
    }
    if let Some(said) = inside(None) {
        check(&said, Identity::Root);
    }
    // Nobody has a range; 54321 is nobody's number.
    if let Some(said) = inside(Some((54321, 54321))) {
        check(&said, Identity::Single);
    }
    let with_range = read("/etc/subuid").lines().find_map(|line| {
        let name = line.split(':').next()?.to_owned();
        User::from_name(&name).ok().flatten().filter(|user| !user.uid.is_root())
    });
    match with_range {
        Some(user) if program("newuidmap", &[]).is_some() => {
            if let Some(said) = inside(Some((user.uid.as_raw(), user.gid.as_raw()))) {
                check(&said, Identity::Ranges);
            }
        }
        _ => {
            skipped::<()>("no user has a range of ids, or there is no newuidmap");
        }
    }
}

#[test]
fn threads_are_refused() {
    if geteuid().is_root() {
        return;
    }
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(matches!(enter(&[]), Err(Error::Threads { count: 2.. }))));
    });
}

#[test]
fn ranges_are_found_by_name_and_by_number() {
    let text = "root:1:1\nalice:100000:65536\n1000:300000:10\nbob:5:5\nalice:x:1\nalice:0:5\nalice:7\n";
    assert_eq!(ranges(text, Some("alice"), 1000), [(100_000, 65536), (300_000, 10)]);
    assert_eq!(ranges(text, None, 1000), [(300_000, 10)]);
    assert_eq!(ranges(text, Some("carol"), 1002), []);
}

#[test]
fn the_caller_is_zero_and_ranges_follow() {
    assert_eq!(
        map_words(1000, &[(5000, 10), (9000, 3)]),
        ["0", "1000", "1", "1", "5000", "10", "11", "9000", "3"]
    );
    assert_eq!(map_words(1, &[(2, u32::MAX - 2), (5, 5)])[5], (u32::MAX - 2).to_string());
}

#[test]
fn the_map_tells_who_root_is() {
    assert_eq!(already_root("         0          0 4294967295\n", 0).identity, Identity::Root);
    assert_eq!(already_root("0 1000 1\n", 0).identity, Identity::Single);
    assert_eq!(already_root("0 1000 1\n1 100000 65536\n", 0).identity, Identity::Ranges);
}

#[test]
fn every_cause_names_its_setting() {
    for cause in [Forbidden::AppArmor, Forbidden::CloneSwitch, Forbidden::LimitZero, Forbidden::LimitReached]
    {
        let (text, fix) = (cause.to_string(), cause.fix().unwrap_or_default());
        let name = fix.trim_start_matches("sysctl -w ").split('=').next().unwrap_or_default();
        assert!(!name.is_empty() && text.contains(name), "{text} / {fix}");
    }
}
