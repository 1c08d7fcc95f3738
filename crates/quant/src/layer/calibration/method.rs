//! The ways to choose codes, as a file names them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::scheme::{Format, Granularity, Outliers, Range, Rounding, Scheme, Symmetry, ZeroPoint};
use crate::spelling::{NameOrTable, name_or_table};

use super::MAX_ITERATIONS;
use super::adaround::AdaRound;
use super::error::CalibrationError;
use super::gptq::Gptq;
use super::hqq::Hqq;
use super::learned_scale::LearnedScale;

/// How codes are chosen.
///
/// All but `nearest` choose among the codes of an integer format with a scale, on the calibration rows.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "lowercase")]
#[schemars(extend("x-name-alone" = true))]
pub enum CalibrationMethod {
    /// Each weight [by itself](crate::quantize), as the scheme says.
    #[default]
    Nearest,
    /// Input by input, later inputs making up for earlier errors.
    Gptq(Gptq),
    /// Up or down, learned for each weight.
    AdaRound(AdaRound),
    /// The zero point that leaves few large errors; of schemes with `zero_point = "float"`.
    Hqq(Hqq),
    /// From nearest, the single step that lowers the output error most, until none does.
    Greedy,
    /// The scales of least output error that their gradient finds; of symmetric schemes.
    #[serde(rename = "learned-scale")]
    LearnedScale(LearnedScale),
}

impl CalibrationMethod {
    /// The most steps that a method may be asked for.
    pub const MAX_ITERATIONS: u32 = MAX_ITERATIONS;

    /// The name in TOML, without settings.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Gptq(_) => "gptq",
            Self::AdaRound(_) => "adaround",
            Self::Hqq(_) => "hqq",
            Self::Greedy => "greedy",
            Self::LearnedScale(_) => "learned-scale",
        }
    }

    /// Refuses settings that mean nothing and schemes that the method does not combine with.
    ///
    /// All but [`Nearest`](Self::Nearest) choose among the codes of an integer format with a scale, by a rule of their
    /// own; [`Hqq`](Self::Hqq) needs a float zero point, [`LearnedScale`](Self::LearnedScale) none.
    ///
    /// # Errors
    /// One sentence for the first contradiction found.
    pub fn check(&self, scheme: &Scheme) -> Result<(), CalibrationError> {
        self.check_settings()?;
        let method = self.name();
        if *self == Self::Nearest {
            return Ok(());
        }
        match scheme.format {
            Format::Integer { .. } => {}
            Format::Float16
            | Format::BFloat16
            | Format::Codebook(_)
            | Format::DoReFa { .. }
            | Format::Wrpn { .. }
            | Format::Levels(_)
            | Format::Gguf(_) => {
                return Err(CalibrationError::Format { method, format: scheme.format.to_string() });
            }
        }
        if scheme.is_binary() {
            return Err(CalibrationError::Binary { method });
        }
        match scheme.rounding {
            Rounding::NearestEven => {}
            Rounding::HalfAway | Rounding::Stochastic => {
                return Err(CalibrationError::Rounding { method, rounding: scheme.rounding });
            }
        }
        if let Some((axis, value)) = scheme.rounded_parameters() {
            return Err(CalibrationError::StoredParameters { method, axis: axis.name(), value });
        }
        if scheme.outliers != Outliers::None {
            return Err(CalibrationError::Outliers { method, outliers: scheme.outliers });
        }
        if matches!((self, scheme.granularity), (Self::Gptq(_), Granularity::Group(_)))
            && scheme.range == Range::OutputMse
        {
            return Err(CalibrationError::OutputRangeOfGroups);
        }
        if matches!(self, Self::LearnedScale(_)) && scheme.has_signed_scales() {
            return Err(CalibrationError::LearnedSign);
        }
        match (self, scheme.symmetry) {
            (
                Self::Hqq(_),
                Symmetry::Symmetric | Symmetry::Asymmetric(ZeroPoint::Integer | ZeroPoint::Minimum),
            ) => Err(CalibrationError::ZeroPoint),
            (Self::LearnedScale(_), Symmetry::Asymmetric(_)) => Err(CalibrationError::LearnedZeroPoint),
            (Self::Hqq(_), Symmetry::Asymmetric(ZeroPoint::Float))
            | (Self::LearnedScale(_), Symmetry::Symmetric)
            | (Self::Nearest | Self::Gptq(_) | Self::AdaRound(_) | Self::Greedy, _) => Ok(()),
        }
    }

    fn check_settings(&self) -> Result<(), CalibrationError> {
        let require = |valid: bool, key, value: &dyn fmt::Debug, expected| {
            if valid {
                Ok(())
            } else {
                let (method, value) = (self.name(), format!("{value:?}"));
                Err(CalibrationError::Setting { method, key, value, expected })
            }
        };
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let countable = |iterations: &u32| {
            let valid = (1..=Self::MAX_ITERATIONS).contains(iterations);
            require(valid, "iterations", iterations, "a number of steps from 1 to 1000000")
        };
        match self {
            Self::Nearest | Self::Greedy => Ok(()),
            Self::Gptq(Gptq { act_order: _, damp }) => {
                require((0.0..=1.0).contains(damp), "damp", damp, "a number from 0 to 1")
            }
            Self::AdaRound(AdaRound { iterations, learning_rate, regularization }) => {
                countable(iterations)?;
                require(positive(*learning_rate), "learning_rate", learning_rate, "a finite number above 0")?;
                require(
                    *regularization == 0.0 || positive(*regularization),
                    "regularization",
                    regularization,
                    "a finite number, 0 or above",
                )
            }
            Self::Hqq(Hqq { norm, beta, kappa, iterations }) => {
                require(*norm > 0.0 && *norm < 1.0, "norm", norm, "a number above 0 and below 1")?;
                require(positive(*beta), "beta", beta, "a finite number above 0")?;
                require((1.0..=10.0).contains(kappa), "kappa", kappa, "a number from 1 to 10")?;
                countable(iterations)
            }
            Self::LearnedScale(LearnedScale { iterations, learning_rate }) => {
                countable(iterations)?;
                require(
                    positive(*learning_rate) && *learning_rate <= 1.0,
                    "learning_rate",
                    learning_rate,
                    "a number above 0 and at most 1",
                )
            }
        }
    }
}

impl Serialize for CalibrationMethod {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (of, name) = ("CalibrationMethod", self.name());
        match self {
            Self::Nearest | Self::Greedy => serializer.serialize_str(name),
            Self::Gptq(settings) => name_or_table(serializer, of, 1, name, settings),
            Self::AdaRound(settings) => name_or_table(serializer, of, 2, name, settings),
            Self::Hqq(settings) => name_or_table(serializer, of, 3, name, settings),
            Self::LearnedScale(settings) => name_or_table(serializer, of, 5, name, settings),
        }
    }
}

impl<'de> Deserialize<'de> for CalibrationMethod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a method's name, or a table such as { gptq = { act_order = true } }";
        Self::deserialize(NameOrTable::new(deserializer, expected))
    }
}
