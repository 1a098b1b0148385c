//! What a container cannot see or do.

use super::*;
use crate::sys::seccomp::Instruction;

#[test]
fn privileges_are_docker_s() {
    let Some(bench) = Bench::new() else { return };
    let script = "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status";
    let output = bench.sh_with(script, |spec| {
        spec.capabilities = Capabilities::docker();
    });
    let (none, all) = ("0000000000000000", "00000000a80425fb");
    let rest = "NoNewPrivs:\t1\nSeccomp:\t2\n";
    assert_eq!(
        output,
        format!("CapInh:\t{none}\nCapPrm:\t{all}\nCapEff:\t{all}\nCapBnd:\t{all}\nCapAmb:\t{none}\n{rest}")
    );
    if !has_many_ids() {
        return;
    }
    let output = bench.sh_with(script, |spec| {
        spec.capabilities = Capabilities::docker();
        spec.uid = 1000;
    });
    assert_eq!(
        output,
        format!("CapInh:\t{none}\nCapPrm:\t{none}\nCapEff:\t{none}\nCapBnd:\t{all}\nCapAmb:\t{none}\n{rest}")
    );
}

#[test]
fn a_filter_is_obeyed() {
    let Some(bench) = Bench::new() else { return };
    // EPERM for mkdir and mkdirat, whatever their numbers on this machine.
    let mut filter = vec![Instruction { code: 0x20, jt: 0, jf: 0, k: 0 }];
    #[cfg(target_arch = "x86_64")]
    filter.push(Instruction { code: 0x15, jt: 2, jf: 0, k: libc::SYS_mkdir as u32 });
    filter.push(Instruction { code: 0x15, jt: 1, jf: 0, k: libc::SYS_mkdirat as u32 });
    filter.push(Instruction { code: 0x06, jt: 0, jf: 0, k: 0x7fff_0000 });
    filter.push(Instruction { code: 0x06, jt: 0, jf: 0, k: 0x0005_0001 });
    let output =
        bench.sh_with("mkdir /tmp/x 2>&1 || true", |spec| spec.seccomp = Seccomp::Program(filter.into()));
    assert!(output.contains("not permitted"), "{output}");
}

#[test]
fn docker_s_filter_is_the_default() {
    let Some(bench) = Bench::new() else { return };
    let refused = "mount -t tmpfs x /tmp 2>&1 || true";
    let said = bench.sh(refused);
    assert!(said.contains("denied") || said.contains("not permitted"), "{said}");
    let everything = |spec: &mut Spec| {
        spec.seccomp = Seccomp::Unconfined;
        spec.capabilities = Capabilities(u64::MAX >> 23);
    };
    assert_eq!(bench.sh_with(refused, everything), "");
    assert!(bench.sh_with("grep Seccomp: /proc/self/status", everything).ends_with("\t0\n"));
}

#[test]
fn nothing_of_the_parent_is_open() {
    let Some(bench) = Bench::new() else { return };
    let _leak = nix::unistd::dup(std::io::stderr()).unwrap();
    assert_eq!(bench.sh("ls /proc/1/fd; true"), "0\n1\n2\n");
    assert_eq!(bench.sh("for f in fd/0 cwd root; do readlink /proc/1/$f; done"), "/dev/null\n/\n/\n");
}

#[test]
fn masked_paths_show_nothing() {
    let Some(bench) = Bench::new() else { return };
    let script = "
        for f in kcore keys latency_stats timer_list timer_stats sched_debug; do
            [ ! -e /proc/$f ] || [ -z \"$(head -c 1 /proc/$f)\" ] || echo $f
        done
        for d in /proc/asound /proc/acpi /proc/scsi /sys/firmware /sys/devices/virtual/powercap; do
            [ ! -e $d ] || [ -z \"$(ls $d)\" ] || echo $d
            touch $d/x 2>/dev/null && echo wrote $d
        done; true";
    assert_eq!(bench.sh(script), "");
}

#[test]
fn kernel_settings_are_read_only() {
    let Some(bench) = Bench::new() else { return };
    let script = "
        echo x 2>/dev/null > /proc/sys/kernel/hostname && echo sys
        touch /sys/x 2>/dev/null && echo sysfs
        for d in bus fs irq sys; do touch /proc/$d/x 2>/dev/null && echo $d; done
        for d in /proc/bus /proc/fs /proc/irq /proc/sys /sys; do
            [ ! -e $d ] || grep -qE \" $d ro,\" /proc/self/mounts || [ $d = /proc/self ] || \
                grep -qE \" $d [a-z]+ ro,\" /proc/self/mounts || echo $d
        done
        grep cgroup /proc/self/mounts | grep -v ' ro,'; true";
    assert_eq!(bench.sh(script), "");
}

#[test]
fn the_host_s_devices_cannot_be_changed() {
    let Some(bench) = Bench::new() else { return };
    let before = fs::metadata("/dev/null").unwrap();
    let script = "
        for f in null zero full random urandom tty; do
            chmod 600 /dev/$f 2>/dev/null && echo $f
        done
        chmod 600 /proc/keys 2>/dev/null && echo keys
        echo works > /dev/null; head -c 3 /dev/zero | wc -c; head -c 3 /dev/urandom | wc -c";
    assert_eq!(bench.sh(script), "3\n3\n");
    let after = fs::metadata("/dev/null").unwrap();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&before.permissions()),
        std::os::unix::fs::PermissionsExt::mode(&after.permissions())
    );
}

#[test]
fn a_device_node_made_inside_does_not_open() {
    let Some(bench) = Bench::new() else { return };
    for place in ["/tmp", "/dev", "/dev/shm"] {
        let script =
            format!("mknod {place}/node c 1 5 2>/dev/null; head -c 1 {place}/node 2>/dev/null | wc -c");
        assert_eq!(bench.sh(&script), "0\n", "{place}");
    }
}

#[test]
fn dev_is_complete() {
    let Some(bench) = Bench::new() else { return };
    assert_eq!(
        bench.sh("ls /dev"),
        "core\nfd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n"
    );
    assert_eq!(bench.sh("stat -c %a /dev /dev/shm /dev/null"), "755\n1777\n666\n");
    let mounts = bench.sh("mount");
    assert!(mounts.starts_with("overlay on / type overlay (rw,nodev,"), "{mounts}");
    for line in mounts.lines().filter(|line| !line.contains("devtmpfs") && !line.contains("devpts")) {
        assert!(line.contains("nodev"), "{line}");
    }
}

#[test]
fn without_a_network_there_is_only_loopback() {
    let Some(bench) = Bench::new() else { return };
    // The first makes its namespace itself, later ones may find one prepared.
    for _ in 0..3 {
        let output = bench.sh_with("ls /sys/class/net; ip addr", |spec| spec.network = Network::None);
        assert!(output.starts_with("lo\n"), "{output}");
        assert_eq!(output.matches("\n1: lo").count() + output.matches("\n2:").count(), 1, "{output}");
        assert!(output.contains("LOOPBACK,UP") && output.contains("127.0.0.1/8"), "{output}");
    }
}

#[test]
fn the_host_s_mounts_stay_as_they_are() {
    let Some(bench) = Bench::new() else { return };
    let ours = |text: &str| text.lines().filter(|line| line.contains("part/")).count();
    bench.sh_with("true", |spec| spec.volumes = vec![volume(&bench.path("image"), "/v", false)]);
    assert_eq!(ours(&fs::read_to_string("/proc/self/mountinfo").unwrap()), 0);
}

#[test]
fn no_process_of_the_host_is_seen() {
    let Some(bench) = Bench::new() else { return };
    let output = bench.sh("for p in /proc/[0-9]*; do echo ${p#/proc/}; done");
    assert_eq!(output, "1\n");
}

#[test]
fn volumes_are_bound_as_asked() {
    let Some(bench) = Bench::new() else { return };
    let (shared, file) = (bench.path("shared"), bench.path("file"));
    fs::create_dir_all(shared.join("inner")).unwrap();
    fs::write(&file, "host\n").unwrap();
    let script = "
        echo in > /data/a/new; echo x 2>/dev/null > /ro/new || echo refused
        cat /etc/file; echo more >> /etc/file; cat /data/a/inner/f
        mknod /data/a/node c 1 5 2>/dev/null; head -c 1 /data/a/node 2>/dev/null | wc -c";
    let output = bench.sh_with(script, |spec| {
        spec.volumes = vec![
            // Given first, but inside the next: mounted after it.
            volume(&file, "/data/a/inner/f", true),
            volume(&shared, "/data/a", false),
            volume(&shared, "/ro", true),
            volume(&file, "/etc/file", false),
        ];
    });
    assert_eq!(output, "refused\nhost\nhost\nmore\n0\n");
    assert_eq!(fs::read_to_string(shared.join("new")).unwrap(), "in\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), "host\nmore\n");
}

#[test]
fn volumes_that_cannot_be_are_refused() {
    let Some(bench) = Bench::new() else { return };
    let error = |source: &Path, target: &str| {
        volatile::forget(&bench.path("part/work")).unwrap();
        let mut spec = bench.spec(&["true"]);
        spec.volumes = vec![volume(source, target, false)];
        let error = bench.run(&spec).unwrap_err();
        assert_eq!(error.exit_code(), 125);
        error.to_string()
    };
    let image = bench.path("image");
    assert!(error(&bench.path("nosuch"), "/v").ends_with("nosuch`: no such file or directory"));
    assert!(error(Path::new("image"), "/v").contains("is not an absolute path"));
    assert!(error(&image, "v").contains("is not an absolute path"));
    assert!(error(&image, "/").contains("cannot be covered"));
    assert!(error(&image, "/x/../proc/sys").contains("cannot be covered"));
}
