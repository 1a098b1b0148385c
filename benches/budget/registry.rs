//! Pull and push on loopback, against skopeo's copy of the same image to and from a directory.

use std::fs;
use std::process::Command;

use crate::fixture::{self, Registry};
use crate::measure::{Row, find, output, plywood, time, time_and_peak};

/// The rows.
pub fn pull_and_push() -> Option<Vec<Row>> {
    let (registry, skopeo) = (find("docker-registry")?, find("skopeo")?);
    let folder = tempfile::tempdir().unwrap();
    let daemon = Registry::start(&registry, folder.path());
    let port = daemon.port;
    let store = folder.path().join("store");
    fixture::image(folder.path(), &store);
    let name = format!("127.0.0.1:{port}/bench/image:v1");
    output(plywood(&store).args(["--quiet", "-e", &format!("push(image(\"bench:two\"), \"{name}\")")]));
    let (mut ours, mut theirs, mut unpacked, mut peak) = (Vec::new(), Vec::new(), Vec::new(), 0);
    let mut as_it_is = Vec::new();
    for round in 0..3 {
        let fresh = folder.path().join(format!("pulled-{round}"));
        // The store is there already, as on any day but the first.
        output(plywood(&fresh).args(["-e", "images()"]));
        let script = format!("pull(\"{name}\");");
        let (elapsed, memory) = time_and_peak(plywood(&fresh).args(["--quiet", "-e", &script]));
        ours.push(elapsed);
        peak = peak.max(memory);
        let own_copy = folder.path().join(format!("own-copy-{round}"));
        let script = format!("save(image(\"docker://{name}\"), \"oci:{}:v1\");", own_copy.display());
        let empty = folder.path().join(format!("empty-{round}"));
        output(plywood(&empty).args(["-e", "images()"]));
        as_it_is.push(time(plywood(&empty).args(["--quiet", "-e", &script])));
        let copy = folder.path().join(format!("copied-{round}"));
        let target = format!("oci:{}:v1", copy.display());
        let mut command = Command::new(&skopeo);
        command.args(["copy", "-q", "--src-tls-verify=false", &format!("docker://{name}"), &target]);
        theirs.push(time(&mut command));
        let place = folder.path().join(format!("storage-{round}"));
        let storage = format!("containers-storage:[vfs@{0}/root+{0}/run]localhost/x:1", place.display());
        let mut command = Command::new(&skopeo);
        command.args(["copy", "-q", "--src-tls-verify=false", &format!("docker://{name}"), &storage]);
        unpacked.push(time(&mut command));
        fs::remove_dir_all(&place).unwrap();
    }
    let mut rows = vec![
        Row::new("pull / skopeo copy to containers-storage", &mut ours.clone(), &mut unpacked, 1.0),
        // Two that unpack nothing.
        Row::new("registry to oci: as it is / skopeo copy", &mut as_it_is, &mut theirs.clone(), 1.0),
        // One does, one does not: `gunzip` alone takes longer. The row shows what unpacking costs.
        Row::informing("pull, unpacked and indexed / skopeo copy to oci:", &mut ours, &mut theirs),
        Row::bytes("peak memory of that pull / 100 MB", peak, 100_000_000, 1.0),
    ];
    // What was pulled goes out again, to repositories of other names, so that nothing can be mounted.
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let fresh = folder.path().join("pulled-0");
    let source = format!("oci:{}:v1", folder.path().join("copied-0").display());
    for round in 0..3 {
        let fresh_folder = tempfile::tempdir_in(folder.path()).unwrap();
        let own = Registry::start(&registry, fresh_folder.path());
        let target = format!("127.0.0.1:{}/ours/image:{round}", own.port);
        ours.push(time(plywood(&fresh).args(["-e", &format!("push(image(\"{name}\"), \"{target}\");")])));
        let fresh_folder = tempfile::tempdir_in(folder.path()).unwrap();
        let other = Registry::start(&registry, fresh_folder.path());
        let target = format!("docker://127.0.0.1:{}/theirs/image:{round}", other.port);
        let mut command = Command::new(&skopeo);
        theirs.push(time(command.args(["copy", "-q", "--dest-tls-verify=false", &source, &target])));
    }
    rows.push(Row::new("push / skopeo copy", &mut ours, &mut theirs, 1.0));
    Some(rows)
}
