//! Pull and push on loopback, against skopeo's copy of the same image to and from a directory.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::measure::{Row, find, output, plywood, time};

/// Ends with the value.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(program: &Path, folder: &Path) -> (Daemon, u16) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = format!(
        "version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\nstorage:\n  filesystem:\n    rootdirectory: {}/data\nhttp:\n  addr: 127.0.0.1:{port}\n",
        folder.display()
    );
    fs::write(folder.join("config.yml"), settings).unwrap();
    let daemon = Command::new(program)
        .arg("serve")
        .arg(folder.join("config.yml"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::sleep(Duration::from_millis(20));
    }
    (Daemon(daemon), port)
}

/// The programs and libraries of this machine as two layers: about 150 MB that compress as an image's do.
fn image(folder: &Path, store: &Path) {
    for (tree, source) in [("bin", "/usr/bin"), ("lib", "/usr/lib/x86_64-linux-gnu")] {
        let tree = folder.join(tree);
        fs::create_dir(&tree).unwrap();
        let mut left = 75_000_000;
        let mut entries: Vec<_> = fs::read_dir(source).unwrap().flatten().map(|entry| entry.path()).collect();
        entries.sort();
        for path in entries {
            let Ok(found) = fs::symlink_metadata(&path) else { continue };
            if found.is_file() && found.len() < left {
                left -= found.len();
                fs::copy(&path, tree.join(path.file_name().unwrap())).unwrap();
            }
        }
    }
    let script = format!(
        "let c = run(base(), \"true\"); c.copy_in(`{0}/bin`, \"/one\");
         let first = commit(c, \"bench:one\"); let d = run(first, \"true\"); d.copy_in(`{0}/lib`, \"/two\"); commit(d, \"bench:two\");",
        folder.display()
    );
    output(plywood(store).args(["--quiet", "-e", &script]));
}

/// The rows.
pub fn pull_and_push() -> Option<Vec<Row>> {
    let (registry, skopeo) = (find("docker-registry")?, find("skopeo")?);
    let folder = tempfile::tempdir().unwrap();
    let (_daemon, port) = start(&registry, folder.path());
    let store = folder.path().join("store");
    image(folder.path(), &store);
    let name = format!("127.0.0.1:{port}/bench/image:v1");
    output(plywood(&store).args(["--quiet", "-e", &format!("push(image(\"bench:two\"), \"{name}\")")]));
    let (mut ours, mut theirs, mut unpacked) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..5 {
        let fresh = folder.path().join(format!("pulled-{round}"));
        // The store is there already, as on any day but the first.
        output(plywood(&fresh).args(["-e", "images()"]));
        ours.push(time(plywood(&fresh).args(["-e", &format!("pull(\"{name}\");")])));
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
        // That one unpacks nothing: `gunzip` alone takes longer. The row shows what unpacking costs.
        Row::new("pull, unpacked and indexed / skopeo copy to oci:", &mut ours, &mut theirs, 5.0),
    ];
    // What was pulled goes out again, to repositories of other names, so that nothing can be mounted.
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let fresh = folder.path().join("pulled-0");
    let source = format!("oci:{}:v1", folder.path().join("copied-0").display());
    for round in 0..5 {
        let (_own, port) = start(&registry, tempfile::tempdir_in(folder.path()).unwrap().keep().as_path());
        let target = format!("127.0.0.1:{port}/ours/image:{round}");
        ours.push(time(plywood(&fresh).args(["-e", &format!("push(image(\"{name}\"), \"{target}\");")])));
        let (_other, port) = start(&registry, tempfile::tempdir_in(folder.path()).unwrap().keep().as_path());
        let target = format!("docker://127.0.0.1:{port}/theirs/image:{round}");
        let mut command = Command::new(&skopeo);
        theirs.push(time(command.args(["copy", "-q", "--dest-tls-verify=false", &source, &target])));
    }
    rows.push(Row::new("push / skopeo copy", &mut ours, &mut theirs, 1.0));
    Some(rows)
}
