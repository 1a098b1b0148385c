use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn opening_writes_no_database_and_ends_without_a_trace() {
    let store = fixture();
    let root = store.root().to_owned();
    assert!(!root.join("plywood.db").exists());
    for folder in ["", "blobs", "blobs/sha256", "parts", "sessions", "tmp", "packages"] {
        assert_eq!(mode(&root.join(folder)), 0o700, "{folder}");
    }
    let parts: Vec<PartId> = (0..5).map(|_| store.new_part().unwrap()).collect();
    assert_eq!(mode(&store.part_fs(&parts[4])), 0o755);
    assert_eq!(mode(&store.part_work(&parts[4])), 0o700);
    parts.iter().try_for_each(|part| store.remove_part(part)).unwrap();
    drop(store.store);
    for folder in ["parts", "sessions", "tmp"] {
        assert_eq!(count(&root.join(folder)), 0, "{folder}");
    }
}

#[test]
fn what_is_no_store_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(matches!(Store::open(&file), Err(Error::NotADirectory { path }) if path == file));
    assert!(matches!(Store::open(&file.join("below")), Err(Error::NotADirectory { .. })));
    let refused = Store::open(folder.path()).unwrap_err();
    assert!(matches!(&refused, Error::NotAStore { entry, .. } if entry == "file"), "{refused}");
    assert_eq!(count(folder.path()), 1);
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    Store::open(&empty).unwrap();
    assert_eq!(mode(&empty), 0o700);
    Store::open(&folder.path().join("a/b/c")).unwrap();
}

#[test]
fn a_database_from_the_future_or_full_of_rubbish_is_refused() {
    let store = fixture();
    image(&store, "x", "a");
    let root = store.root().to_owned();
    drop(store.store);
    let database = root.join("plywood.db");
    let connection = rusqlite::Connection::open(&database).unwrap();
    connection.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(connection);
    let refused = Store::open(&root).unwrap().images().unwrap_err();
    assert!(matches!(refused, Error::Newer { found: 99, known: 3, .. }), "{refused}");
    for name in ["plywood.db-wal", "plywood.db-shm"] {
        let _ = fs::remove_file(root.join(name));
    }
    fs::write(&database, "this is no database, and longer than a header must be; ".repeat(100)).unwrap();
    let refused = Store::open(&root).unwrap().images().unwrap_err();
    assert!(matches!(refused, Error::Corrupt { .. }), "{refused}");
}

#[test]
fn a_damaged_page_is_found() {
    let store = fixture();
    for count in 0..50 {
        image(&store, &format!("{count}"), &format!("a:{count}"));
    }
    let root = store.root().to_owned();
    drop(store.store);
    let database = root.join("plywood.db");
    let connection = rusqlite::Connection::open(&database).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    let mut bytes = fs::read(&database).unwrap();
    let length = bytes.len();
    // All but the schema's page.
    bytes[4096..length].fill(0x5a);
    fs::write(&database, bytes).unwrap();
    let store = Store::open(&root).unwrap();
    assert!(matches!(store.images(), Err(Error::Corrupt { .. })));
}

#[test]
fn a_foreign_store_is_refused() {
    if !nix::unistd::geteuid().is_root() {
        return skipped("only root can give a store away");
    }
    let store = fixture();
    let root = store.root().to_owned();
    drop(store.store);
    if nix::unistd::chown(&root, Some(54321.into()), None).is_err() {
        return skipped("this user namespace has no other owner");
    }
    let refused = Store::open(&root).unwrap_err();
    assert!(matches!(refused, Error::Foreign { owner: 54321, .. }), "{refused}");
}

#[test]
fn two_openings_of_one_process_are_two_sessions() {
    let store = fixture();
    let other = Store::open(store.root()).unwrap();
    let (one, two) = (store.new_part().unwrap(), other.new_part().unwrap());
    assert_ne!(one.as_str()[..16], two.as_str()[..16]);
    assert!(store.part_fs(&two).exists());
    assert!(
        "../../etc".parse::<PartId>().is_err()
            && format!("{}/x", &one.as_str()[..16]).parse::<PartId>().is_err()
    );
}
