//! Our default filter against the one a real Docker loads, for every number of every ABI.
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![cfg(target_arch = "x86_64")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use interpreter::{Call, Raw, answer};
use numbers::Abi;
use plywood::container::seccomp::docker_default;

#[allow(dead_code)]
#[path = "../src/container/seccomp/interpreter.rs"]
mod interpreter;
#[allow(dead_code)]
#[path = "../src/container/seccomp/numbers/mod.rs"]
mod numbers;

/// `PTRACE_SECCOMP_GET_FILTER`, which libc does not name.
const GET_FILTER: u32 = 0x420c;

/// An own daemon in a directory of its own; both go with the value.
struct Docker {
    daemon: Child,
    directory: tempfile::TempDir,
}

impl Docker {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let log = std::fs::File::create(path("log")).unwrap();
        let daemon = Command::new("dockerd")
            .args(["--iptables=false", "--bridge=none", "--storage-driver=vfs"])
            .arg("--data-root")
            .arg(path("root"))
            .arg("--exec-root")
            .arg(path("exec"))
            .arg("-p")
            .arg(path("pid"))
            .arg("-H")
            .arg(format!("unix://{}", path("socket").display()))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let docker = Self { daemon, directory };
        let end = Instant::now() + Duration::from_secs(30);
        while docker.try_run(&["version"]).is_err() {
            let log = || std::fs::read_to_string(docker.directory.path().join("log"));
            assert!(Instant::now() < end, "dockerd does not answer: {:?}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
        docker
    }

    fn try_run(&self, arguments: &[&str]) -> Result<String, String> {
        let socket = self.directory.path().join("socket");
        let output = Command::new("docker")
            .arg("-H")
            .arg(format!("unix://{}", socket.display()))
            .args(arguments)
            .output()
            .unwrap();
        if output.status.success() {
            Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    fn run(&self, arguments: &[&str]) -> String {
        self.try_run(arguments).unwrap_or_else(|error| panic!("docker {arguments:?}: {error}"))
    }

    /// An image whose only program is the host's static busybox.
    fn import(&self, busybox: &Path) {
        let root = self.directory.path().join("image");
        std::fs::create_dir_all(root.join("bin")).unwrap();
        std::fs::copy(busybox, root.join("bin/busybox")).unwrap();
        let tar = self.directory.path().join("image.tar");
        let made = Command::new("tar").arg("-C").arg(&root).arg("-cf").arg(&tar).arg(".").status();
        assert!(made.unwrap().success());
        self.run(&["import", tar.to_str().unwrap(), "box"]);
    }

    /// The filter of a container started with `options`, and its capabilities; nothing if this
    /// Docker does not know a capability.
    fn filter(&self, options: &[&str]) -> Option<(Vec<Raw>, u64)> {
        let mut arguments = vec!["run", "-d", "--network=none", "--security-opt", "no-new-privileges"];
        arguments.extend(options);
        arguments.extend(["box", "/bin/busybox", "sleep", "600"]);
        let container = match self.try_run(&arguments) {
            Err(error) if error.contains("unknown capability") => return None,
            container => container.unwrap(),
        };
        let pid = self.run(&["inspect", "-f", "{{.State.Pid}}", &container]);
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let bounding = status.lines().find_map(|line| line.strip_prefix("CapBnd:")).unwrap();
        let filter = dump(pid.parse().unwrap());
        self.run(&["rm", "-f", &container]);
        Some((filter, u64::from_str_radix(bounding.trim(), 16).unwrap()))
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        // SAFETY: our own child, not yet waited for. SIGTERM makes it stop what it started.
        unsafe { libc::kill(self.daemon.id() as i32, libc::SIGTERM) };
        let _ = self.daemon.wait();
    }
}

/// Reads the one filter of a process through ptrace.
fn dump(pid: i32) -> Vec<Raw> {
    let none = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: the buffer is as long as the kernel said it has to be; `sock_filter` is plain.
    unsafe {
        assert_eq!(libc::ptrace(libc::PTRACE_SEIZE, pid, none, none), 0);
        assert_eq!(libc::ptrace(libc::PTRACE_INTERRUPT, pid, none, none), 0);
        let mut status = 0;
        assert_eq!(libc::waitpid(pid, &mut status, libc::__WALL), pid);
        let get = |index: usize, into: *mut libc::sock_filter| libc::ptrace(GET_FILTER, pid, index, into);
        let length = get(0, std::ptr::null_mut());
        assert!(length > 0, "{}", std::io::Error::last_os_error());
        let zero = libc::sock_filter { code: 0, jt: 0, jf: 0, k: 0 };
        let mut program = vec![zero; length as usize];
        assert_eq!(get(0, program.as_mut_ptr()), length);
        assert_eq!(get(1, std::ptr::null_mut()), -1, "more than one filter");
        assert_eq!(libc::ptrace(libc::PTRACE_DETACH, pid, none, none), 0);
        program.iter().map(|i| (i.code, i.jt, i.jf, i.k)).collect()
    }
}

/// Calls that Docker has come to allow since 20.10, the oldest release looked at: forgotten
/// ones, harmless ones, and those that kernels 5.17 to 6.13 brought.
const ALLOWED_SINCE: &[&str] = &[
    "clock_settime64",
    "name_to_handle_at",
    "pkey_alloc",
    "pkey_free",
    "pkey_mprotect",
    "process_vm_readv",
    "process_vm_writev",
    "set_mempolicy_home_node",
    "cachestat",
    "fchmodat2",
    "map_shadow_stack",
    "futex_requeue",
    "futex_wait",
    "futex_wake",
    "listmount",
    "statmount",
    "lsm_get_self_attr",
    "lsm_list_modules",
    "lsm_set_self_attr",
    "mseal",
    "getxattrat",
    "listxattrat",
    "removexattrat",
    "setxattrat",
    "uretprobe",
];

/// Calls that Docker has come to refuse since.
const REFUSED_SINCE: &[&str] = &["io_uring_enter", "io_uring_register", "io_uring_setup"];

/// Why an older Docker may answer otherwise, or what we do on purpose.
fn reason(abi: Abi, name: &str, call: &Call, ours: u32, theirs: u32) -> Option<&'static str> {
    let newest_shared = 466 + abi.runs()[0];
    let beyond = abi == Abi::X32 && (newest_shared + 1..abi.runs()[1]).contains(&call.number);
    match (ours, theirs) {
        (ALLOW, EPERM | ENOSYS) if ALLOWED_SINCE.contains(&name) => Some("allowed since"),
        (EPERM, ALLOW) if REFUSED_SINCE.contains(&name) => Some("refused since"),
        // Docker has come to refuse AF_VSOCK and AF_ALG; to look at 32 bits only is ours.
        (EPERM, ALLOW) if name == "socket" => {
            [38, 40].contains(&(call.arguments[0] as u32)).then_some("socket families")
        }
        // Too new for that Docker, known and refused here.
        (EPERM, ENOSYS) if (450..=newest_shared).contains(&call.number) => Some("known since"),
        (ENOSYS, EPERM) if beyond => Some("unknown, before the numbers x32 has for itself"),
        _ => None,
    }
}

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const EPERM: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
const ENOSYS: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;

/// First arguments around every boundary the profile has.
const VALUES: [u64; 20] = [
    0,
    1,
    7,
    8,
    9,
    37,
    38,
    39,
    40,
    41,
    0x80,
    0x1_ffff,
    0x2_0000,
    0x2_0008,
    0x1000_0000,
    0x7e02_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0x1_0000_0028,
    u64::MAX,
];

/// Says why the test cannot be made; to be answered for where it has to be made.
fn skipped(why: &str) {
    assert!(std::env::var_os("PLYWOOD_REQUIRE_PEERS").is_none_or(|v| v != "1"), "{why}");
    eprintln!("skipped: {why}");
}

/// One option for each capability that opens calls, as far as this process may grant it.
fn every_capability() -> Vec<&'static str> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let bounding = status.lines().find_map(|line| line.strip_prefix("CapBnd:")).unwrap();
    let bounding = u64::from_str_radix(bounding.trim(), 16).unwrap();
    let options = [
        (2, "--cap-add=DAC_READ_SEARCH"),
        (16, "--cap-add=SYS_MODULE"),
        (17, "--cap-add=SYS_RAWIO"),
        (19, "--cap-add=SYS_PTRACE"),
        (20, "--cap-add=SYS_PACCT"),
        (21, "--cap-add=SYS_ADMIN"),
        (22, "--cap-add=SYS_BOOT"),
        (23, "--cap-add=SYS_NICE"),
        (25, "--cap-add=SYS_TIME"),
        (26, "--cap-add=SYS_TTY_CONFIG"),
        (34, "--cap-add=SYSLOG"),
        (38, "--cap-add=PERFMON"),
        (39, "--cap-add=BPF"),
    ];
    let held = options.into_iter().filter(|(bit, _)| bounding >> bit & 1 == 1);
    held.map(|(_, option)| option).collect()
}

#[test]
fn docker_loads_the_same_answers() {
    if !nix::unistd::geteuid().is_root() {
        return skipped("reading another process's filter takes root");
    }
    let in_path = |program: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
    };
    if !in_path("dockerd") || !in_path("docker") {
        return skipped("no dockerd here");
    }
    let busybox = ["/bin/busybox-static", "/bin/busybox"].map(Path::new);
    let Some(busybox) = busybox.into_iter().find(|path| path.is_file()) else {
        return skipped("no static busybox here");
    };
    let docker = Docker::start();
    docker.import(busybox);
    let mut added = every_capability();
    let mut sets: Vec<Vec<&str>> = added.iter().map(|option| vec![*option]).collect();
    // Together, without those that Docker 20.10 has not heard of.
    added.retain(|option| !["--cap-add=PERFMON", "--cap-add=BPF"].contains(option));
    sets.extend([vec![], vec!["--cap-drop=ALL"], added]);
    let docker = &docker;
    std::thread::scope(|scope| {
        for options in sets {
            scope.spawn(move || {
                let Some((theirs, capabilities)) = docker.filter(&options) else {
                    eprintln!("{options:?}: unknown to this Docker");
                    return;
                };
                let ours: Vec<Raw> =
                    docker_default(capabilities).iter().map(|i| (i.code, i.jt, i.jf, i.k)).collect();
                let mut differences: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
                for abi in [Abi::X86_64, Abi::I386, Abi::X32] {
                    compare(abi, &ours, &theirs, &mut differences);
                }
                let foreign = Call { arch: 0xc000_00b7, ..Call::default() };
                assert_eq!(answer(&ours, &foreign).0, answer(&theirs, &foreign).0, "foreign ABI");
                let (ours, theirs) = (ours.len(), theirs.len());
                eprintln!("{options:?}: {ours} instructions, Docker has {theirs}; {differences:?}");
            });
        }
    });
}

/// Asks both filters about every number and boundary, and collects what an older Docker
/// answers otherwise by reason.
///
/// # Panics
/// For a difference without a reason.
fn compare(
    abi: Abi,
    ours: &[Raw],
    theirs: &[Raw],
    differences: &mut BTreeMap<&'static str, BTreeSet<String>>,
) {
    let names: HashMap<u32, &str> = abi.calls().into_iter().collect();
    let low = abi.runs()[0];
    let numbers = (low..=low + 600).chain([low + 0x3fff_ffff, low | 0x8000_0000]);
    for number in numbers.chain((abi != Abi::X86_64).then_some(u32::MAX)) {
        for value in VALUES {
            // The kernel hands on 32 bits of a 32-bit program's registers.
            if abi != Abi::X86_64 && value >> 32 != 0 {
                continue;
            }
            let arguments = [value, 0, 0, 0, 0, 0];
            let call = Call { arch: abi.audit_arch(), number, arguments };
            let (ours, theirs) = (answer(ours, &call).0, answer(theirs, &call).0);
            if ours != theirs {
                let name = names.get(&number).copied().unwrap_or("-");
                let Some(reason) = reason(abi, name, &call, ours, theirs) else {
                    panic!("{abi:?} `{name}` {call:?}: {ours:#x}, Docker {theirs:#x}");
                };
                differences.entry(reason).or_default().insert(name.to_owned());
            }
        }
    }
}
