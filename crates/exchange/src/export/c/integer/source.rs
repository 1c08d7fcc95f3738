//! The source that computes: `model.c`.

use std::collections::BTreeSet;

use bitsweep_inference::integer::FeatureCodes;

use super::encoder::encoder;
use super::layer::LayerSource;
use super::product::Product;
use crate::export::c::entry_points::{Interface, entry_points};
use crate::export::c::prelude::prelude;
use crate::export::plan::NetworkPlan;

/// What is asked of a compiler.
const SHIFTS: &str = include_str!("../functions/shifts.h");

/// Products of 64 bits, and their rounding. An AVR's compiler makes several times as many cycles of them.
const MULTIPLY: &str = include_str!("../functions/multiply.c");

/// What multiplies and shifts.
const RESCALE: &str = include_str!("../functions/rescale.c");

/// What adds the product of a group.
const ADD_PRODUCT: &str = include_str!("../functions/add_product.c");

/// The source of a network.
pub(super) fn source(
    plan: &NetworkPlan,
    interface: &Interface,
    features: &FeatureCodes,
    title: &str,
) -> String {
    let mut text = String::new();
    for layer in &plan.layers {
        text.push('\n');
        text.push_str(&LayerSource::new(layer, interface.hidden).text());
    }
    let are_short = plan.layers.iter().all(|layer| layer.has_short_sums);
    let products = plan.layers.iter().filter_map(Product::of);
    let products: BTreeSet<String> = products.map(|product| product.text(are_short)).collect();
    products.iter().for_each(|product| text.insert_str(0, &format!("\n{product}")));
    // Those that call others come first: each is put before all that is there.
    for (call, function) in [(" rescale(", RESCALE), (" add_product(", ADD_PRODUCT), ("multiply(", MULTIPLY)]
    {
        if text.contains(call) {
            text.insert_str(0, &format!("\n{function}"));
        }
    }
    text.push_str(&entry_points(&plan.widths(), interface));
    text.push_str(&encoder(plan, features));
    format!(
        "/* {title} */\n#include \"model.h\"\n\n{}\n{SHIFTS}{text}",
        prelude(&text, plan.parts(features).all_constants())
    )
}
