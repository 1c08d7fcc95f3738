//! Which choices combine, as a table: representative schemes beside one value of each axis.

use super::bounded::{Bits, Centroids, GroupSize, OutlierPercent, Percentile, Stages, Subvectors, Width};
use super::choice::{
    CodeRange, Codes, Granularity, Outliers, Range, Rounding, SchemeAxis, Symmetry, ZeroPoint,
};
use super::codebook_format::CodebookFormat;
use super::codebook_layout::{CentroidSearch, CodebookLayout, Partition};
use super::format::Format;
use super::gguf_type::GgufType;
use super::level_format::{LevelFormat, TernaryScale};
use super::minifloat::Minifloat;
use super::point::Scheme;
use super::presets;
use super::scale_format::ScaleFormat;

/// One cell of the table of combinations: a scheme, a calibration method or an estimator beside one value of an axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Combination {
    /// What the row is about: `int, 4 bit symmetric`, `method gptq`, `estimator lsq`.
    pub subject: String,
    /// The axis of the choice beside it.
    pub axis: SchemeAxis,
    /// The choice, as a file writes it.
    pub value: &'static str,
    /// Whether both combine.
    pub verdict: Verdict,
}

/// Whether two choices combine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// They do.
    Applies,
    /// The subject has no such axis.
    DoesNotApply,
    /// They do not, for a reason.
    Refused {
        /// The sentence of the error.
        because: String,
    },
}

impl Verdict {
    /// The verdict of a check.
    pub(crate) fn of<E: std::fmt::Display>(checked: Result<(), E>) -> Self {
        match checked {
            Ok(()) => Self::Applies,
            Err(error) => Self::Refused { because: error.to_string() },
        }
    }
}

/// One value of one axis.
pub(crate) struct Choice {
    pub(crate) axis: SchemeAxis,
    pub(crate) value: &'static str,
    /// The scheme with this value, or as it is where its format has no place for it.
    pub(crate) of: fn(Scheme) -> Scheme,
}

const FOUR: Bits = Bits::literal(4);
const GROUP: GroupSize = GroupSize::literal(32);

const fn plain(format: Format) -> Scheme {
    Scheme { format, ..presets::symmetric_narrow(FOUR) }
}

const fn codebook(partition: Partition, stages: Stages) -> Scheme {
    let (centroids, clustering) = (Centroids::literal(16), CentroidSearch::Fast);
    plain(Format::Codebook(CodebookLayout { partition, stages, centroids, clustering }))
}

const fn levels(format: LevelFormat) -> Scheme {
    plain(Format::Levels(format))
}

/// Schemes that speak for all with a format of their kind, with their names.
pub(crate) const SUBJECTS: [(&str, Scheme); 21] = [
    ("int, symmetric", presets::symmetric_narrow(FOUR)),
    ("int, integer zero point", presets::asymmetric_unsigned(FOUR)),
    ("int, float zero point", presets::asymmetric_float_zero_point(FOUR)),
    (
        "int, minimum",
        Scheme { symmetry: Symmetry::Asymmetric(ZeroPoint::Minimum), ..presets::asymmetric_unsigned(FOUR) },
    ),
    ("int, 1 bit symmetric", presets::symmetric_narrow(Bits::LEAST)),
    ("int, 1 bit integer zero point", presets::asymmetric_unsigned(Bits::LEAST)),
    ("f16", plain(Format::Float16)),
    ("bf16", plain(Format::BFloat16)),
    ("vq", codebook(Partition::Shared(Width::LEAST), Stages::LEAST)),
    ("pq", codebook(Partition::Own(Subvectors::literal(2)), Stages::LEAST)),
    ("residual", codebook(Partition::Shared(Width::LEAST), Stages::literal(2))),
    ("dorefa", plain(Format::DoReFa { bits: FOUR })),
    ("dorefa, 1 bit", plain(Format::DoReFa { bits: Bits::LEAST })),
    ("wrpn", plain(Format::Wrpn { bits: FOUR })),
    ("fp8, fp6, fp4, fp", levels(LevelFormat::Minifloat(Minifloat::E4M3))),
    ("nf, sf", levels(LevelFormat::NormalFloat { bits: FOUR })),
    ("ternary", levels(LevelFormat::Ternary(TernaryScale::LeastError))),
    ("power-of-two", levels(LevelFormat::PowerOfTwo { bits: FOUR })),
    ("additive-power-of-two", levels(LevelFormat::AdditivePowerOfTwo { bits: FOUR })),
    ("q4_0, q5_0, q8_0", presets::gguf(GgufType::Q4_0)),
    ("q4_1, q5_1", presets::gguf(GgufType::Q4_1)),
];

/// A value that is a field of the scheme, or one that a function finds a place for.
macro_rules! choice {
    ($axis:ident, $value:literal, $with:ident($setting:expr)) => {
        Choice { axis: SchemeAxis::$axis, value: $value, of: |scheme| $with(scheme, $setting) }
    };
    ($axis:ident, $value:literal, $field:ident: $setting:expr) => {
        Choice { axis: SchemeAxis::$axis, value: $value, of: |scheme| Scheme { $field: $setting, ..scheme } }
    };
}

/// At least one value of every axis that is a choice of its own.
pub(crate) const CHOICES: [Choice; 34] = [
    choice!(Bits, "1", with_bits(Bits::LEAST)),
    choice!(Bits, "8", with_bits(Bits::literal(8))),
    choice!(Bits, "16", with_bits(Bits::MOST)),
    choice!(Symmetry, "symmetric", with_symmetry(Symmetry::Symmetric)),
    choice!(ZeroPoint, "integer", with_symmetry(Symmetry::Asymmetric(ZeroPoint::Integer))),
    choice!(ZeroPoint, "float", with_symmetry(Symmetry::Asymmetric(ZeroPoint::Float))),
    choice!(ZeroPoint, "minimum", with_symmetry(Symmetry::Asymmetric(ZeroPoint::Minimum))),
    choice!(Codes, "signed", with_codes(Codes::Signed)),
    choice!(Codes, "unsigned", with_codes(Codes::Unsigned)),
    choice!(CodeRange, "full", with_code_range(CodeRange::Full)),
    choice!(CodeRange, "narrow", with_code_range(CodeRange::Narrow)),
    choice!(CodeRange, "covering", with_code_range(CodeRange::Covering)),
    choice!(Granularity, "tensor", granularity: Granularity::Tensor),
    choice!(Granularity, "input-channel", granularity: Granularity::InputChannel),
    choice!(Granularity, "{ rows = 32 }", granularity: Granularity::Rows(GROUP)),
    choice!(Granularity, "output-channel", granularity: Granularity::OutputChannel),
    choice!(Granularity, "{ group = 32 }", granularity: Granularity::Group(GROUP)),
    choice!(ScaleFormat, "float", scale_format: ScaleFormat::Float),
    choice!(ScaleFormat, "f16", scale_format: ScaleFormat::F16),
    choice!(ScaleFormat, "bf16", scale_format: ScaleFormat::Bf16),
    choice!(ScaleFormat, "e8m0-floor", scale_format: ScaleFormat::E8m0Floor),
    choice!(ScaleFormat, "e8m0-ceiling", scale_format: ScaleFormat::E8m0Ceiling),
    choice!(ScaleFormat, "two-level", scale_format: ScaleFormat::TwoLevel),
    choice!(ScaleFormat, "double", scale_format: ScaleFormat::Double),
    choice!(ScaleFormat, "none", scale_format: ScaleFormat::None),
    choice!(CodebookFormat, "f16", codebook_format: CodebookFormat::F16),
    choice!(CodebookFormat, "int8", codebook_format: CodebookFormat::Int8),
    choice!(Range, "{ percentile = 99 }", range: Range::Percentile(Percentile::literal(99.0))),
    choice!(Range, "mse", range: Range::Mse),
    choice!(Range, "kl", range: Range::Kl),
    choice!(Range, "output-mse", range: Range::OutputMse),
    choice!(Rounding, "half-away", rounding: Rounding::HalfAway),
    choice!(Rounding, "stochastic", rounding: Rounding::Stochastic),
    choice!(Outliers, "{ percent = 1 }", outliers: Outliers::Percent(OutlierPercent::literal(1.0))),
];

fn with_bits(scheme: Scheme, bits: Bits) -> Scheme {
    scheme.format.with_bits(bits).map_or(scheme, |format| Scheme { format, ..scheme })
}

/// Integers take the codes that belong to the symmetry.
fn with_symmetry(scheme: Scheme, symmetry: Symmetry) -> Scheme {
    let (codes, code_range) = symmetry.usual_codes();
    with_integer_codes(Scheme { symmetry, ..scheme }, |_, _| (codes, code_range))
}

fn with_codes(scheme: Scheme, codes: Codes) -> Scheme {
    with_integer_codes(scheme, |_, code_range| (codes, code_range))
}

fn with_code_range(scheme: Scheme, code_range: CodeRange) -> Scheme {
    with_integer_codes(scheme, |codes, _| (codes, code_range))
}

/// Integers with other codes; other formats have none to choose.
fn with_integer_codes(scheme: Scheme, change: impl FnOnce(Codes, CodeRange) -> (Codes, CodeRange)) -> Scheme {
    match scheme.format {
        Format::Integer { bits, codes, code_range } => {
            let (codes, code_range) = change(codes, code_range);
            Scheme { format: Format::Integer { bits, codes, code_range }, ..scheme }
        }
        Format::Float16
        | Format::BFloat16
        | Format::Codebook(_)
        | Format::DoReFa { .. }
        | Format::Wrpn { .. }
        | Format::Levels(_)
        | Format::Gguf(_) => scheme,
    }
}

/// Every subject beside every choice.
pub(crate) fn of_schemes() -> impl Iterator<Item = Combination> {
    SUBJECTS.into_iter().flat_map(|(subject, scheme)| {
        CHOICES.iter().map(move |choice| Combination {
            subject: subject.to_owned(),
            axis: choice.axis,
            value: choice.value,
            verdict: choice.beside(scheme),
        })
    })
}

impl Choice {
    /// Whether a scheme has a place for the choice and takes it.
    fn beside(&self, scheme: Scheme) -> Verdict {
        let has_a_choice = match self.axis {
            SchemeAxis::Bits => scheme.format.with_bits(FOUR).is_some(),
            // Those of a block type are part of its name.
            SchemeAxis::Codes => matches!(scheme.format, Format::Integer { .. }),
            axis => scheme.format.has(axis),
        };
        if has_a_choice { Verdict::of((self.of)(scheme).check()) } else { Verdict::DoesNotApply }
    }
}
