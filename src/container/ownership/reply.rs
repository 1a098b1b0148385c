//! What becomes of a call.

use crate::sys::notify::Answer;

/// What becomes of a call.
#[derive(Debug)]
pub(super) enum Reply {
    Answer(Answer),
    /// It has its answer already.
    Sent,
}

impl Reply {
    pub(super) const fn value(value: i64) -> Self {
        Self::Answer(Answer::Value(value))
    }

    pub(super) const CONTINUE: Self = Self::Answer(Answer::Continue);
}
