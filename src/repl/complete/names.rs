//! Completion of names: variables, verbs, functions, members, keys.

use super::super::lexer::{self, Kind};
use super::candidate::{Candidate, Completion};
use super::chain::Type;
use super::place::{Place, keys_after};
use super::reader::Reader;
use super::signature;
use super::{methods, wanted};
use crate::script::types::{self, list_methods};
use crate::script::verbs::{self, Completes, Opt, Takes, Verb};

/// The word at the cursor.
pub struct Word<'a> {
    /// The text to the cursor.
    pub text: &'a str,
    /// The word's first byte.
    pub start: usize,
    /// What follows the cursor.
    pub rest: &'a str,
}

impl Word<'_> {
    fn of(&self, all: Vec<Candidate>) -> Completion {
        Completion::of(self.start, &self.text[self.start..], all)
    }

    /// `run(`, or `base()` where nothing can be given.
    fn called(&self, name: &str, takes_arguments: bool) -> Candidate {
        let ending = match (self.rest.starts_with('('), takes_arguments) {
            (true, _) => "",
            (_, true) => "(",
            (_, false) => "()",
        };
        Candidate { label: format!("{name}()"), ..Candidate::plain(name).text(format!("{name}{ending}")) }
    }
}

/// What can stand at the word; `reader` has what comes before it.
pub fn complete(word: &Word<'_>, reader: &Reader<'_>) -> Completion {
    let end = reader.len();
    let nothing = Completion::none(word.text.len());
    if let Some(owner) = reader.owner(end) {
        return word.of(members(word, reader, owner));
    }
    if reader.is_before(end, ".") {
        return nothing;
    }
    if reader.is_member(end) {
        let alias = end.checked_sub(3).map_or("", |alias| reader.word(alias));
        return word.of(module(word, reader, alias));
    }
    // After these a new name follows.
    if end > 0 && matches!(reader.word(end - 1), "let" | "const" | "fn" | "for" | "as") {
        return nothing;
    }
    // `5abc`, and the second half of what is no name.
    if end > 0 && word.start > 0 && matches!(reader.kind(end - 1), Kind::Number | Kind::Text { .. }) {
        let touches = !word.text[..word.start].ends_with(char::is_whitespace);
        if touches {
            return nothing;
        }
    }
    let place = reader.place(end);
    if let Some(place) = place.as_ref().filter(|place| place.at_key) {
        return word.of(keys(word, reader, place));
    }
    let mut found = word.of(everything(word, reader));
    if let Some(place) = &place {
        let values = word.of(values(word, reader, place));
        // What fits there comes first.
        found.candidates.retain(|it| values.candidates.iter().all(|value| value.text != it.text));
        found.candidates.splice(0..0, values.candidates);
    }
    found
}

/// Names at the beginning of an expression.
fn everything(word: &Word<'_>, reader: &Reader<'_>) -> Vec<Candidate> {
    let world = reader.world;
    let names = world.names();
    let mut all: Vec<Candidate> = Vec::new();
    let own = names.functions.iter().filter(|(name, _)| {
        // Comments are looked up for those that are shown.
        name.starts_with(&word.text[word.start..]) || word.start == word.text.len()
    });
    all.extend(own.map(|(name, params)| {
        let about = world.comment_on(name).unwrap_or_default();
        word.called(name, !params.is_empty()).form(format!("{name}({})", params.join(", "))).about(about)
    }));
    all.extend(names.variables.iter().map(|(name, of)| Candidate::plain(name.as_str()).about(of.as_str())));
    all.extend(reader.declared().into_iter().map(Candidate::plain));
    all.extend(names.modules.iter().map(|name| Candidate::plain(format!("{name}::")).about("module")));
    all.extend(verbs::ALL.iter().map(|verb| verb_called(word, verb, 0)));
    all.extend(["print", "debug"].map(|name| word.called(name, true).form(format!("{name}(value)"))));
    all.extend(lexer::keywords().iter().filter(|word| word.len() > 2).map(|word| Candidate::plain(*word)));
    all.push(Candidate::plain("args").about("what the script was given"));
    all
}

/// A verb, as a method of its first parameters so many of which are given.
fn verb_called(word: &Word<'_>, verb: &Verb, given: usize) -> Candidate {
    let takes_arguments = verb.overloads.iter().any(|overload| overload.params.len() > given);
    let form = format!("{}({})", verb.name, signature::params_of(verb, given).join(", "));
    word.called(verb.name, takes_arguments).form(form).about(verb.summary)
}

/// What can follow the dot of the chain that ends at `owner`.
fn members(word: &Word<'_>, reader: &Reader<'_>, owner: usize) -> Vec<Candidate> {
    let all = types::all();
    let Some(of) = reader.type_before(owner) else {
        // A name that says nothing of its type may be anything; a call of somebody's function too.
        let mut found: Vec<Candidate> =
            all.iter().flat_map(|info| getters(&info.getters, info.name)).collect();
        found.extend(list_methods(word));
        found.extend(verbs_of(word, |kind| matches!(kind, "Image" | "Container" | "Layer" | "Diff")));
        return found;
    };
    let mut found = match all.iter().find(|info| info.name == of.name || info.list == Some(&of.name)) {
        Some(info) if info.name == of.name => getters(&info.getters, info.name),
        Some(_) => list_methods(word),
        None => methods::of(&of.name)
            .iter()
            .map(|method| {
                let form = format!("{}({})", method.name, method.params.join(", "));
                word.called(method.name, !method.params.is_empty()).form(form).about(method.about)
            })
            .collect(),
    };
    found.extend(keys_of(reader, &of));
    found.extend(verbs_of(word, |kind| kind == of.name));
    found
}

fn getters(getters: &[(&'static str, &'static str)], of: &str) -> Vec<Candidate> {
    let about = |name: &str, doc: &str| match types::getter_type(of, name) {
        Some((of, _)) => format!("{of}: {doc}"),
        None => doc.to_owned(),
    };
    getters.iter().map(|(name, doc)| Candidate::plain(*name).about(about(name, doc))).collect()
}

fn list_methods(word: &Word<'_>) -> Vec<Candidate> {
    let method = |(name, arguments, about): &(&'static str, &'static str, &'static str)| {
        word.called(name, *arguments != "()").form(format!("{name}{arguments}")).about(*about)
    };
    list_methods::METHODS.iter().map(method).collect()
}

/// Verbs whose first parameter takes such a thing.
fn verbs_of(word: &Word<'_>, fits: impl Fn(&str) -> bool) -> Vec<Candidate> {
    verbs::ALL
        .iter()
        .filter(|verb| {
            let mut firsts = verb.overloads.iter().filter_map(|overload| overload.params.first());
            firsts.any(|param| param.kinds.iter().any(|kind| fits(kind.name())))
        })
        .map(|verb| verb_called(word, verb, 1))
        .collect()
}

/// A map's own keys, where they can be written after a dot.
fn keys_of(reader: &Reader<'_>, of: &Type) -> Vec<Candidate> {
    let of_session = of.path.as_ref().and_then(|path| reader.world.known(path));
    let known = of_session.into_iter().flat_map(|known| known.keys);
    let keys = of.fields.iter().map(|(key, _)| key.clone()).chain(known);
    let is_name = |key: &String| {
        let tokens = lexer::tokens(key);
        matches!(tokens.as_slice(), [token] if token.kind == Kind::Name)
    };
    keys.filter(is_name).map(|key| Candidate::plain(key).about("key")).collect()
}

/// What a module offers.
fn module(word: &Word<'_>, reader: &Reader<'_>, alias: &str) -> Vec<Candidate> {
    let members = match reader.imported(alias) {
        Some(path) => reader.world.members_in(&path),
        None => reader.world.members_of(alias),
    };
    let candidate = |member: crate::script::Member| match &member.params {
        Some(params) => word
            .called(&member.name, !params.is_empty())
            .form(format!("{}({})", member.name, params.join(", ")))
            .about(member.doc.as_str()),
        None => Candidate::plain(member.name.as_str()).about(member.doc.as_str()),
    };
    let mut found: Vec<Candidate> = members.unwrap_or_default().into_iter().map(candidate).collect();
    // Of a function that takes more or fewer arguments, the one with most has the longest form.
    found.sort_by(|left, right| (&left.label, right.form.len()).cmp(&(&right.label, left.form.len())));
    found
}

/// Keys of an option map that are not given yet; in the map of an option that takes variables their names.
fn keys(word: &Word<'_>, reader: &Reader<'_>, place: &Place) -> Vec<Candidate> {
    let Some(verb) = verbs::find(&place.function).filter(|_| place.module.is_none()) else {
        return Vec::new();
    };
    let after = keys_after(word.rest);
    let is_free = |name: &str| !place.given.iter().chain(&after).any(|given| given == name);
    let colon = if word.rest.trim_start().starts_with(':') { "" } else { ": " };
    if place.key.is_some() {
        let names = wanted(place).contains(&Completes::Environment).then(|| reader.world.environment());
        let names = names.into_iter().flatten().filter(|name| is_free(name));
        return names.map(|name| Candidate::plain(name.as_str()).text(format!("{name}{colon}"))).collect();
    }
    let key = |option: &Opt| {
        // A key that the language keeps for itself stands in quotes.
        let reserved = lexer::tokens(option.name).first().is_none_or(|token| token.kind != Kind::Name);
        let text =
            if reserved { format!("\"{}\"{colon}", option.name) } else { format!("{}{colon}", option.name) };
        Candidate::plain(option.name).text(text).about(option.doc)
    };
    verb.options.iter().filter(|option| is_free(option.name)).map(key).collect()
}

/// Values that fit at this place: what an option allows, and variables of the right type.
fn values(word: &Word<'_>, reader: &Reader<'_>, place: &Place) -> Vec<Candidate> {
    let Some(verb) = verbs::find(&place.function).filter(|_| place.module.is_none()) else {
        return Vec::new();
    };
    if let Some(key) = &place.key {
        let Some(option) = verb.options.iter().find(|option| option.name == key) else { return Vec::new() };
        let quoted = |name: &&str| Candidate::plain(format!("\"{name}\""));
        return match (option.takes, option.completes) {
            (Takes::Bool, _) => {
                ["true", "false"].map(|value| Candidate::plain(value).about(option.doc)).into()
            }
            (_, Completes::OneOf(names)) => names.iter().map(quoted).collect(),
            _ => Vec::new(),
        };
    }
    if place.item.is_some() {
        return Vec::new();
    }
    let index = place.argument + usize::from(place.owner.is_some());
    let kinds: Vec<&str> = verb
        .overloads
        .iter()
        .filter_map(|overload| overload.params.get(index))
        .flat_map(|param| param.kinds.iter().map(|kind| kind.name()))
        .collect();
    // Where a text or anything will do, no variable fits better than another.
    let of_ours = |of: &str| types::all().iter().any(|info| info.name == of || info.list == Some(of));
    let fits = |of: &String| kinds.contains(&of.as_str()) && of_ours(of);
    let variables = reader.world.names().variables.iter().filter(|(_, of)| fits(of));
    let mut found: Vec<Candidate> =
        variables.map(|(name, of)| Candidate::plain(name.as_str()).about(of.as_str())).collect();
    if found.is_empty() && word.start == word.text.len() {
        found.extend(
            kinds
                .contains(&"Image")
                .then(|| verbs::find("base"))
                .flatten()
                .map(|verb| verb_called(word, verb, 0)),
        );
    }
    found
}
