//! From the texts of a target column to classes.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::cell::usually_means_missing;
use super::raw::Texts;
use crate::note::Note;

/// The classes of a target column.
#[derive(Debug)]
pub(super) struct Classes {
    /// One spelling of each class, sorted.
    pub(super) names: Vec<String>,
    /// The place of each text among them.
    pub(super) labels: Vec<usize>,
    /// What of them looks like a slip.
    pub(super) notes: Vec<Note>,
    /// Whether the labels look like measurements.
    pub(super) are_continuous: bool,
}

/// A target of whole numbers with more classes than these may be a measurement.
const FEW_CLASSES: usize = 30;

/// Sorts labels into classes: numbers by value where all are numbers, else texts by their characters. Every row has one.
///
/// Spellings of one number (`1`, `1.0`, `+1`, `1e0`) are one class, called by the shortest of them, of equally short ones
/// by the first in the order of characters. Numbers are compared by all their digits. Blanks around a label do not count.
pub(super) fn classes(column: &str, texts: &Texts) -> Classes {
    let of_each = texts.rows_of_each();
    // What no row has any more is no class.
    let used: Vec<usize> = (0..of_each.len()).filter(|&code| of_each[code] > 0).collect();
    let cells: Vec<&str> = used.iter().map(|&code| texts.distinct[code].as_str()).collect();
    let trimmed: Vec<&str> = cells.iter().map(|cell| cell.trim()).collect();
    let groups = sorted(&trimmed);
    let mut class_of = vec![0; of_each.len()];
    let mut names = Vec::with_capacity(groups.len());
    let mut rows = vec![0; groups.len()];
    for (class, group) in groups.iter().enumerate() {
        for &cell in group {
            class_of[used[cell]] = class;
            rows[class] += of_each[used[cell]];
        }
        let spellings = group.iter().map(|&cell| trimmed[cell]);
        // A group is in the order of characters, and the first of the shortest is taken.
        names.extend(spellings.min_by_key(|text| text.chars().count()).map(str::to_owned));
    }
    let labels: Vec<usize> = texts.codes.iter().map(|&code| class_of[code as usize]).collect();
    let numbers: Vec<Decimal> = names.iter().filter_map(|name| Decimal::parse(name)).collect();
    let are_continuous = numbers.len() == names.len() && are_continuous(&numbers, &rows);
    let notes = notes(column, &cells, &groups, &names, &rows);
    Classes { names, labels, notes, are_continuous }
}

/// Whether numbers look like measurements: with fractions, most of them of one row; or many of them, of fewer than five rows
/// on average.
fn are_continuous(numbers: &[Decimal], rows: &[usize]) -> bool {
    let has_fraction = numbers.iter().any(|number| !number.is_whole());
    let of_one_row = rows.iter().filter(|&&rows| rows == 1).count();
    let is_sparse = rows.iter().sum::<usize>() < 5 * rows.len();
    (has_fraction && (of_one_row * 2 > rows.len() || rows.len() > FEW_CLASSES))
        || (rows.len() > FEW_CLASSES && is_sparse)
}

/// The positions of texts in sorted order, spellings of one number together: by value where all are numbers, else by their
/// characters.
pub(super) fn sorted(texts: &[&str]) -> Vec<Vec<usize>> {
    let mut positions: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (position, text) in texts.iter().enumerate() {
        positions.entry(text).or_default().push(position);
    }
    let distinct: BTreeSet<&str> = positions.keys().copied().collect();
    let groups: Vec<Vec<&str>> = match by_value(&distinct) {
        Some(numbers) => numbers.into_values().collect(),
        None => distinct.into_iter().map(|text| vec![text]).collect(),
    };
    let of_group = |group: Vec<&str>| group.into_iter().flat_map(|text| positions[text].clone()).collect();
    groups.into_iter().map(of_group).collect()
}

/// The texts of each number; `None` where one of them is no number.
fn by_value<'t>(texts: &BTreeSet<&'t str>) -> Option<BTreeMap<Decimal, Vec<&'t str>>> {
    let mut numbers: BTreeMap<Decimal, Vec<&str>> = BTreeMap::new();
    for &text in texts {
        numbers.entry(Decimal::parse(text)?).or_default().push(text);
    }
    Some(numbers)
}

fn notes(column: &str, cells: &[&str], groups: &[Vec<usize>], names: &[String], rows: &[usize]) -> Vec<Note> {
    let column = || column.to_owned();
    let mut notes = Vec::new();
    for (group, name) in groups.iter().zip(names) {
        let mut spellings: Vec<String> = group.iter().map(|&cell| cells[cell].trim().to_owned()).collect();
        spellings.dedup();
        if spellings.len() > 1 {
            notes.push(Note::OneNumber { column: column(), class: name.clone(), spellings });
        }
    }
    for group in groups {
        let plain: BTreeSet<&str> =
            group.iter().map(|&cell| cells[cell]).filter(|cell| cell.trim() == *cell).collect();
        let padded: BTreeSet<&str> = group
            .iter()
            .map(|&cell| cells[cell])
            .filter(|cell| cell.trim() != *cell)
            .map(str::trim)
            .collect();
        for &class in padded.intersection(&plain) {
            notes.push(Note::Blanks { column: column(), class: class.to_owned() });
        }
    }
    let mut alike: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in names {
        alike.entry(folded(name)).or_default().push(name.clone());
    }
    for classes in alike.into_values().filter(|classes| classes.len() > 1) {
        notes.push(Note::AlikeClasses { column: column(), classes });
    }
    for (name, &rows) in names.iter().zip(rows).filter(|(name, _)| usually_means_missing(name)) {
        notes.push(Note::LooksMissing { column: column(), class: name.clone(), rows });
    }
    let texts: Vec<String> = names.iter().filter(|name| Decimal::parse(name).is_none()).cloned().collect();
    if !texts.is_empty() && texts.len() < names.len() {
        notes.push(Note::NumbersAsText { column: column(), texts });
    }
    notes
}

/// A label without its case, and with every run of blanks as one.
fn folded(label: &str) -> String {
    label.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// A decimal number with all its digits: spellings of one number are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    /// The digits from the first to the last that is not zero; none of zero.
    digits: String,
    /// The power of ten of the first digit.
    exponent: i64,
}

impl Decimal {
    /// Reads what [`f64`] reads of finite numbers: `-1`, `+1.50`, `.5`, `1e-3`.
    fn parse(text: &str) -> Option<Decimal> {
        let (is_negative, unsigned) = match text.strip_prefix('-') {
            Some(unsigned) => (true, unsigned),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = whole.to_owned() + fraction;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let significant = digits.trim_start_matches('0');
        let zeros = digits.len() - significant.len();
        let digits = significant.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Decimal { is_negative: false, digits, exponent: 0 });
        }
        let exponent = i64::from(exponent) + whole.len() as i64 - zeros as i64 - 1;
        Some(Decimal { is_negative, digits, exponent })
    }

    /// Whether it has no digits behind the decimal point.
    fn is_whole(&self) -> bool {
        self.digits.is_empty() || self.exponent >= self.digits.len() as i64 - 1
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        // Zero, which has no digits, is below every magnitude.
        let magnitude = |number: &Self| (!number.digits.is_empty()).then_some(number.exponent);
        let by_magnitude =
            magnitude(self).cmp(&magnitude(other)).then_with(|| self.digits.cmp(&other.digits));
        match (self.is_negative, other.is_negative) {
            (false, false) => by_magnitude,
            (true, true) => by_magnitude.reverse(),
            (is_negative, _) => {
                if is_negative {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Decimal, classes};
    use crate::table::raw::Texts;

    fn of(cells: &[&str]) -> super::Classes {
        let mut texts = Texts::default();
        cells.iter().for_each(|cell| texts.push(Some(cell)));
        classes("y", &texts)
    }

    #[test]
    fn numbers_are_in_the_order_of_their_values() {
        let ascending = [
            "-1e400",
            "-10",
            "-2.5",
            "-2",
            "-.5",
            "-1e-300",
            "0",
            "1e-300",
            "0.099",
            "0.1",
            "1",
            "9",
            "10",
            "9007199254740992",
            "9007199254740993",
            "1e16",
            "1e400",
        ];
        let numbers = ascending.map(|text| Decimal::parse(text).unwrap());
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }

    #[test]
    fn spellings_of_one_number_are_equal() {
        for group in [
            &["1", "1.0", "+1", "1e0", "01", "1.", "10e-1", "0.1E1"][..],
            &["0", "-0", "0.0", "+0e9", ".0"],
            &["-120", "-1.2e2", "-120.000"],
        ] {
            let numbers: Vec<_> = group.iter().map(|text| Decimal::parse(text).unwrap()).collect();
            assert!(numbers.iter().all(|number| *number == numbers[0]), "{numbers:?}");
        }
    }

    #[test]
    fn what_is_no_finite_number_is_text() {
        for text in
            ["", "nan", "inf", "-Infinity", "1e", "e1", ".", "+", "--1", "1,5", "0x1", "1_0", "1e99999999999"]
        {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_class_is_called_by_its_shortest_spelling_whatever_the_order_of_the_rows() {
        for cells in [["1.0", "+1", "2", "01"], ["01", "2", "1.0", "+1"]] {
            let classes = of(&cells);
            assert_eq!(classes.names, ["+1", "2"]);
            assert_eq!(classes.labels.iter().filter(|&&label| label == 0).count(), 3);
        }
    }
}
