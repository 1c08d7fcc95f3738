//! Evaluations on their way into the store.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use bitsweep_results::{Evaluated, write_stored};
use bitsweep_store::{Kind, Shelf, Store, StoredFile};

use super::put_json;
use super::timing::{BatchTiming, Latency};
use crate::failure::Failure;

/// What took so long to make is written: a process that is killed loses no more than this.
const INTERVAL: Duration = Duration::from_secs(1);

/// With so many rows of the large tables a batch is written, however young it is.
const MOST_LARGE_ROWS: usize = 1 << 16;

/// Evaluations of one unit that are not written yet.
pub(crate) struct Batch {
    store: Store,
    shelf: Shelf,
    rows: Vec<Evaluated>,
    large: usize,
    since: Instant,
    training_seconds: Option<f64>,
    latencies: Vec<(String, Latency)>,
    /// What was written.
    files: Vec<StoredFile>,
}

impl Batch {
    fn write(&mut self) -> Result<(), Failure> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows: Vec<&Evaluated> = self.rows.iter().collect();
        let file = self.store.put(self.shelf, Kind::Rows, &write_stored(&rows)?)?;
        let timing = BatchTiming {
            of: file.name(),
            training_seconds: self.training_seconds.take(),
            variants_seconds: self.since.elapsed().as_secs_f64(),
            latencies: std::mem::take(&mut self.latencies),
        };
        put_json(&self.store, self.shelf, Kind::Timing, &timing)?;
        self.files.push(file);
        self.rows.clear();
        self.large = 0;
        self.since = Instant::now();
        Ok(())
    }
}

/// Writes evaluations of one unit, several to a file.
pub(crate) struct Writer(Arc<Mutex<Batch>>);

impl Writer {
    pub(super) fn new(store: &Store, shelf: Shelf) -> Self {
        Self(Arc::new(Mutex::new(Batch {
            store: store.clone(),
            shelf,
            rows: Vec::new(),
            large: 0,
            since: Instant::now(),
            training_seconds: None,
            latencies: Vec::new(),
            files: Vec::new(),
        })))
    }

    /// The training of the unit's float model took so long, and its variants begin.
    pub(crate) fn trained(&self, seconds: Option<f64>) {
        let mut batch = lock(&self.0);
        batch.training_seconds = seconds;
        batch.since = Instant::now();
    }

    /// Adds an evaluation. It is on the disk at once, or within a second's work.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub(crate) fn add(&self, evaluated: Evaluated, latency: Option<Latency>) -> Result<(), Failure> {
        let mut batch = lock(&self.0);
        batch.large += evaluated.large.count();
        batch.latencies.extend(latency.map(|latency| (evaluated.row.key.to_string(), latency)));
        batch.rows.push(evaluated);
        if batch.since.elapsed() >= INTERVAL || batch.large >= MOST_LARGE_ROWS {
            batch.write()?;
        }
        Ok(())
    }

    /// Writes what is left; with all files that were written.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub(crate) fn finish(self) -> Result<Vec<StoredFile>, Failure> {
        let mut batch = lock(&self.0);
        batch.write()?;
        Ok(std::mem::take(&mut batch.files))
    }
}

/// The batches of all units that are being worked on: what a signal writes before the process ends.
#[derive(Default)]
pub(super) struct Batches(Mutex<Vec<Weak<Mutex<Batch>>>>);

impl Batches {
    pub(super) fn add(&self, writer: &Writer) {
        let mut all = lock(&self.0);
        all.retain(|batch| batch.strong_count() > 0);
        all.push(Arc::downgrade(&writer.0));
    }

    /// Writes what is there.
    ///
    /// # Errors
    /// The first that the disk refuses.
    pub(super) fn write(&self) -> Result<(), Failure> {
        lock(&self.0).iter().filter_map(Weak::upgrade).try_for_each(|batch| lock(&batch).write())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
