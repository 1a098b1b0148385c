//! What commands of the prompt do.

use std::path::Path;
use std::process::{Command as Process, Stdio};

use super::commands::{self, Command};
use super::conversation::{Conversation, Next};
use super::proof::{self, Unproved};
use super::shared::{LAST, OUT};
use super::timeline::Refused;
use super::{complete, layout, screen};
use crate::script::{Names, STDLIB, help, nearest, search, visible};

/// Entries that `:history` shows.
const RECENT: usize = 30;

impl Conversation<'_> {
    /// Does what the person asked for.
    pub(super) fn command(&mut self, command: Command) -> Next {
        match command {
            Command::Quit => return Next::Leave(0),
            Command::Help(None) => screen::line(&layout::wrapped(&overview(), self.width(), 0)),
            Command::Help(Some(name)) => self.help(&name),
            Command::History(word) => self.history(word.as_deref()),
            Command::Vars => self.variables(),
            Command::Time(code) => return self.numbered(&code, true),
            Command::Load(file) => return self.load(&file),
            Command::Save(file, lesson) => self.save(file.trim_matches('"'), lesson),
            Command::Undo(count) => match self.timeline.back(count) {
                Some(target) => self.go(target),
                None => self.hint("there is nothing before that"),
            },
            Command::Goto(place) => match self.timeline.find(&place) {
                Some(target) => self.go(target),
                None => {
                    screen::line(&format!("there is no entry `{}`", visible(&place)));
                    self.hint("`:branch` shows all");
                }
            },
            Command::Branch(None) => {
                for line in self.timeline.lines() {
                    screen::line(&shortened(&visible(&line), self.width().max(20)));
                }
            }
            Command::Branch(Some(name)) => {
                self.timeline.call(&name);
                self.shared.set_places(self.timeline.places(super::conversation::PLACES));
                let (here, name) = (self.timeline.here(), visible(&name));
                screen::line(&format!("[{here}] is `{name}`: `:goto {name}` comes back to it"));
            }
            Command::Restart => self.restart(),
            Command::Source(name) => self.source(&name),
            Command::Type(code) => self.type_of(&code),
            Command::Json(code) => self.json(code.as_deref()),
            Command::Edit(which) => self.edit(which.as_deref()),
            Command::Host(command) => self.host(&command),
            Command::Clear => {
                // Nothing can be done about a screen that does not take it.
                let _ = self.editor.clear_screen();
            }
            Command::Unknown(name, near) => {
                let near = near.map_or_else(
                    || "`:help` lists the commands".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                screen::line(&format!("there is no command `{}`", visible(&name)));
                self.hint(&near);
            }
            Command::Missing(form) => self.hint(&format!("`{form}`")),
        }
        Next::Go
    }

    fn numbered(&mut self, code: &str, timed: bool) -> Next {
        let next = self.statement(code, timed);
        self.number += 1;
        next
    }

    /// Back or forward to the state after an entry.
    fn go(&mut self, target: usize) {
        let shared = std::sync::Arc::clone(&self.shared);
        let mut session = shared.session();
        let names = |names: Names| -> Vec<String> {
            names
                .variables
                .into_iter()
                .map(|(name, _)| name)
                .filter(|name| name != LAST && name != OUT)
                .collect()
        };
        let before = names(session.names());
        let moved = match self.timeline.go(target, &mut session) {
            Ok(moved) => moved,
            Err(refused) => {
                drop(session);
                return match refused {
                    Refused::Unknown => self.hint("`:branch` shows all entries"),
                    Refused::Forgotten => {
                        self.hint("that is too long ago: its variables are not kept any more")
                    }
                    Refused::Runs(name) => {
                        screen::line(&format!("container `{}` still runs", visible(&name)));
                        self.hint("wait for its end");
                    }
                    Refused::Failed(error) => screen::line(&format!("error: {}", visible(&error.message))),
                };
            }
        };
        let after = names(session.names());
        drop(session);
        let place = match target {
            0 => "at the beginning".to_owned(),
            target => {
                format!("at [{target}] {}", self.timeline.code(target).lines().next().unwrap_or_default())
            }
        };
        screen::line(&shortened(&visible(&place), self.width().max(20)));
        let list = |names: &[String]| visible(&names.join(", "));
        let gone: Vec<String> = before.iter().filter(|name| !after.contains(name)).cloned().collect();
        let back: Vec<String> = after.iter().filter(|name| !before.contains(name)).cloned().collect();
        for (what, names) in [
            ("as it was then", &moved.containers),
            ("removed since, and stays so", &moved.missing),
            ("no variable any more", &gone),
            ("a variable again", &back),
        ] {
            if !names.is_empty() {
                screen::line(&format!("  {}: {what}", list(names)));
            }
        }
    }

    fn restart(&mut self) {
        let shared = std::sync::Arc::clone(&self.shared);
        self.timeline.restart(&mut shared.session());
        screen::line("a new session: no variables; containers and images are as they were");
    }

    fn save(&mut self, file: &str, lesson: bool) {
        let steps = self.timeline.way();
        let name = Path::new(file).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = if lesson { proof::lesson(&steps, &name) } else { proof::script(&steps) };
        let written = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(file)
            .and_then(|mut out| std::io::Write::write_all(&mut out, text.as_bytes()));
        if let Err(error) = written {
            screen::line(&format!("cannot write `{}`: {error}", visible(file)));
            if error.kind() == std::io::ErrorKind::AlreadyExists {
                self.hint("another name, or remove that one: nothing is overwritten");
            }
            return;
        }
        let what = match steps.len() {
            1 => "1 statement".to_owned(),
            count => format!("{count} statements"),
        };
        screen::line(&format!("{what} in `{}`; trying it in an empty store …", visible(file)));
        for step in steps.iter().filter(|step| step.by_hand) {
            self.hint(&format!(
                "what was typed in the container's terminal at [{}] is not in it",
                step.number
            ));
        }
        let settings = self.shared.session().workbench().settings().clone();
        let begun = std::time::Instant::now();
        match proof::prove(&text, file, &settings) {
            Ok(()) => {
                let took = crate::script::duration(begun.elapsed().as_secs_f64());
                screen::line(&format!("it runs there, from its beginning to its end, in {took}"));
            }
            Err(Unproved::NoStore(error)) => screen::line(&format!("it could not be tried: {error}")),
            Err(Unproved::Leaves(code)) => screen::line(&format!("there it ends with exit code {code}")),
            Err(Unproved::Fails(failure)) => {
                screen::line(&(self.settings.report)(&failure, &self.settings.style));
                self.hint("the file is written, but it needs something that an empty store has not");
            }
        }
        settings.interrupt.reset();
    }

    fn load(&mut self, file: &str) -> Next {
        let file = file.trim_matches('"');
        match std::fs::read_to_string(file) {
            Ok(text) => {
                let text = text
                    .strip_prefix("#!")
                    .map_or(text.as_str(), |rest| rest.split_once('\n').map_or("", |(_, rest)| rest));
                self.numbered(text, false)
            }
            Err(error) => {
                screen::line(&format!("cannot read `{}`: {error}", visible(file)));
                Next::Go
            }
        }
    }

    fn source(&self, name: &str) {
        let name = name.trim_end_matches("()");
        if let Some(number) = name.parse().ok().filter(|number| !self.timeline.code(*number).is_empty()) {
            return self.show_code(self.timeline.code(number));
        }
        if let Some((_, text)) = STDLIB.iter().find(|(module, _)| *module == name) {
            return self.show_code(text);
        }
        match self.shared.session().source_of(name) {
            Some(text) => self.show_code(&text),
            None if help::of(name).is_some() => {
                self.hint(&format!("`{}` is built in: `:help {0}` tells all about it", visible(name)));
            }
            None => {
                screen::line(&format!("there is no function or module `{}`", visible(name)));
                self.hint("`:vars` lists functions; modules are `std/…`");
            }
        }
    }

    fn show_code(&self, text: &str) {
        for line in text.trim_end().lines() {
            let line = visible(line);
            screen::line(&if self.settings.style.color {
                super::highlight::paint(&line, None, None, &super::shared::has_verb)
            } else {
                line
            });
        }
    }

    fn type_of(&self, code: &str) {
        let of = complete::type_of(code, &super::surroundings::Surroundings::new(&self.shared));
        match of {
            Some(of) => screen::line(&of),
            None => {
                self.hint("that is known once it is run: nothing is run for `:type`");
            }
        }
    }

    fn json(&mut self, code: Option<&str>) {
        let code = code.unwrap_or("_").trim_end_matches(';');
        let value = {
            let session = self.shared.session();
            session.variable(if code == "_" { LAST } else { code })
        };
        match value {
            Some(value) => {
                let json = serde_json::to_string_pretty(&value.to_json()).unwrap_or_default();
                screen::line(&json);
            }
            None if code == "_" => self.hint("there is no value yet"),
            None => drop(self.numbered(&format!("print(to_json({code}));"), false)),
        }
    }

    /// An entry in the person's editor; what they leave there stands at the next prompt.
    fn edit(&mut self, which: Option<&str>) {
        let text = match which {
            None => {
                self.editor.history().entries().iter().rev().find(|entry| !entry.starts_with(':')).cloned()
            }
            Some(number) => number.parse().ok().map(|number| self.timeline.code(number).to_owned()),
        };
        let Some(text) = text.filter(|text| which.is_none() || !text.is_empty()) else {
            return self.hint("`:history` and `:branch` list entries");
        };
        let edited =
            tempfile::Builder::new().prefix("plywood-").suffix(".rhai").tempfile().and_then(|file| {
                std::fs::write(file.path(), text)?;
                let editor = ["VISUAL", "EDITOR"]
                    .into_iter()
                    .find_map(|name| std::env::var(name).ok().filter(|editor| !editor.trim().is_empty()));
                let editor = editor.unwrap_or_else(|| "vi".to_owned());
                // As git and others do: the variable may hold arguments.
                let status = Process::new("/bin/sh")
                    .args(["-c", &format!("{editor} \"$1\""), "sh"])
                    .arg(file.path())
                    .status()?;
                Ok((status.success(), std::fs::read_to_string(file.path())?))
            });
        self.mode.restore();
        match edited {
            Ok((true, text)) => {
                self.prepared =
                    Some(layout::indented(text.trim_end(), layout::prompt(self.number).len()).into_owned())
            }
            Ok((false, _)) => self.hint("the editor failed: nothing is taken over"),
            Err(error) => screen::line(&format!("cannot edit: {error}")),
        }
    }

    fn host(&mut self, command: &str) {
        let outcome = Process::new("/bin/sh").args(["-c", command]).stdin(Stdio::inherit()).status();
        self.mode.restore();
        // Ctrl-C was for that command.
        self.shared.session().workbench().settings().interrupt.reset();
        match outcome {
            Ok(status) if status.success() => {}
            Ok(status) => screen::line(&format!("  {status}")),
            Err(error) => screen::line(&format!("cannot run a shell: {error}")),
        }
    }

    fn help(&self, name: &str) {
        // `c.read` and `run()` ask for the verb.
        let last = name.rsplit('.').next().unwrap_or(name).trim_end_matches("()");
        let of_variable = || {
            let names = self.shared.session().names();
            names.variables.into_iter().find(|(known, _)| known == last).and_then(|(_, of)| help::of(&of))
        };
        // `File.mtime` is told with its type.
        let of_type = || help::of(name.split('.').next()?).filter(|_| last != name);
        let known = self.shared.session().help(last);
        match known.or_else(of_variable).or_else(of_type) {
            Some(text) => screen::line(&layout::wrapped(&text, self.width(), 0)),
            None => self.found(name, last),
        }
    }

    /// What has to do with the words of `asked`; of a word that is nearly a name, that name.
    fn found(&self, asked: &str, last: &str) {
        let more: Vec<(&str, &str)> = commands::ALL
            .iter()
            .map(|(name, _, about)| (*name, *about))
            .chain(commands::KEYS.iter().copied())
            .collect();
        let near = if asked.contains(char::is_whitespace) {
            None
        } else {
            let commands = commands::ALL.iter().map(|(name, ..)| *name);
            nearest(last, help::names().into_iter().chain(commands))
        };
        let hits = search(asked, &more);
        if hits.is_empty() {
            screen::line(&format!("there is no help on `{}`", visible(asked)));
        }
        let width = hits.iter().map(|hit| hit.name.chars().count()).max().unwrap_or(0);
        for hit in &hits {
            screen::line(&shortened(&format!("  {:width$}  {}", hit.name, hit.about), self.width().max(20)));
        }
        match (near, hits.first()) {
            (Some(near), _) => self.hint(&format!("did you mean `{near}`?")),
            (None, Some(_)) => self.hint("`:help NAME` tells all about one"),
            (None, None) => self.hint("`:help` lists what there is"),
        }
    }

    fn history(&mut self, word: Option<&str>) {
        let entries = self.editor.history().entries();
        let wanted: Vec<(usize, &String)> = entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| word.is_none_or(|word| entry.contains(word)))
            .collect();
        let skipped = wanted.len().saturating_sub(RECENT);
        for (index, entry) in &wanted[skipped..] {
            screen::line(&format!("{:5}  {}", index + 1, visible(entry).replace('\n', "\n       ")));
        }
    }

    fn variables(&self) {
        let session = self.shared.session();
        let Names { variables, functions, .. } = session.names();
        let variables: Vec<_> =
            variables.into_iter().filter(|(name, _)| name != LAST && name != OUT).collect();
        if variables.is_empty() && functions.is_empty() {
            return screen::line("no variables yet");
        }
        let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
        let names = width(&mut variables.iter().map(|(name, _)| name.chars().count()));
        let types = width(&mut variables.iter().map(|(_, of)| of.chars().count()));
        let columns = self.width().max(40);
        for (name, of) in &variables {
            let value = session.variable(name).map(|value| value.debug()).unwrap_or_default();
            let room = columns.saturating_sub(names + types + 6);
            screen::line(&format!("  {name:names$}  {of:types$}  {}", shortened(&value, room)));
        }
        for (name, parameters) in &functions {
            screen::line(&format!("  fn {name}({})", parameters.join(", ")));
        }
    }
}

fn overview() -> String {
    let mut out = help::overview();
    out.push_str("\n\nAt the prompt\n");
    let forms: Vec<(String, &str)> = commands::ALL
        .iter()
        .map(|(name, rest, about)| (format!("{name} {rest}"), *about))
        .chain(commands::KEYS.iter().map(|(key, about)| ((*key).to_owned(), *about)))
        .collect();
    for (form, about) in forms {
        out.push_str(&format!("  {form:16}  {about}\n"));
    }
    out.push_str("A pasted `docker …` line is answered with Plywood's.");
    out
}

fn shortened(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    text.chars().take(room.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut() {
        assert_eq!(shortened("abcdef", 4), "abc…");
        assert_eq!(shortened("abcd", 4), "abcd");
    }
}
