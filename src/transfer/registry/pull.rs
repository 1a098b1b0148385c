//! Images from a registry into the store.

use std::collections::HashSet;

use super::resolve::{first, resolve};
use super::{Client, RegistryOptions, download};
use crate::oci::Reference;
use crate::store::Store;
use crate::transfer::load::{self, Loaded};
use crate::transfer::parallel::in_parallel;
use crate::transfer::{Error, LoadOptions};

/// Brings the image that `reference` names into `store`, and moves the name to it.
///
/// Every document and layer is checked against the digest and size by which it was found, and the layers' content
/// against their DiffIDs. Layers come in parallel, each in one pass from the network to the tree; what is in the
/// store already does not come again. A connection that breaks is resumed; after an interrupt, a failure of the
/// network or a kill the next pull goes on where this one ended.
///
/// # Errors
/// [`Error::Registry`] for what the registry does, [`Error::NoPlatform`], and what is wrong with the image, as in
/// [`load`](crate::transfer::load()); then no image is recorded.
pub fn pull(
    store: &Store,
    reference: &Reference,
    options: &RegistryOptions,
    loading: &LoadOptions,
) -> Result<Loaded, Error> {
    let client = Client::new(options)?;
    first(&client, reference, |session| {
        let resolved = resolve(session, reference, options.platform.as_deref())?;
        let mut seen = HashSet::new();
        let mut files = Vec::new();
        for (file, blob) in resolved.found.layers.iter().zip(&resolved.layers) {
            if seen.insert(file) {
                files.push((blob.size, file));
            }
        }
        let fetched = in_parallel(files, client.patience.connections, &client.watch, |file| {
            let at = resolved.found.layers.iter().position(|other| other == file);
            let blob = at.and_then(|at| resolved.layers.get(at));
            let blob = blob.ok_or_else(|| Error::document(&*file.member, "it is no layer of this image"))?;
            download::layer(session, store, blob, file.diff_id, loading)
        });
        let fetched = match fetched {
            // The next mirror must not find the watch stopped by this one's failure.
            Err(error) => {
                client.watch.go_on();
                return Err(error);
            }
            Ok(fetched) => fetched,
        };
        let resolved_image = resolved.found;
        load::put(store, resolved_image, &fetched)
    })
}
