//! The training page's container: Debian after `apt-get update && apt-get install -y wget`.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::measure::{Row, find, output, plywood, time};

const INSTALL: &str = "apt-get update && apt-get install -y wget";

fn docker(args: &[&str]) -> Option<Command> {
    let host = std::env::var("PLYWOOD_TEST_DOCKER_HOST").ok()?;
    let mut command = Command::new("/usr/bin/docker");
    command.args(["-H", &host]).args(args);
    Some(command)
}

/// `diff` and `commit` of it, against Docker's and against tar and openssl.
pub fn diff_and_commit() -> Option<Vec<Row>> {
    let (Some(tar), Ok(_)) =
        (std::env::var_os("PLYWOOD_TEST_DEBIAN"), std::env::var("PLYWOOD_TEST_DOCKER_HOST"))
    else {
        println!("skipped: PLYWOOD_TEST_DEBIAN and PLYWOOD_TEST_DOCKER_HOST are not both set");
        return None;
    };
    let openssl = find("openssl")?;
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let tar = tar.into_string().unwrap();
    let container = "bench-wget";
    output(&mut docker(&["import", &tar, "debian:bench"])?);
    output(&mut docker(&[
        "run",
        "--network",
        "host",
        "--name",
        container,
        "debian:bench",
        "sh",
        "-c",
        INSTALL,
    ])?);
    let script = format!(
        "run(rootfs(`{tar}`, \"debian:bench\"), `{INSTALL}`, #{{ name: \"wget\", network: \"host\" }}); inspect(container(\"wget\")).parts[0]"
    );
    let upper = output(plywood(&store).args(["-e", &script])).trim().trim_matches('"').to_owned();

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..7 {
        let script = "let c = container(\"wget\"); diff(c); let t = timestamp(); diff(c); print(t.elapsed);";
        ours.push(seconds(&output(plywood(&store).args(["-e", script]))));
        theirs.push(time(&mut docker(&["container", "diff", container])?));
    }
    let mut rows = vec![Row::new("diff of the wget container / docker", &mut ours, &mut theirs, 1.0 / 50.0)];

    let (mut ours, mut theirs, mut plain) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..7 {
        // A commit of what is committed already would only look it up: each round has a container of its own.
        let script = format!(
            "let c = run(\"debian:bench\", `{INSTALL}`, #{{ network: \"host\" }}); let t = timestamp(); commit(c, \"bench:{round}\"); print(t.elapsed); rm(c); rm(\"bench:{round}\");"
        );
        ours.push(seconds(&output(plywood(&store).args(["-e", &script]))));
        let image = format!("bench:{round}");
        theirs.push(time(&mut docker(&["container", "commit", container, &image])?));
        output(&mut docker(&["rmi", &image])?);
        let start = Instant::now();
        let line = format!("tar -c -C '{upper}' . | '{}' dgst -sha256", openssl.display());
        output(Command::new("sh").args(["-c", &line]));
        plain.push(start.elapsed());
    }
    rows.push(Row::new("commit of the wget container / docker", &mut ours.clone(), &mut theirs, 1.0 / 8.0));
    rows.push(Row::new("commit of the wget container / tar and openssl", &mut ours, &mut plain, 1.0));
    output(&mut docker(&["rm", "-f", container])?);
    output(&mut docker(&["rmi", "debian:bench"])?);
    Some(rows)
}

fn seconds(text: &str) -> Duration {
    Duration::from_secs_f64(text.lines().last().unwrap().trim().parse().unwrap())
}
