//! What variants are called.
#![allow(clippy::unwrap_used)]

mod made;

use std::collections::BTreeSet;

use bitsweep_results::{Choice, Choices, Labels, Value, Variant};
use made::variant;
use proptest::prelude::*;

fn named(name: &str, variant: Variant) -> Variant {
    Variant { name: Some(name.to_owned()), ..variant }
}

fn texts(variants: &[Variant]) -> Vec<String> {
    let labels = Labels::of(variants);
    variants.iter().map(|variant| labels.get(variant).text().to_owned()).collect()
}

fn series(variants: &[Variant]) -> Vec<String> {
    let labels = Labels::of(variants);
    variants.iter().map(|variant| labels.get(variant).series().to_owned()).collect()
}

#[test]
fn bits_alone_name_what_differs_in_bits_alone() {
    let int = [(Choice::Format, "int"), (Choice::Symmetry, "asymmetric")];
    let variants = [Variant::float(32), variant(8, &int), variant(4, &int)];
    assert_eq!(texts(&variants), ["float", "8 bit", "4 bit"]);
    assert_eq!(series(&variants), ["float", "asymmetric int", "asymmetric int"]);
}

#[test]
fn axes_that_vary_follow_the_size_in_order_of_rank() {
    let one = |bits, method, granularity| {
        variant(bits, &[(Choice::Method, method), (Choice::Granularity, granularity), (Choice::Range, "mse")])
    };
    let variants = [one(4, "gptq", "tensor"), one(4, "nearest", "output-channel"), one(2, "gptq", "tensor")];
    assert_eq!(texts(&variants), ["4 bit · per tensor", "4 bit · per output channel", "2 bit · per tensor"]);
    let grid = [one(4, "gptq", "tensor"), one(4, "nearest", "tensor"), one(4, "gptq", "row")];
    assert_eq!(texts(&grid), ["per tensor · gptq", "per tensor · nearest", "per row · gptq"]);
}

#[test]
fn variants_of_one_name_are_told_apart_by_their_axes() {
    let mut variants = Vec::new();
    for method in ["nearest", "gptq", "adaround"] {
        for granularity in ["tensor", "output-channel"] {
            let words = [(Choice::Method, method), (Choice::Granularity, granularity)];
            variants.push(named("mine", variant(4, &words)));
        }
    }
    let texts = texts(&variants);
    assert_eq!(texts[0], "mine · per tensor · nearest");
    assert_eq!(texts[5], "mine · per output channel · adaround");
    assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), 6);
}

#[test]
fn a_value_stands_beside_its_absence_with_something_said_of_both() {
    let plain = variant(2, &[(Choice::Method, "nearest")]);
    let calibrated = variant(2, &[(Choice::Method, "nearest"), (Choice::Calibration, "all")]);
    assert_eq!(texts(&[plain, calibrated]), ["2 bit", "2 bit · calibrated on all training rows"]);
}

#[test]
fn a_preset_bears_its_name_beside_what_has_none() {
    let int =
        |bits, granularity| variant(bits, &[(Choice::Format, "int"), (Choice::Granularity, granularity)]);
    let group = |format| variant(4, &[(Choice::Format, format), (Choice::Granularity, "group 16")]);
    let nvfp4 = named("nvfp4", group("fp4"));
    assert_eq!(
        texts(&[int(4, "tensor"), int(4, "output-channel"), nvfp4.clone()]),
        ["per tensor", "per output channel", "nvfp4"]
    );
    // The one without a name would have nothing said of it.
    assert_eq!(
        texts(&[int(8, "tensor"), int(4, "tensor"), nvfp4]),
        ["8 bit · int", "4 bit · int", "4 bit · nvfp4"]
    );
}

#[test]
fn a_scale_format_that_differs_is_named() {
    let one = |format| variant(4, &[(Choice::Format, "int"), (Choice::ScaleFormat, format)]);
    assert_eq!(texts(&[one("float"), one("double")]), ["float scale", "double scale"]);
    let mine = |format| named("mine", one(format));
    assert_eq!(texts(&[mine("float"), mine("double")]), ["mine · float scale", "mine · double scale"]);
}

#[test]
fn names_suffice_where_no_two_are_the_same() {
    let variants = [named("small", variant(2, &[])), named("large", variant(8, &[]))];
    assert_eq!(texts(&variants), ["small", "large"]);
    let other = variant(8, &[(Choice::Method, "gptq")]);
    let same = [named("a", variant(2, &[])), named("a", variant(8, &[])), named("b", other)];
    assert_eq!(texts(&same), ["2 bit · a", "8 bit · a", "8 bit · b"]);
    assert_eq!(series(&same), ["a", "a", "b"]);
}

#[test]
fn bits_of_activations_stand_beside_those_of_weights() {
    let with = |bits, inputs| {
        let variant = variant(bits, &[(Choice::Format, "int"), (Choice::Activations, "static")]);
        let choices = variant.choices.with(Choice::ActivationBits, Value::number(inputs));
        Variant { choices, ..variant }
    };
    let float = variant(8, &[(Choice::Format, "int")]);
    let variants = [float, with(8, 8), with(8, 4), with(4, 8)];
    assert_eq!(texts(&variants), ["8 bit", "W8A8", "W8A4", "W4A8"]);
    assert_eq!(series(&variants), ["float activations", "A8", "A4", "A8"]);
}

#[test]
fn a_budget_stands_for_the_bits() {
    let mixed = |budget| variant(8, &[(Choice::Allocation, "mixed"), (Choice::Budget, budget)]);
    let variants = [
        variant(8, &[(Choice::Allocation, "uniform")]),
        mixed("900 bytes"),
        mixed("600 bytes"),
        variant(8, &[(Choice::Allocation, "mixed")]),
    ];
    assert_eq!(
        texts(&variants),
        ["8 bit · uniform", "≤ 900 bytes · mixed", "≤ 600 bytes · mixed", "≤ 8 bit · mixed"]
    );
}

#[test]
fn colliding_words_are_told_apart_by_the_names_of_their_axes() {
    let one = |axis, word| variant(4, &[(axis, word)]);
    let variants = [one(Choice::Format, "same"), one(Choice::Range, "same"), one(Choice::Range, "other")];
    assert_eq!(texts(&variants), ["format same", "range same", "other"]);
    let numbered = [named("float", variant(4, &[])), Variant::float(32)];
    assert_eq!(texts(&numbered)[1], "float");
    assert_ne!(texts(&numbered)[0], "float");
}

#[test]
fn baselines_of_two_kinds_are_told_apart() {
    assert_eq!(texts(&[Variant::float(32), Variant::float(64)]), ["float · 32 bit", "float · 64 bit"]);
}

#[test]
fn a_label_without_an_axis_has_the_rest_of_its_series() {
    let one = |bits, symmetry, granularity| {
        variant(bits, &[(Choice::Symmetry, symmetry), (Choice::Granularity, granularity)])
    };
    let variants = [one(4, "symmetric", "row"), one(2, "symmetric", "row"), one(4, "asymmetric", "row")];
    let labels = Labels::of(&variants);
    let label = labels.get(&variants[1]);
    assert_eq!((label.text(), label.size()), ("2 bit · symmetric", Some("2 bit")));
    let label = labels.get(&variants[0]);
    assert_eq!(label.without(Choice::Symmetry), "quantized");
    assert_eq!(label.parts().collect::<Vec<_>>(), [(Choice::Symmetry, "symmetric")]);
    assert_eq!(Labels::of([]).get(&variants[0]).text(), "unknown");
}

#[test]
fn what_differs_with_the_bits_is_named_beside_them() {
    let format = |bits, format| variant(bits, &[(Choice::Format, format)]);
    let variants = [format(8, "fp8-e4m3"), format(4, "fp4-e2m1")];
    assert_eq!(texts(&variants), ["8 bit · fp8-e4m3", "4 bit · fp4-e2m1"]);
}

#[test]
fn calibration_that_another_choice_asks_for_is_not_named_in_its_place() {
    let plain = variant(3, &[(Choice::Transform, "none")]);
    let awq = variant(3, &[(Choice::Transform, "awq"), (Choice::Calibration, "all")]);
    assert_eq!(texts(&[plain, awq]), ["not equalized", "awq"]);
}

/// Choices on a few axes, whose words collide across axes and with names.
fn some_variant() -> impl Strategy<Value = Variant> {
    let word = prop::sample::select(vec!["a", "b", "none", "float", "4 bit", "all"]);
    let axes = vec![
        Choice::Transform,
        Choice::Biases,
        Choice::Format,
        Choice::Symmetry,
        Choice::Granularity,
        Choice::ScaleFormat,
        Choice::Layers,
        Choice::Allocation,
        Choice::Budget,
        Choice::Activations,
        Choice::Method,
        Choice::Calibration,
    ];
    let axis = prop::sample::select(axes);
    let name =
        prop::option::weighted(0.4, prop::sample::select(vec!["a", "mine", "float", "4 bit", "a · b", ""]));
    let inputs = prop::option::of(prop::sample::select(vec![4_u64, 8]));
    let words = prop::collection::vec((axis, word), 0..4);
    (1..4_u64, inputs, words, name, prop::bool::weighted(0.1)).prop_map(
        |(bits, inputs, words, name, float)| {
            let start = Choices::default().with(Choice::Bits, Value::number(bits));
            let mut choices =
                words.into_iter().fold(start, |own, (axis, word)| own.with(axis, Value::word(word)));
            if let Some(inputs) = inputs {
                choices = choices.with(Choice::ActivationBits, Value::number(inputs));
            }
            if float {
                choices = Variant::float(32).choices;
            }
            Variant { choices, name: name.map(str::to_owned), has_shared_codes: false }
        },
    )
}

proptest! {
    #[test]
    fn labels_are_unique_and_series_are_with_their_bits(
        variants in prop::collection::vec(some_variant(), 1..14)
    ) {
        let labels = Labels::of(&variants);
        let distinct: BTreeSet<&Choices> = variants.iter().map(|variant| &variant.choices).collect();
        let texts: BTreeSet<&str> = variants.iter().map(|variant| labels.get(variant).text()).collect();
        prop_assert_eq!(texts.len(), distinct.len(), "{:?}", texts);
        let places: BTreeSet<_> = variants
            .iter()
            .map(|variant| {
                let choices = &variant.choices;
                (labels.get(variant).series(), choices.bits(), choices.get(Choice::Budget))
            })
            .collect();
        prop_assert_eq!(places.len(), distinct.len(), "{:?}", places);
    }

    #[test]
    fn labels_do_not_depend_on_how_often_a_variant_is_shown(
        variants in prop::collection::vec(some_variant(), 1..8)
    ) {
        let twice: Vec<&Variant> = variants.iter().chain(&variants).collect();
        prop_assert_eq!(Labels::of(&variants), Labels::of(twice));
    }
}
