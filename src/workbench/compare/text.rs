//! What two sides have at one path, as a unified diff.

use std::io::Read as _;
use std::time::Duration;

use similar::TextDiff;

use super::super::{Error, Result};
use super::Comparison;
use super::side::Side;
use crate::layer;

/// Larger files are no text that anybody reads.
const MOST: u64 = 64 << 20;
/// After this a diff is no longer the shortest one.
const PATIENCE: Duration = Duration::from_secs(2);

impl Comparison {
    /// The difference of the two files at `path` as a unified diff; empty where they are the same. Of what is no
    /// text it only says that it differs.
    ///
    /// # Errors
    /// When neither has a file there, or it cannot be read.
    pub fn text(&self, path: &str) -> Result<String> {
        let inner = layer::unescape_path(path)?;
        let (one, other) = (&self.sides.0, &self.sides.1);
        let (old, new) = (content(one, &inner, path)?, content(other, &inner, path)?);
        if old.is_none() && new.is_none() {
            return Err(Error::not_found(format!("neither side has a file `{path}`")));
        }
        if old == new {
            return Ok(String::new());
        }
        let title = |side: &Side, content: &Option<Vec<u8>>| match content {
            Some(_) => format!("{}:/{}", side.label(), layer::escape_path(&inner).trim_start_matches('/')),
            None => "/dev/null".to_owned(),
        };
        let titles = (title(one, &old), title(other, &new));
        let lines = |content: Option<Vec<u8>>| String::from_utf8(content.unwrap_or_default());
        let (Ok(old), Ok(new)) = (lines(old), lines(new)) else {
            return Ok(format!("Binary files {} and {} differ\n", titles.0, titles.1));
        };
        let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(&old, &new);
        Ok(diff.unified_diff().context_radius(3).header(&titles.0, &titles.1).to_string())
    }
}

fn content(side: &Side, inner: &[u8], path: &str) -> Result<Option<Vec<u8>>> {
    let Some((file, size)) = side.open(inner)? else { return Ok(None) };
    if size > MOST {
        return Err(Error::invalid(format!("`{path}` has {size} bytes: too many to compare as text")));
    }
    let mut bytes = Vec::new();
    file.take(MOST)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::io(format!("reading `{path}`"), &error))?;
    Ok(Some(bytes))
}
