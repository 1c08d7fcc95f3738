//! What a run writes: the results folder, its tables, charts and reports, and where the numbers came from.

mod expectations;
mod folder;
mod large_tables;
mod provenance;
mod reproduction;
mod write;

pub use expectations::check_expectations;
pub use folder::Folder;
pub use large_tables::LargeTables;
pub use write::{Written, write};
