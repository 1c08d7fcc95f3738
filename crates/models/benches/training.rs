//! Training notebook 000's model: wine's shape, 142 × 13, 100 hidden units, 3 classes; 200 epochs in batches of 10.

use bitsweep_models::{ForwardBuffers, Initialization, Mlp, Model, Precision, Trained, Training, train_mlp};
use bitsweep_random::{Generator, Stream};
use divan::Bencher;
use ndarray::{Array2, ArrayView2};

fn main() {
    divan::main();
}

/// Notebook 000's training rows.
fn wine() -> (Array2<f64>, Vec<usize>) {
    let mut features = Vec::new();
    let mut labels = Vec::new();
    for line in include_str!("../tests/golden/wine_train.csv").lines() {
        let mut fields = line.split(',').map(|field| field.parse::<f64>().unwrap_or(f64::NAN));
        features.extend(fields.by_ref().take(13));
        labels.extend(fields.map(|label| label as usize));
    }
    let rows = labels.len();
    let features = Array2::from_shape_fn((rows, 13), |(row, column)| features[13 * row + column]);
    (features, labels)
}

fn train(features: ArrayView2<'_, f64>, labels: &[usize], precision: Precision) -> Trained {
    let mlp = Mlp { hidden: 100.into(), initialization: Initialization::Normal };
    let training = Training { shuffle: false, precision, ..Training::default() };
    let stream = |stage| Stream::new(Generator::Numpy, 42, stage);
    let trained = stream("init").map_err(|error| error.to_string()).and_then(|mut init| {
        let mut shuffle = init.clone();
        train_mlp(features, labels, 3, &mlp, &training, &mut init, &mut shuffle)
            .map_err(|error| error.to_string())
    });
    match trained {
        Ok(trained) => trained,
        Err(error) => panic!("{error}"),
    }
}

#[divan::bench(args = [Precision::Single, Precision::Mixed])]
fn training(bencher: Bencher<'_, '_>, precision: Precision) {
    let (features, labels) = wine();
    bencher.bench(|| train(features.view(), &labels, precision));
}

fn model() -> (Model, Array2<f64>) {
    let (features, labels) = wine();
    let model = train(features.view(), &labels, Precision::Single).model;
    (model, Array2::from_shape_fn((36, 13), |index| features[index]))
}

/// The forward pass of 36 test rows, the heart of a sweep.
#[divan::bench]
fn logits_single(bencher: Bencher<'_, '_>) {
    let (model, features) = model();
    let features = features.mapv(|value| value as f32);
    let mut buffers = ForwardBuffers::default();
    bencher.bench_local(|| model.logits_with(features.view(), &mut buffers)[[0, 0]]);
}

/// The same in double precision.
#[divan::bench]
fn logits_double(bencher: Bencher<'_, '_>) {
    let (model, features) = model();
    let mut buffers = ForwardBuffers::default();
    bencher.bench_local(|| model.logits_with(features.view(), &mut buffers)[[0, 0]]);
}
