//! How overlayfs marks deletions in an upper directory.

use std::ffi::CStr;

/// Which extended attributes carry overlayfs's marks.
///
/// Source: the kernel's `Documentation/filesystems/overlayfs.rst`, "User xattr".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OverlayFormat {
    /// `trusted.overlay.*`: mounts made by real root.
    Trusted,
    /// `user.overlay.*`: mounts with the option `userxattr`, as in a user namespace.
    User,
}

impl OverlayFormat {
    /// The attribute that, with the value `y`, makes a directory hide all of its namesakes below.
    #[must_use]
    pub const fn opaque(self) -> &'static CStr {
        match self {
            Self::Trusted => c"trusted.overlay.opaque",
            Self::User => c"user.overlay.opaque",
        }
    }

    /// The attribute that makes an empty regular file a whiteout, where no device could be made.
    #[must_use]
    pub const fn whiteout(self) -> &'static CStr {
        match self {
            Self::Trusted => c"trusted.overlay.whiteout",
            Self::User => c"user.overlay.whiteout",
        }
    }

    /// The full name of a mark: `opaque` or `whiteout`; `None` for what Plywood neither reads nor writes.
    #[must_use]
    pub fn xattr(self, mark: &str) -> Option<&'static CStr> {
        match mark {
            "opaque" => Some(self.opaque()),
            "whiteout" => Some(self.whiteout()),
            _ => None,
        }
    }
}
