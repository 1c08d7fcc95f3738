//! Classification data and what is done to it before training: load → split → scale.
//!
//! * [`builtin`] loads the datasets that are compiled into the program, [`CsvSource::read`] a user's own file; both
//!   end as a [`Dataset`].
//! * [`holdout`] divides its rows into training and test rows, plain or stratified; with NumPy's generator they are
//!   the rows of scikit-learn's `train_test_split`.
//! * [`fit`] learns a [`Scaler`] from the training rows only.
//!
//! ```
//! use bitsweep_datasets::{Holdout, Scaling, TestSize, builtin, fit, holdout};
//! use bitsweep_random::{Generator, Stream};
//!
//! let wine = builtin("wine")?;
//! let mut stream = Stream::new(Generator::Numpy, 42, "split")?;
//! let rule = Holdout { test: TestSize::Fraction(0.2), stratified: false };
//! let split = holdout(&wine.labels, wine.classes(), &rule, &mut stream)?;
//! assert_eq!((split.train.len(), split.test.len()), (142, 36));
//!
//! let (train, _) = wine.subset(&split.train);
//! let scaler = fit(&Scaling::Standard, train.view())?;
//! let train = scaler.apply(train.view())?;
//! assert!(train.column(0).sum().abs() < 1e-9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builtin;
mod class_labels;
mod csv_error;
mod csv_source;
mod csv_table;
mod dataset;
mod holdout;
mod scaling;
mod split;
mod stratification;
mod target;
mod wording;

pub use builtin::{BuiltinError, builtin, builtin_names};
pub use csv_error::{CsvError, CsvProblem};
pub use csv_source::CsvSource;
pub use dataset::{Dataset, Note, RowsOfFile};
pub use holdout::{Holdout, TestSize, holdout};
pub use scaling::{Overflow, Scaler, Scaling, ScalingError, fit};
pub use split::{Split, SplitError};
pub use target::Target;
pub use wording::{excerpt, nearest};
