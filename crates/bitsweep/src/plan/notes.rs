//! What a reader should know of the data before anything runs.

use bitsweep_datasets::{ColumnKind, Dataset, Note, Scaling, list};
use bitsweep_results::numbers::significant;

use super::{Plan, Unit};
use bitsweep_experiment::subject::Subject;

/// Ranges of features that differ by a greater factor are of different scale.
pub(crate) const MOST_RATIO: f64 = 100.0;

impl Plan {
    /// What a reader should know of the data and of the models' files, one by one: the name, and a sentence.
    pub fn notes(&self) -> Vec<(&str, String)> {
        let mut notes: Vec<(&str, String)> = Vec::new();
        for unit in &self.units {
            let Some(dataset) = unit.rows() else { continue };
            let is_told = |note: &&Note| unit.given.is_none() || is_of_given(note, dataset);
            let of_data = dataset.notes.iter().filter(is_told);
            let of_data = of_data.map(ToString::to_string).chain(unscaled(unit, dataset));
            let of_data = of_data.map(|note| (dataset.name.as_str(), note));
            let origin = unit.given().and_then(|given| given.origin.as_ref());
            let of_model = origin.into_iter().flat_map(|origin| {
                let notes = origin.notes.iter().cloned().chain(by_position(unit, dataset));
                notes.map(|note| (origin.file.as_str(), note))
            });
            for note in of_data.chain(of_model) {
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
        notes
    }
}

/// Whether a note is of use where the model is given: its columns are what they are, and others are left out.
fn is_of_given(note: &Note, dataset: &Dataset) -> bool {
    match note {
        Note::Constant { .. } | Note::RowNumber { .. } => false,
        Note::OneHot { column, .. } => dataset.columns.iter().any(|own| own.name == *column),
        _ => true,
    }
}

/// That a model from a file takes the columns in their order, which it does not call by name.
fn by_position(unit: &Unit, dataset: &Dataset) -> Option<String> {
    let inputs = unit.given()?.inputs.as_deref();
    let columns: Vec<&str> = dataset.columns.iter().map(|column| column.name.as_str()).collect();
    match inputs {
        Some(inputs) if dataset.positions_of_columns(inputs) != Ok(None) => None,
        Some(inputs) => Some(format!(
            "its inputs {} are called otherwise than the columns, which are taken in their order: {}",
            list(inputs),
            list(&columns)
        )),
        None => Some(format!(
            "does not name its inputs, which are the columns in their order: {}",
            list(&columns)
        )),
    }
}

/// That a model is trained on features of very different ranges as they are.
fn unscaled(unit: &Unit, dataset: &Dataset) -> Option<String> {
    let (Subject::Trained(trained), Scaling::None | Scaling::Divide(_)) =
        (&unit.spec.subject, unit.spec.subject.rows()?.0.scale)
    else {
        return None;
    };
    let ranges = dataset.columns.iter().zip(dataset.values.columns()).filter_map(|(column, values)| {
        let known = || values.iter().copied().filter(|value| !value.is_nan());
        let range = known().fold(f64::NEG_INFINITY, f64::max) - known().fold(f64::INFINITY, f64::min);
        let is_number = !matches!(column.kind, ColumnKind::Levels { .. });
        (is_number && range > 0.0).then_some((&column.name, range))
    });
    let ranges: Vec<(&String, f64)> = ranges.collect();
    let (widest, most) = ranges.iter().max_by(|one, other| one.1.total_cmp(&other.1))?;
    let (narrowest, least) = ranges.iter().min_by(|one, other| one.1.total_cmp(&other.1))?;
    (*most > MOST_RATIO * least).then(|| {
        format!(
            "column `{widest}` ranges over {}, `{narrowest}` over {}, and {} takes them unscaled: it learns mostly of the \
             wide ones; `data.scale = \"standard\"`",
            significant(*most, 3),
            significant(*least, 3),
            trained.model
        )
    })
}
