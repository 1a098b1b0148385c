//! `slim`: an image without what nobody needs, proved by running it.

use std::collections::HashSet;

use super::rewrite::{Cut, Parent, borrowed, compared, reference_of};
use super::without::{changed, globs};
use super::{
    Command, DeriveOptions, Error, ErrorKind, Image, ImageTarget, Result, RunOptions, Subject, Workbench,
    index_of, junk,
};
use crate::image::Rewrite;
use crate::layer::{self, Glob, Index, Kind};
use crate::oci::Digest;

/// How to make an image smaller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SlimOptions {
    /// Names of rules; none at all are all of them.
    pub rules: Vec<String>,
    /// Commands that must succeed in the new image.
    pub checks: Vec<Command>,
    /// How to keep it.
    pub derive: DeriveOptions,
}

impl Workbench {
    /// `image` without known junk, and without what its later layers hide of the earlier ones. If there is nothing of
    /// that, the image itself.
    ///
    /// # Errors
    /// [`ErrorKind::Exit`] and others of [`Self::run`] for a check that fails: then the new image is not kept.
    pub fn slim(&self, image: &Image, options: &SlimOptions) -> Result<Image> {
        let reference = reference_of(&options.derive)?;
        let (paths, waste) = junk::chosen(&options.rules)?;
        let parent = self.parent(image)?;
        let globs = globs(&paths)?;
        let hidden = if waste { self.hidden(&parent, &globs)? } else { Vec::new() };
        let layers = self.cut(&parent, &Cut { globs, keeps_links: true, hidden })?;
        let (new, is_new) = match changed(&parent, layers) {
            Some(rewrite) => self.put_slim(&parent, options, rewrite)?,
            None => (compared(self.image_value(&parent.record)?, &parent), false),
        };
        if let Err(error) = self.prove(&new, &options.checks) {
            if is_new {
                // Whoever has begun to use it meanwhile keeps it; what failed is the check.
                let _ = self.rm_image(&ImageTarget::Image(Box::new(new)), false);
            }
            return Err(error);
        }
        self.deliver(new, reference.as_ref())
    }

    /// The new image, and whether it was not there before.
    fn put_slim(&self, parent: &Parent, options: &SlimOptions, rewrite: Rewrite) -> Result<(Image, bool)> {
        let before: HashSet<Digest> = self.store()?.images()?.iter().map(|image| image.record.id).collect();
        let done = match options.rules.as_slice() {
            [] => "slim".to_owned(),
            rules => format!("slim {}", rules.join(" ")),
        };
        let new = self.put_rewritten(parent, &done, options.derive.message.clone(), rewrite)?;
        let is_new = !before.iter().any(|id| id.to_string() == new.id);
        Ok((new, is_new))
    }

    /// By layer, what later ones hide of it; nothing where no bytes of it are hidden, so that the layer stays.
    fn hidden(&self, parent: &Parent, globs: &[Glob]) -> Result<Vec<HashSet<Vec<u8>>>> {
        let indexes = parent
            .layers
            .iter()
            .map(|layer| Ok(Index::open(&index_of(&self.store()?.part_dir(&layer.part)))?))
            .collect::<Result<Vec<Index>>>()?;
        let mut hidden = layer::hidden(&borrowed(&indexes));
        for (paths, index) in hidden.iter_mut().zip(&indexes) {
            let has_bytes = index.iter().any(|entry| {
                entry.kind == Kind::File
                    && entry.size > 0
                    && (paths.contains(entry.path) || layer::is_inside(entry.path, paths))
                    && !Glob::any_covers(globs, entry.path)
            });
            if !has_bytes {
                paths.clear();
            }
        }
        Ok(hidden)
    }

    /// Runs each of `checks` in a container of `image` that goes afterwards.
    fn prove(&self, image: &Image, checks: &[Command]) -> Result<()> {
        for command in checks {
            let options = RunOptions { rm: true, ..RunOptions::default() };
            let ran = self.run(Subject::Image(image.clone()), Some(command.clone()), options);
            let Err(error) = ran else { continue };
            if error.kind == ErrorKind::Interrupted {
                return Err(error);
            }
            let words = match command {
                Command::Shell(text) => text.clone(),
                Command::Argv(words) => words.join(" "),
            };
            return Err(Error {
                message: format!("the check `{words}` fails in the new image: {}", error.message),
                hint: Some(
                    "the new image was not kept; name the rules that may be used: `slim(image, [\"packages\"])`"
                        .to_owned(),
                ),
                container: None,
                ..error
            });
        }
        Ok(())
    }
}
