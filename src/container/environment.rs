//! The environment of a program, by Docker's rules.

use std::collections::BTreeMap;
use std::ffi::CString;

use super::Error;

/// Docker's `PATH` where the image has none.
pub const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What an environment is made of.
#[derive(Debug, Clone, Copy)]
pub struct Environment<'a> {
    /// The container's host name.
    pub hostname: &'a str,
    /// The user's home directory.
    pub home: &'a str,
    /// It runs at a terminal.
    pub terminal: bool,
    /// `Env` of the image: `NAME=value`.
    pub image: &'a [String],
    /// Asked for with the run; a name without a value is copied from `caller`, and unset if it is not there.
    pub user: &'a [(String, Option<String>)],
    /// The caller's own environment.
    pub caller: &'a BTreeMap<String, String>,
}

impl Environment<'_> {
    /// Names and values in the order in which the program sees them; each name once.
    ///
    /// `PATH`, `HOSTNAME` and, at a terminal, `TERM=xterm` come first, the image's and then the user's values replace or
    /// follow them; `HOME` is added where nobody set it.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        let mut variables = vec![("PATH".to_owned(), DEFAULT_PATH.to_owned())];
        variables.push(("HOSTNAME".to_owned(), self.hostname.to_owned()));
        if self.terminal {
            variables.push(("TERM".to_owned(), "xterm".to_owned()));
        }
        for entry in self.image {
            match entry.split_once('=') {
                Some(("", _)) => {}
                Some((name, value)) => set(&mut variables, name, value),
                // Docker takes a bare name in an image as "unset".
                None => variables.retain(|(known, _)| known != entry),
            }
        }
        for (name, value) in self.user {
            match value.as_ref().or_else(|| self.caller.get(name)) {
                Some(value) => set(&mut variables, name, value),
                None => variables.retain(|(known, _)| known != name),
            }
        }
        if !variables.iter().any(|(name, _)| name == "HOME") {
            variables.push(("HOME".to_owned(), self.home.to_owned()));
        }
        variables
    }
}

/// The variables as a program gets them: `NAME=value`.
///
/// # Errors
/// [`Error::Invalid`] for one with a NUL byte.
pub fn strings(variables: &[(String, String)]) -> Result<Vec<CString>, Error> {
    let string = |(name, value): &(String, String)| {
        CString::new(format!("{name}={value}")).map_err(|_| Error::Invalid {
            what: "environment variable",
            value: name.clone(),
            reason: "contains a NUL byte",
        })
    };
    variables.iter().map(string).collect()
}

/// The value of `name`.
#[must_use]
pub fn value<'a>(variables: &'a [(String, String)], name: &str) -> Option<&'a str> {
    variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn set(variables: &mut Vec<(String, String)>, name: &str, value: &str) {
    match variables.iter_mut().find(|(known, _)| known == name) {
        Some((_, present)) => value.clone_into(present),
        None => variables.push((name.to_owned(), value.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(
        image: &[&str],
        user: &[(&str, Option<&str>)],
        caller: &[(&str, &str)],
        terminal: bool,
    ) -> String {
        let image: Vec<String> = image.iter().map(|entry| (*entry).to_owned()).collect();
        let user: Vec<(String, Option<String>)> =
            user.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect();
        let caller = caller.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let environment = Environment {
            hostname: "box",
            home: "/root",
            terminal,
            image: &image,
            user: &user,
            caller: &caller,
        };
        let lines: Vec<String> =
            environment.variables().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        lines.join(" ")
    }

    #[test]
    fn the_least_is_path_hostname_home() {
        assert_eq!(with(&[], &[], &[], false), format!("PATH={DEFAULT_PATH} HOSTNAME=box HOME=/root"));
        assert_eq!(
            with(&[], &[], &[], true),
            format!("PATH={DEFAULT_PATH} HOSTNAME=box TERM=xterm HOME=/root")
        );
    }

    #[test]
    fn the_user_wins_over_the_image_and_both_over_the_defaults() {
        let image = ["PATH=/bin", "A=image=1", "HOME=/srv"];
        let user = [("A", Some("user")), ("B", Some("")), ("HOSTNAME", Some("mine"))];
        assert_eq!(with(&image, &user, &[], false), "PATH=/bin HOSTNAME=mine A=user HOME=/srv B=");
    }

    #[test]
    fn a_name_alone_copies_the_callers_or_unsets() {
        let user = [("A", None), ("B", None)];
        assert_eq!(
            with(&["B=image", "PATH=/bin"], &user, &[("A", "caller")], false),
            "PATH=/bin HOSTNAME=box A=caller HOME=/root"
        );
    }
}
