//! What is not the language: `:help`, `?run`, `exit`, `quit`, `help`.

/// A command of the prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// What there is, or all about one thing.
    Help(Option<String>),
    /// Leave.
    Quit,
    /// Earlier entries: those that hold the word, or the last ones.
    History(Option<String>),
    /// The variables.
    Vars,
    /// Run the code and say how long it took.
    Time(String),
    /// Write the statements that lead here into a file, as a lesson if so wished.
    Save(String, bool),
    /// So many statements back: variables and containers.
    Undo(usize),
    /// To the state after an entry, by its number or name.
    Goto(String),
    /// Name the state that one is in; or show all entries as a tree.
    Branch(Option<String>),
    /// A session without variables; containers and images stay.
    Restart,
    /// Run a file in this session.
    Load(String),
    /// The text of a function, module or entry.
    Source(String),
    /// The type of an expression.
    Type(String),
    /// A value as JSON.
    Json(Option<String>),
    /// Change an entry in the person's own editor; without a number the last.
    Edit(Option<String>),
    /// A command of the host's shell.
    Host(String),
    /// An empty screen.
    Clear,
    /// The name is none; the nearest one.
    Unknown(String, Option<&'static str>),
    /// It wants something after it.
    Missing(&'static str),
}

/// A command's name, what follows it, and what it does.
pub const ALL: &[(&str, &str, &str)] = &[
    (
        ":help",
        "[NAME|WORDS]",
        "what there is, all about a verb or type, or what has to do with words; also `?NAME`",
    ),
    (":undo", "[N]", "back by a statement, or N: variables and containers' files together"),
    (":goto", "N|NAME", "to the state after entry N, back or forward, or to one that has a name"),
    (":branch", "[NAME]", "name the state that this is, for `:goto`; without a name: all entries as a tree"),
    (":vars", "", "this session's variables"),
    (":type", "CODE", "the type of an expression"),
    (":json", "[CODE]", "the value, or the last one, as JSON"),
    (":history", "[WORD]", "what was typed before"),
    (":time", "CODE", "run the code and say how long it took"),
    (":edit", "[N]", "change the last entry, or entry N, in $EDITOR"),
    (":load", "FILE", "run a script here; its variables and functions stay"),
    (":source", "NAME", "the text of a function, of a `std/…` module, or of entry N"),
    (":save", "[--lesson] FILE", "write the statements that lead here as a script, and prove that it runs"),
    (":restart", "", "forget all variables; containers and images stay"),
    (":clear", "", "an empty screen, as Ctrl-L"),
    (":quit", "", "leave, as Ctrl-D or `exit`"),
    ("!", "COMMAND", "run a command of this machine's shell"),
];

/// Keys worth knowing.
pub const KEYS: &[(&str, &str)] = &[
    ("Tab", "completes names, options, images, paths"),
    ("Up, Ctrl-R", "earlier entries; search in them"),
    ("Alt-Enter", "a new line in any case; an empty line runs what stands there"),
    ("Ctrl-C", "cancels the line, the script, the command in the container; never leaves"),
    ("Ctrl-D", "leaves"),
    ("_, Out[n]", "the last value; the value of entry n"),
];

/// The command that `line` is, if it is one. `is_variable` knows the session's names: a variable
/// called `help` is that variable.
#[must_use]
pub fn parse(line: &str, is_variable: &dyn Fn(&str) -> bool) -> Option<Command> {
    let line = line.trim();
    if let Some(rest) = line.strip_prefix(':') {
        return Some(colon(rest));
    }
    if let Some(command) = line.strip_prefix('!').filter(|rest| !rest.trim_start().starts_with(['=', '('])) {
        return argument(command).map(Command::Host);
    }
    if let Some(name) = line.strip_prefix('?') {
        return Some(Command::Help(argument(name.trim_start_matches('?'))));
    }
    let asked = line.strip_suffix('?').map(|name| name.trim_end_matches(['?', '(', ')']).trim());
    if let Some(name) = asked.filter(|name| is_path(name)) {
        return Some(Command::Help(argument(name)));
    }
    let word = line.trim_end_matches(';').trim_end();
    let (word, rest) = word.split_once(char::is_whitespace).unwrap_or((word, ""));
    let rest = rest.trim();
    let bare = word.trim_end_matches("()");
    if is_variable(bare) {
        return None;
    }
    match (bare, rest) {
        ("exit" | "quit" | "logout", "") if bare == word || bare != "exit" => Some(Command::Quit),
        ("exit", "") if word == "exit()" => Some(Command::Quit),
        ("help", "") => Some(Command::Help(None)),
        ("help", about) if word == "help" && is_question(about) => Some(Command::Help(argument(about))),
        ("history", "") if word == "history" => Some(Command::History(None)),
        ("clear", "") => Some(Command::Clear),
        _ => None,
    }
}

fn colon(text: &str) -> Command {
    let (name, rest) = text.trim_start().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
    match (name, argument(rest)) {
        ("help" | "h" | "?", name) => Command::Help(name),
        ("quit" | "q" | "exit" | "x" | "q!" | "wq", _) => Command::Quit,
        ("history" | "hist", word) => Command::History(word),
        ("vars" | "v" | "who", _) => Command::Vars,
        ("time" | "t", Some(code)) => Command::Time(code),
        ("time" | "t", None) => Command::Missing(":time CODE"),
        ("save", Some(file)) => match file.strip_prefix("--lesson") {
            Some(rest) => match argument(rest) {
                Some(file) => Command::Save(file, true),
                None => Command::Missing(":save --lesson FILE"),
            },
            None => Command::Save(file, false),
        },
        ("save", None) => Command::Missing(":save [--lesson] FILE"),
        ("undo" | "u", None) => Command::Undo(1),
        ("undo" | "u", Some(count)) => match count.parse() {
            Ok(count) if count > 0 => Command::Undo(count),
            _ => Command::Missing(":undo [N]"),
        },
        ("goto" | "go", Some(place)) => Command::Goto(place),
        ("goto" | "go", None) => Command::Missing(":goto N"),
        ("branch" | "b", name) => Command::Branch(name),
        ("restart", _) => Command::Restart,
        ("load" | "l", Some(file)) => Command::Load(file),
        ("load" | "l", None) => Command::Missing(":load FILE"),
        ("source" | "src", Some(name)) => Command::Source(name),
        ("source" | "src", None) => Command::Missing(":source NAME"),
        ("type", Some(code)) => Command::Type(code),
        ("type", None) => Command::Missing(":type CODE"),
        ("json", code) => Command::Json(code),
        ("edit" | "e", which) => Command::Edit(which),
        ("clear" | "cls", _) => Command::Clear,
        (unknown, _) => {
            let named = ALL.iter().filter_map(|(name, ..)| name.strip_prefix(':'));
            let near = crate::script::nearest(unknown, named);
            let near = near
                .and_then(|near| ALL.iter().find(|(name, ..)| name.strip_prefix(':') == Some(near)))
                .map(|(name, ..)| *name);
            Command::Unknown(format!(":{unknown}"), near)
        }
    }
}

fn argument(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A name, or several words: nothing that could be code.
fn is_question(text: &str) -> bool {
    let word = |char: char| char.is_alphanumeric() || matches!(char, '_' | '-' | '/' | ':' | '.' | '\'');
    is_path(text)
        || text.split_whitespace().all(|it| it.starts_with(char::is_alphanumeric) && it.chars().all(word))
}

/// `run`, `Diff`, `c.read`.
fn is_path(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|char: char| char.is_ascii_digit() || char == '.')
        && text.chars().all(|char| char.is_alphanumeric() || char == '_' || char == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> bool {
        false
    }

    fn help(name: &str) -> Option<Command> {
        Some(Command::Help(Some(name.to_owned())))
    }

    #[test]
    fn words_and_colons() {
        for line in ["exit", "quit", " exit ;", "exit()", "quit()", ":q", ":quit", ":exit", "logout"] {
            assert_eq!(parse(line, &none), Some(Command::Quit), "{line}");
        }
        assert_eq!(parse("help", &none), Some(Command::Help(None)));
        assert_eq!(parse("help()", &none), Some(Command::Help(None)));
        assert_eq!(parse(":help", &none), Some(Command::Help(None)));
        assert_eq!(parse("?", &none), Some(Command::Help(None)));
        for line in ["help run", ":help run", "?run", "run?", "? run", "run()?", ":h run", "??run"] {
            assert_eq!(parse(line, &none), help("run"), "{line}");
        }
        assert_eq!(parse("c.read?", &none), help("c.read"));
        for line in [":help who changed it", "?who changed it", "help who changed it"] {
            assert_eq!(parse(line, &none), help("who changed it"), "{line}");
        }
        assert_eq!(parse(":vars", &none), Some(Command::Vars));
        assert_eq!(parse(":history run", &none), Some(Command::History(Some("run".to_owned()))));
        assert_eq!(parse("history", &none), Some(Command::History(None)));
        assert_eq!(parse(":time  1 + 1", &none), Some(Command::Time("1 + 1".to_owned())));
        assert_eq!(parse(":time", &none), Some(Command::Missing(":time CODE")));
        assert_eq!(parse(":undo", &none), Some(Command::Undo(1)));
        assert_eq!(parse(":undo 3", &none), Some(Command::Undo(3)));
        assert_eq!(parse(":undo x", &none), Some(Command::Missing(":undo [N]")));
        assert_eq!(parse(":goto 4", &none), Some(Command::Goto("4".to_owned())));
        assert_eq!(parse(":branch", &none), Some(Command::Branch(None)));
        assert_eq!(parse(":save a.rhai", &none), Some(Command::Save("a.rhai".to_owned(), false)));
        assert_eq!(parse(":save --lesson a.rhai", &none), Some(Command::Save("a.rhai".to_owned(), true)));
        assert_eq!(parse("!ls -l", &none), Some(Command::Host("ls -l".to_owned())));
    }

    #[test]
    fn a_slip_is_named() {
        assert_eq!(parse(":hlep", &none), Some(Command::Unknown(":hlep".to_owned(), Some(":help"))));
        assert_eq!(parse(":qiut", &none), Some(Command::Unknown(":qiut".to_owned(), Some(":quit"))));
        assert_eq!(parse(":frobnicate", &none), Some(Command::Unknown(":frobnicate".to_owned(), None)));
    }

    #[test]
    fn code_is_code() {
        for line in [
            "",
            "exit(3)",
            "help + 1",
            "help = 5",
            "help .len()",
            "help(\"run\")",
            "history(v1)",
            "x ? 1",
            "let exit = 1",
            "a ?? b",
            "exit + 1",
            "c?.x",
            "!(a && b)",
            "1?",
        ] {
            assert_eq!(parse(line, &none), None, "{line}");
        }
        assert_eq!(parse("help", &|name| name == "help"), None);
        assert_eq!(parse("exit", &|name| name == "exit"), None);
        assert_eq!(parse(":help", &|_| true), Some(Command::Help(None)));
    }
}
