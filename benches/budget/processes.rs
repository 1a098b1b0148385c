//! Starting: the program, a container in a loop, a container and the program together.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::measure::{Row, find, output, plywood, time};

/// `-e 1` against Python's.
pub fn start() -> Option<Vec<Row>> {
    let python = find("python3")?;
    let folder = tempfile::tempdir().unwrap();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..40 {
        ours.push(time(plywood(folder.path()).args(["-e", "1"])));
        theirs.push(time(Command::new(&python).args(["-c", "1"])));
    }
    Some(vec![Row::new("start to result: -e 1 / python3 -c 1", &mut ours, &mut theirs, 0.25)])
}

fn bwrap(program: &Path, root: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["--unshare-all", "--die-with-parent", "--bind"]).arg(root).arg("/");
    command.args(["--proc", "/proc", "--dev", "/dev", "true"]);
    command
}

/// A store with the starter image, and its tree for the peer.
fn fixture(folder: &Path) -> (std::path::PathBuf, std::path::PathBuf) {
    let (store, root) = (folder.join("store"), folder.join("root"));
    let script = format!("base().copy_out(\"/\", `{}`)", root.display());
    output(plywood(&store).args(["-e", &script]));
    (store, root)
}

/// The median of `run(img, ["true"])` within a script, everything on, against bwrap's whole process.
pub fn run_in_a_loop() -> Option<Vec<Row>> {
    let program = find("bwrap")?;
    let folder = tempfile::tempdir().unwrap();
    let (store, root) = fixture(folder.path());
    let mut rows = Vec::new();
    for network in ["host", "none"] {
        let script = format!(
            r#"let image = base(); let option = #{{ network: "{network}", rm: true }}; run(image, ["true"], option);
               for i in 0..25 {{ let t = timestamp(); run(image, ["true"], option); print(t.elapsed); }}"#
        );
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..12 {
            let text = output(plywood(&store).args(["-e", &script]));
            ours.extend(text.lines().map(|line| Duration::from_secs_f64(line.trim().parse().unwrap())));
            for _ in 0..25 {
                theirs.push(time(&mut bwrap(&program, &root)));
            }
        }
        let name = format!("run(img, [\"true\"]) in a script, network {network} / bwrap");
        rows.push(Row::new(&name, &mut ours, &mut theirs, 0.5));
    }
    Some(rows)
}

/// One run as a whole process.
pub fn whole_run() -> Option<Vec<Row>> {
    let program = find("bwrap")?;
    let folder = tempfile::tempdir().unwrap();
    let (store, root) = fixture(folder.path());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..60 {
        ours.push(time(plywood(&store).args(["-e", "run(base(), [\"true\"], #{ rm: true });"])));
        theirs.push(time(&mut bwrap(&program, &root)));
    }
    Some(vec![Row::new("plywood -e 'run(base(), [\"true\"])' / bwrap", &mut ours, &mut theirs, 1.5)])
}
