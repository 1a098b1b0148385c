//! What copies a file of a lower layer up: its record has to come too.

use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;

use super::files::View;
use super::owner::{Records, inode};
use super::request::{Named, Place};
use crate::sys::at;
use crate::sys::notify::{self, Call, Listener};

impl Records {
    /// What the kernel will copy up next, while it moves, links or changes `file`: an attribute comes with it, and a line
    /// is written anew here. Whatever is wrong with the call, the kernel says afterwards.
    pub(super) fn copy_up(
        &mut self,
        view: &View,
        listener: &Listener,
        call: &Call,
        file: Named,
        place: Option<Place>,
    ) -> Result<(), Errno> {
        let Ok(file) = view.open(listener, call, file) else { return Ok(()) };
        let file = file.as_fd();
        if !view.is_own(file)? || self.attribute_of(file)?.is_some() {
            return Ok(());
        }
        let Some(owner) = self.line_of(file)? else { return Ok(()) };
        // What will not be done leaves no copy behind.
        if self.written(file)?.is_some()
            || place.is_some_and(|place| !can_go(view, listener, call, file, place))
        {
            return Ok(());
        }
        notify::change_owner(file, 0, 0)?;
        self.record(file, &owner)
    }
}

/// Whether there is nothing against the place where `file`, no directory, is to go.
fn can_go(view: &View, listener: &Listener, call: &Call, file: BorrowedFd<'_>, place: Place) -> bool {
    let (Place::New(to) | Place::Over(to) | Place::Exchanged(to)) = place;
    let Ok(Some((parent, name))) = view.open_parent(listener, call, to) else { return false };
    let there = at::open(parent.as_fd(), &name, libc::O_PATH | libc::O_NOFOLLOW, 0, 0);
    match (place, there) {
        (Place::New(_), there) => there.is_err(),
        (Place::Over(_), Err(errno)) => errno == Errno::ENOENT,
        (Place::Exchanged(_), there) => there.is_ok(),
        // Two names of one file: nothing is done. They are no longer that once one was copied up.
        (Place::Over(_), Ok(there)) => match (inode(file), inode(there.as_fd())) {
            (Ok((one, _)), Ok((other, kind))) => one != other && kind != libc::S_IFDIR,
            _ => false,
        },
    }
}
