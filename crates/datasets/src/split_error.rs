//! Why rows cannot be divided into training, validation and test rows.

use crate::dataset::Dataset;
use crate::split::Part;
use crate::wording::counted;

/// Why rows cannot be divided as asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SplitError {
    /// A fraction is not strictly between 0 and 1.
    #[error("{part} fraction `{fraction}` is out of range: expected a number above 0 and below 1")]
    Fraction {
        /// What the rows are held out for.
        part: Part,
        /// The fraction asked for.
        fraction: f64,
    },
    /// No rows are asked for.
    #[error("{0} count `0` leaves nothing to {verb} on: expected at least 1", verb = verb(*.0))]
    NoRows(Part),
    /// The count takes all rows that there are.
    #[error("{part} count `{count}` leaves no training rows: expected less than {}, {rows}", what(*part))]
    Count {
        /// What the rows are held out for.
        part: Part,
        /// The rows asked for.
        count: usize,
        /// The rows to take them from.
        rows: usize,
    },
    /// The fraction is rounded up to all rows that there are.
    #[error(
        "{part} fraction `{fraction}` leaves no training rows of {rows} {}: a smaller fraction is needed",
        whole(*part)
    )]
    NoTrainingRows {
        /// What the rows are held out for.
        part: Part,
        /// The fraction.
        fraction: f64,
        /// The rows to take them from.
        rows: usize,
    },
    /// A class cannot be on both sides of a stratified split.
    #[error("class {class} has only one row{} (row {row}): {}", besides(*part), at_least_two(*part))]
    SmallClass {
        /// What rows are held out for.
        part: Part,
        /// The class's number, counted from 0.
        class: usize,
        /// Its only row, counted from 0.
        row: usize,
    },
    /// One side of a stratified split has fewer rows than there are classes.
    #[error(
        "there are {classes} classes, but the number of {side} rows is {rows}: a stratified split needs a row of each class: a larger part is needed, or `stratified = false`"
    )]
    FewerRowsThanClasses {
        /// What rows are held out for.
        part: Part,
        /// `training`, `validation` or `test`.
        side: &'static str,
        /// The rows on that side.
        rows: usize,
        /// The classes with rows.
        classes: usize,
    },
    /// There are fewer than two folds.
    #[error("`folds = {0}` leaves no training rows: expected at least 2")]
    Folds(usize),
    /// There are more folds than rows.
    #[error(
        "`folds = {folds}` leaves folds without a row: expected at most as many as there are rows, {rows}"
    )]
    MoreFoldsThanRows {
        /// The folds asked for.
        folds: usize,
        /// All rows.
        rows: usize,
    },
    /// A class cannot be in every fold.
    #[error("class {class} has {}: stratified folds need at least {folds} rows of each class", counted(*rows, "row", "rows"))]
    ClassBelowFolds {
        /// The class's number, counted from 0.
        class: usize,
        /// Its rows.
        rows: usize,
        /// The folds asked for.
        folds: usize,
    },
    /// Groups, which stay together, cannot be divided.
    #[error("the groups stay together, and are divided as rows are: {0}")]
    Groups(Box<SplitError>),
    /// Groups that stay together cannot be divided by class, too.
    #[error(
        "`stratified = true` divides each class by itself, but the rows of a group stay together: expected one of the two"
    )]
    StratifiedGroups,
    /// The data are asked to say how they are divided, and do not.
    #[error(
        "the data do not say which rows are for the test: expected a column `split`, or `train` and `test` files, in the source"
    )]
    NotGiven,
    /// A label is not the number of a class.
    #[error("row {row} is of class {label}: expected a class below {classes}")]
    Label {
        /// The row, counted from 0.
        row: usize,
        /// Its label.
        label: usize,
        /// The number of classes.
        classes: usize,
    },
}

/// What rows that are held out for it serve to do.
const fn verb(part: Part) -> &'static str {
    match part {
        Part::Test => "test",
        Part::Validation => "choose",
    }
}

/// The rows that it is taken from.
const fn what(part: Part) -> &'static str {
    match part {
        Part::Test => "the number of rows",
        Part::Validation => "the number of rows that are no test rows",
    }
}

const fn whole(part: Part) -> &'static str {
    match part {
        Part::Test => "in all",
        Part::Validation => "that are no test rows",
    }
}

const fn besides(part: Part) -> &'static str {
    match part {
        Part::Test => "",
        Part::Validation => " that is no test row",
    }
}

const fn at_least_two(part: Part) -> &'static str {
    match part {
        Part::Test => "a stratified split needs at least 2 of each class",
        Part::Validation => "stratified validation rows need at least 2 of each class besides the test rows",
    }
}

impl SplitError {
    /// The error in the names of the dataset that was to be split: its class, and the line of its file.
    #[must_use]
    pub fn in_names_of(&self, dataset: &Dataset) -> String {
        match self {
            Self::SmallClass { part, class, row } => format!(
                "class `{}` has only one row{} ({}): {}",
                dataset.class_names[*class],
                besides(*part),
                dataset.place_of(*row),
                at_least_two(*part)
            ),
            Self::ClassBelowFolds { class, rows, folds } => format!(
                "class `{}` has {}: stratified folds need at least {folds} rows of each class",
                dataset.class_names[*class],
                counted(*rows, "row", "rows")
            ),
            Self::Fraction { .. }
            | Self::NoRows(_)
            | Self::Count { .. }
            | Self::NoTrainingRows { .. }
            | Self::FewerRowsThanClasses { .. }
            | Self::Folds(_)
            | Self::MoreFoldsThanRows { .. }
            | Self::Groups(_)
            | Self::StratifiedGroups
            | Self::NotGiven
            | Self::Label { .. } => self.to_string(),
        }
    }

    /// The key of the rule that asks for what cannot be.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Fraction { part, .. }
            | Self::NoRows(part)
            | Self::Count { part, .. }
            | Self::NoTrainingRows { part, .. }
            | Self::SmallClass { part, .. }
            | Self::FewerRowsThanClasses { part, .. } => match part {
                Part::Test => "test",
                Part::Validation => "validation",
            },
            Self::Folds(_) | Self::MoreFoldsThanRows { .. } | Self::ClassBelowFolds { .. } => "folds",
            Self::Groups(error) => error.key(),
            Self::StratifiedGroups => "stratified",
            Self::NotGiven => "given",
            Self::Label { .. } => "test",
        }
    }
}
