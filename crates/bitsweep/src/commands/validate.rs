//! `bitsweep validate`

use std::path::PathBuf;

use bitsweep_results::numbers::counted;

use super::{print_lines, report_failure};
use crate::config::{Diagnostic, Document};
use crate::failure::Failure;
use crate::plan::Plan;

pub(super) fn validate(files: &[PathBuf]) -> Result<(), Failure> {
    let mut wrong = 0;
    for file in files {
        let planned = Document::read(file, &[]).map_err(Failure::from);
        match planned.and_then(|document| Plan::new(&file.to_string_lossy(), &document)) {
            Ok(plan) => {
                print_lines([format!("{}: {}", file.display(), plan.extent())])?;
            }
            Err(failure) => {
                wrong += 1;
                report_failure(&failure);
            }
        }
    }
    match wrong {
        0 => Ok(()),
        _ => {
            Err(Diagnostic::new(format!("{wrong} of {} wrong", counted(files.len(), "file", "files"))).into())
        }
    }
}
