//! What `slim` takes away unless it is told otherwise: rules as data.

use super::lookup::nearest;
use super::{Error, Result};

/// Files that no program needs that runs in a container: they are fetched or made again, or only tell of the past.
pub struct JunkRule {
    /// What people call it.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Where it is, as [`crate::layer::Glob`] reads it. Directories that programs expect stay.
    pub paths: &'static [&'static str],
}

/// Every rule.
pub const RULES: &[JunkRule] = &[
    JunkRule {
        name: "packages",
        about: "lists and archives of package managers",
        paths: &[
            "/var/lib/apt/lists/*_*",
            "/var/lib/apt/lists/partial/*",
            "/var/lib/apt/lists/auxfiles/*",
            "/var/cache/apt/archives/*.deb",
            "/var/cache/apt/archives/partial/*",
            "/var/cache/apt/*.bin",
            "/var/cache/debconf/*-old",
            "/var/lib/dpkg/*-old",
            "/var/cache/apk/*",
            "/etc/apk/cache/*",
            "/var/cache/dnf/*",
            "/var/cache/libdnf5/*",
            "/var/cache/yum/*",
            "/var/cache/zypp/*",
            "/var/cache/pacman/pkg/*",
        ],
    },
    JunkRule {
        name: "logs",
        about: "logs of what was done while the image was made",
        paths: &[
            "/var/log/**/*.log",
            "/var/log/**/*.log.*",
            "/var/log/**/*.gz",
            "/var/log/lastlog",
            "/var/log/faillog",
            "/var/log/tallylog",
            "/var/log/btmp",
            "/var/log/wtmp",
        ],
    },
    JunkRule {
        name: "python",
        about: "compiled Python, and what pip fetched",
        paths: &["**/__pycache__", "/root/.cache/pip", "/home/*/.cache/pip"],
    },
    JunkRule {
        name: "node",
        about: "what npm and yarn fetched",
        paths: &[
            "/root/.npm/_cacache",
            "/root/.npm/_logs",
            "/home/*/.npm/_cacache",
            "/home/*/.npm/_logs",
            "/usr/local/share/.cache/yarn",
        ],
    },
    JunkRule { name: "temporary", about: "temporary files", paths: &["/tmp/*", "/var/tmp/*"] },
    JunkRule {
        name: "caches",
        about: "caches of the loader, of manual pages and of fonts",
        paths: &["/var/cache/ldconfig/*", "/var/cache/man/*", "/var/cache/fontconfig/*"],
    },
];

/// The rule that is about no path: what later layers hide.
pub const WASTE: &str = "waste";

/// The paths of the rules called `names`, and whether [`WASTE`] is among them; all for none.
///
/// # Errors
/// [`super::ErrorKind::Invalid`] for a name that no rule has.
pub(super) fn chosen(names: &[String]) -> Result<(Vec<&'static str>, bool)> {
    let known = || RULES.iter().map(|rule| rule.name).chain([WASTE]);
    if let Some(unknown) = names.iter().find(|name| !known().any(|one| one == *name)) {
        let all: Vec<String> = known().map(str::to_owned).collect();
        let list = all.join("`, `");
        let error = Error::invalid(format!("there is no rule `{unknown}`"));
        return Err(match nearest(unknown, &all) {
            Some(near) => error.with_hint(format!("did you mean `{near}`? The rules are `{list}`")),
            None => error.with_hint(format!("the rules are `{list}`; `without` takes any path")),
        });
    }
    let has = |name: &str| names.is_empty() || names.iter().any(|one| one == name);
    let paths = RULES.iter().filter(|rule| has(rule.name)).flat_map(|rule| rule.paths).copied();
    Ok((paths.collect(), has(WASTE)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::layer::Glob;

    #[test]
    fn every_rule_is_told_and_its_paths_are_patterns() {
        for rule in RULES {
            assert!(!rule.about.is_empty() && !rule.paths.is_empty(), "{}", rule.name);
            for path in rule.paths {
                Glob::new(path).unwrap();
            }
        }
        let (all, waste) = chosen(&[]).unwrap();
        assert!(waste && all.len() > 20);
        let (logs, waste) = chosen(&["logs".to_owned()]).unwrap();
        assert!(!waste && logs.iter().all(|path| path.starts_with("/var/log/")));
        assert_eq!(chosen(&["waste".to_owned()]).unwrap(), (Vec::new(), true));
        let error = chosen(&["log".to_owned()]).unwrap_err();
        assert!(error.hint.unwrap().starts_with("did you mean `logs`? The rules are `packages`, `logs`"));
    }
}
