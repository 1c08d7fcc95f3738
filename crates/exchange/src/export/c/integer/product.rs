//! Functions for the products of bytes of inputs and weights, in assembler on an AVR.

use crate::export::plan::{Integer, LayerPlan, Meaning, WeightCodes};

/// What sums products of bytes. An AVR's compiler makes twice as many cycles of the loop in C.
const PRODUCT: &str = include_str!("../functions/product.c");

/// What sums products of codes and bytes.
const PRODUCT_OF_4_BITS: &str = include_str!("../functions/product_of_4_bits.c");
const PRODUCT_OF_2_BITS: &str = include_str!("../functions/product_of_2_bits.c");
const PRODUCT_OF_1_BIT: &str = include_str!("../functions/product_of_1_bit.c");

/// A function that sums the products of a group of inputs and weights.
pub(super) struct Product<'a> {
    /// The weights, whole bytes with a sign where they are no codes.
    pub(super) weights: Weights<'a>,
    /// Whether codes of inputs have a sign.
    is_signed: bool,
}

/// What such a function takes.
#[derive(Clone, Copy)]
pub(super) enum Weights<'a> {
    /// Bytes with a sign.
    Bytes(&'a [i32]),
    /// Codes that begin with a byte.
    Codes { width: Width, meaning: &'a Meaning, bytes: &'a [u8] },
}

/// Bits of a code for which there is a function.
#[derive(Clone, Copy)]
pub(super) enum Width {
    Four,
    Two,
    One,
}

impl<'a> Product<'a> {
    /// The function for the weights of a layer; `None` where there is none.
    pub(super) fn of(plan: &'a LayerPlan) -> Option<Self> {
        let weights = match &plan.weights {
            WeightCodes::Levels(levels) if levels.iter().all(|level| (-128..=127).contains(level)) => {
                Weights::Bytes(levels)
            }
            WeightCodes::Packed { bits, meaning, bytes, is_aligned: true } => {
                let width = match bits {
                    4 => Width::Four,
                    2 => Width::Two,
                    1 => Width::One,
                    _ => return None,
                };
                Weights::Codes { width, meaning, bytes }
            }
            WeightCodes::Levels(_) | WeightCodes::Packed { .. } => return None,
        };
        plan.is_of_bytes.then_some(Self { weights, is_signed: plan.codes == Integer::I8 })
    }

    /// What it is called.
    pub(super) const fn name(&self) -> &'static str {
        match self.weights {
            Weights::Bytes(_) => "product",
            Weights::Codes { width: Width::Four, .. } => "product_of_4_bits",
            Weights::Codes { width: Width::Two, .. } => "product_of_2_bits",
            Weights::Codes { width: Width::One, .. } => "product_of_1_bit",
        }
    }

    /// Its text; where 24 bits hold the sums of all layers, the highest byte follows from the others.
    pub(super) fn text(&self, are_short: bool) -> String {
        let text = match self.weights {
            Weights::Bytes(_) => PRODUCT,
            Weights::Codes { width: Width::Four, .. } => PRODUCT_OF_4_BITS,
            Weights::Codes { width: Width::Two, .. } => PRODUCT_OF_2_BITS,
            Weights::Codes { width: Width::One, .. } => PRODUCT_OF_1_BIT,
        };
        let text = match self.is_signed {
            true => text.replace("const uint8_t *x", "const int8_t *x").replace("mulsu", "muls"),
            false => text.to_owned(),
        };
        match are_short {
            true => text.lines().filter_map(of_24_bits).collect(),
            false => text,
        }
    }

    /// Bytes of weights of so many inputs.
    pub(super) const fn bytes(&self, inputs: usize) -> usize {
        match self.weights {
            Weights::Bytes(_) => inputs,
            Weights::Codes { width: Width::Four, .. } => inputs.div_ceil(2),
            Weights::Codes { width: Width::Two, .. } => inputs.div_ceil(4),
            Weights::Codes { width: Width::One, .. } => inputs.div_ceil(8),
        }
    }
}

/// A line of a function whose sums have 24 bits.
fn of_24_bits(line: &str) -> Option<String> {
    let assembler = line.trim_start();
    let indent = &line[..line.len() - assembler.len()];
    if assembler.starts_with("\"adc %D[sum]") {
        return None;
    }
    let end = assembler.strip_suffix("clr r1\"").map(|label| {
        format!(
            "{label}clr r1\\n\\t\"\n{indent}\"mov %D[sum], %C[sum]\\n\\t\" /* 24 bits hold the sum */\n\
             {indent}\"lsl %D[sum]\\n\\t\"\n{indent}\"sbc %D[sum], %D[sum]\""
        )
    });
    Some(format!("{indent}{}\n", end.unwrap_or_else(|| assembler.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The variants of a function are made of its text: nothing of the other variant is left.
    #[test]
    fn variants_of_functions_are_whole() {
        for width in [None, Some(Width::Four), Some(Width::Two), Some(Width::One)] {
            let weights = match width {
                None => Weights::Bytes(&[]),
                Some(width) => Weights::Codes { width, meaning: &Meaning::Offset(0), bytes: &[] },
            };
            let text = |is_signed: bool, are_short: bool| Product { weights, is_signed }.text(are_short);
            let usual = text(false, false);
            let products = usual.matches("mulsu").count();
            assert!(products > 0 && usual.contains("const uint8_t *x") && usual.ends_with("}\n"));
            assert_eq!(usual.matches("adc %D[sum]").count(), products);
            let signed = text(true, false);
            assert_eq!((signed.matches("muls ").count(), signed.matches("mulsu").count()), (products, 0));
            assert!(signed.contains("const int8_t *x") && !signed.contains("const uint8_t *x"));
            let short = text(false, true);
            assert_eq!(short.matches("adc %D[sum]").count(), 0);
            assert_eq!(short.matches("sbc %D[sum], %D[sum]").count(), 1);
            assert_eq!(short.lines().count(), usual.lines().count() - products + 3);
        }
    }
}
