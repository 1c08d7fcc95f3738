//! From a user's own file to a dataset: bytes → text → how it is written → columns → classes, features and notes.

mod assemble;
mod cell;
mod class_labels;
mod classes;
mod column_ref;
mod content;
mod dialect;
mod encoding;
mod error;
mod guard;
mod levels;
mod missing;
mod pages;
mod parquet;
mod raw;
mod read;
mod rows;
mod separator;
mod source;
mod suspicions;
mod text;

pub use cell::Decimal;
pub use classes::{Bins, RareClasses};
pub use column_ref::ColumnRef;
pub use encoding::Encoding;
pub use error::{Gap, TableError, TableProblem};
pub use missing::Missing;
pub use raw::{Cells, Texts};
pub use rows::Rows;
pub use separator::Separator;
pub use source::{TableSource, TextEncoding};
