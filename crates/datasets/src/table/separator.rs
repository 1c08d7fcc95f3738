//! What stands between two cells.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Unexpected};
use serde::{Deserialize, Serialize, Serializer};

/// What stands between two cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separator {
    /// `","`
    Comma,
    /// `";"`
    Semicolon,
    /// `"tab"` or `"\t"`
    Tab,
    /// `"|"`
    Bar,
    /// `":"`
    Colon,
    /// `"spaces"` or `" "`: runs of spaces and tabs; those at the ends of a line do not count.
    Spaces,
}

impl Separator {
    /// All of them, the usual ones first.
    pub(super) const ALL: [Self; 6] =
        [Self::Comma, Self::Semicolon, Self::Tab, Self::Bar, Self::Spaces, Self::Colon];

    /// How a file spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Comma => ",",
            Self::Semicolon => ";",
            Self::Tab => "tab",
            Self::Bar => "|",
            Self::Colon => ":",
            Self::Spaces => "spaces",
        }
    }

    /// The byte between the cells of a [`plain`](Self::plain) text.
    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab | Self::Spaces => b'\t',
            Self::Bar => b'|',
            Self::Colon => b':',
        }
    }

    /// The text with every run of spaces outside of quotation marks as one tab, where they separate cells. Lines stay as they
    /// are counted.
    pub(super) fn plain(self, text: &str) -> Cow<'_, str> {
        if self != Self::Spaces {
            return Cow::Borrowed(text);
        }
        let mut plain = String::with_capacity(text.len());
        let (mut is_quoted, mut is_blank, mut is_start) = (false, false, true);
        for character in text.chars() {
            match character {
                ' ' | '\t' if !is_quoted => is_blank = true,
                _ => {
                    let is_end = !is_quoted && matches!(character, '\n' | '\r');
                    if is_blank && !is_start && !is_end {
                        plain.push('\t');
                    }
                    is_blank = false;
                    is_start = is_end;
                    is_quoted ^= character == '"';
                    plain.push(character);
                }
            }
        }
        Cow::Owned(plain)
    }
}

impl fmt::Display for Separator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Comma => "commas",
            Self::Semicolon => "semicolons",
            Self::Tab => "tabs",
            Self::Bar => "`|`",
            Self::Colon => "colons",
            Self::Spaces => "runs of spaces",
        })
    }
}

impl<'de> Deserialize<'de> for Separator {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let spelled = match name.as_str() {
            "\t" => "tab",
            " " => "spaces",
            other => other,
        };
        let expected = "one of \",\" \";\" \"|\" \":\" \"tab\" \"spaces\"";
        let found = Self::ALL.into_iter().find(|separator| separator.name() == spelled);
        found.ok_or_else(|| de::Error::invalid_value(Unexpected::Str(&name), &expected))
    }
}

impl JsonSchema for Separator {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Separator".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names = Self::ALL.map(Self::name);
        let names = [names.as_slice(), &["\t", " "]].concat();
        json_schema!({ "enum": names })
    }
}

impl Serialize for Separator {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Separator;

    #[test]
    fn runs_of_spaces_are_one_separator_outside_of_quotation_marks_and_none_at_the_ends_of_a_line() {
        let plain = Separator::Spaces.plain("  a   \"b  c\"\td  \r\n\r\n 1 2\n");
        assert_eq!(plain, "a\t\"b  c\"\td\r\n\r\n1\t2\n");
    }
}
