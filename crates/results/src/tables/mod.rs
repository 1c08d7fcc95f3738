//! The plain tables, one CSV file each: their columns are declared once, for writing and for reading.
//!
//! A file is a header and lines that are added as units come. Floats are written in the shortest form that reads back to
//! the same number, infinite and undefined ones as `inf`, `-inf` and `NaN`, missing values as empty cells; lines end in
//! `\n`.
//!
//! ```
//! use bitsweep_results::tables::{read_rows, write_header, write_rows};
//! use bitsweep_results::{Labels, LevelRow, Origins};
//!
//! let levels = [LevelRow { format: "int".into(), bits: 2, level: -1.0 }];
//! let mut csv = Vec::new();
//! write_header::<LevelRow>(&mut csv)?;
//! write_rows::<LevelRow>(&levels, &Labels::default(), &mut csv)?;
//! assert_eq!(csv, b"format,bits,level\nint,2,-1.0\n");
//! let read: Result<Vec<LevelRow>, _> = read_rows(&csv[..], &Origins::default())?.collect();
//! assert_eq!(read?, levels);
//! # Ok::<(), bitsweep_results::ResultsError>(())
//! ```

mod csv;
mod declarations;
mod derived;
mod field;
mod objects;
mod origins;
mod row;

pub(crate) use csv::{read_cells, write_cells};
pub use csv::{read_rows, write_header, write_rows};
pub use derived::{ClassRow, CurveRow, PredictionRow, RecallRow};
pub use field::{Cell, Field};
pub use objects::row_object;
pub use origins::Origins;
pub use row::{BadCell, Identity, TableRow};
