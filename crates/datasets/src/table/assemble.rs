//! From columns to a dataset: classes, features, the division of rows, and notes.

use ndarray::Array2;

use super::class_labels::{Classes, classes, sorted};
use super::error::{Gap, TableProblem};
use super::levels::{Reading, numbered};
use super::missing::Missing;
use super::raw::{Asked, Cells, RawColumn, RawTable, Texts};
use super::source::{TableSource, TextEncoding};
use super::suspicions::suspicion;
use crate::dataset::{Column, ColumnKind, Dataset, Division, RowsOfFile};
use crate::note::Note;
use crate::split::Split;

/// Predictions are stored in two bytes.
const MOST_CLASSES: usize = 1 << 16;

/// Makes the dataset that `source` asks for of what was read.
pub(super) fn assemble(source: &TableSource, mut read: RawTable) -> Result<Dataset, TableProblem> {
    leave_out_empty_columns(&mut read)?;
    leave_out_unlabelled_rows(source, &mut read)?;
    leave_out_incomplete_rows(source, &mut read)?;
    let classes = target_classes(source, &mut read)?;
    let RawTable { features, split, group, file, mut notes, .. } = read;
    notes.extend(classes.notes);
    let rows = classes.labels.len();
    let division = division(source, split.as_ref(), group.as_ref(), &file)?;
    let mut columns = Vec::with_capacity(features.len());
    let mut numbers = Vec::with_capacity(features.len());
    for RawColumn { name, is_unnamed, asked, cells } in features {
        let reading = reading(source, &name, asked);
        let (values, kind) = match cells {
            Cells::Numbers(numbers) => (numbers, ColumnKind::Number),
            Cells::Texts(texts) => numbered(&name, &texts, &reading, &file)?,
        };
        if let (ColumnKind::Levels { texts, most }, Reading::Unasked(_)) = (&kind, &reading) {
            notes.push(Note::OneHot { column: name.clone(), levels: texts.len(), most: *most });
        }
        let missing = values.iter().filter(|value| value.is_nan()).count();
        if missing > 0 {
            notes.push(Note::Filled { column: name.clone(), count: missing });
        }
        let is_number = kind == ColumnKind::Number;
        notes.extend(suspicion(&name, is_unnamed, is_number, &values, &classes.labels));
        columns.push(Column { name, kind, missing });
        numbers.push(values);
    }
    let values = row_by_row(rows, numbers);
    let class_names = match &source.class_names {
        None => classes.names,
        Some(names) if names.len() == classes.names.len() => names.clone(),
        Some(names) => {
            return Err(TableProblem::ClassNameCount { given: names.len(), classes: classes.names });
        }
    };
    let mut dataset = Dataset {
        name: source.name(),
        columns,
        values,
        missing: source.missing,
        labels: classes.labels,
        class_names,
        division,
        file: Some(file),
        notes,
        hash: blake3::hash(&[]),
    };
    dataset.hash = hash(&dataset);
    Ok(dataset)
}

/// The columns as one array, each given back when it has been copied.
fn row_by_row(rows: usize, columns: Vec<Vec<f64>>) -> Array2<f64> {
    let mut values = Array2::zeros((rows, columns.len()));
    for (column, own) in columns.into_iter().enumerate() {
        values.column_mut(column).iter_mut().zip(own).for_each(|(value, own)| *value = own);
    }
    values
}

fn leave_out_empty_columns(read: &mut RawTable) -> Result<(), TableProblem> {
    let notes = &mut read.notes;
    let names: Vec<String> = read.features.iter().map(|column| column.name.clone()).collect();
    read.features.retain(|RawColumn { name, cells, .. }| {
        let is_empty = (0..cells.len()).all(|row| cells.is_missing(row));
        notes.extend(is_empty.then(|| Note::Empty { column: name.clone() }));
        !is_empty
    });
    if read.features.is_empty() { Err(TableProblem::NoFeatures { columns: names }) } else { Ok(()) }
}

/// Keeps the rows that are `kept`, and says why of the others.
fn retain(read: &mut RawTable, kept: &[bool], because: &'static str) -> Result<(), TableProblem> {
    let left_out = kept.iter().filter(|kept| !**kept).count();
    if left_out == 0 {
        return Ok(());
    }
    if left_out == kept.len() {
        return Err(TableProblem::NoRows(because));
    }
    read.notes.push(Note::RowsLeftOut { rows: left_out, of: kept.len(), because });
    let others = [Some(&mut read.target), read.split.as_mut(), read.group.as_mut()];
    for column in read.features.iter_mut().chain(others.into_iter().flatten()) {
        column.cells.retain(kept);
    }
    read.file.retain(kept);
    Ok(())
}

fn leave_out_unlabelled_rows(source: &TableSource, read: &mut RawTable) -> Result<(), TableProblem> {
    let cells = &read.target.cells;
    let kept: Vec<bool> = (0..cells.len()).map(|row| !cells.is_missing(row)).collect();
    let Some(first) = kept.iter().position(|kept| !kept) else { return Ok(()) };
    if source.missing == Missing::Refuse {
        return Err(TableProblem::MissingLabel {
            first: read.file.find(first).1,
            column: read.target.name.clone(),
            count: kept.iter().filter(|kept| !**kept).count(),
        });
    }
    retain(read, &kept, "since no class is given")
}

fn leave_out_incomplete_rows(source: &TableSource, read: &mut RawTable) -> Result<(), TableProblem> {
    if source.missing.is_imputed() {
        return Ok(());
    }
    let rows = read.target.cells.len();
    let mut kept = vec![true; rows];
    let mut gaps = Vec::new();
    for RawColumn { name, cells, .. } in &read.features {
        let mut missing = (0..rows).filter(|&row| cells.is_missing(row)).peekable();
        if let Some(&first) = missing.peek() {
            let first = read.file.find(first).1;
            let count = missing.map(|row| kept[row] = false).count();
            gaps.push(Gap { column: name.clone(), count, first });
        }
    }
    match source.missing {
        Missing::Refuse if !gaps.is_empty() => Err(TableProblem::Missing(gaps)),
        _ => retain(read, &kept, "since a value is missing"),
    }
}

/// The classes of all rows that are left.
fn target_classes(source: &TableSource, read: &mut RawTable) -> Result<Classes, TableProblem> {
    let column = read.target.name.clone();
    let mut found = match (&read.target.cells, &source.bins) {
        (Cells::Texts(texts), None) => classes(&column, texts),
        (Cells::Numbers(numbers), Some(bins)) => bins.classes(&column, numbers)?,
        (Cells::Texts(texts), Some(_)) => {
            let text = texts.distinct.first().cloned().unwrap_or_default();
            return Err(TableProblem::BinsOfText { column, text });
        }
        (Cells::Numbers(_), None) => unreachable!("without bins a target is read as text"),
    };
    if found.are_continuous {
        let edge = found.names[found.names.len() / 2].clone();
        let (classes, rows) = (found.names.len(), found.labels.len());
        return Err(TableProblem::ContinuousTarget { column, classes, rows, edge });
    }
    if let Some(rare) = source.rare_classes {
        let kept = rare.apply(&column, &mut found);
        retain(read, &kept, "since the class is rare")?;
        let mut kept = kept.iter();
        found.labels.retain(|_| kept.next().copied().unwrap_or(true));
    }
    if let [class] = found.names.as_slice() {
        return Err(TableProblem::OneClass { class: class.clone(), column });
    }
    if found.names.len() > MOST_CLASSES {
        return Err(TableProblem::TooManyClasses { column, classes: found.names.len(), most: MOST_CLASSES });
    }
    Ok(found)
}

/// How the texts of a feature are read.
fn reading<'s>(source: &'s TableSource, column: &str, asked: Asked) -> Reading<'s> {
    match (asked, source.text) {
        (Asked::InOrder, _) => Reading::Given(source.levels.get(column).map_or(&[], Vec::as_slice)),
        (Asked::Ordinal, _) => Reading::Ordinal,
        (Asked::OneHot, _) => Reading::OneHot(source.most_levels),
        (Asked::Nothing, TextEncoding::OneHot) => Reading::Unasked(source.most_levels),
        (Asked::Nothing, TextEncoding::Ordinal) => Reading::UnaskedOrdinal,
    }
}

fn division(
    source: &TableSource,
    split: Option<&RawColumn>,
    group: Option<&RawColumn>,
    file: &RowsOfFile,
) -> Result<Division, TableProblem> {
    if let Some(RawColumn { name, cells: Cells::Texts(texts), .. }) = split {
        let mut parts = Split { train: Vec::new(), validation: Vec::new(), test: Vec::new() };
        for row in 0..texts.codes.len() {
            let text = texts.get(row).unwrap_or("");
            let part = match text.to_lowercase().as_str() {
                "train" | "training" => &mut parts.train,
                "validation" | "valid" | "val" | "dev" => &mut parts.validation,
                "test" | "testing" => &mut parts.test,
                _ => {
                    let (place, text) = (file.find(row).1, text.to_owned());
                    return Err(TableProblem::NotAPart { place, column: name.clone(), text });
                }
            };
            part.push(row);
        }
        return given(parts);
    }
    if source.test.is_some()
        && let [train, test] = file.files.as_slice()
    {
        let rows = train.rows + test.rows;
        let parts = Split {
            train: (0..train.rows).collect(),
            validation: Vec::new(),
            test: (train.rows..rows).collect(),
        };
        return given(parts);
    }
    if let Some(RawColumn { name, cells: Cells::Texts(texts), .. }) = group {
        if let Some(row) = texts.codes.iter().position(|code| *code == Texts::MISSING) {
            return Err(TableProblem::MissingGroup { place: file.find(row).1, column: name.clone() });
        }
        return Ok(Division::Groups(group_numbers(texts)));
    }
    Ok(Division::Free)
}

fn given(parts: Split) -> Result<Division, TableProblem> {
    match (parts.train.is_empty(), parts.test.is_empty()) {
        (true, _) => Err(TableProblem::EmptyPart("train")),
        (_, true) => Err(TableProblem::EmptyPart("test")),
        (false, false) => Ok(Division::Given(parts)),
    }
}

/// The group of each row, numbered in the sorted order of what they are called, as scikit-learn numbers them.
fn group_numbers(texts: &Texts) -> Vec<usize> {
    let distinct: Vec<&str> = texts.distinct.iter().map(String::as_str).collect();
    let rows = texts.rows_of_each();
    let mut number_of = vec![0; distinct.len()];
    let mut next = 0;
    for group in sorted(&distinct) {
        group.iter().for_each(|&position| number_of[position] = next);
        // Rows of a group may all have been left out.
        next += usize::from(group.iter().any(|&position| rows[position] > 0));
    }
    texts.codes.iter().map(|code| number_of[*code as usize]).collect()
}

/// A hash of all that a model is trained and scored on.
fn hash(dataset: &Dataset) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    let mut text = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    for Column { name, kind, .. } in &dataset.columns {
        text(name);
        text(&format!("{kind:?}"));
    }
    dataset.class_names.iter().for_each(|name| text(name));
    text(&format!("{:?}", dataset.missing));
    text(&format!("{:?}", dataset.division));
    // Many rows at a time, which is how the hash is fast.
    const MANY: usize = 1 << 16;
    let mut bytes = Vec::with_capacity(2 * MANY);
    for (row, label) in dataset.values.rows().into_iter().zip(&dataset.labels) {
        for value in row {
            // One NaN for all, and one zero.
            let value = if value.is_nan() { f64::NAN } else { value + 0.0 };
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        bytes.extend_from_slice(&(*label as u64).to_le_bytes());
        if bytes.len() >= MANY {
            hasher.update(&bytes);
            bytes.clear();
        }
    }
    hasher.update(&bytes);
    hasher.finalize()
}
