//! Images made ready to run, and views of whatever has files.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Error, Result, Subject, Workbench};
use crate::image::Config;
use crate::layer::Stack;
use crate::snapshot::Chain;
use crate::store::{ContainerRecord, ImageRecord};

/// What every container of one image has in common.
#[derive(Debug)]
pub(super) struct Prepared {
    pub config: Config,
    pub chain: Chain,
    pub accounts: Arc<Accounts>,
}

/// Who a container knows, as its own files have it.
#[derive(Debug)]
pub(super) struct Accounts {
    /// `/etc/passwd`.
    pub passwd: Vec<u8>,
    /// `/etc/group`.
    pub group: Vec<u8>,
}

/// Account files larger than this are not read: no honest one is.
const ACCOUNTS_LIMIT: u64 = 16 << 20;

impl Workbench {
    /// The image made ready; kept, because a script runs the same image again and again.
    pub(super) fn prepare(&self, record: &ImageRecord) -> Result<Arc<Prepared>> {
        let mut kept = self.prepared.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Another process may have removed the image and stored it again, elsewhere.
        if let Some(prepared) = kept.get(&record.id).filter(|prepared| prepared.chain.is_there()) {
            return Ok(Arc::clone(prepared));
        }
        let chain = Chain::of(self.store()?, &record.diff_ids, self.format()?)?;
        let accounts = Arc::new(accounts(&chain.view()?)?);
        let config = Config::parse(record.config.clone())?;
        let prepared = Arc::new(Prepared { config, chain, accounts });
        kept.insert(record.id, Arc::clone(&prepared));
        Ok(prepared)
    }

    /// An image that goes is no longer ready: its layers may go with it.
    pub(super) fn forget(&self, id: &crate::oci::Digest) {
        self.prepared.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(id);
        self.looks.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
    }

    /// The image behind a container.
    pub(super) fn prepare_container(&self, record: &ContainerRecord) -> Result<Arc<Prepared>> {
        let image =
            record.image.as_ref().map(|id| self.store()?.image(id).map_err(Error::from)).transpose()?;
        let image = image.flatten().ok_or_else(|| self.no_such_image(&record.image_reference))?;
        self.prepare(&image)
    }

    /// The trees of a container's own parts, newest first.
    pub(super) fn part_trees(&self, record: &ContainerRecord) -> Result<Vec<PathBuf>> {
        record.parts.iter().rev().map(|part| self.tree(part)).collect()
    }

    /// What the subject shows.
    pub(super) fn view(&self, subject: &Subject) -> Result<Stack> {
        match subject {
            Subject::Image(image) => {
                let record = self.image_record(image)?;
                Ok(self.prepare(&record)?.chain.image_view()?)
            }
            Subject::Container(container) => {
                let record = self.container_record(container)?;
                let prepared = self.prepare_container(&record)?;
                Ok(prepared.chain.view_under(self.part_trees(&record)?)?)
            }
        }
    }
}

/// `/etc/passwd` and `/etc/group` as the view shows them; empty where they are not there.
pub(super) fn accounts(view: &Stack) -> Result<Accounts> {
    let read = |path: &str| -> Result<Vec<u8>> {
        Ok(view.read(path.as_bytes(), ACCOUNTS_LIMIT)?.unwrap_or_default())
    };
    Ok(Accounts { passwd: read("etc/passwd")?, group: read("etc/group")? })
}
