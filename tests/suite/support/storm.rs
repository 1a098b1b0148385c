//! Processes that are killed.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Numbers without a pattern; a storm that failed can be had again with the seed that it says.
pub struct Chance {
    state: u64,
}

impl Chance {
    /// Another one in each run, unless `PLYWOOD_TEST_SEED` says which.
    pub fn new() -> Self {
        let given = std::env::var("PLYWOOD_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
        let seed = given.unwrap_or_else(|| u64::try_from(now() & u128::from(u64::MAX)).unwrap());
        eprintln!("PLYWOOD_TEST_SEED={seed}");
        Self { state: seed }
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        // splitmix64
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.state;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % limit.max(1)
    }

    /// A time below `limit`.
    pub fn pause(&mut self, limit: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(limit.as_micros()).unwrap()))
    }
}

/// What a process printed, and whether it was killed before it came to its end.
#[derive(Debug)]
pub struct Ended {
    pub lines: Vec<String>,
    pub killed: bool,
}

/// Starts `command` and kills it after `pause`. Whole lines that it has written are what it reported. If it ended by
/// itself before, it must have done well.
#[track_caller]
pub fn kill_after(command: &mut Command, pause: Duration) -> Ended {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        let (mut whole, mut line) = (Vec::new(), String::new());
        while lines.read_line(&mut line).is_ok_and(|length| length > 0) {
            if let Some(line) = line.strip_suffix('\n') {
                whole.push(line.to_owned());
            }
            line.clear();
        }
        whole
    });
    std::thread::sleep(pause);
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let killed = output.status.code().is_none();
    assert!(killed || output.status.success(), "it failed by itself: {said}");
    Ended { lines: reader.join().unwrap(), killed }
}

/// How long a storm goes on for what it has to see at least.
const PATIENCE: Duration = Duration::from_secs(120);

/// Starts and kills `command` (told which time this is) so often, and then until its processes have reported enough:
/// on a busy machine one of them comes to less. `pause` is the longest time that one may live.
pub fn kill_again_and_again(
    rounds: usize,
    pause: Duration,
    chance: &mut Chance,
    command: impl Fn(usize) -> Command,
    mut take: impl FnMut(Vec<String>),
    is_enough: impl Fn(usize) -> bool,
) {
    let begun = Instant::now();
    let mut reported = 0;
    let mut pause = pause;
    for round in 0.. {
        if round >= rounds && is_enough(reported) {
            return;
        }
        assert!(
            begun.elapsed() < PATIENCE || round < rounds,
            "in all that time {reported} things were reported"
        );
        if round >= rounds {
            pause = pause.mul_f64(1.2).min(Duration::from_secs(10));
        }
        let ended = kill_after(&mut command(round), chance.pause(pause));
        assert!(ended.killed, "it came to an end");
        reported += ended.lines.len();
        take(ended.lines);
    }
}
