//! How a file spells a format.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spelling;

use super::bounded::{Centroids, ExponentBits, MantissaBits, Stages, Subvectors, Width};
use super::codebook_layout::{CentroidSearch, CodebookLayout, Partition};
use super::format::Format;
use super::gguf_type::GgufType;
use super::level_format::{LevelFormat, TernaryScale};
use super::minifloat::Minifloat;

/// The kind of element as a file spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum FormatSpec {
    /// Integers on an even grid, of any number of `bits`.
    #[default]
    Int,
    /// IEEE 754 binary16, without scales.
    F16,
    /// bfloat16, without scales.
    Bf16,
    /// A codebook of values, or of sub-vectors.
    Vq {
        /// Entries of the codebook.
        centroids: Centroids,
        /// Neighbouring values of a row that one code stands for.
        #[schemars(extend("default" = Width::default()))]
        #[serde(default, skip_serializing_if = "spelling::is_neutral")]
        width: Width,
        /// How the centroids of single values are found; only where `width` is 1.
        #[schemars(extend("default" = CentroidSearch::default()))]
        #[serde(default, skip_serializing_if = "spelling::is_neutral")]
        clustering: CentroidSearch,
    },
    /// A codebook of sub-vectors for each part of a row.
    Pq {
        /// Parts that a row is split into.
        subvectors: Subvectors,
        /// Entries of each codebook.
        centroids: Centroids,
    },
    /// A codebook of sub-vectors for each stage, each for what the stages before it left.
    Residual {
        /// Centroids that are added up.
        stages: Stages,
        /// Entries of each codebook.
        centroids: Centroids,
        /// Neighbouring values of a row that one code stands for.
        #[schemars(extend("default" = Width::default()))]
        #[serde(default, skip_serializing_if = "spelling::is_neutral")]
        width: Width,
    },
    /// DoReFa-Net's weight function, of any number of `bits`.
    Dorefa,
    /// WRPN's weight function, of at least 2 `bits`.
    Wrpn,
    /// OCP FP8 E4M3 (without infinity).
    #[serde(rename = "fp8-e4m3")]
    Fp8E4m3,
    /// OCP FP8 E5M2, saturating.
    #[serde(rename = "fp8-e5m2")]
    Fp8E5m2,
    /// OCP FP6 E3M2.
    #[serde(rename = "fp6-e3m2")]
    Fp6E3m2,
    /// OCP FP6 E2M3.
    #[serde(rename = "fp6-e2m3")]
    Fp6E2m3,
    /// OCP FP4 E2M1.
    #[serde(rename = "fp4-e2m1")]
    Fp4E2m1,
    /// A float of at most 8 bits, whose every code is a number.
    Fp {
        /// Bits of the exponent.
        exponent: ExponentBits,
        /// Bits of the mantissa.
        mantissa: MantissaBits,
    },
    /// NormalFloat of 2 to 8 `bits`: quantiles of the normal distribution.
    Nf,
    /// Student Float of 2 to 8 `bits`: quantiles of Student's t distribution.
    Sf,
    /// -1, 0 and 1, times a scale.
    Ternary(TernaryScale),
    /// 0 and powers of two, of 2 to 8 `bits`.
    PowerOfTwo,
    /// 0 and sums of powers of two, of 3 to 7 `bits`.
    AdditivePowerOfTwo,
    /// Preset: MXFP8, blocks of 32 E4M3 floats that share a power of two.
    #[serde(rename = "mxfp8-e4m3")]
    Mxfp8E4m3,
    /// Preset: MXFP8, blocks of 32 E5M2 floats that share a power of two.
    #[serde(rename = "mxfp8-e5m2")]
    Mxfp8E5m2,
    /// Preset: MXFP6, blocks of 32 E3M2 floats that share a power of two.
    #[serde(rename = "mxfp6-e3m2")]
    Mxfp6E3m2,
    /// Preset: MXFP6, blocks of 32 E2M3 floats that share a power of two.
    #[serde(rename = "mxfp6-e2m3")]
    Mxfp6E2m3,
    /// Preset: MXFP4, blocks of 32 E2M1 floats that share a power of two.
    Mxfp4,
    /// Preset: MXINT8, blocks of 32 integers of 8 bits that share a power of two.
    Mxint8,
    /// Preset: NVFP4, blocks of 16 E2M1 floats that share an E4M3 scale.
    Nvfp4,
    /// Preset: NormalFloat of 4 bits in blocks of 64.
    Nf4,
    /// Preset: GGUF's Q4_0, blocks of 32 codes of 4 bits with an f16 scale.
    #[serde(rename = "q4_0")]
    Q4_0,
    /// Preset: GGUF's Q4_1, blocks of 32 codes of 4 bits with an f16 scale and an f16 minimum.
    #[serde(rename = "q4_1")]
    Q4_1,
    /// Preset: GGUF's Q5_0, blocks of 32 codes of 5 bits with an f16 scale.
    #[serde(rename = "q5_0")]
    Q5_0,
    /// Preset: GGUF's Q5_1, blocks of 32 codes of 5 bits with an f16 scale and an f16 minimum.
    #[serde(rename = "q5_1")]
    Q5_1,
    /// Preset: GGUF's Q8_0, blocks of 32 codes of 8 bits with an f16 scale.
    #[serde(rename = "q8_0")]
    Q8_0,
}

impl FormatSpec {
    /// How a file spells a format, its number of bits aside; `None` of what no file can spell.
    pub(super) fn of(format: Format) -> Option<Self> {
        match format {
            Format::Integer { .. } => Some(Self::Int),
            Format::Float16 => Some(Self::F16),
            Format::BFloat16 => Some(Self::Bf16),
            Format::Codebook(layout) => Self::of_codebook(layout),
            Format::DoReFa { .. } => Some(Self::Dorefa),
            Format::Wrpn { .. } => Some(Self::Wrpn),
            Format::Levels(format) => Self::of_levels(format),
            Format::Gguf(GgufType::Q4_0) => Some(Self::Q4_0),
            Format::Gguf(GgufType::Q4_1) => Some(Self::Q4_1),
            Format::Gguf(GgufType::Q5_0) => Some(Self::Q5_0),
            Format::Gguf(GgufType::Q5_1) => Some(Self::Q5_1),
            Format::Gguf(GgufType::Q8_0) => Some(Self::Q8_0),
        }
    }

    fn of_codebook(layout: CodebookLayout) -> Option<Self> {
        let CodebookLayout { partition, stages, centroids, clustering } = layout;
        let is_single = stages == Stages::LEAST;
        match partition {
            Partition::Shared(width) if is_single => Some(Self::Vq { centroids, width, clustering }),
            Partition::Shared(width) => Some(Self::Residual { stages, centroids, width }),
            Partition::Own(subvectors) if is_single => Some(Self::Pq { subvectors, centroids }),
            Partition::Own(_) => None,
        }
    }

    fn of_levels(format: LevelFormat) -> Option<Self> {
        match format {
            LevelFormat::Minifloat(Minifloat::E4M3) => Some(Self::Fp8E4m3),
            LevelFormat::Minifloat(Minifloat::E5M2) => Some(Self::Fp8E5m2),
            LevelFormat::Minifloat(Minifloat::E3M2) => Some(Self::Fp6E3m2),
            LevelFormat::Minifloat(Minifloat::E2M3) => Some(Self::Fp6E2m3),
            LevelFormat::Minifloat(Minifloat::E2M1) => Some(Self::Fp4E2m1),
            LevelFormat::Minifloat(float) => {
                let (exponent, mantissa) = float.as_finite()?;
                Some(Self::Fp { exponent, mantissa })
            }
            LevelFormat::NormalFloat { .. } => Some(Self::Nf),
            LevelFormat::StudentFloat { .. } => Some(Self::Sf),
            LevelFormat::Ternary(scale) => Some(Self::Ternary(scale)),
            LevelFormat::PowerOfTwo { .. } => Some(Self::PowerOfTwo),
            LevelFormat::AdditivePowerOfTwo { .. } => Some(Self::AdditivePowerOfTwo),
        }
    }
}
