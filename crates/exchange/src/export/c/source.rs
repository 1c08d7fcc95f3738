//! The source that computes: `model.c`.

use std::collections::BTreeSet;

use bitsweep_inference::integer::{FeatureCodes, IntegerNetwork};

use super::entry_points::{encoder, entry_points};
use super::layer::LayerSource;
use super::product::Product;
use super::text::type_name;
use crate::export::plan::NetworkPlan;

/// What the compiler finds constants by, before everything else.
const PRELUDE: &str = include_str!("functions/prelude.h");

/// Products of 64 bits, and their rounding. An AVR's compiler makes several times as many cycles of them.
const MULTIPLY: &str = include_str!("functions/multiply.c");

/// What multiplies and shifts.
const RESCALE: &str = include_str!("functions/rescale.c");

/// What adds the product of a group.
const ADD_PRODUCT: &str = include_str!("functions/add_product.c");

/// The source of a network.
pub(super) fn source(
    plan: &NetworkPlan,
    network: &IntegerNetwork,
    features: &FeatureCodes,
    title: &str,
) -> String {
    let code_type = type_name(plan.codes);
    let mut text = String::new();
    for layer in &plan.layers {
        text.push('\n');
        text.push_str(&LayerSource::new(layer, code_type).text());
    }
    let products = plan.layers.iter().filter_map(Product::of);
    let products: BTreeSet<String> = products.map(|product| product.text()).collect();
    products.iter().for_each(|product| text.insert_str(0, &format!("\n{product}")));
    // Those that call others come first: each is put before all that is there.
    for (call, function) in [(" rescale(", RESCALE), (" add_product(", ADD_PRODUCT), ("multiply(", MULTIPLY)]
    {
        if text.contains(call) {
            text.insert_str(0, &format!("\n{function}"));
        }
    }
    text.push_str(&entry_points(plan, code_type));
    text.push_str(&encoder(network, features, code_type));
    let is_needed = |line: &&str| match line.strip_prefix("#define READ_") {
        Some(rest) => text.contains(&format!("READ_{}(", rest.split('(').next().unwrap_or(rest))),
        None => true,
    };
    let prelude: Vec<&str> = PRELUDE.lines().filter(is_needed).collect();
    format!("/* {title} */\n#include \"model.h\"\n\n{}\n{text}", prelude.join("\n"))
}
