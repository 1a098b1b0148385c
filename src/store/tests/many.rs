//! Several processes on one store. A process is this test binary, told by its environment what to do.
use std::process::{Child, Command, Stdio};

use super::*;

const ROLE: &str = "PLYWOOD_TEST_STORE_ROLE";
const ROOT: &str = "PLYWOOD_TEST_STORE_ROOT";
const SEED: &str = "PLYWOOD_TEST_STORE_SEED";

/// Starts a process that plays `role` on the store at `root`.
pub(super) fn start(role: &str, root: &Path, seed: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::many::a_process", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env(ROOT, root)
        .env(SEED, seed.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

pub(super) fn finish(child: Child) {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Not a test by itself: the body of the processes that [`start`] starts.
#[test]
fn a_process() {
    let (Ok(role), Some(root)) = (std::env::var(ROLE), std::env::var_os(ROOT)) else { return };
    let seed: usize = std::env::var(SEED).unwrap().parse().unwrap();
    let store = Store::open(Path::new(&root)).unwrap();
    match role.as_str() {
        "first" => {
            store.images().unwrap();
        }
        "write" => {
            for round in 0..12 {
                all_there_is_to_do(&store, seed, round).unwrap();
            }
        }
        "forever" => {
            for round in 0.. {
                all_there_is_to_do(&store, seed, round).unwrap();
            }
        }
        "hold" => {
            let (record, _lock) =
                store.create_container(&NewContainer { running: true, ..Default::default() }).unwrap();
            fs::write(Path::new(&root).join("tmp/held"), record.id).unwrap();
            std::thread::sleep(std::time::Duration::from_secs(60));
        }
        other => panic!("{other}"),
    }
}

/// Everything that writes, with what several processes share and what is one's own.
pub(super) fn all_there_is_to_do(store: &Store, seed: usize, round: usize) -> Result<(), Error> {
    let own = format!("own {seed} {round}");
    let shared = format!("shared {}", round % 3);
    let (blob, size) = store.write_blob(own.as_bytes(), None)?;
    let mut record = unrecorded_layer(store, &own)?;
    record.tar = TarSource::Blob(blob, "gzip".to_owned());
    assert!(store.add_layer(&record)?.added || seed > 1_000_000);
    let below = layer(store, &shared)?.record;
    let mut image = image_of(&[below.diff_id, record.diff_id], &format!("{{\"own\":\"{own}\"}}"));
    image.compressed = vec![None, Some(BlobDescriptor { digest: blob, size, media_type: "gzip".to_owned() })];
    store.put_image(&image, &[reference(&format!("own/{seed}")), reference("shared")])?;
    assert_eq!(store.image(&image.id)?.as_ref(), Some(&image));

    let new = NewContainer {
        image: Some(image.id),
        parts: vec![store.new_part()?],
        running: true,
        ..NewContainer::default()
    };
    let (container, lock) = store.create_container(&new)?;
    let top = store.part_fs(&container.parts[0]).join("file");
    fs::write(&top, &own).map_err(|source| Error::io("write", &top, source))?;
    store.set_exited(&lock, Some(0))?;
    store.freeze_top(&lock)?;
    store.set_running(&lock, Some(&store.new_part()?))?;
    store.set_exited(&lock, Some(1))?;
    if round.is_multiple_of(2) {
        store.remove_container(&lock)?;
        assert!(store.remove_image(&image.id)?.layers.contains(&record.diff_id));
    } else {
        promise(store, &format!("image {}\ncontainer {}\n", image.id.hex(), container.id));
    }
    if round % 4 == 1 {
        store.prune(false)?;
        store.containers()?;
    }
    Ok(())
}

/// Writes down what is done, where it survives us. Short appends are not torn.
fn promise(store: &Store, text: &str) {
    use std::io::Write as _;
    let log = fs::OpenOptions::new().create(true).append(true).open(store.packages_dir().join("done"));
    // On a full disk there is nothing to promise.
    let _ = log.and_then(|mut log| log.write_all(text.as_bytes()));
}

#[test]
fn eight_processes_write_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    // The first opening, by all of them, is part of it.
    let writers: Vec<Child> = (0..8).map(|seed| start("write", &root, seed)).collect();
    writers.into_iter().for_each(finish);
    let store = Store::open(&root).unwrap();
    assert_eq!(store.containers().unwrap().len(), 8 * 6);
    assert_eq!(store.images().unwrap().len(), 8 * 6);
    let found = check(&store, false);
    assert_eq!(found.problems, []);
    assert_eq!(found.garbage.parts, []);
    assert_eq!(count(&root.join("sessions")), 0);
    assert_eq!(count(&root.join("tmp")), 0);
}

#[test]
fn many_open_for_the_first_time_at_once() {
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("store");
        let all: Vec<Child> = (0..6).map(|seed| start("first", &root, seed)).collect();
        all.into_iter().for_each(finish);
        let threads = |root: &Path| {
            std::thread::scope(|scope| {
                for _ in 0..6 {
                    scope.spawn(|| Store::open(root).unwrap().containers().unwrap());
                }
            });
        };
        threads(&folder.path().join("another"));
    }
}

#[test]
fn a_killed_process_lets_go_of_its_container() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    let store = Store::open(&root).unwrap();
    let mut child = start("hold", &root, 0);
    let id = loop {
        match fs::read_to_string(root.join("tmp/held")) {
            Ok(id) if id.len() == 64 => break id,
            _ => std::thread::sleep(std::time::Duration::from_millis(5)),
        }
    };
    let held = store.container(&id).unwrap();
    assert_eq!((held.status, held.died), (Status::Running, false));
    let busy = store.lock_container(held.row, false).unwrap_err();
    assert!(matches!(busy, Error::Busy { pid, .. } if pid == child.id()), "{busy}");
    child.kill().unwrap();
    child.wait().unwrap();
    let died = store.container(&id).unwrap();
    assert_eq!((died.status, died.died), (Status::Exited, true));
    let lock = store.lock_container(held.row, true).unwrap();
    store.remove_container(&lock).unwrap();
}
