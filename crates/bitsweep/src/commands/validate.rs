//! `bitsweep validate`

use bitsweep_results::numbers::counted;

use super::{foreseen, print_lines, refuse_foreseen};
use crate::failure::Failure;
use crate::plan::Plan;
use crate::progress::Verbosity;
use crate::registry::{self, Found};
use crate::streams::report_failure;
use bitsweep_experiment::config::Diagnostic;

pub(super) fn validate(experiments: &[String], verbosity: Verbosity) -> Result<(), Failure> {
    let mut wrong = 0;
    let mut incomplete = None;
    for experiment in experiments {
        let found = registry::find(experiment, &[]).map_err(Failure::from);
        let planned = found.and_then(|Found { name, document, .. }| Plan::new(&name, &document));
        let checked = planned.and_then(|plan| {
            let foreseen = foreseen(&plan, verbosity)?;
            print_lines([format!("{experiment}: {}", plan.extent())])?;
            refuse_foreseen(&plan, &foreseen)
        });
        match checked {
            Ok(()) => {}
            Err(failure) if experiments.len() == 1 => return Err(failure),
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
        (wrong, _) => Err(Diagnostic::new(format!(
            "{wrong} of {} wrong",
            counted(experiments.len(), "experiment", "experiments")
        ))
        .into()),
    }
}
