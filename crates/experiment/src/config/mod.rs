//! From text to experiment: sources and overrides, the grid, typed units and variants, errors with their location.

mod change;
mod device;
mod diagnostic;
mod document;
mod exclusion;
mod experiment;
mod export;
mod grid;
mod header;
mod in_order;
mod places;
mod point;
mod relocation;
mod schema;
mod serde_words;
mod wanted;

pub use change::Change;
pub use change::change_header;
pub use device::Device;
pub use diagnostic::Diagnostic;
pub use document::DEFAULTS;
pub use document::Document;
pub use experiment::{Experiment, GridAxisSummary};
pub use export::{Export, ExportFormat, ExportGoal};
pub use header::{Aggregate, Divisor, Expectation, Finding, Header, Record, TableName};
pub use places::{Placed, Places};
pub use relocation::relocated;
pub use schema::{SCHEMA_DIRECTIVE, schema};
pub use schema::{resolved, schema_of_values};
pub use wanted::Wanted;

/// A value of the tree, with the bytes it was written in.
pub(crate) type Node<'t> = toml::Spanned<toml::de::DeValue<'t>>;
