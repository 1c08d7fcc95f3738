//! k-means in one dimension against brute force and scikit-learn; product quantization; look-ups.

use bitsweep_quant::{Errors, LookupError, Quantized, optimal_clustering, quantize};
use bitsweep_random::LegacyRandom;
use ndarray::{Array1, Array2, Axis, array};
use proptest::prelude::*;
use serde::Deserialize;

use crate::properties::matrices;
use crate::{matrix, numbers, quantized, scheme, stream};

/// Sum of squared distances to the nearest centroid.
fn cost(values: &[f64], centroids: &[f64]) -> f64 {
    let squared = |value: &f64| {
        let distances = centroids.iter().map(|centroid| (value - centroid) * (value - centroid));
        distances.fold(f64::INFINITY, f64::min)
    };
    values.iter().map(squared).sum()
}

/// The least cost over all ways to cut the sorted values into at most `clusters` pieces.
fn brute_force(sorted: &[f64], clusters: usize) -> f64 {
    if sorted.is_empty() {
        return 0.0;
    }
    if clusters == 0 {
        return f64::INFINITY;
    }
    let piece = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>()
    };
    let cuts = 1..=sorted.len();
    let costs = cuts.map(|cut| piece(&sorted[..cut]) + brute_force(&sorted[cut..], clusters - 1));
    costs.fold(f64::INFINITY, f64::min)
}

proptest! {
    #[test]
    fn one_dimensional_clustering_is_the_optimum(
        mut values in prop::collection::vec(prop_oneof![-5.0..5.0_f64, (-3..3_i32).prop_map(f64::from)], 0..11),
        clusters in 1..6_usize,
        offset in prop_oneof![Just(0.0), Just(1e6)],
    ) {
        for value in &mut values {
            *value += offset;
        }
        let clustering = optimal_clustering(&values, clusters);
        values.sort_by(f64::total_cmp);
        let least = brute_force(&values, clusters);
        prop_assert!((clustering.cost - least).abs() <= 1e-9 * (1.0 + least));
        if !values.is_empty() {
            prop_assert!((cost(&values, &clustering.centroids) - least).abs() <= 1e-9 * (1.0 + least));
        }
        prop_assert!(clustering.centroids.is_sorted());
        prop_assert!(clustering.centroids.len() <= clusters.min(values.len()));
    }

    #[test]
    fn as_many_centroids_as_distinct_values_lose_nothing(values in matrices(5)) {
        let result = quantized(&values, &scheme("format = { vq = { centroids = 25 } }"));
        prop_assert_eq!(result.reconstruct::<f64>(), values);
    }

    #[test]
    fn product_codes_are_the_nearest_centroids(values in matrices(12), seed in any::<u64>()) {
        let scheme = scheme("format = { pq = { subvectors = 1, centroids = 3 } }");
        let result = quantize(values.view(), &scheme, &mut stream(seed)).unwrap();
        let codebooks = result.codebooks();
        let Some(codebook) = codebooks.first() else { return Ok(()) };
        prop_assert!(codebook.len() <= 3);
        for (row, code) in values.rows().into_iter().zip(result.codes().iter()) {
            let distance = |code: usize| {
                let pairs = row.iter().zip(codebook.centroid(code));
                pairs.map(|(a, b)| (a - b) * (a - b)).sum::<f64>()
            };
            for other in 0..codebook.len() {
                prop_assert!(distance(code as usize) <= distance(other));
            }
        }
    }

    #[test]
    fn look_ups_equal_the_dot_product_with_the_reconstruction(
        values in matrices(12), parts in 1..4_u32, scalar in any::<bool>(),
    ) {
        let parts = parts.min(values.ncols().max(1) as u32);
        let text = if scalar {
            "format = { vq = { centroids = 3 } }".to_owned()
        } else {
            format!("format = {{ pq = {{ subvectors = {parts}, centroids = 3 }} }}")
        };
        let result = quantized(&values, &scheme(&text));
        let query = Array1::from_shape_fn(values.ncols(), |index| (index as f64 * 1.3).sin());
        let products = result.lookup_products(query.view()).unwrap();
        let exact = result.reconstruct::<f64>().dot(&query);
        prop_assert_eq!(products.len(), values.nrows());
        for (product, exact) in products.iter().zip(&exact) {
            prop_assert!((product - exact).abs() <= 1e-9);
        }
    }
}

#[derive(Deserialize)]
struct Golden {
    clusters: usize,
    values: String,
    best_of_ten: String,
}

#[test]
fn one_dimensional_clustering_is_not_worse_than_the_best_of_ten_of_scikit_learn() {
    let entries: Vec<Golden> = serde_json::from_str(include_str!("../golden/clustering.json")).unwrap();
    let mut better = 0;
    for entry in entries {
        let values: Vec<f64> = numbers(&entry.values);
        let best_of_ten: f64 = entry.best_of_ten.parse().unwrap();
        let clustering = optimal_clustering(&values, entry.clusters);
        assert!((clustering.cost - cost(&values, &clustering.centroids)).abs() <= 1e-9 * clustering.cost);
        assert!(clustering.cost <= best_of_ten * (1.0 + 1e-9));
        better += usize::from(clustering.cost < best_of_ten * 0.999);
    }
    assert!(better > 0, "scikit-learn's local optima should lose somewhere");
}

#[derive(Deserialize)]
struct VectorGolden {
    mlp: String,
    runs: Vec<VectorRuns>,
}

#[derive(Deserialize)]
struct VectorRuns {
    data: String,
    width: usize,
    clusters: usize,
    scikit_learn: Vec<f64>,
    faiss: Vec<f64>,
}

/// 100,000 points around 49 uneven centers, as the script that made the golden numbers draws them.
fn mixture() -> Array2<f64> {
    let mut random = LegacyRandom::new(8);
    let centers: Vec<f64> = (0..97 * 8).map(|_| random.random_sample()).collect();
    Array2::from_shape_fn((100_000, 8), |(row, column)| {
        centers[row * row % 97 * 8 + column] + 0.5 * (random.random_sample() - 0.5)
    })
}

/// Each run of ours within a hundredth of the best of their ten, and the best of our few not above it.
#[test]
fn vector_clustering_is_not_worse_than_the_best_of_ten_of_scikit_learn_and_of_faiss() {
    let golden: VectorGolden =
        serde_json::from_str(include_str!("../golden/vector_clustering.json")).unwrap();
    let notebooks: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../golden/notebooks.json")).unwrap();
    let regression = notebooks.iter().find(|entry| entry["notebook"] == "003").unwrap();
    let regression: Array2<f32> = matrix(64, 10, regression["weights"].as_str().unwrap());
    let mlp: Array2<f32> = matrix(64, 32, &golden.mlp);
    let mixture = mixture();
    for VectorRuns { data, width, clusters, scikit_learn, faiss } in golden.runs {
        let values = match data.as_str() {
            "regression" => regression.mapv(f64::from),
            "mlp" => mlp.mapv(f64::from),
            _ => mixture.clone(),
        };
        assert_eq!((scikit_learn.len(), faiss.len()), (10, 10));
        let best = scikit_learn.into_iter().chain(faiss).fold(f64::INFINITY, f64::min);
        let text = format!("format = {{ vq = {{ centroids = {clusters}, width = {width} }} }}");
        // The large set takes seconds a seed.
        let seeds = if values.len() < 10_000 { 0..5 } else { 0..1 };
        let mut least = f64::INFINITY;
        for seed in seeds {
            let result = quantize(values.view(), &scheme(&text), &mut stream(seed)).unwrap();
            let distortion = Errors::measure(values.view(), result.reconstruct::<f64>().view()).sse();
            assert!(distortion <= best * 1.01, "{data}, {clusters}: {distortion} against {best}");
            least = least.min(distortion);
        }
        assert!(least <= best, "{data}, {clusters}: {least} at best, against {best}");
    }
}

/// The least cost of ascending values, each so many times, in at most `clusters` clusters: all ways to begin the last one, by
/// dynamic programming.
fn least_cost(weighted: &[(f64, usize)], clusters: usize) -> f64 {
    let mut least = vec![0.0; weighted.len() + 1];
    least[1..].fill(f64::INFINITY);
    for _ in 0..clusters {
        least = (0..=weighted.len())
            .map(|end| {
                let (mut count, mut mean, mut cost, mut best) = (0.0, 0.0, 0.0, least[end]);
                for begin in (0..end).rev() {
                    let (value, times) = (weighted[begin].0, weighted[begin].1 as f64);
                    count += times;
                    let distance = value - mean;
                    mean += distance * times / count;
                    cost += times * distance * (value - mean);
                    best = f64::min(best, least[begin] + cost);
                }
                best
            })
            .collect();
    }
    least[weighted.len()]
}

#[test]
fn exact_centroids_of_many_values_are_the_optimum() {
    // Ever closer to 0, with more values the closer.
    let weighted: Vec<(f64, usize)> =
        (0..600).map(|rank| (f64::from(rank).powi(3) * 1e-3, 1200 - 2 * rank as usize)).collect();
    let values: Vec<f64> =
        weighted.iter().flat_map(|&(value, times)| std::iter::repeat_n(value, times)).collect();
    assert!(values.len() > 1 << 18);
    let values = Array1::from(values).insert_axis(Axis(0));
    for clusters in [2, 16] {
        let least = least_cost(&weighted, clusters);
        let sse = |clustering: &str| {
            let text = format!("format = {{ vq = {{ centroids = {clusters}{clustering} }} }}");
            let reconstructed = quantized(&values, &scheme(&text)).reconstruct::<f64>();
            Errors::measure(values.view(), reconstructed.view()).sse()
        };
        let exact = sse(", clustering = 'exact'");
        assert!((exact / least - 1.0).abs() < 1e-9, "{exact} against {least}");
        assert!((sse("") / least - 1.0).abs() < 1e-3);
        assert_eq!(sse(", clustering = 'fast'"), sse(""));
    }
}

#[test]
fn a_hundred_thousand_values_are_clustered() {
    let values: Vec<f64> = (0..100_000).map(|index| f64::from(index) / 100_000.0).collect();
    let clustering = optimal_clustering(&values, 16);
    // Evenly spread values fall into equal pieces: the centroids are their middles.
    for (index, centroid) in clustering.centroids.iter().enumerate() {
        assert!((centroid - (index as f64 + 0.5) / 16.0).abs() < 1e-4);
    }
}

#[test]
fn clusters_far_from_zero_keep_their_digits() {
    let values = [1e8, 1e8 + 0.25, 1e8 + 5.0, 1e8 + 5.25, -1e8, -1e8 + 0.5];
    let clustering = optimal_clustering(&values, 3);
    assert_eq!(clustering.centroids, [-1e8 + 0.25, 1e8 + 0.125, 1e8 + 5.125]);
}

#[test]
fn squares_of_huge_and_tiny_values_stay_in_range() {
    for unit in [1e300, 1e-300, f64::MAX / 8.0, 5e-324] {
        let values = [0.0, 2.0, 5.0, 7.0].map(|value| value * unit);
        let centroids = optimal_clustering(&values, 2).centroids;
        assert!((centroids[0] / unit - 1.0).abs() < 1e-14 && (centroids[1] / unit - 6.0).abs() < 1e-14);
    }
}

#[test]
fn degenerate_clusterings_are_defined() {
    assert!(optimal_clustering(&[], 3).centroids.is_empty());
    assert_eq!(optimal_clustering(&[2.0, 2.0, 2.0], 3).centroids, [2.0]);
    assert_eq!(optimal_clustering(&[0.0, -0.0], 2).centroids.len(), 1);
    assert!(optimal_clustering(&[1.0], 0).centroids.is_empty());
}

#[test]
fn product_quantization_finds_separate_clusters() {
    // Four tight clusters in the plane, far apart: from k-means++ seeds Lloyd's algorithm cannot miss them.
    let centers = [(0.0, 0.0), (0.0, 50.0), (50.0, 0.0), (50.0, 50.0)];
    let values = Array2::from_shape_fn((80, 2), |(row, column)| {
        let (x, y) = centers[row % 4];
        (if column == 0 { x } else { y }) + (row as f64 * 2.7 + column as f64).sin()
    });
    let result = quantized(&values, &scheme("format = { pq = { subvectors = 1, centroids = 4 } }"));
    for row in 0..76 {
        assert_eq!(result.codes().get(row, 0).unwrap(), result.codes().get(row + 4, 0).unwrap());
    }
    // Converged: each centroid is the mean of its members.
    for code in 0..4 {
        let members: Vec<usize> =
            (0..80).filter(|row| result.codes().get(*row, 0).unwrap() == code).collect();
        for column in 0..2 {
            let mean = members.iter().map(|row| values[[*row, column]]).sum::<f64>() / members.len() as f64;
            assert!((result.codebooks()[0].centroid(code as usize)[column] - mean).abs() < 1e-12);
        }
    }
}

#[test]
fn ragged_rows_give_the_first_sub_vectors_one_value_more() {
    let values = Array2::from_shape_fn((6, 5), |(row, column)| (row * 5 + column) as f32);
    let result = quantized(&values, &scheme("format = { pq = { subvectors = 3, centroids = 8 } }"));
    let widths: Vec<usize> = result.codebooks().iter().map(|codebook| codebook.width()).collect();
    assert_eq!(widths, [2, 2, 1]);
    assert_eq!(result.codes().dim(), (6, 3));
    assert_eq!(result.reconstruct::<f32>(), values);
}

#[test]
fn the_same_stream_gives_the_same_codebooks() {
    let values = Array2::from_shape_fn((50, 6), |(row, column)| ((row * 6 + column) as f32 * 0.37).sin());
    let scheme = scheme("format = { pq = { subvectors = 2, centroids = 8 } }");
    let run = |seed| quantize(values.view(), &scheme, &mut stream(seed)).unwrap();
    assert_eq!(run(5), run(5));
    let errors = |result: Quantized| Errors::measure(values.view(), result.reconstruct::<f32>().view());
    assert!(errors(run(5)).sqnr_db() > 6.0);
}

#[test]
fn look_ups_need_a_codebook_and_a_query_of_the_right_length() {
    let result = quantized(&array![[1.0, 2.0]], &scheme("bits = 8"));
    let error = result.lookup_products(array![1.0, 1.0].view()).unwrap_err();
    assert_eq!(error, LookupError::NoCodebook { format: "int".to_owned() });
    let result = quantized(&array![[1.0, 2.0]], &scheme("format = { vq = { centroids = 2 } }"));
    let error = result.lookup_products(array![1.0].view()).unwrap_err();
    assert_eq!(error, LookupError::Length { expected: 2, found: 1 });
}
