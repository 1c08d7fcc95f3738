//! What holds for every layout of codebooks, every format of centroids and every division into blocks of rows.

use bitsweep_quant::{
    CodebookFormat, CodebookLayout, Codebooks, Errors, Format, Granularity, Parameters, Partition, Quantized,
    Scheme, quantize,
};
use ndarray::{Array1, Array2, Axis, array};
use proptest::prelude::*;

use crate::properties::matrices;
use crate::{quantized, scheme, stream};

const FORMATS: [&str; 6] = [
    "{ vq = { centroids = 4 } }",
    "{ vq = { centroids = 5, width = 3 } }",
    "{ pq = { subvectors = 1, centroids = 4 } }",
    "{ residual = { stages = 2, centroids = 3, width = 2 } }",
    "{ residual = { stages = 3, centroids = 2 } }",
    "{ residual = { stages = 2, centroids = 4, width = 100 } }",
];

/// Every layout with every granularity and codebook format.
pub(crate) fn all() -> Vec<Scheme> {
    let mut schemes = Vec::new();
    for format in FORMATS {
        for granularity in ["'tensor'", "'row'", "{ rows = 2 }"] {
            for stored in ["float", "f16", "int8"] {
                schemes.push(scheme(&format!(
                    "format = {format}\ngranularity = {granularity}\ncodebook_format = '{stored}'"
                )));
            }
        }
    }
    schemes
}

fn schemes() -> impl Strategy<Value = Scheme> {
    prop::sample::select(all())
}

fn codebooks(result: &Quantized) -> &Codebooks<f64> {
    match result.parameters::<f64>().unwrap() {
        Parameters::Codebooks(codebooks) => codebooks,
        Parameters::Affine(_) | Parameters::Fixed(_) => panic!("not a format of codebooks"),
    }
}

fn layout(scheme: &Scheme) -> CodebookLayout {
    match scheme.format {
        Format::Codebook(layout) => layout,
        _ => panic!("not a format of codebooks"),
    }
}

/// Columns of each sub-vector, and the number of its first codebook within a block of rows.
fn sub_vectors(columns: usize, scheme: &Scheme) -> Vec<(std::ops::Range<usize>, usize)> {
    let layout = layout(scheme);
    match layout.partition {
        Partition::Shared(width) => {
            let width = width.get() as usize;
            (0..columns).step_by(width).map(|first| (first..(first + width).min(columns), 0)).collect()
        }
        // The list has no more than one of these a row.
        Partition::Own(_) => Vec::from_iter((columns > 0).then_some((0..columns, 0))),
    }
}

fn rows_of_a_block(rows: usize, scheme: &Scheme) -> usize {
    match scheme.granularity {
        Granularity::Tensor => rows.max(1),
        Granularity::InputChannel => 1,
        Granularity::Rows(count) => count.get() as usize,
        other => panic!("{other} does not combine with codebooks"),
    }
}

proptest! {
    #[test]
    fn every_sub_vector_is_the_sum_of_the_stored_centroids_nearest_to_what_is_left(
        values in matrices(9), scheme in schemes(), seed in any::<u64>(),
    ) {
        let result = quantize(values.view(), &scheme, &mut stream(seed)).unwrap();
        let reconstruction = result.reconstruct::<f64>();
        let stages = layout(&scheme).stages.get() as usize;
        let block_rows = rows_of_a_block(values.nrows(), &scheme);
        for row in 0..values.nrows() {
            for (number, (columns, first)) in sub_vectors(values.ncols(), &scheme).into_iter().enumerate() {
                let mut sum = vec![0.0; columns.len()];
                for stage in 0..stages {
                    let codebook = &result.codebooks()[row / block_rows * stages + first + stage];
                    let code = result.codes().get(row, number * stages + stage).unwrap() as usize;
                    let left: Vec<f64> =
                        columns.clone().zip(&sum).map(|(column, sum)| values[[row, column]] - sum).collect();
                    let distance = |code: usize| {
                        let pairs = left.iter().zip(codebook.centroid(code));
                        pairs.map(|(a, b)| (a - b) * (a - b)).sum::<f64>()
                    };
                    for other in 0..codebook.len() {
                        prop_assert!(distance(code) <= distance(other));
                        prop_assert!(other >= code || distance(other) > distance(code));
                    }
                    for (sum, component) in sum.iter_mut().zip(codebook.centroid(code)) {
                        *sum += component;
                    }
                }
                for (column, sum) in columns.zip(sum) {
                    prop_assert_eq!(reconstruction[[row, column]], sum);
                }
            }
        }
    }

    #[test]
    fn packed_bytes_are_as_many_as_the_size_says_and_unpack_to_the_same(
        values in matrices(9), scheme in schemes(), seed in any::<u64>(),
    ) {
        let result = quantize(values.view(), &scheme, &mut stream(seed)).unwrap();
        let packed = result.pack();
        prop_assert_eq!(packed.bytes.len() as u64, result.size().total());
        prop_assert_eq!(&Quantized::unpack(&packed).unwrap(), &result);
        let components: usize = result.codebooks().iter().map(|codebook| codebook.components().len()).sum();
        let bytes = match scheme.codebook_format {
            CodebookFormat::Float => 8 * components,
            CodebookFormat::F16 => 2 * components,
            CodebookFormat::Int8 => components + 8 * result.codebooks().len(),
        };
        prop_assert_eq!(result.size().codebooks, bytes as u64);

        let narrow = quantize(values.mapv(|value| value as f32).view(), &scheme, &mut stream(seed)).unwrap();
        prop_assert_eq!(Quantized::unpack(&narrow.pack()).unwrap(), narrow);
    }

    #[test]
    fn centroids_are_distinct_ordered_and_no_more_than_asked_for(values in matrices(9), scheme in schemes()) {
        let result = quantized(&values, &scheme);
        for codebook in result.codebooks() {
            prop_assert!(!codebook.is_empty());
            prop_assert!(codebook.len() <= layout(&scheme).centroids.get() as usize);
            for code in 1..codebook.len() {
                prop_assert!(codebook.centroid(code - 1) < codebook.centroid(code));
            }
        }
    }

    #[test]
    fn look_ups_equal_the_dot_product_with_the_reconstruction_up_to_rounding(
        values in matrices(9), scheme in schemes(),
    ) {
        let result = quantized(&values, &scheme);
        let query = Array1::from_shape_fn(values.ncols(), |index| (index as f64 * 1.3).sin());
        let products = result.lookup_products(query.view()).unwrap();
        prop_assert_eq!(products.len(), values.nrows());
        for (product, exact) in products.iter().zip(&result.reconstruct::<f64>().dot(&query)) {
            prop_assert!((product - exact).abs() <= 1e-9);
        }
    }

    #[test]
    fn the_codes_of_a_column_are_those_of_its_sub_vector(values in matrices(9), scheme in schemes()) {
        let result = quantized(&values, &scheme);
        let (codebooks, stages) = (codebooks(&result), layout(&scheme).stages.get() as usize);
        prop_assert_eq!(result.codes().dim(), (values.nrows(), codebooks.codes_per_row()));
        for (number, (columns, _)) in sub_vectors(values.ncols(), &scheme).into_iter().enumerate() {
            for column in columns {
                prop_assert_eq!(codebooks.codes_of_column(column), number * stages..(number + 1) * stages);
            }
        }
    }

    #[test]
    fn each_further_stage_errs_less(values in matrices(9), width in 1..4_u32, seed in any::<u64>()) {
        let mut before = f64::INFINITY;
        for stages in 1..5 {
            let scheme = scheme(&format!(
                "format = {{ residual = {{ stages = {stages}, centroids = 3, width = {width} }} }}"
            ));
            let result = quantize(values.view(), &scheme, &mut stream(seed)).unwrap();
            let sse = Errors::measure(values.view(), result.reconstruct::<f64>().view()).sse();
            prop_assert!(sse <= before * (1.0 + 1e-9) + 1e-20);
            before = sse;
        }
    }

    #[test]
    fn as_many_centroids_as_distinct_sub_vectors_lose_nothing(values in matrices(7), width in 1..9_u32) {
        let scheme = scheme(&format!("format = {{ vq = {{ centroids = 49, width = {width} }} }}"));
        prop_assert_eq!(quantized(&values, &scheme).reconstruct::<f64>(), values);
    }

    #[test]
    fn blocks_of_rows_are_quantized_as_if_they_were_alone(values in matrices(9), width in 1..4_u32) {
        let format = format!("format = {{ vq = {{ centroids = 2, width = {width} }} }}");
        let together = quantized(&values, &scheme(&format!("{format}\ngranularity = {{ rows = 2 }}")));
        // One stream runs through all blocks.
        let mut stream = stream(0);
        let together = together.reconstruct::<f64>();
        let blocks = values.axis_chunks_iter(Axis(0), 2).zip(together.axis_chunks_iter(Axis(0), 2));
        for (rows, reconstruction) in blocks {
            let alone = quantize(rows, &scheme(&format), &mut stream).unwrap();
            prop_assert_eq!(reconstruction.to_owned(), alone.reconstruct::<f64>());
        }
    }
}

#[test]
fn one_stage_of_residual_quantization_is_vector_quantization() {
    let values = Array2::from_shape_fn((30, 7), |(row, column)| ((row * 7 + column) as f32 * 0.37).sin());
    for width in [1, 2, 3] {
        let vq = scheme(&format!("format = {{ vq = {{ centroids = 8, width = {width} }} }}"));
        let residual = |stages| {
            scheme(&format!(
                "format = {{ residual = {{ stages = {stages}, centroids = 8, width = {width} }} }}"
            ))
        };
        assert_eq!(residual(1), vq);
        // And the first of two is as well.
        assert_eq!(quantized(&values, &residual(2)).codebooks()[0], quantized(&values, &vq).codebooks()[0]);
    }
}

#[test]
fn a_shorter_sub_vector_at_the_end_of_a_row_reads_the_first_components_of_a_centroid() {
    // Whole sub-vectors (1, 5) and (2, 7), shorter ones (1) and (9): 9 begins no whole one.
    let values = array![[1.0, 5.0, 1.0], [2.0, 7.0, 9.0]];
    let result = quantized(&values, &scheme("format = { vq = { centroids = 3, width = 2 } }"));
    assert_eq!(result.codebooks()[0].components(), [1.0, 5.0, 2.0, 7.0, 9.0, 0.0]);
    assert_eq!(result.codes().to_array(), array![[0, 0], [1, 2]]);
    assert_eq!(result.reconstruct::<f64>(), values);
    // A shorter one that begins a whole one costs no centroid, and pulls at its first component where there are too few.
    let result = quantized(&values, &scheme("format = { vq = { centroids = 2, width = 2 } }"));
    assert_eq!(result.codebooks()[0].components(), [4.0 / 3.0, 6.0, 9.0, 0.0]);
}

#[test]
fn codes_are_those_of_the_nearest_centroid_as_it_is_stored() {
    // Rounded to multiples of 1/127, the centroids 0.5 and 0.506 lie on other sides of 0.503 than before.
    let values = array![[1.0, 0.5, 0.5, 0.5, 0.505, 0.505, 0.505, 0.5025]];
    let codes = |stored: &str| {
        let text = format!("format = {{ vq = {{ centroids = 3 }} }}\ncodebook_format = '{stored}'");
        let result = quantized(&values, &scheme(&text));
        (result.codebooks()[0].components().to_vec(), result.codes().to_array().row(0).to_vec())
    };
    let (components, codes) = codes("int8");
    // 0.5 and 0.505 are both 64/127 then, and one centroid.
    assert_eq!(components.len(), 2);
    assert!((components[0] - 64.0 / 127.0).abs() < 1e-15);
    assert_eq!(codes, [1, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn huge_and_tiny_sub_vectors_are_clustered() {
    for unit in [1e300, 1e-300, f64::MAX / 16.0, 5e-324] {
        let values = array![[0.0, 0.0], [0.0, 2.0], [9.0, 8.0], [9.0, 8.0], [9.0, 10.0]] * unit;
        let result = quantized(&values, &scheme("format = { vq = { centroids = 2, width = 2 } }"));
        assert_eq!(result.codes().to_array().column(0).to_vec(), [0, 0, 1, 1, 1], "{unit:e}");
    }
}

#[test]
fn sub_vectors_whose_distances_vanish_are_one_to_k_means() {
    let values = array![[1.0, 0.0], [1.0, 1e-200], [1.0, 2e-200], [1.0, 3e-200]];
    let result = quantized(&values, &scheme("format = { vq = { centroids = 3, width = 2 } }"));
    assert!(Errors::measure(values.view(), result.reconstruct::<f64>().view()).max_error < 1e-199);
}

#[test]
fn the_code_of_a_value_has_its_stages_as_digits() {
    let values = Array2::from_shape_fn((9, 5), |(row, column)| ((row * 5 + column) as f64 * 1.7).sin());
    let result =
        quantized(&values, &scheme("format = { residual = { stages = 3, centroids = 4, width = 2 } }"));
    let codes = result.codes().to_array();
    let codes = codes.row(7);
    for (column, first) in [(0, 0), (1, 0), (2, 3), (4, 6)] {
        let digits = [codes[first], codes[first + 1], codes[first + 2]].map(i64::from);
        assert_eq!(result.code_of(7, column), digits[0] * 16 + digits[1] * 4 + digits[2]);
    }
}
