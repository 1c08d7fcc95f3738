//! One layer.

use bitsweep_inference::integer::{IntegerLayer, Outputs};

use super::integer::Integer;
use super::rescaling::Rescaling;
use super::weights::WeightCodes;

/// One layer as it is stored and computed: `sum = bias + Σ level·input` for each group of inputs of each output, where codes of
/// inputs are taken as they are, and then [`Finish`].
#[derive(Clone, Debug, PartialEq)]
pub(in crate::export) struct LayerPlan {
    /// Counted from 1.
    pub(in crate::export) number: usize,
    pub(in crate::export) inputs: usize,
    pub(in crate::export) outputs: usize,
    /// Bits of a weight in the model.
    pub(in crate::export) bits: u32,
    /// Groups of inputs that have a sum each, of `rows` inputs, the last perhaps of fewer.
    pub(in crate::export) groups: usize,
    pub(in crate::export) rows: usize,
    pub(in crate::export) weights: WeightCodes,
    pub(in crate::export) biases: Biases,
    /// The type of its inputs.
    pub(in crate::export) codes: Integer,
    /// Whether inputs are bytes, and groups are of at most 255 of them.
    pub(in crate::export) is_of_bytes: bool,
    /// Whether each product of a level and a code fits 16 bits.
    pub(in crate::export) has_short_products: bool,
    /// Whether 24 bits hold each sum.
    pub(in crate::export) has_short_sums: bool,
    pub(in crate::export) finish: Finish,
}

/// Where sums begin: at biases from which the zero point of the inputs is subtracted as often as it is multiplied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::export) enum Biases {
    /// One for each output, where its first group begins; others begin at 0.
    Outputs(Vec<i32>),
    /// One for each group of each output, those of the first output first.
    Groups(Vec<i32>),
}

/// What becomes of sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::export) enum Finish {
    /// They are the logits.
    Sums,
    /// Rescaled they are the logits.
    Logits(Rescaling),
    /// Codes of the next layer by a table, `codes[clamp(v + zero, 0, codes.len() - 1)]`.
    Table { rescaling: Rescaling, zero: i32, codes: Vec<i32> },
    /// Codes of the next layer, `clamp(v + zero_point, lowest, highest)`; where `v` is negative and there is `falling`, that
    /// rescales.
    Codes { rescaling: Rescaling, falling: Option<Rescaling>, zero_point: i32, lowest: i32, highest: i32 },
}

impl LayerPlan {
    /// The plan of the layer at a position whose weights have so many bits in the model, and whose inputs are `codes`.
    pub(super) fn of(position: usize, layer: &IntegerLayer, bits: u32, codes: Integer) -> Self {
        let (inputs, outputs) = layer.shape();
        let levels = layer.levels();
        let groups = levels.steps().nrows();
        let rows = levels.rows_per_step();
        let is_of_bytes = codes.bytes() == 1 && rows.min(inputs) <= usize::from(u8::MAX);
        let most_level = levels.levels().iter().map(|level| i64::from(*level).abs()).max().unwrap_or(0);
        let grid = layer.input_grid();
        let most_code = i64::from(grid.highest).max(-i64::from(grid.lowest));
        Self {
            number: position + 1,
            inputs,
            outputs,
            bits,
            groups,
            rows,
            weights: WeightCodes::of(levels, bits, is_of_bytes),
            biases: Biases::of(layer),
            codes,
            is_of_bytes,
            has_short_sums: layer.largest_sum() < 1 << 23,
            has_short_products: most_level * most_code <= i64::from(i16::MAX),
            finish: Finish::of(layer),
        }
    }
}

impl Biases {
    fn of(layer: &IntegerLayer) -> Self {
        let zero_point = i64::from(layer.input_zero_point());
        let (groups, rows) = (layer.levels().steps().nrows(), layer.levels().rows_per_step());
        let folded = |output: usize, group: usize| {
            let levels = layer.levels().levels();
            let of_group = levels.column(output).into_iter().skip(group * rows).take(rows);
            let weights: i64 = of_group.map(|level| i64::from(*level)).sum();
            let bias = if group == 0 { i64::from(layer.bias()[output]) } else { 0 };
            (bias - zero_point * weights) as i32
        };
        let outputs = 0..layer.shape().1;
        match groups > 1 && zero_point != 0 {
            true => Self::Groups(
                outputs.flat_map(|output| (0..groups).map(move |group| folded(output, group))).collect(),
            ),
            false => Self::Outputs(outputs.map(|output| folded(output, 0)).collect()),
        }
    }

    /// All of them.
    pub(in crate::export) fn values(&self) -> &[i32] {
        match self {
            Self::Outputs(values) | Self::Groups(values) => values,
        }
    }
}

impl Finish {
    fn of(layer: &IntegerLayer) -> Self {
        let Some(rescale) = layer.rescale() else { return Self::Sums };
        let rescaling = Rescaling::of(rescale, layer);
        match layer.outputs() {
            Outputs::Logits { step: _ } => Self::Logits(rescaling),
            Outputs::Table(table) => Self::Table { rescaling, zero: table.zero, codes: table.codes.clone() },
            Outputs::Codes { zero_point, activation, grid, negative } => Self::Codes {
                rescaling,
                falling: negative.as_ref().map(|negative| Rescaling::of(negative, layer)),
                zero_point: *zero_point,
                lowest: activation.lowest.clamp(grid.lowest, grid.highest),
                highest: activation.highest.clamp(grid.lowest, grid.highest),
            },
        }
    }

    /// Whether a negative sum gives what a sum of 0 gives, as with ReLU.
    pub(in crate::export) fn cuts_negative_sums(&self) -> bool {
        match self {
            Self::Sums | Self::Logits(_) | Self::Table { .. } => false,
            Self::Codes { rescaling, falling, zero_point, lowest, .. } => {
                falling.is_none() && *lowest >= *zero_point && rescaling.keeps_signs()
            }
        }
    }

    /// What rescales the sums, and what rescales them where they are negative.
    pub(in crate::export) const fn rescalings(&self) -> (Option<&Rescaling>, Option<&Rescaling>) {
        match self {
            Self::Sums => (None, None),
            Self::Logits(rescaling) | Self::Table { rescaling, .. } => (Some(rescaling), None),
            Self::Codes { rescaling, falling, .. } => (Some(rescaling), falling.as_ref()),
        }
    }
}
