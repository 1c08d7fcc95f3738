//! What a file says about a scheme.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bounded::{Bits, Stages};
use super::choice::{
    CodeRange, Codes, Granularity, Outliers, Range, Rounding, SchemeAxis, Symmetry, ZeroPoint,
};
use super::codebook_format::CodebookFormat;
use super::codebook_layout::{CentroidSearch, CodebookLayout, Partition};
use super::format::Format;
use super::format_spec::FormatSpec;
use super::gguf_type::GgufType;
use super::level_format::LevelFormat;
use super::minifloat::Minifloat;
use super::point::Scheme;
use super::presets;
use super::scale_format::ScaleFormat;
use super::scheme_error::SchemeError;

/// A scheme as a file spells it: a choice on each of several axes. All keys are optional but for the `bits` of formats that
/// leave them open.
///
/// A preset is a format that sets several axes; what stands beside it must say the same as the preset.
///
/// ```toml
/// format = "int"
/// bits = [8, 4, 2]
/// symmetry = "asymmetric"
/// zero_point = "float"
/// codes = "signed"
/// code_range = "full"
/// granularity = { group = 32 }
/// scale_format = "f16"
/// range = ["min-max", { percentile = 99.9 }]
/// rounding = "nearest-even"
/// outliers = { percent = 1 }
/// ```
///
/// ```
/// use bitsweep_quant::SchemeSpec;
///
/// let spec: SchemeSpec = toml::from_str("bits = 4\ngranularity = 'output-channel'").unwrap();
/// assert_eq!(spec.resolve().unwrap().to_string(), "4 bit symmetric · output-channel");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemeSpec {
    /// What a code is.
    #[schemars(extend("default" = FormatSpec::default()))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<FormatSpec>,
    /// Bits of one code. Formats that leave them open need them: `int`, `dorefa`, `wrpn`, `nf` and `sf` (2 to 8),
    /// `power-of-two` (2 to 8), `additive-power-of-two` (3 to 7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<Bits>,
    /// Whether zero is the middle of the range; of format `int`.
    #[schemars(extend("default" = SymmetrySpec::default()))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symmetry: Option<SymmetrySpec>,
    /// How the zero point is kept; only where `symmetry` is `asymmetric`, and there `integer` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zero_point: Option<ZeroPoint>,
    /// Whether codes have a sign; of format `int`. `unsigned` by default with an integer zero point or a minimum, else
    /// `signed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<Codes>,
    /// Which codes are used; of format `int`. `narrow` by default where `symmetry` is `symmetric`, else `full`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_range: Option<CodeRange>,
    /// Which values share one scale and zero point, or one set of codebooks.
    #[schemars(extend("default" = Granularity::default()))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granularity: Option<Granularity>,
    /// How scales are stored.
    #[schemars(extend("default" = ScaleFormat::default()))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_format: Option<ScaleFormat>,
    /// How centroids are stored; of formats with codebooks.
    #[schemars(extend("default" = CodebookFormat::default()))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codebook_format: Option<CodebookFormat>,
    /// How the range of a block, the values that share a scale, is found.
    #[schemars(extend("default" = Range::default()))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// How a position between two codes becomes a code.
    #[schemars(extend("default" = Rounding::default()))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<Rounding>,
    /// Which weights are kept beside the codes.
    #[schemars(extend("default" = Outliers::default()))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outliers: Option<Outliers>,
}

/// What a format's spelling stands for.
enum Meaning {
    /// A format, whose other axes are free.
    Format(Format),
    /// A preset of this name.
    Preset(&'static str, Scheme),
}

/// Whether zero is the middle of the range, as a file spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SymmetrySpec {
    /// Zero is code 0.
    #[default]
    Symmetric,
    /// The range of the block decides.
    Asymmetric,
}

impl SchemeSpec {
    /// The exact scheme: defaults filled in, contradictions refused.
    ///
    /// # Errors
    /// A sentence for what is missing, does not apply to the format, or contradicts another choice.
    pub fn resolve(&self) -> Result<Scheme, SchemeError> {
        let symmetry = self.symmetry()?;
        let format = match self.meaning(symmetry)? {
            Meaning::Format(format) => format,
            Meaning::Preset(name, scheme) => return self.agreeing(name, scheme),
        };
        if let Some((axis, value)) = self.given().find(|(axis, _)| !format.has(*axis)) {
            return Err(SchemeError::NotApplicable { axis, value, format: format.to_string() });
        }
        let scheme = Scheme {
            format,
            symmetry,
            granularity: self.granularity.unwrap_or_default(),
            scale_format: self.scale_format.unwrap_or_default(),
            codebook_format: self.codebook_format.unwrap_or_default(),
            range: self.range.unwrap_or_default(),
            rounding: self.rounding.unwrap_or_default(),
            outliers: self.outliers.unwrap_or_default(),
        };
        scheme.check()?;
        Ok(scheme)
    }

    /// This scheme with every choice of `other` in the place of its own.
    ///
    /// ```
    /// use bitsweep_quant::SchemeSpec;
    ///
    /// let spec = |text| toml::from_str::<SchemeSpec>(text).unwrap();
    /// let base = spec("bits = 4\ngranularity = 'output-channel'");
    /// assert_eq!(base.with(&spec("bits = 8")), spec("bits = 8\ngranularity = 'output-channel'"));
    /// ```
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        Self {
            format: other.format.or(self.format),
            bits: other.bits.or(self.bits),
            symmetry: other.symmetry.or(self.symmetry),
            zero_point: other.zero_point.or(self.zero_point),
            codes: other.codes.or(self.codes),
            code_range: other.code_range.or(self.code_range),
            granularity: other.granularity.or(self.granularity),
            scale_format: other.scale_format.or(self.scale_format),
            codebook_format: other.codebook_format.or(self.codebook_format),
            range: other.range.or(self.range),
            rounding: other.rounding.or(self.rounding),
            outliers: other.outliers.or(self.outliers),
        }
    }

    /// The preset's scheme, if whatever else the file says is what it says.
    fn agreeing(&self, name: &'static str, scheme: Scheme) -> Result<Scheme, SchemeError> {
        let bits = self.bits.map(|bits| (SchemeAxis::Bits, bits.to_string()));
        let mut given = bits.into_iter().chain(self.given());
        match given.find(|(axis, value)| scheme.value(*axis) != *value) {
            None => Ok(scheme),
            Some((axis, value)) if !scheme.format.has(axis) => {
                Err(SchemeError::NotApplicable { axis, value, format: name.to_owned() })
            }
            Some((axis, value)) => {
                let expected = scheme.value(axis);
                Err(SchemeError::Preset { axis, value, preset: name.to_owned(), expected })
            }
        }
    }

    fn symmetry(&self) -> Result<Symmetry, SchemeError> {
        match (self.symmetry.unwrap_or_default(), self.zero_point) {
            (SymmetrySpec::Symmetric, None) => Ok(Symmetry::Symmetric),
            (SymmetrySpec::Symmetric, Some(zero_point)) if self.symmetry_applies() => {
                Err(SchemeError::ZeroPointOfSymmetric { zero_point })
            }
            // That the format has no zero point at all is the better sentence, and comes later.
            (SymmetrySpec::Symmetric, Some(_)) => Ok(Symmetry::Symmetric),
            (SymmetrySpec::Asymmetric, zero_point) => {
                Ok(Symmetry::Asymmetric(zero_point.unwrap_or(ZeroPoint::Integer)))
            }
        }
    }

    fn symmetry_applies(&self) -> bool {
        matches!(self.format.unwrap_or_default(), FormatSpec::Int)
    }

    fn meaning(&self, symmetry: Symmetry) -> Result<Meaning, SchemeError> {
        let spec = self.format.unwrap_or_default();
        let required = |name| self.bits.ok_or(SchemeError::BitsMissing { format: name });
        let refuse_bits = |format: Format| match self.bits {
            None => Ok(format),
            Some(bits) => Err(SchemeError::NotApplicable {
                axis: SchemeAxis::Bits,
                value: bits.to_string(),
                format: format.to_string(),
            }),
        };
        let codebook = |partition, stages, centroids, clustering| {
            refuse_bits(Format::Codebook(CodebookLayout { partition, stages, centroids, clustering }))
        };
        let levels = |format: LevelFormat| refuse_bits(Format::Levels(format));
        let float = |float: Minifloat| levels(LevelFormat::Minifloat(float));
        let gguf = |block: GgufType, name| Ok(Meaning::Preset(name, presets::gguf(block)));
        let mx = |name, element: Minifloat| Ok(Meaning::Preset(name, presets::mx_float(element)));
        let format = match spec {
            FormatSpec::Int => Ok(Format::Integer {
                bits: required("int")?,
                codes: self.codes.unwrap_or(symmetry.usual_codes().0),
                code_range: self.code_range.unwrap_or(symmetry.usual_codes().1),
            }),
            FormatSpec::F16 => refuse_bits(Format::Float16),
            FormatSpec::Bf16 => refuse_bits(Format::BFloat16),
            FormatSpec::Vq { centroids, width, clustering } => {
                codebook(Partition::Shared(width), Stages::LEAST, centroids, clustering)
            }
            FormatSpec::Pq { subvectors, centroids } => {
                codebook(Partition::Own(subvectors), Stages::LEAST, centroids, CentroidSearch::default())
            }
            FormatSpec::Residual { stages, centroids, width } => {
                codebook(Partition::Shared(width), stages, centroids, CentroidSearch::default())
            }
            FormatSpec::Dorefa => Ok(Format::DoReFa { bits: required("dorefa")? }),
            FormatSpec::Wrpn => Ok(Format::Wrpn { bits: required("wrpn")? }),
            FormatSpec::Fp8E4m3 => float(Minifloat::E4M3),
            FormatSpec::Fp8E5m2 => float(Minifloat::E5M2),
            FormatSpec::Fp6E3m2 => float(Minifloat::E3M2),
            FormatSpec::Fp6E2m3 => float(Minifloat::E2M3),
            FormatSpec::Fp4E2m1 => float(Minifloat::E2M1),
            FormatSpec::Fp { exponent, mantissa } => float(Minifloat::finite(exponent, mantissa)),
            FormatSpec::Nf => Ok(Format::Levels(LevelFormat::NormalFloat { bits: required("nf")? })),
            FormatSpec::Sf => Ok(Format::Levels(LevelFormat::StudentFloat { bits: required("sf")? })),
            FormatSpec::Ternary(scale) => levels(LevelFormat::Ternary(scale)),
            FormatSpec::PowerOfTwo => {
                Ok(Format::Levels(LevelFormat::PowerOfTwo { bits: required("power-of-two")? }))
            }
            FormatSpec::AdditivePowerOfTwo => {
                let bits = required("additive-power-of-two")?;
                Ok(Format::Levels(LevelFormat::AdditivePowerOfTwo { bits }))
            }
            FormatSpec::Mxfp8E4m3 => return mx("mxfp8-e4m3", Minifloat::E4M3),
            FormatSpec::Mxfp8E5m2 => return mx("mxfp8-e5m2", Minifloat::E5M2),
            FormatSpec::Mxfp6E3m2 => return mx("mxfp6-e3m2", Minifloat::E3M2),
            FormatSpec::Mxfp6E2m3 => return mx("mxfp6-e2m3", Minifloat::E2M3),
            FormatSpec::Mxfp4 => return mx("mxfp4", Minifloat::E2M1),
            FormatSpec::Mxint8 => return Ok(Meaning::Preset("mxint8", presets::mx_int8())),
            FormatSpec::Nvfp4 => return Ok(Meaning::Preset("nvfp4", presets::nvfp4())),
            FormatSpec::Nf4 => return Ok(Meaning::Preset("nf4", presets::nf4())),
            FormatSpec::Q4_0 => return gguf(GgufType::Q4_0, "q4_0"),
            FormatSpec::Q4_1 => return gguf(GgufType::Q4_1, "q4_1"),
            FormatSpec::Q5_0 => return gguf(GgufType::Q5_0, "q5_0"),
            FormatSpec::Q5_1 => return gguf(GgufType::Q5_1, "q5_1"),
            FormatSpec::Q8_0 => return gguf(GgufType::Q8_0, "q8_0"),
        };
        format.map(Meaning::Format)
    }

    /// The axes that the file sets besides format and bits, with their values.
    fn given(&self) -> impl Iterator<Item = (SchemeAxis, String)> {
        fn entry<T: fmt::Display>(axis: SchemeAxis, value: Option<T>) -> Option<(SchemeAxis, String)> {
            value.map(|value| (axis, value.to_string()))
        }
        [
            entry(SchemeAxis::Symmetry, self.symmetry),
            entry(SchemeAxis::ZeroPoint, self.zero_point),
            entry(SchemeAxis::Codes, self.codes),
            entry(SchemeAxis::CodeRange, self.code_range),
            entry(SchemeAxis::Granularity, self.granularity),
            entry(SchemeAxis::ScaleFormat, self.scale_format),
            entry(SchemeAxis::CodebookFormat, self.codebook_format),
            entry(SchemeAxis::Range, self.range),
            entry(SchemeAxis::Rounding, self.rounding),
            entry(SchemeAxis::Outliers, self.outliers),
        ]
        .into_iter()
        .flatten()
    }
}

impl fmt::Display for SymmetrySpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Symmetric => "symmetric",
            Self::Asymmetric => "asymmetric",
        })
    }
}
