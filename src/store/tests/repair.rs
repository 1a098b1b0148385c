use super::*;

fn kinds(report: &FsckReport) -> Vec<(ProblemKind, bool)> {
    report.problems.iter().map(|problem| (problem.kind, problem.repaired)).collect()
}

#[test]
fn a_damaged_layer_takes_its_images_aside() {
    let store = fixture();
    let (good, bad) = (image(&store, "good", "good"), image(&store, "bad", "bad"));
    let part = store.layer(&bad.diff_ids[0]).unwrap().unwrap().part;
    fs::write(store.part_fs(&part).join("file"), "changed").unwrap();
    let found = check(&store, false);
    assert_eq!(kinds(&found), [(ProblemKind::Layer, false), (ProblemKind::Image, false)]);
    assert!(found.problems[1].detail.contains("is damaged"), "{found:?}");
    assert!(store.image_by_ref(&reference("bad")).unwrap().is_some(), "without repair nothing changes");

    assert_eq!(kinds(&check(&store, true)), [(ProblemKind::Layer, true), (ProblemKind::Image, true)]);
    let refused = store.image_by_ref(&reference("bad")).unwrap_err();
    assert!(matches!(&refused, Error::Damaged { .. }), "{refused}");
    assert!(matches!(store.image(&bad.id), Err(Error::Damaged { .. })));
    let new = NewContainer { image: Some(bad.id), ..Default::default() };
    assert!(matches!(store.create_container(&new), Err(Error::Damaged { .. })));
    assert!(store.images().unwrap().iter().any(|image| image.damage.is_some()));
    assert_eq!(store.image(&good.id).unwrap(), Some(good));
    // Known damage is still reported, until the image is stored again.
    assert_eq!(kinds(&check(&store, true)), [(ProblemKind::Image, true)]);
    image(&store, "bad", "bad");
    assert!(check(&store, true).is_clean());
    assert_eq!(store.image_by_ref(&reference("bad")).unwrap(), Some(bad));
}

#[test]
fn missing_directories_and_blobs_are_found() {
    let store = fixture();
    let (digest, size) = store.write_blob(&b"blob"[..], None).unwrap();
    let mut record = unrecorded_layer(&store, "layer").unwrap();
    record.tar = TarSource::Blob(digest, "gzip".to_owned());
    store.add_layer(&record).unwrap();
    let mut image = image_of(&[record.diff_id], "{}");
    image.compressed = vec![Some(BlobDescriptor { digest, size, media_type: "gzip".to_owned() })];
    store.put_image(&image, &[reference("a")]).unwrap();
    fs::write(store.blob_path(&digest), "bl0b").unwrap();

    let special =
        store.put_special_part("init", ChainId::of(&image.diff_ids), &store.new_part().unwrap()).unwrap();
    fs::remove_dir_all(store.part_dir(&special)).unwrap();
    let parts = vec![store.new_part().unwrap()];
    let (made, lock) = store.create_container(&NewContainer { parts, ..Default::default() }).unwrap();
    fs::remove_dir_all(store.part_dir(&made.parts[0])).unwrap();

    let expected = [ProblemKind::Blob, ProblemKind::Container, ProblemKind::Special];
    assert_eq!(kinds(&check(&store, false)), expected.map(|kind| (kind, false)));
    drop(lock);
    let repaired = check(&store, true);
    let expected = [
        ProblemKind::Blob,
        ProblemKind::Layer,
        ProblemKind::Image,
        ProblemKind::Container,
        ProblemKind::Special,
    ];
    assert_eq!(kinds(&repaired), expected.map(|kind| (kind, true)));
    assert!(!store.has_blob(&digest) && store.container(&made.id).is_err());
    assert_eq!(kinds(&check(&store, true)), [(ProblemKind::Image, true)]);
    store.remove_image(&image.id).unwrap();
    assert!(check(&store, true).is_clean());
}

#[test]
fn garbage_is_no_problem() {
    let store = fixture();
    let dead = "0123456789abcdef";
    let part: PartId = format!("{dead}-1").parse().unwrap();
    fs::create_dir_all(store.part_fs(&part).join("deep/er")).unwrap();
    fs::write(store.root().join("tmp").join(format!("{dead}-2")), "half").unwrap();
    let digest = Digest::of(b"forgotten");
    fs::write(store.blob_path(&digest), "forgotten").unwrap();
    let found = check(&store, false);
    assert!(found.is_clean() && !found.garbage_removed);
    assert_eq!(
        (found.garbage.parts.as_slice(), found.garbage.blobs.as_slice()),
        (&[part.clone()][..], &[digest][..])
    );
    assert_eq!(found.garbage.temporary, [format!("{dead}-2")]);
    let removed = check(&store, true);
    assert_eq!((removed.garbage, removed.garbage_removed), (found.garbage, true));
    assert!(!store.part_dir(&part).exists() && !store.has_blob(&digest));
    assert_eq!(check(&store, false).garbage, PruneReport::default());
}

#[test]
fn the_next_to_open_sweeps_after_the_dead() {
    let store = fixture();
    let dead = "0123456789abcdef";
    let root = store.root().to_owned();
    fs::write(root.join("sessions").join(dead), "").unwrap();
    let part: PartId = format!("{dead}-1").parse().unwrap();
    let used: PartId = format!("{dead}-3").parse().unwrap();
    fs::create_dir_all(store.part_fs(&part).join("deep/er")).unwrap();
    fs::create_dir_all(store.part_fs(&used)).unwrap();
    fs::write(root.join("tmp").join(format!("{dead}-2")), "half").unwrap();
    let (made, _) =
        store.create_container(&NewContainer { parts: vec![used.clone()], ..Default::default() }).unwrap();
    drop(store.store);
    let store = Store::open(&root).unwrap();
    store.wait_for_removals();
    assert!(!store.part_dir(&part).exists());
    assert!(store.part_dir(&used).exists(), "{made:?} has it");
    assert_eq!(count(&root.join("tmp")), 0);
    assert!(!root.join("sessions").join(dead).exists());
}

#[test]
fn what_the_dead_staged_outside_is_swept_too() {
    let store = fixture();
    let root = store.root().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let prefix = store.stage_outside(folder.path()).unwrap();
    let own = folder.path().join(format!("{prefix}own"));
    let dead = "0123456789abcdef";
    let note = root.join("sessions").join(format!("{dead}.outside"));
    fs::write(root.join("sessions").join(dead), "").unwrap();
    fs::write(&note, format!("/nowhere\0{}\0/half", folder.path().display())).unwrap();
    let staged = folder.path().join(format!(".plywood-{dead}-xY7"));
    fs::create_dir_all(staged.join("blobs/sha256")).unwrap();
    for path in [&own, &folder.path().join(".plywood-mine"), &folder.path().join("archive.tar")] {
        fs::write(path, "x").unwrap();
    }
    let other = Store::open(&root).unwrap();
    other.wait_for_removals();
    assert!(!staged.exists() && !note.exists());
    assert_eq!(count(folder.path()), 3, "the living's and what is not ours stays");
    drop(store.store);
    drop(other);
    assert_eq!(count(&root.join("sessions")), 0);
}

#[test]
fn what_the_living_write_in_tmp_is_not_pruned() {
    let store = fixture();
    let file = store.temporary_file().unwrap();
    let folder = store.temporary_dir().unwrap();
    let staged = format!("{}x", store.stage_outside(&store.root().join("tmp")).unwrap());
    fs::write(store.root().join("tmp").join(&staged), "x").unwrap();
    let other = Store::open(store.root()).unwrap();
    assert_eq!(other.prune(false).unwrap(), PruneReport::default());
    assert!(file.path().exists() && folder.exists());
    store.remove_temporary(folder).unwrap();
    drop(file);
    store.wait_for_removals();
    assert_eq!(super::super::store::names(&store.root().join("tmp")), [staged]);
}
