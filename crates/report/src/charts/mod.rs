//! The charts: one file each, all with the same verb, `draw`.

mod bar_chart;
mod bits_by_bits;
mod break_even;
mod confusion;
mod efficiency;
mod error_by_bits;
mod flips;
mod learning_curve;
mod lines;
mod losses;
mod number_line;
mod pareto;
mod reconstruction;
mod roofline;
mod scheme_error;
mod schemes;
mod score_by_bits;
mod selection;
mod sensitivity;
mod size_parts;
mod subject;
mod training_curves;
mod weights;

use rayon::prelude::*;

use subject::Subject;

pub use break_even::break_even;
pub use roofline::{Roofline, RooflineLine, roofline};

use crate::draw::canvas::Fault;
use crate::error::ReportError;
use crate::report::{Chart, Report};

/// A chart's name and the function that draws it, or finds that there is nothing to draw.
type Entry = (&'static str, fn(&Subject<'_>) -> Result<Option<Chart>, Fault>);

/// All charts in the order of the report.
const CHARTS: [Entry; 16] = [
    (score_by_bits::NAME, score_by_bits::draw),
    (bits_by_bits::NAME, bits_by_bits::draw),
    (pareto::NAME, pareto::draw),
    (efficiency::NAME, efficiency::draw),
    (error_by_bits::NAME, error_by_bits::draw),
    (scheme_error::NAME, scheme_error::draw),
    (reconstruction::VALUES, reconstruction::draw_values),
    (reconstruction::ERRORS, reconstruction::draw_errors),
    (size_parts::NAME, size_parts::draw),
    (sensitivity::NAME, sensitivity::draw),
    (number_line::NAME, number_line::draw),
    (weights::NAME, weights::draw),
    (confusion::NAME, confusion::draw),
    (flips::NAME, flips::draw),
    (learning_curve::NAME, learning_curve::draw),
    (training_curves::NAME, training_curves::draw),
];

/// Draws every chart that makes sense for the records, in the order in which the report shows them.
///
/// A chart is left out where there is nothing to see: no scores, a single bit width, no training curve. The charts are
/// drawn in parallel and depend on the records alone; behind them is one of each machine that times are of.
///
/// # Errors
/// [`ReportError::Draw`] when the drawing library fails.
pub fn charts(report: &Report<'_>) -> Result<Vec<Chart>, ReportError> {
    let subject = Subject { records: report.records, summary: report.summary };
    let drawn: Result<Vec<Option<Chart>>, ReportError> = CHARTS
        .par_iter()
        .map(|(name, draw)| {
            draw(&subject).map_err(|fault| ReportError::Draw { chart: name, reason: fault.to_string() })
        })
        .collect();
    let of_machines: Vec<Chart> = report.speeds.iter().map(break_even).collect::<Result<_, _>>()?;
    Ok(drawn?.into_iter().flatten().chain(of_machines).collect())
}
