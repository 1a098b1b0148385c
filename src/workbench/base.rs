//! `base`: an image without a network.

use super::{Error, ErrorKind, Image, Result, Workbench};
use crate::image::Config;
use crate::layer::Stack;
use crate::oci::Reference;
use crate::transfer::base::{self, Host};

impl Workbench {
    /// The starter image, assembled from this machine's programs at first need and then kept.
    ///
    /// # Errors
    /// When the machine has no shell to copy, or the disk is full.
    pub fn base(&self) -> Result<Image> {
        let store = self.store()?;
        let reference: Reference = base::REFERENCE.parse()?;
        if let Some(record) = store.image_by_ref(&reference)?
            && is_filled(&store.packages_dir())
        {
            return self.image_value(&record);
        }
        let host = Host::default();
        let part = store.new_part()?;
        let tree = self.tree(&part)?;
        base::assemble(&tree, &host)?;
        self.assemble_packages(&tree, &host)?;
        let layer = self.layer_from_new_part(&part, &Stack::open(&[], self.format()?)?)?;
        let layer = layer.ok_or_else(|| Error::new(ErrorKind::Internal, "the starter image is empty"))?;
        let document = base::config(&layer.diff_id).to_string();
        self.put_config(&Config::parse(document.into_bytes())?, Some(&reference))
    }

    /// The folder that `pkg` installs from appears at once and whole.
    fn assemble_packages(&self, base: &std::path::Path, host: &Host) -> Result<()> {
        let store = self.store()?;
        let target = store.packages_dir();
        if is_filled(&target) {
            return Ok(());
        }
        let said = |error: std::io::Error| Error::io("preparing the packages of the starter image", &error);
        let staging = store.temporary_dir()?;
        std::fs::create_dir_all(&staging).map_err(said)?;
        let assembled = base::assemble_packages(&staging, base, host).map_err(Error::from);
        let placed = assembled.and_then(|()| std::fs::rename(&staging, &target).map_err(said));
        match placed {
            Ok(()) => Ok(()),
            Err(error) => {
                store.remove_temporary(staging)?;
                // Another process was first; its folder is as good.
                if is_filled(&target) { Ok(()) } else { Err(error) }
            }
        }
    }
}

/// An empty folder comes with the store.
fn is_filled(folder: &std::path::Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}
