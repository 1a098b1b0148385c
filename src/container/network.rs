//! The network of a container, and namespaces for those without one.
//!
//! A new one costs a quarter of a whole run, most of it in the kernel's device set-up. So after the first such
//! container a thread keeps some prepared: loopback up, nothing else, never used before.

use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::sys::signal::AllBlocked;
use crate::sys::{at, network};

/// Which network a container sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Network {
    /// The host's own.
    #[default]
    Host,
    /// A loopback device and nothing else.
    None,
}

/// How many wait besides the one that the thread holds in its hand.
const SPARES: usize = 1;

/// One prepared ahead; none at first, or where they are used up faster than they are made.
pub fn spare() -> Option<OwnedFd> {
    static SPARE: LazyLock<Mutex<Option<Receiver<OwnedFd>>>> = LazyLock::new(|| Mutex::new(begin()));
    let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
    spare.as_ref().and_then(|spare| spare.try_recv().ok())
}

fn begin() -> Option<Receiver<OwnedFd>> {
    let (sender, receiver) = sync_channel(SPARES);
    let work = move || {
        // A handler's place is the thread that waits for a program.
        let _blocked = AllBlocked::new();
        while let Ok(namespace) = make() {
            if sender.send(namespace).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name("networks".into()).spawn(work).ok().map(|_| receiver)
}

/// Leaves the calling thread in the namespace it makes.
fn make() -> nix::Result<OwnedFd> {
    network::enter_new()?;
    network::loopback_up()?;
    at::open_own(c"/proc/thread-self/ns/net", libc::O_RDONLY, 0)
}
