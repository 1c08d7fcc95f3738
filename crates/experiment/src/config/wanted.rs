//! What must come out: numbers as they were printed, or a bound.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{Deserialize, Deserializer, Error};
use serde::{Serialize, Serializer};

/// More decimals than any number of ours has.
pub(super) const MOST_DECIMALS: usize = 32;

/// What must come out, as a file spells it.
///
/// | text | what must come out |
/// |---|---|
/// | `"0.36"`, `"1 2 3"` | so many numbers, each the same once rounded to the decimals that are written; without decimals, exactly |
/// | `"< 0.02"`, `"<= 2"`, `"> 0.9"`, `">= 1"` | at least one number, and each within the bound |
/// | `"-0.01 .. 0.01"` | at least one number, and each from the first to the last |
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(transparent)]
pub struct Wanted {
    text: String,
    #[schemars(skip)]
    meaning: Meaning,
}

#[derive(Debug, Clone, PartialEq)]
enum Meaning {
    Printed(Vec<Printed>),
    Bound(Relation, f64),
    Between(f64, f64),
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Printed {
    value: f64,
    decimals: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Relation {
    Below,
    AtMost,
    Above,
    AtLeast,
}

impl Wanted {
    /// Reads the text.
    ///
    /// # Errors
    /// A sentence when it is neither numbers nor a bound.
    pub fn new(text: &str) -> Result<Self, String> {
        let bounds = [
            ("<=", Relation::AtMost),
            (">=", Relation::AtLeast),
            ("<", Relation::Below),
            (">", Relation::Above),
        ];
        let bound = bounds.iter().find_map(|(sign, relation)| Some((*relation, text.strip_prefix(sign)?)));
        let meaning = match (bound, text.split_once("..")) {
            (Some((relation, limit)), _) => Meaning::Bound(relation, number(limit.trim())?),
            (None, Some((low, high))) => match (number(low.trim())?, number(high.trim())?) {
                (low, high) if low <= high => Meaning::Between(low, high),
                (low, high) => {
                    return Err(format!(
                        "there is no number from {low} to {high}: expected the lower one first"
                    ));
                }
            },
            (None, None) => Meaning::Printed(text.split_whitespace().map(printed).collect::<Result<_, _>>()?),
        };
        if meaning == Meaning::Printed(Vec::new()) {
            return Err("there is no number, expected one or more, or a bound such as `<= 0.02`".to_owned());
        }
        Ok(Self { text: text.to_owned(), meaning })
    }

    /// How many numbers must come out; `None` of a bound, which is for as many as there are.
    pub fn count(&self) -> Option<usize> {
        match &self.meaning {
            Meaning::Printed(printed) => Some(printed.len()),
            Meaning::Bound(..) | Meaning::Between(..) => None,
        }
    }

    /// Whether `ours` is what must come out; `decimals` take the place of those that are written.
    pub fn agrees(&self, ours: &[f64], decimals: Option<usize>) -> bool {
        match &self.meaning {
            Meaning::Printed(printed) => {
                printed.len() == ours.len()
                    && printed.iter().zip(ours).all(|(printed, ours)| printed.agrees(*ours, decimals))
            }
            Meaning::Bound(relation, limit) => {
                !ours.is_empty() && ours.iter().all(|ours| relation.holds(*ours, *limit))
            }
            Meaning::Between(low, high) => {
                !ours.is_empty() && ours.iter().all(|ours| (low..=high).contains(&ours))
            }
        }
    }

    /// `ours` with the decimals of the numbers that must come out.
    pub fn shown(&self, ours: &[f64], decimals: Option<usize>) -> String {
        const USUAL: usize = 6;
        let of = |index: usize| match &self.meaning {
            Meaning::Printed(printed) => decimals.or(printed.get(index).map(|printed| printed.decimals)),
            Meaning::Bound(..) | Meaning::Between(..) => decimals,
        };
        let shown = ours.iter().enumerate().map(|(index, value)| {
            let decimals = of(index).unwrap_or(USUAL);
            format!("{value:.decimals$}")
        });
        shown.collect::<Vec<_>>().join(" ")
    }
}

impl Printed {
    fn agrees(self, ours: f64, decimals: Option<usize>) -> bool {
        match decimals.unwrap_or(self.decimals) {
            0 => ours == self.value,
            decimals => format!("{ours:.decimals$}").parse() == Ok(self.value),
        }
    }
}

impl Relation {
    fn holds(self, ours: f64, limit: f64) -> bool {
        match self {
            Self::Below => ours < limit,
            Self::AtMost => ours <= limit,
            Self::Above => ours > limit,
            Self::AtLeast => ours >= limit,
        }
    }
}

fn number(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) | Err(_) => Err(format!("`{text}` is no finite number")),
    }
}

fn printed(text: &str) -> Result<Printed, String> {
    let value = number(text)?;
    let decimals = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    if decimals > MOST_DECIMALS {
        return Err(format!("`{text}` has {decimals} decimals: expected at most {MOST_DECIMALS}"));
    }
    Ok(Printed { value, decimals })
}

impl fmt::Display for Wanted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Serialize for Wanted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agrees(wanted: &str, ours: &[f64]) -> bool {
        Wanted::new(wanted).unwrap().agrees(ours, None)
    }

    #[test]
    fn a_number_agrees_at_the_decimals_it_was_printed_with() {
        assert!(agrees("0.1081", &[0.108_107_64]));
        assert!(!agrees("0.1081", &[0.108_17]));
        assert!(!agrees("58", &[57.9999]));
        // A zero at the end may have been left out in print.
        assert!(Wanted::new("72.9").unwrap().agrees(&[72.896], Some(2)));
        assert!(!Wanted::new("72.9").unwrap().agrees(&[72.94], Some(2)));
    }

    #[test]
    fn numbers_agree_only_when_there_are_as_many() {
        assert!(agrees("1 2", &[1.0, 2.0]));
        assert!(!agrees("1 2", &[1.0, 2.0, 3.0]));
        assert!(!agrees("1", &[]));
    }

    #[test]
    fn a_bound_holds_for_every_number_and_for_at_least_one() {
        assert!(agrees("<= 0.02", &[0.02, -1.0]) && !agrees("<= 0.02", &[0.02, 0.03]));
        assert!(agrees("< 1", &[0.0]) && !agrees("< 1", &[1.0]));
        assert!(agrees(">= 1", &[1.0]) && !agrees("> 1", &[1.0]));
        assert!(agrees("-1 .. 2", &[-1.0, 2.0]) && !agrees("-1 .. 2", &[0.0, 2.1]) && !agrees("0 .. 1", &[]));
        assert!(!agrees("> 0", &[]) && !agrees("> 0", &[f64::NAN]) && !agrees("< 0", &[f64::NAN]));
    }

    #[test]
    fn what_is_neither_numbers_nor_a_bound_is_refused() {
        for text in
            ["", "  ", "2 .. 1", "about 3", "nan", "inf", "< ", "<= x", "= 3", "0.5 %", "1 ..", ".. 2"]
        {
            assert!(Wanted::new(text).is_err(), "{text}");
        }
        let long = format!("0.{}", "1".repeat(100_000));
        assert!(Wanted::new(&long).unwrap_err().contains("100000 decimals"));
    }
}
