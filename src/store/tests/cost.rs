//! What a run's records cost. Timings are printed, not judged: machines differ.
use std::time::{Duration, Instant};

use super::*;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[test]
fn a_runs_records_are_cheap() {
    let rounds: usize =
        std::env::var("PLYWOOD_TEST_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(50);
    let store = fixture();
    let image = image(&store, "x", "a");
    let mut kept: Vec<(&str, Vec<Duration>)> =
        ["part", "create", "finish", "lock", "running", "exited", "remove", "all"]
            .map(|name| (name, Vec::new()))
            .into();
    for round in 0..rounds {
        let all = Instant::now();
        let mut spent = Duration::ZERO;
        let mut place = 0;
        let mut measure = |from: Instant| {
            kept[place].1.push(from.elapsed());
            spent += from.elapsed();
            place += 1;
        };
        let from = Instant::now();
        let part = store.new_part().unwrap();
        measure(from);
        let new = NewContainer {
            image: Some(image.id),
            image_reference: "a".to_owned(),
            config: serde_json::json!({"command": ["/bin/sh", "-c", "true"], "env": {"PATH": "/usr/bin:/bin"}}),
            parts: vec![part],
            running: true,
            ..NewContainer::default()
        };
        let from = Instant::now();
        let (record, lock) = store.create_container(&new).unwrap();
        measure(from);
        let from = Instant::now();
        lock.set_pid(7);
        store.finish(&lock, Some(0), false).unwrap();
        drop(lock);
        measure(from);
        if round % 2 == 0 {
            continue;
        }
        let from = Instant::now();
        let lock = store.lock_container(record.row, false).unwrap();
        measure(from);
        let from = Instant::now();
        store.set_running(&lock, None).unwrap();
        measure(from);
        let from = Instant::now();
        store.set_exited(&lock, Some(1)).unwrap();
        measure(from);
        let from = Instant::now();
        store.remove_container(&lock).unwrap();
        measure(from);
        let _ = spent;
        kept[7].1.push(all.elapsed());
        // As long as a run takes; the threads need a moment too.
        std::thread::sleep(Duration::from_millis(2));
    }
    for (name, times) in kept {
        eprintln!("{name}: median {:?}, most {:?}", median(times.clone()), times.iter().max().unwrap());
    }
    let from = Instant::now();
    drop(store.store);
    eprintln!("close: {:?}", from.elapsed());
    let from = Instant::now();
    let store = Store::open(&store.folder.path().join("store")).unwrap();
    eprintln!("open: {:?}", from.elapsed());
    let from = Instant::now();
    store.image(&image.id).unwrap().unwrap();
    eprintln!("first record: {:?}", from.elapsed());
}

/// A process that does one run: everything from opening to closing.
#[test]
fn one_run_a_process_is_cheap() {
    let store = fixture();
    let image = image(&store, "x", "a").id;
    let root = store.root().to_owned();
    drop(store.store);
    let mut all = Vec::new();
    let mut close = Vec::new();
    for _ in 0..60 {
        let from = Instant::now();
        let store = Store::open(&root).unwrap();
        let new = NewContainer {
            image: Some(image),
            parts: vec![store.new_part().unwrap()],
            running: true,
            ..NewContainer::default()
        };
        let (_, lock) = store.create_container(&new).unwrap();
        store.finish(&lock, Some(0), false).unwrap();
        drop(lock);
        let closing = Instant::now();
        drop(store);
        close.push(closing.elapsed());
        all.push(from.elapsed());
        std::thread::sleep(Duration::from_millis(1));
    }
    for (name, times) in [("whole", all), ("of it close", close)] {
        eprintln!("{name}: median {:?}, most {:?}", median(times.clone()), times.iter().max().unwrap());
    }
}

#[test]
fn ten_thousand_containers_change_little() {
    let many: usize =
        std::env::var("PLYWOOD_TEST_MANY").ok().and_then(|text| text.parse().ok()).unwrap_or(500);
    let store = fixture();
    let image = image(&store, "x", "a");
    let new = NewContainer { image: Some(image.id), ..NewContainer::default() };
    let mut last = None;
    let mut times = Vec::new();
    for _ in 0..many {
        let from = Instant::now();
        last = Some(store.create_container(&new).unwrap().0);
        times.push(from.elapsed());
    }
    let last = last.unwrap();
    let tail = times.split_off(many - many / 10);
    times.truncate(many / 10);
    eprintln!("create: first {:?}, last {:?}", median(times), median(tail));
    let measure = |name: &str, work: &dyn Fn()| {
        let from = Instant::now();
        work();
        eprintln!("{name}: {:?}", from.elapsed());
    };
    measure("by prefix", &|| assert_eq!(store.container(&last.id[..20]).unwrap().row, last.row));
    measure("by name", &|| assert_eq!(store.container(&last.name).unwrap().row, last.row));
    measure("last", &|| assert_eq!(store.last().unwrap().unwrap().row, last.row));
    measure("in use", &|| assert!(matches!(store.remove_image(&image.id), Err(Error::InUse { .. }))));
    measure("list", &|| assert_eq!(store.containers().unwrap().len(), many));
    measure("prune", &|| assert_eq!(store.prune(true).unwrap(), PruneReport::default()));
}
