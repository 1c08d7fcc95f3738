//! Training with a hook: without effect it changes no bit, with one its gradients are those of the loss.

#![allow(clippy::unwrap_used)]

use bitsweep_models::{
    Activation, Adam, ForwardBuffers, Head, Hook, HookParameters, Linear, Logistic, Mlp, Model, Optimizer,
    Precision, SoftmaxRegression, TrainError, Training, WeightId, fit_logistic, initial_mlp,
    initial_softmax_regression, train, train_hooked, train_mlp,
};
use bitsweep_random::{Generator, Stream};
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2};

fn stream(stage: &str) -> Stream {
    Stream::new(Generator::Modern, 5, stage).unwrap()
}

/// Rows of three overlapping classes.
fn rows(count: usize, columns: usize) -> (Array2<f64>, Vec<usize>) {
    let mut stream = stream("rows");
    let labels: Vec<usize> = (0..count).map(|row| row % 3).collect();
    let features = stream.normal_matrix(count, columns);
    let shifted = Array2::from_shape_fn((count, columns), |(row, column)| {
        features[[row, column]] + if column % 3 == labels[row] { 1.5 } else { 0.0 }
    });
    (shifted, labels)
}

/// Does everything and changes nothing.
struct Idle;

impl Hook for Idle {
    fn changes_activations(&self) -> bool {
        true
    }

    fn changes_gradients(&self) -> bool {
        true
    }
}

#[test]
fn a_hook_without_effect_trains_to_the_same_bits_in_the_same_order_of_rows() {
    let (features, labels) = rows(47, 11);
    let mlp = Mlp { hidden: vec![13, 6].into(), ..Mlp::default() };
    for precision in [Precision::Single, Precision::Mixed] {
        for optimizer in [Optimizer::default(), Optimizer::Adam(Adam::default())] {
            let training =
                Training { epochs: 4, learning_rate: 0.01, precision, optimizer, ..Training::default() };
            let plain = train_mlp(
                features.view(),
                &labels,
                3,
                &mlp,
                &training,
                &mut stream("init"),
                &mut stream("shuffle"),
            );
            let initial = initial_mlp(11, 3, &mlp, &mut stream("init")).unwrap();
            let hooked =
                train_hooked(initial, features.view(), &labels, &training, &mut stream("shuffle"), &mut Idle);
            assert_eq!(plain.unwrap(), hooked.unwrap());
        }
    }
}

#[test]
fn every_hidden_activation_trains_alike_with_a_hook_and_without_and_reduces_the_loss() {
    let (features, labels) = rows(47, 11);
    let mlp = Mlp { hidden: vec![13, 6].into(), ..Mlp::default() };
    for activation in [
        Activation::LeakyRelu { slope: 0.1 },
        Activation::Elu { alpha: 1.0 },
        Activation::Tanh,
        Activation::Sigmoid,
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::HardSigmoid { alpha: 0.2, beta: 0.5 },
        Activation::HardSwish,
        Activation::RELU6,
    ] {
        let initial = initial_mlp(11, 3, &mlp, &mut stream("init")).unwrap();
        let last = initial.layers().len() - 1;
        let layers = initial.linear_layers().map(|(position, layer)| match position {
            _ if position == last => layer.clone(),
            _ => Linear { activation, ..layer.clone() },
        });
        let initial = Model::new(layers, Head::Softmax).unwrap();
        for precision in [Precision::Single, Precision::Mixed] {
            let training = Training {
                epochs: 30,
                learning_rate: 0.01,
                precision,
                optimizer: Optimizer::Adam(Adam::default()),
                ..Training::default()
            };
            let (features, shuffle) = (features.view(), || stream("shuffle"));
            let plain = train(initial.clone(), features, &labels, &training, &mut shuffle());
            let hooked =
                train_hooked(initial.clone(), features, &labels, &training, &mut shuffle(), &mut Idle);
            let plain = plain.unwrap();
            assert_eq!(plain, hooked.unwrap(), "{activation}");
            assert!(plain.curve[29].loss < 0.7 * plain.curve[0].loss, "{activation}: {:?}", plain.curve);
        }
    }
}

/// Computes with `c·W`, hands on `a·x²` and trains `c` and `a`.
struct Stretch {
    values: [f32; 2],
    gradient: [f64; 2],
    /// What `parameters` shows: the gradient of one step, kept for the test.
    seen: [f64; 2],
}

impl Stretch {
    fn new() -> Self {
        Self { values: [0.5, 0.25], gradient: [0.0; 2], seen: [0.0; 2] }
    }
}

impl Hook for Stretch {
    fn compute(
        &mut self,
        id: WeightId,
        latent: ArrayView2<'_, f32>,
        mut computed: ArrayViewMut2<'_, f32>,
    ) -> Result<(), String> {
        let factor = match id {
            WeightId::Weight(_) => self.values[0],
            WeightId::Bias(_) => 1.0,
        };
        computed.assign(&latent.mapv(|value| factor * value));
        Ok(())
    }

    fn latent_gradient(
        &mut self,
        id: WeightId,
        latent: ArrayView2<'_, f32>,
        mut gradient: ArrayViewMut2<'_, f64>,
    ) -> Result<(), String> {
        if !id.is_bias() {
            for (gradient, &latent) in gradient.iter_mut().zip(&latent) {
                self.gradient[0] += *gradient * f64::from(latent);
                *gradient *= f64::from(self.values[0]);
            }
        }
        Ok(())
    }

    fn changes_activations(&self) -> bool {
        true
    }

    fn activations(&mut self, layer: usize, mut outputs: ArrayViewMut2<'_, f64>) {
        assert_eq!(layer, 0);
        outputs.mapv_inplace(|value| f64::from(self.values[1]) * value * value);
    }

    fn activation_gradient(
        &mut self,
        _layer: usize,
        outputs: ArrayView2<'_, f64>,
        mut gradient: ArrayViewMut2<'_, f64>,
    ) {
        for (gradient, &output) in gradient.iter_mut().zip(&outputs) {
            self.gradient[1] += *gradient * output * output;
            *gradient *= 2.0 * f64::from(self.values[1]) * output;
        }
    }

    fn parameters(&mut self) -> HookParameters<'_> {
        HookParameters { values: &mut self.values, gradient: &self.gradient }
    }

    fn updated(&mut self) {
        self.seen = self.gradient;
        self.gradient = [0.0; 2];
    }
}

/// The mean loss of what [`Stretch`] computes, by the public forward pass.
fn loss(model: &Model, values: [f32; 2], features: &Array2<f64>, labels: &[usize]) -> f64 {
    let mut computed = model.clone();
    for (id, mut weight) in computed.weights_mut() {
        if !id.is_bias() {
            weight.mapv_inplace(|value| values[0] * value);
        }
    }
    let mut buffers = ForwardBuffers::default();
    let mut change = |_: usize, mut outputs: ArrayViewMut2<'_, f64>| {
        outputs.mapv_inplace(|value| f64::from(values[1]) * value * value);
    };
    let logits = computed.logits_changed(features.view(), &mut buffers, &mut change);
    let probabilities = model.probabilities(logits);
    let sum: f64 = labels.iter().enumerate().map(|(row, &label)| -probabilities[[row, label]].ln()).sum();
    sum / labels.len() as f64
}

#[test]
fn gradients_through_a_hook_are_the_differences_of_the_loss() {
    let (features, labels) = rows(9, 4);
    let mlp = Mlp { hidden: 5.into(), ..Mlp::default() };
    let initial = initial_mlp(4, 3, &mlp, &mut stream("init")).unwrap();
    let mut hook = Stretch::new();
    let start = hook.values;
    let rate = 2.0_f64.powi(-4);
    let training = Training {
        epochs: 1,
        batch_size: 9,
        learning_rate: rate,
        shuffle: false,
        precision: Precision::Mixed,
        ..Training::default()
    };
    let trained =
        train_hooked(initial.clone(), features.view(), &labels, &training, &mut stream("shuffle"), &mut hook)
            .unwrap();
    assert!((trained.curve[0].loss - loss(&initial, start, &features, &labels)).abs() < 1e-6);

    let step = 2.0_f32.powi(-9);
    let close = |gradient: f64, difference: f64, what: &str| {
        assert!(
            (gradient - difference).abs() < 2e-4 + 2e-3 * difference.abs(),
            "{what}: {gradient}, {difference}"
        );
    };
    for own in 0..2 {
        let at = |sign: f32| {
            let mut values = start;
            values[own] += sign * step;
            loss(&initial, values, &features, &labels)
        };
        let difference = (at(1.0) - at(-1.0)) / (2.0 * f64::from(step));
        close(hook.seen[own] / 9.0, difference, &format!("parameter {own}"));
        close(f64::from(start[own] - hook.values[own]) / rate, difference, &format!("update of {own}"));
    }
    for ((id, before), (_, after)) in initial.weights().zip(trained.model.weights()) {
        for ((place, &before), &after) in before.indexed_iter().zip(&after) {
            let at = |sign: f32| {
                let mut model = initial.clone();
                model.weight_mut(id).unwrap()[place] += sign * step;
                loss(&model, start, &features, &labels)
            };
            let difference = (at(1.0) - at(-1.0)) / (2.0 * f64::from(step));
            close(f64::from(before - after) / rate, difference, &format!("{id} {place:?}"));
        }
    }
}

/// Doubles every gradient of an output.
struct Loud;

impl Hook for Loud {
    fn changes_gradients(&self) -> bool {
        true
    }

    fn output_gradient(&mut self, _layer: usize, mut gradient: ArrayViewMut2<'_, f64>) {
        gradient.mapv_inplace(|value| 2.0 * value);
    }
}

#[test]
fn a_change_of_an_outputs_gradient_reaches_parameters_and_earlier_layers() {
    let (features, labels) = rows(9, 4);
    let mlp = Mlp { hidden: 5.into(), ..Mlp::default() };
    let initial = initial_mlp(4, 3, &mlp, &mut stream("init")).unwrap();
    // Powers of two, so that doubling is exact.
    let training = |learning_rate| Training {
        epochs: 1,
        batch_size: 9,
        learning_rate,
        shuffle: false,
        precision: Precision::Mixed,
        ..Training::default()
    };
    let shuffle = &mut stream("shuffle");
    let loud = train_hooked(initial.clone(), features.view(), &labels, &training(0.125), shuffle, &mut Loud);
    let loud = loud.unwrap().model;
    let run = |rate| {
        let mut shuffle = stream("shuffle");
        train(initial.clone(), features.view(), &labels, &training(rate), &mut shuffle).unwrap().model
    };
    assert_eq!(loud.layers()[1], run(0.25).layers()[1]);
    assert_eq!(loud.layers()[0], run(0.5).layers()[0]);
}

/// Never has a weight to compute with.
struct Broken;

impl Hook for Broken {
    fn compute(
        &mut self,
        _id: WeightId,
        _latent: ArrayView2<'_, f32>,
        _computed: ArrayViewMut2<'_, f32>,
    ) -> Result<(), String> {
        Err("there is no grid".to_owned())
    }
}

#[test]
fn a_hook_that_fails_ends_the_training_with_its_sentence() {
    let (features, labels) = rows(9, 4);
    let initial =
        initial_softmax_regression(4, 3, &SoftmaxRegression::default(), &mut stream("init")).unwrap();
    let shuffle = &mut stream("shuffle");
    let training = Training::default();
    let error = train_hooked(initial, features.view(), &labels, &training, shuffle, &mut Broken);
    assert_eq!(error, Err(TrainError::Hook { epoch: 0, message: "there is no grid".into() }));
}

#[test]
fn a_learned_parameter_that_diverges_is_named() {
    let (features, labels) = rows(9, 4);
    let weight = Array2::from_elem((4, 3), 0.5);
    let layer = Linear { weight, bias: Array1::zeros(3), activation: Activation::Identity };
    let initial = Model::new(vec![layer], Head::Softmax).unwrap();
    let mut hook = Stretch { gradient: [0.0, f64::INFINITY], ..Stretch::new() };
    let shuffle = &mut stream("shuffle");
    let training = Training::default();
    let error = train_hooked(initial, features.view(), &labels, &training, shuffle, &mut hook);
    let Err(TrainError::Diverged { epoch: 0, what, .. }) = error else { panic!("{error:?}") };
    assert_eq!(what, "a learned parameter");
}

#[test]
fn softmax_regression_by_mini_batches_finds_the_minimum_that_the_solver_finds() {
    let (features, labels) = rows(120, 6);
    let initial =
        initial_softmax_regression(6, 3, &SoftmaxRegression::default(), &mut stream("init")).unwrap();
    let training = Training {
        epochs: 4000,
        batch_size: 120,
        learning_rate: 0.5,
        // The solver's penalty |W|²/(2C) is on the sum over the rows, weight decay on their mean.
        weight_decay: 1.0 / 120.0,
        shuffle: false,
        precision: Precision::Mixed,
        ..Training::default()
    };
    let trained = train(initial, features.view(), &labels, &training, &mut stream("shuffle")).unwrap();
    let solved = fit_logistic(features.view(), &labels, 3, &Logistic::default()).unwrap();
    let weight = |model: &Model| model.weight(WeightId::Weight(0)).unwrap().to_owned();
    for (ours, theirs) in weight(&trained.model).iter().zip(&weight(&solved)) {
        assert!((ours - theirs).abs() < 1e-4, "{ours} is not {theirs}");
    }
}
