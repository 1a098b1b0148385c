//! One case in one form, tried by one user: what must hold of it, whatever it is.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::Value;

use super::case::{Case, Expect, Remote};
use super::form::{Form, Offer, Packing, offer};
use super::listing;
use super::place::{MEMORY, Place};
use crate::support::{Outcome, Watched, Who, is_root};

/// What it cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    pub peak: u64,
    pub elapsed: Duration,
}

/// Tries it; what was wrong.
pub fn judge(place: &Place, case: &Case, form: Form, packing: Packing) -> Result<Figures, String> {
    let folder = place.inbox().join("now");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let result = Trial { place, case, form, packing }.run(&folder);
    fs::remove_dir_all(&folder).unwrap();
    let mut wrong: Vec<String> = result.as_ref().err().cloned().into_iter().collect();
    wrong.extend(place.damage());
    let left = place.leftovers();
    if !left.is_empty() {
        // What was complete waits for `prune`.
        let tidied = place.tidy();
        if tidied.outcome.code != 0 || tidied.outcome.stdout.trim() != "[]" {
            wrong.push(format!("tidying up: {:?}", tidied.outcome));
        }
        let still = place.leftovers();
        if !still.is_empty() {
            wrong.push(format!("`prune` leaves {still:?}"));
        }
    }
    match wrong.is_empty() {
        true => result,
        false => Err(wrong.join("\n    ")),
    }
}

struct Trial<'a> {
    place: &'a Place,
    case: &'a Case,
    form: Form,
    packing: Packing,
}

impl Trial<'_> {
    fn run(&self, folder: &std::path::Path) -> Result<Figures, String> {
        let scene = self.place.scene(self.packing);
        let mut expect = (self.case.expect)(&scene);
        if let (Form::Registry, Remote::Refused { kind, says }) = (self.form, &self.case.remote) {
            expect = Expect::Refused { kind, says: (*says).to_owned() };
        }
        let made = offer(self.case, self.form, &scene, folder);
        let (load, look) = match &made {
            Offer::Local { load, look } => (load.clone(), look.clone()),
            Offer::Layout(layout) => (pull(self.place.offer(layout.clone())), None),
            Offer::Server(server) => (pull(server.port), None),
        };
        let script = self.script(&load, look.as_deref());
        let watched = match &made {
            Offer::Server(_) => self.place.run_hastily(self.case.limits, &script),
            _ => self.place.run(self.case.limits, &script),
        };
        let figures = Figures { peak: watched.peak, elapsed: watched.elapsed };
        self.behaved(&watched)?;
        let said: Value = serde_json::from_str(&watched.outcome.stdout)
            .map_err(|error| format!("{error}: {:?}", watched.outcome))?;
        self.store_is_sound(&said)?;
        if said["seen"]["tried"] == true {
            self.seen(&said["seen"], &expect)?;
        }
        match &expect {
            Expect::Refused { kind, says } => {
                refused(&said["loaded"], kind, says)?;
                self.told(&load, &made)?;
            }
            Expect::Holds(lines) => self.held(&said["loaded"], lines)?,
        }
        self.noticed(&load)?;
        Ok(figures)
    }

    /// The same error as a person sees it, whose script does not catch it.
    fn told(&self, load: &str, made: &Offer) -> Result<(), String> {
        if self.packing != Packing::Gzip || matches!(made, Offer::Server(_)) {
            return Ok(());
        }
        let watched = self.place.arguments(self.case.limits, &["-e", load]);
        sound(&watched)?;
        let Outcome { code, stdout, stderr, .. } = &watched.outcome;
        let is_told = stderr.contains("error: ") && stderr.contains("\nhint: ");
        match *code == 1 && stdout.is_empty() && is_told {
            true => Ok(()),
            false => Err(format!("to a person it says: {:?}", watched.outcome)),
        }
    }

    fn script(&self, load: &str, look: Option<&str>) -> String {
        let look = look.map_or_else(
            || "#{ tried: false }".to_owned(),
            |look| {
                format!(
                    "let seen = attempt(|| layers({look}).map(|l| #{{ id: l.diff_id, files: l.files }}));
                     #{{ tried: true, ok: seen.ok, layers: seen.value, error: seen.error }}"
                )
            },
        );
        format!(
            r#"
            let seen = if true {{ {look} }};
            let loaded = attempt(|| {load});
            let out = #{{ seen: seen, loaded: #{{ ok: loaded.ok, error: loaded.error }} }};
            if loaded.ok {{
                out.loaded.layers = layers(loaded.value).map(|l| #{{ id: l.diff_id, files: l.files }});
            }}
            out.images = images().len();
            out.good = attempt(|| image("good:1").id).value;
            out.problems = fsck().problems;
            out"#
        )
    }

    /// No failure and nothing of the kind that [`sound`] speaks of.
    fn behaved(&self, watched: &Watched) -> Result<(), String> {
        if watched.outcome.code != 0 {
            return Err(format!("code {}: {}", watched.outcome.code, cut(&watched.outcome.stderr)));
        }
        sound(watched)
    }

    fn store_is_sound(&self, said: &Value) -> Result<(), String> {
        let kept = u64::from(said["loaded"]["ok"] == true);
        if said["images"] != 1 + kept
            || said["good"] != self.place.good()
            || said["problems"] != serde_json::json!([])
        {
            return Err(format!("the store is not what it was: {}", cut(&said.to_string())));
        }
        Ok(())
    }

    /// What was looked at where it lies: nothing is verified there, but nothing is believed either.
    fn seen(&self, seen: &Value, expect: &Expect) -> Result<(), String> {
        let looked = |error| format!("looking at it: {error}");
        match expect {
            Expect::Refused { kind, says } if self.case.seen => refused(seen, kind, says).map_err(looked),
            Expect::Refused { .. } => Ok(()),
            Expect::Holds(lines) => same(&records(seen)?, &without_marks(lines)).map_err(looked),
        }
    }

    fn held(&self, loaded: &Value, lines: &[String]) -> Result<(), String> {
        same(&records(loaded)?, &without_marks(lines))?;
        // The disk has the same, apart from what this user cannot make.
        let mut expected = lines.to_vec();
        if !self.makes_devices() {
            let devices = lines.iter().filter(|line| line.starts_with("char_") || line.starts_with("block_"));
            let names: Vec<&str> = devices.filter_map(|line| line.split(' ').nth(1)).collect();
            expected.retain(|line| !names.iter().any(|name| line.split(' ').any(|word| word == *name)));
        }
        let trees = self.place.new_trees();
        let found: Result<Vec<_>, _> =
            trees.iter().map(|tree| listing::on_disk(tree, self.place.format())).collect();
        match found {
            Ok(found) => {
                same(&found.concat(), &expected).map_err(|error| format!("on the disk: {error}"))?;
            }
            // What its layer closed, or gave to a subordinate id, only the user's own namespace can read.
            Err(_) if !is_root() => {}
            Err(error) => return Err(error.to_string()),
        }
        let with_it = |script: &str| {
            format!("let it = images().find(|i| !i.references.contains(\"good:1\")); {script}")
        };
        if let Some((script, gives)) = &self.case.then {
            let watched = self.place.run(self.case.limits, &with_it(script));
            self.behaved(&watched)?;
            let found: Value = serde_json::from_str(&watched.outcome.stdout).unwrap_or_default();
            if found != *gives {
                return Err(format!("it then gives {}", cut(&watched.outcome.stdout)));
            }
        }
        if let Some(script) = self.case.shows {
            let script = with_it(script);
            for arguments in [["--no-color", "-e", &script], ["--json", "-e", &script]] {
                self.behaved(&self.place.arguments("", &arguments))?;
            }
        }
        let tidied = self.place.tidy();
        match tidied.outcome.code == 0 && tidied.outcome.stdout.trim() == "[]" {
            true => Ok(()),
            false => Err(format!("removing it: {:?}", tidied.outcome)),
        }
    }

    /// With a single id devices are recorded; only users with a range cannot have them at all.
    fn makes_devices(&self) -> bool {
        match self.place.somebody.who() {
            Who::Root | Who::Single => true,
            Who::Ranges => false,
            Who::Myself => is_root(),
        }
    }

    /// What could not be had is said.
    fn noticed(&self, load: &str) -> Result<(), String> {
        let Some(notice) = self.case.notice.filter(|_| !self.makes_devices()) else { return Ok(()) };
        let told = self.place.arguments(self.case.limits, &["-e", &format!("{load};")]);
        let tidied = self.place.tidy();
        if tidied.outcome.code != 0 || !told.outcome.stderr.contains(notice) {
            return Err(format!("nothing says `{notice}`: {:?}", told.outcome));
        }
        Ok(())
    }
}

fn pull(port: u16) -> String {
    format!("pull(\"127.0.0.1:{port}/h/x:1\")")
}

/// An error for people and scripts: of the right kind, naming the thing, saying what to do.
fn refused(result: &Value, kind: &str, says: &str) -> Result<(), String> {
    if result["ok"] == true {
        return Err(format!("it was accepted: {}", cut(&result["layers"].to_string())));
    }
    let error = &result["error"];
    let message = error["message"].as_str().unwrap_or_default();
    if error["kind"] != kind || !message.contains(says) {
        return Err(format!("wanted {kind}, `{says}`: {}", cut(&error.to_string())));
    }
    if !message.contains('`') {
        return Err(format!("it names nothing: {message}"));
    }
    if message.len() > 2000 {
        return Err(format!("the message has {} bytes: {}", message.len(), cut(message)));
    }
    match error["hint"].as_str() {
        Some(hint) if !hint.is_empty() => Ok(()),
        _ => Err(format!("there is no hint: {}", cut(&error.to_string()))),
    }
}

/// The lines of all layers, of equal ones once.
fn records(result: &Value) -> Result<Vec<String>, String> {
    if result["ok"] != true {
        return Err(format!("it was refused: {}", cut(&result["error"].to_string())));
    }
    let mut layers: Vec<&Value> = result["layers"].as_array().into_iter().flatten().collect();
    layers.sort_by_key(|layer| layer["id"].as_str());
    layers.dedup_by_key(|layer| layer["id"].as_str());
    Ok(layers
        .iter()
        .filter_map(|layer| layer["files"].as_array())
        .flatten()
        .map(listing::of_record)
        .collect())
}

fn without_marks(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| line.strip_suffix(" opaque").unwrap_or(line).to_owned()).collect()
}

fn same(found: &[String], expected: &[String]) -> Result<(), String> {
    let sorted = |lines: &[String]| {
        let mut lines = lines.to_vec();
        lines.sort();
        lines
    };
    let (found, expected) = (sorted(found), sorted(expected));
    if found == expected {
        return Ok(());
    }
    Err(format!(
        "it holds {}\n    instead of {}",
        cut(&format!("{found:#?}")),
        cut(&format!("{expected:#?}"))
    ))
}

fn cut(text: &str) -> String {
    const MOST: usize = 400;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// No crash, no hang, no hunger, and nothing that could steer a terminal.
fn sound(watched: &Watched) -> Result<(), String> {
    let outcome = &watched.outcome;
    if watched.late {
        return Err(format!("it did not end within {:?}", watched.elapsed));
    }
    let text = format!("{}{}", outcome.stdout, outcome.stderr);
    if outcome.code > 1 || text.contains("panicked") || text.contains("\"kind\":\"internal\"") {
        return Err(format!("it crashed, code {}: {}", outcome.code, cut(&text)));
    }
    if watched.peak > MEMORY {
        return Err(format!("it took {} MiB of memory", watched.peak >> 20));
    }
    match text.chars().find(|char| char.is_control() && *char != '\n') {
        Some(char) => Err(format!("it wrote the control character {char:?}: {}", cut(&text))),
        None => Ok(()),
    }
}
