//! From text to experiment: sources and overrides, the grid, typed units and variants, errors with their location.

mod diagnostic;
mod document;
mod exclusion;
mod experiment;
mod grid;
mod header;
mod point;
mod wanted;

pub use diagnostic::Diagnostic;
pub use document::Document;
pub(crate) use document::changed_title;
pub use experiment::{Experiment, GridAxisSummary};
pub use header::{Aggregate, Divisor, Expectation, Finding, Header, Record, TableName};
pub use wanted::Wanted;
