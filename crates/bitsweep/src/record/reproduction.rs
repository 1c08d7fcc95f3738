//! Holds our tables against numbers printed elsewhere, at the precision at which they were printed.

use bitsweep_report::ReproductionRow;

use crate::config::{Aggregate, Diagnostic, Expectation, TableName};
use crate::failure::Failure;

/// Compares every expectation with the tables, given as the CSV text that is written to the results folder.
///
/// # Errors
/// When an expectation names a column its table does not have.
pub(super) fn compare(
    expectations: &[Expectation],
    csv: impl Fn(TableName) -> Result<Vec<u8>, Failure>,
) -> Result<Vec<ReproductionRow>, Failure> {
    let mut tables: Vec<(TableName, Table)> = Vec::new();
    let mut rows = Vec::new();
    for expectation in expectations {
        if !tables.iter().any(|(name, _)| *name == expectation.table) {
            tables.push((expectation.table, Table::read(&csv(expectation.table)?)?));
        }
        for (_, table) in tables.iter().filter(|(name, _)| *name == expectation.table) {
            rows.push(compare_one(expectation, &table.query(expectation)?));
        }
    }
    Ok(rows)
}

fn compare_one(expectation: &Expectation, ours: &[f64]) -> ReproductionRow {
    let printed: Vec<&str> = expectation.value.split_whitespace().collect();
    let decimals = |text: &str| expectation.decimals.unwrap_or_else(|| decimals_of(text));
    let agrees = printed.len() == ours.len()
        && printed.iter().zip(ours).all(|(text, ours)| agrees_at(text, decimals(text), *ours));
    let shown = ours.iter().enumerate().map(|(index, value)| {
        let decimals = printed.get(index).map_or(6, |text| decimals(text));
        format!("{value:.decimals$}")
    });
    ReproductionRow {
        what: expectation.what.clone(),
        notebook: expectation.value.clone(),
        ours: shown.collect::<Vec<_>>().join(" "),
        agrees,
        note: expectation.note.clone().unwrap_or_default(),
    }
}

/// Whether `ours`, rounded to `decimals`, is the printed number. A number printed without decimals must be met exactly.
fn agrees_at(printed: &str, decimals: usize, ours: f64) -> bool {
    let Ok(expected) = printed.parse::<f64>() else { return false };
    if decimals == 0 {
        return ours == expected;
    }
    format!("{ours:.decimals$}").parse::<f64>().is_ok_and(|rounded| rounded == expected)
}

fn decimals_of(printed: &str) -> usize {
    printed.split_once('.').map_or(0, |(_, fraction)| fraction.len())
}

/// A CSV table as text.
pub(super) struct Table {
    pub(super) header: csv::StringRecord,
    pub(super) rows: Vec<csv::StringRecord>,
}

impl Table {
    pub(super) fn read(bytes: &[u8]) -> Result<Table, Failure> {
        let unreadable = |error: csv::Error| Failure::Other(format!("cannot read our own table: {error}"));
        let mut reader = csv::Reader::from_reader(bytes);
        let header = reader.headers().map_err(unreadable)?.clone();
        let rows = reader.records().collect::<Result<_, _>>().map_err(unreadable)?;
        Ok(Table { header, rows })
    }

    /// The position of a column.
    pub(super) fn column(&self, name: &str) -> Result<usize, Diagnostic> {
        self.header.iter().position(|column| column == name).ok_or_else(|| {
            let known = self.header.iter().collect::<Vec<_>>().join("`, `");
            Diagnostic::new(format!("the table has no column `{name}`, expected one of `{known}`"))
        })
    }

    fn query(&self, expectation: &Expectation) -> Result<Vec<f64>, Failure> {
        let column = self.column(&expectation.column)?;
        let divisor = match &expectation.per {
            Some(divisor) => Some((self.column(&divisor.column)?, divisor)),
            None => None,
        };
        let mut conditions = Vec::new();
        for (name, value) in &expectation.rows {
            conditions.push((self.column(name)?, value));
        }
        let chosen = self
            .rows
            .iter()
            .filter(|row| conditions.iter().all(|(column, value)| admits(value, &row[*column])));
        let number = |row: &csv::StringRecord, column: usize| row[column].parse::<f64>().unwrap_or(f64::NAN);
        let values = chosen.map(|row| {
            let value = number(row, column);
            let value = expectation.each_rounded_to.map_or(value, |decimals| rounded(value, decimals));
            match divisor {
                Some((column, divisor)) => {
                    value / rounded(number(row, column) / divisor.unit, divisor.decimals)
                }
                None => value,
            }
        });
        let values: Vec<f64> = values.collect();
        Ok(match expectation.aggregate {
            None => values,
            Some(Aggregate::Count) => vec![values.len() as f64],
            Some(Aggregate::Sum) => vec![values.iter().sum()],
            Some(Aggregate::Mean) => vec![values.iter().sum::<f64>() / values.len() as f64],
            Some(Aggregate::MeanSquare) => {
                vec![values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64]
            }
        })
    }
}

fn rounded(value: f64, decimals: usize) -> f64 {
    format!("{value:.decimals$}").parse().unwrap_or(f64::NAN)
}

/// Whether a cell has the wanted value, or one of the wanted values.
pub(super) fn admits(wanted: &toml::Value, cell: &str) -> bool {
    match wanted {
        toml::Value::Array(values) => values.iter().any(|value| admits(value, cell)),
        toml::Value::String(text) => text == cell,
        toml::Value::Integer(value) => cell.parse::<f64>().is_ok_and(|cell| cell == *value as f64),
        toml::Value::Float(value) => cell.parse::<f64>().is_ok_and(|cell| cell == *value),
        toml::Value::Boolean(value) => cell == value.to_string(),
        toml::Value::Datetime(_) | toml::Value::Table(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expectation(value: &str) -> Expectation {
        Expectation {
            what: "a number".into(),
            value: value.into(),
            table: TableName::Results,
            column: "value".into(),
            rows: toml::Table::new(),
            each_rounded_to: None,
            aggregate: None,
            decimals: None,
            per: None,
            note: None,
        }
    }

    fn agrees(expectation: &Expectation, csv: &str) -> bool {
        compare(std::slice::from_ref(expectation), |_| Ok(csv.as_bytes().to_vec())).unwrap()[0].agrees
    }

    #[test]
    fn a_number_agrees_at_the_decimals_it_was_printed_with() {
        assert!(agrees(&expectation("0.1081"), "value\n0.10810764\n"));
        assert!(!agrees(&expectation("0.1081"), "value\n0.10817\n"));
        assert!(!agrees(&expectation("58"), "value\n57.9999\n"));
    }

    #[test]
    fn a_list_agrees_only_when_it_has_as_many_numbers() {
        assert!(agrees(&expectation("1 2"), "value\n1\n2\n"));
        assert!(!agrees(&expectation("1 2"), "value\n1\n2\n3\n"));
        assert!(!agrees(&expectation("1"), "value\n"));
    }

    #[test]
    fn rows_are_chosen_by_text_number_and_list() {
        let mut wanted = expectation("2 3");
        wanted.rows = toml::from_str("name = \"b\"\nindex = [1, 2]").unwrap();
        assert!(agrees(&wanted, "name,index,value\na,1,9\nb,0,9\nb,1,2\nb,2,3\n"));
    }

    #[test]
    fn a_divisor_is_rounded_as_the_notebook_rounded_it() {
        let mut wanted = expectation("0.150376");
        wanted.per = Some(crate::config::Divisor { column: "bytes".into(), unit: 1024.0, decimals: 2 });
        assert!(agrees(&wanted, "bytes,value\n6812,1\n"));
    }

    #[test]
    fn an_unknown_column_is_an_error_that_lists_the_columns() {
        let error = compare(&[expectation("1")], |_| Ok(b"values\n1\n".to_vec())).unwrap_err();
        assert!(error.to_string().contains("expected one of `values`"), "{error}");
    }
}
