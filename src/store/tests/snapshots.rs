//! Snapshots: what they keep and for how long, and stores that are older than they.

use super::*;
use rusqlite::Connection;

/// A container with one part, in which `text` is the file `file`; its lock.
fn container(store: &Store, text: &str) -> (ContainerRecord, ContainerLock) {
    let image = image(store, "image", "image:1");
    let part = store.new_part().unwrap();
    fs::write(store.part_fs(&part).join("file"), text).unwrap();
    let new = NewContainer { image: Some(image.id), parts: vec![part], ..NewContainer::default() };
    store.create_container(&new).unwrap()
}

fn named(name: &str) -> NewSnapshot {
    NewSnapshot { name: Some(name.to_owned()), message: None, passing: false }
}

#[test]
fn a_snapshot_freezes_and_outlives_its_container() {
    let store = fixture();
    let (record, lock) = container(&store, "one");
    let snapshot = store.take_snapshot(&lock, &named("first"), true).unwrap();
    assert_eq!((&snapshot.parts, &snapshot.container), (&record.parts, &record.id));
    assert!(store.container(&record.id).unwrap().top_frozen);
    let top = store.new_part().unwrap();
    store.push_part(&lock, &top).unwrap();
    store.remove_container(&lock).unwrap();
    store.wait_for_removals();
    assert!(store.part_fs(&record.parts[0]).exists() && !store.part_fs(&top).exists());
    assert!(check(&store, false).is_clean());
    assert!(store.prune(false).unwrap().parts.is_empty());

    let found = store.snapshot("first").unwrap();
    assert_eq!(found, store.snapshot(&found.id[..8]).unwrap());
    assert_eq!(store.snapshots().unwrap(), [found]);
    let used = store.remove_image(&snapshot.image.unwrap()).unwrap_err();
    assert!(matches!(&used, Error::InUse { user, noun: Noun::Snapshot, .. } if user == "first"), "{used}");
    store.remove_snapshot(snapshot.row).unwrap();
    assert!(matches!(store.remove_snapshot(snapshot.row), Err(Error::NotFound { .. })));
    store.wait_for_removals();
    assert!(!store.part_fs(&record.parts[0]).exists());
    store.remove_image(&snapshot.image.unwrap()).unwrap();
}

#[test]
fn an_empty_writable_part_is_not_frozen() {
    let store = fixture();
    let (record, lock) = container(&store, "one");
    let snapshot = store.take_snapshot(&lock, &NewSnapshot::default(), false).unwrap();
    assert!(snapshot.parts.is_empty() && !store.container(&record.id).unwrap().top_frozen);
}

#[test]
fn names_of_snapshots_are_unique_and_checked() {
    let store = fixture();
    let (_, lock) = container(&store, "one");
    store.take_snapshot(&lock, &named("same"), true).unwrap();
    let taken = store.take_snapshot(&lock, &named("same"), true).unwrap_err();
    assert!(matches!(&taken, Error::NameInUse { noun: Noun::Snapshot, .. }), "{taken}");
    assert!(matches!(store.take_snapshot(&lock, &named("/"), true), Err(Error::InvalidName { .. })));
    for _ in 0..50 {
        store.take_snapshot(&lock, &NewSnapshot::default(), true).unwrap();
    }
    assert_eq!(store.snapshots().unwrap().len(), 51);
    assert!(matches!(store.snapshot("none"), Err(Error::NotFound { noun: Noun::Snapshot, .. })));
}

#[test]
fn rollback_keeps_what_others_need() {
    let store = fixture();
    let (record, lock) = container(&store, "one");
    let first = store.take_snapshot(&lock, &named("first"), true).unwrap();
    let second = store.new_part().unwrap();
    store.push_part(&lock, &second).unwrap();
    let later = store.take_snapshot(&lock, &named("later"), true).unwrap();
    let third = store.new_part().unwrap();
    store.push_part(&lock, &third).unwrap();

    let config = serde_json::json!({"cmd": ["back"]});
    store.rollback_container(&lock, &first, &config).unwrap();
    let now = store.container(&record.id).unwrap();
    assert_eq!((&now.parts, now.top_frozen, &now.config), (&first.parts, true, &config));
    store.wait_for_removals();
    assert!(store.part_fs(&second).exists() && !store.part_fs(&third).exists());
    store.remove_snapshot(later.row).unwrap();
    store.wait_for_removals();
    assert!(!store.part_fs(&second).exists());
    store.remove_snapshot(first.row).unwrap();
    assert!(store.part_fs(&first.parts[0]).exists(), "the container still has it");
    assert!(matches!(store.rollback_container(&lock, &first, &config), Err(Error::NotFound { .. })));
    assert!(check(&store, false).is_clean());
}

#[test]
fn a_copy_is_recorded_only_of_what_was_copied() {
    let store = fixture();
    let (record, lock) = container(&store, "one");
    let copy = store.new_part().unwrap();
    let snapshot = store.take_snapshot_of_copy(&record, Some(&copy), &named("copy")).unwrap();
    assert_eq!(snapshot.parts, std::slice::from_ref(&copy));
    assert!(!store.container(&record.id).unwrap().top_frozen);
    store.freeze_top(&lock).unwrap();
    let changed = store.take_snapshot_of_copy(&record, None, &named("late")).unwrap_err();
    assert!(matches!(&changed, Error::Changed { .. }), "{changed}");
    store.remove_snapshot(snapshot.row).unwrap();
    store.wait_for_removals();
    assert!(!store.part_fs(&copy).exists() && store.part_fs(&record.parts[0]).exists());
}

#[test]
fn a_snapshot_whose_directory_is_gone_is_a_problem() {
    let store = fixture();
    let (_, lock) = container(&store, "one");
    let snapshot = store.take_snapshot(&lock, &named("broken"), true).unwrap();
    store.remove_container(&lock).unwrap();
    fs::remove_dir_all(store.part_dir(&snapshot.parts[0])).unwrap();
    let report = check(&store, true);
    let found = &report.problems[0];
    assert_eq!((found.kind, found.name.as_str(), found.repaired), (ProblemKind::Snapshot, "broken", true));
    assert!(check(&store, false).is_clean());
}

/// Makes the store one of version 1, which differs by the table alone.
fn downgrade(root: &Path) {
    let database = Connection::open(root.join("plywood.db")).unwrap();
    database.execute_batch("DROP TABLE snapshots; PRAGMA user_version = 1;").unwrap();
}

#[test]
fn an_older_store_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    let record = {
        let store = Store::open(&root).unwrap();
        container(&store, "old").0
    };
    downgrade(&root);
    // Several at once, and a reader that has been there before.
    let stores: Vec<Store> = (0..4).map(|_| Store::open(&root).unwrap()).collect();
    std::thread::scope(|scope| {
        for store in &stores {
            scope.spawn(|| assert_eq!(store.containers().unwrap().len(), 1));
        }
    });
    let lock = stores[0].lock_container(record.row, false).unwrap();
    stores[0].take_snapshot(&lock, &named("new"), true).unwrap();
    assert_eq!(stores[1].snapshots().unwrap().len(), 1);
    assert!(check(&stores[2], false).is_clean());
}

#[test]
fn a_passing_snapshot_is_in_no_listing_and_goes_with_its_session() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    let store = Store::open(&root).unwrap();
    let part = store.new_part().unwrap();
    let new = NewContainer { parts: vec![part.clone()], ..NewContainer::default() };
    let (record, lock) = store.create_container(&new).unwrap();
    let passing = NewSnapshot { passing: true, ..NewSnapshot::default() };
    let taken = store.take_snapshot(&lock, &passing, true).unwrap();
    assert!(store.snapshots().unwrap().is_empty());
    assert_eq!(store.snapshot(&taken.id).unwrap().parts, vec![part.clone()]);
    store.remove_container(&lock).unwrap();
    assert!(store.part_dir(&part).exists(), "the snapshot needs it");
    drop((record, store));
    let store = Store::open(&root).unwrap();
    assert!(store.snapshot(&taken.id).is_err());
    assert!(!store.part_dir(&part).exists(), "nothing needs it any more");
    assert!(check(&store, false).is_clean());
}
