//! Predictions from the table that people read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use bitsweep_results::{Origins, PredictionRow, Predictions, ResultRow, RowPart, Unit, read_rows};

/// The predictions of one unit while they are read.
#[derive(Default)]
struct Reading {
    names: Vec<String>,
    numbers: BTreeMap<Arc<str>, u16>,
    /// Of each variant, by its position, the row, the true class and the predicted one.
    variants: BTreeMap<usize, Vec<(u32, u16, u16)>>,
    own: Option<PredictionRow>,
}

impl Reading {
    fn number(&mut self, class: &Arc<str>) -> Option<u16> {
        if let Some(number) = self.numbers.get(class) {
            return Some(*number);
        }
        let number = u16::try_from(self.names.len()).ok()?;
        self.names.push(class.to_string());
        self.numbers.insert(Arc::clone(class), number);
        Some(number)
    }
}

/// The predictions of the test rows in `predictions.csv`, of the variants of these rows, or why there are none.
pub(super) fn from_table(path: &Path, rows_of: &[ResultRow]) -> Result<Vec<Predictions>, String> {
    let unreadable = |error: &dyn std::fmt::Display| {
        format!("predictions cannot be read from `{}`: {error}", path.display())
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(format!("there is no `{}`", path.display()));
        }
        Err(error) => return Err(unreadable(&error)),
    };
    let mut units: BTreeMap<_, Reading> = BTreeMap::new();
    let origins = Origins::of(rows_of);
    let table = read_rows::<PredictionRow>(BufReader::new(file), &origins);
    for row in table.map_err(|error| unreadable(&error))? {
        let row = row.map_err(|error| unreadable(&error))?;
        if row.part != RowPart::Test {
            continue;
        }
        let unit = units.entry(row.origin.unit.keys()).or_default();
        let numbers = unit.number(&row.truth).zip(unit.number(&row.quantized));
        let (truth, predicted) = numbers.ok_or_else(|| unreadable(&"there are too many classes"))?;
        unit.variants.entry(row.origin.position).or_default().push((row.row, truth, predicted));
        unit.own.get_or_insert(row);
    }
    let variants: BTreeMap<_, _> = rows_of
        .iter()
        .map(|row| ((row.origin.unit.keys(), row.origin.position), &row.origin.variant))
        .collect();
    let mut all = Vec::with_capacity(units.len());
    for (keys, unit) in units {
        let Reading { names, variants: own, own: Some(first), .. } = unit else { continue };
        let (rows, truth): (Vec<u32>, Vec<u16>) =
            own.values().next().into_iter().flatten().map(|(row, truth, _)| (*row, *truth)).unzip();
        let mut seen: Vec<u32> = rows.clone();
        seen.sort_unstable();
        seen.dedup();
        let is_whole = seen.len() == rows.len()
            && own.values().all(|other| {
                other.iter().map(|(row, truth, _)| (*row, *truth)).eq(rows.iter().copied().zip(truth.clone()))
            });
        if !is_whole {
            let run = first.origin.unit.run();
            return Err(unreadable(&format!("the variants of {run} are not asked about the same rows")));
        }
        let predicted: Vec<_> = own
            .iter()
            .filter_map(|(position, own)| {
                let variant = Arc::clone(variants.get(&(keys, *position))?);
                Some((*position, variant, own.iter().map(|(.., predicted)| *predicted).collect()))
            })
            .collect();
        all.push(Predictions {
            unit: Arc::clone(&first.origin.unit),
            classes: names.into(),
            rows: rows.into(),
            truth: truth.into(),
            float: predicted.first().map(|(.., own): &(_, _, Box<[u16]>)| own.clone()).unwrap_or_default(),
            variants: predicted,
            log_losses: Vec::new(),
            validation: None,
        });
    }
    if all.is_empty() {
        return Err(format!("`{}` has no test rows", path.display()));
    }
    Ok(all)
}

/// Predictions of the units of `from` as those of `rows`, which are of the same units in the same order; `None` where they are not.
///
/// A task's key knows the path of its file, which starts at another folder where results are read again.
pub(super) fn of_units(
    predictions: Vec<Predictions>,
    from: &[ResultRow],
    rows: &[ResultRow],
) -> Option<Vec<Predictions>> {
    let units = |rows: &[ResultRow]| -> Vec<Arc<Unit>> {
        let mut seen = BTreeSet::new();
        let units = rows.iter().map(|row| &row.origin.unit).filter(|unit| seen.insert(unit.keys()));
        units.cloned().collect()
    };
    let (from, own) = (units(from), units(rows));
    let is_same = from.len() == own.len() && from.iter().zip(&own).all(|(one, other)| one.key == other.key);
    let known: BTreeMap<_, Arc<Unit>> = from.iter().map(|unit| unit.keys()).zip(own).collect();
    let renamed = predictions.into_iter().map(|own| {
        let unit = Arc::clone(known.get(&own.unit.keys())?);
        Some(Predictions { unit, ..own })
    });
    renamed.collect::<Option<_>>().filter(|_| is_same)
}

/// The first unit whose predictions do not give the scores that the results table has.
pub(super) fn scored_otherwise(all: &[Predictions], rows: &[ResultRow]) -> Option<String> {
    let units: BTreeMap<_, &Predictions> = all.iter().map(|own| (own.unit.keys(), own)).collect();
    let differs = |row: &&ResultRow| {
        let Some(scores) = row.measures().and_then(|own| own.scores.as_ref()) else { return false };
        let own = units.get(&row.origin.unit.keys()).and_then(|own| own.confusion(row.origin.position));
        own.is_some_and(|own| own.map_or(true, |own| (own.macro_f1() - scores.macro_f1.value).abs() > 1e-9))
    };
    rows.iter().find(differs).map(|row| row.origin.unit.run())
}
