//! `bitsweep validate`

use std::path::PathBuf;

use bitsweep_results::numbers::counted;

use super::{foreseen, print_lines, refuse_foreseen};
use crate::config::{Diagnostic, Document};
use crate::failure::Failure;
use crate::plan::Plan;
use crate::progress::Verbosity;
use crate::streams::report_failure;

pub(super) fn validate(files: &[PathBuf], verbosity: Verbosity) -> Result<(), Failure> {
    let mut wrong = 0;
    let mut incomplete = None;
    for file in files {
        let planned = Document::read(file, &[]).map_err(Failure::from);
        let planned = planned.and_then(|document| Plan::new(&file.to_string_lossy(), &document));
        let checked = planned.and_then(|plan| {
            let foreseen = foreseen(&plan, verbosity)?;
            print_lines([format!("{}: {}", file.display(), plan.extent())])?;
            refuse_foreseen(&plan, &foreseen)
        });
        match checked {
            Ok(()) => {}
            Err(failure) if files.len() == 1 => return Err(failure),
            Err(failure) => {
                report_failure(&failure);
                match failure {
                    Failure::Foreseen { .. } => incomplete = Some(failure),
                    _ => wrong += 1,
                }
            }
        }
    }
    match (wrong, incomplete) {
        (0, None) => Ok(()),
        (0, Some(incomplete)) => Err(incomplete),
        (wrong, _) => {
            Err(Diagnostic::new(format!("{wrong} of {} wrong", counted(files.len(), "file", "files"))).into())
        }
    }
}
