//! A layout belongs to everybody who writes into it.

use serde_json::{Value, json};

use crate::support::layout::Layout;
use crate::support::registry::plywood;
use crate::support::schema::Documents;

#[test]
fn what_others_wrote_stays() {
    let folder = tempfile::Builder::new().prefix("plywood-test-").tempdir().unwrap();
    let own = plywood(folder.path());
    std::fs::create_dir_all(folder.path().join("tree/etc")).unwrap();
    let place = folder.path().join("layout");
    let save = |name: &str| {
        let script = format!(
            "save(rootfs(`{}`, `x:{name}`), `oci:{}`)",
            folder.path().join("tree").display(),
            place.display()
        );
        own.eval(&script).assert_ok();
    };
    save("one");
    let index = place.join("index.json");
    let mut document: Value = serde_json::from_slice(&std::fs::read(&index).unwrap()).unwrap();
    document["annotations"] = json!({ "org.example.note": "mine" });
    document["manifests"][0]["platform"] = json!({ "os": "linux", "architecture": "amd64" });
    std::fs::write(&index, document.to_string()).unwrap();
    save("two");
    let after: Value = serde_json::from_slice(&std::fs::read(&index).unwrap()).unwrap();
    assert_eq!(after["annotations"], document["annotations"]);
    assert_eq!(after["manifests"][0], document["manifests"][0]);
    assert_eq!(after["manifests"].as_array().unwrap().len(), 2);
}

#[test]
fn many_at_once_lose_nothing() {
    const EACH: usize = 10;
    let folder = tempfile::Builder::new().prefix("plywood-test-").tempdir().unwrap();
    let own = plywood(folder.path());
    let place = folder.path().join("layout").display().to_string();
    std::fs::create_dir_all(folder.path().join("tree/etc")).unwrap();
    let first = format!("save(rootfs(`{}`, `x:first`), `oci:{place}`)", folder.path().join("tree").display());
    own.eval(&first).assert_ok();
    let children: Vec<_> = (0..6)
        .map(|at| {
            let script = format!("for i in 0..{EACH} {{ save(`x:first`, `oci:{place}:p{at}-${{i}}`) }}");
            own.command().args(["-e", &script]).spawn().unwrap()
        })
        .collect();
    let count = 1 + EACH * children.len();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let mut documents = Documents::default();
    let entries = Layout::read(std::path::Path::new(&place)).check(&mut documents);
    assert_eq!(entries.len(), count);
}
