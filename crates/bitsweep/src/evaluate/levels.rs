//! The levels of the formats of a plan.

use bitsweep_quant::number_line;
use bitsweep_results::LevelRow;

use crate::plan::Plan;

/// The levels of each format and number of bits, once, in the order of the plan; none where all formats are one.
pub(super) fn rows(plan: &Plan) -> Vec<LevelRow> {
    let mut known: Vec<(String, u32)> = Vec::new();
    let mut rows = Vec::new();
    for scheme in plan.distinct.iter().map(|planned| &planned.variant.scheme) {
        let (format, bits) = (scheme.format.to_string(), scheme.bits());
        if known.iter().any(|(name, width)| *name == format && *width == bits) {
            continue;
        }
        if let Some(levels) = number_line(scheme) {
            rows.extend(levels.into_iter().map(|level| LevelRow { format: format.clone(), bits, level }));
            known.push((format, bits));
        }
    }
    if known.iter().all(|(format, _)| *format == known[0].0) {
        rows.clear();
    }
    rows
}
