//! Known junk: what images carry by habit. The rules are data, in `junk.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::glob::Globs;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    rule: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    name: String,
    paths: Vec<String>,
}

/// The rules that come with the program.
#[derive(Debug)]
pub struct JunkRules {
    globs: Globs,
    /// By pattern.
    names: Vec<String>,
}

impl JunkRules {
    /// The built-in ones.
    #[must_use]
    pub fn built_in() -> &'static Self {
        static RULES: LazyLock<JunkRules> = LazyLock::new(|| {
            JunkRules::parse(include_str!("junk.toml")).unwrap_or_else(|_| JunkRules::none())
        });
        &RULES
    }

    fn none() -> Self {
        let globs = Globs::new::<&str>([]).unwrap_or_else(|_| unreachable!("no pattern is wrong"));
        Self { globs, names: Vec::new() }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let document: Document = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut names = Vec::new();
        let mut patterns = Vec::new();
        for rule in document.rule {
            for path in rule.paths {
                names.push(rule.name.clone());
                patterns.push(path);
            }
        }
        Ok(Self { globs: Globs::new(patterns)?, names })
    }

    /// The name of the first rule that fits `path`, which has no leading `/`.
    #[must_use]
    pub fn rule_of(&self, path: &[u8]) -> Option<&str> {
        self.globs.first(path).and_then(|pattern| self.names.get(pattern)).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_rules_are_rules() {
        let rules = JunkRules::parse(include_str!("junk.toml")).unwrap();
        for (path, rule) in [
            ("var/lib/apt/lists/deb.debian.org_main", Some("apt package lists")),
            ("var/lib/apt/lists/partial/x", Some("apt package lists")),
            ("var/lib/apt/extended_states", None),
            ("root/.cache/pip/http/a", Some("pip cache")),
            ("home/me/.npm/_cacache/x", Some("npm cache")),
            ("root/.cache/x", Some("other caches")),
            ("usr/lib/python3/__pycache__/os.cpython-311.pyc", Some("Python bytecode")),
            ("var/log/dpkg.log", Some("logs")),
            ("usr/bin/wget", None),
            ("tmp/x", Some("temporary files")),
            ("usr/share/doc/wget/copyright", Some("documentation")),
            ("app/.git/HEAD", Some("version control")),
        ] {
            assert_eq!(rules.rule_of(path.as_bytes()), rule, "{path}");
        }
    }
}
