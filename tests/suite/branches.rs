//! Snapshots, branches and rollback: whatever happens in between, a container is what it would have been.

mod cuts;
mod lifetimes;
mod model;
mod running;

use std::collections::BTreeSet;

use crate::support::Plywood;

/// That every directory of the store is named by a record and the other way round, and that `fsck` agrees.
#[track_caller]
pub fn assert_nothing_unreachable(plywood: &Plywood) {
    let report = plywood.args(["--json", "fsck"]);
    assert_eq!(report.code, 0, "{report:?}");
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!(report, serde_json::json!({"problems": [], "garbage": []}));
    let database = rusqlite::Connection::open(plywood.store().join("plywood.db")).unwrap();
    let mut named = BTreeSet::new();
    for sql in [
        "SELECT part FROM layers",
        "SELECT part FROM special",
        "SELECT parts FROM containers",
        "SELECT parts FROM snapshots",
    ] {
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        for row in rows {
            named.extend(row.unwrap().split_whitespace().map(str::to_owned));
        }
    }
    let there: BTreeSet<String> = std::fs::read_dir(plywood.store().join("parts"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(there, named);
}
