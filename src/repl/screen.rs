//! The terminal: what is written to it, and the state it is kept in.

use std::io::{self, Write};
use std::os::fd::AsFd;

use nix::sys::termios::{FlushArg, SetArg, Termios, tcflush, tcgetattr, tcsetattr};

use crate::sys::pty;

/// Writes a text and a newline. A terminal that has gone away is noticed when the next line is read.
pub fn line(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
}

/// Writes a text as it is.
pub fn raw(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// The terminal's columns; `None` where it does not say.
#[must_use]
pub fn width() -> Option<u16> {
    pty::size(io::stdout().as_fd()).ok().map(|size| size.columns).filter(|columns| *columns > 0)
}

/// The terminal's columns and lines; usual ones where it does not say.
#[must_use]
pub fn size() -> (usize, usize) {
    let size = pty::size(io::stdout().as_fd()).ok();
    let (columns, rows) = size.map_or((0, 0), |size| (usize::from(size.columns), usize::from(size.rows)));
    (if columns == 0 { 80 } else { columns }, if rows == 0 { 24 } else { rows })
}

/// Takes away so many lines above the cursor, which stands at the beginning of one.
pub fn take_back(rows: usize) {
    if rows > 0 {
        raw(&format!("\x1b[{rows}A\x1b[J"));
    }
}

/// Moves to a line of its own, wherever the last output has left the cursor.
///
/// A full line of blanks and a return: from the first column that stays in the line, which the
/// prompt then overwrites; from any other it has gone on to the next.
pub fn fresh_line(color: bool) {
    let Some(width) = width() else { return };
    let blanks = " ".repeat(usize::from(width) - 1);
    raw(&if color { format!("\x1b[0m\x1b[2m⏎\x1b[0m{blanks}\r") } else { format!(" {blanks}\r") });
}

/// Drops what was typed and not read yet.
pub fn forget_input() {
    // A terminal that has gone away has nothing to drop.
    let _ = tcflush(io::stdin().as_fd(), FlushArg::TCIFLUSH);
}

/// The terminal's settings, to go back to.
pub struct Mode(Option<Termios>);

impl Mode {
    /// Those of now.
    #[must_use]
    pub fn remember() -> Self {
        Self(tcgetattr(io::stdin().as_fd()).ok())
    }

    /// Goes back to them, if something has changed them.
    pub fn restore(&self) {
        let Some(wanted) = &self.0 else { return };
        if tcgetattr(io::stdin().as_fd()).is_ok_and(|now| now != *wanted) {
            let _ = tcsetattr(io::stdin().as_fd(), SetArg::TCSADRAIN, wanted);
        }
    }
}
