//! The terminal before, during and after.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rexpect::process::{Signal, WaitStatus};

use super::window::{Window, archive, other_archive};
use crate::support::Plywood;

#[test]
fn without_a_terminal_it_says_so() {
    let plywood = Plywood::new();
    let error = plywood.error("explore(\"demo:1\")");
    assert_eq!(error["kind"], "unsupported");
    assert!(error["message"].as_str().unwrap().contains("terminal"), "{error}");
    let outcome = plywood.args(["explore", "demo:1"]);
    assert_eq!(outcome.code, 1);
}

#[test]
fn what_is_not_there_is_told_on_the_usual_screen() {
    let plywood = Plywood::new();
    let mut window = Window::explore(&plywood, "docker-archive:/nowhere.tar", (80, 24));
    let status = window.end();
    assert!(matches!(status, WaitStatus::Exited(_, 1)), "{status:?}");
    assert!(!window.is_full_screen());
    window.sees("/nowhere.tar");
}

#[test]
fn the_window_may_be_pulled() {
    let folder = tempfile::tempdir().unwrap();
    let image = archive(folder.path());
    let plywood = Plywood::new();
    let mut window = Window::explore(&plywood, &image, (80, 24));
    window.sees("Layers 1/3").sees("─big.so").misses("Permission");
    window.resize((200, 50));
    window.sees("Permission").sees("Platform: linux/amd64");
    window.resize((40, 10));
    window.misses("Permission").sees("Layers 1/3");
    window.keys("q").ends_well();
}

#[test]
fn the_terminal_is_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let image = archive(folder.path());
    let plywood = Plywood::new();
    for (keys, signal) in [
        (Some("q"), None),
        (Some("\x03"), None),
        (None, Some(Signal::SIGTERM)),
        (None, Some(Signal::SIGHUP)),
        (None, Some(Signal::SIGQUIT)),
        (None, Some(Signal::SIGINT)),
    ] {
        let mut window = Window::explore(&plywood, &image, (80, 24));
        window.sees("Layers 1/3").sees("─big.so");
        assert!(window.is_full_screen());
        assert!(window.settings().contains("-icanon"));
        match (keys, signal) {
            (Some(keys), _) => drop(window.keys(keys)),
            (_, Some(signal)) => window.signal(signal),
            _ => {}
        }
        let status = window.end();
        match signal {
            // As Ctrl-C for whatever else the program does.
            Some(Signal::SIGINT) => assert!(matches!(status, WaitStatus::Exited(_, 130)), "{status:?}"),
            Some(signal) => {
                assert!(
                    matches!(status, WaitStatus::Signaled(_, got, _) if got as i32 == signal as i32),
                    "{status:?}"
                );
            }
            None => assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}"),
        }
        assert!(!window.is_full_screen());
        let settings = window.settings();
        assert!(
            settings.contains(" icanon") && settings.contains("isig ") && settings.contains("\nopost"),
            "{settings}"
        );
        let written = window.written();
        let ends = |end: &[u8]| written.windows(end.len()).any(|part| part == end);
        assert!(ends(b"\x1b[?1000l") && ends(b"\x1b[?25h") && ends(b"\x1b[<u"));
    }
}

/// What stands for a fault of ours: run by the test below, with a terminal of its own.
#[test]
fn panics_in_a_terminal() {
    let Ok(place) = std::env::var("PLYWOOD_TEST_PANIC") else { return };
    let interrupt = plywood::sys::Interrupt;
    let look = plywood::explorer::Look { name: "demo:1".to_owned(), color: true, interrupt };
    let at = place.clone();
    let open = move || {
        assert_ne!(at, "open", "on purpose");
        let entries = vec![plywood::layer::Entry::new(b"file".to_vec(), plywood::layer::Kind::File)];
        let layers = vec![plywood::inspect::model::Entries::List(entries.into())];
        let model = Arc::new(plywood::inspect::Model::new(layers, |_, _, _| None));
        let is_drawn = at == "draw";
        let pair = plywood::explorer::Pair {
            names: ["one".to_owned(), "two".to_owned()],
            facts: Vec::new(),
            others: Vec::new(),
            late: None,
            origin: Arc::new(|_, _| panic!("on purpose")),
        };
        Ok::<_, String>(plywood::explorer::Material {
            name: "demo:1".to_owned(),
            facts: Vec::new(),
            layers: vec![plywood::explorer::LayerRow::default()],
            waste: Arc::new(model.waste()),
            model,
            load: Arc::new(|_, _, _| panic!("on purpose")),
            refine: None,
            pair: is_drawn.then(|| Arc::new(pair)),
        })
    };
    let outcome = std::panic::catch_unwind(|| plywood::explorer::explore(&look, open).map(|_| ()));
    let said = match outcome {
        Ok(Err(plywood::explorer::Failure::Lost)) => "it was lost",
        Err(_) => "it has panicked",
        other => panic!("{other:?}"),
    };
    writeln!(std::io::stdout(), "{said}").unwrap();
}

#[test]
fn a_panic_gives_the_terminal_back() {
    for (place, keys, said) in
        [("open", "", "it was lost"), ("work", "\t\r", "it was lost"), ("draw", "]p", "it has panicked")]
    {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "explorer::lives::panics_in_a_terminal", "--nocapture", "--test-threads=1"]);
        command.env("PLYWOOD_TEST_PANIC", place);
        let mut window = Window::open(command, (80, 24));
        if place != "open" {
            window.sees("file").keys(keys);
        }
        let status = window.end();
        assert!(matches!(status, WaitStatus::Exited(_, 0)), "{place}: {status:?}\n{}", window.screen());
        assert!(!window.is_full_screen(), "{place}");
        window.sees(said).sees("test result: ok");
        let settings = window.settings();
        assert!(settings.contains(" icanon") && settings.contains("\nopost"), "{place}: {settings}");
        let written = window.written();
        assert!(written.windows(8).any(|part| part == b"\x1b[?1000l"), "{place}");
    }
}

#[test]
fn a_terminal_that_goes_ends_it() {
    use std::io::Read as _;
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::OpenOptionsExt as _;

    use nix::fcntl::OFlag;

    let folder = tempfile::tempdir().unwrap();
    let image = archive(folder.path());
    let plywood = Plywood::new();
    // No other child may have the person's end, nor this one.
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let master = nix::pty::posix_openpt(flags).unwrap();
    nix::pty::grantpt(&master).unwrap();
    nix::pty::unlockpt(&master).unwrap();
    let name = nix::pty::ptsname_r(&master).unwrap();
    let mut options = std::fs::OpenOptions::new();
    let terminal = options.read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits()).open(name).unwrap();
    let size = plywood::sys::pty::Size { rows: 24, columns: 80 };
    plywood::sys::pty::set_size(terminal.as_fd(), size).unwrap();
    let mut command = std::process::Command::new("setsid");
    command.arg("--ctty").arg(crate::support::binary()).arg("--store").arg(plywood.store());
    command.args(["explore", &image]).env("TERM", "xterm");
    let slave = || std::process::Stdio::from(terminal.try_clone().unwrap());
    let mut child = command.stdin(slave()).stdout(slave()).stderr(slave()).spawn().unwrap();
    drop((command, terminal));
    let mut output = std::fs::File::from(std::os::fd::OwnedFd::from(master));
    let mut seen = Vec::new();
    while !seen.windows(4).any(|part| part == b"tool") {
        let mut buffer = [0; 4096];
        let count = output.read(&mut buffer).unwrap();
        seen.extend_from_slice(&buffer[..count]);
    }
    // Nobody has the other end any more.
    drop(output);
    let end = Instant::now() + Duration::from_secs(30);
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < end, "it goes on without a terminal");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_window_may_be_pulled_while_there_is_work() {
    let folder = tempfile::tempdir().unwrap();
    let image = archive(folder.path());
    let plywood = Plywood::new();
    let mut window = Window::explore(&plywood, &image, (80, 24));
    for size in [(200, 50), (20, 5), (81, 25), (2, 1), (120, 30), (80, 24)] {
        window.resize(size);
        window.keys("j\x01\x0f").keys("\x0cjk").keys("k");
    }
    window.sees("Layers 1/3").sees("Layer Details").sees("─big.so").keys("q").ends_well();
}

#[test]
fn names_cannot_steer_the_terminal_and_colours_can_be_refused() {
    let folder = tempfile::tempdir().unwrap();
    let image = archive(folder.path());
    let other = other_archive(folder.path());
    let plywood = Plywood::new().with_env("NO_COLOR", "1");
    let mut one = Window::explore(&plywood, &image, (80, 24));
    one.sees("evil\\x1b[31mname").keys("G").sees("─new.txt").keys("q").ends_well();
    let mut both = Window::explore_both(&plywood, [&image, &other], (200, 50));
    both.sees("evil\\x1b[31mname")
        .keys("]\r")
        .sees("root:x:1")
        .keys("qcq")
        .sees("Two Images")
        .keys("q")
        .ends_well();
    for window in [one, both] {
        let written = String::from_utf8_lossy(&window.written()).into_owned();
        assert!(!written.contains("\x1b[31m"));
        let codes = written.split("\x1b[").skip(1).filter_map(|part| part.split_once('m'));
        for (codes, _) in codes {
            let is_color = |code: &str| matches!(code.parse(), Ok(30..=38 | 40..=48 | 90..=97 | 100..=107));
            assert!(!codes.split(';').any(is_color), "a colour: {codes:?}");
        }
    }
}

#[test]
fn the_prompt_gets_the_marked_files() {
    let folder = tempfile::tempdir().unwrap();
    let image = archive(folder.path());
    let plywood = Plywood::new();
    let mut window = Window::open(plywood.command(), (80, 24));
    window
        .sees("[1]> ")
        .keys(&format!("let marked = explore(`{image}`);\r"))
        .sees("Layers 1/3")
        .sees("─big.so");
    window.keys("/tool\r").keys("m").sees("1 marked").keys("q").sees("[2]> ");
    window.keys("marked.map(\"path\")\r").sees("/usr/bin/tool").sees("[3]> ");
    // Again, on what is looked at already.
    window.keys(&format!("explore(image(`{image}`)).len()\r")).sees("Layers 1/3").keys("q").sees("[4]> ");
    window.keys("\x04").end();
}

#[test]
fn the_first_frame_comes_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let image = archive(folder.path());
    let plywood = Plywood::new();
    let begun = Instant::now();
    let mut window = Window::explore(&plywood, &image, (80, 24));
    let end = begun + Duration::from_secs(20);
    while !window.is_full_screen() {
        assert!(Instant::now() < end, "nothing is shown");
        std::thread::sleep(Duration::from_millis(1));
    }
    window.sees("Layers 1/3").keys("q").ends_well();
}

#[test]
fn a_containers_own_layer_is_one_more() {
    if !crate::terminal::screen::engine() {
        return;
    }
    let plywood = Plywood::new();
    plywood.eval("run(base(), \"echo hello > /greeting; rm /etc/group\").name").assert_ok();
    let mut command = plywood.command();
    command.args(["-e", "explore(last()).map(\"path\")"]);
    let mut window = Window::open(command, (80, 24));
    window.sees("Layers 1/2").keys("G").sees("Layers 2/2").sees_line(&["- ", "─group"]);
    window
        .keys("/greeting\r")
        .keys("\r")
        .sees("layer 1 · text")
        .sees("hello")
        .keys("m")
        .sees("1 marked")
        .keys("qq");
    window.sees("[\"/greeting\"]").ends_well();
    plywood.assert_clean();
}

#[test]
fn a_stored_image_is_read_from_its_layers() {
    let folder = tempfile::tempdir().unwrap();
    let image = archive(folder.path());
    let plywood = Plywood::new();
    plywood.eval(&format!("load(`{image}`);")).assert_ok();
    let mut window = Window::explore(&plywood, "demo:1", (200, 50));
    window
        .sees("Layers 1/3")
        .keys("G")
        .sees("Layers 3/3")
        .sees("─new.txt")
        .keys("/new\r")
        .keys("\r")
        .sees("hello");
    window
        .keys("q")
        .misses("hello")
        .keys("/passwd\r")
        .keys("p")
        .sees("other size, mtime, content")
        .keys("qq")
        .ends_well();
    plywood.assert_clean();
}
