//! `fsck`: whether the store holds what it says.

use super::{FsckOptions, FsckReport, Problem, Result, Workbench, index_of, tree_of};
use crate::layer::{self, Index, TarOptions};
use crate::oci::{DiffId, Digester};
use crate::store::{self, LayerRecord, TarSource};

impl Workbench {
    /// Checks every record, blob and layer; with `repair` removes garbage and sets damaged images
    /// aside, so that they answer with a clear error instead of a wrong result.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    pub fn fsck(&self, options: FsckOptions) -> Result<FsckReport> {
        let store = self.store()?;
        let verify = |record: &LayerRecord| self.verify(record).map_err(|error| error.to_string());
        let report = store.fsck(&store::FsckOptions {
            verify_layers: &verify,
            verify_blobs: true,
            repair: options.repair,
        })?;
        Ok(FsckReport {
            problems: report
                .problems
                .into_iter()
                .map(|problem| Problem {
                    kind: problem.kind.as_str().to_owned(),
                    name: problem.name,
                    detail: problem.detail,
                    repaired: problem.repaired,
                })
                .collect(),
            garbage: garbage(&report.garbage),
        })
    }

    /// Whether a layer's directory still gives the tar that its DiffID is the digest of.
    fn verify(&self, record: &LayerRecord) -> Result<()> {
        let part = self.store()?.part_dir(&record.part);
        let index = Index::open(&index_of(&part))?;
        let diff_id = match record.tar {
            TarSource::Canonical => {
                layer::digest_tar(&tree_of(&part), index.iter(), &TarOptions::default(), &layer::never)?.0
            }
            TarSource::Split => {
                let mut digester = Digester::default();
                layer::rebuild_tar(&part, &mut digester)?;
                DiffId(digester.finish())
            }
            // The blob's own digest is checked by the store.
            TarSource::Blob(..) => return Ok(()),
        };
        if diff_id == record.diff_id {
            return Ok(());
        }
        Err(super::Error::new(
            super::ErrorKind::Corrupt,
            format!("its content has the digest `{diff_id}` instead"),
        ))
    }
}

/// What lies about, a name each.
fn garbage(found: &store::PruneReport) -> Vec<String> {
    let layers = found.layers.iter().map(|layer| format!("layer {layer}"));
    let parts = found.parts.iter().map(|part| format!("part {part}"));
    let blobs = found.blobs.iter().map(|blob| format!("blob {blob}"));
    let temporary = found.temporary.iter().map(|name| format!("temporary {name}"));
    layers.chain(parts).chain(blobs).chain(temporary).collect()
}
