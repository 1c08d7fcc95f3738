//! Columns that look like a slip: row numbers, constants, and what gives the class away.

use std::collections::HashMap;

use crate::note::{Note, RowNumber};

/// Of fewer rows nothing is suspected.
const FEWEST_ROWS: usize = 20;

/// So many rows are looked at before all are.
const SAMPLE: usize = 1000;

/// What is suspicious of a column.
pub(super) fn suspicion(
    column: &str,
    is_unnamed: bool,
    is_number: bool,
    values: &[f64],
    labels: &[usize],
) -> Option<Note> {
    let name = || column.to_owned();
    if values.len() < FEWEST_ROWS {
        return None;
    }
    if values.iter().all(|value| *value == values[0]) {
        return Some(Note::Constant { column: name() });
    }
    if is_number && let Some(because) = row_number(column, values, is_unnamed) {
        return Some(Note::RowNumber { column: name(), because });
    }
    let sampled = &values[..values.len().min(SAMPLE)];
    let gives_away = |values: &[f64]| determines(values, labels) || (is_number && separates(values, labels));
    (gives_away(sampled) && gives_away(values)).then(|| Note::Leak { column: name() })
}

fn row_number(column: &str, values: &[f64], is_unnamed: bool) -> Option<RowNumber> {
    if !values.iter().all(|value| value.fract() == 0.0 && value.abs() < 1e15) {
        return None;
    }
    if values.windows(2).all(|pair| pair[1] == pair[0] + 1.0) {
        return Some(RowNumber::Counts);
    }
    if is_unnamed {
        return Some(RowNumber::IsUnnamed);
    }
    let is_unique = are_unique(&values[..values.len().min(SAMPLE)]) && are_unique(values);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    // A measurement may differ in every row, too: it leaves more numbers out.
    let is_dense = most - least < 2.0 * values.len() as f64;
    (is_unique && (is_dense || is_called_number(column))).then_some(RowNumber::IsUnique)
}

/// Whether a column has a name as numbers of rows have.
fn is_called_number(column: &str) -> bool {
    let name = column.to_lowercase();
    let words = name.split(|character: char| !character.is_alphanumeric());
    words.into_iter().any(|word| {
        ["id", "ids", "index", "idx", "no", "nr", "number", "key", "row", "rownames"].contains(&word)
    }) || column.ends_with("Id")
        || column.ends_with("ID")
}

fn are_unique(values: &[f64]) -> bool {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.windows(2).all(|pair| pair[0] != pair[1])
}

/// Whether each value, of two rows and more on average, has one class.
fn determines(values: &[f64], labels: &[usize]) -> bool {
    let mut class_of: HashMap<u64, usize> = HashMap::new();
    let is_one = |(value, &label): (&f64, &usize)| {
        value.is_nan() || *class_of.entry((value + 0.0).to_bits()).or_insert(label) == label
    };
    values.iter().zip(labels).all(is_one) && class_of.len() * 2 <= values.len() && class_of.len() > 1
}

/// Whether the rows in the order of the value have each class once, in one piece.
fn separates(values: &[f64], labels: &[usize]) -> bool {
    let known = values.iter().zip(labels).filter(|(value, _)| !value.is_nan());
    let mut sorted: Vec<(f64, usize)> = known.map(|(&value, &label)| (value, label)).collect();
    sorted
        .sort_unstable_by(|(value, label), (other, another)| value.total_cmp(other).then(label.cmp(another)));
    let is_shared = sorted.windows(2).any(|pair| pair[0].0 == pair[1].0 && pair[0].1 != pair[1].1);
    let changes = sorted.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
    let mut classes: Vec<usize> = sorted.iter().map(|&(_, label)| label).collect();
    classes.sort_unstable();
    classes.dedup();
    !is_shared && classes.len() > 1 && changes + 1 == classes.len()
}

#[cfg(test)]
mod tests {
    use super::suspicion;
    use crate::note::{Note, RowNumber};

    fn of(values: &[f64], is_unnamed: bool) -> Option<Note> {
        // Three classes, in turn.
        let labels: Vec<usize> = (0..values.len()).map(|row| row % 3).collect();
        suspicion("x", is_unnamed, true, values, &labels)
    }

    #[test]
    fn a_column_that_numbers_the_rows_is_suspected_and_one_of_few_rows_is_not() {
        let counting: Vec<f64> = (7..37).map(f64::from).collect();
        let shuffled: Vec<f64> = (0..30).map(|row| f64::from(row * 7 % 30)).collect();
        let repeated: Vec<f64> = (0..30).map(|row| f64::from(row % 11)).collect();
        let because = |values: &[f64], is_unnamed| match of(values, is_unnamed) {
            Some(Note::RowNumber { because, .. }) => Some(because),
            _ => None,
        };
        assert_eq!(because(&counting, false), Some(RowNumber::Counts));
        assert_eq!(because(&shuffled, false), Some(RowNumber::IsUnique));
        assert_eq!(because(&repeated, true), Some(RowNumber::IsUnnamed));
        assert_eq!(because(&repeated, false), None);
        let halves: Vec<f64> = counting.iter().map(|value| value / 2.0).collect();
        assert_eq!(because(&halves, true), None);
        assert_eq!(of(&counting[..10], false), None);
    }

    #[test]
    fn a_constant_is_suspected() {
        assert_eq!(of(&[2.5; 30], false), Some(Note::Constant { column: "x".to_owned() }));
    }

    #[test]
    fn what_gives_the_class_away_is_suspected() {
        let leak = Some(Note::Leak { column: "x".to_owned() });
        // One value for each class, in no order; then ranges that do not meet.
        let codes: Vec<f64> = (0..30).map(|row| [5.0, 1.0, 9.0][row % 3]).collect();
        assert_eq!(of(&codes, false), leak);
        let ranges: Vec<f64> = (0..30).map(|row| (row % 3) as f64 + row as f64 / 100.0).collect();
        assert_eq!(of(&ranges, false), leak);
        let mut mixed = ranges;
        mixed.swap(0, 1);
        assert_eq!(of(&mixed, false), None);
    }
}
