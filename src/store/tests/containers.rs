use super::*;

fn plain(store: &Store) -> (ContainerRecord, ContainerLock) {
    let parts = vec![store.new_part().unwrap()];
    store.create_container(&NewContainer { parts, ..NewContainer::default() }).unwrap()
}

#[test]
fn what_is_read_is_what_was_written() {
    let store = fixture();
    let image = image(&store, "x", "debian:12");
    let part = store.new_part().unwrap();
    let new = NewContainer {
        name: Some("web".to_owned()),
        image: Some(image.id),
        image_reference: "debian:12".to_owned(),
        config: serde_json::json!({"command": ["a", "b"], "n": 1}),
        parts: vec![part.clone()],
        ..NewContainer::default()
    };
    let (made, lock) = store.create_container(&new).unwrap();
    assert_eq!(store.container("web").unwrap(), made);
    assert_eq!(made.status, Status::Created);
    assert_eq!((made.id.len(), made.config["n"].as_i64()), (64, Some(1)));
    assert!(store.is_locked(made.row).unwrap());

    store.set_running(&lock, None).unwrap();
    lock.set_pid(4711);
    let running = store.container(&made.id).unwrap();
    assert_eq!((running.status, running.pid, running.died), (Status::Running, Some(4711), false));
    assert!(running.started >= Some(made.created) && running.finished.is_none());
    store.finish(&lock, Some(3), false).unwrap();
    drop(lock);
    let exited = store.container(&made.id[..12]).unwrap();
    assert_eq!((exited.status, exited.exit_code, exited.pid), (Status::Exited, Some(3), None));
    assert!(exited.finished >= exited.started);
    assert!(!store.is_locked(made.row).unwrap());
    assert_eq!(store.last().unwrap().unwrap(), exited);
    assert_eq!(store.containers().unwrap(), [exited]);
}

#[test]
fn names_are_unique_and_ids_may_be_short() {
    let store = fixture();
    let named = |name: &str| {
        store.create_container(&NewContainer { name: Some(name.to_owned()), ..Default::default() })
    };
    let (first, lock) = named("web").unwrap();
    let taken = named("web").unwrap_err();
    assert!(matches!(&taken, Error::NameInUse { name, holder, .. } if name == "web" && *holder == first.id));
    assert!(taken.to_string().contains(&first.id[..12]) && !taken.to_string().contains(&first.id));
    assert!(matches!(named("we b"), Err(Error::InvalidName { .. })));
    for _ in 0..40 {
        plain(&store);
    }
    let digit = &first.id[..1];
    let same = store.containers().unwrap().iter().filter(|other| other.id.starts_with(digit)).count();
    match store.container(digit) {
        Ok(found) => assert_eq!((same, found.row), (1, first.row)),
        Err(Error::Ambiguous { matches, .. }) => assert_eq!(matches.len(), same.min(10)),
        Err(other) => panic!("{other}"),
    }
    // A name that looks like the beginning of an id is a name.
    store.rename_container(&lock, digit).unwrap();
    assert_eq!(store.container(digit).unwrap().row, first.row);
    assert!(matches!(store.container("web"), Err(Error::NotFound { noun: Noun::Container, .. })));
    assert!(matches!(store.container(""), Err(Error::NotFound { .. })));
}

#[test]
fn one_writer_at_a_time() {
    let store = fixture();
    let other = Store::open(store.root()).unwrap();
    let (made, lock) = plain(&store);
    for store in [&store.store, &other] {
        let busy = store.lock_container(made.row, false).unwrap_err();
        let me = std::process::id();
        assert!(
            matches!(&busy, Error::Busy { container, pid } if *container == made.name && *pid == me),
            "{busy}"
        );
    }
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| other.lock_container(made.row, true).map(|lock| lock.row()));
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(!waiting.is_finished());
        drop(lock);
        assert_eq!(waiting.join().unwrap().unwrap(), made.row);
    });
    let lock = other.lock_container(made.row, false).unwrap();
    other.remove_container(&lock).unwrap();
    drop(lock);
    assert!(matches!(store.lock_container(made.row, false), Err(Error::NotFound { .. })));
    assert!(matches!(store.lock_container(999, true), Err(Error::NotFound { .. })));
}

#[test]
fn a_run_whose_process_died_has_ended() {
    let store = fixture();
    let (made, lock) = plain(&store);
    store.set_running(&lock, None).unwrap();
    drop(lock);
    let died = store.container(&made.id).unwrap();
    assert_eq!((died.status, died.died, died.exit_code), (Status::Exited, true, None));
    assert_eq!(store.containers().unwrap(), [died]);
    let lock = store.lock_container(made.row, false).unwrap();
    store.set_running(&lock, None).unwrap();
    assert_eq!(store.container(&made.id).unwrap().status, Status::Running);
}

#[test]
fn parts_go_when_nothing_needs_them() {
    let store = fixture();
    let there = |part: &PartId| store.part_dir(part).exists();
    let (first, lock) = plain(&store);
    let bottom = first.parts[0].clone();
    store.freeze_top(&lock).unwrap();
    store.freeze_top(&lock).unwrap();
    assert!(store.container(&first.id).unwrap().top_frozen);
    let top = store.new_part().unwrap();
    store.set_running(&lock, Some(&top)).unwrap();
    store.set_exited(&lock, Some(0)).unwrap();
    let read = store.container(&first.id).unwrap();
    assert_eq!((read.parts, read.top_frozen), (vec![bottom.clone(), top.clone()], false));

    // A branch stands on the same frozen part; on the writable one nothing may stand.
    let own = store.new_part().unwrap();
    let branch = NewContainer { parts: vec![bottom.clone(), own.clone()], ..Default::default() };
    let (second, second_lock) = store.create_container(&branch).unwrap();
    let bad = NewContainer { parts: vec![top.clone(), own.clone()], ..Default::default() };
    assert!(matches!(store.create_container(&bad), Err(Error::MissingPart { part }) if part == top));

    store.remove_container(&lock).unwrap();
    store.wait_for_removals();
    assert!(there(&bottom) && !there(&top));
    assert!(check(&store, false).is_clean());

    // Many parts become one.
    let merged = store.new_part().unwrap();
    store.replace_parts(&second_lock, std::slice::from_ref(&merged), true).unwrap();
    store.wait_for_removals();
    assert!(!there(&bottom) && !there(&own) && there(&merged));
    let next = store.new_part().unwrap();
    store.push_part(&second_lock, &next).unwrap();
    let read = store.container(&second.id).unwrap();
    assert_eq!((read.parts, read.top_frozen), (vec![merged.clone(), next], false));

    // A frozen part that became a layer belongs to the layer too.
    let diff_id = DiffId(Digest::of(b"m"));
    fs::write(store.part_fs(&merged).join("file"), "m").unwrap();
    fs::write(store.part_index(&merged), "m").unwrap();
    let record = LayerRecord {
        diff_id,
        part: merged.clone(),
        size: 1,
        tar_size: 1,
        file_count: 1,
        tar: TarSource::Canonical,
    };
    assert!(store.add_layer(&record).unwrap().added);
    store.set_committed(&second_lock, Some(&diff_id)).unwrap();
    assert_eq!(store.container(&second.id).unwrap().committed, Some(diff_id));
    store.remove_container(&second_lock).unwrap();
    store.wait_for_removals();
    assert!(there(&merged));
    assert!(check(&store, false).is_clean());
    let parts = store.root().join("parts");
    drop(store.store);
    assert_eq!(count(&parts), 1, "the layer's; those made ahead are gone");
}

#[test]
fn a_container_needs_its_image() {
    let store = fixture();
    let image = image(&store, "x", "a");
    let new = NewContainer { image: Some(image.id), ..Default::default() };
    let (made, lock) = store.create_container(&new).unwrap();
    store.create_container(&new).unwrap();
    let used = store.remove_image(&image.id).unwrap_err();
    assert!(matches!(&used, Error::InUse { others: 1, .. }), "{used}");
    assert!(used.to_string().ends_with("and 1 more"));
    store.remove_container(&lock).unwrap();
    let used = store.remove_image(&image.id).unwrap_err();
    assert!(matches!(&used, Error::InUse { user, others: 0, .. } if *user != made.name), "{used}");
    let none = NewContainer { image: Some(Digest::of(b"none")), ..Default::default() };
    assert!(matches!(store.create_container(&none), Err(Error::NotFound { noun: Noun::Image, .. })));
}
