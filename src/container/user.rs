//! `USER` of an image or of a run, resolved with the container's own files.
//!
//! The rules are those of runc's `libcontainer/user` (`GetExecUser`), which Docker uses.

use super::Error;

/// Who a program runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Supplementary groups, `gid` among them, each once.
    pub groups: Vec<u32>,
    /// Home directory; `/` for a user without an entry.
    pub home: String,
}

/// The largest id that Docker takes.
const LARGEST: u32 = 0x7fff_ffff;

struct User<'a> {
    name: &'a [u8],
    uid: u32,
    gid: u32,
    home: &'a [u8],
}

/// Resolves `user`, `uid`, `user:group`, `uid:gid`, … with the contents of the container's `/etc/passwd` and
/// `/etc/group` (empty when missing). An empty `spec` is user 0.
///
/// A number is always an id, never a name. A user without an entry gets group 0. Supplementary groups are those that
/// name the user, and only when no group is asked for.
///
/// # Errors
/// [`Error::UnknownUser`] for a name without an entry, [`Error::IdRange`] for a number above 2147483647.
pub fn resolve(spec: &str, passwd: &[u8], group: &[u8]) -> Result<Identity, Error> {
    let (user, wanted_group) = match spec.split_once(':') {
        Some((user, group)) => (user, group),
        None => (spec, ""),
    };
    let number = |text: &str| -> Result<Option<u32>, Error> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        match text.parse() {
            Ok(id) if id <= LARGEST => Ok(Some(id)),
            _ => Err(Error::IdRange { spec: spec.to_owned() }),
        }
    };
    let unknown = |kind, name: &str, file| Error::UnknownUser { kind, name: name.to_owned(), file };

    let uid = if user.is_empty() { Some(0) } else { number(user)? };
    let entry = users(passwd).find(|entry| match uid {
        Some(uid) => entry.uid == uid,
        None => entry.name == user.as_bytes(),
    });
    let uid = match (&entry, uid) {
        (Some(entry), _) => entry.uid,
        (None, Some(uid)) => uid,
        (None, None) => return Err(unknown("user", user, "passwd")),
    };
    let mut gid = entry.as_ref().map_or(0, |entry| entry.gid);
    let mut groups = Vec::new();
    if wanted_group.is_empty() {
        if let Some(entry) = &entry {
            groups = memberships(group, entry.name);
        }
    } else {
        let wanted = number(wanted_group)?;
        let found = group_entries(group).find(|(name, id, _)| match wanted {
            Some(wanted) => *id == wanted,
            None => *name == wanted_group.as_bytes(),
        });
        gid = match (found, wanted) {
            (Some((_, id, _)), _) => id,
            (None, Some(id)) => id,
            (None, None) => return Err(unknown("group", wanted_group, "group")),
        };
    }
    // The own group is listed as well: without it a file that is closed to the group could be opened (CVE-2022-36109).
    if !groups.contains(&gid) {
        groups.insert(0, gid);
    }
    let home = entry.map(|entry| String::from_utf8_lossy(entry.home).into_owned());
    let home = home.filter(|home| !home.is_empty()).unwrap_or_else(|| "/".into());
    Ok(Identity { uid, gid, groups, home })
}

fn users(passwd: &[u8]) -> impl Iterator<Item = User<'_>> {
    lines(passwd).filter_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        let name = fields.next()?;
        let (uid, gid) = (id(fields.nth(1))?, id(fields.next())?);
        let home = fields.nth(1).unwrap_or_default();
        Some(User { name, uid, gid, home })
    })
}

fn group_entries(group: &[u8]) -> impl Iterator<Item = (&[u8], u32, &[u8])> {
    lines(group).filter_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        let name = fields.next()?;
        let gid = id(fields.nth(1))?;
        Some((name, gid, fields.next().unwrap_or_default()))
    })
}

fn memberships(group: &[u8], user: &[u8]) -> Vec<u32> {
    let mut groups = Vec::new();
    for (_, gid, members) in group_entries(group) {
        if members.split(|byte| *byte == b',').any(|member| member == user) && !groups.contains(&gid) {
            groups.push(gid);
        }
    }
    groups
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
}

fn id(field: Option<&[u8]>) -> Option<u32> {
    std::str::from_utf8(field?).ok()?.parse().ok().filter(|id| *id <= LARGEST)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const PASSWD: &[u8] =
        b"root:x:0:0:root:/root:/bin/sh\n\ndaemon:x:1:1::/usr/sbin:/bin/sh\nanna:x:1000:1000:Anna:/home/anna:/bin/sh\nnohome:x:7:8::\n";
    const GROUP: &[u8] = b"root:x:0:\nwheel:x:10:root,anna\naudio:x:29:anna\nusers:x:100:\nanna:x:1000:\n";

    fn of(spec: &str) -> Identity {
        resolve(spec, PASSWD, GROUP).unwrap()
    }

    #[test]
    fn nobody_asked_for_is_root() {
        assert_eq!(of(""), Identity { uid: 0, gid: 0, groups: vec![0, 10], home: "/root".into() });
    }

    #[test]
    fn a_name_brings_its_groups() {
        let anna = Identity { uid: 1000, gid: 1000, groups: vec![1000, 10, 29], home: "/home/anna".into() };
        assert_eq!(of("anna"), anna);
        assert_eq!(of("1000"), anna);
    }

    #[test]
    fn a_group_asked_for_is_the_only_one() {
        assert_eq!(
            of("anna:users"),
            Identity { uid: 1000, gid: 100, groups: vec![100], home: "/home/anna".into() }
        );
        assert_eq!(of("anna:4711").gid, 4711);
        assert_eq!(of(":29").gid, 29);
        assert_eq!(of(":29").home, "/root");
    }

    #[test]
    fn an_id_without_an_entry_gets_group_zero() {
        assert_eq!(of("4711"), Identity { uid: 4711, gid: 0, groups: vec![0], home: "/".into() });
        assert_eq!(resolve("", b"", b"").unwrap().home, "/");
        assert_eq!(of("nohome").home, "/");
    }

    #[test]
    fn names_without_entries_are_docker_errors() {
        let error = resolve("nosuch", PASSWD, GROUP).unwrap_err();
        assert_eq!(error.to_string(), "unable to find user nosuch: no matching entries in passwd file");
        assert_eq!(error.exit_code(), 125);
        let error = resolve("anna:nosuch", PASSWD, GROUP).unwrap_err();
        assert_eq!(error.to_string(), "unable to find group nosuch: no matching entries in group file");
        assert!(matches!(resolve("2147483648", PASSWD, GROUP), Err(Error::IdRange { .. })));
        assert!(matches!(resolve("0:99999999999", PASSWD, GROUP), Err(Error::IdRange { .. })));
    }

    #[test]
    fn torn_lines_are_passed_over() {
        let passwd = b"\xff\xfe\nx\nbad:x:notanumber:0::/:\nanna:x:5:6:g:/h";
        assert_eq!(resolve("anna", passwd, b"::\nw:x:1:anna").unwrap().groups, vec![6, 1]);
    }
}
