//! The identity of tasks, units and variants.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A hash of values, 128 bits wide: equal things have equal keys, different things different ones.
///
/// ```
/// use bitsweep_results::Key;
///
/// let key = Key::new(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
/// assert_eq!(key.to_string(), "0123456789abcdef0123456789abcdef");
/// assert_eq!(key.short(), "0123456789ab");
/// assert_eq!(key.to_string().parse(), Ok(key));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Key(u128);

impl Key {
    /// The key of a hash.
    #[must_use]
    pub const fn new(hash: u128) -> Self {
        Self(hash)
    }

    /// The hash.
    #[must_use]
    pub const fn hash(self) -> u128 {
        self.0
    }

    /// The last 64 bits of the hash: a seed of whatever is drawn for what has the key.
    #[must_use]
    pub const fn low(self) -> u64 {
        self.0 as u64
    }

    /// The first 12 hexadecimal digits, which tables show.
    #[must_use]
    pub fn short(self) -> String {
        let mut digits = self.to_string();
        digits.truncate(12);
        digits
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'_, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

/// A text that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a key: expected 32 hexadecimal digits")]
pub struct NotAKey(String);

impl FromStr for Key {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let digits =
            Some(text).filter(|text| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let hash = digits.and_then(|digits| u128::from_str_radix(digits, 16).ok());
        hash.map(Self).ok_or_else(|| NotAKey(text.to_owned()))
    }
}
