//! Training as the formulas say it, on nested loops, and the fast loop held to it bit by bit.

use bitsweep_random::{Generator, Stream};

use super::{model, rows};
use crate::activation::Activation;
use crate::class_weights::ClassWeights;
use crate::float::Float;
use crate::model::Model;
use crate::optimizer::{Adam, Optimizer, Sgd};
use crate::specification::{Precision, Training};
use crate::training::loss::pairwise_sum;
use crate::training::train;
use crate::weight_id::WeightId;

type Matrix<T> = Vec<Vec<T>>;

/// One weight matrix or bias with the optimizer's memory of it.
struct Tensor<T> {
    values: Matrix<f32>,
    first: Matrix<T>,
    second: Matrix<T>,
}

/// Layer after layer: weight, bias (as a matrix with one row), activation.
struct Reference<T> {
    layers: Vec<(Tensor<T>, Tensor<T>, Activation)>,
    steps: i32,
}

impl<T: Float> Tensor<T> {
    fn new(values: Matrix<f32>) -> Self {
        let zeros: Matrix<T> = values.iter().map(|row| vec![T::ZERO; row.len()]).collect();
        Self { values, first: zeros.clone(), second: zeros }
    }

    fn at(&self, row: usize, column: usize) -> T {
        T::from(self.values[row][column])
    }

    fn update(&mut self, sums: &Matrix<T>, batch: usize, training: &Training, decay: f64, steps: i32) {
        let t = T::from_f64;
        let (rate, decay) = (t(training.learning_rate), t(decay));
        for (i, row) in sums.iter().enumerate() {
            for (j, &sum) in row.iter().enumerate() {
                let w = self.at(i, j);
                let g = sum.mean(t(batch as f64));
                self.values[i][j] = match training.optimizer {
                    Optimizer::Sgd(Sgd { momentum }) => {
                        let v = t(momentum).mul_add(self.first[i][j], decay.mul_add(w, g));
                        self.first[i][j] = if momentum == 0.0 { T::ZERO } else { v.flush() };
                        w - rate * if momentum == 0.0 { v } else { v.flush() }
                    }
                    Optimizer::Adam(Adam { beta1, beta2, epsilon }) => {
                        let m = t(beta1).mul_add(self.first[i][j], t(1.0 - beta1) * g).flush();
                        let v = t(beta2).mul_add(self.second[i][j], t(1.0 - beta2) * (g * g)).flush();
                        (self.first[i][j], self.second[i][j]) = (m, v);
                        let m_hat = m / t(1.0 - power(beta1, steps));
                        let v_hat = v / t(1.0 - power(beta2, steps));
                        w - rate * decay.mul_add(w, m_hat / (v_hat.sqrt() + t(epsilon)))
                    }
                }
                .to_f32();
            }
        }
    }
}

/// `base` multiplied by itself, one factor after the other.
fn power(base: f64, exponent: i32) -> f64 {
    (0..exponent).fold(1.0, |power, _| power * base)
}

impl<T: Float> Reference<T> {
    fn new(model: &Model) -> Self {
        let layers = model.linear_layers().map(|(_, layer)| {
            let weight = layer.weight.outer_iter().map(|row| row.to_vec()).collect();
            (Tensor::new(weight), Tensor::new(vec![layer.bias.to_vec()]), layer.activation)
        });
        Self { layers: layers.collect(), steps: 0 }
    }

    /// One mini-batch; returns its mean loss.
    fn step(&mut self, features: &Matrix<T>, labels: &[usize], training: &Training) -> f64 {
        let mut inputs = vec![features.clone()];
        for (weight, bias, activation) in &self.layers {
            let x = &inputs[inputs.len() - 1];
            let output = x.iter().map(|row| {
                let z = (0..bias.values[0].len()).map(|j| {
                    let sum = (0..row.len()).fold(T::ZERO, |sum, k| row[k].mul_add(weight.at(k, j), sum));
                    let z = sum + bias.at(0, j);
                    if *activation == Activation::Relu && z <= T::ZERO { T::ZERO } else { z }
                });
                z.collect()
            });
            let output = output.collect();
            inputs.push(output);
        }
        let mut losses = Vec::new();
        let mut delta: Matrix<T> = Vec::new();
        for (logits, &label) in inputs[inputs.len() - 1].iter().zip(labels) {
            let largest = logits.iter().fold(logits[0], |largest, &z| if z > largest { z } else { largest });
            let shift = if largest.abs() > T::SOFTMAX_SHIFT_ABOVE { largest } else { T::ZERO };
            let exponentials: Vec<T> = logits.iter().map(|&z| (z - shift).exp()).collect();
            let sum = exponentials.iter().fold(T::ZERO, |sum, &e| sum + e);
            let mut row: Vec<T> = exponentials.iter().map(|&e| e / sum).collect();
            let weight = match &training.class_weights {
                ClassWeights::Numbered(weights) => T::from_f64(weights[label]),
                _ => T::ONE,
            };
            losses.push((weight * (row[label] + T::from_f64(1e-8)).ln()).into());
            row[label] = row[label] - T::ONE;
            delta.push(row.into_iter().map(|gradient| (weight * gradient).flush()).collect());
        }
        let mut sums = Vec::new();
        for (layer, (weight, _, _)) in self.layers.iter().enumerate().rev() {
            let x = &inputs[layer];
            let columns = delta[0].len();
            let of_weight: Matrix<T> = (0..x[0].len())
                .map(|k| {
                    (0..columns)
                        .map(|j| (0..x.len()).fold(T::ZERO, |sum, i| x[i][k].mul_add(delta[i][j], sum)))
                        .collect()
                })
                .collect();
            let of_bias: Vec<T> =
                (0..columns).map(|j| delta.iter().fold(T::ZERO, |sum, row| sum + row[j])).collect();
            sums.push((of_weight, vec![of_bias]));
            if layer > 0 {
                let relu = self.layers[layer - 1].2 == Activation::Relu;
                let before = (0..x.len()).map(|i| {
                    let row = (0..x[0].len()).map(|k| {
                        let sum =
                            (0..columns).fold(T::ZERO, |sum, j| delta[i][j].mul_add(weight.at(k, j), sum));
                        if relu && x[i][k] <= T::ZERO { T::ZERO } else { sum }
                    });
                    row.collect()
                });
                delta = before.collect();
            }
        }
        self.steps += 1;
        for ((weight, bias, _), (of_weight, of_bias)) in self.layers.iter_mut().rev().zip(&sums) {
            weight.update(of_weight, labels.len(), training, training.weight_decay, self.steps);
            bias.update(of_bias, labels.len(), training, 0.0, self.steps);
        }
        -pairwise_sum(&losses) / labels.len() as f64
    }
}

/// Trains both ways and compares weights and losses, bit for bit.
fn agree<T: Float>(sizes: &[usize], batch_rows: usize, training: &Training, seed: usize) {
    let initial = model(sizes, seed);
    let (features, labels) = rows(batch_rows, initial.input_size(), initial.output_size(), seed);
    let stream = || Stream::new(Generator::Modern, seed as u64, "shuffle").unwrap();
    let trained = train(initial.clone(), features.view(), &labels, training, &mut stream()).unwrap();

    let mut reference = Reference::<T>::new(&initial);
    let mut shuffle = stream();
    for epoch in &trained.curve {
        let order: Vec<usize> =
            if training.shuffle { shuffle.permutation(labels.len()) } else { (0..labels.len()).collect() };
        let mut loss_sum = 0.0;
        for batch in order.chunks(training.batch_size) {
            let features: Matrix<T> = batch
                .iter()
                .map(|&row| features.row(row).iter().map(|&x| T::from_f64(x)).collect())
                .collect();
            let labels: Vec<usize> = batch.iter().map(|&row| labels[row]).collect();
            loss_sum += reference.step(&features, &labels, training);
        }
        assert_eq!(epoch.loss_sum, loss_sum);
    }
    for (layer, (weight, bias, _)) in
        trained.model.linear_layers().map(|(_, layer)| layer).zip(&reference.layers)
    {
        for ((row, column), &value) in layer.weight.indexed_iter() {
            assert_eq!(value, weight.values[row][column]);
        }
        assert_eq!(layer.bias.to_vec(), bias.values[0]);
    }
}

fn optimizers() -> [Optimizer; 4] {
    [
        Optimizer::default(),
        Optimizer::Sgd(Sgd { momentum: 0.9 }),
        Optimizer::Adam(Adam::default()),
        Optimizer::Adam(Adam { beta1: 0.8, beta2: 0.95, epsilon: 1e-6 }),
    ]
}

#[test]
fn the_fast_loop_is_the_slow_one_to_the_bit() {
    let shapes: [&[usize]; 4] = [&[13, 20, 3], &[4, 3], &[6, 9, 8, 10], &[2, 1, 2]];
    for (seed, sizes) in shapes.into_iter().enumerate() {
        let classes = sizes[sizes.len() - 1];
        let weights = ClassWeights::Numbered((1..=classes).map(|class| 0.3 * class as f64).collect());
        for optimizer in optimizers() {
            for (weight_decay, is_weighed) in [(0.0, false), (0.01, true)] {
                for precision in [Precision::Single, Precision::Mixed] {
                    let training = Training {
                        epochs: 3,
                        batch_size: 10,
                        learning_rate: 0.05,
                        optimizer: optimizer.clone(),
                        weight_decay,
                        shuffle: is_weighed,
                        precision,
                        class_weights: if is_weighed { weights.clone() } else { ClassWeights::None },
                    };
                    match precision {
                        Precision::Single => agree::<f32>(sizes, 23, &training, seed),
                        Precision::Mixed => agree::<f64>(sizes, 23, &training, seed),
                    }
                }
            }
        }
    }
}

#[test]
fn a_batch_larger_than_the_rows_is_one_batch() {
    let training = Training { epochs: 2, batch_size: usize::MAX, shuffle: false, ..Training::default() };
    agree::<f32>(&[5, 4, 3], 7, &training, 1);
}

#[test]
fn adams_first_step_is_the_learning_rate_against_the_gradients_sign() {
    // m̂ = g and v̂ = g², so the step is η·g/(|g| + ε).
    let initial = model(&[4, 3], 5);
    let (features, labels) = rows(6, 4, 3, 5);
    let training = Training {
        epochs: 1,
        batch_size: 6,
        learning_rate: 0.25,
        optimizer: Optimizer::Adam(Adam::default()),
        shuffle: false,
        ..Training::default()
    };
    let mut shuffle = Stream::new(Generator::Modern, 0, "shuffle").unwrap();
    let trained = train(initial.clone(), features.view(), &labels, &training, &mut shuffle).unwrap();
    let weight = |model: &Model| model.weight(WeightId::Weight(0)).unwrap().to_owned();
    for (before, after) in weight(&initial).iter().zip(&weight(&trained.model)) {
        assert!(((before - after).abs() - 0.25).abs() < 1e-4);
    }
}

#[test]
fn training_reduces_the_loss_with_every_optimizer() {
    for optimizer in optimizers() {
        let (features, _) = rows(30, 5, 3, 2);
        // Something to learn: which of the first three features is largest.
        let labels: Vec<usize> = features
            .outer_iter()
            .map(|row| (0..3).fold(0, |best, class| if row[class] > row[best] { class } else { best }))
            .collect();
        let training = Training {
            epochs: 60,
            learning_rate: 0.02,
            optimizer,
            weight_decay: 1e-4,
            ..Training::default()
        };
        let mut shuffle = Stream::new(Generator::Modern, 1, "shuffle").unwrap();
        let curve =
            train(model(&[5, 16, 3], 3), features.view(), &labels, &training, &mut shuffle).unwrap().curve;
        assert_eq!(curve.len(), 60);
        assert!(curve[59].loss < 0.8 * curve[0].loss, "{} from {}", curve[59].loss, curve[0].loss);
    }
}
