//! Notebook 000's loops, timed: training in both precisions, and 1,000 variants of the trained model.
//!
//! `benches/peers/loops.py` runs this program and NumPy in turn and prints the ratios. What is generic in the crates below is
//! compiled with it: hence it stands in a crate that is optimized.

#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Instant;

use bitsweep_datasets::{Holdout, PartSize, Scaling, SplitStreams, builtin, fit, holdout};
use bitsweep_metrics::Confusion;
use bitsweep_models::{
    ForwardBuffers, Initialization, Layer, Mlp, Model, Precision, Training, predict_into, train_mlp,
};
use bitsweep_quant::{Bits, absmax_equalization, presets, quantize};
use bitsweep_random::{Generator, Stream};
use ndarray::{Array2, ArrayView2, Axis};

const VARIANTS: usize = 1000;

/// Equalizes, quantizes four tensors, classifies the test rows and scores them; returns the sum of all macro-F1.
fn variants(stack: &Model, features: ArrayView2<'_, f32>, truth: &[usize]) -> f64 {
    let mut stream = Stream::new(Generator::Modern, 0, "quantize").unwrap();
    let mut buffers = ForwardBuffers::default();
    let mut predictions = Vec::new();
    let mut sum = 0.0;
    for variant in 0..VARIANTS {
        let scheme = presets::asymmetric_float_zero_point(Bits::new([8, 6, 4, 2][variant % 4]).unwrap());
        let mut layers = stack.layers().to_vec();
        let [Layer::Linear(first), Layer::Linear(second)] = layers.as_mut_slice() else {
            unreachable!("two layers")
        };
        absmax_equalization(&mut first.weight, &mut first.bias, &mut second.weight).unwrap();
        let mut quantized = Model::new(layers, stack.head()).unwrap();
        for (_, mut tensor) in quantized.weights_mut() {
            let codes = quantize(tensor.view(), &scheme, &mut stream).unwrap();
            codes.reconstruct_into(tensor.view_mut()).unwrap();
        }
        predict_into(quantized.logits_with(features, &mut buffers), &mut predictions);
        sum += Confusion::new(truth, &predictions, stack.classes()).unwrap().macro_f1();
    }
    sum
}

fn main() {
    let wine = builtin("wine").unwrap();
    let stream = |stage| Stream::new(Generator::Numpy, 42, stage).unwrap();
    let rule = Holdout::plain(PartSize::Fraction(0.2));
    let mut streams = SplitStreams::new(Generator::Numpy, 42, 0).unwrap();
    let split = holdout(&wine.labels, wine.classes(), &rule, &mut streams).unwrap();
    let features = |rows: &[usize]| wine.values.select(Axis(0), rows);
    let (train, test) = (features(&split.train), features(&split.test));
    let (labels, truth) = (wine.labels_of(&split.train), wine.labels_of(&split.test));
    let scaler = fit(&Scaling::Standard, train.view()).unwrap();
    let (train, test): (Array2<f64>, Array2<f64>) =
        (scaler.apply(train.view()).unwrap(), scaler.apply(test.view()).unwrap());
    let mlp = Mlp { hidden: 100.into(), initialization: Initialization::Normal };
    let trained = |precision| {
        let training = Training {
            epochs: 200,
            batch_size: 10,
            learning_rate: 0.1,
            shuffle: false,
            precision,
            ..Training::default()
        };
        let (mut init, mut shuffle) = (stream("init"), stream("shuffle"));
        let started = Instant::now();
        let trained = train_mlp(train.view(), &labels, 3, &mlp, &training, &mut init, &mut shuffle).unwrap();
        (trained.model, started.elapsed().as_secs_f64())
    };
    let (_, single) = trained(Precision::Single);
    let (stack, mixed) = trained(Precision::Mixed);
    let test = test.mapv(|value| value as f32);
    let started = Instant::now();
    black_box(variants(&stack, test.view(), &truth));
    let variants = started.elapsed().as_secs_f64();
    println!("{{\"single\": {single:e}, \"mixed\": {mixed:e}, \"variants\": {variants:e}}}");
}
