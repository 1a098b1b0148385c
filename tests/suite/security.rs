//! What a process in a container is allowed, beside what Docker allows it.

use crate::support::{Plywood, debian, is_root};

/// The lines of /proc/self/status that say what a process may do.
const STATUS: &str = "grep -E '^(Cap(Inh|Prm|Eff|Bnd|Amb)|Seccomp|NoNewPrivs):' /proc/self/status";

/// What is masked or read-only, as a program in the container finds it.
const MASKED: &str = r#"
for p in /proc/asound /proc/acpi /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list /proc/timer_stats \
         /proc/sched_debug /proc/scsi /sys/firmware /sys/devices/virtual/powercap; do
  if [ -d $p ]; then echo "$p dir $(ls -A $p | wc -l)"; elif [ -e $p ]; then echo "$p $(head -c1 $p 2>/dev/null | wc -c)"; else echo "$p -"; fi
done
for p in /proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger /sys/fs /sys/kernel; do
  # A path that the kernel has not is the same on both sides.
  [ -e $p ] && grep -q " $p " /proc/self/mounts && echo "$p $(grep " $p " /proc/self/mounts | tail -1 | cut -d' ' -f4 | cut -d, -f1)"
done
echo x 2>/dev/null > /proc/sys/kernel/hostname && echo "proc/sys is writable"
echo b 2>/dev/null > /proc/sysrq-trigger && echo "sysrq is writable"
true
"#;

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

#[test]
fn rights_equal_dockers() {
    let Some(debian) = debian() else { return };
    let Some(docker) = debian.docker() else { return };
    let plywood = debian.plywood();
    for script in [STATUS, MASKED] {
        let ours = plywood.json(&format!(
            "run(`debian:test`, {}, #{{ network: \"none\", rm: true }}).stdout",
            quoted(script)
        ));
        let theirs = docker.run(&[
            "run",
            "--rm",
            "--network",
            "none",
            "--security-opt",
            "no-new-privileges",
            "debian:test",
            "sh",
            "-c",
            script,
        ]);
        // The number of filters says how they were loaded, not what they allow.
        let plain = |text: &str| {
            text.lines()
                .filter(|line| !line.starts_with("Seccomp_filters"))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(plain(ours.as_str().unwrap()), plain(&theirs));
    }
}

#[test]
fn the_hosts_network_comes_without_its_rights() {
    let plywood = Plywood::new();
    let status =
        plywood.json("run(base(), \"grep CapEff /proc/self/status\", #{ network: \"host\" }).stdout");
    let bits = u64::from_str_radix(status.as_str().unwrap().split_whitespace().last().unwrap(), 16).unwrap();
    const NET_BIND_SERVICE: u64 = 1 << 10;
    const NET_RAW: u64 = 1 << 13;
    assert_eq!(bits & (NET_BIND_SERVICE | NET_RAW), 0, "{bits:x}");
}

#[test]
fn nothing_of_the_host_is_reached() {
    let plywood = Plywood::new();
    let script = r#"
        let seen = run(base(), `
            echo "fds: $(ls /proc/self/fd | tr '\n' ' ')"
            echo "pid: $$"
            echo "init: $(cat /proc/1/comm)"
            echo "parent: $(ls /.. | tr '\n' ' ')"
            [ -e /proc/1/root/home ] && ls /proc/1/root/home
            cat /proc/self/mounts | grep -v -E '^(overlay|proc|sysfs|tmpfs|devpts|shm|mqueue|cgroup|cgroup2|devtmpfs|none|udev) ' | grep -v ' /dev/' | grep -v ' /etc/' | grep -v ' /usr/share/plywood' || true
        `.to_string(), #{ network: "none" });
        seen.stdout"#;
    let seen = plywood.json(script);
    let seen = seen.as_str().unwrap();
    // 3 is the directory that `ls` itself reads.
    assert!(seen.contains("fds: 0 1 2 3 \n"), "{seen}");
    assert!(seen.contains("pid: 1\n") || seen.contains("init: sh\n"), "{seen}");
}

#[test]
fn a_device_made_inside_does_not_open() {
    if !is_root() {
        // Without root no device can be made in the first place: that is the test.
        let plywood = Plywood::new();
        let made = plywood.json("run(base(), \"mknod /tmp/n c 1 3\", #{ check: false }).exit_code");
        assert_ne!(made, 0);
        return;
    }
    let plywood = Plywood::new();
    let result = plywood.json(
        "run(base(), \"mknod /tmp/n c 1 3 && echo made; cat /tmp/n 2>&1; mknod /dev/n c 1 3; cat /dev/n 2>&1; true\", #{ network: \"none\" }).stdout",
    );
    let text = result.as_str().unwrap();
    assert!(text.contains("made"), "{text}");
    assert_eq!(text.matches("Permission denied").count(), 2, "{text}");
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let plywood = Plywood::new();
    let outcome = plywood.eval(
        "let c = run(base(), \"printf x > \\\"/srv-$(printf '\\\\033')[31m\\\"\", #{ network: \"none\" }); diff(c)",
    );
    outcome.assert_ok();
    assert!(outcome.stdout.contains("\\x1b[31m"), "{}", outcome.stdout);
    assert!(!outcome.stdout_bytes.contains(&0x1b));
}
