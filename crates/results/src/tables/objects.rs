//! The plain tables as JSON.

use serde_json::{Map, Value};

use super::field::Cell;
use super::row::{Identity, TableRow};
use crate::label::Labels;

/// A row as a JSON object, keys in the order of the CSV file's columns.
///
/// What is empty in the table is absent; an infinite or undefined number, for which JSON has no word, is a string.
#[must_use]
pub fn row_object<R: TableRow>(row: &R, labels: &Labels) -> Map<String, Value> {
    let mut object = Map::new();
    if let (Some(origin), Identity::Unit | Identity::FirstUnit) = (row.origin(), R::IDENTITY) {
        let (unit, label) = (origin.unit.key.short(), labels.get(&origin.variant).text().to_owned());
        let of_unit = (R::IDENTITY == Identity::Unit).then(|| Value::from(unit));
        let cells = of_unit.into_iter().chain([Value::from(origin.position), Value::from(label)]);
        object.extend(R::IDENTITY.columns().iter().map(|name| (*name).to_owned()).zip(cells));
    }
    let cells = R::COLUMNS.iter().zip(row.cells()).filter_map(|(name, cell)| {
        let value = match cell {
            Cell::Empty => return None,
            Cell::Text(text) => Value::from(text),
            Cell::Whole(number) => Value::from(number),
            Cell::Signed(number) => Value::from(number),
            Cell::Float(number) if number.is_finite() => Value::from(number),
            Cell::Float(number) => Value::from(number.to_string()),
            Cell::Logical(is_so) => Value::from(is_so),
        };
        Some(((*name).to_owned(), value))
    });
    object.extend(cells);
    object
}
