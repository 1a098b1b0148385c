//! `cat`: a file's text as it was after any layer.

use std::io::Read as _;

use super::Content;
use crate::layer::{self, Kind};
use crate::workbench::{Error, ErrorKind, Result, Subject, Workbench};

/// More is no text for a script.
const MOST: u64 = 1 << 30;

impl Workbench {
    /// The text of the file at `path` as it was after `layer` (-1 is the last, and so is none).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Invalid`] for what is no regular file or no UTF-8.
    pub fn cat(&self, subject: &Subject, path: &str, layer: Option<i64>) -> Result<String> {
        let look = self.look(subject, Content::Needed)?;
        let after = look.layer(layer)?;
        let bytes = layer::unescape_path(path)?;
        let missing = || {
            Error::not_found(format!("no `{path}` in `{}` after layer {after}", look.label))
                .with_hint("`who(x, path)` tells which layers have it")
        };
        let node = look.model.resolve(&bytes, after, true).ok_or_else(missing)?;
        let version = look.model.shown(node, after).ok_or_else(missing)?;
        let entry = look.model.file(&version);
        if entry.kind != Kind::File {
            return Err(Error::invalid(format!("`{path}` is a {}, not a file", entry.kind.as_str())));
        }
        if entry.size > MOST {
            let size = entry.size;
            let message = format!("`{path}` has {size} bytes: more than a value of a script can hold");
            return Err(Error::new(ErrorKind::Denied, message));
        }
        let mut content = Vec::new();
        look.open(&version)?
            .take(MOST)
            .read_to_end(&mut content)
            .map_err(|error| Error::io(format!("reading `{path}`"), &error))?;
        String::from_utf8(content).map_err(|_| {
            Error::invalid(format!("`{path}` is not UTF-8 text"))
                .with_hint("`read_blob` gives the bytes of what the end shows")
        })
    }
}
