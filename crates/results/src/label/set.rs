//! The labels of all variants that are shown together.

use std::collections::{HashMap, HashSet};

use super::naming;
use super::parts::Label;
use crate::choice::Choices;
use crate::origin::Variant;
use crate::record::ResultRow;

/// The labels of all variants that are shown together, those of an experiment.
///
/// The float baseline is `float`, the majority class is `majority class`. Any other variant is named by its size where sizes vary (`4 bit`, `W4A8`,
/// `≤ 900 bytes`), then by its own name where it has one, then by as few axes as tell it from the others of that name, or
/// from the others without a name. Where all have names and no two the same, the names suffice. Where nothing else would
/// be said of a variant, all have their size. No two labels are equal.
///
/// ```
/// use bitsweep_results::{Choice, Choices, Labels, Value, Variant};
///
/// let variant = |bits, method: &str| Variant {
///     choices: Choices::default()
///         .with(Choice::Bits, Value::number(bits))
///         .with(Choice::Method, Value::word(method)),
///     name: None,
///     has_shared_codes: false,
/// };
/// let variants = [variant(4, "gptq"), variant(4, "nearest"), variant(2, "nearest")];
/// let labels = Labels::of(&variants);
/// assert_eq!(labels.get(&variants[0]).text(), "4 bit · gptq");
/// assert_eq!(labels.get(&variants[0]).series(), "gptq");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    by_choices: HashMap<Choices, Label>,
    unknown: Label,
}

impl Labels {
    /// The labels of `variants`, which may repeat.
    #[must_use]
    pub fn of<'v>(variants: impl IntoIterator<Item = &'v Variant>) -> Self {
        let mut distinct: Vec<&Variant> = Vec::new();
        let mut known: HashSet<&Choices> = HashSet::new();
        for variant in variants {
            if known.insert(&variant.choices) {
                distinct.push(variant);
            }
        }
        let labels = naming::labels(&distinct);
        let by_choices = distinct.iter().map(|variant| variant.choices.clone()).zip(labels).collect();
        let unknown = Label::named("unknown");
        Self { by_choices, unknown }
    }

    /// The labels of the variants of `rows`.
    #[must_use]
    pub fn of_rows(rows: &[ResultRow]) -> Self {
        Self::of(rows.iter().map(|row| &*row.origin.variant))
    }

    /// The label of a variant; `unknown` of one that was not among those that the labels were made for.
    #[must_use]
    pub fn get(&self, variant: &Variant) -> &Label {
        self.by_choices.get(&variant.choices).unwrap_or(&self.unknown)
    }
}

impl Default for Labels {
    /// The labels of no variants.
    fn default() -> Self {
        Self::of([])
    }
}
