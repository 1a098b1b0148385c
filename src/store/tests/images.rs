use super::*;

#[test]
fn references_move_and_say_so() {
    let store = fixture();
    let (first, second) = (image(&store, "1", "a:1"), image(&store, "2", "a:2"));
    let (one, two) = (reference("a:1"), reference("a:2"));
    assert_eq!(store.image_by_ref(&one).unwrap().unwrap(), first);
    let moved = store.put_image(&second, &[two.clone(), one.clone()]).unwrap();
    assert_eq!(moved, [MovedReference { reference: one.clone(), from: first.id }]);
    assert_eq!(store.refs_of(&second.id).unwrap(), [one.clone(), two.clone()]);
    assert_eq!(store.tag(&first.id, &one).unwrap(), Some(second.id));
    assert_eq!(store.tag(&first.id, &one).unwrap(), None);
    assert_eq!(store.untag(&two).unwrap(), Some(second.id));
    assert_eq!(store.untag(&two).unwrap(), None);
    assert_eq!(store.image_by_ref(&two).unwrap(), None);
    assert!(matches!(store.tag(&Digest::of(b"no"), &two), Err(Error::NotFound { noun: Noun::Image, .. })));
    let all = store.images().unwrap();
    assert_eq!(all.len(), 2);
    let listed = all.iter().find(|image| image.record.id == first.id).unwrap();
    assert_eq!((&listed.record, listed.references.as_slice()), (&first, &[one][..]));
}

#[test]
fn ids_may_be_short() {
    let store = fixture();
    let wanted = image(&store, "1", "a");
    for count in 0..40 {
        image(&store, &format!("other {count}"), "b");
    }
    for prefix in
        [wanted.id.hex(), wanted.id.short(), wanted.id.to_string(), format!("sha256:{}", wanted.id.short())]
    {
        assert_eq!(store.image_by_id_prefix(&prefix).unwrap().unwrap(), wanted);
    }
    let ambiguous = (0..16).map(|digit| store.image_by_id_prefix(&format!("{digit:x}")));
    assert!(
        ambiguous.into_iter().any(|found| matches!(found, Err(Error::Ambiguous { noun: Noun::Image, .. })))
    );
    assert_eq!(store.image_by_id_prefix("").unwrap(), None);
    assert_eq!(store.image_by_id_prefix("A").unwrap(), None);
}

#[test]
fn an_image_names_only_what_is_there() {
    let store = fixture();
    let layer = layer(&store, "x").unwrap().record;
    let missing = DiffId(Digest::of(b"none"));
    let image = image_of(&[layer.diff_id, missing], "{}");
    assert!(
        matches!(store.put_image(&image, &[]), Err(Error::MissingLayer { diff_id }) if diff_id == missing)
    );
    let mut image = image_of(&[layer.diff_id], "{}");
    let digest = Digest::of(b"none");
    image.compressed = vec![Some(BlobDescriptor { digest, size: 4, media_type: String::new() })];
    assert!(matches!(store.put_image(&image, &[]), Err(Error::MissingBlob { .. })));
    image.id = Digest::of(b"other");
    assert!(matches!(store.put_image(&image, &[]), Err(Error::WrongDigest { .. })));
    assert_eq!(store.images().unwrap(), []);
    let mut record = unrecorded_layer(&store, "y").unwrap();
    store.remove_part(&record.part).unwrap();
    store.wait_for_removals();
    assert!(matches!(store.add_layer(&record), Err(Error::MissingPart { .. })));
    record.part = store.new_part().unwrap();
    record.tar = TarSource::Blob(digest, String::new());
    assert!(matches!(store.add_layer(&record), Err(Error::MissingBlob { .. })));
}

#[test]
fn the_first_layer_wins() {
    let store = fixture();
    let first = layer(&store, "x").unwrap();
    let second = layer(&store, "x").unwrap();
    assert!(first.added && !second.added);
    assert_eq!(first.record, second.record);
    assert_eq!(store.layers().unwrap(), [first.record]);
    assert_eq!(store.special_part("init", "k").unwrap(), None);
    let (one, two) = (store.new_part().unwrap(), store.new_part().unwrap());
    assert_eq!(store.put_special_part("init", "k", &one).unwrap(), one);
    assert_eq!(store.put_special_part("init", "k", &two).unwrap(), one);
    assert_eq!(store.special_part("init", "k").unwrap(), Some(one.clone()));
    store.remove_special_part("init", "k").unwrap();
    store.wait_for_removals();
    assert!(!store.part_dir(&one).exists());
}

#[test]
fn layers_go_with_the_last_image_that_has_them() {
    let store = fixture();
    let base = image(&store, "base", "base");
    let top = layer(&store, "top").unwrap().record;
    let child = image_of(&[base.diff_ids[0], top.diff_id], "{\"child\":1}");
    store.put_image(&child, &[reference("child")]).unwrap();
    let removed = store.remove_image(&base.id).unwrap();
    assert_eq!(removed, RemovedImage { references: vec![reference("base")], layers: vec![] });
    assert_eq!(store.remove_image(&child.id).unwrap().layers.len(), 2);
    store.wait_for_removals();
    assert!(!store.part_dir(&top.part).exists());
    assert_eq!(store.layers().unwrap(), []);
    assert!(matches!(store.remove_image(&child.id), Err(Error::NotFound { .. })));
    assert_eq!(store.image_by_ref(&reference("child")).unwrap(), None);
}

#[test]
fn a_pull_in_progress_is_left_alone() {
    let store = fixture();
    let other = Store::open(store.root()).unwrap();
    let added = layer(&store, "pulled").unwrap().record;
    let in_progress = store.new_part().unwrap();
    let folder = store.temporary_dir().unwrap();
    assert_eq!(other.prune(false).unwrap(), PruneReport::default());
    assert!(check(&other, true).is_clean());
    assert!(store.part_fs(&added.part).join("file").exists() && store.part_fs(&in_progress).exists());
    assert!(folder.exists());
    // The other one has it too, and fails.
    assert!(other.pin_layer(&added.diff_id).unwrap().is_some());
    assert_eq!(other.pin_layer(&DiffId(Digest::of(b"no"))).unwrap(), None);
    drop(other);
    assert_eq!(store.prune(false).unwrap(), PruneReport::default());
    store.put_image(&image_of(&[added.diff_id], "{}"), &[]).unwrap();
    store.remove_image(&Digest::of(b"{}")).unwrap();
    assert_eq!(store.layer(&added.diff_id).unwrap(), None);
}

#[test]
fn what_a_finished_session_left_is_pruned() {
    let store = fixture();
    let root = store.root().to_owned();
    let kept = image(&store, "kept", "kept");
    let added = layer(&store, "unused").unwrap().record;
    drop(store.store);
    let store = Store::open(&root).unwrap();
    let dry = store.prune(true).unwrap();
    assert_eq!(
        (dry.layers.as_slice(), dry.parts.as_slice()),
        (&[added.diff_id][..], &[added.part.clone()][..])
    );
    assert!(store.layer(&added.diff_id).unwrap().is_some(), "a dry run takes nothing");
    assert_eq!(store.prune(false).unwrap(), dry);
    assert_eq!(store.layer(&added.diff_id).unwrap(), None);
    assert!(!store.part_dir(&added.part).exists());
    assert_eq!(store.image(&kept.id).unwrap(), Some(kept));
    assert_eq!(store.prune(false).unwrap(), PruneReport::default());
}

#[test]
fn mount_points_go_with_the_last_image_of_their_chain() {
    let store = fixture();
    let kept_for = |layers: &[DiffId]| {
        let key = ChainId::of(layers).unwrap().to_string();
        let part = store.new_part().unwrap();
        store.put_special_part(CHAIN_KIND, &key, &part).unwrap();
        (key, part)
    };
    let (one, two) = (layer(&store, "1").unwrap().record.diff_id, layer(&store, "2").unwrap().record.diff_id);
    let images = [
        image_of(&[one, two], "{\"a\":1}"),
        image_of(&[one, two], "{\"b\":1}"),
        image_of(&[two, one], "{\"c\":1}"),
        image_of(&[two], "{\"d\":1}"),
    ];
    for image in &images {
        store.put_image(image, &[]).unwrap();
    }
    let (both, part) = kept_for(&[one, two]);
    let (other, _) = kept_for(&[two, one]);
    // Another image has the same layers.
    store.remove_image(&images[0].id).unwrap();
    assert_eq!(store.special_part(CHAIN_KIND, &both).unwrap(), Some(part.clone()));
    store.remove_image(&images[1].id).unwrap();
    assert_eq!(store.special_part(CHAIN_KIND, &both).unwrap(), None);
    store.wait_for_removals();
    assert!(!store.part_dir(&part).exists());
    assert!(store.special_part(CHAIN_KIND, &other).unwrap().is_some());
    // What an older version left goes when somebody tidies up.
    let (both, part) = kept_for(&[one, two]);
    let report = store.prune(false).unwrap();
    assert_eq!(report.parts, [part]);
    assert_eq!(store.special_part(CHAIN_KIND, &both).unwrap(), None);
    assert!(store.special_part(CHAIN_KIND, &other).unwrap().is_some());
    assert!(check(&store, false).problems.is_empty());
}
