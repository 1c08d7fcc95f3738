//! Changes of the trained model before it is quantized.

use bitsweep_models::{Activation, DenseStack};
use bitsweep_quant::Transform;

use super::failed;
use crate::failure::Failure;
use crate::plan::Unit;

/// Applies a transform to every pair of neighbouring layers with a ReLU between them.
pub(super) fn transform(
    unit: &Unit,
    stack: &DenseStack,
    transform: Transform,
) -> Result<(DenseStack, bool), Failure> {
    let mut layers = stack.layers().to_vec();
    let mut changed = false;
    for position in 1..layers.len() {
        let (before, after) = layers.split_at_mut(position);
        let (Some(first), Some(second)) = (before.last_mut(), after.first_mut()) else { continue };
        match first.activation {
            Activation::Relu => {
                let done = transform.apply(&mut first.weight, &mut first.bias, &mut second.weight);
                changed |= done.map_err(|error| failed(unit, error))?.changed();
            }
            Activation::Identity => {}
        }
    }
    let stack = DenseStack::new(layers, stack.head())
        .map_err(|error| failed(unit, format!("{transform}: {error}")))?;
    Ok((stack, changed))
}
