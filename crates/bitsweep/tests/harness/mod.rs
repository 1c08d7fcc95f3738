//! Runs a small experiment within a test.

use bitsweep::config::Document;
use bitsweep::failure::Failure;
use bitsweep::pipeline;
use bitsweep::plan::Plan;
use bitsweep::progress::{Progress, Verbosity};
use bitsweep_results::Records;

/// A small network on wine; `quantize` are the tables of its variants.
pub(crate) fn experiment(quantize: &str) -> String {
    format!(
        "title = \"test\"\n\
         [data]\nsource = \"wine\"\nscale = \"standard\"\n\
         [split.holdout]\ntest = 0.2\n\
         [model.mlp]\nhidden = 8\n\
         [train]\nepochs = 5\nbatch_size = 32\nlearning_rate = 0.1\n\
         {quantize}"
    )
}

pub(crate) fn planned(text: &str) -> Result<Plan, Failure> {
    Plan::new("mine", &Document::new("mine.toml", text, &[]))
}

pub(crate) fn run(text: &str) -> Result<Records, Failure> {
    let plan = planned(text)?;
    let progress = Progress::new(Verbosity::Quiet, plan.units.len());
    pipeline::run(&plan, &progress, &|| true).map(|outcome| outcome.records)
}

/// The experiment is refused, or fails, with an error that has all `parts`.
#[track_caller]
pub(crate) fn refused(text: &str, parts: &[&str]) {
    let error = run(text).unwrap_err().to_string();
    for part in parts {
        assert!(error.contains(part), "{error}");
    }
}
