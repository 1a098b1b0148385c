//! The engine's own attribute is not among those that a program finds: what copies attributes, or packs them, would carry
//! it where it means nothing.

use std::os::fd::AsFd;

use nix::errno::Errno;

use super::files::{View, path_to};
use super::owner::Records;
use super::reply::Reply;
use super::request::Named;
use crate::layer::owners::ATTRIBUTE;
use crate::sys::notify::{self, Call, Listener};

impl Records {
    /// `listxattr` and its like, into `size` bytes at `to`; only asked for how many, where `size` is 0.
    pub(super) fn list_attributes(
        &self,
        view: &View,
        listener: &Listener,
        call: &Call,
        file: Named,
        (to, size): (u64, u64),
    ) -> Result<Reply, Errno> {
        let Ok(file) = view.open(listener, call, file) else { return Ok(Reply::CONTINUE) };
        if !view.is_own(file.as_fd())? || self.attribute_of(file.as_fd())?.is_none() {
            return Ok(Reply::CONTINUE);
        }
        let own = ATTRIBUTE.to_bytes_with_nul();
        let names = notify::attributes(&path_to(file.as_fd())?)?;
        let names = names.split_inclusive(|byte| *byte == 0).filter(|name| *name != own);
        let names: Vec<u8> = names.flatten().copied().collect();
        let length = i64::try_from(names.len()).map_err(|_| Errno::E2BIG)?;
        if size != 0 {
            if (names.len() as u64) > size {
                return Err(Errno::ERANGE);
            }
            view.write(listener, call, to, &names)?;
        }
        Ok(Reply::value(length))
    }
}
