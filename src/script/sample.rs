//! Values for tests.

use serde_json::json;

use crate::workbench::{
    Change, Check, ConfigDifference, Container, Duplicate, File, FileDifference, FsckReport,
    HistoryDifference, HistoryEntry, Image, InstalledPackage, Junk, Layer, LayerDifference,
    PackageDifference, PackingDifference, Problem, Reason, Snapshot, TreeItem, Version, Waste, WasteItem,
};

pub fn image() -> Image {
    Image {
        id: format!("sha256:{}", "1a".repeat(32)),
        digest: None,
        references: vec!["training:v1".to_owned()],
        size: 12_345_678,
        created: "2024-05-06T07:08:09Z".to_owned(),
        config: json!({"Cmd": ["/bin/sh"], "Env": null, "n": 1.5}),
        diff_ids: vec![format!("sha256:{}", "2b".repeat(32))],
        architecture: "amd64".to_owned(),
        os: "linux".to_owned(),
        verified: true,
        saving: Some(1_234),
        origin: None,
    }
}

pub fn container() -> Container {
    Container {
        id: "9c1f0b7a5d2e".repeat(5) + "9c1f",
        name: "calm_otter".to_owned(),
        image: "plywood/base:latest".to_owned(),
        command: vec!["/bin/sh".to_owned(), "-c".to_owned(), "echo hi".to_owned()],
        status: "exited".to_owned(),
        exit_code: Some(0),
        created: "2024-05-06T07:08:09Z".to_owned(),
        stdout: "hi\n".to_owned(),
        stderr: String::new(),
        duration: 0.25,
        stdout_blob: b"hi\n".to_vec(),
        stderr_blob: Vec::new(),
        removed: false,
    }
}

pub fn snapshot() -> Snapshot {
    Snapshot {
        id: "5e0d2b7a5d2e".repeat(5) + "5e0d",
        name: "quiet_heron".to_owned(),
        container: container().id,
        image: "plywood/base:latest".to_owned(),
        created: "2024-05-06T07:08:09Z".to_owned(),
        parts: 1,
        message: Some("before the upgrade".to_owned()),
    }
}

pub fn layer() -> Layer {
    Layer {
        index: 1,
        digest: None,
        diff_id: format!("sha256:{}", "3c".repeat(32)),
        media_type: "application/vnd.oci.image.layer.v1.tar".to_owned(),
        size: 2048,
        compressed_size: None,
        file_count: 3,
        created: None,
        created_by: Some("/bin/sh -c pkg install wget".to_owned()),
        waste: 0,
        container: None,
    }
}

pub fn change(kind: &str, path: &str, size: u64) -> Change {
    Change { kind: kind.to_owned(), path: path.to_owned(), size, file_type: "file".to_owned() }
}

pub fn file() -> File {
    File {
        path: "/usr/bin/wget".to_owned(),
        file_type: "file".to_owned(),
        mode: 0o755,
        uid: 0,
        gid: 0,
        size: 2048,
        mtime: "2024-05-06T07:08:09Z".to_owned(),
        link: None,
    }
}

pub fn waste() -> Waste {
    Waste { total: 4096, waste: 1024, efficiency: 0.75, items: vec![waste_item()] }
}

pub fn waste_item() -> WasteItem {
    WasteItem {
        path: "/var/cache/x".to_owned(),
        bytes: 1024,
        added_by: 0,
        hidden_by: 1,
        cause: "deleted".to_owned(),
    }
}

pub fn history_entry() -> HistoryEntry {
    HistoryEntry {
        created: Some("2024-05-06T07:08:09Z".to_owned()),
        created_by: Some("/bin/sh".to_owned()),
        author: None,
        comment: Some("wget".to_owned()),
        empty_layer: false,
        size: 2048,
    }
}

pub fn problem() -> Problem {
    Problem {
        kind: "layer".to_owned(),
        name: "sha256:00".to_owned(),
        detail: "does not verify".to_owned(),
        repaired: false,
    }
}

pub fn fsck_report() -> FsckReport {
    FsckReport { problems: vec![problem()], garbage: vec!["x".to_owned()] }
}

pub fn check() -> Check {
    Check { name: "user namespaces".to_owned(), ok: true, detail: "allowed".to_owned(), fix: None }
}

pub fn tree_item() -> TreeItem {
    TreeItem {
        kind: Some("A".to_owned()),
        path: "/usr/bin/wget".to_owned(),
        file_type: "file".to_owned(),
        size: 2048,
        file_count: 1,
        mode: 0o755,
        uid: 0,
        gid: 0,
        mtime: "2024-05-06T07:08:09Z".to_owned(),
        link: None,
        layer: 1,
    }
}

pub fn version() -> Version {
    Version {
        layer: 1,
        file: file(),
        came: "added".to_owned(),
        created: Some("2024-05-06T07:08:09Z".to_owned()),
        created_by: Some("/bin/sh -c pkg install wget".to_owned()),
        gone_in: Some(2),
        gone_how: Some("removed".to_owned()),
        gone_by: Some("/usr".to_owned()),
    }
}

pub fn reason() -> Reason {
    Reason {
        path: "/etc/passwd".to_owned(),
        layer: 1,
        aspect: "mode".to_owned(),
        before: Some("0644".to_owned()),
        after: Some("0600".to_owned()),
    }
}

pub fn junk() -> Junk {
    Junk { path: "/var/log/x".to_owned(), size: 12, rule: "logs".to_owned(), layer: 1 }
}

pub fn duplicate() -> Duplicate {
    Duplicate {
        digest: format!("sha256:{}", "4d".repeat(32)),
        size: 10,
        count: 2,
        wasted: 10,
        paths: vec!["/a".to_owned(), "/b".to_owned()],
    }
}

pub fn package() -> InstalledPackage {
    InstalledPackage {
        manager: "dpkg".to_owned(),
        name: "wget".to_owned(),
        version: "1.21.3-1".to_owned(),
        architecture: "amd64".to_owned(),
    }
}

pub fn file_difference() -> FileDifference {
    FileDifference {
        kind: "C".to_owned(),
        path: "/etc/passwd".to_owned(),
        file_type: "file".to_owned(),
        size: 12,
        reasons: vec!["size".to_owned(), "content".to_owned()],
    }
}

pub fn config_difference() -> ConfigDifference {
    ConfigDifference {
        key: "Env.PATH".to_owned(),
        before: Some("/bin".to_owned()),
        after: Some("/sbin".to_owned()),
    }
}

pub fn history_difference() -> HistoryDifference {
    HistoryDifference { kind: "A".to_owned(), index: 1, created_by: "/bin/sh".to_owned() }
}

pub fn layer_difference() -> LayerDifference {
    LayerDifference {
        index: 1,
        before: Some(format!("sha256:{}", "3c".repeat(32))),
        after: Some(format!("sha256:{}", "4d".repeat(32))),
        what: "times".to_owned(),
        packing: vec!["mtime".to_owned()],
    }
}

pub fn packing_difference() -> PackingDifference {
    PackingDifference {
        layer: Some(1),
        part: "mtime".to_owned(),
        field: "mtime".to_owned(),
        count: 3,
        path: Some("/etc".to_owned()),
        before: Some("2024-01-01T00:00:00Z".to_owned()),
        after: Some("2024-01-02T00:00:00Z".to_owned()),
    }
}

pub fn package_difference() -> PackageDifference {
    PackageDifference {
        kind: "C".to_owned(),
        manager: "dpkg".to_owned(),
        name: "wget".to_owned(),
        before: Some("1".to_owned()),
        after: Some("2".to_owned()),
    }
}
