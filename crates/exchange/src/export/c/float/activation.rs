//! What is applied to a sum, in C.

use bitsweep_models::Activation;

use crate::export::c::text::float;
use crate::packed::ClippedOutputs;

/// Statements that apply an activation to `value`.
pub(super) fn activation(activation: Activation) -> String {
    match activation {
        Activation::Identity => String::new(),
        Activation::Relu => unless_positive("value = 0.0f"),
        Activation::LeakyRelu { slope } => unless_positive(&format!("value *= {}", float(slope))),
        Activation::Elu { alpha } => {
            unless_positive(&format!("value = {} * (expf(value) - 1.0f)", float(alpha)))
        }
        Activation::Tanh => "value = tanhf(value);\n".to_owned(),
        Activation::Sigmoid => "value = 1.0f / (1.0f + expf(-value));\n".to_owned(),
        Activation::Gelu => "value *= normal_distribution(value);\n".to_owned(),
        Activation::GeluTanh => {
            "value /= 1.0f + expf(-1.5957691f * (value + 0.044715f * value * value * value));\n".to_owned()
        }
        Activation::HardSigmoid { alpha, beta } => {
            let line = format!("value = {} * value + {};\n", float(alpha), float(beta));
            line + &limited("value", 0.0, 1.0)
        }
        Activation::HardSwish => {
            format!("float gate = value + 3.0f;\n{}value *= gate / 6.0f;\n", limited("gate", 0.0, 6.0))
        }
        Activation::HardTanh { min, max } => limited("value", min, max),
    }
}

/// Statements that clip `value` and round it to a level, ties to even.
pub(super) fn clipped(outputs: ClippedOutputs) -> String {
    let (clip, steps) = (outputs.clip(), (1_u32 << outputs.bits.get()) - 1);
    format!(
        "float rest;\nuint16_t level;\nvalue /= {clip};\nif (!(value > 0.0f)) {{\n    value = 0.0f;\n}}\n\
         if (value > 1.0f) {{\n    value = 1.0f;\n}}\nvalue *= {steps}.0f;\nlevel = (uint16_t)value;\n\
         rest = value - (float)level;\nif ((rest > 0.5f) || ((rest >= 0.5f) && ((level & 1u) != 0))) {{\n    level++;\n}}\n\
         value = (float)level * {step};\n",
        clip = float(clip as f32),
        step = float((clip / f64::from(steps)) as f32),
    )
}

fn unless_positive(statement: &str) -> String {
    format!("if (!(value > 0.0f)) {{\n    {statement};\n}}\n")
}

/// Statements that keep a variable between two numbers, which may be infinite.
fn limited(variable: &str, least: f32, most: f32) -> String {
    let limit = |relation: &str, limit: f32| match limit.is_finite() {
        true => {
            let limit = float(limit);
            format!("if ({variable} {relation} {limit}) {{\n    {variable} = {limit};\n}}\n")
        }
        false => String::new(),
    };
    limit("<", least) + &limit(">", most)
}
