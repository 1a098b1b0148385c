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
    let chain = ChainId::of(&[first.record.diff_id]);
    assert_eq!(store.layers().unwrap(), [first.record]);
    assert_eq!(store.special_part("init", chain).unwrap(), None);
    let (one, two) = (store.new_part().unwrap(), store.new_part().unwrap());
    assert_eq!(store.put_special_part("init", chain, &one).unwrap(), one);
    assert_eq!(store.put_special_part("init", chain, &two).unwrap(), one);
    assert_eq!(store.special_part("init", chain).unwrap(), Some(one));
}

#[test]
fn what_is_kept_for_a_chain_goes_with_the_last_image_that_has_it() {
    let store = fixture();
    let base = image(&store, "base", "base");
    let top = layer(&store, "top").unwrap().record;
    let twin = |config: &str| {
        let image = image_of(&[base.diff_ids[0], top.diff_id], config);
        store.put_image(&image, &[]).unwrap();
        image
    };
    let (one, two) = (twin("{}"), twin("{\"two\":2}"));
    let empty = image_of(&[], "{\"empty\":1}");
    store.put_image(&empty, &[]).unwrap();
    let keep = |layers: &[DiffId]| {
        let part = store.new_part().unwrap();
        store.put_special_part("init", ChainId::of(layers), &part).unwrap()
    };
    let (below, above, none) = (keep(&base.diff_ids), keep(&one.diff_ids), keep(&[]));
    let there = || {
        store.wait_for_removals();
        [&below, &above, &none].map(|part| store.part_dir(part).exists())
    };
    store.remove_image(&one.id).unwrap();
    assert_eq!(there(), [true, true, true]);
    store.remove_image(&two.id).unwrap();
    assert_eq!(there(), [true, false, true]);
    store.remove_image(&empty.id).unwrap();
    assert_eq!(there(), [true, false, false]);
    // What came too late, after its image had gone.
    let late = keep(&[top.diff_id]);
    assert_eq!(store.prune(false).unwrap().parts, [late]);
    assert_eq!(there(), [true, false, false]);
    assert_eq!(store.special_part("init", ChainId::of(&base.diff_ids)).unwrap(), Some(below.clone()));
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
