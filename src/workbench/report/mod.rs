//! `report`: an image on a page, for people, for other programs, and for those who know dive.

mod dive;
mod markdown;
mod page;

use std::path::Path;
use std::str::FromStr;

use serde::Serialize;

use super::look::{Content, Look};
use super::{Error, ErrorKind, Junk, Layer, Result, Subject, WasteItem, Workbench};
use crate::layer::Kind;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One page that needs nothing else.
    Html,
    /// Markdown.
    Markdown,
    /// Everything, as JSON.
    Json,
    /// What `dive --json` writes.
    Dive,
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "html" | "htm" => Ok(Self::Html),
            "markdown" | "md" => Ok(Self::Markdown),
            "json" => Ok(Self::Json),
            "dive" => Ok(Self::Dive),
            _ => Err(Error::invalid(format!("`{text}` is no format of a report"))
                .with_hint("there are html, markdown, json and dive")),
        }
    }
}

impl Format {
    /// The one that a file's ending names.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        path.extension()?.to_str()?.to_ascii_lowercase().parse().ok().filter(|format| *format != Self::Dive)
    }
}

/// All that a report tells.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// What was looked at.
    pub image: String,
    /// Bytes of all layers.
    pub size: u64,
    /// Bytes that the end does not show.
    pub waste: u64,
    /// 1 - waste / size.
    pub efficiency: f64,
    /// Paths that the end shows and that are no directories.
    pub file_count: u64,
    /// Lowest first.
    pub layers: Vec<Layer>,
    /// Every hidden byte once, largest first.
    pub waste_items: Vec<WasteItem>,
    /// What no program needs, largest first.
    pub junk: Vec<Junk>,
    /// What the end shows: directories with all below them, and files.
    pub tree: Branch,
}

/// A directory or file of the tree, with what is large in it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Branch {
    /// Its name, escaped; `/` is the root.
    pub name: String,
    /// Bytes of it and of all below.
    pub size: u64,
    /// The layer that brought it.
    pub layer: usize,
    /// What is in it, largest first; what is small is summed up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Branch>,
    /// Paths in it that are not listed.
    #[serde(skip_serializing_if = "is_none")]
    pub others: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

/// A page with more paths than this is of no use to a browser: the smallest are summed up.
const MOST_PATHS: usize = 40_000;

impl Workbench {
    /// Writes what there is to say of `subject` to `path`.
    ///
    /// # Errors
    /// When the subject is gone or the file cannot be written.
    pub fn report(&self, subject: &Subject, path: &Path, format: Format) -> Result<()> {
        let text = match format {
            Format::Dive => dive::text(self, subject)?,
            Format::Html => page::text(&self.reported(subject)?)?,
            Format::Markdown => markdown::text(&self.reported(subject)?),
            Format::Json => super::inspect::to_json(&self.reported(subject)?)?.to_string() + "\n",
        };
        std::fs::write(path, text).map_err(|error| {
            let kind = match error.kind() {
                std::io::ErrorKind::NotFound => ErrorKind::NotFound,
                std::io::ErrorKind::PermissionDenied => ErrorKind::Denied,
                _ => ErrorKind::Io,
            };
            Error::new(kind, format!("cannot write the report `{}`: {error}", path.display()))
        })
    }

    fn reported(&self, subject: &Subject) -> Result<Report> {
        let look = self.look(subject, Content::IfThere)?;
        let waste = self.waste(subject)?;
        let tree = tree(&look);
        let file_count =
            look.model.shown_at_the_end().filter(|version| version.entry.kind != Kind::Dir).count();
        Ok(Report {
            image: look.label.clone(),
            size: waste.total,
            waste: waste.waste,
            efficiency: waste.efficiency,
            file_count: file_count as u64,
            layers: self.layers(subject)?,
            waste_items: waste.items,
            junk: self.junk(subject)?,
            tree,
        })
    }
}

/// The tree that the end shows, its largest paths named.
fn tree(look: &Look) -> Branch {
    let Some(top) = look.top() else { return Branch { name: "/".to_owned(), ..Branch::default() } };
    let tree = look.model.tree(Some(top), top);
    let mut sizes: Vec<u64> = tree.rows().map(|row| row.bytes).collect();
    let least = if sizes.len() > MOST_PATHS {
        let at = sizes.len() - MOST_PATHS;
        *sizes.select_nth_unstable(at).1
    } else {
        0
    };
    // Children come after their parents in the order of paths: a stack of open directories is enough.
    let mut open: Vec<(usize, Branch)> = vec![(
        0,
        Branch {
            name: "/".to_owned(),
            size: tree.row(tree.root()).map_or(0, |row| row.bytes),
            ..Branch::default()
        },
    )];
    let close = |open: &mut Vec<(usize, Branch)>| {
        if let Some((_, mut done)) = open.pop() {
            done.children
                .sort_by(|one, other| other.size.cmp(&one.size).then_with(|| one.name.cmp(&other.name)));
            match open.last_mut() {
                Some((_, parent)) => parent.children.push(done),
                None => open.push((0, done)),
            }
        }
    };
    // Depth of what is left out: nothing below it is listed.
    for row in tree.rows() {
        let depth = row.entry.path.iter().filter(|byte| **byte == b'/').count() + 1;
        while open.len() > 1 && open.last().is_some_and(|(at, _)| *at >= depth) {
            close(&mut open);
        }
        let Some((at, parent)) = open.last_mut() else { break };
        if row.bytes < least || *at + 1 != depth {
            parent.others += row.files;
            continue;
        }
        let branch = Branch {
            name: crate::layer::escape_path(row.name),
            size: row.bytes,
            layer: row.layer,
            ..Branch::default()
        };
        open.push((depth, branch));
    }
    while open.len() > 1 {
        close(&mut open);
    }
    close(&mut open);
    open.pop().map(|(_, root)| root).unwrap_or_default()
}
