//! `bitsweep export-table`

use std::fs;
use std::path::Path;

use bitsweep_report::markdown_table;
use bitsweep_results::text::json;
use bitsweep_results::{Labels, ResultRow, ResultsError, write_csv, write_parquet};

use super::print_data;
use crate::cli::TableFormat;
use crate::earlier::{earlier_rows, named_folder, table_objects};
use crate::failure::{Failure, with_causes};
use bitsweep_experiment::config::Diagnostic;

/// The table that all results have.
const RESULTS: &str = "results";

pub(super) fn export_table(
    name: &str,
    format: TableFormat,
    table: &str,
    results: &Path,
    out: Option<&Path>,
) -> Result<(), Failure> {
    let folder = named_folder(name, results)?;
    match (format, out) {
        (TableFormat::Parquet, _) if table != RESULTS => {
            let message = format!("`{table}` is not written as Parquet, only `{RESULTS}` is");
            return Err(Diagnostic::new(message)
                .help("`--format csv` and `--format json` take any table")
                .into());
        }
        (TableFormat::Parquet, None) => {
            let message = "Parquet is not for standard output";
            return Err(Diagnostic::new(message).help("`--out FILE` says where it goes").into());
        }
        _ => {}
    }
    let rows = earlier_rows(&folder)?;
    let bytes = match format {
        TableFormat::Csv => csv(table, &folder, &rows)?,
        TableFormat::Json => {
            let content = if table == RESULTS { Vec::new() } else { csv(table, &folder, &rows)? };
            let objects = table_objects(table, content.as_slice(), &rows).map_err(wrong)?;
            let text =
                serde_json::to_string_pretty(&objects).map_err(|error| Failure::Other(error.to_string()))?;
            format!("{}\n", json(&text)).into_bytes()
        }
        TableFormat::Parquet => {
            let mut bytes = Vec::new();
            write_parquet(&rows, &Labels::of_rows(&rows), &mut bytes).map_err(wrong)?;
            bytes
        }
        TableFormat::Markdown => markdown(&csv(table, &folder, &rows)?)?.into_bytes(),
    };
    match out {
        Some(place) => fs::write(place, bytes)
            .map_err(|error| Failure::Output(format!("`{}` cannot be written: {error}", place.display()))),
        None => print_data(&String::from_utf8_lossy(&bytes)),
    }
}

fn wrong(error: ResultsError) -> Diagnostic {
    Diagnostic::new(with_causes(&error))
}

/// The table as the results folder has it.
fn csv(table: &str, folder: &Path, rows: &[ResultRow]) -> Result<Vec<u8>, Diagnostic> {
    if table == RESULTS {
        let mut bytes = Vec::new();
        write_csv(rows, &Labels::of_rows(rows), &mut bytes).map_err(wrong)?;
        return Ok(bytes);
    }
    let place = folder.join(format!("{table}.csv"));
    fs::read(&place).map_err(|error| {
        let message = format!("cannot read `{}`: {error}", place.display());
        Diagnostic::new(message)
            .help("a run writes the tables that have rows, and `[record]` says which it makes")
    })
}

/// A table of Markdown with the cells of CSV, without columns that have none.
fn markdown(csv: &[u8]) -> Result<String, Diagnostic> {
    let unreadable = |error: csv::Error| Diagnostic::new(format!("the table cannot be read: {error}"));
    let mut reader = csv::Reader::from_reader(csv);
    let header = reader.headers().map_err(unreadable)?.clone();
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().map_err(unreadable)?;
    let cells = |column: usize| rows.iter().map(move |row| &row[column]).filter(|cell| !cell.is_empty());
    let shown: Vec<usize> = (0..header.len()).filter(|column| cells(*column).next().is_some()).collect();
    let is_number = |column: usize| cells(column).all(|cell| cell.parse::<f64>().is_ok());
    let columns: Vec<(String, bool)> =
        shown.iter().map(|column| (header[*column].to_owned(), is_number(*column))).collect();
    let rows = rows.iter().map(|row| shown.iter().map(|column| row[*column].to_owned()).collect()).collect();
    Ok(markdown_table(&columns, rows))
}
