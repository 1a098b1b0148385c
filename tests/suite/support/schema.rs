//! The image specification's own JSON schemas, asked by Python's validator.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::skip;

/// Where Debian's `golang-github-opencontainers-image-spec-dev` has them.
const FOLDER: &str = "/usr/share/gocode/src/github.com/opencontainers/image-spec/schema";
const PROGRAM: &str = include_str!("schema.py");

/// What a document is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    Layout,
    Index,
    Manifest,
    Config,
    Descriptor,
}

impl Schema {
    const fn file(self) -> &'static str {
        match self {
            Self::Layout => "image-layout-schema.json",
            Self::Index => "image-index-schema.json",
            Self::Manifest => "image-manifest-schema.json",
            Self::Config => "config-schema.json",
            Self::Descriptor => "content-descriptor.json",
        }
    }
}

/// Documents that are to be validated in one go.
#[derive(Debug, Default)]
pub struct Documents {
    all: Vec<(Schema, String, Vec<u8>)>,
}

impl Documents {
    /// One more; `name` is for complaints.
    pub fn add(&mut self, schema: Schema, name: &str, bytes: &[u8]) {
        self.all.push((schema, name.to_owned(), bytes.to_vec()));
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// What the schemas refuse, a line each; `None` after saying that they are not here.
    pub fn complaints(&self) -> Option<Vec<String>> {
        let python = python()?;
        let folder = tempfile::tempdir().unwrap();
        let mut list = String::new();
        for (at, (schema, _, bytes)) in self.all.iter().enumerate() {
            let path = folder.path().join(at.to_string());
            std::fs::write(&path, bytes).unwrap();
            list.push_str(&format!("{}\t{}\n", schema.file(), path.display()));
        }
        let mut child = Command::new(python)
            .args(["-W", "ignore", "-c", PROGRAM, FOLDER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(list.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut said = String::from_utf8(output.stdout).unwrap();
        // From the last: a path may be the beginning of another.
        for (at, (_, name, _)) in self.all.iter().enumerate().rev() {
            said = said.replace(&folder.path().join(at.to_string()).display().to_string(), name);
        }
        Some(said.lines().map(str::to_owned).collect())
    }

    /// That the schemas refuse nothing.
    #[track_caller]
    pub fn assert_valid(&self) {
        if let Some(complaints) = self.complaints() {
            assert!(complaints.is_empty(), "{}", complaints.join("\n"));
        }
    }
}

fn python() -> Option<PathBuf> {
    // Not one of a person's own: Debian's has Debian's packages.
    let python = Path::new("/usr/bin/python3");
    let found = python.exists()
        && Command::new(python)
            .args(["-c", "import jsonschema"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
    if !found {
        skip("no JSON schema validator: `python3-jsonschema` is not installed");
        return None;
    }
    if !Path::new(FOLDER).exists() {
        skip("no schemas: `golang-github-opencontainers-image-spec-dev` is not installed");
        return None;
    }
    Some(python.to_owned())
}
