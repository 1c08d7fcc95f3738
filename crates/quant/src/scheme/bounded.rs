//! Numbers that cannot be out of range: a wrong one fails where it is written, not where it is used.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

macro_rules! bounded_integer {
    ($(#[$documentation:meta])* $name:ident, $what:literal, $least:literal, $most:literal) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// The smallest value.
            pub const LEAST: Self = Self($least);
            /// The largest value.
            pub const MOST: Self = Self($most);

            /// The checked number.
            ///
            /// # Errors
            /// A sentence that names the value when it is out of range.
            pub fn new(value: u32) -> Result<Self, OutOfRange> {
                if (Self::LEAST.0..=Self::MOST.0).contains(&value) {
                    Ok(Self(value))
                } else {
                    Err(OutOfRange::new(value, $what, &Self::LEAST.0, &Self::MOST.0))
                }
            }

            /// The plain number.
            #[must_use]
            pub const fn get(self) -> u32 {
                self.0
            }
        }

        impl TryFrom<u32> for $name {
            type Error = OutOfRange;

            fn try_from(value: u32) -> Result<Self, OutOfRange> {
                Self::new(value)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "integer", "minimum": Self::LEAST, "maximum": Self::MOST })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u32(self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Integer;

                impl Visitor<'_> for Integer {
                    type Value = $name;

                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(formatter, "{}, {} to {}", $what, $name::LEAST, $name::MOST)
                    }

                    fn visit_i64<E: Error>(self, value: i64) -> Result<$name, E> {
                        u32::try_from(value).ok().and_then(|value| $name::new(value).ok()).ok_or_else(|| {
                            E::custom(OutOfRange::new(value, $what, &$name::LEAST, &$name::MOST))
                        })
                    }

                    fn visit_u64<E: Error>(self, value: u64) -> Result<$name, E> {
                        u32::try_from(value).ok().and_then(|value| $name::new(value).ok()).ok_or_else(|| {
                            E::custom(OutOfRange::new(value, $what, &$name::LEAST, &$name::MOST))
                        })
                    }
                }

                deserializer.deserialize_u64(Integer)
            }
        }
    };
}

/// A number outside its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not {what}: expected {least} to {most}")]
pub struct OutOfRange {
    value: String,
    what: &'static str,
    least: String,
    most: String,
}

impl OutOfRange {
    fn new(
        value: impl fmt::Display,
        what: &'static str,
        least: &dyn fmt::Display,
        most: &dyn fmt::Display,
    ) -> Self {
        Self { value: value.to_string(), what, least: least.to_string(), most: most.to_string() }
    }
}

bounded_integer! {
    /// Bits of an integer code, 1 to 16.
    ///
    /// ```
    /// use bitsweep_quant::Bits;
    ///
    /// assert_eq!(Bits::new(8).unwrap().get(), 8);
    /// assert_eq!(
    ///     Bits::new(17).unwrap_err().to_string(),
    ///     "`17` is not a number of bits: expected 1 to 16",
    /// );
    /// ```
    Bits, "a number of bits", 1, 16
}

bounded_integer! {
    /// Entries of a codebook, 2 to 256, so that a code is at most one byte.
    Centroids, "a number of centroids", 2, 256
}

bounded_integer! {
    /// Sub-vectors that product quantization splits a row into, at least 1.
    Subvectors, "a number of sub-vectors", 1, 65_536
}

bounded_integer! {
    /// Neighbouring values of a row that one code stands for, at least 1.
    Width, "a width of sub-vectors", 1, 65_536
}

bounded_integer! {
    /// Centroids that are added up to a sub-vector, at most 7, so that all codes of a sub-vector are one `i64`.
    Stages, "a number of stages", 1, 7
}

bounded_integer! {
    /// Values (or rows) that share one scale or one set of codebooks, at least 1.
    GroupSize, "a group size", 1, 4_294_967_295
}

bounded_integer! {
    /// Bits of a minifloat's exponent, 1 to 6.
    ExponentBits, "a number of exponent bits", 1, 6
}

bounded_integer! {
    /// Bits of a minifloat's mantissa, without the leading 1 that is not stored, 1 to 6.
    MantissaBits, "a number of mantissa bits", 1, 6
}

macro_rules! literals {
    ($($name:ident),*) => {
        $(impl $name {
            /// A number of our own that is known to be in range; a wrong one does not compile as a constant.
            pub(crate) const fn literal(value: u32) -> Self {
                assert!(Self::LEAST.0 <= value && value <= Self::MOST.0);
                Self(value)
            }
        })*
    };
}

literals!(Bits, Centroids, ExponentBits, GroupSize, MantissaBits, Stages, Subvectors);

impl Default for Stages {
    fn default() -> Self {
        Self::LEAST
    }
}

impl Default for Width {
    fn default() -> Self {
        Self::LEAST
    }
}

/// A percentile `p` with `50 < p ≤ 100`: the upper end of a range; the lower end is `100 - p`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, JsonSchema)]
#[schemars(inline, extend("exclusiveMinimum" = 50, "maximum" = 100))]
pub struct Percentile(f64);

impl Percentile {
    /// A number of our own that is known to be in range; a wrong one does not compile as a constant.
    pub(crate) const fn literal(value: f64) -> Self {
        assert!(value > 50.0 && value <= 100.0);
        Self(value)
    }

    /// The checked percentile.
    ///
    /// # Errors
    /// A sentence that names the value when it is not above 50 and at most 100.
    pub fn new(value: f64) -> Result<Self, NotAPercentile> {
        if value > 50.0 && value <= 100.0 { Ok(Self(value)) } else { Err(NotAPercentile { value }) }
    }

    /// The plain number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// A number that is no upper percentile of a range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("`{value}` is not a percentile for a range: expected more than 50 and at most 100")]
pub struct NotAPercentile {
    value: f64,
}

impl fmt::Display for Percentile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Serialize for Percentile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for Percentile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Percentile;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a percentile, more than 50 and at most 100")
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Percentile, E> {
                Percentile::new(value).map_err(E::custom)
            }

            // A whole number may be written without a decimal point; those in range are exact.
            fn visit_i64<E: Error>(self, value: i64) -> Result<Percentile, E> {
                self.visit_f64(value as f64)
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Percentile, E> {
                self.visit_f64(value as f64)
            }
        }

        deserializer.deserialize_f64(Number)
    }
}

/// A part of the weights, in per cent, above 0 and at most 50.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, JsonSchema)]
#[schemars(inline, extend("exclusiveMinimum" = 0, "maximum" = 50))]
pub struct OutlierPercent(f64);

impl OutlierPercent {
    /// A number of our own that is known to be in range; a wrong one does not compile as a constant.
    pub(crate) const fn literal(value: f64) -> Self {
        assert!(value > 0.0 && value <= 50.0);
        Self(value)
    }

    /// The checked percentage.
    ///
    /// # Errors
    /// A sentence that names the value when it is not above 0 and at most 50.
    pub fn new(value: f64) -> Result<Self, NotAnOutlierPercent> {
        if value > 0.0 && value <= 50.0 { Ok(Self(value)) } else { Err(NotAnOutlierPercent { value }) }
    }

    /// The plain number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// A number that is no percentage of outliers.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("`{value}` is not a percentage of outliers: expected more than 0 and at most 50")]
pub struct NotAnOutlierPercent {
    value: f64,
}

impl fmt::Display for OutlierPercent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Serialize for OutlierPercent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for OutlierPercent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Whole numbers may be written without a decimal point, which f64 reads, too.
        Self::new(f64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
