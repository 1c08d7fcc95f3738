//! What a column of the results table is.

use std::borrow::Cow;

use super::draft::Draft;
use crate::label::Label;
use crate::measures::Measures;
use crate::record::ResultRow;

/// A row with what the columns need beside it.
pub(super) struct Entry<'a> {
    pub(super) row: &'a ResultRow,
    /// `None` where rows are stored, which have no names.
    pub(super) label: Option<&'a Label>,
    /// Bits of the unit's float baseline.
    pub(super) baseline_bits: Option<u32>,
}

/// Reads the text of a cell from a row.
type GetText = dyn for<'r> Fn(&Entry<'r>) -> Option<Cow<'r, str>>;
/// Reads the number of a cell from a row.
type GetNumber<N> = dyn Fn(&Entry<'_>) -> Option<N>;
/// Puts text back into a row; `None` where the column does not hold such text.
pub(super) type PutText = fn(&mut Draft, &str) -> Option<()>;
/// Puts a count back into a row; `None` where the row has no room for it.
pub(super) type PutWhole = fn(&mut Draft, u64) -> Option<()>;
/// Puts a measure back into a row.
pub(super) type PutFloat = fn(&mut Draft, f64);

/// How the cells of a column are read from a row and, where it is stored, put back.
pub(super) enum Access {
    Text(Box<GetText>, Option<PutText>),
    Whole(Box<GetNumber<u64>>, Option<PutWhole>),
    Float(Box<GetNumber<f64>>, Option<PutFloat>),
}

/// A column.
pub(super) struct Column {
    pub(super) name: Cow<'static, str>,
    pub(super) access: Access,
    /// Whether it is for machines, and in the Parquet file alone.
    pub(super) is_canonical: bool,
}

impl Column {
    /// The text of a cell; `None` where there is none, and of numbers.
    pub(super) fn text<'r>(&self, entry: &Entry<'r>) -> Option<Cow<'r, str>> {
        match &self.access {
            Access::Text(get, _) => get(entry),
            Access::Whole(..) | Access::Float(..) => None,
        }
    }

    /// Whether rows are read back from it.
    pub(super) fn is_stored(&self) -> bool {
        match &self.access {
            Access::Text(_, put) => put.is_some(),
            Access::Whole(_, put) => put.is_some(),
            Access::Float(_, put) => put.is_some(),
        }
    }
}

pub(super) fn column(name: &'static str, access: Access) -> Column {
    Column { name: name.into(), access, is_canonical: false }
}

pub(super) fn text(
    name: &'static str,
    get: impl for<'r> Fn(&Entry<'r>) -> Option<Cow<'r, str>> + 'static,
    put: Option<PutText>,
) -> Column {
    column(name, Access::Text(Box::new(get), put))
}

pub(super) fn whole(
    name: &'static str,
    get: impl Fn(&Entry<'_>) -> Option<u64> + 'static,
    put: Option<PutWhole>,
) -> Column {
    column(name, Access::Whole(Box::new(get), put))
}

/// A measure that is a count.
pub(super) fn count(name: &'static str, get: fn(&Measures) -> Option<u64>, put: PutWhole) -> Column {
    whole(name, move |entry| get(entry.row.measures()?), Some(put))
}

/// A measure.
pub(super) fn measure(name: &'static str, get: fn(&Measures) -> Option<f64>, put: PutFloat) -> Column {
    column(name, Access::Float(Box::new(move |entry| get(entry.row.measures()?)), Some(put)))
}

/// A measure that follows from others.
pub(super) fn derived(name: &'static str, get: fn(&Entry<'_>, &Measures) -> Option<f64>) -> Column {
    column(name, Access::Float(Box::new(move |entry| get(entry, entry.row.measures()?)), None))
}

/// Text that is null where it is empty.
pub(super) fn filled(text: &str) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then_some(Cow::Borrowed(text))
}

/// Sets a field to a number that fits.
pub(super) fn set<T: TryFrom<u64>>(field: &mut T, value: u64) -> Option<()> {
    *field = value.try_into().ok()?;
    Some(())
}
