//! Which extended attributes belong to a layer.
//!
//! Kept: `user.*`, `security.capability`, POSIX access lists. Not kept: what the host adds
//! (`security.selinux`, `security.ima`, `trusted.*`: the same tree would give another digest
//! elsewhere), every mark of overlayfs, which a mount would obey, and our own records ([`super::owners`]).

/// File capabilities (`capabilities(7)`).
pub const CAPABILITY: &[u8] = b"security.capability";
const ACCESS_LIST: &[u8] = b"system.posix_acl_access";
const DEFAULT_LIST: &[u8] = b"system.posix_acl_default";

/// How a kept attribute's key begins in a PAX header (`star`'s convention, Docker's too).
pub const PAX_PREFIX: &[u8] = b"SCHILY.xattr.";

/// Whether a layer keeps the attribute `name`. A name with `=` cannot be said in PAX.
#[must_use]
pub fn is_kept(name: &[u8]) -> bool {
    match name {
        CAPABILITY | ACCESS_LIST | DEFAULT_LIST => true,
        name => {
            name.starts_with(b"user.")
                && name.len() > b"user.".len()
                && !name.starts_with(b"user.overlay.")
                && !name.starts_with(b"user.plywood.")
                && !name.contains(&b'=')
                && !name.contains(&0)
        }
    }
}

/// `value` as a layer holds it: file capabilities without the user namespace that they were given in.
///
/// Source: `linux/capability.h`, `struct vfs_cap_data` (revision 2) and `vfs_ns_cap_data` (3).
#[must_use]
pub fn portable(name: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    const REVISION_3: u8 = 3;
    const SIZE_2: usize = 20;
    const SIZE_3: usize = 24;
    if name == CAPABILITY && value.len() == SIZE_3 && value[3] == REVISION_3 {
        value[3] = 2;
        value.truncate(SIZE_2);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule() {
        for (name, kept) in [
            (&b"user.mime_type"[..], true),
            (b"user.", false),
            (b"user.overlay.opaque", false),
            (b"user.overlay.whiteout", false),
            (b"user.plywood.owner", false),
            (b"user.overlayish", true),
            (b"user.a=b", false),
            (b"trusted.overlay.redirect", false),
            (b"trusted.x", false),
            (b"security.selinux", false),
            (b"security.ima", false),
            (b"security.evm", false),
            (b"security.capability", true),
            (b"system.posix_acl_access", true),
            (b"system.posix_acl_default", true),
            (b"system.nfs4_acl", false),
        ] {
            assert_eq!(is_kept(name), kept, "{}", String::from_utf8_lossy(name));
        }
    }

    #[test]
    fn capabilities_lose_their_namespace() {
        let mut three = vec![1, 0, 0, 3];
        three.extend([7; 16]);
        let mut two = three.clone();
        two[3] = 2;
        three.extend([0xe8, 3, 0, 0]);
        assert_eq!(portable(CAPABILITY, three), two);
        assert_eq!(portable(CAPABILITY, two.clone()), two);
        assert_eq!(portable(b"user.x", vec![1, 0, 0, 3]), [1, 0, 0, 3]);
    }
}
