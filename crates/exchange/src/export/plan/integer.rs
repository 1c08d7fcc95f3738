//! Types of whole numbers.

/// A type of whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::export) enum Integer {
    U8,
    I8,
    U16,
    I16,
    I32,
}

impl Integer {
    /// Bytes of a number.
    pub(in crate::export) const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::I32 => 4,
        }
    }

    /// The narrowest type that holds the numbers between two.
    pub(in crate::export) const fn of(least: i64, most: i64) -> Self {
        match (least, most) {
            (0.., ..=0xff) => Self::U8,
            (-0x80.., ..=0x7f) => Self::I8,
            (0.., ..=0xffff) => Self::U16,
            (-0x8000.., ..=0x7fff) => Self::I16,
            _ => Self::I32,
        }
    }

    /// The narrowest type that holds all of some numbers.
    pub(in crate::export) fn holding(values: impl IntoIterator<Item = i32>) -> Self {
        let (least, most) =
            values.into_iter().fold((0, 0), |(least, most), value| (value.min(least), value.max(most)));
        Self::of(i64::from(least), i64::from(most))
    }
}
