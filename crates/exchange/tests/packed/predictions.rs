//! What a file computes is what was measured.

use bitsweep_exchange::packed::{FeatureScaling, PackedModel};
use bitsweep_models::{Activation, ForwardBuffers, Head, Linear, Precision, predict};
use bitsweep_quant::estimator::ClippedActivation;
use bitsweep_quant::{ActivationQuantizer, ScaledLevels};
use ndarray::{Array1, Array2, array};

use crate::{classifier, everything, input_scheme, layer, numbers, quantized, scheme};

fn features(rows: usize) -> Array2<f64> {
    numbers((rows, 6), 77).mapv(|value| f64::from(value) * 3.0)
}

#[test]
fn weights_alone_are_computed_with_as_floats_in_the_precision_of_the_run() {
    let four = scheme("bits = 4\ngranularity = { group = 2 }");
    let mut first = layer((6, 9), 1, &four, false);
    first.activation = Activation::Relu;
    for precision in [Precision::Single, Precision::Mixed] {
        let mut classifier = classifier(vec![first.clone(), layer((9, 3), 2, &four, true)]);
        classifier.precision = precision;
        let (mean, scale) = (Array1::from(vec![0.1_f32; 6]), Array1::from(vec![1.7_f32; 6]));
        classifier.scaling = FeatureScaling::Standard { mean, scale, constant: vec![2] };
        let model = PackedModel::new(classifier).unwrap();
        let read = PackedModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
        let mut rows = features(11);
        // Of the constant feature, some values are its mean but for rounding.
        for (row, part) in [1.0, 1.0 + 1.1e-7, 1.0 - 1.1e-7, 1.0 + 1.3e-7].into_iter().enumerate() {
            rows[[row, 2]] = f64::from(0.1_f32) * part;
        }
        let mut scaled = rows.mapv(|value| (value - f64::from(0.1_f32)) / f64::from(1.7_f32));
        assert!(scaled[[1, 2]] > 0.0 && scaled[[2, 2]] < 0.0 && scaled[[3, 2]] > 0.0);
        scaled[[1, 2]] = 0.0;
        scaled[[2, 2]] = 0.0;
        let expected = match precision {
            Precision::Single => {
                model.model().unwrap().logits(scaled.mapv(|value| value as f32).view()).mapv(f64::from)
            }
            Precision::Mixed => model.model().unwrap().logits(scaled.view()),
        };
        let predictor = read.predictor().unwrap();
        assert_eq!(predictor.logits(rows.view()).unwrap(), expected);
        assert_eq!(predictor.predict(rows.view()).unwrap(), predict(expected.view()));
        let probabilities = predictor.probabilities(predictor.logits(rows.view()).unwrap().view());
        assert_eq!(probabilities, model.model().unwrap().probabilities(expected.view()));
    }
}

#[test]
fn codes_of_inputs_are_multiplied_as_integers() {
    for (inputs, rows) in [
        ("bits = 8\nmode = 'static'", 5),
        ("bits = 4\nmode = 'static'\nsymmetry = 'symmetric'", 5),
        ("bits = 8\nmode = 'dynamic'\nbatch = 3", 8),
        ("bits = 6\nmode = 'dynamic'\ngranularity = 'row'", 8),
    ] {
        let weights = scheme("bits = 4\ngranularity = { group = 4 }\noutliers = { percent = 5 }");
        let calibration = numbers((30, 6), 3);
        let quantizer =
            |rows: &Array2<f32>| ActivationQuantizer::fit(input_scheme(inputs), rows.view()).unwrap();
        let (mut first, mut second) = (layer((6, 4), 1, &weights, false), layer((4, 3), 2, &weights, true));
        first.activation = Activation::Relu;
        first.inputs = Some(quantizer(&calibration));
        second.inputs = Some(quantizer(&numbers((30, 4), 4)));
        let layers = vec![first, second];
        let mut values = features(rows).mapv(|value| value as f32);
        for layer in &layers {
            let bitsweep_exchange::packed::Values::Coded(weight) = &layer.weight else { unreachable!() };
            let codes = layer.inputs.unwrap().quantize(values.view()).unwrap();
            let bias: Array1<f32> = layer.bias.to_array().into_iter().collect();
            values = ScaledLevels::of(weight).unwrap().product(&codes, bias.view()).unwrap();
            values.mapv_inplace(|value| layer.activation.apply(value));
        }
        let bytes = PackedModel::new(classifier(layers)).unwrap().to_bytes().unwrap();
        let predictor = PackedModel::from_bytes(&bytes).unwrap().predictor().unwrap();
        let logits = predictor.logits(features(rows).view()).unwrap();
        assert_eq!(logits, values.mapv(f64::from), "{inputs}");
    }
}

#[test]
fn one_output_is_the_logit_of_the_second_of_two_classes() {
    let eight = scheme("bits = 8");
    let rows = features(9);
    let single = rows.mapv(|value| value as f32);
    let float = layer((6, 1), 2, &eight, true);
    let (weight, bias) = (float.weight.to_array(), float.bias.to_array()[[0, 0]]);
    let linear = Linear { weight, bias: array![bias], activation: Activation::Identity };
    let mut coded = layer((6, 1), 2, &eight, false);
    let codes = input_scheme("bits = 8\nmode = 'static'");
    let quantizer = ActivationQuantizer::fit(codes, numbers((30, 6), 3).view()).unwrap();
    coded.inputs = Some(quantizer);
    let bitsweep_exchange::packed::Values::Coded(weight) = &coded.weight else { unreachable!() };
    let product = ScaledLevels::of(weight).unwrap().product(
        &quantizer.quantize(single.view()).unwrap(),
        Array1::from_iter(coded.bias.to_array()).view(),
    );
    for (layer, outputs) in [(float, linear.outputs(single.view())), (coded, product.unwrap())] {
        let model = PackedModel::new(classifier(vec![layer])).unwrap();
        assert_eq!(model.classifier().head, Head::Logistic);
        let bytes = model.to_bytes().unwrap();
        let predictor = PackedModel::from_bytes(&bytes).unwrap().predictor().unwrap();
        let logits = predictor.logits(rows.view()).unwrap();
        let z: Vec<f64> = outputs.iter().map(|&z| z.into()).collect();
        assert_eq!(logits.column(0), Array1::<f64>::zeros(9));
        assert_eq!(logits.column(1), Array1::from(z.clone()));
        let classes: Vec<usize> = z.iter().map(|&z| usize::from(z > 0.0)).collect();
        assert!(classes.contains(&0) && classes.contains(&1));
        assert_eq!(predictor.predict(rows.view()).unwrap(), classes);
        for (row, z) in predictor.probabilities(logits.view()).outer_iter().zip(z) {
            assert!((row[1] - 1.0 / (1.0 + (-z).exp())).abs() < 1e-15);
            assert!((row[0] - 1.0 / (1.0 + z.exp())).abs() < 1e-15);
        }
    }
}

#[test]
fn outputs_of_hidden_layers_are_clipped_as_in_training() {
    let model = everything().remove(0);
    let outputs: Vec<_> = model.classifier().layers.iter().map(|layer| layer.outputs).collect();
    let rows = features(9);
    let FeatureScaling::Standard { mean, scale, .. } = &model.classifier().scaling else { unreachable!() };
    let scaled = (&rows - &mean.mapv(f64::from)) / scale.mapv(f64::from);
    let mut buffers = ForwardBuffers::default();
    let float = model.model().unwrap();
    let expected = float.logits_changed(scaled.view(), &mut buffers, &mut |layer, values| {
        let clipped = outputs[layer].unwrap();
        ClippedActivation { bits: clipped.bits }.quantize([0.75, 1.0][layer], values);
    });
    let bytes = model.to_bytes().unwrap();
    let predictor = PackedModel::from_bytes(&bytes).unwrap().predictor().unwrap();
    assert_eq!(predictor.logits(rows.view()).unwrap(), expected);
}

#[test]
fn features_that_do_not_fit_are_refused() {
    let model = PackedModel::new(classifier(vec![layer((2, 2), 1, &scheme("bits = 8"), false)])).unwrap();
    let predictor = model.predictor().unwrap();
    let refused = |rows: Array2<f64>| predictor.logits(rows.view()).unwrap_err().to_string();
    assert_eq!(refused(array![[1.0]]), "rows of 1 features do not fit the model: expected 2");
    assert_eq!(
        refused(array![[1.0, 2.0], [0.0, 1e39]]),
        "row 1, feature 1 is `1e39` when scaled, which f32 cannot hold"
    );
    assert!(predictor.logits(Array2::zeros((0, 2)).view()).unwrap().is_empty());
}

#[test]
fn the_model_has_the_values_of_the_codes() {
    let eight = scheme("bits = 8");
    let model = PackedModel::new(classifier(vec![layer((3, 2), 5, &eight, true)])).unwrap().model().unwrap();
    let (_, linear) = model.linear_layers().next().unwrap();
    assert_eq!(linear.weight, quantized(&numbers((3, 2), 5), &eight).reconstruct::<f32>());
}
