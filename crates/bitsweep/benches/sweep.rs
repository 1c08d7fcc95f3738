//! A whole sweep through the harness: plan, quantize, score, record; in variants per second.

#![allow(clippy::unwrap_used)]

use bitsweep::evaluate::Run;
use bitsweep::plan::Plan;
use bitsweep::progress::{Progress, Verbosity};
use bitsweep::unit_store::{Again, UnitStore};
use bitsweep_experiment::config::Document;
use divan::Bencher;
use divan::counter::ItemsCount;
use tempfile::TempDir;

fn main() {
    divan::main();
}

/// One small model, so that the variants are what takes the time.
fn plan(weights: &str) -> Plan {
    let text = format!(
        "title = 'benchmark'\n[data]\nsource = 'wine'\nscale = 'standard'\n[split.holdout]\ntest = 36\n\
         [model.mlp]\nhidden = 100\n[train]\nepochs = 1\nbatch_size = 10\nlearning_rate = 0.1\n\
         [record]\npredictions = false\ntensors = false\n\
         [quantize]\ntransform = ['none', 'absmax-equalization', 'cross-layer-equalization']\n\
         biases = ['keep', 'quantize']\n[quantize.weights]\n{weights}\n"
    );
    Plan::new("benchmark", &Document::new("benchmark", &text, &[])).unwrap()
}

#[divan::bench(args = [
    "bits = [8, 7, 6, 5, 4, 3, 2]",
    "bits = [8, 7, 6, 5, 4, 3, 2]\ngranularity = ['row', 'column', { group = 4 }]",
    "bits = [8, 7, 6, 5, 4, 3, 2]\nrange = ['mse', { percentile = 99 }]",
])]
fn sweep(bencher: Bencher<'_, '_>, weights: &str) {
    let plan = plan(weights);
    let progress = Progress::new(Verbosity::Quiet, 1);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    bencher
        .counter(ItemsCount::new(plan.variants()))
        .with_inputs(|| TempDir::new().unwrap())
        .bench_local_values(|folder| {
            let store = &UnitStore::open(folder.path()).unwrap();
            let run =
                Run { plan: &plan, store, again: Again::Nothing, most_failures: None, progress: &progress };
            pool.install(|| run.pieces(&plan.work()).unwrap())
        });
}
