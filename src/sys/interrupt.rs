//! Ctrl-C as a value that long work can look at.

use std::sync::atomic::{AtomicUsize, Ordering};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

/// How often SIGINT has come; one for the process, since signals are the process's.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// The process's interrupt state. Every copy looks at the same count.
#[derive(Debug, Clone, Copy, Default)]
pub struct Interrupt;

impl Interrupt {
    /// Makes SIGINT count instead of ending the process.
    ///
    /// # Errors
    /// Whatever `sigaction(2)` answers.
    pub fn install_handler() -> nix::Result<Self> {
        let action = SigAction::new(
            SigHandler::Handler(on_sigint),
            // Without SA_RESTART, so that a blocking read or poll comes back and sees the count.
            SaFlags::empty(),
            SigSet::empty(),
        );
        // SAFETY: the handler only touches an atomic, which is async-signal-safe.
        unsafe { sigaction(Signal::SIGINT, &action) }?;
        Ok(Self)
    }

    /// How many interrupts have come since the last [`reset`](Self::reset).
    #[must_use]
    pub fn count(self) -> usize {
        COUNT.load(Ordering::Relaxed)
    }

    /// Whether at least one has come.
    #[must_use]
    pub fn raised(self) -> bool {
        self.count() > 0
    }

    /// Counts one more, as a key press would.
    pub fn raise(self) {
        COUNT.fetch_add(1, Ordering::Relaxed);
    }

    /// Forgets what has come: a new statement begins.
    pub fn reset(self) {
        COUNT.store(0, Ordering::Relaxed);
    }
}

extern "C" fn on_sigint(_: libc::c_int) {
    COUNT.fetch_add(1, Ordering::Relaxed);
}
