//! How features are made of the columns of a table.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::error::PackedError;
use super::tensors::{FLOAT_BYTES, Tensors};

/// A column of a table, and how it becomes features.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// What it is called.
    pub name: String,
    /// What its values are.
    pub kind: ColumnKind,
    /// What a missing value is replaced by: a number, or for [`ColumnKind::Levels`] the position of a feature among its own.
    pub fill: Option<f32>,
    /// Whether one feature more, its last, says where a value is missing.
    pub indicates_missing: bool,
}

/// What the values of a column are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Numbers, which are one feature.
    Number,
    /// Texts, whose positions here are one feature.
    Ranks(Vec<String>),
    /// Texts with a feature each, which is 1 where the column has the text, else 0.
    Levels {
        /// The texts.
        texts: Vec<String>,
        /// Whether one feature more is 1 where the column has another text.
        other: bool,
    },
}

/// The name of the tensor of what missing values are replaced by.
const FILL: &str = "columns.fill";
/// The name of the tensor of texts.
const TEXTS: &str = "columns.texts";
/// Ends each text; no byte of UTF-8.
const END: u8 = 0xff;

impl Column {
    /// A column of numbers, none of them missing.
    #[must_use]
    pub fn numbers(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: ColumnKind::Number, fill: None, indicates_missing: false }
    }

    /// What its features are called: `weight`, `colour = red`, `colour = other`, `weight is missing`.
    #[must_use]
    pub fn features(&self) -> Vec<String> {
        let name = &self.name;
        let mut features = match &self.kind {
            ColumnKind::Number | ColumnKind::Ranks(_) => vec![name.clone()],
            ColumnKind::Levels { texts, other } => {
                let own = texts.iter().map(|text| format!("{name} = {text}"));
                own.chain(other.then(|| format!("{name} = other"))).collect()
            }
        };
        features.extend(self.indicates_missing.then(|| format!("{name} is missing")));
        features
    }

    /// Number of its features without the one that says where a value is missing.
    pub(super) fn width(&self) -> usize {
        match &self.kind {
            ColumnKind::Number | ColumnKind::Ranks(_) => 1,
            ColumnKind::Levels { texts, other } => texts.len() + usize::from(*other),
        }
    }

    /// Bytes of its number and its texts.
    pub(super) fn bytes(&self) -> u64 {
        let texts = self.texts().iter().map(|text| text.len() as u64 + 1).sum::<u64>();
        self.fill.map_or(0, |_| FLOAT_BYTES) + texts
    }

    /// The texts that are features or ranks.
    fn texts(&self) -> &[String] {
        match &self.kind {
            ColumnKind::Number => &[],
            ColumnKind::Ranks(texts) | ColumnKind::Levels { texts, .. } => texts,
        }
    }

    fn check(&self) -> Result<(), PackedError> {
        let Some(fill) = self.fill else { return Ok(()) };
        let fits = match &self.kind {
            ColumnKind::Number => fill.is_finite(),
            ColumnKind::Ranks(texts) => 0.0 <= fill && fill <= texts.len() as f32,
            ColumnKind::Levels { .. } => (0..self.width()).any(|feature| feature as f32 == fill),
        };
        match fits {
            true => Ok(()),
            false => Err(PackedError::Contradiction(format!(
                "column `{}` replaces missing values by `{fill}`, which is none of its values",
                self.name
            ))),
        }
    }
}

/// Number of all features.
pub(super) fn feature_count(columns: &[Column]) -> usize {
    columns.iter().map(|column| column.width() + usize::from(column.indicates_missing)).sum()
}

/// Refuses columns that contradict themselves.
pub(super) fn check(columns: &[Column]) -> Result<(), PackedError> {
    let mut names = HashSet::new();
    if let Some(column) = columns.iter().find(|column| !names.insert(&column.name)) {
        return Err(PackedError::Contradiction(format!("two columns are named `{}`", column.name)));
    }
    columns.iter().try_for_each(Column::check)
}

/// What the header says of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnHeader {
    name: String,
    kind: KindHeader,
    #[serde(default, skip_serializing_if = "is_false")]
    replaces_missing: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    indicates_missing: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum KindHeader {
    Number,
    /// So many, which are in a tensor.
    Ranks(usize),
    /// So many texts, which are in a tensor.
    Levels {
        texts: usize,
        other: bool,
    },
}

/// Leaves out what is mostly false.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
pub(super) fn is_false(value: &bool) -> bool {
    !value
}

/// What the header says of the columns; the rest is added to the tensors.
pub(super) fn write(columns: &[Column], tensors: &mut Tensors) -> Vec<ColumnHeader> {
    let fills: Vec<f32> = columns.iter().filter_map(|column| column.fill).collect();
    if !fills.is_empty() {
        tensors.add_floats(FILL, vec![fills.len()], fills.into_iter());
    }
    let mut bytes = Vec::new();
    for text in columns.iter().flat_map(Column::texts) {
        bytes.extend(text.as_bytes());
        bytes.push(END);
    }
    tensors.add_bytes(TEXTS, bytes);
    let header = |column: &Column| ColumnHeader {
        name: column.name.clone(),
        kind: match &column.kind {
            ColumnKind::Number => KindHeader::Number,
            ColumnKind::Ranks(texts) => KindHeader::Ranks(texts.len()),
            ColumnKind::Levels { texts, other } => KindHeader::Levels { texts: texts.len(), other: *other },
        },
        replaces_missing: column.fill.is_some(),
        indicates_missing: column.indicates_missing,
    };
    columns.iter().map(header).collect()
}

/// The columns of a file.
pub(super) fn read(headers: &[ColumnHeader], tensors: &Tensors) -> Result<Vec<Column>, PackedError> {
    let filled = headers.iter().filter(|header| header.replaces_missing).count();
    let fills = if filled > 0 { tensors.floats(FILL, filled)? } else { Vec::new() };
    let mut fills = fills.into_iter();
    let bytes = tensors.get(TEXTS).map_or(&[][..], |tensor| &tensor.bytes);
    let mut texts = bytes.split_inclusive(|byte| *byte == END);
    let mut text = || {
        let text = texts.next().and_then(|text| text.strip_suffix(&[END]));
        let text = text.ok_or_else(|| PackedError::tensor(TEXTS, "has fewer texts than the columns"))?;
        String::from_utf8(text.to_vec())
            .map_err(|error| PackedError::tensor(TEXTS, format!("is no UTF-8: {error}")))
    };
    // Collected one by one, for there may be fewer than the header says.
    let mut next = |count: usize| (0..count).map(|_| text()).collect::<Result<Vec<_>, _>>();
    let mut column = |header: &ColumnHeader| {
        let kind = match header.kind {
            KindHeader::Number => ColumnKind::Number,
            KindHeader::Ranks(texts) => ColumnKind::Ranks(next(texts)?),
            KindHeader::Levels { texts, other } => ColumnKind::Levels { texts: next(texts)?, other },
        };
        Ok(Column {
            name: header.name.clone(),
            kind,
            fill: if header.replaces_missing { fills.next() } else { None },
            indicates_missing: header.indicates_missing,
        })
    };
    headers.iter().map(&mut column).collect()
}
