//! What does not combine: a table of rules, each of which refuses one thing with a sentence.

use super::bounded::Bits;
use super::choice::{CodeRange, Codes, Granularity, Outliers, Range, Rounding, SchemeAxis, Symmetry};
use super::codebook_format::CodebookFormat;
use super::codebook_layout::CentroidSearch;
use super::format::Format;
use super::level_format::{LevelFormat, ScaleRule};
use super::point::Scheme;
use super::scale_format::ScaleFormat;
use super::scheme_error::SchemeError;

/// Refuses a scheme, or says nothing of it.
type Rule = fn(&Scheme) -> Option<SchemeError>;

/// All rules. The first that refuses a scheme decides, so that those which a reader can mend most simply come first.
const RULES: [Rule; 20] = [
    an_axis_that_the_format_has_not,
    block_types_with_other_axes,
    no_scale_where_levels_need_one,
    blocks_or_ranges_without_scales,
    powers_of_two_of_asymmetric_ranges,
    powers_of_two_of_means,
    divergence_of_uneven_levels,
    divergence_of_many_levels,
    output_error_of_anything_but_plain_grids,
    levels_of_undefined_widths,
    unsigned_codes_around_zero,
    all_codes_of_signs,
    signs_of_asymmetric_scales,
    signed_scales_without_a_place_for_the_sign,
    ranges_or_outliers_of_signs,
    rounded_signs,
    a_single_code,
    wrpn_of_one_bit,
    codebooks_across_rows,
    exact_centroids_of_subvectors,
];

impl Scheme {
    /// Refuses what means nothing or contradicts itself.
    ///
    /// # Errors
    /// One sentence for the first contradiction found.
    pub fn check(&self) -> Result<(), SchemeError> {
        RULES.iter().find_map(|rule| rule(self)).map_or(Ok(()), Err)
    }

    /// The axes besides the format whose value is not the neutral one.
    fn set_axes(&self) -> impl Iterator<Item = SchemeAxis> {
        let Self {
            format: _,
            symmetry,
            granularity,
            scale_format,
            codebook_format,
            range,
            rounding,
            outliers,
        } = *self;
        let set = [
            (SchemeAxis::Symmetry, symmetry != Symmetry::Symmetric),
            (SchemeAxis::Granularity, granularity != Granularity::Tensor),
            (SchemeAxis::ScaleFormat, scale_format != ScaleFormat::Float),
            (SchemeAxis::CodebookFormat, codebook_format != CodebookFormat::Float),
            (SchemeAxis::Range, range != Range::MinMax),
            (SchemeAxis::Rounding, rounding != Rounding::NearestEven),
            (SchemeAxis::Outliers, outliers != Outliers::None),
        ];
        set.into_iter().filter(|(_, set)| *set).map(|(axis, _)| axis)
    }
}

/// An axis that the format does not have must hold its neutral value.
fn an_axis_that_the_format_has_not(scheme: &Scheme) -> Option<SchemeError> {
    let axis = scheme.set_axes().find(|axis| !scheme.format.has(*axis))?;
    Some(SchemeError::NotApplicable {
        axis,
        value: scheme.raw_value(axis),
        format: scheme.format.to_string(),
    })
}

/// Only small floats have levels of their own size.
fn no_scale_where_levels_need_one(scheme: &Scheme) -> Option<SchemeError> {
    let is_float = matches!(scheme.format, Format::Levels(LevelFormat::Minifloat(_)));
    (scheme.scale_format == ScaleFormat::None && !is_float)
        .then(|| SchemeError::Unscaled { format: scheme.format.to_string() })
}

fn blocks_or_ranges_without_scales(scheme: &Scheme) -> Option<SchemeError> {
    if scheme.scale_format != ScaleFormat::None {
        return None;
    }
    let of_blocks = |axis: &SchemeAxis| matches!(axis, SchemeAxis::Granularity | SchemeAxis::Range);
    let axis = scheme.set_axes().find(of_blocks)?;
    Some(SchemeError::UnscaledAxis { axis, value: scheme.raw_value(axis) })
}

fn powers_of_two_of_asymmetric_ranges(scheme: &Scheme) -> Option<SchemeError> {
    let is_asymmetric =
        matches!(scheme.format, Format::Integer { .. }) && scheme.symmetry != Symmetry::Symmetric;
    let Scheme { scale_format, .. } = *scheme;
    (scale_format.is_power_of_two() && is_asymmetric)
        .then_some(SchemeError::PowerOfTwoAsymmetric { scale_format })
}

fn powers_of_two_of_means(scheme: &Scheme) -> Option<SchemeError> {
    let Scheme { scale_format, format, .. } = *scheme;
    let of_mean = match format {
        Format::Integer { .. } => scheme.is_binary().then(|| "1 bit symmetric".to_owned()),
        Format::Levels(levels) => match levels.scale_rule() {
            ScaleRule::Range => None,
            ScaleRule::Ternary(_) => Some(format.to_string()),
        },
        Format::Float16
        | Format::BFloat16
        | Format::Codebook(_)
        | Format::DoReFa { .. }
        | Format::Wrpn { .. }
        | Format::Gguf(_) => None,
    };
    let scheme = of_mean.filter(|_| scale_format.is_power_of_two())?;
    Some(SchemeError::PowerOfTwoOfMean { scale_format, scheme })
}

/// The histogram of a KL range is merged into even levels.
fn divergence_of_uneven_levels(scheme: &Scheme) -> Option<SchemeError> {
    (scheme.range == Range::Kl && scheme.levels().is_some())
        .then(|| SchemeError::DivergenceOfLevels { format: scheme.format.to_string() })
}

/// Each level of a KL range needs several bins of the histogram.
fn divergence_of_many_levels(scheme: &Scheme) -> Option<SchemeError> {
    let bits = scheme.bits();
    (scheme.range == Range::Kl && bits > 8).then_some(SchemeError::DivergenceBits { bits })
}

/// The output error is that of nearest codes on an even grid, its parameters as they are fitted.
fn output_error_of_anything_but_plain_grids(scheme: &Scheme) -> Option<SchemeError> {
    if scheme.range != Range::OutputMse {
        return None;
    }
    let (axis, value) = if scheme.grid().is_none() && !scheme.is_binary() {
        (SchemeAxis::Format, scheme.format.to_string())
    } else if scheme.rounding != Rounding::NearestEven {
        (SchemeAxis::Rounding, scheme.rounding.to_string())
    } else if scheme.outliers != Outliers::None {
        (SchemeAxis::Outliers, scheme.outliers.to_string())
    } else {
        scheme.rounded_parameters()?
    };
    Some(SchemeError::OutputError { axis, value })
}

/// A block type of GGUF fixes every axis.
fn block_types_with_other_axes(scheme: &Scheme) -> Option<SchemeError> {
    let Format::Gguf(block) = scheme.format else { return None };
    let fixed = Scheme::of_gguf(block);
    let axis = SchemeAxis::ALL.into_iter().find(|axis| scheme.raw_value(*axis) != fixed.raw_value(*axis))?;
    Some(SchemeError::Preset {
        axis,
        value: scheme.raw_value(axis),
        preset: block.to_string(),
        expected: fixed.raw_value(axis),
    })
}

fn levels_of_undefined_widths(scheme: &Scheme) -> Option<SchemeError> {
    let format = scheme.levels()?;
    let (bits, widths) = (format.bits(), format.widths());
    let (least, most) = (*widths.start(), *widths.end());
    (!widths.contains(&bits)).then(|| SchemeError::Width { bits, format: format.to_string(), least, most })
}

fn unsigned_codes_around_zero(scheme: &Scheme) -> Option<SchemeError> {
    let is_unsigned = matches!(scheme.format, Format::Integer { codes: Codes::Unsigned, .. });
    (is_unsigned && scheme.symmetry == Symmetry::Symmetric).then_some(SchemeError::UnsignedSymmetric)
}

/// Binary codes are -1 and +1: there is no code 0 to leave out or to add.
fn all_codes_of_signs(scheme: &Scheme) -> Option<SchemeError> {
    let Format::Integer { code_range: code_range @ (CodeRange::Full | CodeRange::Covering), .. } =
        scheme.format
    else {
        return None;
    };
    scheme.is_binary().then_some(SchemeError::BinaryFull { code_range })
}

/// A zero point puts the codes wherever the range lies.
fn signs_of_asymmetric_scales(scheme: &Scheme) -> Option<SchemeError> {
    (scheme.has_signed_scales() && scheme.symmetry != Symmetry::Symmetric)
        .then_some(SchemeError::CoveringAsymmetric)
}

/// Powers of two are stored as exponents alone, and nested scales as codes of what is above 0.
fn signed_scales_without_a_place_for_the_sign(scheme: &Scheme) -> Option<SchemeError> {
    let Scheme { scale_format, .. } = *scheme;
    (scheme.has_signed_scales() && (scale_format.is_power_of_two() || scale_format.is_nested()))
        .then_some(SchemeError::ScaleWithoutSign { scale_format })
}

/// The scale of signs is a mean magnitude.
fn ranges_or_outliers_of_signs(scheme: &Scheme) -> Option<SchemeError> {
    let Scheme { range, outliers, .. } = *scheme;
    if !scheme.is_binary() {
        None
    } else if range != Range::MinMax {
        Some(SchemeError::BinaryRange { range })
    } else if outliers != Outliers::None {
        Some(SchemeError::BinaryOutliers { outliers })
    } else {
        None
    }
}

fn rounded_signs(scheme: &Scheme) -> Option<SchemeError> {
    let Scheme { rounding, .. } = *scheme;
    (scheme.is_binary() && rounding != Rounding::NearestEven)
        .then(|| SchemeError::BinaryRounding { rounding, format: scheme.format.to_string() })
}

/// One bit without its lowest code is a single code.
fn a_single_code(scheme: &Scheme) -> Option<SchemeError> {
    let is_narrow =
        matches!(scheme.format, Format::Integer { bits: Bits::LEAST, code_range: CodeRange::Narrow, .. });
    (is_narrow && scheme.symmetry != Symmetry::Symmetric).then_some(SchemeError::OneBitNarrow)
}

fn wrpn_of_one_bit(scheme: &Scheme) -> Option<SchemeError> {
    (scheme.format == Format::Wrpn { bits: Bits::LEAST }).then_some(SchemeError::WrpnOneBit)
}

/// Sub-vectors lie along rows: what shares codebooks is whole rows.
fn codebooks_across_rows(scheme: &Scheme) -> Option<SchemeError> {
    let Scheme { granularity, format, .. } = *scheme;
    let cuts_rows = match granularity {
        Granularity::Tensor | Granularity::InputChannel | Granularity::Rows(_) => false,
        Granularity::OutputChannel | Granularity::Group(_) => true,
    };
    (cuts_rows && matches!(format, Format::Codebook(_)))
        .then(|| SchemeError::CodebookGranularity { granularity, format: format.to_string() })
}

fn exact_centroids_of_subvectors(scheme: &Scheme) -> Option<SchemeError> {
    let Format::Codebook(layout) = scheme.format else { return None };
    (layout.clustering == CentroidSearch::Exact && !layout.is_of_values())
        .then(|| SchemeError::ExactSubvectors { format: scheme.format.to_string() })
}
