//! What is kept of units between runs, by the keys of a plan: float models, evaluations, timings.
//!
//! What a plan asks for and the store does not have is missing, and nothing else says how far a run is: completeness is the
//! plan less the files.

mod batch;
mod moment;
mod run_record;
mod timing;
mod wanted;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bitsweep_exchange::packed::{trained_from_bytes, trained_to_bytes};
use bitsweep_models::Trained;
use bitsweep_results::text::json;
use bitsweep_results::{
    Evaluated, Key, Origin, StoredEntry, StoredRow, read_entries, read_stored, write_stored,
};
use bitsweep_store::{Content, Kind, Shelf, Store, StoredFile};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::plan::{Identity, Plan, Unit};

use self::batch::Batches;
pub(crate) use self::batch::Writer;
pub use self::moment::Moment;
pub use self::run_record::RunRecord;
use self::timing::BatchTiming;
pub use self::timing::{Latency, LatencyKind, NamedLatency, UnitTiming};
pub use self::wanted::{Manifest, Missing, WantedRows};

/// A store, seen by a plan.
pub struct UnitStore {
    store: Store,
    batches: Batches,
    /// Files that are not as they were written.
    damaged: Mutex<BTreeMap<StoredFile, Told>>,
}

/// Whether it was told that a file is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    NotYet,
    Already,
}

/// What of earlier evaluations is made again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Again {
    /// Nothing.
    #[default]
    Nothing,
    /// What failed.
    Failures,
    /// Everything.
    All,
}

/// How far a unit is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Positions of the rows that it lacks.
    pub missing: Vec<usize>,
    /// Rows that are there.
    pub rows: usize,
    /// Of these, rows that failed.
    pub failed: usize,
}

impl UnitStore {
    /// Opens the store in a folder, which is made where it is missing.
    ///
    /// # Errors
    /// When the folder holds something else, or the disk refuses it.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        Ok(Self::of(Store::open(folder)?))
    }

    /// Opens the store in a folder; `None` where there is none.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn existing(folder: &Path) -> Result<Option<Self>, Failure> {
        Ok(Store::existing(folder)?.map(Self::of))
    }

    fn of(store: Store) -> Self {
        Self { store, batches: Batches::default(), damaged: Mutex::default() }
    }

    /// The files.
    pub fn files(&self) -> &Store {
        &self.store
    }

    /// What was found damaged since this was asked last.
    pub fn take_notes(&self) -> Vec<String> {
        let mut damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
        let new = damaged.iter_mut().filter(|(_, told)| **told == Told::NotYet);
        new.map(|(file, told)| {
            *told = Told::Already;
            format!("`{}` is not as it was written: it counts as missing", file.path.display())
        })
        .collect()
    }

    /// Removes damaged files of a unit, whose rows are there again.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub(crate) fn remove_damaged(&self, unit: &Unit) -> Result<(), Failure> {
        let damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
        let own: Vec<StoredFile> =
            damaged.keys().filter(|file| file.shelf == unit.shelf()).cloned().collect();
        drop(damaged);
        for file in &own {
            // It may have been written again by now.
            if self.store.read(file)? == Content::Damaged {
                self.store.remove(file)?;
            }
        }
        Ok(())
    }

    /// Writes what is finished of the units that are being worked on.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub(crate) fn write_finished(&self) -> Result<(), Failure> {
        self.batches.write()
    }

    /// Begins to write evaluations of a unit.
    pub(crate) fn writer(&self, unit: &Unit) -> Writer {
        let writer = Writer::new(&self.store, unit.shelf());
        self.batches.add(&writer);
        writer
    }

    /// How far a unit is.
    ///
    /// # Errors
    /// When the disk refuses to be read.
    pub fn standing(&self, wanted: &WantedRows, again: Again) -> Result<Standing, Failure> {
        let entries = if again == Again::All { HashMap::new() } else { self.entries(wanted.unit)? };
        // What was measured goes before what failed.
        let found = |key: &Key| -> Option<&StoredEntry> {
            let covering = entries.get(key)?.iter().filter(|own| own.recorded.covers(wanted.recorded));
            let best = covering.min_by_key(|own| own.is_failure)?;
            (!best.is_failure || again != Again::Failures).then_some(best)
        };
        if found(&wanted.float).is_some_and(|float| float.ends_unit) {
            let own = usize::from(wanted.rows.contains(&wanted.float));
            return Ok(Standing { missing: Vec::new(), rows: own, failed: own });
        }
        let mut standing = Standing::default();
        for (position, key) in wanted.rows.iter().enumerate() {
            match found(key) {
                None => standing.missing.push(position),
                Some(entry) => {
                    standing.rows += 1;
                    standing.failed += usize::from(entry.is_failure);
                }
            }
        }
        Ok(standing)
    }

    /// Keeps what a plan asks for, so that a merge can tell what is missing.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub fn keep_manifest(&self, plan: &Plan) -> Result<(), Failure> {
        if self.store.files_of(plan.shelf(), Kind::Plan)?.is_empty() {
            self.put_json(plan.shelf(), Kind::Plan, &Manifest::of(plan))?;
        }
        Ok(())
    }

    /// Everything of one kind that was kept of plans, each with its shelf.
    ///
    /// # Errors
    /// When the disk refuses to be read.
    pub fn of_plans<T: DeserializeOwned>(&self, kind: Kind) -> Result<Vec<(Shelf, T)>, Failure> {
        let mut all = Vec::new();
        for shelf in self.store.shelves()? {
            if matches!(shelf, Shelf::Plan(_)) {
                all.extend(self.jsons(shelf, kind)?.into_iter().map(|own| (shelf, own)));
            }
        }
        Ok(all)
    }

    /// Everything of one kind on a shelf.
    ///
    /// # Errors
    /// When the disk refuses to be read.
    pub fn jsons<T: DeserializeOwned>(&self, shelf: Shelf, kind: Kind) -> Result<Vec<T>, Failure> {
        let files = self.store.files_of(shelf, kind)?;
        files.iter().filter_map(|file| self.json(file).transpose()).collect()
    }

    /// What a file says; `None` where it is damaged.
    fn json<T: DeserializeOwned>(&self, file: &StoredFile) -> Result<Option<T>, Failure> {
        let Some(bytes) = self.read(file)? else { return Ok(None) };
        let own = serde_json::from_slice(&bytes).ok();
        if own.is_none() {
            self.damaged(file);
        }
        Ok(own)
    }

    /// Keeps something of a plan.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub fn put_json(&self, shelf: Shelf, kind: Kind, value: &impl Serialize) -> Result<StoredFile, Failure> {
        put_json(&self.store, shelf, kind, value)
    }

    /// The keys of the rows of a file; none of one that is damaged.
    ///
    /// # Errors
    /// When the disk refuses to be read.
    pub fn keys(&self, file: &StoredFile) -> Result<Vec<Key>, Failure> {
        let entries = self.read(file)?.and_then(|bytes| read_entries(&bytes).ok()).unwrap_or_default();
        Ok(entries.iter().map(|entry| entry.key).collect())
    }

    /// The name of the file of rows that a file of timings is of.
    ///
    /// # Errors
    /// When the disk refuses to be read.
    pub fn timing_of(&self, file: &StoredFile) -> Result<Option<String>, Failure> {
        Ok(self.json::<BatchTiming>(file)?.map(|timing| timing.of))
    }

    /// Looks for rows of one key that are not the same.
    ///
    /// # Errors
    /// [`Failure::NotDeterministic`], and when the disk refuses to be read.
    pub fn check(&self, unit: &WantedRows) -> Result<(), Failure> {
        if self.store.files_of(Shelf::Unit(unit.unit.hash()), Kind::Rows)?.len() > 1 {
            self.rows(unit.unit, &unit.name)?;
        }
        Ok(())
    }

    /// The evaluations of a unit in the order of the plan.
    ///
    /// # Errors
    /// [`Failure::Unfinished`] where one is missing, [`Failure::NotDeterministic`] where two of one key are not the same, and when the
    /// disk refuses to be read.
    pub fn evaluated(&self, plan: &Plan, position: usize) -> Result<Vec<Evaluated>, Failure> {
        let unit = &plan.units[position];
        let wanted = plan.recorded(position);
        let mut rows = self.rows(unit.key, &unit.describe())?;
        let shape = rows.values().flatten().find_map(|own| own.row.shape);
        let shown = unit.shown(shape);
        let mut take = |position: usize, identity: &Identity| -> Result<Evaluated, Failure> {
            let key = unit.row_key(identity);
            let found = rows
                .remove(&key)
                .and_then(|found| found.into_iter().find(|own| own.row.recorded.covers(wanted)));
            let row = found.ok_or_else(|| Failure::Unfinished { unit: unit.describe() })?.row;
            let origin = Origin { unit: Arc::clone(&shown), variant: Arc::clone(&identity.row), position };
            Ok(row.evaluated(origin)?.reduced_to(wanted))
        };
        let float = take(0, &unit.float)?;
        if float.ends_unit {
            return Ok(vec![float]);
        }
        let mut all = vec![float];
        for (position, planned) in (1..).zip(&unit.variants) {
            all.push(take(position, &planned.identity)?);
        }
        if let Some(majority) = &unit.majority {
            all.push(take(unit.variants.len() + 1, majority)?);
        }
        Ok(all)
    }

    /// The trained float model of a unit, where it is there.
    ///
    /// # Errors
    /// [`Failure::NotDeterministic`] where there are two that are not the same, and when the disk refuses to be read.
    pub(crate) fn trained(&self, unit: &Unit) -> Result<Option<Trained>, Failure> {
        let mut found: Option<(StoredFile, Trained)> = None;
        for file in self.store.files_of(unit.shelf(), Kind::Model)? {
            let Some(bytes) = self.read(&file)? else { continue };
            match (trained_from_bytes(&bytes), &found) {
                (Err(_), _) => self.damaged(&file),
                (Ok(_), Some((other, _))) => return Err(not_deterministic(&unit.describe(), other, &file)),
                (Ok(trained), None) => found = Some((file, trained)),
            }
        }
        Ok(found.map(|(_, trained)| trained))
    }

    /// Keeps the trained float model of a unit.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub(crate) fn keep_trained(&self, unit: &Unit, trained: &Trained) -> Result<(), Failure> {
        let bytes = trained_to_bytes(trained).map_err(|error| Failure::Other(error.to_string()))?;
        self.store.put(unit.shelf(), Kind::Model, &bytes)?;
        Ok(())
    }

    /// Replaces whatever the store has of the float model of a unit.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub(crate) fn forget_trained(&self, unit: &Unit) -> Result<(), Failure> {
        let files = self.store.files_of(unit.shelf(), Kind::Model)?;
        files.iter().try_for_each(|file| self.store.remove(file)).map_err(Into::into)
    }

    /// Removes rows of older files that are not what `newer` files have for their keys; how many they were.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub(crate) fn replace(&self, unit: &Unit, newer: &[StoredFile]) -> Result<usize, Failure> {
        let mut redone: HashMap<Key, StoredRow> = HashMap::new();
        let mut older = Vec::new();
        for file in self.store.files_of(unit.shelf(), Kind::Rows)? {
            let Some(rows) = self.stored_rows(&file)? else { continue };
            match newer.contains(&file) {
                true => redone.extend(rows.into_iter().map(|row| (row.key, row))),
                false => older.push((file, rows)),
            }
        }
        let differs = |row: &StoredRow| redone.get(&row.key).is_some_and(|new| !is_same(new, row));
        let mut differing = 0;
        for (file, rows) in older {
            let (replaced, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(differs);
            differing += replaced.len();
            if replaced.is_empty() {
                continue;
            }
            if !others.is_empty() {
                let others = others.into_iter().map(StoredRow::evaluated_nameless);
                let others: Vec<Evaluated> = others.collect::<Result<_, _>>()?;
                let bytes = write_stored(&others.iter().collect::<Vec<_>>())?;
                self.store.put(unit.shelf(), Kind::Rows, &bytes)?;
            }
            self.store.remove(&file)?;
        }
        Ok(differing)
    }

    /// How long a unit took, as far as it is known.
    ///
    /// # Errors
    /// When the disk refuses to be read.
    pub(crate) fn timing(&self, plan: &Plan, position: usize) -> Result<UnitTiming, Failure> {
        let unit = &plan.units[position];
        // Of one file of rows there are two where two processes made it: the first counts.
        let mut timings: BTreeMap<String, BatchTiming> = BTreeMap::new();
        for timing in self.jsons::<BatchTiming>(unit.shelf(), Kind::Timing)? {
            timings.entry(timing.of.clone()).or_insert(timing);
        }
        let identities = [&unit.float].into_iter().chain(unit.variants.iter().map(|own| &own.identity));
        let latency = |identity: &Identity| {
            let key = unit.row_key(identity);
            let latency = timings.values().find_map(|timing| timing.latency(key))?.clone();
            Some(NamedLatency { variant: plan.labels.get(&identity.row).text().to_owned(), latency })
        };
        Ok(UnitTiming {
            unit: unit.key.short(),
            name: unit.describe(),
            training_seconds: timings.values().find_map(|timing| timing.training_seconds),
            variants_seconds: (!timings.is_empty())
                .then(|| timings.values().map(|own| own.variants_seconds).sum()),
            latencies: if plan.is_timed(position) {
                identities.filter_map(latency).collect()
            } else {
                Vec::new()
            },
        })
    }

    /// What there is of a unit, by the keys of rows.
    fn entries(&self, unit: Key) -> Result<HashMap<Key, Vec<StoredEntry>>, Failure> {
        let mut entries: HashMap<Key, Vec<StoredEntry>> = HashMap::new();
        for file in self.store.files_of(Shelf::Unit(unit.hash()), Kind::Rows)? {
            let Some(bytes) = self.read(&file)? else { continue };
            match read_entries(&bytes) {
                Ok(found) => found.into_iter().for_each(|own| entries.entry(own.key).or_default().push(own)),
                Err(_) => self.damaged(&file),
            }
        }
        Ok(entries)
    }

    /// The rows of a unit by their keys. Of one key there are several where they were asked for different things.
    fn rows(&self, unit: Key, name: &str) -> Result<HashMap<Key, Vec<FiledRow>>, Failure> {
        let mut rows: HashMap<Key, Vec<FiledRow>> = HashMap::new();
        for file in self.store.files_of(Shelf::Unit(unit.hash()), Kind::Rows)? {
            for row in self.stored_rows(&file)?.unwrap_or_default() {
                let own = FiledRow { file: file.clone(), row };
                let known = rows.entry(own.row.key).or_default();
                // What has been measured since stands for what failed.
                if known.iter().any(|other| !other.row.is_failure()) && own.row.is_failure() {
                    continue;
                }
                known.retain(|other| !other.row.is_failure() || own.row.is_failure());
                if let Some(other) = known.iter().find(|other| !is_same(&other.row, &own.row)) {
                    return Err(not_deterministic(name, &other.file, &file));
                }
                known.push(own);
            }
        }
        Ok(rows)
    }

    /// The rows of a file; `None` where it is damaged.
    fn stored_rows(&self, file: &StoredFile) -> Result<Option<Vec<StoredRow>>, Failure> {
        let Some(bytes) = self.read(file)? else { return Ok(None) };
        let rows = read_stored(&bytes).ok();
        if rows.is_none() {
            self.damaged(file);
        }
        Ok(rows)
    }

    /// The bytes of a file; `None` where it is damaged, or gone by now.
    fn read(&self, file: &StoredFile) -> Result<Option<Vec<u8>>, Failure> {
        match self.store.read(file)? {
            Content::Whole(bytes) => Ok(Some(bytes)),
            Content::Gone => Ok(None),
            Content::Damaged => {
                self.damaged(file);
                Ok(None)
            }
        }
    }

    fn damaged(&self, file: &StoredFile) {
        let mut damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
        damaged.entry(file.clone()).or_insert(Told::NotYet);
    }
}

/// Writes a value as JSON.
fn put_json(store: &Store, shelf: Shelf, kind: Kind, value: &impl Serialize) -> Result<StoredFile, Failure> {
    let text = serde_json::to_string(value).map_err(|error| Failure::Other(error.to_string()))?;
    Ok(store.put(shelf, kind, json(&text).as_bytes())?)
}

/// A row and the file that it is in.
struct FiledRow {
    file: StoredFile,
    row: StoredRow,
}

/// Where units are kept: in the folder that is asked for, or beside the results.
pub fn store_folder(store: Option<&Path>, results: &Path) -> PathBuf {
    store.map_or_else(|| results.join(".bitsweep"), Path::to_owned)
}

fn not_deterministic(unit: &str, one: &StoredFile, other: &StoredFile) -> Failure {
    Failure::NotDeterministic {
        unit: unit.to_owned(),
        files: [one, other].map(|file| file.path.display().to_string()),
    }
}

/// Whether two rows of one key are the same in everything that was asked for of both: as they are written.
fn is_same(one: &StoredRow, other: &StoredRow) -> bool {
    let shared = one.recorded.shared(other.recorded);
    let bytes = |row: &StoredRow| -> Option<Vec<u8>> {
        write_stored(&[&row.clone().evaluated_nameless().ok()?.reduced_to(shared)]).ok()
    };
    let (one, other) = (bytes(one), bytes(other));
    one.is_some() && one == other
}
