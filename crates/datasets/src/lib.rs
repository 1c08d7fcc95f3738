//! Classification data and what is done to it before training: load → split → encode → scale.
//!
//! * [`builtin`] loads the datasets that are compiled into the program, [`TableSource::read`] a user's own file; both
//!   end as a [`Dataset`].
//! * [`holdout`] divides its rows into training and test rows, once or several times, [`k_fold`] into folds that are the
//!   test set in turn, plain or stratified; with NumPy's generator they are the rows of scikit-learn. Either may set
//!   validation rows apart.
//! * [`Rows::read`] reads the columns of a model that is there already, to predict or score rows with it.
//! * [`encode`] makes features of its columns, and [`fit`] learns a [`Scaler`], both from the training rows only.
//!
//! ```
//! use bitsweep_datasets::{Holdout, PartSize, Scaling, SplitStreams, builtin, encode, fit, holdout};
//! use bitsweep_random::Generator;
//!
//! let wine = builtin("wine")?;
//! let mut streams = SplitStreams::new(Generator::Numpy, 42, 0)?;
//! let rule = Holdout::plain(PartSize::Fraction(0.2));
//! let split = holdout(&wine.labels, wine.classes(), &rule, &mut streams)?;
//! assert_eq!((split.train.len(), split.test.len()), (142, 36));
//!
//! let train = encode(&wine, &split.train)?.apply(&wine, &split.train);
//! let scaler = fit(&Scaling::Standard, train.view())?;
//! let train = scaler.apply(train.view())?;
//! assert!(train.column(0).sum().abs() < 1e-9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builtin;
mod dataset;
mod division;
mod encode;
mod holdout;
mod k_fold;
mod note;
mod part_size;
mod scaling;
mod split;
mod split_error;
mod split_streams;
mod stratification;
mod table;
mod wording;

pub use builtin::{BuiltinError, builtin, builtin_names};
pub use dataset::{
    Column, ColumnKind, Dataset, Division, OtherClass, OtherColumn, ReadFile, RowsOfFile, TextLayout,
};
pub use division::divide_groups;
pub use encode::{EncodeError, Encoder, FeatureColumn, encode};
pub use holdout::{Holdout, holdout};
pub use k_fold::{KFold, k_fold};
pub use note::{Note, RowNumber};
pub use part_size::PartSize;
pub use scaling::{Overflow, Scaler, Scaling, ScalingError, fit};
pub use split::{Part, Split};
pub use split_error::SplitError;
pub use split_streams::SplitStreams;
pub use table::{
    Bins, Cells, ColumnRef, Decimal, Encoding, Gap, Missing, RareClasses, Rows, Separator, TableError,
    TableProblem, TableSource, TextEncoding, Texts,
};
pub use wording::{excerpt, list, nearest};
