//! An image's layers from a registry as files, which nobody looks into.

use std::fs::File;

use super::receive::{Receiving, name_of};
use super::resolve::{Remote, RemoteLayer, first};
use super::session::Session;
use super::{Client, RegistryOptions};
use crate::store::{BlobWriter, Store, WholeBlob};
use crate::transfer::Error;
use crate::transfer::document::Descriptor;
use crate::transfer::fetch::wrong_digest;
use crate::transfer::parallel::{Results, in_parallel};

/// Brings those layers of `remote` that `wanted` has, in parallel; each is what its digest says, and was not
/// unpacked. Interrupted or broken off, the next try goes on from what came.
///
/// # Errors
/// As [`pull`](super::pull()), but for what is in layers.
pub(in crate::transfer) fn bring(
    store: &Store,
    remote: &Remote,
    wanted: &[&RemoteLayer],
    options: &RegistryOptions,
) -> Result<Results<WholeBlob, RemoteLayer>, Error> {
    let client = Client::new(options)?;
    first(&client, &remote.reference, |session| {
        let files = wanted.iter().map(|layer| (layer.size, *layer)).collect();
        let brought = in_parallel(files, client.patience.connections, &client.watch, |layer| {
            whole(session, store, layer)
        });
        if brought.is_err() {
            // The next mirror must not find the watch stopped by this one's failure.
            client.watch.go_on();
        }
        brought
    })
}

fn whole(session: &Session<'_>, store: &Store, layer: &RemoteLayer) -> Result<WholeBlob, Error> {
    let blob = &Descriptor {
        media_type: Some(layer.media_type.clone()),
        digest: layer.digest,
        size: layer.size,
        annotations: None,
        platform: None,
    };
    let item = session.client.report.begin(layer.digest.short(), "copy", Some(layer.size));
    let receive = |reader: File, mut writer: BlobWriter| -> Result<WholeBlob, Error> {
        let received = Receiving { session, blob }.run(reader, &mut writer, &item, &mut |_| Ok(()));
        if let Err(error) = received {
            if matches!(error, Error::Digest { .. } | Error::Size { .. } | Error::Limit { .. }) {
                writer.discard();
            }
            return Err(error);
        }
        writer.whole(&layer.digest).map_err(|error| wrong_digest(&name_of(session, blob), error))
    };
    let (reader, writer) = store.resume_blob(&layer.digest)?;
    let resumed = reader.metadata().is_ok_and(|found| found.len() > 0);
    let outcome = match receive(reader, writer) {
        // What an earlier attempt left behind may have been damaged since.
        Err(Error::Digest { .. } | Error::Size { .. }) if resumed => {
            item.restart();
            let (reader, writer) = store.resume_blob(&layer.digest)?;
            receive(reader, writer)
        }
        outcome => outcome,
    };
    let brought = outcome.map_err(|error| error.of_layer(&name_of(session, blob)))?;
    item.end("copied");
    Ok(brought)
}
