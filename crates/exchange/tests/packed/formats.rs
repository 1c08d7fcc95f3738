//! Every format survives, in as many bytes as its size says.

use bitsweep_exchange::packed::{FeatureScaling, PackedLayer, PackedModel, Values};
use bitsweep_models::Activation;
use bitsweep_quant::{ActivationQuantizer, Quantized, Scheme, quantize};
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;

use crate::schemes::all;
use crate::{classifier, header_length, input_scheme, layer, numbers, round_trip, scheme, stream};

/// A model of one layer of this scheme, its bias too where the seed is even.
pub(crate) fn model(shape: (usize, usize), seed: u64, scheme: &Scheme) -> PackedModel {
    let codes_bias = seed.is_multiple_of(2);
    PackedModel::new(classifier(vec![layer(shape, seed, scheme, codes_bias)])).unwrap()
}

#[test]
fn every_scheme_survives_in_as_many_bytes_as_its_size_says() {
    for (scheme, seed) in all().iter().zip(0..) {
        round_trip(&model((7, 5), seed, scheme));
    }
}

#[test]
fn codes_of_f64_survive() {
    for scheme in all() {
        let values = numbers((3, 4), 5).mapv(f64::from);
        let mut layer = layer((3, 4), 5, &scheme, false);
        layer.weight = Values::Coded(quantize(values.view(), &scheme, &mut stream(2)).unwrap());
        round_trip(&PackedModel::new(classifier(vec![layer])).unwrap());
    }
}

#[test]
fn parts_have_names_types_and_shapes_for_other_tools() {
    let file = |text: &str| {
        let bytes = model((6, 4), 1, &scheme(text)).to_bytes().unwrap();
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let mut tensors: Vec<String> = file
            .iter()
            .map(|(name, tensor)| format!("{name} {} {:?}", tensor.dtype(), tensor.shape()))
            .collect();
        tensors.sort();
        tensors
    };
    assert_eq!(
        file("bits = 8\nsymmetry = 'asymmetric'\ngranularity = 'column'"),
        ["W1.codes U8 [6, 4]", "W1.scales F32 [4]", "W1.zero_points I32 [4]", "b1 F32 [4]"]
    );
    assert_eq!(
        file("bits = 16\nscale_format = 'f16'"),
        ["W1.codes I16 [6, 4]", "W1.scales F16 [1]", "b1 F32 [4]"]
    );
    assert_eq!(file("bits = 3\noutliers = { percent = 1 }")[..2], ["W1.codes U8 [9]", "W1.outliers U8 [3]"]);
    assert_eq!(file("format = 'bf16'"), ["W1.codes BF16 [6, 4]", "b1 F32 [4]"]);
    assert_eq!(
        file("format = 'nf'\nbits = 4\ngranularity = { group = 2 }\nscale_format = 'double'"),
        [
            "W1.codes U8 [12]",
            "W1.outer_scales F32 [1]",
            "W1.scale_codes U8 [12]",
            "W1.scale_offset F32 [1]",
            "b1 F32 [4]",
        ]
    );
    assert_eq!(
        file("format = { pq = { subvectors = 2, centroids = 4 } }\ncodebook_format = 'f16'"),
        ["W1.codebooks F16 [16]", "W1.codes U8 [3]", "b1 F32 [4]"]
    );
}

#[test]
fn tensors_are_aligned_to_their_numbers() {
    for model in crate::everything() {
        let bytes = model.to_bytes().unwrap();
        assert_eq!(header_length(&bytes) % 8, 0);
        let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
        for info in header.tensors().values() {
            assert_eq!(info.data_offsets.0 % (info.dtype.bitsize() / 8), 0);
        }
    }
}

#[test]
fn everything_survives() {
    for model in crate::everything() {
        round_trip(&model);
    }
}

#[test]
fn parts_one_after_the_other_are_the_packed_bytes() {
    for (scheme, seed) in all().iter().zip(0..) {
        let values = numbers((5, 3), seed);
        let quantized: Quantized = quantize(values.view(), scheme, &mut stream(3)).unwrap();
        let parts = quantized.stored_parts();
        assert!(parts.windows(2).all(|pair| pair[0].name < pair[1].name), "{scheme}");
        let bytes: Vec<u8> = parts.iter().flat_map(|part| &part.bytes).copied().collect();
        assert_eq!(bytes, quantized.pack().bytes, "{scheme}");
        for part in parts {
            let count: usize = part.shape.iter().product();
            assert_eq!(count * part.element.bytes(), part.bytes.len(), "{scheme} {}", part.name);
        }
    }
}

proptest! {
    #[test]
    fn any_matrix_of_any_scheme_survives(
        rows in 1..40_usize, columns in 1..20_usize, seed in any::<u32>(), scheme in prop::sample::select(all()),
        magnitude in prop::sample::select(vec![1e-30_f32, 1e-3, 1.0, 1e4]),
    ) {
        let values: Array2<f32> = numbers((rows, columns), seed.into()) * magnitude;
        let Ok(quantized) = quantize(values.view(), &scheme, &mut stream(4)) else {
            return Err(TestCaseError::reject("more sub-vectors than columns"));
        };
        let mut layer = layer((rows, columns), seed.into(), &crate::scheme("bits = 8"), seed % 2 == 0);
        layer.weight = Values::Coded(quantized);
        round_trip(&PackedModel::new(classifier(vec![layer])).unwrap());
    }
}

#[test]
fn numbers_of_scalers_take_4_bytes() {
    let of = |scaling: FeatureScaling| {
        let mut classifier = classifier(vec![layer((2, 2), 1, &scheme("bits = 8"), false)]);
        classifier.scaling = scaling;
        let model = PackedModel::new(classifier).unwrap();
        round_trip(&model);
        model.sizes().scaling
    };
    let each = |number: f32| Array1::from(vec![number; 2]);
    assert_eq!(of(FeatureScaling::None), 0);
    assert_eq!(of(FeatureScaling::Divide(0.1)), 4);
    assert_eq!(of(FeatureScaling::DivideEach(each(0.1))), 2 * 4);
    let standard = FeatureScaling::Standard { mean: each(0.5), scale: each(-2.0), constant: vec![1] };
    assert_eq!(of(standard), 2 * 2 * 4);
}

#[test]
fn metadata_are_one_key_of_json() {
    let values = array![[0.7_f32, -0.7], [0.1, 0.3]];
    let weight = quantize(values.view(), &scheme("bits = 4"), &mut stream(1)).unwrap();
    let static_inputs = input_scheme("bits = 8\nmode = 'static'");
    let layer = PackedLayer {
        weight: Values::Coded(weight),
        bias: Values::Float(array![[0.5, -0.5]]),
        activation: Activation::LeakyRelu { slope: 0.25 },
        inputs: Some(ActivationQuantizer::fit(static_inputs, array![[0.0_f32, 2.55]].view()).unwrap()),
        outputs: None,
    };
    let mut classifier = classifier(vec![layer]);
    classifier.scaling = FeatureScaling::Divide(16.0);
    classifier.provenance.insert("label".to_owned(), "int4".into());
    let bytes = PackedModel::new(classifier).unwrap().to_bytes().unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let keys = header.metadata().as_ref().unwrap();
    assert_eq!(keys.len(), 1);
    let json = keys["bitsweep"].replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let (before, after) = json.split_once("\"checksum\":\"").unwrap();
    let (checksum, after) = after.split_at(64);
    assert!(checksum.bytes().all(|digit| digit.is_ascii_hexdigit()));
    assert_eq!(before, r#"{"format":1,"bitsweep":"VERSION","#);
    assert_eq!(
        after,
        concat!(
            r#"","columns":[{"name":"column 0","kind":"number"},{"name":"column 1","kind":"number"}],"#,
            r#""scaler":"divide","precision":"single","#,
            r#""layers":[{"inputs":2,"outputs":2,"#,
            r#""weight":{"coded":{"scheme":{"format":{"int":{"bits":4,"codes":"signed","code_range":"narrow"}}},"dtype":"f32"}},"bias":"float","#,
            r#""activation":{"leaky-relu":{"slope":0.25}},"#,
            r#""input_codes":{"codes":{"format":{"int":{"bits":8,"codes":"unsigned","code_range":"full"}},"#,
            r#""symmetry":{"asymmetric":"integer"}},"mode":"static"}}],"#,
            r#""head":"softmax","classes":["class 0","class 1"],"provenance":{"label":"int4"}}"#,
        )
    );
}
