//! Whether `[[reproduce]]` and the evidence of findings ask for numbers that a run will write: known before it begins.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bitsweep_results::summary::EffectRow;
use bitsweep_results::{
    ClassRow, CodebookRow, CurveRow, FailureKind, Origin, ProductRow, ResultRow, RowFailure, TableRow,
    TensorRow, ValueRow, write_csv,
};

use super::table::{Table, admits};
use crate::failure::Failure;
use crate::plan::{self, Plan};
use bitsweep_experiment::config::{Aggregate, Diagnostic, Expectation, Header, TableName};
use bitsweep_experiment::subject::Subject;

/// Refuses tables of `[[reproduce]]`, and evidence, that no run of the plan can answer: a table that is not written, a
/// column that it does not have, rows that there are none of, or rows of several tasks that their names do not tell apart.
///
/// # Errors
/// What is wrong, at the key that is wrong.
pub fn check_expectations(plan: &Plan) -> Result<(), Failure> {
    let Header { reproduce, finding, .. } = &plan.header;
    if reproduce.is_empty() && finding.is_empty() {
        return Ok(());
    }
    let rows = rows(plan);
    let results = results(plan, &rows)?;
    let reproduced = reproduce.iter().enumerate().map(|(position, own)| (vec![("reproduce", position)], own));
    let evidence = finding.iter().enumerate().flat_map(|(position, finding)| {
        let own = finding.evidence.iter().enumerate();
        own.map(move |(own, evidence)| (vec![("finding", position), ("evidence", own)], evidence))
    });
    for (path, expectation) in reproduced.chain(evidence) {
        let check = Check { plan, path, expectation, rows: &rows };
        check.numbers()?;
        check.is_written()?;
        match expectation.table {
            TableName::Results => check.rows_of(&results)?,
            TableName::Tensors => check.rows_of(&side_table::<TensorRow>(plan, &rows))?,
            TableName::Values => check.rows_of(&side_table::<ValueRow>(plan, &rows))?,
            TableName::Codebooks => check.rows_of(&side_table::<CodebookRow>(plan, &rows))?,
            TableName::Products => check.rows_of(&side_table::<ProductRow>(plan, &rows))?,
            TableName::Curve => check.rows_of(&side_table::<CurveRow>(plan, &rows))?,
            TableName::Classes => check.rows_of(&side_table::<ClassRow>(plan, &rows))?,
            // Which choices there are to compare is known once the runs are.
            TableName::Effects => check.rows_of(&side_table::<EffectRow>(plan, &[]))?,
        }
    }
    Ok(())
}

/// One row for each variant of each unit, the baselines included, without measures.
fn rows(plan: &Plan) -> Vec<ResultRow> {
    let of_unit = |unit: &plan::Unit| {
        let shown = unit.shown(None);
        let identities =
            [&unit.float].into_iter().chain(unit.variants.iter().map(|planned| &planned.identity));
        let identities = identities.chain(&unit.majority);
        let rows = identities.enumerate().map(|(position, identity)| ResultRow {
            key: unit.row_key(identity),
            origin: Origin { unit: Arc::clone(&shown), variant: Arc::clone(&identity.row), position },
            result: Err(RowFailure { kind: FailureKind::Data, reason: String::new() }),
        });
        rows.collect::<Vec<_>>()
    };
    plan.units.iter().flat_map(of_unit).collect()
}

/// The results table as far as it is known.
fn results(plan: &Plan, rows: &[ResultRow]) -> Result<Table, Failure> {
    let mut bytes = Vec::new();
    write_csv(rows, &plan.labels, &mut bytes).map_err(|error| Failure::Other(error.to_string()))?;
    Table::read(&bytes)
}

/// What is known of a side table: for each row that it will have, however many times, what the row is of.
fn side_table<R: TableRow>(plan: &Plan, rows: &[ResultRow]) -> Table {
    let identity = R::IDENTITY.columns();
    let row = |row: &ResultRow| {
        let known = identity.iter().map(|column| match *column {
            "unit" => row.origin.unit.key.short(),
            "variant" => row.origin.position.to_string(),
            "label" => plan.labels.get(&row.origin.variant).text().to_owned(),
            _ => String::new(),
        });
        known.chain(R::COLUMNS.iter().map(|_| String::new())).collect()
    };
    Table { header: identity.iter().chain(R::COLUMNS).collect(), rows: rows.iter().map(row).collect() }
}

/// One number, or several, that must come out.
struct Check<'a> {
    plan: &'a Plan,
    /// Where it stands.
    path: Vec<(&'static str, usize)>,
    expectation: &'a Expectation,
    rows: &'a [ResultRow],
}

impl Check<'_> {
    fn error(&self, key: &str, message: impl AsRef<str>) -> Diagnostic {
        self.plan.error_in_expectation(&self.path, key, message.as_ref())
    }

    fn numbers(&self) -> Result<(), Diagnostic> {
        let Expectation { value, aggregate, differs, .. } = self.expectation;
        if differs.is_some() && self.path.iter().any(|(table, _)| *table == "evidence") {
            return Err(self.error("differs", "evidence has to hold: `differs` is for `[[reproduce]]` alone"));
        }
        match (aggregate, value.count()) {
            (Some(_), Some(count @ 2..)) => {
                Err(self.error("value", format!("`aggregate` gives one number, not {count}")))
            }
            _ => Ok(()),
        }
    }

    /// Whether the plan writes the table at all.
    fn is_written(&self) -> Result<(), Diagnostic> {
        let record = self.plan.header.record;
        let units = &self.plan.units;
        let has_tensors = units.iter().any(|unit| matches!(unit.spec.subject, Subject::Tensor(_)));
        let has_query = units
            .iter()
            .any(|unit| matches!(&unit.spec.subject, Subject::Tensor(tensor) if tensor.query().is_some()));
        let has_models = units.iter().any(|unit| unit.spec.subject.rows().is_some());
        let has_codebooks = self.plan.distinct.iter().any(|planned| planned.variant.has_codebooks());
        let is_trained = units.iter().any(|unit| match &unit.spec.subject {
            Subject::Trained(trained) => trained.model.training().is_some(),
            Subject::Given(_) | Subject::Tensor(_) => false,
        });
        let (is_written, fix) = match self.expectation.table {
            TableName::Results => (true, ""),
            TableName::Tensors => (record.tensors, "`record.tensors = true` writes it"),
            TableName::Values => (record.values || has_tensors, "`record.values = true` writes it"),
            TableName::Codebooks => (has_codebooks, "no variant has a codebook"),
            TableName::Products => {
                (has_query && has_codebooks, "it takes a tensor with a `query`, and a codebook")
            }
            TableName::Curve => (is_trained, "no model is trained by gradient descent"),
            TableName::Classes => {
                (record.predictions && has_models, "it takes a model, and `record.predictions = true`")
            }
            TableName::Effects => (has_models, "it takes a model"),
        };
        if is_written {
            return Ok(());
        }
        let name = self.expectation.table.name();
        Err(self.error("table", format!("this experiment does not write the table `{name}`")).help(fix))
    }

    /// Whether the table has the columns and, as far as it is known, the rows.
    fn rows_of(&self, table: &Table) -> Result<(), Diagnostic> {
        self.column(table, "column", &self.expectation.column)?;
        if let Some(per) = &self.expectation.per {
            self.column(table, "per.column", &per.column)?;
        }
        let chosen = self.rows_with(table, "where", &self.expectation.rows)?;
        self.refuse_text(table, &chosen)?;
        if let Some(others) = self.expectation.rows_taken_off() {
            self.rows_with(table, "less", &others)?;
        }
        self.refuse_tasks_of_one_name(&chosen)
    }

    /// The positions of the rows that have the wanted values, as far as they are known; they stand in the table `list` of the
    /// expectation.
    fn rows_with(&self, table: &Table, list: &str, wanted: &toml::Table) -> Result<Vec<usize>, Diagnostic> {
        let mut chosen: Vec<usize> = table.candidates(wanted).map(|(row, _)| row).collect();
        for (name, value) in wanted {
            let key = format!("{list}.{name}");
            let column = self.column(table, &key, name)?;
            // Why a row failed is not known before it did.
            let is_known =
                !name.starts_with("failure") && table.rows.iter().any(|row| !row[column].is_empty());
            if !is_known {
                continue;
            }
            chosen.retain(|&row| admits(value, &table.rows[row][column]));
            if chosen.is_empty() {
                let values: BTreeSet<&str> =
                    table.rows.iter().map(|row| &row[column]).filter(|cell| !cell.is_empty()).collect();
                let shown: Vec<String> = values.iter().take(20).map(|cell| format!("`{cell}`")).collect();
                let message = format!(
                    "no row of the table has this value in `{name}` beside the conditions before it; the column has {}",
                    shown.join(", ")
                );
                return Err(self.error(&key, message));
            }
        }
        Ok(chosen)
    }

    /// Refuses a column of text where numbers are needed.
    fn refuse_text(&self, table: &Table, rows: &[usize]) -> Result<(), Diagnostic> {
        let Expectation { column, aggregate, .. } = self.expectation;
        let position = self.column(table, "column", column)?;
        let mut known = rows.iter().map(|&row| &table.rows[row][position]).filter(|cell| !cell.is_empty());
        let is_counted = matches!(aggregate, Some(Aggregate::Count | Aggregate::Distinct));
        match known.find(|cell| cell.parse::<f64>().is_err()) {
            Some(text) if !is_counted => {
                let message = format!(
                    "`{column}` has text, such as `{text}`: expected a column of numbers, or `aggregate = \"count\"` or `\"distinct\"`"
                );
                Err(self.error("column", message))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The position of a column that `key` names.
    fn column(&self, table: &Table, key: &str, name: &str) -> Result<usize, Diagnostic> {
        let unknown = |error: Diagnostic| self.error(key, error.message()).nearest(name, table.header.iter());
        table.column(name).map_err(unknown)
    }

    fn refuse_tasks_of_one_name(&self, chosen: &[usize]) -> Result<(), Diagnostic> {
        let task = |row: usize| &self.rows[row].origin.unit.task;
        let names = |row: usize| (&task(row).dataset, &task(row).model, &task(row).rng);
        let mut known = BTreeMap::new();
        for &row in chosen {
            let first = *known.entry(names(row)).or_insert(row);
            if task(first).key != task(row).key {
                let differing =
                    task(row).settings.iter().filter(|setting| !task(first).settings.contains(setting));
                let keys: Vec<String> = differing.map(|(key, _)| format!("`{key}`")).collect();
                let message = format!(
                    "this matches two tasks on `{}` that differ in {}: expected one; name it in `where`",
                    task(row).dataset,
                    keys.join(", ")
                );
                return Err(self.error("where", message));
            }
        }
        Ok(())
    }
}
