//! What a program calls: `src/lib.rs`.

use std::fmt::Write as _;

use bitsweep_inference::integer::{CountCodes, FeatureCodes, Positions};
use bitsweep_quant::Grid;

use super::layer::{LayerSource, moved};
use super::text::{array, feature_type, type_name};
use crate::export::plan::NetworkPlan;
use crate::packed::Classifier;

/// What every crate begins with.
const HEAD: &str = include_str!("functions/head.rs");

/// What takes codes from bytes.
const CODES: &str = include_str!("functions/codes.rs");

/// What has codes begin with a byte.
const ALIGN: &str = include_str!("functions/align.rs");

/// What divides sums by powers of two.
const SHIFTED: &str = include_str!("functions/shifted.rs");

/// What divides sums of 64 bits by powers of two.
const NARROWED: &str = include_str!("functions/narrowed.rs");

/// What multiplies and shifts.
const RESCALE: &str = include_str!("functions/rescale.rs");

/// What makes codes of whole numbers.
const ENCODE_COUNTS: &str = include_str!("functions/encode_counts.rs");

/// The class of the largest output.
const PREDICT: &str = include_str!("functions/predict.rs");

/// The class by the sign of the only output.
const PREDICT_BY_SIGN: &str = include_str!("functions/predict_by_sign.rs");

/// What rounds features.
const ROUND_HALF_TO_EVEN: &str = include_str!("functions/round_half_to_even.rs");
const ROUND_HALF_AWAY: &str = include_str!("functions/round_half_away.rs");

/// `src/lib.rs`.
pub(super) fn library(
    classifier: &Classifier,
    plan: &NetworkPlan,
    features: &FeatureCodes,
    title: &str,
) -> String {
    let mut layers = String::new();
    for layer in &plan.layers {
        layers.push('\n');
        layers.push_str(&LayerSource::new(layer, plan.codes).text());
    }
    let mut functions = String::new();
    let calls: [(&str, &[&str]); 5] = [
        (CODES, &["Codes::<"]),
        (ALIGN, &["align()"]),
        (SHIFTED, &["shifted("]),
        (NARROWED, &["narrowed(", "rescale("]),
        (RESCALE, &["rescale("]),
    ];
    for (function, calls) in calls {
        if calls.iter().any(|call| layers.contains(call)) {
            let _ = write!(functions, "\n{function}");
        }
    }
    let predict = if plan.outputs() == 1 { PREDICT_BY_SIGN } else { PREDICT };
    format!(
        "// {title}\n\n{HEAD}\n{constants}\n{predict}\n{outputs}{encoder}{functions}{layers}",
        constants = constants(classifier, plan, features),
        outputs = outputs(plan),
        encoder = encoder(plan, features),
    )
}

/// The public constants.
fn constants(classifier: &Classifier, plan: &NetworkPlan, encoder: &FeatureCodes) -> String {
    let &NetworkPlan { grid: Grid { lowest, highest }, zero_point, .. } = plan;
    let names = |declared: &str, names: &[String]| {
        array(declared, &names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>())
    };
    let features: Vec<String> = classifier.columns.iter().flat_map(|column| column.features()).collect();
    format!(
        "/// How many features there are.\npub const INPUTS: usize = {inputs};\n\
         /// How many numbers are compared.\npub const OUTPUTS: usize = {outputs};\n\
         /// How many classes there are.\npub const CLASSES: usize = {classes};\n\n\
         /// The features, in their order.\n{features}/// The classes, in their order.\n{class_names}\n\
         /// A feature as it is measured.\npub type Feature = {feature};\n\
         /// The code of a feature.\npub type Code = {code};\n\
         /// The lowest code of a feature.\npub const LOWEST_CODE: Code = {lowest};\n\
         /// The highest code of a feature.\npub const HIGHEST_CODE: Code = {highest};\n\
         /// The code of a feature that is 0 once it is scaled.\npub const ZERO_POINT: Code = {zero_point};\n",
        inputs = plan.inputs(),
        outputs = plan.outputs(),
        classes = classifier.classes.len(),
        features = names("pub const FEATURE_NAMES: [&str; INPUTS]", &features),
        class_names = names("pub const CLASS_NAMES: [&str; CLASSES]", &classifier.classes),
        feature = feature_type(encoder),
        code = type_name(plan.codes),
    )
}

/// The function `outputs`.
fn outputs(plan: &NetworkPlan) -> String {
    let mut text = format!(
        "/// The whole numbers that are compared, each a logit in steps of {step:e}, of codes from [`LOWEST_CODE`] to\n\
         /// [`HIGHEST_CODE`].\n#[must_use]\npub fn outputs(codes: &[Code; INPUTS]) -> [i32; OUTPUTS] {{\n",
        step = plan.logit_step,
    );
    let buffers = plan.buffers();
    for (name, width) in ["even", "odd"].into_iter().zip(buffers) {
        if let Some(width) = width {
            let _ = writeln!(text, "    let mut {name} = [0; {width}];");
        }
    }
    text.push_str("    let mut outputs = [0; OUTPUTS];\n");
    let mut from = "codes".to_owned();
    for (position, layer) in plan.layers.iter().enumerate() {
        let (name, width) = match position % 2 {
            _ if position + 1 == plan.layers.len() => ("outputs", None),
            0 => ("even", buffers[0]),
            _ => ("odd", buffers[1]),
        };
        let part = match width {
            Some(width) if width > layer.outputs => format!("{name}[..{}]", layer.outputs),
            Some(_) | None => name.to_owned(),
        };
        let _ = writeln!(text, "    layer_{}({from}, &mut {part});", layer.number);
        from = format!("&{part}");
    }
    text.push_str("    outputs\n}\n");
    text
}

/// What makes codes of features.
fn encoder(plan: &NetworkPlan, features: &FeatureCodes) -> String {
    match features.positions() {
        Positions::Float { means, divisors, halves_to_even } => {
            encoder_of_floats(plan, means, divisors, *halves_to_even)
        }
        Positions::Integer(all) => {
            let distances = all.iter().map(|own| {
                let CountCodes { first, coarse, last, multiplier, offset } = own;
                format!("({first}, {coarse}, {last}, {multiplier}, {offset})")
            });
            let declared = "/// Of each feature the first that may be above the lowest code; of distances from there the bits left out, the last, the\n\
                            /// multiplier and what is added.\nstatic DISTANCES: [(i32, u8, u32, u32, u32); INPUTS]";
            format!(
                "\n{}\n/// Bits behind a code.\nconst CODE_SHIFT: u32 = {};\n\n{ENCODE_COUNTS}",
                array(declared, &distances.collect::<Vec<_>>()),
                features.shift(),
            )
        }
    }
}

fn encoder_of_floats(plan: &NetworkPlan, means: &[f32], divisors: &[f32], halves_to_even: bool) -> String {
    let &NetworkPlan { grid: Grid { lowest, highest }, zero_point, .. } = plan;
    let floats = |numbers: &[f32]| numbers.iter().map(|number| format!("{number:?}")).collect::<Vec<_>>();
    let rounding = if halves_to_even { ROUND_HALF_TO_EVEN } else { ROUND_HALF_AWAY };
    let beyond = i64::from(highest) - i64::from(lowest) + 1;
    format!(
        "\n{means}{divisors}\n/// Codes of features as they are measured, not scaled.\n#[must_use]\n\
         pub fn encode(features: &[Feature; INPUTS]) -> [Code; INPUTS] {{\n    let mut codes = [0; INPUTS];\n    \
         let scaling = MEANS.iter().zip(&DIVISORS);\n    \
         for ((code, feature), (mean, divisor)) in codes.iter_mut().zip(features).zip(scaling) {{\n        \
         let steps = rounded((feature - mean) / divisor, {beyond}.0);\n        \
         *code = {steps}.clamp({lowest}, {highest}) as Code;\n    }}\n    codes\n}}\n\n{rounding}",
        means = array("static MEANS: [f32; INPUTS]", &floats(means)),
        divisors = array("static DIVISORS: [f32; INPUTS]", &floats(divisors)),
        steps = moved("steps", zero_point),
    )
}
