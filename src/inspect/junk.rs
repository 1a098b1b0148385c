//! Known junk: what images carry by habit. The rules are data, in `junk.toml`: what `junk` tells of, `check` counts and
//! `slim` takes away.

use std::sync::LazyLock;

use serde::Deserialize;

use super::glob::Globs;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    slim: Vec<SlimRule>,
    rule: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    name: String,
    paths: Vec<String>,
    slim: Option<String>,
    #[serde(default)]
    takes: Vec<String>,
}

/// A rule of `slim`: files that no program needs that runs in a container. They are fetched or made again, or only
/// tell of the past.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlimRule {
    /// What people call it.
    pub name: String,
    /// What it is.
    pub about: String,
    /// Where it is, as [`Glob`](crate::layer::Glob) reads it. Directories that programs expect stay.
    #[serde(skip)]
    pub paths: Vec<String>,
}

/// The rules that come with the program.
#[derive(Debug)]
pub struct JunkRules {
    globs: Globs,
    /// By pattern.
    names: Vec<String>,
    slim: Vec<SlimRule>,
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
        Self { globs: Globs::default(), names: Vec::new(), slim: Vec::new() }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let document: Document = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut names = Vec::new();
        let mut patterns = Vec::new();
        let mut slim = document.slim;
        for rule in document.rule {
            if let Some(name) = &rule.slim {
                let taking = slim.iter_mut().find(|one| one.name == *name);
                let taking = taking.ok_or_else(|| format!("`slim` has no rule `{name}`"))?;
                taking.paths.extend(rule.takes);
            }
            for path in rule.paths {
                names.push(rule.name.clone());
                patterns.push(path);
            }
        }
        Ok(Self { globs: Globs::new(patterns)?, names, slim })
    }

    /// The name of the first rule that fits `path`, which has no leading `/`.
    #[must_use]
    pub fn rule_of(&self, path: &[u8]) -> Option<&str> {
        self.globs.first(path).and_then(|pattern| self.names.get(pattern)).map(String::as_str)
    }

    /// What of it `slim` takes away.
    #[must_use]
    pub fn slim(&self) -> &[SlimRule] {
        &self.slim
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::layer::Glob;

    #[test]
    fn what_slim_takes_is_told() {
        let rules = JunkRules::parse(include_str!("junk.toml")).unwrap();
        for rule in rules.slim() {
            assert!(!rule.about.is_empty() && !rule.paths.is_empty(), "{}", rule.name);
            for path in &rule.paths {
                let glob = Glob::new(path).unwrap();
                let sample = path.replace("**", "a/b").replace('*', "c");
                assert!(glob.is_match(sample.as_bytes()), "{path} {sample}");
                let inside = format!("{sample}/d");
                let told = [&sample, &inside].iter().any(|path| rules.rule_of(path.as_bytes()).is_some());
                assert!(told, "{path} {sample}");
            }
        }
    }

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
