//! What a module offers, read from its text: functions with their parameters and comments, constants.

/// A function or constant of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its parameters; `None` of a constant.
    pub params: Option<Vec<String>>,
    /// The comment above it.
    pub doc: String,
}

/// What `text` offers to those who import it, in its order; methods of types and private functions are left out.
#[must_use]
pub fn members(text: &str) -> Vec<Member> {
    let mut found = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(rest) = line.strip_prefix("//") {
            comment.push(rest.trim_start_matches(['/', '*', '!']).trim());
            continue;
        }
        let doc = || comment.join("\n").trim().to_owned();
        if let Some(rest) = line.strip_prefix("fn ") {
            let mut head = rest.to_owned();
            // Parameters may go over lines.
            while !head.contains(')') {
                let Some(more) = lines.next() else { break };
                head.push_str(more);
            }
            let (name, rest) = head.split_once('(').unwrap_or((&head, ""));
            if !name.contains('.') {
                let params = rest.split(')').next().unwrap_or_default().split(',').map(str::trim);
                let params = params.filter(|param| !param.is_empty()).map(str::to_owned).collect();
                found.push(Member { name: name.trim().to_owned(), params: Some(params), doc: doc() });
            }
        } else if let Some(rest) = line.strip_prefix("export ") {
            let rest = rest.strip_prefix("const ").or_else(|| rest.strip_prefix("let ")).unwrap_or(rest);
            let name = rest.split(['=', ';']).next().unwrap_or_default();
            // `export inner as outer`.
            let name = name.rsplit(" as ").next().unwrap_or(name).trim();
            found.push(Member { name: name.to_owned(), params: None, doc: doc() });
        }
        comment.clear();
    }
    found
}

/// What a module says of itself: its first comment, to the first empty line.
#[must_use]
pub fn about(text: &str) -> String {
    let lines = text.lines().skip_while(|line| line.starts_with("#!"));
    let lines = lines
        .map_while(|line| line.strip_prefix("//"))
        .map(|line| line.trim_start_matches(['/', '!']).trim());
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::script::STDLIB;

    #[test]
    fn functions_and_constants() {
        let text = "//! A module\n//! of mine.\n//!\n//! More.\n\n/// Doubles.\n/// Really.\nfn double(x) {\n    x * 2\n}\n\nprivate fn hidden() {}\nfn map.method(x) {}\n\n// Long.\nfn long(\n    a,\n    b\n) {}\nfn none() { 1 }\nexport const SIZE = 5;\nlet y = 1;\nexport y as other;\n";
        let found = members(text);
        let names: Vec<&str> = found.iter().map(|member| member.name.as_str()).collect();
        assert_eq!(names, ["double", "long", "none", "SIZE", "other"]);
        assert_eq!(found[0].doc, "Doubles.\nReally.");
        assert_eq!(found[1].params.as_deref(), Some(&["a".to_owned(), "b".to_owned()][..]));
        assert_eq!((found[2].params.as_ref().unwrap().len(), found[3].params.as_ref()), (0, None));
        assert_eq!(about(text), "A module of mine.");
        assert_eq!(about("#!/usr/bin/env plywood\n// x\n"), "x");
    }

    #[test]
    fn the_library_says_what_it_is() {
        for (name, text) in STDLIB {
            assert!(!about(text).is_empty(), "{name}");
            let members = members(text);
            assert!(!members.is_empty(), "{name}");
            for member in members {
                assert!(!member.doc.is_empty(), "{name}::{}", member.name);
            }
        }
    }
}
