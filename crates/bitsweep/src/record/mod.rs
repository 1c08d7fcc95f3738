//! What a run writes: the results folder, its tables, charts and reports, and where the numbers came from.

mod comparison;
mod expectations;
mod filesystem;
mod folder;
mod folder_name;
mod kept;
mod large_tables;
mod marker;
mod output;
mod picks;
mod place;
mod provenance;
mod table;
mod users_files;
mod workshop;
mod write;

pub use expectations::check_expectations;
pub use folder::{Committed, Folder};
pub use folder_name::{check_folder_name, folder_name};
pub use kept::{Kept, KeptPick, kept_picks};
pub use large_tables::LargeTables;
pub use output::Output;
pub use picks::{Pick, picks};
pub use write::{EXPERIMENT, MODELS, Written, write};
