//! A table of the results as text: what is known of it before the run, and what it holds after.

use std::collections::BTreeSet;

use bitsweep_results::{Choice, Value, Variant};

use crate::failure::Failure;
use bitsweep_experiment::config::{Aggregate, Diagnostic, Expectation};

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

    /// The rows that conditions choose from: the majority class is among them only where it can be meant, by its label, series
    /// or format. What is asked of all models is not asked of it.
    pub(super) fn candidates(
        &self,
        wanted: &toml::Table,
    ) -> impl Iterator<Item = (usize, &csv::StringRecord)> {
        let majority =
            Variant::majority().choices.get(Choice::Format).map_or_else(String::new, Value::to_string);
        let format = self.header.iter().position(|column| column == Choice::Format.column());
        let is_named =
            ["label", "series", Choice::Format.column()].iter().any(|name| wanted.contains_key(*name));
        self.rows
            .iter()
            .enumerate()
            .filter(move |(_, row)| is_named || format.is_none_or(|format| row[format] != *majority))
    }

    /// The numbers that an expectation asks for; none where no row has them.
    ///
    /// # Errors
    /// When the table has no such column.
    pub(super) fn query(&self, expectation: &Expectation) -> Result<Vec<f64>, Failure> {
        let ours = self.select(expectation, &expectation.rows)?;
        let Some(others) = expectation.rows_taken_off() else { return Ok(ours) };
        let others = self.select(expectation, &others)?;
        // Rows without a counterpart have no difference.
        let is_paired = ours.len() == others.len();
        let differences = ours.iter().zip(&others).map(|(ours, other)| ours - other);
        Ok(differences.filter(|_| is_paired).collect())
    }

    /// The numbers in the rows that have the wanted values.
    fn select(&self, expectation: &Expectation, wanted: &toml::Table) -> Result<Vec<f64>, Failure> {
        let column = self.column(&expectation.column)?;
        let divisor = match &expectation.per {
            Some(divisor) => Some((self.column(&divisor.column)?, divisor)),
            None => None,
        };
        let mut conditions = Vec::new();
        for (name, value) in wanted {
            conditions.push((self.column(name)?, value));
        }
        let chosen = || {
            let admitted = |row: &&csv::StringRecord| {
                conditions.iter().all(|(column, value)| admits(value, &row[*column]))
            };
            self.candidates(wanted).map(|(_, row)| row).filter(admitted)
        };
        let number = |row: &csv::StringRecord, column: usize| row[column].parse::<f64>().unwrap_or(f64::NAN);
        let values = chosen().map(|row| {
            let value = number(row, column);
            let value = expectation.each_rounded_to.map_or(value, |decimals| rounded(value, decimals));
            match divisor {
                Some((column, divisor)) => {
                    let divided = number(row, column) / divisor.unit;
                    value / divisor.decimals.map_or(divided, |decimals| rounded(divided, decimals))
                }
                None => value,
            }
        });
        let values: Vec<f64> = values.collect();
        let (count, sum) = (values.len() as f64, values.iter().sum::<f64>());
        // A failed row has no number, and so have all that are made of it.
        let extreme = |more: fn(f64, f64) -> f64| {
            let of_two = |a: f64, b: f64| if a.is_nan() || b.is_nan() { f64::NAN } else { more(a, b) };
            values.iter().copied().reduce(of_two).into_iter().collect()
        };
        Ok(match expectation.aggregate {
            None => values,
            Some(Aggregate::Count) => vec![count],
            Some(Aggregate::Distinct) => {
                let cells: BTreeSet<&str> = chosen().map(|row| &row[column]).collect();
                vec![cells.len() as f64]
            }
            Some(Aggregate::Sum) => vec![sum],
            Some(Aggregate::Mean) => vec![sum / count],
            Some(Aggregate::MeanSquare) => {
                vec![values.iter().map(|value| value * value).sum::<f64>() / count]
            }
            Some(Aggregate::Least) => extreme(f64::min),
            Some(Aggregate::Most) => extreme(f64::max),
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
