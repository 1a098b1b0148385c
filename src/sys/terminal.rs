//! The user's own terminal while a container has it.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::errno::Errno;

/// Only one container can have the keyboard.
static OWNER: Mutex<()> = Mutex::new(());
/// What the handlers below work on: the terminal, its settings before, and where to say "resized".
static TERMINAL: AtomicI32 = AtomicI32::new(-1);
static IS_RAW: AtomicBool = AtomicBool::new(false);
static RESIZED: AtomicI32 = AtomicI32::new(-1);
/// What ends a full screen, and where it is written; no length while there is none.
static FAREWELL: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());
static FAREWELL_LENGTH: AtomicUsize = AtomicUsize::new(0);
static DRAWN_ON: AtomicI32 = AtomicI32::new(-1);
static mut BEFORE: std::mem::MaybeUninit<libc::termios> = std::mem::MaybeUninit::uninit();

/// Signals that end the process and must not leave the terminal raw.
const ENDING: [libc::c_int; 3] = [libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT];

/// The terminal passes every key on and changes nothing while this lives. Dropping it, a panic on the
/// way out and SIGTERM, SIGHUP or SIGQUIT put everything back.
#[derive(Debug)]
pub struct Raw {
    terminal: RawFd,
    resized: OwnedFd,
    handlers: Vec<(libc::c_int, libc::sigaction)>,
    _owner: MutexGuard<'static, ()>,
}

impl Raw {
    /// Takes over `terminal`. Waits while another container has it.
    ///
    /// # Errors
    /// ENOTTY.
    pub fn enter(terminal: BorrowedFd<'_>) -> nix::Result<Self> {
        let owner = OWNER.lock().unwrap_or_else(PoisonError::into_inner);
        let terminal = terminal.as_raw_fd();
        // SAFETY: termios is plain data.
        let mut before: libc::termios = unsafe { std::mem::zeroed() };
        // SAFETY: `before` is writable.
        Errno::result(unsafe { libc::tcgetattr(terminal, &raw mut before) })?;
        // SAFETY: makes a descriptor.
        let fd = Errno::result(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?;
        // SAFETY: a descriptor the kernel has just made for us.
        let resized = unsafe { OwnedFd::from_raw_fd(fd) };
        // SAFETY: written before IS_RAW lets a handler read it, under the lock.
        unsafe { (&raw mut BEFORE).cast::<libc::termios>().write(before) };
        TERMINAL.store(terminal, Ordering::SeqCst);
        RESIZED.store(fd, Ordering::SeqCst);
        let mut raw = Self { terminal, resized, handlers: Vec::new(), _owner: owner };
        raw.handle(libc::SIGWINCH, on_resize as *const () as usize)?;
        for signal in ENDING {
            raw.handle(signal, on_end as *const () as usize)?;
        }
        let mut changed = before;
        // SAFETY: changes our copy.
        unsafe { libc::cfmakeraw(&raw mut changed) };
        IS_RAW.store(true, Ordering::SeqCst);
        // SAFETY: settings that tcgetattr gave, changed by cfmakeraw.
        Errno::result(unsafe { libc::tcsetattr(terminal, libc::TCSADRAIN, &raw const changed) })?;
        Ok(raw)
    }

    /// Begins a full screen on `screen` by writing `begin`; whatever ends the raw terminal, SIGTERM included, writes
    /// `end` first.
    ///
    /// # Errors
    /// Whatever `write(2)` answers.
    pub fn draw_on(&mut self, screen: BorrowedFd<'_>, begin: &[u8], end: &'static [u8]) -> nix::Result<()> {
        DRAWN_ON.store(screen.as_raw_fd(), Ordering::SeqCst);
        FAREWELL.store(end.as_ptr().cast_mut(), Ordering::SeqCst);
        FAREWELL_LENGTH.store(end.len(), Ordering::SeqCst);
        let mut rest = begin;
        while !rest.is_empty() {
            match nix::unistd::write(screen, rest) {
                Ok(count) => rest = &rest[count..],
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Readable when the terminal's size has changed; [`Self::take_resized`] resets it.
    #[must_use]
    pub fn resized(&self) -> BorrowedFd<'_> {
        std::os::fd::AsFd::as_fd(&self.resized)
    }

    /// Forgets the changes so far.
    pub fn take_resized(&self) {
        let mut count = 0u64;
        // SAFETY: an eventfd gives eight bytes.
        unsafe { libc::read(self.resized.as_raw_fd(), (&raw mut count).cast(), 8) };
    }

    fn handle(&mut self, signal: libc::c_int, handler: usize) -> nix::Result<()> {
        // SAFETY: sigaction is plain data.
        let (mut action, mut before): (libc::sigaction, libc::sigaction) =
            unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
        // SAFETY: reads the present action.
        Errno::result(unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut before) })?;
        // Who ignores a signal (nohup) goes on ignoring it.
        if signal != libc::SIGWINCH && before.sa_sigaction != libc::SIG_DFL {
            return Ok(());
        }
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_RESTART;
        // SAFETY: the handlers only use async-signal-safe functions and atomics.
        Errno::result(unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) })?;
        self.handlers.push((signal, before));
        Ok(())
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        restore();
        for (signal, before) in &self.handlers {
            // SAFETY: an action that sigaction gave.
            unsafe { libc::sigaction(*signal, before, std::ptr::null_mut()) };
        }
        RESIZED.store(-1, Ordering::SeqCst);
        TERMINAL.store(-1, Ordering::SeqCst);
        let _ = self.terminal;
    }
}

fn restore() {
    if IS_RAW.swap(false, Ordering::SeqCst) {
        let length = FAREWELL_LENGTH.swap(0, Ordering::SeqCst);
        if length > 0 {
            let (screen, text) = (DRAWN_ON.load(Ordering::SeqCst), FAREWELL.load(Ordering::SeqCst));
            // SAFETY: a static text, stored before its length; write is async-signal-safe.
            unsafe { libc::write(screen, text.cast(), length) };
        }
        let terminal = TERMINAL.load(Ordering::SeqCst);
        // SAFETY: initialised before IS_RAW became true. tcsetattr is async-signal-safe.
        unsafe { libc::tcsetattr(terminal, libc::TCSADRAIN, (&raw const BEFORE).cast::<libc::termios>()) };
    }
}

extern "C" fn on_resize(_: libc::c_int) {
    let (fd, one) = (RESIZED.load(Ordering::SeqCst), 1u64);
    if fd >= 0 {
        let errno = Errno::last_raw();
        // SAFETY: eight bytes for an eventfd; write is async-signal-safe.
        unsafe { libc::write(fd, (&raw const one).cast(), 8) };
        Errno::set_raw(errno);
    }
}

extern "C" fn on_end(signal: libc::c_int) {
    restore();
    // SAFETY: the signal's default action ends the process as soon as it is delivered again.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}
