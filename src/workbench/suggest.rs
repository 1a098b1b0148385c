//! What can be named: for completion, which must be quick, fetch nothing and change nothing.

use super::run::RunConfig;
use super::{Error, Image, Result, Subject, Workbench, index_of, tree_of};
use crate::image::Config;
use crate::layer::{self, Index, Stack};
use crate::oci::Digest;
use crate::store::ImageRecord;

/// A file in a container or image, as completion shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InnerFile {
    /// Its name as scripts spell it, without the folder.
    pub name: String,
    /// A directory, or a link to one.
    pub is_dir: bool,
    /// It can be run.
    pub is_program: bool,
}

/// Where a command of a container or image begins, and where its programs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearings {
    /// The working directory.
    pub workdir: String,
    /// The folders of `PATH`, in order.
    pub path: Vec<String>,
}

impl Workbench {
    /// At most `most` references that begin with `begin`.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub fn references_beginning(&self, begin: &str, most: usize) -> Result<Vec<String>> {
        let found = self.store()?.references_beginning(begin, most)?;
        let spelled = |whole: String, short: String| {
            if !short.starts_with(begin) && whole.starts_with(begin) { whole } else { short }
        };
        Ok(found.iter().map(|name| spelled(name.canonical(), name.to_string())).collect())
    }

    /// At most `most` names of containers that begin with `begin`.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub fn containers_beginning(&self, begin: &str, most: usize) -> Result<Vec<String>> {
        Ok(self.store()?.containers_beginning(begin, most)?)
    }

    /// At most `most` names of snapshots that begin with `begin`.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub fn snapshots_beginning(&self, begin: &str, most: usize) -> Result<Vec<String>> {
        Ok(self.store()?.snapshots_beginning(begin, most)?)
    }

    /// The image in the store that `text` names, if there is one; nothing is pulled.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub fn stored_image(&self, text: &str) -> Result<Option<Image>> {
        self.find_image(text)?.map(|record| self.image_value(&record)).transpose()
    }

    /// At most `most` names in the folder `folder` that begin with `begin`, in order. Of an image that is not in the
    /// store there are none.
    ///
    /// # Errors
    /// When the subject is gone or cannot be read.
    pub fn names_beginning(
        &self,
        subject: &Subject,
        folder: &str,
        begin: &str,
        most: usize,
    ) -> Result<Vec<InnerFile>> {
        let store = self.store()?;
        let mut trees = Vec::new();
        if let Subject::Container(container) = subject {
            let record = self.container_record(container)?;
            trees.extend(self.part_trees(&record)?.into_iter().map(|tree| (tree, None)));
        }
        let Some(image) = self.stored_image_of(subject)? else { return Ok(Vec::new()) };
        for diff_id in image.diff_ids.iter().rev() {
            let part = store.part_dir(&self.stored_layer(diff_id)?.part);
            // One that cannot be read is a matter for `fsck`; the tree says the same.
            trees.push((tree_of(&part), Index::open(&index_of(&part)).ok()));
        }
        let (trees, indexes): (Vec<_>, Vec<_>) = trees.into_iter().unzip();
        let view = Stack::open(&trees, self.format()?)?;
        // A name that ends in the middle of an escape has no bytes yet.
        let (Ok(folder), Ok(begin)) = (layer::unescape_path(folder), layer::unescape_path(begin)) else {
            return Ok(Vec::new());
        };
        let found = view.names_beginning(&folder, &begin, most, &indexes)?;
        Ok(found
            .into_iter()
            .map(|(name, glance)| InnerFile {
                name: layer::escape_path(&name),
                is_dir: glance.is_dir,
                is_program: glance.is_program,
            })
            .collect())
    }

    /// Where a command would begin, and where its programs would be looked for.
    ///
    /// # Errors
    /// When the subject is gone or cannot be read.
    pub fn bearings(&self, subject: &Subject) -> Result<Option<Bearings>> {
        let Some(image) = self.stored_image_of(subject)? else { return Ok(None) };
        let config = Config::parse(image.config)?;
        let mut workdir = config.working_dir();
        let mut env = config.env();
        if let Subject::Container(container) = subject {
            let own = RunConfig::of(&self.container_record(container)?);
            if !own.workdir.is_empty() {
                workdir = own.workdir;
            }
            env.extend(own.env);
        }
        let path = env.iter().rev().find_map(|line| line.strip_prefix("PATH="));
        let path = path.unwrap_or(crate::container::environment::DEFAULT_PATH);
        let path = path.split(':').filter(|folder| folder.starts_with('/')).map(str::to_owned).collect();
        Ok(Some(Bearings { workdir, path }))
    }

    /// The record of the image that a subject is or is made of; `None` for one that is only looked at.
    fn stored_image_of(&self, subject: &Subject) -> Result<Option<ImageRecord>> {
        let id = match subject {
            Subject::Image(image) => image.id.parse::<Digest>().ok(),
            Subject::Container(container) => self.container_record(container)?.image,
        };
        Ok(id.map(|id| self.store()?.image(&id).map_err(Error::from)).transpose()?.flatten())
    }
}
