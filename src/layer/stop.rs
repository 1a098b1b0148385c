//! Ending long work early.

use super::error::Error;

/// Whether somebody wants the work at hand to end. It is asked again and again.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// Nobody does: for work that is only half of something which must become whole.
#[must_use]
pub const fn never() -> bool {
    false
}

/// An error if it is to end.
pub(super) fn go_on(stop: Stop<'_>) -> Result<(), Error> {
    if stop() { Err(Error::Interrupted) } else { Ok(()) }
}
