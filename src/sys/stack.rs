//! How deep a process may go.

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};

/// Bytes that the process's first thread may have on its stack; `None` where nothing limits it.
///
/// The kernel's own limit, `RLIMIT_STACK` (getrlimit(2)); arguments and environment count too.
#[must_use]
pub fn size() -> Option<u64> {
    match getrlimit(Resource::RLIMIT_STACK) {
        Ok((soft, _)) if soft != RLIM_INFINITY => Some(soft),
        _ => None,
    }
}
