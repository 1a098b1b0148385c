//! Commands of a shell, typed at the prompt: what to type instead.

use super::quoted::quoted;

/// Commands that install software into a system.
const INSTALLERS: &[&str] = &[
    "yum", "dnf", "apt", "apt-get", "apk", "zypper", "pacman", "microdnf", "tdnf", "pip", "pip3", "npm",
    "gem", "pkg", "dpkg", "rpm",
];

/// Commands that people type into a shell without thinking.
const COMMANDS: &[&str] = &[
    "ls",
    "ll",
    "cd",
    "pwd",
    "cat",
    "less",
    "more",
    "vi",
    "vim",
    "nano",
    "echo",
    "mkdir",
    "rmdir",
    "touch",
    "cp",
    "mv",
    "ln",
    "chmod",
    "chown",
    "grep",
    "find",
    "sed",
    "awk",
    "tar",
    "gzip",
    "wget",
    "curl",
    "ssh",
    "ps",
    "top",
    "kill",
    "df",
    "du",
    "mount",
    "whoami",
    "id",
    "uname",
    "which",
    "man",
    "sudo",
    "su",
    "bash",
    "sh",
    "zsh",
    "python",
    "python3",
    "git",
    "make",
    "ip",
    "ping",
    "systemctl",
    "service",
    "stty",
    "tty",
    "head",
    "tail",
    "hostname",
    "date",
    "export",
    "source",
    "clear",
    "reset",
];

/// What to say to `line`, if it is a command of a shell and no code; `has` says which verbs there are.
#[must_use]
pub fn hint(line: &str, has: &dyn Fn(&str) -> bool) -> Option<String> {
    let line = line.trim();
    let line = line.strip_prefix("$ ").unwrap_or(line).trim();
    let mut words = line.split_whitespace();
    let mut first = words.next()?;
    if first == "sudo" {
        first = words.next().unwrap_or(first);
    }
    let rest = line[line.find(first)? + first.len()..].trim_start();
    if !command_like(first, rest) {
        return None;
    }
    let program = first.rsplit('/').next().unwrap_or(first);
    let text = quoted(line);
    match program {
        _ if INSTALLERS.contains(&program) => {
            let quiet = match program {
                "yum" | "dnf" | "apt" | "apt-get" | "microdnf" | "zypper" if !rest.contains("-y") => quoted(
                    &line.replacen(" install", " install -y", 1).replacen(" upgrade", " upgrade -y", 1),
                ),
                _ => text,
            };
            Some(format!(
                "that runs inside a container: `let c = run(base())` gives a shell in one, `c.run({quiet})` runs it there"
            ))
        }
        "cd" | "pwd" | "export" | "source" => Some(format!(
            "this is Plywood's prompt, not a shell: `let c = run(base())` gives a shell in a container; there `{program}` means something"
        )),
        "clear" | "reset" => Some("Ctrl-L clears the screen".to_owned()),
        "cat" | "less" | "more" | "head" | "tail" if has("read") => Some(format!(
            "this is Plywood's prompt, not a shell: `c.read(\"/path\")` reads a file of a container, `run(base(), {text})` runs a command in one"
        )),
        _ => Some(format!(
            "this is Plywood's prompt, not a shell: `run(base(), {text})` runs that in a container, `let c = run(base())` gives a shell in one"
        )),
    }
}

/// Whether it reads as a command: a known program, and then no operator, bracket or dot of Rhai.
fn command_like(first: &str, rest: &str) -> bool {
    let program = first.rsplit('/').next().unwrap_or(first);
    let known = INSTALLERS.contains(&program) || COMMANDS.contains(&program);
    if !known || (first != program && !first.starts_with('/') && !first.starts_with("./")) {
        return false;
    }
    let mut chars = rest.chars();
    match (chars.next(), chars.next()) {
        (None, _) => true,
        // `ls -la`, but not `ls - la`.
        (Some('-'), Some(next)) => next.is_ascii_alphabetic() || next == '-',
        (Some('.'), next) => matches!(next, None | Some('/' | '.')),
        (Some('/' | '~' | '"' | '\'' | '*' | '$'), next) => next != Some(' '),
        (Some(char), _) => char.is_alphanumeric() || char == '_',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any(line: &str) -> Option<String> {
        hint(line, &|_| true)
    }

    #[test]
    fn commands_are_sent_into_a_container() {
        for (line, part) in [
            ("yum install wget", "c.run(\"yum install -y wget\")"),
            ("$ sudo apt-get install wget", "apt-get install -y wget"),
            ("apk add curl", "c.run(\"apk add curl\")"),
            ("ls", "run(base(), \"ls\")"),
            ("ls -la /etc", "run(base(), \"ls -la /etc\")"),
            ("cd ..", "not a shell"),
            ("cat /etc/passwd", "c.read("),
            ("/bin/ls", "run(base(), \"/bin/ls\")"),
            ("echo \"hi\"", "run(base(), \"echo \\\"hi\\\"\")"),
            ("bash", "run(base()"),
        ] {
            let said = any(line).unwrap_or_default();
            assert!(said.contains(part), "{line}: {said}");
        }
    }

    #[test]
    fn code_is_none_of_its_business() {
        for line in [
            "",
            "ls = 1",
            "ls()",
            "ls.len()",
            "ls - la",
            "find[1]",
            "id + 1",
            "let ls = 1",
            "run(\"ls\")",
            "lsx",
            "id / 2",
            "5",
            "image",
        ] {
            assert_eq!(any(line), None, "{line}");
        }
    }
}
