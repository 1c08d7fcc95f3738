//! What makes codes of features.

use bitsweep_inference::integer::{CountCodes, FeatureCodes, Positions};

use crate::export::c::text::{
    array, float, indented, index_type, integers, limits, literal, read, unsigned_integers,
};
use crate::export::plan::{NetworkPlan, the_same};

/// The macro that has `model_encode` of floats.
pub(super) const FLOAT_FEATURES: &str = "MODEL_FLOAT_FEATURES";

/// The type of a feature.
pub(super) const fn feature_type(features: &FeatureCodes) -> &'static str {
    match features.positions() {
        Positions::Float { .. } => "float",
        Positions::Integer(_) => "int32_t",
    }
}

/// `model_encode`; that of floats is compiled where it is asked for.
pub(super) fn encoder(plan: &NetworkPlan, features: &FeatureCodes) -> String {
    match features.positions() {
        Positions::Float { means, divisors, halves_to_even } => {
            format!(
                "\n#if defined({FLOAT_FEATURES})\n{}#endif\n",
                of_floats(plan, means, divisors, *halves_to_even)
            )
        }
        Positions::Integer(all) => format!("\n{}", of_counts(plan, all, features.shift())),
    }
}

fn of_floats(plan: &NetworkPlan, means: &[f32], divisors: &[f32], halves_to_even: bool) -> String {
    let (grid, zero_point) = (plan.grid, plan.zero_point);
    let mut constants = String::new();
    let mut of_feature = |name: &str, numbers: &[f32]| match the_same(numbers) {
        Some(number) => float(number),
        None => {
            constants.push_str(&array("float", name, numbers.iter().map(|number| float(*number))));
            read("float", &format!("{name} + i"))
        }
    };
    let (mean, divisor) = (of_feature("means", means), of_feature("divisors", divisors));
    let rounding = match halves_to_even {
        true => {
            "if ((rest > 0.5f) || ((rest >= 0.5f) && ((v & 1) != 0))) {\n            v++;\n        } else if ((rest < -0.5f) || ((rest <= -0.5f) && ((v & 1) != 0))) {\n            v--;\n        }"
        }
        false => {
            "if (rest >= 0.5f) {\n            v++;\n        } else if (rest <= -0.5f) {\n            v--;\n        }"
        }
    };
    let beyond = i64::from(grid.highest) - i64::from(grid.lowest) + 1;
    format!(
        "{constants}\nvoid model_encode(const float *features, model_code *input)\n{{\n    {index} i;\n    \
         for (i = 0; i < MODEL_INPUTS; i++) {{\n        \
         float position = (features[i] - {mean}) / {divisor};\n        float rest;\n        \
         int32_t v;\n        if (position > {beyond}.0f) {{\n            position = {beyond}.0f;\n        }}\n        \
         if (!(position > -{beyond}.0f)) {{\n            position = -{beyond}.0f;\n        }}\n        \
         v = (int32_t)position;\n        rest = position - (float)v;\n        {rounding}\n        v += {zero_point};\n{limits}        \
         input[i] = (model_code)v;\n    }}\n}}\n",
        index = index_type(plan.inputs()),
        limits = indented(&limits(i64::from(grid.lowest), i64::from(grid.highest)), 2),
    )
}

fn of_counts(plan: &NetworkPlan, all: &[CountCodes], shift: u32) -> String {
    let grid = plan.grid;
    let mut constants = String::new();
    let mut unsigned = |name: &str, of: fn(&CountCodes) -> u32| {
        let numbers: Vec<u32> = all.iter().map(of).collect();
        if let Some(number) = the_same(&numbers) {
            return format!("{number}u");
        }
        let (kind, text) = unsigned_integers(name, &numbers);
        constants.push_str(&text);
        read(kind, &format!("{name} + i"))
    };
    let last = unsigned("last_distances", |own| own.last);
    let multiplier = unsigned("multipliers", |own| own.multiplier);
    let offset = unsigned("distance_offsets", |own| own.offset);
    let coarse = match all.iter().any(|own| own.coarse > 0) {
        true => format!("        distance >>= {};\n", unsigned("coarse_bits", |own| own.coarse)),
        false => String::new(),
    };
    let firsts: Vec<i32> = all.iter().map(|own| own.first).collect();
    let first = match the_same(&firsts) {
        Some(first) => literal(i64::from(first)),
        None => {
            let (kind, text) = integers("first_features", &firsts);
            constants.push_str(&text);
            read(kind, "first_features + i")
        }
    };
    let lowest = match grid.lowest {
        0 => String::new(),
        lowest => format!("{lowest} + "),
    };
    format!(
        "{constants}\nvoid model_encode(const model_feature *features, model_code *input)\n{{\n    {index} i;\n    \
         for (i = 0; i < MODEL_INPUTS; i++) {{\n        \
         const int32_t first = {first};\n        \
         uint32_t distance = (uint32_t)features[i] - (uint32_t)first;\n{coarse}        \
         if (features[i] < first) {{\n            input[i] = {least};\n        \
         }} else if (distance > {last}) {{\n            input[i] = {most};\n        }} else {{\n            \
         input[i] = (model_code)({lowest}(int32_t)((distance * {multiplier} + {offset}) >> {shift}));\n        }}\n    }}\n}}\n",
        index = index_type(plan.inputs()),
        least = grid.lowest,
        most = grid.highest,
    )
}
