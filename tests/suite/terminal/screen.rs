//! A person at a terminal, as a program.

use std::process::{Command, Stdio};
use std::sync::OnceLock;

use rexpect::process::WaitStatus;
use rexpect::session::{PtySession, spawn_command};

use crate::support::{Plywood, is_root, skip};

/// Milliseconds; the machine may be busy with other tests.
const PATIENCE: u64 = 20_000;

/// A terminal with the program in it.
pub struct Terminal {
    session: PtySession,
}

impl Terminal {
    /// The prompt on `plywood`'s store, without colours.
    #[track_caller]
    pub fn open(plywood: &Plywood) -> Self {
        Self::open_with(plywood, &[("NO_COLOR", "1")])
    }

    /// The prompt with more variables around it.
    #[track_caller]
    pub fn open_with(plywood: &Plywood, variables: &[(&str, &str)]) -> Self {
        let mut command = plywood.command();
        command.envs(variables.iter().copied());
        let mut terminal = Self::start(command);
        terminal.prompt(1);
        terminal
    }

    /// Any program.
    #[track_caller]
    pub fn start(mut command: Command) -> Self {
        command.env("TERM", "xterm");
        Self::start_as_is(command)
    }

    /// The same with the `TERM` that the command has.
    #[track_caller]
    pub fn start_as_is(mut command: Command) -> Self {
        command.stdin(Stdio::inherit());
        let terminal = Self { session: spawn_command(command, Some(PATIENCE)).unwrap() };
        terminal.resize(24, 80);
        terminal
    }

    /// Gives the terminal another size, as a window does.
    #[track_caller]
    pub fn resize(&self, rows: u16, columns: u16) {
        let (rows, columns) = (rows.to_string(), columns.to_string());
        self.stty(&["rows", &rows, "cols", &columns]);
    }

    /// Runs `stty` on the terminal.
    #[track_caller]
    pub fn stty(&self, args: &[&str]) -> String {
        let handle = self.session.process().get_file_handle().unwrap();
        let output = Command::new("stty").args(args).stdin(handle).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Presses keys.
    #[track_caller]
    pub fn keys(&mut self, keys: &str) {
        self.session.send(keys).unwrap();
        self.session.flush().unwrap();
    }

    /// Sends bytes, whatever they are.
    #[track_caller]
    pub fn bytes(&mut self, bytes: &[u8]) {
        use std::io::Write;
        let mut terminal = self.session.process().get_file_handle().unwrap();
        terminal.write_all(bytes).unwrap();
    }

    /// Types a line and Enter.
    #[track_caller]
    pub fn line(&mut self, line: &str) {
        self.keys(&format!("{line}\r"));
    }

    /// Ctrl and a letter.
    #[track_caller]
    pub fn control(&mut self, letter: char) {
        self.session.send_control(letter).unwrap();
    }

    /// Waits until `text` is shown; gives what came before.
    #[track_caller]
    pub fn see(&mut self, text: &str) -> String {
        match self.session.exp_string(&bytes(text)) {
            Ok(before) => before,
            Err(error) => panic!("`{text}` did not come: {error}"),
        }
    }

    /// Waits for a line that is exactly `text`.
    #[track_caller]
    pub fn see_line(&mut self, text: &str) {
        let pattern = format!("[\r\n]{}\r\n", regex_escaped(text));
        if let Err(error) = self.session.exp_regex(&pattern) {
            panic!("no line `{text}`: {error}");
        }
    }

    /// Waits for the prompt of entry `number`.
    #[track_caller]
    pub fn prompt(&mut self, number: usize) -> String {
        self.see(&format!("[{number}]> "))
    }

    /// Waits for the end of the program; gives its exit code.
    #[track_caller]
    pub fn end(&mut self) -> i32 {
        if let Err(error) = self.session.exp_eof() {
            panic!("it goes on: {error}");
        }
        match self.session.process().wait().unwrap() {
            WaitStatus::Exited(_, code) => code,
            other => panic!("{other:?}"),
        }
    }
}

/// The text as rexpect reads it: a character a byte.
fn bytes(text: &str) -> String {
    text.bytes().map(char::from).collect()
}

fn regex_escaped(text: &str) -> String {
    let special =
        |char: char| if "\\.+*?()|[]{}^$".contains(char) { format!("\\{char}") } else { char.to_string() };
    text.chars().map(special).collect()
}

static ENGINE: OnceLock<Option<String>> = OnceLock::new();

/// Whether containers run here; says why not.
pub fn engine() -> bool {
    let why = ENGINE.get_or_init(|| {
        let outcome = Plywood::new().eval("run(base(), [\"true\"]);");
        (outcome.code != 0).then_some(outcome.stderr)
    });
    match why {
        None => true,
        Some(why) => {
            assert!(!is_root(), "containers must run for root: {why}");
            skip(why);
            false
        }
    }
}
