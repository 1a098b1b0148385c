//! Standard output and standard error: the only place that writes to them.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};

use super::arguments::Arguments;
use super::{progress, report};
use crate::script::{Failure, Sinks, Style, Value, visible, visible_json};
use crate::workbench::{Report, Stream};

/// Where this process writes, and how.
#[derive(Debug, Clone)]
pub struct Console {
    /// For values on standard output.
    pub style: Style,
    /// Values and errors as JSON.
    pub json: bool,
    /// Neither values nor streamed output.
    pub quiet: bool,
    /// For errors.
    errors: Style,
}

impl Console {
    /// The process's console as the arguments want it.
    pub fn new(arguments: &Arguments) -> Self {
        let colorless =
            arguments.no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        // A terminal that does not know its size says 0.
        let size = crate::sys::pty::size(io::stdout().as_fd()).ok().filter(|size| size.columns > 0);
        let width = size.map_or(100, |size| size.columns.max(20));
        let style = |terminal: bool| Style {
            width,
            color: terminal && !colorless,
            plain: !terminal,
            whole: !terminal,
        };
        Self {
            style: style(io::stdout().is_terminal()),
            json: arguments.json,
            quiet: arguments.quiet,
            errors: style(io::stderr().is_terminal()),
        }
    }

    /// Standard output is a terminal.
    pub fn is_terminal(&self) -> bool {
        !self.style.plain
    }

    /// Shows a result, unless it is `()`.
    pub fn value(&self, value: &Value) {
        if value.is_unit() || self.quiet && !self.json {
            return;
        }
        let text =
            if self.json { visible_json(&value.to_json().to_string()) } else { value.render(&self.style) };
        self.line(&text);
    }

    /// Writes one text and a newline to standard output.
    pub fn line(&self, text: &str) {
        let mut out = io::stdout().lock();
        let newline = if text.ends_with('\n') { "" } else { "\n" };
        alive(out.write_all(text.as_bytes()).and_then(|()| out.write_all(newline.as_bytes())));
    }

    /// Writes a failure to standard error.
    pub fn report(&self, failure: &Failure) {
        let text = if self.json {
            visible_json(&serde_json::json!({ "error": failure }).to_string())
        } else {
            report::failure_text(failure, &self.errors)
        };
        // Where standard error is gone there is nobody to tell.
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Who hears how downloads and uploads go: bars where standard error is a terminal, else a line for each that is
    /// done; nobody where only results are wanted.
    pub fn progress(&self) -> Report {
        if self.quiet || self.json {
            return Report::default();
        }
        progress::report(!self.errors.plain)
    }

    /// The session's output: `print` on standard output, with `--json` on standard error.
    pub fn sinks(&self) -> Sinks {
        let json = self.json;
        let terminal = if json { io::stderr().is_terminal() } else { self.is_terminal() };
        let quiet = self.quiet;
        let safe = Arc::new([Mutex::new(Escaper::default()), Mutex::new(Escaper::default())]);
        let error_terminal = io::stderr().is_terminal();
        Sinks {
            print: Arc::new(move |text| {
                let text = if terminal { visible(text) } else { text.to_owned() };
                if json {
                    let _ = writeln!(io::stderr(), "{text}");
                } else {
                    alive(writeln!(io::stdout(), "{text}"));
                }
            }),
            show: Arc::new(move |text| {
                if json {
                    let _ = writeln!(io::stderr(), "{text}");
                } else {
                    alive(writeln!(io::stdout(), "{text}"));
                }
            }),
            debug: Arc::new(move |text| {
                let text = if error_terminal { visible(text) } else { text.to_owned() };
                let _ = writeln!(io::stderr(), "{text}");
            }),
            stream: Arc::new(move |from, bytes| {
                if quiet {
                    return;
                }
                let to_stdout = from == Stream::Stdout && !json;
                let shown = if to_stdout { terminal } else { error_terminal };
                let escaper = &safe[usize::from(!to_stdout)];
                let bytes = if shown {
                    escaper.lock().unwrap_or_else(PoisonError::into_inner).pass(bytes)
                } else {
                    bytes.to_vec()
                };
                if to_stdout {
                    let mut out = io::stdout().lock();
                    alive(out.write_all(&bytes).and_then(|()| out.flush()));
                } else {
                    let _ = io::stderr().write_all(&bytes);
                }
            }),
        }
    }
}

/// A reader that went away is no failure: there is nobody left to write for.
fn alive(result: io::Result<()>) {
    if let Err(error) = result {
        let code = if error.kind() == io::ErrorKind::BrokenPipe { 0 } else { 1 };
        if code == 1 {
            let _ = writeln!(io::stderr(), "error: cannot write to standard output: {error}");
        }
        std::process::exit(code);
    }
}

/// Makes a stream of bytes harmless for a terminal: text, newlines, tabs and returns pass.
#[derive(Debug, Default)]
struct Escaper {
    /// The first byte of U+0080 to U+009F, which are control characters too.
    held: bool,
}

impl Escaper {
    fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len() + 8);
        for &byte in bytes {
            if std::mem::take(&mut self.held) {
                if (0x80..0xa0).contains(&byte) {
                    out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
                    continue;
                }
                out.push(0xc2);
            }
            match byte {
                b'\n' | b'\t' | b'\r' => out.push(byte),
                0xc2 => self.held = true,
                _ if byte < 0x20 || byte == 0x7f => {
                    out.extend_from_slice(format!("\\x{byte:02x}").as_bytes())
                }
                _ => out.push(byte),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_cannot_steer_the_terminal_even_in_pieces() {
        let mut escaper = Escaper::default();
        assert_eq!(escaper.pass(b"a\x1b[1m\r\n\tb\xc2"), b"a\\x1b[1m\r\n\tb");
        assert_eq!(escaper.pass(b"\x9bx\xc2"), b"\\x9bx");
        assert_eq!(escaper.pass("\u{a9}ü".as_bytes()[1..].as_ref()), "©ü".as_bytes());
    }
}
