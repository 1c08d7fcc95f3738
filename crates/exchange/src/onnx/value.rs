//! What an edge of the graph carries.

use std::rc::Rc;

use crate::onnx::flow::Flow;
use crate::onnx::tensor::Constant;

/// What an edge of the graph carries.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// An input that is left out, or an output that is not looked at.
    Nothing,
    /// Numbers that do not depend on the features.
    Constant(Rc<Constant>),
    /// Names of classes.
    Strings(Rc<[String]>),
    /// Rows that depend on the features.
    Rows(Flow),
    /// One number for each row.
    Reduced(Reduced),
    /// One column of what is computed of whole rows: the probability of one class.
    Column(Column),
    /// The class of each row.
    Labels(Labels),
    /// The shape of rows, or a part of it.
    Lengths(Lengths),
}

/// One column of rows.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) flow: Flow,
    pub(crate) position: usize,
}

/// A number for each row.
#[derive(Clone, Debug)]
pub(crate) struct Reduced {
    pub(crate) flow: Flow,
    pub(crate) reduction: Reduction,
    /// Whether it stands in a column of its own.
    pub(crate) is_column: bool,
}

/// What becomes of the numbers of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reduction {
    Maximum,
    Sum,
    SumOfMagnitudes,
    LogSumExp,
    /// Whether the sum is not 0.
    HasSum,
    /// Not 0 where the sum is 0: what keeps a division by it from being one by 0.
    LacksSum,
}

/// The class of each row.
#[derive(Clone, Debug)]
pub(crate) struct Labels {
    /// The scores, the largest of which is the class.
    pub(crate) flow: Flow,
    /// What the classes are called; none where they are only counted.
    pub(crate) classes: Option<Rc<[String]>>,
    /// Whether these are the probabilities of the classes by their names, not the class.
    pub(crate) is_map: bool,
}

/// A shape, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lengths {
    pub(crate) lengths: Vec<Length>,
    /// Whether it is a single number, no list.
    pub(crate) is_scalar: bool,
}

/// A length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// As many as there are rows.
    Rows,
    Known(i64),
}
