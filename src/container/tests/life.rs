//! Life and death: signals, time limits, the parent's end, terminals.

use std::process::{Command, Stdio};
use std::time::Instant;

use super::*;

/// Tells a copy of the test program what to do instead of testing.
const HELPER: &str = "PLYWOOD_CONTAINER_HELPER";

fn helper(what: &str, bench: &Bench) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "container::tests::life::acts_when_asked", "--nocapture"]);
    command.env(HELPER, format!("{what}:{}", bench.dir.path().display()));
    command
}

#[test]
fn acts_when_asked() {
    let Ok(request) = std::env::var(HELPER) else { return };
    let (what, dir) = request.split_once(':').unwrap();
    let dir = Path::new(dir);
    match what {
        "sleep" => {
            let mut on_start = |pid: u32| fs::write(dir.join("pid"), pid.to_string()).unwrap();
            let exit = run(&spec(dir, &["sleep", "1000"]), captured(), None, &Interrupt, &mut on_start);
            panic!("{exit:?}");
        }
        "interrupt" => {
            let interrupt = Interrupt::install_handler().unwrap();
            let mut on_start = |pid: u32| fs::write(dir.join("pid"), pid.to_string()).unwrap();
            let spec =
                spec(dir, &["sh", "-c", "trap 'echo caught; exit 5' INT; echo ready; sleep 1000 & wait"]);
            let exit = run(&spec, captured(), None, &interrupt, &mut on_start).unwrap();
            fs::write(dir.join("exit"), format!("{} {}", exit.code, exit.interrupted)).unwrap();
        }
        "terminal" => {
            let spec = spec(dir, &["sh"]);
            let exit = run(&spec, Io::Terminal, None, &Interrupt, &mut |_| {}).unwrap();
            fs::write(dir.join("exit"), format!("{} {}", exit.code, exit.interrupted)).unwrap();
        }
        other => panic!("{other}"),
    }
}

fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "waited in vain");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn pid(bench: &Bench) -> u32 {
    wait_for(|| fs::read_to_string(bench.path("pid")).ok()?.parse().ok())
}

fn lives(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn the_container_dies_with_its_parent() {
    let Some(bench) = Bench::new() else { return };
    let mut parent = helper("sleep", &bench).stdout(Stdio::null()).spawn().unwrap();
    let container = pid(&bench);
    assert!(lives(container));
    parent.kill().unwrap();
    parent.wait().unwrap();
    wait_for(|| (!lives(container)).then_some(()));
}

#[test]
fn an_interrupt_is_passed_on() {
    let Some(bench) = Bench::new() else { return };
    let mut parent = helper("interrupt", &bench).stdout(Stdio::null()).spawn().unwrap();
    let container = pid(&bench);
    wait_for(|| {
        let status = fs::read_to_string(format!("/proc/{container}/status")).ok()?;
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?;
        (u64::from_str_radix(caught.trim(), 16).ok()? & 2 != 0).then_some(())
    });
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(parent.id() as i32), nix::sys::signal::SIGINT).unwrap();
    assert!(parent.wait().unwrap().success());
    assert_eq!(fs::read_to_string(bench.path("exit")).unwrap(), "5 true");
}

#[test]
fn time_runs_out() {
    let Some(bench) = Bench::new() else { return };
    let limited = |script: &str| {
        volatile::forget(&bench.path("part/work")).unwrap();
        let limit = Some(Duration::from_millis(100));
        run(&bench.spec(&["sh", "-c", script]), captured(), limit, &Interrupt, &mut |_| {}).unwrap()
    };
    let exit = limited("trap 'echo end; exit 3' TERM; sleep 100 & wait");
    assert_eq!((exit.code, exit.stdout.as_slice(), exit.timed_out), (3, &b"end\n"[..], true));
    // Process 1 without a handler: the kernel drops SIGTERM, and SIGKILL follows soon.
    let exit = limited("exec sleep 100");
    assert_eq!((exit.code, exit.timed_out), (137, true));
    assert!(exit.duration < Duration::from_secs(2), "{:?}", exit.duration);
    assert!(!limited("true").timed_out);
}

#[test]
fn a_terminal_is_a_real_one() {
    let Some(bench) = Bench::new() else { return };
    let mut command = helper("terminal", &bench);
    command.stdin(Stdio::inherit());
    let mut session = rexpect::session::spawn_command(command, Some(20_000)).unwrap();
    let ask = |session: &mut rexpect::session::PtySession, line: &str, answer: &str| {
        session.send_line(line).unwrap();
        session.exp_string(answer).unwrap();
    };
    session.exp_string("# ").unwrap();
    ask(&mut session, "echo on $(tty)", "on /dev/pts/0");
    ask(&mut session, "stat -c 'is %t:%T' /dev/console", "is 88:0");
    ask(&mut session, "echo 'job' control > /dev/tty", "job control");
    // Ctrl-C reaches the program, not us.
    ask(&mut session, "echo begin''ning; sleep 1000", "beginning");
    std::thread::sleep(Duration::from_millis(200));
    session.send_control('c').unwrap();
    ask(&mut session, "echo code''=$?", "code=130");
    // The user's window changes its size.
    let window = session.process().get_file_handle().unwrap();
    let size = crate::sys::pty::Size { rows: 31, columns: 97 };
    crate::sys::pty::set_size(std::os::fd::AsFd::as_fd(&window), size).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    ask(&mut session, "echo size: $(stty size)", "size: 31 97");
    ask(&mut session, "exit 9", "test result");
    assert_eq!(fs::read_to_string(bench.path("exit")).unwrap(), "9 false");
}

#[test]
fn many_at_once() {
    let Some(_) = Bench::new() else { return };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for index in 0..5 {
                    let bench = Bench::build().unwrap();
                    let mut spec = bench.spec(&["sh", "-c", "exit $1", "sh", &index.to_string()]);
                    spec.network = if index % 2 == 0 { Network::Host } else { Network::None };
                    assert_eq!(bench.run(&spec).unwrap().code, index);
                }
            });
        }
    });
}
