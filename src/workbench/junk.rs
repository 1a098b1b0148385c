//! The rules of `slim` by name. What they take is data: see [`JunkRules`].

use super::lookup::nearest;
use super::{Error, Result};
use crate::inspect::JunkRules;

/// The rule that is about no path: what later layers hide.
pub const WASTE: &str = "waste";

/// The names of all rules.
#[must_use]
pub fn slim_rules() -> Vec<&'static str> {
    JunkRules::built_in().slim().iter().map(|rule| rule.name.as_str()).chain([WASTE]).collect()
}

/// The paths of the rules called `names`, and whether [`WASTE`] is among them; all for none.
///
/// # Errors
/// [`super::ErrorKind::Invalid`] for a name that no rule has.
pub(super) fn chosen(names: &[String]) -> Result<(Vec<&'static str>, bool)> {
    let known = slim_rules();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        let all: Vec<String> = known.iter().map(|name| (*name).to_owned()).collect();
        let list = all.join("`, `");
        let error = Error::invalid(format!("there is no rule `{unknown}`"));
        return Err(match nearest(unknown, &all) {
            Some(near) => error.with_hint(format!("did you mean `{near}`? The rules are `{list}`")),
            None => error.with_hint(format!("the rules are `{list}`; `without` takes any path")),
        });
    }
    let has = |name: &str| names.is_empty() || names.iter().any(|one| one == name);
    let rules = JunkRules::built_in().slim().iter().filter(|rule| has(&rule.name));
    Ok((rules.flat_map(|rule| &rule.paths).map(String::as_str).collect(), has(WASTE)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn rules_are_chosen_by_name() {
        let (all, waste) = chosen(&[]).unwrap();
        assert!(waste && all.len() > 20);
        let (logs, waste) = chosen(&["logs".to_owned()]).unwrap();
        assert!(!waste && !logs.is_empty() && logs.iter().all(|path| path.starts_with("var/log/")));
        assert_eq!(chosen(&["waste".to_owned()]).unwrap(), (Vec::new(), true));
        let error = chosen(&["log".to_owned()]).unwrap_err();
        assert!(error.hint.unwrap().starts_with("did you mean `logs`? The rules are `packages`, `logs`"));
    }
}
