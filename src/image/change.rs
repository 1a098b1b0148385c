//! Dockerfile instructions that a commit applies to the configuration (`--change`).
//!
//! Source: `docker container commit --help`; the Dockerfile reference for each form.

use std::str::FromStr;

use serde_json::{Map, Value, json};

use super::Error;

/// One parsed instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// `CMD`: the default command.
    Cmd(Vec<String>),
    /// `ENTRYPOINT`; clears a `Cmd` that an earlier image set, as Docker's builder does.
    Entrypoint(Vec<String>),
    /// `ENV NAME=value …`.
    Env(Vec<(String, String)>),
    /// `EXPOSE port[/protocol] …`.
    Expose(Vec<String>),
    /// `HEALTHCHECK …`, as the configuration spells it.
    Healthcheck(Value),
    /// `LABEL name=value …`.
    Label(Vec<(String, String)>),
    /// `ONBUILD instruction`.
    Onbuild(String),
    /// `STOPSIGNAL signal`.
    StopSignal(String),
    /// `USER name[:group]`.
    User(String),
    /// `VOLUME path …`.
    Volume(Vec<String>),
    /// `WORKDIR path`.
    Workdir(String),
}

impl FromStr for Change {
    type Err = Error;

    fn from_str(line: &str) -> Result<Self, Error> {
        let trimmed = line.trim();
        let (word, rest) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
        let rest = rest.trim();
        let wrong = |reason: &str| Error::Arguments { line: line.to_owned(), reason: reason.to_owned() };
        let one = || {
            if rest.is_empty() { Err(wrong("it needs an argument")) } else { Ok(unquote(rest)) }
        };
        let several = || match exec_form(rest) {
            Some(words) => words.map_err(|reason| wrong(&reason)),
            None => split_words(rest).map_err(wrong),
        };
        let command = || match exec_form(rest) {
            Some(words) => words.map_err(|reason| wrong(&reason)),
            None => Ok(vec!["/bin/sh".to_owned(), "-c".to_owned(), rest.to_owned()]),
        };
        let filled = |words: Vec<String>| {
            if words.is_empty() { Err(wrong("it needs an argument")) } else { Ok(words) }
        };
        Ok(match word.to_ascii_uppercase().as_str() {
            "CMD" => Self::Cmd(if rest.is_empty() { Vec::new() } else { command()? }),
            "ENTRYPOINT" => Self::Entrypoint(if rest.is_empty() { Vec::new() } else { command()? }),
            "ENV" => Self::Env(pairs(rest).map_err(wrong)?),
            "EXPOSE" => Self::Expose(
                filled(several()?)?
                    .into_iter()
                    .map(|port| expose(&port).map_err(wrong))
                    .collect::<Result<_, _>>()?,
            ),
            "HEALTHCHECK" => Self::Healthcheck(healthcheck(rest).map_err(|reason| wrong(&reason))?),
            "LABEL" => Self::Label(pairs(rest).map_err(wrong)?),
            "ONBUILD" => Self::Onbuild(one()?),
            "STOPSIGNAL" => Self::StopSignal(one()?),
            "USER" => Self::User(one()?),
            "VOLUME" => Self::Volume(filled(several()?)?),
            "WORKDIR" => Self::Workdir(one()?),
            _ => return Err(Error::Instruction { instruction: word.to_owned() }),
        })
    }
}

impl Change {
    /// Applies the instruction to a configuration's `config` object.
    pub fn apply(&self, runtime: &mut Map<String, Value>) {
        match self {
            Self::Cmd(words) => set_command(runtime, "Cmd", words),
            Self::Entrypoint(words) => {
                set_command(runtime, "Entrypoint", words);
            }
            Self::Env(pairs) => {
                let mut lines: Vec<String> = strings(runtime.get("Env"));
                for (name, value) in pairs {
                    let prefix = format!("{name}=");
                    let line = format!("{prefix}{value}");
                    match lines.iter_mut().find(|line| line.starts_with(&prefix)) {
                        Some(old) => *old = line,
                        None => lines.push(line),
                    }
                }
                runtime.insert("Env".into(), json!(lines));
            }
            Self::Expose(ports) => add_keys(runtime, "ExposedPorts", ports),
            Self::Healthcheck(value) => {
                runtime.insert("Healthcheck".into(), value.clone());
            }
            Self::Label(pairs) => {
                let labels = map_at(runtime, "Labels");
                for (name, value) in pairs {
                    labels.insert(name.clone(), json!(value));
                }
            }
            Self::Onbuild(line) => {
                let mut lines = strings(runtime.get("OnBuild"));
                lines.push(line.clone());
                runtime.insert("OnBuild".into(), json!(lines));
            }
            Self::StopSignal(signal) => {
                runtime.insert("StopSignal".into(), json!(signal));
            }
            Self::User(user) => {
                runtime.insert("User".into(), json!(user));
            }
            Self::Volume(paths) => add_keys(runtime, "Volumes", paths),
            Self::Workdir(path) => {
                let old = runtime.get("WorkingDir").and_then(Value::as_str).unwrap_or("/");
                let new = if path.starts_with('/') {
                    path.clone()
                } else {
                    format!("{}/{path}", old.trim_end_matches('/'))
                };
                runtime.insert("WorkingDir".into(), json!(new));
            }
        }
    }
}

fn set_command(runtime: &mut Map<String, Value>, key: &str, words: &[String]) {
    if words.is_empty() {
        runtime.shift_remove(key);
    } else {
        runtime.insert(key.into(), json!(words));
    }
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn map_at<'a>(runtime: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    let value = runtime.entry(key).or_insert(Value::Null);
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("it was made an object above"),
    }
}

fn add_keys(runtime: &mut Map<String, Value>, key: &str, names: &[String]) {
    let set = map_at(runtime, key);
    for name in names {
        set.insert(name.clone(), json!({}));
    }
}

/// `["a", "b"]`, where the text has that form.
fn exec_form(text: &str) -> Option<Result<Vec<String>, String>> {
    text.starts_with('[').then(|| {
        serde_json::from_str::<Vec<String>>(text)
            .map_err(|error| format!("not a JSON array of strings ({error})"))
    })
}

/// Words with shell quoting; a backslash takes the next character as it is.
fn split_words(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', Some('"') | None) => word.get_or_insert_default().extend(characters.next()),
            (_, Some(open)) if character == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (_, None) if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    if quote.is_some() {
        return Err("a quotation mark is not closed");
    }
    words.extend(word);
    Ok(words)
}

fn unquote(text: &str) -> String {
    match split_words(text) {
        Ok(words) if words.len() == 1 => words.into_iter().collect(),
        _ => text.to_owned(),
    }
}

/// `a=1 b="2 3"`, or the old form `a 1 2`.
fn pairs(text: &str) -> Result<Vec<(String, String)>, &'static str> {
    let words = split_words(text)?;
    let first = words.first().ok_or("it needs NAME=value")?;
    if !first.contains('=') {
        let (name, value) = text.split_once(char::is_whitespace).ok_or("it needs NAME=value")?;
        return Ok(vec![(name.to_owned(), unquote(value.trim()))]);
    }
    words
        .iter()
        .map(|word| match word.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
            _ => Err("it needs NAME=value"),
        })
        .collect()
}

fn expose(port: &str) -> Result<String, &'static str> {
    let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
    let protocol = protocol.to_ascii_lowercase();
    let is_port = |text: &str| text.parse::<u16>().is_ok();
    let good = match number.split_once('-') {
        Some((from, to)) => is_port(from) && is_port(to),
        None => is_port(number),
    };
    if good && matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        Ok(format!("{number}/{protocol}"))
    } else {
        Err("a port is a number up to 65535, then perhaps `/tcp`, `/udp` or `/sctp`")
    }
}

/// Durations are nanoseconds in the configuration.
fn healthcheck(text: &str) -> Result<Value, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(json!({ "Test": ["NONE"] }));
    }
    let mut check = Map::new();
    let mut rest = text;
    while let Some(flag) = rest.strip_prefix("--") {
        let (flag, after) = flag.split_once(char::is_whitespace).unwrap_or((flag, ""));
        rest = after.trim_start();
        let (name, value) = flag.split_once('=').ok_or_else(|| format!("`--{flag}` needs a value"))?;
        let key = match name {
            "interval" => "Interval",
            "timeout" => "Timeout",
            "start-period" => "StartPeriod",
            "start-interval" => "StartInterval",
            "retries" => {
                let count: u32 = value.parse().map_err(|_| format!("`{value}` is not a number"))?;
                check.insert("Retries".into(), json!(count));
                continue;
            }
            _ => {
                return Err(format!(
                    "`--{name}` is not one of interval, timeout, start-period, start-interval, retries"
                ));
            }
        };
        check.insert(
            key.into(),
            json!(nanoseconds(value).ok_or_else(|| format!("`{value}` is not a duration such as 1m30s"))?),
        );
    }
    let (word, command) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if !word.eq_ignore_ascii_case("cmd") || command.trim().is_empty() {
        return Err("it needs `NONE` or `CMD command`".into());
    }
    let command = command.trim();
    let test = match exec_form(command) {
        Some(words) => std::iter::once("CMD".to_owned()).chain(words?).collect(),
        None => vec!["CMD-SHELL".to_owned(), command.to_owned()],
    };
    check.insert("Test".into(), json!(test));
    Ok(Value::Object(check))
}

/// Go's durations: `300ms`, `1m30s`, `1.5h`.
fn nanoseconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = match &rest[..end] {
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            _ => return None,
        };
        total += number * unit;
        rest = &rest[end..];
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (!text.is_empty() && total.is_finite()).then_some(total as u64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn applied(lines: &[&str]) -> Value {
        let mut runtime = Map::new();
        for line in lines {
            line.parse::<Change>().unwrap().apply(&mut runtime);
        }
        Value::Object(runtime)
    }

    #[test]
    fn each_instruction_has_dockers_effect() {
        assert_eq!(applied(&["CMD wget -q"]), json!({"Cmd": ["/bin/sh", "-c", "wget -q"]}));
        assert_eq!(applied(&["cmd [\"wget\", \"-q\"]"]), json!({"Cmd": ["wget", "-q"]}));
        assert_eq!(applied(&["ENTRYPOINT [\"/bin/x\"]", "ENTRYPOINT"]), json!({}));
        assert_eq!(applied(&["ENV A=1 B=\"2 3\"", "ENV A=4"]), json!({"Env": ["A=4", "B=2 3"]}));
        assert_eq!(applied(&["ENV OLD form here"]), json!({"Env": ["OLD=form here"]}));
        assert_eq!(applied(&["EXPOSE 80 53/UDP"]), json!({"ExposedPorts": {"80/tcp": {}, "53/udp": {}}}));
        assert_eq!(applied(&["LABEL a=b 'c d'=e"]), json!({"Labels": {"a": "b", "c d": "e"}}));
        assert_eq!(applied(&["ONBUILD RUN x"]), json!({"OnBuild": ["RUN x"]}));
        assert_eq!(
            applied(&["STOPSIGNAL SIGINT", "USER 1:2"]),
            json!({"StopSignal": "SIGINT", "User": "1:2"})
        );
        assert_eq!(applied(&["VOLUME [\"/a\"]", "VOLUME /b"]), json!({"Volumes": {"/a": {}, "/b": {}}}));
        assert_eq!(applied(&["WORKDIR /a", "WORKDIR b"]), json!({"WorkingDir": "/a/b"}));
        assert_eq!(
            applied(&["HEALTHCHECK --interval=1m30s --retries=3 CMD curl x"]),
            json!({"Healthcheck": {"Interval": 90_000_000_000_u64, "Retries": 3, "Test": ["CMD-SHELL", "curl x"]}})
        );
        assert_eq!(applied(&["HEALTHCHECK NONE"]), json!({"Healthcheck": {"Test": ["NONE"]}}));
    }

    #[test]
    fn what_docker_refuses_is_refused() {
        for line in [
            "",
            "RUN x",
            "FROM y",
            "COPY a b",
            "ENV",
            "ENV A",
            "EXPOSE x",
            "EXPOSE 70000",
            "USER",
            "CMD [1]",
            "LABEL =x",
            "HEALTHCHECK x",
            "ENV A=\"b",
        ] {
            assert!(line.parse::<Change>().is_err(), "{line}");
        }
        assert_eq!("RUN x".parse::<Change>().unwrap_err().to_string(), "`RUN` is not a valid change command");
    }
}
