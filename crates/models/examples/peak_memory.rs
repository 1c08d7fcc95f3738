//! How much memory a large model takes: three layers, trained for one epoch, then evaluated and walked through.
//!
//! ```text
//! cargo run --release -p bitsweep-models --example peak_memory -- 4096 sgd
//! ```
//!
//! Prints the peak of the resident memory (Linux) after each step, in MiB, beside the bytes of the weights.

#![allow(clippy::unwrap_used)]

use std::env;
use std::fs;
use std::num::NonZeroUsize;
use std::time::Instant;

use bitsweep_models::{
    Adam, Hook, Mlp, Optimizer, Trained, Training, initial_mlp, inputs_behind, predict, train, train_hooked,
};
use bitsweep_random::{Generator, Stream};
use ndarray::Array2;

const ROWS: usize = 256;

/// Computes with the latent weights.
struct Idle;

impl Hook for Idle {}

fn main() {
    let units = env::args().nth(1).map_or(4096, |units| units.parse().unwrap());
    let optimizer = env::args().nth(2).unwrap_or_else(|| "sgd".to_owned());
    let stream = |stage| Stream::new(Generator::Modern, 0, stage).unwrap();
    let features = stream("features").normal_matrix(ROWS, units);
    let labels: Vec<usize> = (0..ROWS).map(|row| row % units).collect();
    report("features", Instant::now());

    let started = Instant::now();
    let mlp = Mlp { hidden: vec![units, units].into(), ..Mlp::default() };
    let initial = initial_mlp(units, units, &mlp, &mut stream("init")).unwrap();
    println!("weights: {} MiB", (initial.parameters() * size_of::<f32>()) >> 20);
    report("initial model", started);

    let started = Instant::now();
    let training = Training {
        epochs: 1,
        batch_size: 32,
        learning_rate: 1e-4,
        optimizer: match optimizer.as_str() {
            "adam" => Optimizer::Adam(Adam::default()),
            _ => Optimizer::default(),
        },
        ..Training::default()
    };
    let mut shuffle = stream("shuffle");
    let (features, labels) = (features.view(), labels.as_slice());
    let trained = if env::args().nth(3).is_some_and(|third| third == "hook") {
        train_hooked(initial, features, labels, &training, &mut shuffle, &mut Idle)
    } else {
        train(initial, features, labels, &training, &mut shuffle)
    };
    let Trained { model, curve } = trained.unwrap();
    report("one epoch", started);

    let started = Instant::now();
    let single: Array2<f32> = features.mapv(|value| value as f32);
    let predictions = predict(model.logits(single.view()).view());
    report("logits in f32", started);

    let started = Instant::now();
    let mut sum = 0.0;
    let batch_rows = NonZeroUsize::new(64).unwrap();
    for position in 0..model.layers().len() {
        let inputs = inputs_behind(&model.layers()[..position], features, batch_rows);
        sum += inputs.map(|inputs| inputs.sum()).sum::<f64>();
    }
    report("inputs of layers in f64", started);
    println!("loss {}, first class {}, sum {sum}", curve[0].loss, predictions[0]);
}

/// Prints the peak so far.
fn report(step: &str, started: Instant) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
    let peak = kibibytes.map_or_else(|| "unknown".to_owned(), |kibibytes| format!("{} MiB", kibibytes >> 10));
    println!("{step}: peak {peak}, {:.1} s", started.elapsed().as_secs_f64());
}
