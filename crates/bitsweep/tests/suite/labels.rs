//! Variants of one unit are told apart: by their labels, for people, and by the keys of their rows.

use std::collections::BTreeSet;

use bitsweep::plan::Plan;
use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::harness::{experiment, labels, planned};

/// One axis of choice: a key, and values for it.
type Axis = (&'static str, &'static [&'static str]);

/// Axes of integer weights that all combine with each other.
const INTEGERS: [Axis; 7] = [
    ("granularity", &["'tensor'", "'row'", "'column'", "{ group = 4 }", "{ group = 8 }", "{ rows = 2 }"]),
    ("symmetry", &["'symmetric'", "'asymmetric'"]),
    ("range", &["'min-max'", "'mse'", "{ percentile = 99 }", "{ percentile = 99.5 }"]),
    ("rounding", &["'nearest-even'", "'half-away'", "'stochastic'"]),
    ("outliers", &["'none'", "{ percent = 1 }", "{ percent = 2.5 }"]),
    ("code_range", &["'full'", "'narrow'"]),
    ("scale_format", &["'float'", "'f16'", "'bf16'"]),
];

/// Axes around integer weights that are rounded to nearest.
const AROUND: [Axis; 2] = [
    ("biases", &["'keep'", "'quantize'"]),
    ("transform", &["'none'", "'absmax-equalization'", "'cross-layer-equalization'"]),
];

/// Axes around integer weights whose codes are calibrated.
const CALIBRATED: [Axis; 4] = [
    (
        "method",
        &["'nearest'", "'gptq'", "{ gptq = { act_order = true } }", "{ gptq = { damp = 0.1 } }", "'greedy'"],
    ),
    ("bias_correction", &["'none'", "'empirical'", "'analytic'"]),
    ("calibration.rows", &["16", "64"]),
    ("transform", &["'none'", "'awq'", "'smooth'", "{ smooth = { alpha = 0.9 } }"]),
];

const FORMATS: &[&str] = &[
    "'f16'",
    "'bf16'",
    "'nf4'",
    "'mxfp4'",
    "'nvfp4'",
    "'q4_0'",
    "'q8_0'",
    "'fp8-e4m3'",
    "{ ternary = 'absmean' }",
    "{ ternary = 'least-error' }",
    "{ vq = { centroids = 4 } }",
    "{ vq = { centroids = 8 } }",
    "{ residual = { stages = 2, centroids = 2, width = 2 } }",
];

const ACTIVATIONS: &[&str] = &[
    "{ bits = 8, mode = 'static' }",
    "{ bits = 4, mode = 'static' }",
    "{ bits = 8, mode = 'static', range = 'mse' }",
    "{ bits = 8, mode = 'static', symmetry = 'symmetric' }",
    "{ bits = 8, mode = 'static', range = 'moving-average' }",
    "{ bits = 8, mode = 'dynamic' }",
    "{ bits = 8, mode = 'dynamic', batch = 7 }",
    "{ bits = 8, mode = 'dynamic', granularity = 'row' }",
];

const BUDGETS: &[&str] = &[
    "{ bytes = 900 }",
    "{ bytes = 901 }",
    "{ bits_per_weight = 9.5 }",
    "{ uniform_bits = 4 }",
    "{ uniform_bits = 2 }",
    "{ macro_f1_loss = 0.01 }",
    "{ output_error = 2 }",
];

const TRAININGS: &[&str] = &[
    "{ method = 'straight-through' }",
    "{ method = 'straight-through', start = 'scratch' }",
    "{ method = 'straight-through', epochs = 2 }",
    "{ method = 'straight-through', learning_rate = 0.01 }",
    "{ method = 'lsq' }",
    "{ method = 'lsq', epochs = 2 }",
    "{ method = { pact = { activations = 4 } } }",
    "{ method = { pact = { activations = 4, clip = 5 } } }",
];

/// A line for the axis with some of its values, two at most: a grid of many axes rather than of many points.
fn some_of(key: &'static str, values: &'static [&'static str], least: usize) -> BoxedStrategy<String> {
    let line = move |values: Vec<&str>| match values.as_slice() {
        [] => String::new(),
        [only] => format!("{key} = {only}\n"),
        several => format!("{key} = [{}]\n", several.join(", ")),
    };
    subsequence(values, least..=2).prop_map(line).boxed()
}

/// A line for each of the axes, most of them left out.
fn lines_of(axes: &[Axis]) -> BoxedStrategy<String> {
    let lines: Vec<_> = axes.iter().map(|(key, values)| some_of(key, values, 0)).collect();
    let line = |(line, is_there): (String, bool)| if is_there { line } else { String::new() };
    let lines: Vec<_> =
        lines.into_iter().map(|lines| (lines, prop::bool::weighted(0.4)).prop_map(line)).collect();
    lines.prop_map(|lines| lines.concat()).boxed()
}

fn bits() -> BoxedStrategy<String> {
    some_of("bits", &["8", "4", "3", "2"], 1)
}

/// The lines of `[quantize]` and those of `[quantize.weights]` of one kind of variants.
fn kind(number: usize) -> BoxedStrategy<(String, String)> {
    let weights = || (bits(), lines_of(&INTEGERS)).prop_map(|(bits, more)| bits + &more);
    let plain = |key, values| (some_of(key, values, 1), weights()).boxed();
    match number {
        0 => (lines_of(&AROUND), weights()).boxed(),
        1 => (lines_of(&AROUND), some_of("format", FORMATS, 1)).boxed(),
        2 => {
            (lines_of(&CALIBRATED), (bits(), lines_of(&INTEGERS[..2])).prop_map(|(bits, more)| bits + &more))
                .boxed()
        }
        3 => (some_of("activations", ACTIVATIONS, 1), lines_of(&AROUND), weights())
            .prop_map(|(activations, around, weights)| (activations + &around, weights))
            .boxed(),
        4 => {
            plain("layers.W1", &["{ bits = 6 }", "{ bits = 5 }", "{ bits = 6, granularity = { group = 3 } }"])
        }
        5 => plain("layers.W2", &["{ bits = 6 }", "{ format = 'f16' }"]),
        6 => {
            let mixed = "mixed.bits = [2, 4, 8]\n";
            let mixed = some_of("mixed.budget", BUDGETS, 1).prop_map(move |budget| budget + mixed);
            (mixed, lines_of(&INTEGERS[..2])).boxed()
        }
        _ => (some_of("training", TRAININGS, 1), bits()).boxed(),
    }
}

const KINDS: usize = 8;

/// Tables `[[quantize]]` of some kinds, with names, with the same name, and without.
fn tables() -> impl Strategy<Value = String> {
    let kinds = subsequence((0..KINDS).collect::<Vec<_>>(), 1..=3);
    let names = prop::sample::select(&["", "name = 'mine'\n", "name = '4 bit'\n", "name = 'float'\n"]);
    let table = move |number| {
        (names.clone(), kind(number)).prop_map(|(name, (around, weights))| {
            format!("[[quantize]]\n{name}{around}[quantize.weights]\n{weights}")
        })
    };
    kinds
        .prop_flat_map(move |kinds| kinds.into_iter().map(&table).collect::<Vec<_>>())
        .prop_map(|tables| tables.concat())
}

/// No two variants of a unit, its float baseline included, have a label or a key in common.
fn assert_told_apart(plan: &Plan, text: &str) {
    for unit in &plan.units {
        let rows: Vec<_> =
            [&unit.float].into_iter().chain(unit.variants.iter().map(|planned| &planned.identity)).collect();
        let labels: BTreeSet<&str> =
            rows.iter().map(|identity| plan.labels.get(&identity.row).text()).collect();
        assert_eq!(labels.len(), rows.len(), "{labels:#?}\n{text}");
        assert_eq!(plan.labels.get(&unit.float.row).text(), "float", "{text}");
        assert!(labels.iter().all(|label| !label.trim().is_empty()), "{labels:#?}\n{text}");
        let keys: BTreeSet<_> = rows.iter().map(|identity| unit.row_key(identity)).collect();
        assert_eq!(keys.len(), rows.len(), "{text}");
    }
}

proptest! {
    #[test]
    fn labels_and_keys_of_any_grid_are_distinct(tables in tables()) {
        let text = format!("seed = [1, 2]\n{}", experiment(&tables));
        match planned(&text) {
            Ok(plan) => assert_told_apart(&plan, &text),
            Err(refusal) => {
                // Two kinds can have a variant in common, and some formats have no such axis.
                let refusal = refusal.to_string();
                let is_known = ["are the same", "does not apply", "does not combine", "cannot be combined"]
                    .iter()
                    .any(|known| refusal.contains(known));
                prop_assert!(is_known, "{refusal}\n{text}");
                return Err(TestCaseError::reject(refusal));
            }
        }
    }

    #[test]
    fn labels_and_keys_of_any_grid_over_tensors_are_distinct(weights in lines_of(&INTEGERS), bits in bits()) {
        let text = format!(
            "title = 't'\n[[tensor]]\nname = 't'\nvalues = [1, 2, 5]\n[[tensor]]\nname = 't'\nvalues = [3, 4]\n\
             [quantize.weights]\n{bits}{weights}"
        );
        match planned(&text) {
            Ok(plan) => assert_told_apart(&plan, &text),
            Err(refusal) => return Err(TestCaseError::reject(refusal.to_string())),
        }
    }
}

#[test]
fn six_methods_and_granularities_of_one_name_have_six_labels() {
    let plan = planned(include_str!("cases/six-methods.toml")).unwrap();
    assert_told_apart(&plan, "six methods");
    let labels: BTreeSet<&str> = labels(&plan).into_iter().collect();
    assert_eq!(labels.len(), 6);
    assert!(labels.iter().all(|label| label.contains("mine")), "{labels:?}");
    for method in ["nearest", "gptq", "greedy"] {
        assert_eq!(labels.iter().filter(|label| label.contains(method)).count(), 2, "{labels:?}");
    }
}

#[test]
fn a_float_baseline_beside_a_variant_of_that_name_keeps_its_label() {
    let text = experiment("[quantize]\nname = \"float\"\n[quantize.weights]\nbits = 4\n");
    assert_told_apart(&planned(&text).unwrap(), &text);
}
