//! `without`: paths that are really gone.

use super::rewrite::{Cut, Parent, compared, reference_of};
use super::{DeriveOptions, Error, ErrorKind, Image, Result, Workbench, index_of};
use crate::image::Rewrite;
use crate::layer::{Glob, Index};
use crate::oci::DiffId;

impl Workbench {
    /// `image` whose layers do not carry `paths`, patterns of [`Glob`], any more. A layer in which nothing is left
    /// goes; what no path is in stays the layer that it was.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for a path that is in no layer, unless `force`; [`ErrorKind::Invalid`] for the root and
    /// for what is no path.
    pub fn without(
        &self,
        image: &Image,
        paths: &[String],
        force: bool,
        options: &DeriveOptions,
    ) -> Result<Image> {
        let reference = reference_of(options)?;
        let globs = globs(paths)?;
        let parent = self.parent(image)?;
        if !force {
            self.require_all(&parent, &globs)?;
        }
        let cut = Cut { globs, keeps_links: false, hidden: Vec::new() };
        let layers = self.cut(&parent, &cut)?;
        let new = match changed(&parent, layers) {
            Some(rewrite) => {
                let done = format!("without {}", paths.join(" "));
                self.put_rewritten(&parent, &done, options.message.clone(), rewrite)?
            }
            None => compared(self.image_value(&parent.record)?, &parent),
        };
        self.deliver(new, reference.as_ref())
    }

    fn require_all(&self, parent: &Parent, globs: &[Glob]) -> Result<()> {
        let mut missing: Vec<&Glob> = globs.iter().collect();
        for layer in &parent.layers {
            let index = Index::open(&index_of(&self.store()?.part_dir(&layer.part)))?;
            for entry in index.iter() {
                missing.retain(|glob| !Glob::any_covers(std::slice::from_ref(*glob), entry.path));
                if missing.is_empty() {
                    return Ok(());
                }
            }
        }
        let Some(glob) = missing.first() else { return Ok(()) };
        Err(Error::new(
            ErrorKind::NotFound,
            format!("no layer of image `{}` has `{}`", parent.label, glob.as_str()),
        )
        .with_hint(
            "paths are taken as they are written, symbolic links lead nowhere; `force: true` takes away what there is",
        ))
    }
}

/// Patterns that each name something.
pub(super) fn globs<S: AsRef<str>>(paths: &[S]) -> Result<Vec<Glob>> {
    let glob = |path: &S| {
        Glob::new(path.as_ref()).map_err(|error| {
            Error::invalid(error.to_string())
                .with_hint("a path in the image such as `/var/log/*.log`; `**` is any number of directories")
        })
    };
    paths.iter().map(glob).collect()
}

/// What became of the layers, if anything did.
pub(super) fn changed(parent: &Parent, layers: Vec<Option<DiffId>>) -> Option<Rewrite> {
    let same = layers.iter().zip(&parent.layers).all(|(new, old)| *new == Some(old.diff_id));
    (!same).then(|| Rewrite { above: layers.len(), layers, ..Rewrite::default() })
}
