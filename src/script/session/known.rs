//! What a session knows, for completion and the prompt: nothing is run to find it out.

use rhai::{Array, Dynamic, Map, Position};

use super::super::members::{Member, members};
use super::super::sources::without_interpreter_line;
use super::super::types;
use super::super::{library, resolver};
use super::{Session, wants_more};

/// What is known of a value without copying it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The name of its type.
    pub of: String,
    /// A map's keys.
    pub keys: Vec<String>,
    /// The name of the type of an array's first item.
    pub item: Option<String>,
    /// Of what the store has: its id.
    pub id: Option<String>,
}

impl Session {
    /// The value at `path`: a variable, then keys, getters, and numbers of items.
    #[must_use]
    pub fn known(&self, path: &[String]) -> Option<Known> {
        let (name, rest) = path.split_first()?;
        known(self.scope.get(name)?, rest)
    }

    /// What the module imported as `alias` offers.
    #[must_use]
    pub fn members_of(&self, alias: &str) -> Option<Vec<Member>> {
        let import = self.imports.iter().rev().find(|import| import.name == alias)?;
        self.members_from(Some(&import.source), import.path.as_deref()?)
    }

    /// What the module at `path` offers; one of the library, or one that was imported before.
    #[must_use]
    pub fn members_in(&self, path: &str) -> Option<Vec<Member>> {
        self.members_from(None, path)
    }

    /// The same of what the text `source` imports as `path`.
    fn members_from(&self, source: Option<&str>, path: &str) -> Option<Vec<Member>> {
        if let Some(text) = library::text(path) {
            return Some(members(text));
        }
        let text = self.sources.get(&resolver::name(source, path)?)?;
        Some(members(&text))
    }

    /// The comment above the function called `name`.
    #[must_use]
    pub fn comment_on(&self, name: &str) -> Option<String> {
        let text = self.source_of(name)?;
        let lines = text.lines().map(str::trim_start).map_while(|line| line.strip_prefix("//"));
        let comment: Vec<&str> = lines.map(|line| line.trim_start_matches('/').trim()).collect();
        Some(comment.join("\n")).filter(|comment| !comment.is_empty())
    }

    /// Where `source` stops making sense, line and column from 1; `None` where it is right or only unfinished.
    #[must_use]
    pub fn mistake(&self, source: &str) -> Option<(usize, usize)> {
        let error = self
            .engines
            .reader()
            .compile_with_scope(&self.scope, &*without_interpreter_line(source))
            .err()?;
        let at: Position = error.position();
        if wants_more(source, &error) { None } else { Some((at.line()?, at.position()?)) }
    }
}

fn known(value: &Dynamic, path: &[String]) -> Option<Known> {
    let Some((step, rest)) = path.split_first() else { return Some(described(value)) };
    if let Some(map) = value.read_lock::<Map>() {
        return known(map.get(step.as_str())?, rest);
    }
    if let Some(array) = value.read_lock::<Array>() {
        return known(array.get(step.parse::<usize>().ok()?)?, rest);
    }
    known(&types::as_record(value)?.field(step)?, rest)
}

fn described(value: &Dynamic) -> Known {
    let record = types::as_record(value);
    let id = record.as_ref().filter(|record| matches!(record.type_name(), "Container" | "Image"));
    let id = id.and_then(|record| record.field("id")).and_then(|id| id.into_string().ok());
    let keys = value.read_lock::<Map>().map(|map| map.keys().map(ToString::to_string).collect());
    let item = value.read_lock::<Array>().and_then(|array| array.first().map(types::name));
    Known { of: types::name(value), keys: keys.unwrap_or_default(), item, id }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use super::*;
    use crate::script::SessionOptions;
    use crate::workbench::{Settings, Workbench};

    fn session() -> Session {
        let workbench = Workbench::new(Settings::at("/nonexistent"));
        Session::new(Arc::new(workbench), SessionOptions::default())
    }

    fn path(text: &str) -> Vec<String> {
        text.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn values_are_described() {
        let mut session = session();
        session.feed("let m = #{ list: [#{ a: 1 }, 2], text: \"x\", deep: #{ b: 2.5 } }; let n = 5;", "t");
        assert_eq!(session.known(&path("n")).unwrap().of, "number");
        assert_eq!(session.known(&path("m")).unwrap().keys, ["deep", "list", "text"]);
        assert_eq!(session.known(&path("m.list")).unwrap().item.as_deref(), Some("map"));
        assert_eq!(session.known(&path("m.list.0")).unwrap().keys, ["a"]);
        assert_eq!(session.known(&path("m.deep.b")).unwrap().of, "decimal number");
        for nowhere in ["x", "m.x", "m.list.7", "n.x", "m.text.len"] {
            assert_eq!(session.known(&path(nowhere)), None, "{nowhere}");
        }
    }

    #[test]
    fn modules_and_comments() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.rhai");
        std::fs::write(&file, "// Doubles.\nfn double(x) { x * 2 }\n").unwrap();
        let mut session = session();
        session.feed(&format!("import \"std/lesson\" as l; import `{}` as mine;", file.display()), "t");
        assert!(session.members_of("l").unwrap().iter().any(|member| member.name == "play"));
        let mine = session.members_of("mine").unwrap();
        assert_eq!((mine[0].name.as_str(), mine[0].doc.as_str()), ("double", "Doubles."));
        assert_eq!(session.members_of("other"), None);
        assert_eq!(session.members_in("no/such"), None);
        session.feed("/// Half of it,\n/// rounded.\nfn half(x) { x / 2 }", "u");
        assert_eq!(session.comment_on("half").unwrap(), "Half of it,\nrounded.");
        assert_eq!(session.comment_on("nothing"), None);
    }

    #[test]
    fn mistakes_have_a_place() {
        let session = session();
        assert_eq!(session.mistake("let 5 = 1"), Some((1, 5)));
        assert_eq!(session.mistake("let x = 1;\nlet y = ]"), Some((2, 9)));
        for right in ["1 + 1", "f(", "let x = ", "`a", "fn f() {", ""] {
            assert_eq!(session.mistake(right), None, "{right}");
        }
    }
}
