//! Holds our tables against what must come out: numbers printed elsewhere, and those that findings rest on.

use bitsweep_report::{ComparedRow, FoundRow};

use super::table::Table;
use crate::failure::Failure;
use bitsweep_experiment::config::{Expectation, Finding, TableName};

/// The tables of a run, each read when it is first asked for.
pub(super) struct Tables<F> {
    /// A table as the CSV text that is written to the results folder; `None` where no row of it was.
    csv: F,
    read: Vec<(TableName, Option<Table>)>,
}

impl<F: Fn(TableName) -> Result<Option<Vec<u8>>, Failure>> Tables<F> {
    pub(super) fn new(csv: F) -> Self {
        Self { csv, read: Vec::new() }
    }

    /// Compares every expectation with the tables. One that is not there has no numbers, which agree with nothing.
    ///
    /// # Errors
    /// When a table cannot be read, or has no such column.
    pub(super) fn compare(&mut self, expectations: &[Expectation]) -> Result<Vec<ComparedRow>, Failure> {
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

    fn compare_one(&mut self, expectation: &Expectation) -> Result<ComparedRow, Failure> {
        let Expectation { value, decimals, note, differs, .. } = expectation;
        let ours = match self.table(expectation.table)? {
            Some(table) => table.query(expectation)?,
            None => Vec::new(),
        };
        Ok(ComparedRow {
            what: expectation.name(),
            wanted: value.to_string(),
            ours: if ours.is_empty() { "no rows".to_owned() } else { value.shown(&ours, *decimals) },
            agrees: value.agrees(&ours, *decimals),
            is_explained: differs.is_some(),
            note: [note, differs].into_iter().flatten().cloned().collect::<Vec<_>>().join("; "),
        })
    }

    fn table(&mut self, name: TableName) -> Result<Option<&Table>, Failure> {
        let position = match self.read.iter().position(|(known, _)| *known == name) {
            Some(position) => position,
            None => {
                let table = (self.csv)(name)?.map(|csv| Table::read(&csv)).transpose()?;
                self.read.push((name, table));
                self.read.len() - 1
            }
        };
        Ok(self.read[position].1.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expectation(text: &str) -> Expectation {
        toml::from_str(text).unwrap()
    }

    fn compared(text: &str, csv: &str) -> ComparedRow {
        let mut tables = Tables::new(|_| Ok(Some(csv.as_bytes().to_vec())));
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
    fn a_table_that_is_not_there_agrees_with_nothing() {
        for wanted in ["value = '0'", "value = '> -1'", "value = '0'\naggregate = 'count'"] {
            let mut tables = Tables::new(|_| Ok(None));
            let rows = tables.compare(&[expectation(&format!("column = 'value'\n{wanted}"))]).unwrap();
            assert_eq!((rows[0].agrees, rows[0].ours.as_str()), (false, "no rows"), "{wanted}");
        }
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
        let mut tables = Tables::new(|_| Ok(Some(b"values\n1\n".to_vec())));
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
        let mut tables = Tables::new(|_| Ok(Some(TABLE.as_bytes().to_vec())));
        let found = tables.check(&[finding("< 5"), finding("< 4")]).unwrap();
        assert_eq!(found.iter().map(FoundRow::holds).collect::<Vec<_>>(), [true, false]);
    }
}
