//! What one variant is called.

use std::fmt;

use crate::choice::Choice;

/// What stands between the parts of a label.
const JOINT: &str = " · ";

/// What a variant is called, part by part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Label {
    /// Bits, or the budget that stands for them, where labels show them.
    pub(super) size: Option<Size>,
    /// Bits of activations where labels show them, as a series has them: `A8`.
    pub(super) activations: Option<String>,
    /// The variant's own name.
    pub(super) name: Option<String>,
    /// The axes that tell it apart, and the words of its values.
    pub(super) words: Vec<(Choice, String)>,
    /// Tells apart what nothing else does.
    pub(super) number: Option<usize>,
    /// What the series is called where no part but the size is there.
    pub(super) family: String,
    /// Whether the series needs the size, too, because another one is called the same.
    pub(super) series_has_size: bool,
    /// Tells series apart that nothing else does.
    pub(super) series_number: Option<usize>,
    /// The parts of the label joined.
    pub(super) text: String,
    /// The parts of the series joined.
    pub(super) series: String,
}

/// How large a variant is, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Size {
    /// Bits of weights, or a budget: `4 bit`, `≤ 900 bytes`.
    pub(super) weights: String,
    /// The same with the bits of activations: `W4A8`, `≤ 900 bytes · A8`.
    pub(super) text: String,
}

impl Label {
    /// A label that is a name alone.
    pub(super) fn named(name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..Self::default() }.written()
    }

    /// The whole label: `4 bit · gptq`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The label without the bits of weights: the line that the variant belongs to in a chart against bits.
    #[must_use]
    pub fn series(&self) -> &str {
        &self.series
    }

    /// The series without what is said of one axis, for a chart that is split by it.
    #[must_use]
    pub fn without(&self, choice: Choice) -> String {
        let text = self.series_parts(Some(choice)).join(JOINT);
        if text.is_empty() { "quantized".to_owned() } else { text }
    }

    /// The size, where labels show it: `4 bit`, `W4A8`.
    #[must_use]
    pub fn size(&self) -> Option<&str> {
        self.size.as_ref().map(|size| size.text.as_str())
    }

    /// The variant's own name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The axes that the series speaks of, and what it says of each.
    pub fn parts(&self) -> impl Iterator<Item = (Choice, &str)> {
        let activations = self.activations.as_deref().map(|words| (Choice::ActivationBits, words));
        activations.into_iter().chain(self.words.iter().map(|(choice, words)| (*choice, words.as_str())))
    }

    /// How many parts the series has.
    #[must_use]
    pub fn series_length(&self) -> usize {
        self.series_parts(None).len()
    }

    fn series_parts(&self, without: Option<Choice>) -> Vec<String> {
        let mut parts = Vec::new();
        if self.series_has_size {
            parts.extend(self.size.as_ref().map(|size| size.weights.clone()));
        }
        let activations = self.activations.as_ref().filter(|_| without != Some(Choice::ActivationBits));
        parts.extend(activations.cloned());
        parts.extend(self.name.clone());
        let words = self.words.iter().filter(|(choice, _)| without != Some(*choice));
        parts.extend(words.map(|(_, words)| words.clone()));
        parts.extend(self.number.map(|number| format!("({number})")));
        if parts.is_empty() && without.is_none() {
            parts.push(self.family.clone());
        }
        parts.extend(self.series_number.map(|number| format!("({number})")));
        parts
    }

    /// The same with its texts made of its parts.
    pub(super) fn written(mut self) -> Self {
        let mut parts: Vec<String> = self.size.iter().map(|size| size.text.clone()).collect();
        parts.extend(self.name.clone());
        parts.extend(self.words.iter().map(|(_, words)| words.clone()));
        parts.extend(self.number.map(|number| format!("({number})")));
        self.text = parts.join(JOINT);
        self.series = self.series_parts(None).join(JOINT);
        self
    }
}

impl fmt::Display for Label {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.text)
    }
}
