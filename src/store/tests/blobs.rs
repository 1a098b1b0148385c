use std::io::{Read as _, Write as _};

use super::*;

#[test]
fn a_blob_is_there_whole_or_not_at_all() {
    let store = fixture();
    let digest = Digest::of(b"hello");
    assert!(!store.has_blob(&digest));
    assert!(matches!(store.open_blob(&digest), Err(Error::NotFound { noun: Noun::Blob, .. })));
    assert_eq!(store.write_blob(&b"hello"[..], Some(&digest)).unwrap(), (digest, 5));
    assert_eq!(store.write_blob(&b"hello"[..], None).unwrap(), (digest, 5), "twice is once");
    let mut text = String::new();
    store.open_blob(&digest).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");

    let other = Digest::of(b"other");
    let wrong = store.write_blob(&b"hello"[..], Some(&other));
    assert!(
        matches!(wrong, Err(Error::WrongDigest { expected, actual }) if expected == other && actual == digest)
    );
    let mut abandoned = store.blob_writer().unwrap();
    abandoned.write_all(b"half").unwrap();
    drop(abandoned);
    let broken = std::io::Error::other("the wire was cut");
    let failing = b"first ".chain(Failing(Some(broken)));
    assert!(store.write_blob(failing, None).unwrap_err().to_string().contains("the wire was cut"));
    assert_eq!(count(&store.blobs()), 1);
    assert_eq!(count(&store.root().join("tmp")), 0);
}

struct Failing(Option<std::io::Error>);

impl std::io::Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

#[test]
fn a_blob_stays_until_its_session_ends_or_an_image_has_it() {
    let store = fixture();
    let root = store.root().to_owned();
    let other = Store::open(&root).unwrap();
    let (digest, size) = store.write_blob(&b"compressed"[..], None).unwrap();
    assert_eq!(other.prune(false).unwrap(), PruneReport::default());

    let mut record = unrecorded_layer(&store, "tree").unwrap();
    record.tar = TarSource::Blob(digest, "application/gzip".to_owned());
    store.add_layer(&record).unwrap();
    let mut image = image_of(&[record.diff_id], "{}");
    image.compressed = vec![Some(BlobDescriptor { digest, size, media_type: "application/gzip".to_owned() })];
    assert_eq!(other.prune(false).unwrap(), PruneReport::default());
    store.put_image(&image, &[]).unwrap();
    drop(store.store);
    assert_eq!(other.prune(false).unwrap(), PruneReport::default());
    assert_eq!(other.image(&image.id).unwrap().unwrap(), image);
    assert_eq!(other.layer(&record.diff_id).unwrap().unwrap(), record);

    // Somebody about to use the blob again pins it; it survives its image.
    assert!(other.pin_blob(&digest).unwrap());
    assert!(!other.pin_blob(&Digest::of(b"no")).unwrap());
    assert_eq!(other.remove_image(&image.id).unwrap().layers, [record.diff_id]);
    other.wait_for_removals();
    assert!(other.has_blob(&digest));
    assert_eq!(count(&root.join("parts")), 0);
    drop(other);
    let last = Store::open(&root).unwrap();
    assert!(last.has_blob(&digest));
    let dry = last.prune(true).unwrap();
    assert_eq!(dry.blobs, [digest]);
    assert!(dry.bytes >= size);
    assert_eq!(last.prune(false).unwrap(), dry);
    assert!(!last.has_blob(&digest));
}
