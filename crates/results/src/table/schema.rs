//! All columns of the results table in their order.

use std::collections::BTreeSet;

use super::column::Column;
use super::measure_columns::{calibration, errors, scores, sizes};
use super::origin_columns::{
    canonical_measures, canonical_origin, key, remarks, setting, shape, unit, variant,
};
use crate::error::ResultsError;
use crate::origin::Task;

/// Rows of one batch, and of one Parquet row group; fixed, so that the bytes depend on the rows alone.
pub(super) const BATCH: usize = 1 << 12;

/// All columns, those of the tasks' settings included.
///
/// # Errors
/// [`ResultsError::RepeatedColumn`] when a setting bears the name of another column, or stands twice in a task.
pub(super) fn columns<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> Result<Vec<Column>, ResultsError> {
    let mut settings: Vec<&str> = Vec::new();
    for task in tasks {
        let mut own = BTreeSet::new();
        for (key, _) in &task.settings {
            if !own.insert(key.as_str()) {
                return Err(ResultsError::RepeatedColumn(key.clone()));
            }
            if !settings.contains(&key.as_str()) {
                settings.push(key);
            }
        }
    }
    let mut all = unit();
    all.extend(settings.iter().map(|key| setting(key)));
    all.extend(variant());
    all.extend(scores());
    all.extend(errors());
    all.extend(calibration());
    all.extend(sizes());
    all.extend(remarks());
    all.extend(canonical_origin());
    all.extend(canonical_measures());
    let mut names = BTreeSet::new();
    match all.iter().find(|column| !names.insert(column.name.as_ref())) {
        Some(repeated) => Err(ResultsError::RepeatedColumn(repeated.name.clone().into_owned())),
        None => Ok(all),
    }
}

/// The columns from which the measures of a row, or its failure, are read back: the same whatever the row is called.
pub(super) fn measured() -> Vec<Column> {
    let mut all = vec![key()];
    all.extend(shape());
    all.extend(scores());
    all.extend(errors());
    all.extend(calibration());
    all.extend(sizes());
    all.extend(remarks());
    all.extend(canonical_measures());
    all.retain(Column::is_stored);
    all
}
