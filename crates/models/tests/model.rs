//! Models: shapes, names, logits, probabilities.

#![allow(clippy::unwrap_used)]

use std::num::NonZeroUsize;

use bitsweep_models::{
    Activation, Float, ForwardBuffers, Head, Linear, Model, ModelError, WeightId, inputs_behind, predict,
    predict_into,
};
use ndarray::{Array1, Array2, ArrayView2, Axis, Slice, array, concatenate};

fn dense(inputs: usize, outputs: usize, activation: Activation) -> Linear {
    let number = |index: usize| ((index * 7919 + 13) % 2001) as f32 / 700.0 - 1.4;
    Linear {
        weight: Array2::from_shape_fn((inputs, outputs), |(i, j)| number(i * outputs + j)),
        bias: Array1::from_shape_fn(outputs, |j| number(j + 5)),
        activation,
    }
}

fn chain(sizes: &[usize]) -> Model {
    let last = sizes.len() - 2;
    let layers = sizes.windows(2).enumerate().map(|(index, size)| {
        dense(size[0], size[1], if index == last { Activation::Identity } else { Activation::Relu })
    });
    let head = if sizes.last() == Some(&1) { Head::Logistic } else { Head::Softmax };
    Model::new(layers, head).unwrap()
}

fn features<T: Float>(rows: usize, columns: usize) -> Array2<T> {
    Array2::from_shape_fn((rows, columns), |(i, j)| {
        T::from_f64(((i * columns + j) * 6007 % 1999) as f64 / 800.0 - 1.2)
    })
}

/// Layer after layer, sum after sum; behind a single output the logit of the second of two classes, that of the first being 0.
fn slow_logits<T: Float>(model: &Model, features: ArrayView2<'_, T>) -> Array2<T> {
    let mut x = features.to_owned();
    for (_, layer) in model.linear_layers() {
        x = Array2::from_shape_fn((x.nrows(), layer.output_size()), |(row, column)| {
            let products = x.row(row).into_iter().zip(layer.weight.column(column));
            let sum = products.fold(T::ZERO, |sum, (&x, &w)| x.mul_add(T::from(w), sum));
            let z = sum + T::from(layer.bias[column]);
            layer.activation.apply(z)
        });
    }
    match model.head() {
        Head::Softmax | Head::OneVsRest => x,
        Head::Logistic => Array2::from_shape_fn((x.nrows(), 2), |(row, class)| [T::ZERO, x[[row, 0]]][class]),
    }
}

#[test]
fn logits_are_those_of_nested_loops_to_the_bit() {
    let mut single = ForwardBuffers::default();
    let mut double = ForwardBuffers::default();
    // One pair of buffers serves models and batches of all shapes, larger and smaller.
    for sizes in [&[13, 100, 3][..], &[64, 10], &[3, 5, 9, 17, 2], &[1, 1], &[9, 4, 1], &[13, 100, 3]] {
        let model = chain(sizes);
        for rows in [36, 1, 7] {
            let x = features::<f32>(rows, sizes[0]);
            assert_eq!(model.logits_with(x.view(), &mut single), slow_logits(&model, x.view()));
            assert_eq!(model.logits(x.view()), slow_logits(&model, x.view()));
            let x = features::<f64>(rows, sizes[0]);
            assert_eq!(model.logits_with(x.view(), &mut double), slow_logits(&model, x.view()));
        }
    }
}

#[test]
fn logits_do_not_depend_on_the_layout_of_the_features() {
    let model = chain(&[5, 8, 3]);
    let x = features::<f32>(9, 5);
    let transposed = x.t().as_standard_layout().into_owned();
    assert_eq!(model.logits(transposed.t()), model.logits(x.view()));
    let every_second = x.slice_axis(Axis(0), ndarray::Slice::new(0, None, 2));
    assert_eq!(model.logits(every_second).row(1), model.logits(x.view()).row(2));
}

#[test]
fn no_rows_have_no_logits() {
    let logits = chain(&[5, 8, 3]).logits(Array2::<f32>::zeros((0, 5)).view());
    assert_eq!(logits.dim(), (0, 3));
    assert!(predict(logits.view()).is_empty());
}

#[test]
fn a_single_output_is_the_logit_of_the_second_of_two_classes() {
    let layer = dense(4, 1, Activation::Identity);
    let model = Model::new([layer.clone()], Head::Logistic).unwrap();
    assert_eq!((model.output_size(), model.classes(), model.parameters()), (1, 2, 5));
    // The same as two columns, of which the first is 0.
    let columns = Linear {
        weight: concatenate![Axis(1), Array2::zeros((4, 1)), layer.weight],
        bias: array![0.0, layer.bias[0]],
        activation: Activation::Identity,
    };
    let columns = Model::new([columns], Head::Softmax).unwrap();
    let x = features::<f32>(17, 4);
    let logits = model.logits(x.view());
    assert_eq!(logits, columns.logits(x.view()));
    assert_eq!(logits, model.logits_of_outputs(layer.outputs(x.view())));
    assert_eq!(model.probabilities(logits.view()), columns.probabilities(logits.view()));
    let mut buffers = ForwardBuffers::default();
    let unchanged = model.logits_changed(x.view(), &mut buffers, &mut |_, _| {
        panic!("the only layer is the last one");
    });
    assert_eq!(unchanged, model.logits(x.view()));
}

#[test]
fn outputs_of_other_heads_are_the_logits() {
    let model = chain(&[4, 6, 3]);
    let outputs = features::<f64>(5, 3);
    assert_eq!(model.logits_of_outputs(outputs.clone()), outputs);
    assert_eq!(model.logits_of_outputs(Array2::<f64>::zeros((0, 3))).dim(), (0, 3));
    let logistic = chain(&[4, 1]);
    assert_eq!(logistic.logits_of_outputs(Array2::<f32>::zeros((0, 1))).dim(), (0, 2));
    assert_eq!(logistic.logits(Array2::<f32>::zeros((0, 4)).view()).dim(), (0, 2));
}

#[test]
fn weights_have_names_and_shapes() {
    let model = chain(&[13, 100, 3]);
    let weights: Vec<_> = model.weights().map(|(id, values)| (id.to_string(), values.dim())).collect();
    let expected = [("W1", (13, 100)), ("b1", (1, 100)), ("W2", (100, 3)), ("b2", (1, 3))];
    assert_eq!(weights, expected.map(|(name, shape)| (name.to_owned(), shape)));
    assert_eq!((model.parameters(), model.input_size(), model.output_size()), (1703, 13, 3));
    assert_eq!(model.classes(), 3);
}

#[test]
fn a_weight_is_found_by_its_id() {
    let mut model = chain(&[4, 6, 3]);
    for (id, values) in chain(&[4, 6, 3]).weights() {
        assert_eq!(model.weight(id).unwrap(), values);
        model.weight_mut(id).unwrap().fill(0.5);
    }
    assert!(model.weights().all(|(_, values)| values.iter().all(|&value| value == 0.5)));
    for missing in [WeightId::Weight(2), WeightId::Bias(2)] {
        assert!(model.weight(missing).is_none() && model.weight_mut(missing).is_none());
    }
}

#[test]
fn written_weights_are_what_logits_are_computed_from() {
    let mut model = chain(&[4, 6, 3]);
    let x = features::<f32>(5, 4);
    let before = model.logits(x.view());
    for (_, mut values) in model.weights_mut() {
        values.fill(0.0);
    }
    assert_eq!(model.logits(x.view()), Array2::<f32>::zeros((5, 3)));
    let original = chain(&[4, 6, 3]);
    for ((id, mut values), (expected, original)) in model.weights_mut().zip(original.weights()) {
        assert_eq!(id, expected);
        values.assign(&original);
    }
    assert_eq!(model.logits(x.view()), before);
}

#[test]
fn what_is_written_can_be_checked() {
    let mut model = chain(&[4, 6, 3]);
    model.weight_mut(WeightId::Bias(1)).unwrap()[[0, 2]] = f32::NAN;
    let error = model.check_finite().unwrap_err();
    assert_eq!(error.to_string(), "b2 has `NaN` at row 0, column 2: expected finite numbers");
}

#[test]
fn layers_see_the_same_bits_in_batches_of_any_size() {
    let model = chain(&[3, 5, 9, 17, 2]);
    let x = features::<f64>(11, 3);
    let mut whole = vec![x.clone()];
    for (position, layer) in model.linear_layers() {
        whole.push(layer.outputs(whole[position].view()));
    }
    assert_eq!(whole[4], model.logits(x.view()));
    for batch_rows in [1, 2, 5, 11, usize::MAX] {
        for (position, whole) in whole.iter().enumerate() {
            let layers = &model.layers()[..position];
            let mut seen = 0;
            for inputs in inputs_behind(layers, x.view(), NonZeroUsize::new(batch_rows).unwrap()) {
                assert!(inputs.nrows() <= batch_rows);
                assert_eq!(inputs, whole.slice_axis(Axis(0), Slice::from(seen..seen + inputs.nrows())));
                seen += inputs.nrows();
            }
            assert_eq!(seen, 11);
        }
    }
}

#[test]
fn sums_are_outputs_before_the_activation() {
    let layer = dense(13, 20, Activation::Tanh);
    let x = features::<f32>(7, 13);
    let linear = Linear { activation: Activation::Identity, ..layer.clone() };
    let model = Model::new([linear], Head::Softmax).unwrap();
    assert_eq!(layer.sums(x.view()), model.logits(x.view()));
    assert_eq!(layer.outputs(x.view()), layer.sums(x.view()).mapv(|sum| Activation::Tanh.apply(sum)));
}

#[test]
fn a_model_can_be_taken_apart_and_put_together_again() {
    let model = chain(&[4, 6, 3]);
    let head = model.head();
    let again = Model::new(model.clone().into_layers(), head).unwrap();
    assert_eq!(again, model);
    let linear: Vec<Linear> = model.linear_layers().map(|(_, layer)| layer.clone()).collect();
    assert_eq!(Model::new(linear, head).unwrap(), model);
}

#[test]
fn each_way_not_to_be_a_model_is_named() {
    let new = |layers: Vec<Linear>| Model::new(layers, Head::Softmax).unwrap_err();
    let relu = Activation::Relu;
    assert_eq!(new(vec![]), ModelError::NoLayers);
    assert_eq!(new(vec![dense(3, 0, relu)]), ModelError::EmptyLayer { layer: 1, inputs: 3, outputs: 0 });
    assert_eq!(new(vec![dense(0, 3, relu)]), ModelError::EmptyLayer { layer: 1, inputs: 0, outputs: 3 });
    let short = Linear { bias: array![1.0], ..dense(2, 3, relu) };
    assert_eq!(new(vec![short]), ModelError::BiasLength { layer: 1, biases: 1, outputs: 3 });
    assert_eq!(
        new(vec![dense(2, 1, relu)]).to_string(),
        "the head `softmax` stands behind 1 output: expected one for each of two or more classes, or the head `logistic`"
    );
    for (head, outputs) in [(Head::OneVsRest, 1), (Head::Logistic, 2), (Head::Logistic, 3)] {
        let error = Model::new([dense(4, 1, relu), dense(1, outputs, relu)], head).unwrap_err();
        assert_eq!(error, ModelError::Head { head, outputs });
    }
    assert_eq!(
        ModelError::Head { head: Head::Logistic, outputs: 2 }.to_string(),
        "the head `logistic` stands behind 2 outputs: expected a single one, the logit of the second of two classes"
    );
    let error = new(vec![dense(2, 3, relu), dense(4, 2, relu)]);
    assert_eq!(error.to_string(), "layer 2 takes rows of length 4, but layer 1 gives rows of length 3");
    for (activation, sentence) in [
        (Activation::LeakyRelu { slope: f32::NAN }, "leaky-relu (slope NaN): expected a finite number"),
        (Activation::Elu { alpha: f32::INFINITY }, "elu (alpha inf): expected a finite number"),
        (
            Activation::HardSigmoid { alpha: 0.2, beta: f32::NAN },
            "hard-sigmoid (alpha 0.2, beta NaN): expected finite numbers",
        ),
        (
            Activation::HardTanh { min: 1.0, max: 0.0 },
            "hard-tanh (1 to 0): expected a lower limit not above the upper one",
        ),
    ] {
        let error = new(vec![dense(2, 3, relu), dense(3, 2, activation)]);
        assert_eq!(error.to_string(), format!("layer 2 has activation {sentence}"));
    }
    let mut broken = dense(2, 3, relu);
    broken.weight[[1, 2]] = f32::INFINITY;
    let error = new(vec![dense(2, 2, relu), broken]);
    assert_eq!(error.to_string(), "W2 has `inf` at row 1, column 2: expected finite numbers");
}

#[test]
fn softmax_probabilities_are_the_textbooks() {
    let probabilities = Head::Softmax.probabilities(array![[0.0, 3.0_f64.ln()], [1e4, -1e4]].view());
    let expected = [[0.25, 0.75], [1.0, 0.0]];
    for ((row, column), &p) in probabilities.indexed_iter() {
        assert!((p - expected[row][column]).abs() < 1e-15);
    }
}

#[test]
fn one_vs_rest_probabilities_are_normalized_logistic_functions() {
    // σ(0) = 1/2, σ(ln 3) = 3/4, σ(-ln 3) = 1/4; together 3/2.
    let ln_3 = 3.0_f64.ln();
    let probabilities = Head::OneVsRest.probabilities(array![[0.0, ln_3, -ln_3]].view());
    for (p, expected) in probabilities.iter().zip([1.0 / 3.0, 0.5, 1.0 / 6.0]) {
        assert!((p - expected).abs() < 1e-15, "{p}");
    }
}

#[test]
fn one_vs_rest_probabilities_survive_hopeless_rows() {
    // Every logistic function underflows; their ratio is e.
    let probabilities = Head::OneVsRest.probabilities(array![[-2000.0_f64, -2001.0]].view());
    assert!((probabilities[[0, 0]] / probabilities[[0, 1]] - 1.0_f64.exp()).abs() < 1e-12);
    assert!((probabilities.sum() - 1.0).abs() < 1e-15);
}

#[test]
fn logistic_probabilities_are_those_of_the_logistic_function_without_cancellation() {
    let outputs = [0.0, 3.0_f64.ln(), -(3.0_f64.ln()), 40.0, -40.0, 700.0, -700.0];
    let model = chain(&[3, 1]);
    let logits = model.logits_of_outputs(Array2::from_shape_vec((7, 1), outputs.to_vec()).unwrap());
    let probabilities = model.probabilities(logits.view());
    for (z, row) in outputs.into_iter().zip(probabilities.outer_iter()) {
        let expected = [1.0 / (1.0 + z.exp()), 1.0 / (1.0 + (-z).exp())];
        for (p, expected) in row.iter().zip(expected) {
            assert!((p - expected).abs() <= 4.0 * f64::EPSILON * expected, "{z}: {p} {expected}");
        }
    }
    assert_eq!(probabilities.row(1), array![0.25, 0.75]);
    // 1 - σ(40) is 0 in f64; the probability of the first class is not.
    assert!((probabilities[[3, 0]] - 4.248_354_255_291_589e-18).abs() < 1e-32);
    // A tie is the first class's.
    assert_eq!(predict(logits.view()), [0, 1, 0, 1, 0, 1, 0]);
}

#[test]
fn a_logit_that_is_not_finite_has_no_probabilities() {
    for logit in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for head in [Head::Softmax, Head::OneVsRest, Head::Logistic] {
            let probabilities = head.probabilities(array![[0.0, logit], [0.0, 1.0]].view());
            assert!(probabilities.row(0).iter().all(|p| p.is_nan()), "{head} {logit}");
            assert!((probabilities.row(1).sum() - 1.0).abs() < 1e-15, "{head}");
        }
    }
}

#[test]
fn a_head_is_called_what_files_call_it() {
    for head in [Head::Softmax, Head::OneVsRest, Head::Logistic] {
        assert_eq!(serde_json::to_value(head).unwrap(), head.to_string());
    }
}

#[test]
fn the_first_of_equal_logits_wins_and_nan_never_does() {
    let nan = f32::NAN;
    let logits = array![[1.0, 1.0, 0.0], [nan, -5.0, -4.0], [-1.0, nan, -1.0], [nan, nan, nan]];
    assert_eq!(predict(logits.view()), [0, 2, 0, 0]);
    let mut classes = vec![7; 100];
    predict_into(logits.view(), &mut classes);
    assert_eq!(classes, [0, 2, 0, 0]);
}
