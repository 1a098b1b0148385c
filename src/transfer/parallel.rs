//! Several files at a time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Error;
use super::watch::Watch;

/// What became of each file.
pub(super) type Results<T, K> = HashMap<K, T>;

/// Does `work` for each file, with its size in bytes, in so many threads. The first failure ends it.
pub(super) fn in_parallel<T: Send, K: Clone + Eq + Hash + Send + Sync>(
    mut files: Vec<(u64, &K)>,
    threads: usize,
    watch: &Watch,
    work: impl Fn(&K) -> Result<T, Error> + Sync,
) -> Result<Results<T, K>, Error> {
    // The largest first: one that begins last would be waited for alone.
    files.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    let threads = threads.clamp(1, files.len().max(1));
    let next = AtomicUsize::new(0);
    let results: Mutex<(Results<T, K>, Option<Error>)> = Mutex::new((Results::new(), None));
    let work = || {
        while let Some((_, file)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = watch.check().and_then(|()| work(file));
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            match outcome {
                Ok(fetched) => drop(results.0.insert((*file).clone(), fetched)),
                Err(error) => {
                    // The first failure counts: the others were told to stop because of it.
                    results.1.get_or_insert(error);
                    watch.stop();
                    return;
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    match results.into_inner().unwrap_or_else(PoisonError::into_inner) {
        (_, Some(error)) => Err(error),
        (results, None) => Ok(results),
    }
}

pub(super) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
