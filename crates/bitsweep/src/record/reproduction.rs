//! Holds our tables against what must come out: numbers printed elsewhere, and those that findings rest on.

use std::collections::BTreeSet;

use bitsweep_report::{FoundRow, ReproductionRow};

use crate::config::{Aggregate, Diagnostic, Expectation, Finding, TableName};
use crate::failure::Failure;

/// The tables of a run, each read when it is first asked for.
pub(super) struct Tables<F> {
    /// A table as the CSV text that is written to the results folder.
    csv: F,
    read: Vec<(TableName, Table)>,
}

impl<F: Fn(TableName) -> Result<Vec<u8>, Failure>> Tables<F> {
    pub(super) fn new(csv: F) -> Self {
        Self { csv, read: Vec::new() }
    }

    /// Compares every expectation with the tables.
    ///
    /// # Errors
    /// When a table is not there, or has no such column.
    pub(super) fn compare(&mut self, expectations: &[Expectation]) -> Result<Vec<ReproductionRow>, Failure> {
        expectations.iter().map(|expectation| self.compare_one(expectation)).collect()
    }

    /// Checks every finding.
    ///
    /// # Errors
    /// As [`compare`](Self::compare).
    pub(super) fn check(&mut self, findings: &[Finding]) -> Result<Vec<FoundRow>, Failure> {
        let check = |Finding { says, evidence }: &Finding| {
            let evidence = self.compare(evidence)?;
            Ok(FoundRow { says: says.clone(), evidence })
        };
        findings.iter().map(check).collect()
    }

    fn compare_one(&mut self, expectation: &Expectation) -> Result<ReproductionRow, Failure> {
        let Expectation { value, decimals, note, differs, .. } = expectation;
        let ours = self.table(expectation.table)?.query(expectation)?;
        Ok(ReproductionRow {
            what: expectation.name(),
            notebook: value.to_string(),
            ours: value.shown(&ours, *decimals),
            agrees: value.agrees(&ours, *decimals),
            is_explained: differs.is_some(),
            note: [note, differs].into_iter().flatten().cloned().collect::<Vec<_>>().join("; "),
        })
    }

    fn table(&mut self, name: TableName) -> Result<&Table, Failure> {
        let position = match self.read.iter().position(|(known, _)| *known == name) {
            Some(position) => position,
            None => {
                let table = Table::read(&(self.csv)(name)?)?;
                self.read.push((name, table));
                self.read.len() - 1
            }
        };
        Ok(&self.read[position].1)
    }
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
        let ours = self.select(expectation, &expectation.rows)?;
        let Some(less) = &expectation.less else { return Ok(ours) };
        let mut rows = expectation.rows.clone();
        rows.extend(less.clone());
        let others = self.select(expectation, &rows)?;
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
            self.rows.iter().filter(admitted)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn expectation(text: &str) -> Expectation {
        toml::from_str(text).unwrap()
    }

    fn compared(text: &str, csv: &str) -> ReproductionRow {
        let mut tables = Tables::new(|_| Ok(csv.as_bytes().to_vec()));
        tables.compare(&[expectation(text)]).unwrap().remove(0)
    }

    fn agrees(text: &str, csv: &str) -> bool {
        compared(text, csv).agrees
    }

    const TABLE: &str = "name,index,value\na,1,9\nb,0,4\nb,1,2\nb,2,3\n";

    #[test]
    fn rows_are_chosen_by_text_number_and_list() {
        let chosen = "column = 'value'\nvalue = '2 3'\nwhere = { name = 'b', index = [1, 2] }";
        assert!(agrees(chosen, TABLE));
        assert!(!agrees("column = 'value'\nvalue = '2 3'\nwhere = { name = 'c' }", TABLE));
    }

    #[test]
    fn rows_become_one_number() {
        for (aggregate, value) in [
            ("count", "3"),
            ("sum", "9"),
            ("mean", "3.0"),
            ("least", "2"),
            ("most", "4"),
            ("mean-square", "9.7"),
        ] {
            let text = format!(
                "column = 'value'\naggregate = '{aggregate}'\nvalue = '{value}'\nwhere = {{ name = 'b' }}"
            );
            assert!(agrees(&text, TABLE), "{aggregate}");
        }
        assert!(agrees("column = 'name'\naggregate = 'distinct'\nvalue = '2'", TABLE));
    }

    #[test]
    fn other_rows_are_taken_off_one_by_one_or_as_a_whole() {
        let text = "column = 'value'\nwhere = { name = 'b', index = 1 }\nless = { name = 'a' }\n";
        assert!(agrees(&format!("{text}value = '-7'"), TABLE));
        let text = "column = 'value'\naggregate = 'mean'\nwhere = { name = 'a' }\nless = { name = 'b' }\n";
        assert!(agrees(&format!("{text}value = '6'"), TABLE));
        let unpaired = "column = 'value'\nwhere = { name = 'a' }\nless = { name = 'b' }\nvalue = '> -100'";
        assert!(!agrees(unpaired, TABLE));
    }

    #[test]
    fn a_row_that_failed_agrees_with_nothing() {
        let table = "value\n1\n\"\"\n";
        for aggregate in ["sum", "mean", "least", "most"] {
            for value in ["1", "< 5", "> 0"] {
                let text = format!("column = 'value'\naggregate = '{aggregate}'\nvalue = '{value}'");
                assert!(!agrees(&text, table), "{aggregate} {value}");
            }
        }
        assert!(!agrees("column = 'value'\naggregate = 'least'\nvalue = '> 0'", "value\n"));
    }

    #[test]
    fn a_divisor_is_rounded_as_the_notebook_rounded_it() {
        let text =
            "column = 'value'\nvalue = '0.150376'\nper = { column = 'bytes', unit = 1024, decimals = 2 }";
        assert!(agrees(text, "bytes,value\n6812,1\n"));
    }

    #[test]
    fn a_number_that_is_known_to_differ_comes_out_only_where_it_does() {
        let text =
            "column = 'value'\nwhere = { name = 'a' }\nnote = 'in metres'\ndiffers = 'it stops early'\n";
        let differing = compared(&format!("{text}value = '8'"), TABLE);
        assert!(!differing.agrees && differing.comes_out());
        assert_eq!(differing.note, "in metres; it stops early");
        let equal = compared(&format!("{text}value = '9'"), TABLE);
        assert!(equal.agrees && !equal.comes_out());
        let unexplained = compared("column = 'value'\nwhere = { name = 'a' }\nvalue = '8'", TABLE);
        assert!(!unexplained.comes_out());
    }

    #[test]
    fn what_is_compared_has_a_name() {
        let named = compared("what = 'a number'\ncolumn = 'value'\nvalue = '1'", "value\n1\n");
        assert_eq!(named.what, "a number");
        let text = "column = 'value'\nvalue = '1'\naggregate = 'mean'\nwhere = { name = 'b' }\nless = { name = 'a' }";
        assert_eq!(compared(text, TABLE).what, "mean of value where name = b, less where name = a");
    }

    #[test]
    fn an_unknown_column_is_an_error_that_lists_the_columns() {
        let mut tables = Tables::new(|_| Ok(b"values\n1\n".to_vec()));
        let error = tables.compare(&[expectation("column = 'value'\nvalue = '1'")]).unwrap_err();
        assert!(error.to_string().contains("expected one of `values`"), "{error}");
    }

    #[test]
    fn a_finding_holds_where_all_of_its_evidence_does() {
        let finding = |value: &str| -> Finding {
            let text = format!(
                "says = 'b is small'\nevidence = [\n{{ column = 'value', where = {{ name = 'b' }}, value = '{value}' }},\n\
                 {{ column = 'name', aggregate = 'distinct', value = '2' }},\n]"
            );
            toml::from_str(&text).unwrap()
        };
        let mut tables = Tables::new(|_| Ok(TABLE.as_bytes().to_vec()));
        let found = tables.check(&[finding("< 5"), finding("< 4")]).unwrap();
        assert_eq!(found.iter().map(FoundRow::holds).collect::<Vec<_>>(), [true, false]);
    }
}
