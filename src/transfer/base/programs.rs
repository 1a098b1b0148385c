//! The programs of the starter image, and how one program is added to a plan.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::host::fits;
use super::libraries::Libraries;
use super::plan::Plan;
use super::{Error, Host};

/// What a person expects at a prompt. What the host lacks is left out, or taken from its busybox.
/// Not here: what `pkg` offers, above all `wget`, whose installation is the first experiment.
const PROGRAMS: &str = "\
    [ arch awk b2sum base32 base64 basename bash bc cal cat chgrp chmod chown chroot cksum clear cmp comm cp \
    csplit cut date dc dd df diff dir dircolors dirname dmesg du echo egrep env expand expr factor false \
    fgrep find flock fmt fold free getent getopt grep groups gunzip gzexe gzip head hexdump hostid hostname \
    iconv id install ionice join kill killall link ln locale logger logname look ls md5sum mkdir mkfifo mknod \
    mktemp more mount mountpoint mv namei nice nl nohup nproc nsenter numfmt od paste patch pathchk pgrep \
    pidof pinky pkill pr printenv printf prlimit ps ptx pwd pwdx readlink realpath renice reset rev rm \
    rmdir runcon sed seq setsid sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort \
    split stat stdbuf stty su sum sync tabs tac tail tar taskset tee test time timeout top touch tput tr \
    true truncate tsort tty umount uname unexpand uniq unlink unshare uptime users vdir vmstat w watch wc \
    whereis which who whoami xargs xxd yes zcat zcmp zdiff zgrep zless zmore";

/// Editors and pagers: the first of each group that is there and small enough.
const CHOICES: &[(&str, &[&str])] =
    &[("vi", &["vim.tiny", "nvi", "vi"]), ("less", &["less"]), ("nano", &["nano"])];

/// Larger ones are for `pkg install`: a starter image should stay small.
const CHOICE_LIMIT: u64 = 2_500_000;

/// What comes along with programs above, where the host has it.
const DATA: &[&str] = &["/etc/vim/vimrc.tiny", "/usr/share/vim/vim*/defaults.vim", "/etc/nanorc"];

/// Programs of busybox that stand in for what the host lacks.
const STAND_INS: &str = "free hexdump hostname killall less nc patch ping ps top vi watch which xxd";

/// Only for one of these is busybox taken in: it is as large as thirty other programs.
const WORTH_BUSYBOX: &str = "hostname less ps vi which";

/// Adds programs to plans.
pub(super) struct Builder<'host> {
    pub host: &'host Host,
    pub libraries: Libraries<'host>,
    /// Why something that was looked for is not in the tree.
    pub notices: Vec<String>,
}

/// What the first bytes of a file say it is.
enum Form {
    Elf,
    /// The interpreter that the `#!` line names.
    Script(PathBuf),
    Other,
}

impl<'host> Builder<'host> {
    pub fn new(host: &'host Host) -> Self {
        Self { host, libraries: Libraries::new(host), notices: Vec::new() }
    }

    /// Adds the shell, without which there is no image.
    pub fn add_shell(&mut self, plan: &mut Plan) -> Result<(), Error> {
        let path = self.host.program("sh").ok_or_else(|| Error::NoShell {
            reason: "there is no such program in `/bin` or `/usr/bin`".to_owned(),
        })?;
        if self.add_program(plan, &path, Path::new("/usr/bin/sh"))? {
            Ok(())
        } else {
            Err(Error::NoShell { reason: format!("`{}` is not an ELF program", path.display()) })
        }
    }

    /// Adds what a prompt needs; what cannot be added is left out with a notice.
    pub fn add_usual(&mut self, plan: &mut Plan) {
        let mut names: Vec<&str> = PROGRAMS.split_whitespace().collect();
        for (name, candidates) in CHOICES {
            let small = |path: &PathBuf| {
                self.host
                    .resolve(path)
                    .and_then(|real| fs::metadata(self.host.real(&real)).ok())
                    .is_some_and(|found| found.len() <= CHOICE_LIMIT)
            };
            let found = candidates.iter().filter_map(|candidate| self.host.program(candidate)).find(small);
            if let Some(path) = found {
                self.attempt(plan, &path, &Path::new("/usr/bin").join(name));
            }
        }
        // Scripts after everything that could interpret them.
        for scripts in [false, true] {
            names.retain(|name| {
                let Some(path) = self.host.program(name) else { return false };
                let is_script = self.is_script(&path);
                if is_script == scripts {
                    self.attempt(plan, &path, &path);
                }
                is_script && !scripts
            });
        }
        self.add_stand_ins(plan);
        for pattern in DATA {
            for path in self.host.matches(Path::new(pattern)) {
                self.add_data(plan, &path, &[]);
            }
        }
    }

    /// Adds the program at `path` under the name `place` with all it needs; `false` for a script
    /// whose interpreter is not in the plan, and for what is neither script nor ELF.
    ///
    /// # Errors
    /// As [`Libraries::require`]; then `plan` is as it was.
    pub fn add_program(&mut self, plan: &mut Plan, path: &Path, place: &Path) -> Result<bool, Error> {
        let Some(real) = self.host.resolve(path) else { return Ok(false) };
        let mut part = Plan::default();
        match self.form(&real)? {
            Form::Elf => self.libraries.require(&mut part, &real)?,
            Form::Script(interpreter) if plan.contains(&interpreter) => {}
            Form::Script(_) | Form::Other => return Ok(false),
        }
        part.copy_as(self.host, place, &real)?;
        plan.absorb(part);
        Ok(true)
    }

    /// As [`Builder::add_program`]; a failure becomes a notice.
    pub fn attempt(&mut self, plan: &mut Plan, path: &Path, place: &Path) -> bool {
        let place = if place.starts_with("/run") {
            Path::new("/usr/bin").join(place.file_name().unwrap_or_default())
        } else {
            place.to_owned()
        };
        match self.add_program(plan, path, &place) {
            Ok(added) => added,
            Err(error) => {
                self.notices.push(format!("`{}` is left out: {error}", path.display()));
                false
            }
        }
    }

    /// Adds a file, or a directory with what is in it, except names that fit one of `without`. Plug-ins among
    /// the files bring their libraries; what cannot be read is left out.
    pub fn add_data(&mut self, plan: &mut Plan, path: &Path, without: &[&str]) {
        let Some(real) = self.host.resolve(path) else { return };
        let Ok(found) = fs::metadata(self.host.real(&real)) else { return };
        if found.is_dir() {
            for (name, kind) in self.host.list(&real) {
                let inside = real.join(&name);
                // A link out of the directory, or upwards, could bring in the whole machine.
                let stays = !kind.is_symlink()
                    || self.host.resolve(&inside).is_some_and(|target| {
                        target.starts_with(&real) && !inside.starts_with(&target) && !target.is_dir()
                    });
                if stays && !without.iter().any(|pattern| fits(pattern, &name)) {
                    self.add_data(plan, &inside, without);
                }
            }
        } else if found.is_file() {
            let mut part = Plan::default();
            let object = matches!(self.form(&real), Ok(Form::Elf));
            let needs = if object { self.libraries.require(&mut part, &real) } else { Ok(()) };
            if needs.is_ok() && part.copy_as(self.host, path, &real).is_ok() {
                plan.absorb(part);
            }
        }
    }

    fn is_script(&self, path: &Path) -> bool {
        let real = self.host.resolve(path);
        real.is_some_and(|real| matches!(self.form(&real), Ok(Form::Script(_))))
    }

    fn form(&self, real: &Path) -> Result<Form, Error> {
        let source = self.host.real(real);
        let mut start = Vec::with_capacity(256);
        File::open(&source)
            .and_then(|file| file.take(256).read_to_end(&mut start))
            .map_err(Error::io("read", &source))?;
        if start.starts_with(b"\x7fELF") {
            return Ok(Form::Elf);
        }
        let Some(line) = start.strip_prefix(b"#!").and_then(|rest| rest.split(|byte| *byte == b'\n').next())
        else {
            return Ok(Form::Other);
        };
        let line = String::from_utf8_lossy(line);
        let mut words = line.split_whitespace();
        let Some(first) = words.next() else { return Ok(Form::Other) };
        match words.next() {
            Some(name) if first.ends_with("/env") => Ok(Form::Script(Path::new("/usr/bin").join(name))),
            _ => Ok(Form::Script(PathBuf::from(first))),
        }
    }

    /// Links to busybox for programs that the host does not have otherwise.
    fn add_stand_ins(&mut self, plan: &mut Plan) {
        let Some(path) = self.host.program("busybox") else { return };
        let Some(real) = self.host.resolve(&path) else { return };
        let Ok(content) = fs::read(self.host.real(&real)) else { return };
        let applets = applets(&content);
        let place = |name: &str| Path::new("/usr/bin").join(name);
        let missing: Vec<&str> = STAND_INS
            .split_whitespace()
            .filter(|name| applets.contains(name))
            .filter(|name| !plan.contains(&place(name)) && !plan.contains(&Path::new("/usr/sbin").join(name)))
            .collect();
        let worth = WORTH_BUSYBOX.split_whitespace().any(|name| missing.contains(&name));
        if (worth || plan.contains(&real)) && self.attempt(plan, &path, &path) {
            for name in missing {
                plan.link(&place(name), &real);
            }
        }
    }
}

/// The programs inside a busybox, from the table of names in its read-only data: they stand there
/// in order, each ended by a zero byte, the table by one more.
fn applets(content: &[u8]) -> Vec<&str> {
    const START: &[u8] = b"\0[\0[[\0";
    let Some(start) = content.windows(START.len()).position(|window| window == START) else {
        return Vec::new();
    };
    content[start + 1..]
        .split(|byte| *byte == 0)
        .map_while(|name| std::str::from_utf8(name).ok().filter(|name| !name.is_empty()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applets_of_a_busybox() {
        assert_eq!(applets(b"junk\0[\0[[\0ash\0vi\0\0more\0"), ["[", "[[", "ash", "vi"]);
        assert!(applets(b"no table").is_empty());
    }
}
