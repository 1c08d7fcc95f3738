//! Cells of tables: how each type is written and read.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::choice::Choice;
use crate::device::DeviceBasis;
use crate::record::{ErrorPart, HistogramKind, RowPart};
use crate::summary::{EffectVerdict, Verdict};

/// What stands in one place of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Empty,
    /// Text.
    Text(&'a str),
    /// A count, a position or a number of bytes.
    Whole(u64),
    /// A whole number that may be negative.
    Signed(i64),
    /// A measure.
    Float(f64),
    /// Whether something is so.
    Logical(bool),
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Empty => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Whole(number) => serializer.serialize_u64(*number),
            Self::Signed(number) => serializer.serialize_i64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Logical(is_so) => serializer.serialize_bool(*is_so),
        }
    }
}

/// A type that fills a cell.
pub trait Field: Sized {
    /// What a cell of this type holds, for error messages.
    const EXPECTED: &'static str;

    /// The value as a cell.
    fn cell(&self) -> Cell<'_>;

    /// The value that a written cell stands for; `None` of what is none.
    fn read(text: &str) -> Option<Self>;
}

impl Field for usize {
    const EXPECTED: &'static str = "a whole number";

    fn cell(&self) -> Cell<'_> {
        Cell::Whole(*self as u64)
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Field for u64 {
    const EXPECTED: &'static str = "a whole number";

    fn cell(&self) -> Cell<'_> {
        Cell::Whole(*self)
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Field for u32 {
    const EXPECTED: &'static str = "a whole number";

    fn cell(&self) -> Cell<'_> {
        Cell::Whole(u64::from(*self))
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Field for i64 {
    const EXPECTED: &'static str = "a whole number";

    fn cell(&self) -> Cell<'_> {
        Cell::Signed(*self)
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// Infinite and undefined numbers are `inf`, `-inf` and `NaN`.
impl Field for f64 {
    const EXPECTED: &'static str = "a number";

    fn cell(&self) -> Cell<'_> {
        Cell::Float(*self)
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Field for bool {
    const EXPECTED: &'static str = "`true` or `false`";

    fn cell(&self) -> Cell<'_> {
        Cell::Logical(*self)
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Field for String {
    const EXPECTED: &'static str = "text";

    fn cell(&self) -> Cell<'_> {
        Cell::Text(self)
    }

    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Field for Arc<str> {
    const EXPECTED: &'static str = "text";

    fn cell(&self) -> Cell<'_> {
        Cell::Text(self)
    }

    fn read(text: &str) -> Option<Self> {
        Some(text.into())
    }
}

/// An empty cell is `None`.
impl<F: Field> Field for Option<F> {
    const EXPECTED: &'static str = F::EXPECTED;

    fn cell(&self) -> Cell<'_> {
        self.as_ref().map_or(Cell::Empty, Field::cell)
    }

    fn read(text: &str) -> Option<Self> {
        if text.is_empty() { Some(None) } else { F::read(text).map(Some) }
    }
}

/// A type with a name for each of its few values.
macro_rules! named {
    ($type:ty, $expected:literal) => {
        impl Field for $type {
            const EXPECTED: &'static str = $expected;

            fn cell(&self) -> Cell<'_> {
                Cell::Text(self.name())
            }

            fn read(text: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|value| value.name() == text)
            }
        }
    };
}

named!(ErrorPart, "`whole`, `rounding`, `clipping`, `bias` or `activations`");
named!(RowPart, "`test` or `validation`");
named!(DeviceBasis, "`emulated`, `compiled` or `estimated`");
named!(HistogramKind, "`float` or `level`");
named!(Verdict, "`confirmed`, `likely`, `worse` or `undecided`");
named!(EffectVerdict, "`better`, `worse`, `equivalent` or `not-shown`");

impl Field for Choice {
    const EXPECTED: &'static str = "the name of an axis";

    fn cell(&self) -> Cell<'_> {
        Cell::Text(self.column())
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_column(text)
    }
}
