//! From records to a report: charts, Markdown and one self-contained HTML page.
//!
//! The report is a function of what was recorded, of the conclusions drawn from it and of the strings and times it is given; it
//! knows no clock, no machine and no network. [`charts`] draws, [`png()`] rasterizes, [`markdown`] and [`html`] write.
//!
//! ```
//! use bitsweep_report::{Report, charts, markdown};
//! use bitsweep_results::{Labels, PickRule, Records, summarize};
//!
//! let records = Records::default();
//! let summary = summarize(&records, &Labels::of_rows(&records.results), &PickRule::default());
//! let report = Report { title: "Nothing yet".into(), ..Report::new(&records, &summary) };
//! assert!(charts(&report)?.is_empty());
//! assert!(markdown(&report, &[]).starts_with("# Nothing yet\n"));
//! # Ok::<(), bitsweep_report::ReportError>(())
//! ```

mod charts;
mod document;
mod draw;
mod error;
mod html;
mod markdown;
mod raster;
mod report;
mod values;

pub use charts::{Roofline, RooflineLine, break_even, charts, roofline};
pub use error::ReportError;
pub use html::html;
pub use markdown::{markdown, markdown_line, markdown_table, markdown_text, speed_markdown};
pub use raster::png;
pub use report::{Chart, ComparedRow, FoundRow, Report};
