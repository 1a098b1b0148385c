//! Which parameter is being typed: one line below the text, while a call is open.

use super::super::lexer::{self, Kind, Token};
use super::chain::item_of;
use super::methods;
use super::place::Place;
use super::reader::Reader;
use super::world::World;
use crate::script::types::list_methods;
use crate::script::verbs::{self, Verb};

/// A call's parameters, the one that is being typed apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signature {
    /// `run(image or container, `
    pub before: String,
    /// `[command]`
    pub current: String,
    /// `, [options])`
    pub after: String,
    /// What can be given there.
    pub note: String,
}

/// The innermost call around the cursor, if it is of something known. Only where nothing but the ends of texts and
/// brackets follow: elsewhere one is mending something.
#[must_use]
pub fn signature(line: &str, cursor: usize, world: &dyn World) -> Option<Signature> {
    if !line[cursor..].chars().all(|char| ")]}\"'`;".contains(char) || char.is_whitespace()) {
        return None;
    }
    let text = &line[..cursor];
    let opening = text.trim_start();
    let code = match [":time ", ":type ", ":json "].iter().find(|command| opening.starts_with(**command)) {
        Some(command) => text.len() - opening.len() + command.len(),
        None if opening.starts_with([':', '?', '!']) => return None,
        None => 0,
    };
    // Most lines have no open call; they cost nothing more.
    if !text[code..].contains('(') {
        return None;
    }
    let tokens: Vec<Token> = lexer::tokens(&text[code..])
        .into_iter()
        .map(|token| Token { range: token.range.start + code..token.range.end + code, ..token })
        .collect();
    let end = match tokens.last()?.kind {
        Kind::Comment { .. } => return None,
        Kind::Text { closed: false } => tokens.len() - 1,
        _ => tokens.len(),
    };
    let reader = Reader::new(text, &tokens[..end], world);
    let mut at = reader.len();
    while reader.step() {
        if let Some(place) = reader.place(at) {
            return of_place(&place, &reader);
        }
        // A block or a group: perhaps of a closure that is an argument.
        at = reader.enclosing(at)?.0;
    }
    None
}

fn of_place(place: &Place, reader: &Reader<'_>) -> Option<Signature> {
    let name = &place.function;
    if let Some(alias) = &place.module {
        let members = match reader.imported(alias) {
            Some(path) => reader.world.members_in(&path),
            None => reader.world.members_of(alias),
        };
        let fits = |params: &Vec<String>| params.len() > place.argument;
        let functions = members?.into_iter().filter(|member| member.name == *name);
        let function = functions
            .filter(|it| it.params.as_ref().is_some_and(fits))
            .max_by_key(|it| it.params.as_ref().map(Vec::len))?;
        let about = function.doc.lines().next().unwrap_or_default();
        return Some(marked(name, &function.params?, place.argument, about));
    }
    if place.owner.is_none() {
        let own = &reader.world.names().functions;
        let fits = |params: &Vec<String>| params.len() > place.argument;
        if let Some((_, params)) =
            own.iter().filter(|(it, params)| it == name && fits(params)).max_by_key(|it| it.1.len())
        {
            let about = reader.world.comment_on(name).unwrap_or_default();
            return Some(marked(name, params, place.argument, about.lines().next().unwrap_or_default()));
        }
    }
    if let Some(owner) = place.owner
        && let Some(found) = of_method(place, reader, owner)
    {
        return Some(found);
    }
    let verb = verbs::find(name)?;
    let skipped = usize::from(place.owner.is_some());
    if place.key.is_some() || place.at_key {
        return option(verb, place);
    }
    let params = params_of(verb, skipped);
    if place.argument >= params.len() {
        return None;
    }
    Some(marked(name, &params, place.argument, &kinds(verb, place.argument + skipped)))
}

/// In an option map: the option's own line, or which there are.
fn option(verb: &Verb, place: &Place) -> Option<Signature> {
    let (current, note) = match &place.key {
        Some(key) => {
            let option = verb.options.iter().find(|option| option.name == key)?;
            (option.name.to_owned(), option.doc.to_owned())
        }
        None if verb.options.is_empty() => return None,
        None => {
            let names: Vec<&str> = verb.options.iter().map(|option| option.name).collect();
            ("options".to_owned(), names.join(", "))
        }
    };
    Some(Signature { before: format!("{}(… #{{ ", verb.name), current, after: " })".to_owned(), note })
}

/// A method of a list or of one of the language's types.
fn of_method(place: &Place, reader: &Reader<'_>, owner: usize) -> Option<Signature> {
    let of = reader.type_before(owner)?.name;
    if item_of(&of).is_some()
        && let Some((name, arguments, about)) =
            list_methods::METHODS.iter().find(|(name, ..)| *name == place.function)
    {
        let first = arguments.split(" or ").next().unwrap_or(arguments);
        let inner =
            first.strip_prefix('(').and_then(|it| it.strip_suffix(')')).filter(|it| !it.is_empty())?;
        return (place.argument == 0).then(|| marked(name, &[inner.to_owned()], 0, about));
    }
    let method = methods::find(&of, &place.function).filter(|method| place.argument < method.params.len())?;
    let params: Vec<String> = method.params.iter().map(|param| (*param).to_owned()).collect();
    Some(marked(method.name, &params, place.argument, method.about))
}

/// The parameters of a verb's longest form as people read them, the first so many left out.
pub fn params_of(verb: &Verb, skipped: usize) -> Vec<String> {
    let least = verb.overloads.iter().map(|overload| overload.params.len()).min().unwrap_or(0);
    let Some(longest) = verb.overloads.iter().max_by_key(|overload| overload.params.len()) else {
        return Vec::new();
    };
    let param = |(index, param): (usize, &verbs::Param)| {
        let name = param.name.replace('_', " ");
        if index < least { name } else { format!("[{name}]") }
    };
    longest.params.iter().enumerate().skip(skipped).map(param).collect()
}

/// What can be given.
fn kinds(verb: &Verb, index: usize) -> String {
    let mut kinds: Vec<&str> = Vec::new();
    for param in verb.overloads.iter().filter_map(|overload| overload.params.get(index)) {
        for kind in param.kinds.iter().map(|kind| kind.name()).filter(|kind| *kind != "any") {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
    }
    kinds.join(" or ")
}

fn marked(name: &str, params: &[String], index: usize, note: &str) -> Signature {
    let list = |params: &[String]| params.join(", ");
    let before = list(&params[..index]);
    let after = list(&params[index + 1..]);
    let comma = |text: &str| if text.is_empty() { "" } else { ", " };
    Signature {
        before: format!("{name}({before}{}", comma(&before)),
        current: params[index].clone(),
        after: format!("{}{after})", comma(&after)),
        note: note.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Fake;
    use super::*;

    /// The current parameter in stars.
    fn shown(text: &str) -> String {
        let (cursor, line) = (text.find('¦').unwrap_or(text.len()), text.replacen('¦', "", 1));
        let world = Fake::default();
        signature(&line, cursor, &world).map_or_else(String::new, |it| {
            format!("{}*{}*{} {}", it.before, it.current, it.after, it.note).trim_end().to_owned()
        })
    }

    #[test]
    fn the_parameter_that_is_typed() {
        assert_eq!(
            shown("run("),
            "run(*image or container*, [command], [options]) Image or Container or text"
        );
        assert_eq!(shown("run(¦)"), shown("run("));
        assert_eq!(
            shown("run(c, \"ls¦\")"),
            "run(image or container, *[command]*, [options]) text or array or #{…}"
        );
        assert_eq!(shown("run(c, [\"ls\", \""), shown("run(c, \"ls¦\")"));
        assert_eq!(shown("c.run(\"ls\", "), "run([command], *[options]*) #{…}");
        assert_eq!(shown("c.run(#{ "), shown("c.run(\"ls\", #{ "));
        assert!(shown("c.run(\"ls\", #{ ").starts_with("run(… #{ *options* }) check, stream, tty"));
        assert_eq!(
            shown("c.run(\"ls\", #{ network: \""),
            "run(… #{ *network* }) `host` (the default) or `none`"
        );
        assert_eq!(shown("let x = commit(c, "), "commit(container, *reference*, [options]) text");
    }

    #[test]
    fn functions_methods_and_modules() {
        assert_eq!(shown("double("), "double(*x*) Twice as much.");
        assert_eq!(
            shown("c.files.filter("),
            "filter(*|item| bool*) the items for which the closure says true; the same type of list"
        );
        assert!(shown("c.files.filter(|f| f.size > 1").starts_with("filter(*"));
        assert_eq!(shown("c.stdout.split("), "split(*text*) the pieces between, an array");
        assert!(shown("lesson::play(").starts_with("play(*lesson*)"), "{}", shown("lesson::play("));
        assert!(shown("import \"std/lesson\" as l; l::lesson(\"x\", ").starts_with("lesson(title, *intro*)"));
    }

    #[test]
    fn nothing_where_nothing_is_known() {
        for text in [
            "",
            "run",
            "run(c)",
            "1 + (",
            "f(",
            "run(c, ¦\"x\", 1)",
            "// run(",
            ":help run(",
            "base(",
            "run(c, 1, 2, 3, ",
            "if (",
        ] {
            assert_eq!(shown(text), "", "{text}");
        }
        assert!(!shown(":time run(").is_empty());
        // A closure's block belongs to the call that it is given to.
        assert!(shown("attempt(|| { let x = 1; ").starts_with("attempt("), "{}", shown("attempt(|| { |"));
    }
}
