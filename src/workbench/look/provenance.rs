//! `who` and `why`: where a path comes from, and why it counts as changed.

use std::io;

use super::{Content, Look};
use crate::inspect::model::{Aspect, Came, NodeId, Version as Seen};
use crate::layer::{self, EntryRef, Kind};
use crate::oci::Digester;
use crate::workbench::listed::{absolute, file};
use crate::workbench::{Reason, Result, Subject, Version, Workbench};

impl Workbench {
    /// All that the layers say of a path, lowest first.
    ///
    /// # Errors
    /// [`crate::workbench::ErrorKind::NotFound`] where no layer has it.
    pub fn who(&self, subject: &Subject, path: &str) -> Result<Vec<Version>> {
        let look = self.look(subject, Content::IfThere)?;
        let node = look.node(path, look.layer(None)?)?;
        Ok(look.model.versions(node).map(|seen| version(&look, &seen)).collect())
    }

    /// In what a path differs between two layers: before `layer` and after it, or where none is said, around
    /// the last one that did something to it.
    ///
    /// # Errors
    /// [`crate::workbench::ErrorKind::NotFound`] where no layer has it.
    pub fn why(&self, subject: &Subject, path: &str, layer: Option<i64>) -> Result<Vec<Reason>> {
        let look = self.look(subject, Content::IfThere)?;
        let node = look.node(path, look.layer(None)?)?;
        let layer = match layer {
            Some(_) => look.layer(layer)?,
            None => last_touched(&look, node),
        };
        Ok(reasons(&look, node, layer))
    }
}

/// The last layer that brought, changed or took away what is at a path.
fn last_touched(look: &Look, node: NodeId) -> usize {
    let touches = |seen: Seen<'_>| match seen.gone {
        Some(gone) => gone.layer,
        None => seen.layer,
    };
    look.model.versions(node).map(touches).max().unwrap_or(0)
}

fn version(look: &Look, seen: &Seen<'_>) -> Version {
    let entry = look.model.file(seen);
    let step = look.steps.get(seen.layer).cloned().unwrap_or_default();
    Version {
        layer: seen.layer,
        file: file(&entry),
        came: match seen.came {
            Came::Added => "added",
            Came::Replaced => "replaced",
            Came::Hides => "removed",
            Came::HidesNothing => "whiteout of nothing",
        }
        .to_owned(),
        created: step.created,
        created_by: step.created_by,
        gone_in: seen.gone.map(|gone| gone.layer),
        gone_how: seen.gone.map(|gone| gone.how.as_str().to_owned()),
        gone_by: seen.gone.map(|gone| absolute(look.model.path(gone.by))),
    }
}

fn reasons(look: &Look, node: NodeId, layer: usize) -> Vec<Reason> {
    let before = layer.checked_sub(1).and_then(|below| look.model.shown(node, below));
    let after = look.model.shown(node, layer);
    let path = absolute(look.model.path(node));
    let reason = |aspect: &str, before: Option<String>, after: Option<String>| Reason {
        path: path.clone(),
        layer,
        aspect: aspect.to_owned(),
        before,
        after,
    };
    let told = |seen: &Seen<'_>| {
        let entry = look.model.file(seen);
        match entry.kind {
            Kind::File => format!("file of {} bytes, layer {}", entry.size, seen.layer),
            kind => format!("{}, layer {}", kind.as_str(), seen.layer),
        }
    };
    match (before, after) {
        (None, None) => Vec::new(),
        (None, Some(after)) => vec![reason("added", None, Some(told(&after)))],
        (Some(before), None) => {
            let how = before
                .gone
                .map(|gone| format!("{}: {}", gone.how.as_str(), absolute(look.model.path(gone.by))));
            vec![reason("removed", Some(told(&before)), how)]
        }
        (Some(before), Some(after)) => {
            let (old, new) = (look.model.file(&before), look.model.file(&after));
            let aspects = look.model.aspects(&before, &after);
            aspects
                .iter()
                .map(|aspect| match aspect {
                    Aspect::Content | Aspect::MaybeContent => {
                        reason(aspect.as_str(), hash(look, &before), hash(look, &after))
                    }
                    _ => reason(aspect.as_str(), Some(value(aspect, &old)), Some(value(aspect, &new))),
                })
                .collect()
        }
    }
}

/// What an entry says of one aspect.
pub(in crate::workbench) fn value(aspect: Aspect, entry: &EntryRef<'_>) -> String {
    let it = file(entry);
    match aspect {
        Aspect::Type => it.file_type,
        Aspect::Mode => format!("{:04o}", entry.mode),
        Aspect::Owner => format!("{}:{}", entry.uid, entry.gid),
        Aspect::Size => entry.size.to_string(),
        Aspect::Mtime => it.mtime,
        Aspect::Link => layer::escape_path(entry.link),
        Aspect::Device => format!("{}:{}", entry.device.0, entry.device.1),
        Aspect::Xattrs => {
            let pairs = entry.xattrs.iter();
            let pair = |(name, value): (&[u8], &[u8])| {
                format!("{}={}", layer::escape_path(name), layer::escape_path(value))
            };
            pairs.map(pair).collect::<Vec<_>>().join(" ")
        }
        Aspect::Content | Aspect::MaybeContent => String::new(),
    }
}

/// The digest of a version's content, where it can be read.
fn hash(look: &Look, seen: &Seen<'_>) -> Option<String> {
    if let Some(known) = look.model.file(seen).digest {
        return Some(crate::oci::Digest::from_bytes(known).to_string());
    }
    let mut digester = Digester::default();
    io::copy(&mut look.open(seen).ok()?, &mut digester).ok()?;
    Some(digester.finish().to_string())
}
