//! Names by how they begin.

use super::*;

fn references(store: &Store, begin: &str, most: usize) -> Vec<String> {
    store.references_beginning(begin, most).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn references_as_people_write_them() {
    let store = fixture();
    for (number, name) in [
        "debian:11",
        "debian:12",
        "dev/tools:1",
        "library/deb:1",
        "quay.io/deb/x:1",
        "demo.example.org/deb:2",
        "zoo:1",
    ]
    .iter()
    .enumerate()
    {
        image(&store, &number.to_string(), name);
    }
    assert_eq!(references(&store, "deb", 9), ["deb:1", "debian:11", "debian:12"]);
    assert_eq!(references(&store, "deb", 2), ["deb:1", "debian:11"]);
    assert_eq!(references(&store, "debian:12", 9), ["debian:12"]);
    assert_eq!(
        references(&store, "de", 9),
        ["deb:1", "debian:11", "debian:12", "demo.example.org/deb:2", "dev/tools:1"]
    );
    assert_eq!(references(&store, "quay.io/", 9), ["quay.io/deb/x:1"]);
    assert_eq!(references(&store, "docker.io/library/z", 9), ["zoo:1"]);
    // Nothing begins so: then what has it in it.
    assert_eq!(references(&store, "tools", 9), ["dev/tools:1"]);
    assert_eq!(references(&store, "nowhere", 9), Vec::<String>::new());
    assert_eq!(references(&store, "%", 9), Vec::<String>::new());
    assert_eq!(references(&store, "", 99).len(), 7);
}

#[test]
fn containers_and_snapshots() {
    let store = fixture();
    for name in ["web", "web_2", "worker"] {
        let new = NewContainer {
            name: Some(name.to_owned()),
            parts: vec![store.new_part().unwrap()],
            ..NewContainer::default()
        };
        let (_, lock) = store.create_container(&new).unwrap();
        for (name, passing) in [(format!("of_{name}"), false), (format!("hidden_{name}"), true)] {
            let new = NewSnapshot { name: Some(name), message: None, passing };
            store.take_snapshot(&lock, &new, false).unwrap();
        }
    }
    assert_eq!(store.containers_beginning("we", 9).unwrap(), ["web", "web_2"]);
    assert_eq!(store.containers_beginning("", 2).unwrap(), ["web", "web_2"]);
    assert_eq!(store.containers_beginning("x", 9).unwrap(), Vec::<String>::new());
    assert_eq!(store.snapshots_beginning("of_wo", 9).unwrap(), ["of_worker"]);
    assert_eq!(store.snapshots_beginning("hidden", 9).unwrap(), Vec::<String>::new());
}
