//! Images from the store to a registry.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use ureq::http::Method;

use super::session::{Ask, Payload, Session};
use super::upload::{Outcome, Source, upload};
use super::{Client, RegistryOptions};
use crate::oci::{Digest, Reference, media_type};
use crate::store::{BlobDescriptor, ImageRecord, LayerRecord, Store};
use crate::transfer::archive::Section;
use crate::transfer::saver::Saver;
use crate::transfer::{Error, SaveOptions};

/// What was pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The manifest's digest, by which the registry knows it.
    pub manifest_digest: Digest,
    /// Layers that went over the wire; the others were there or could be mounted.
    pub uploaded: usize,
}

/// Writes `image` to `reference`: layers that the registry lacks, in parallel, then the configuration, then the manifest.
///
/// A layer that came compressed goes out as the same blob, and an image of which nothing has changed keeps its
/// manifest, byte for byte, and so its digest.
///
/// # Errors
/// [`Error::Registry`]; [`Error::Name`] for options that do not fit; those of [`save`](crate::transfer::save()).
pub fn push(
    store: &Store,
    image: &ImageRecord,
    reference: &Reference,
    saving: &SaveOptions,
    options: &RegistryOptions,
) -> Result<Pushed, Error> {
    crate::transfer::save::check_level(saving)?;
    let client = Client::new(options)?;
    let endpoint = client.settings.endpoints(reference, false)?.pop();
    let endpoint = endpoint.ok_or_else(|| Error::Name {
        text: reference.to_string(),
        reason: "is nowhere to be written".to_owned(),
    })?;
    let session = Session::new(&client, endpoint)?;
    let saver = Saver::new(store, image, saving, client.watch.clone());
    let pusher = Pusher { session: &session, saver: &saver, store, image, reference };
    let layers = saver.layers()?;
    let (descriptors, uploaded) = pusher.layers(&layers)?;
    let documents = saver.documents(&descriptors, true);
    upload(&session, &Digest::of(&documents.config), &Source::Bytes(&documents.config), &[], None)?;
    let manifest_digest = pusher.manifest(&documents.manifest)?;
    Ok(Pushed { manifest_digest, uploaded })
}

struct Pusher<'a> {
    session: &'a Session<'a>,
    saver: &'a Saver<'a>,
    store: &'a Store,
    image: &'a ImageRecord,
    reference: &'a Reference,
}

type Done = HashMap<Digest, (BlobDescriptor, Outcome)>;

impl Pusher<'_> {
    /// Each distinct layer once, several at a time.
    fn layers(&self, layers: &[LayerRecord]) -> Result<(Vec<BlobDescriptor>, usize), Error> {
        let mut seen = HashSet::new();
        let mut work: Vec<(usize, &LayerRecord)> = Vec::new();
        for (position, layer) in layers.iter().enumerate() {
            if seen.insert(layer.diff_id) {
                work.push((position, layer));
            }
        }
        work.sort_by_key(|(_, layer)| std::cmp::Reverse(layer.tar_size));
        let watch = &self.session.client.watch;
        let next = AtomicUsize::new(0);
        let results: Mutex<(Done, Option<Error>)> = Mutex::default();
        let each = || {
            while let Some((position, layer)) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                let outcome = watch.check().and_then(|()| self.layer(*position, layer));
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                match outcome {
                    Ok(done) => drop(results.0.insert(layer.diff_id.0, done)),
                    Err(error) => {
                        results.1.get_or_insert(error);
                        watch.stop();
                        return;
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.session.client.patience.connections.min(work.len()) {
                scope.spawn(each);
            }
            each();
        });
        let done = match results.into_inner().unwrap_or_else(PoisonError::into_inner) {
            (_, Some(error)) => return Err(error),
            (done, None) => done,
        };
        let uploaded = done.values().filter(|(_, outcome)| *outcome == Outcome::Uploaded).count();
        let descriptors =
            layers.iter().filter_map(|layer| done.get(&layer.diff_id.0)).map(|(blob, _)| blob.clone());
        Ok((descriptors.collect(), uploaded))
    }

    fn layer(&self, position: usize, layer: &LayerRecord) -> Result<(BlobDescriptor, Outcome), Error> {
        let session = self.session;
        let (blob, section) = match self.saver.kept_blob(layer, position)? {
            Some(blob) => (blob.clone(), Section::of(&self.store.open_blob(&blob.digest)?)),
            None => {
                let scratch = self.store.root().join("tmp");
                let file =
                    tempfile::tempfile_in(&scratch).map_err(Error::io("create a file in", &scratch))?;
                let blob = self.saver.compress(layer, position, &file)?;
                (blob, Section::of(&file))
            }
        };
        let section = section.map_err(Error::io("read", self.store.root()))?;
        let report = &session.client.report;
        let item = report.begin(blob.digest.short(), "push", Some(blob.size));
        let mounts = self.mounts(&blob.digest)?;
        let outcome = upload(session, &blob.digest, &Source::File(section), &mounts, Some(&item))?;
        item.end(outcome.word());
        Ok((blob, outcome))
    }

    /// Repositories of the same registry that have this blob, as far as the names in our store tell.
    fn mounts(&self, digest: &Digest) -> Result<Vec<String>, Error> {
        const MOST: usize = 3;
        let mut found: Vec<String> = Vec::new();
        for stored in self.store.images()? {
            let has = stored.record.compressed.iter().flatten().any(|blob| blob.digest == *digest);
            for name in stored.references.iter().filter(|_| has) {
                let same = name.registry() == self.reference.registry()
                    && name.repository() != self.reference.repository();
                if same && found.len() < MOST && !found.iter().any(|known| known == name.repository()) {
                    found.push(name.repository().to_owned());
                }
            }
        }
        Ok(found)
    }

    fn manifest(&self, raw: &[u8]) -> Result<Digest, Error> {
        let session = self.session;
        let digest = Digest::of(raw);
        if let Some(wanted) = self.reference.digest().filter(|wanted| **wanted != digest) {
            let name = self.reference.to_string();
            return Err(Error::Digest { name, expected: *wanted, found: digest });
        }
        let name = self.reference.tag().map_or_else(|| digest.to_string(), str::to_owned);
        let what = format!("manifest `{}:{name}`", session.endpoint.repository);
        let kind = serde_json::from_slice::<serde_json::Value>(raw).ok();
        let kind = kind.as_ref().and_then(|document| document.get("mediaType")?.as_str());
        let kind = kind.unwrap_or(media_type::OCI_MANIFEST);
        let scope = session.scope("pull,push");
        session.retry(|| {
            let path = session.path(&format!("manifests/{name}"));
            let mut ask = Ask::new(Method::PUT, path, &scope, &what).header("content-type", kind);
            ask.payload = Payload::Bytes(raw);
            session.send(ask).map(drop)
        })?;
        debug_assert_eq!(self.image.diff_ids.is_empty(), self.image.compressed.is_empty());
        Ok(digest)
    }
}
