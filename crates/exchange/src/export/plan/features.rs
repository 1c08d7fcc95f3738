//! What features are.

use bitsweep_inference::integer::{FeatureCodes, Positions};

use super::integer::Integer;

/// The number that all features have; `None` where they have different ones.
pub(in crate::export) fn the_same<T: Copy + PartialEq>(numbers: &[T]) -> Option<T> {
    let first = *numbers.first()?;
    numbers.iter().all(|number| *number == first).then_some(first)
}

/// The type of features that are whole numbers: one in which none that it holds is mistaken. `None` of floats.
pub(in crate::export) fn feature_integer(features: &FeatureCodes) -> Option<Integer> {
    let Positions::Integer(all) = features.positions() else { return None };
    // What is beyond these has the lowest or the highest code.
    let ends = all.iter().flat_map(|own| {
        let first = i64::from(own.first);
        [first, first + ((i64::from(own.last) + 1) << own.coarse)]
    });
    let are_short = ends.into_iter().all(|end| i16::try_from(end).is_ok());
    Some(if are_short { Integer::I16 } else { Integer::I32 })
}
