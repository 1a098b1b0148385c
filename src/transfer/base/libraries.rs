//! Which libraries a program needs, by the loader's own rules.
//!
//! Sources: `ld.so(8)` for glibc; musl's `ldso/dynlink.c` (`load_library`).

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::elf::{Abi, Object};
use super::plan::{Plan, merged};
use super::{Error, Host};

/// What the loader finds without being told; the multiarch directory is put in for `*`.
const DEFAULT_DIRECTORIES: [&str; 6] = ["/lib/*", "/usr/lib/*", "/lib64", "/usr/lib64", "/lib", "/usr/lib"];

/// musl's, where `/etc/ld-musl-ARCH.path` says nothing else.
const MUSL_DIRECTORIES: [&str; 3] = ["/lib", "/usr/local/lib", "/usr/lib"];

/// Finds libraries on one host; remembers what it has read.
pub(super) struct Libraries<'host> {
    host: &'host Host,
    configured: Vec<PathBuf>,
    objects: HashMap<PathBuf, Option<Object>>,
    glibc: HashMap<Abi, Option<PathBuf>>,
}

/// One library as found.
struct Found {
    /// As the loader spells it.
    path: PathBuf,
    /// Free of links.
    real: PathBuf,
    /// Only `ld.so.cache` leads there; the image has no cache.
    by_configuration: bool,
}

impl<'host> Libraries<'host> {
    pub fn new(host: &'host Host) -> Self {
        Self { host, configured: host.library_directories(), objects: HashMap::new(), glibc: HashMap::new() }
    }

    /// The object at the link-free path `real`; `None` if it is not ELF.
    pub fn object(&mut self, real: &Path) -> Result<Option<&Object>, Error> {
        if !self.objects.contains_key(real) {
            let source = self.host.real(real);
            let file = File::open(&source).map_err(Error::io("read", &source))?;
            self.objects.insert(real.to_owned(), Object::read(&file, &source)?);
        }
        Ok(self.objects.get(real).and_then(Option::as_ref))
    }

    /// Adds to `plan` the interpreter and all libraries of the object at `real`, not itself.
    ///
    /// # Errors
    /// [`Error::MissingLibrary`], [`Error::MissingInterpreter`]; `plan` may then hold a part.
    pub fn require(&mut self, plan: &mut Plan, real: &Path) -> Result<(), Error> {
        let Some(program) = self.object(real)?.cloned() else { return Ok(()) };
        let mut musl = false;
        if let Some(interpreter) = &program.interpreter {
            let target = self.host.resolve(interpreter).ok_or_else(|| Error::MissingInterpreter {
                interpreter: interpreter.clone(),
                needed_by: real.to_owned(),
            })?;
            plan.copy_as(self.host, interpreter, &target)?;
            musl = is_musl(interpreter);
        }
        let abi = program.abi;
        // A plug-in names no interpreter; its libc tells.
        musl |= program.needed.iter().any(|name| name.starts_with("libc.musl-"));
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut pending = vec![(real.to_owned(), program, Vec::<PathBuf>::new())];
        while let Some((path, object, inherited)) = pending.pop() {
            let own = |entries: &[String]| -> Vec<PathBuf> {
                entries.iter().flat_map(|entry| expand(entry, &path, abi)).collect()
            };
            // RPATH reaches the libraries of libraries, RUNPATH does not and switches RPATH off.
            let mut rpath = own(&object.rpath);
            rpath.extend(inherited);
            let first = if object.runpath.is_empty() { rpath.clone() } else { own(&object.runpath) };
            for name in &object.needed {
                if !seen.insert(name.clone()) {
                    continue;
                }
                let Some(found) = self.find(name, &first, abi, musl)? else {
                    if musl && name.starts_with("libc.") {
                        continue; // The interpreter itself is that library.
                    }
                    return Err(Error::MissingLibrary { library: name.clone(), needed_by: path });
                };
                plan.copy_as(self.host, &found.path, &found.real)?;
                if found.by_configuration
                    && let Some(directory) = self.glibc_directory(abi)?
                {
                    plan.link(&directory.join(name), &found.real);
                }
                if let Some(library) = self.object(&found.real)?.cloned() {
                    let passed = if object.runpath.is_empty() { rpath.clone() } else { Vec::new() };
                    pending.push((found.real, library, passed));
                }
            }
        }
        Ok(())
    }

    /// Adds a library that programs load by name at run time, if it is there, with all it needs.
    pub fn offer(&mut self, plan: &mut Plan, name: &str, like: &Path) -> Result<(), Error> {
        let Some(abi) = self.object(like)?.map(|object| object.abi) else { return Ok(()) };
        let Some(found) = self.find(name, &[], abi, false)? else { return Ok(()) };
        let mut part = Plan::default();
        part.copy_as(self.host, &found.path, &found.real)?;
        self.require(&mut part, &found.real)?;
        plan.absorb(part);
        Ok(())
    }

    /// The directory of `libc.so.6`: the loader looks there without a cache.
    fn glibc_directory(&mut self, abi: Abi) -> Result<Option<PathBuf>, Error> {
        if !self.glibc.contains_key(&abi) {
            let found = self.find("libc.so.6", &[], abi, false)?;
            let directory = found.and_then(|found| merged(&found.path).parent().map(Path::to_owned));
            self.glibc.insert(abi, directory);
        }
        Ok(self.glibc.get(&abi).cloned().flatten())
    }

    fn find(&mut self, name: &str, first: &[PathBuf], abi: Abi, musl: bool) -> Result<Option<Found>, Error> {
        if name.contains('/') {
            return Ok(self.try_path(Path::new(name), abi)?.map(|real| Found {
                path: PathBuf::from(name),
                real,
                by_configuration: false,
            }));
        }
        let defaults: Vec<PathBuf> = if musl { self.musl_directories(abi) } else { default_directories(abi) };
        let configured = if musl { Vec::new() } else { self.configured.clone() };
        let usual: BTreeSet<PathBuf> = defaults.iter().map(|path| merged(&path.join(name))).collect();
        for directory in first.iter().chain(&configured).chain(&defaults) {
            let path = directory.join(name);
            if let Some(real) = self.try_path(&path, abi)? {
                let by_configuration = !first.contains(directory) && !usual.contains(&merged(&path));
                return Ok(Some(Found { path, real, by_configuration }));
            }
        }
        Ok(None)
    }

    /// A library of another architecture, a linker script, a broken link: passed over.
    fn try_path(&mut self, path: &Path, abi: Abi) -> Result<Option<PathBuf>, Error> {
        let Some(real) = self.host.resolve(path) else { return Ok(None) };
        if !fs::metadata(self.host.real(&real)).is_ok_and(|found| found.is_file()) {
            return Ok(None);
        }
        match self.object(&real) {
            Ok(Some(object)) if object.abi == abi => Ok(Some(real)),
            Ok(_) | Err(Error::Elf { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn musl_directories(&self, abi: Abi) -> Vec<PathBuf> {
        let configured = self
            .host
            .text(&PathBuf::from(format!("/etc/ld-musl-{}.path", architecture(abi))))
            .map(|text| text.split([':', '\n']).filter(|path| !path.is_empty()).map(PathBuf::from).collect());
        configured.unwrap_or_else(|| MUSL_DIRECTORIES.iter().map(PathBuf::from).collect())
    }
}

fn is_musl(interpreter: &Path) -> bool {
    interpreter.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"ld-musl-"))
}

fn default_directories(abi: Abi) -> Vec<PathBuf> {
    let multiarch = format!("{}-linux-gnu", architecture(abi));
    DEFAULT_DIRECTORIES.iter().map(|directory| PathBuf::from(directory.replace('*', &multiarch))).collect()
}

/// As it stands in multiarch triplets and in musl's file names.
fn architecture(abi: Abi) -> &'static str {
    match (abi.machine, abi.wide) {
        (62, true) => "x86_64",
        (62, false) => "x32",
        (3, _) => "i386",
        (183, _) => "aarch64",
        (40, _) => "arm",
        (243, _) => "riscv64",
        _ => "unknown",
    }
}

/// `$ORIGIN`, `$LIB` and `$PLATFORM` of a search path entry, for the object at `object`.
fn expand(entry: &str, object: &Path, abi: Abi) -> Vec<PathBuf> {
    let origin = object.parent().unwrap_or(object).to_string_lossy();
    let replace = |text: &str, name: &str, with: &str| {
        text.replace(&format!("${{{name}}}"), with).replace(&format!("${name}"), with)
    };
    let text = replace(&replace(entry, "ORIGIN", &origin), "PLATFORM", architecture(abi));
    if !text.contains("$LIB") && !text.contains("${LIB}") {
        return vec![PathBuf::from(text)];
    }
    [format!("lib/{}-linux-gnu", architecture(abi)), "lib64".to_owned(), "lib".to_owned()]
        .iter()
        .map(|lib| PathBuf::from(replace(&text, "LIB", lib)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_path_tokens() {
        let abi = Abi { wide: true, machine: 62 };
        let at = Path::new("/opt/tool/bin/tool");
        assert_eq!(expand("$ORIGIN/../lib", at, abi), [PathBuf::from("/opt/tool/bin/../lib")]);
        assert_eq!(expand("${ORIGIN}", at, abi), [PathBuf::from("/opt/tool/bin")]);
        assert_eq!(expand("/usr/$LIB/x", at, abi)[1], PathBuf::from("/usr/lib64/x"));
    }
}
