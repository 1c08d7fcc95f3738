//! What a variant is picked for, and by which rule.

use std::fmt;

use bitsweep_metrics::Estimate;
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::numbers::bytes;

/// By which rule variants are picked.
///
/// ```toml
/// metric = "accuracy"
/// margin = 0.02
/// memory_margin = 0.05
/// confidence = 0.9
/// budget_bytes = 512
/// flash_bytes = 1200
/// ram_bytes = 100
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PickRule {
    /// What is not to be lost.
    pub metric: Metric,
    /// The largest loss of the balance pick against the float model, in units of the metric.
    #[schemars(range(min = 0, max = 1))]
    #[serde(deserialize_with = "margin")]
    pub margin: f64,
    /// The largest loss of the least-memory pick against the float model, in units of the metric.
    #[schemars(range(min = 0, max = 1))]
    #[serde(deserialize_with = "margin")]
    pub memory_margin: f64,
    /// The confidence of the one-sided bounds on losses.
    #[schemars(range(min = 0.5), extend("exclusiveMaximum" = 1))]
    #[serde(deserialize_with = "confidence")]
    pub confidence: f64,
    /// All bytes that a third pick, the best within a budget, may store; without it there is no such pick.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_bytes: Option<u64>,
    /// Bytes of code and constants that the pick for the device may take; those of the device by default, where it has a number of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flash_bytes: Option<u64>,
    /// Bytes of variables and stack that it may take; those of the device by default, where it has a number of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ram_bytes: Option<u64>,
}

fn margin<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let margin = f64::deserialize(deserializer)?;
    if (0.0..=1.0).contains(&margin) {
        // No negative zero.
        Ok(margin.abs())
    } else {
        Err(D::Error::custom(format!("`{margin}` is no margin of loss: expected a number from 0 to 1")))
    }
}

fn confidence<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let confidence = f64::deserialize(deserializer)?;
    if (0.5..1.0).contains(&confidence) {
        Ok(confidence)
    } else {
        Err(D::Error::custom(format!(
            "`{confidence}` is no confidence: expected a number from 0.5 to below 1"
        )))
    }
}

impl Default for PickRule {
    fn default() -> Self {
        Self {
            metric: Metric::MacroF1,
            margin: 0.01,
            memory_margin: 0.10,
            confidence: 0.95,
            budget_bytes: None,
            flash_bytes: None,
            ram_bytes: None,
        }
    }
}

impl PickRule {
    /// The confidence as a reader wants it: `95 %`.
    #[must_use]
    pub fn confidence_text(&self) -> String {
        // Percentages are rounded to where a configured fraction has its last digit.
        let percent = format!("{:.6}", self.confidence * 100.0);
        format!("{} %", percent.trim_end_matches('0').trim_end_matches('.'))
    }

    /// The bound below which a loss lies, no more than can be lost of a score.
    #[must_use]
    pub fn upper_bound(&self, loss: &Estimate) -> f64 {
        let bound = loss.upper_bound(self.confidence);
        if self.metric.is_cost() { bound } else { bound.min(1.0) }
    }

    /// The limits of the device: `1,200 bytes of flash and 100 bytes of RAM`; `None` without any.
    #[must_use]
    pub fn device_limits(&self) -> Option<String> {
        let limits = [(self.flash_bytes, "flash"), (self.ram_bytes, "RAM")];
        let limits = limits
            .into_iter()
            .filter_map(|(limit, what)| Some(format!("{} of {what}", bytes(limit? as f64))));
        let limits: Vec<String> = limits.collect();
        (!limits.is_empty()).then(|| limits.join(" and "))
    }

    /// The goals that this rule asks for, the first to be told first.
    pub fn goals(&self) -> impl Iterator<Item = Goal> {
        let budget = self.budget_bytes.map(|_| Goal::Budget);
        let device = self.flash_bytes.or(self.ram_bytes).map(|_| Goal::Device);
        [Goal::Balance, Goal::LeastMemory].into_iter().chain(budget).chain(device)
    }
}

/// What is not to be lost, on the test rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// The unweighted mean of the F1 of the classes that have test rows.
    #[serde(rename = "macro-f1")]
    MacroF1,
    /// Fraction of test rows classified correctly.
    Accuracy,
    /// Of the test rows of the class with this name, the fraction classified as such.
    Recall(String),
    /// Mean negative logarithm of the probability of the true class, in nats: less is better.
    LogLoss,
}

impl Metric {
    /// What a loss of it is called.
    #[must_use]
    pub fn loss_words(&self) -> String {
        if self.is_cost() { format!("rise of {self}") } else { format!("loss of {self}") }
    }

    /// Whether less is better.
    #[must_use]
    pub fn is_cost(&self) -> bool {
        *self == Self::LogLoss
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MacroF1 => formatter.write_str("macro-F1"),
            Self::Accuracy => formatter.write_str("accuracy"),
            Self::Recall(class) => write!(formatter, "recall of {class}"),
            Self::LogLoss => formatter.write_str("log loss"),
        }
    }
}

/// The wishes that a pick can serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// About as good as the float model, as small as that allows.
    Balance,
    /// As small as can be while still usable.
    LeastMemory,
    /// As good as can be within a number of bytes.
    Budget,
    /// As good as can be within the flash and the RAM of a device.
    Device,
}

impl Goal {
    /// Whether it is as good as can be within a limit; otherwise as small as can be within a margin.
    #[must_use]
    pub const fn has_limit(self) -> bool {
        match self {
            Self::Balance | Self::LeastMemory => false,
            Self::Budget | Self::Device => true,
        }
    }

    /// The largest loss the rule allows for this goal; within a limit the margin of the balance is what claims are about.
    #[must_use]
    pub fn margin(self, rule: &PickRule) -> f64 {
        match self {
            Self::Balance | Self::Budget | Self::Device => rule.margin,
            Self::LeastMemory => rule.memory_margin,
        }
    }

    /// The goal in words: `balance`, `least memory`, `budget`, `device`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Balance => "balance",
            Self::LeastMemory => "least memory",
            Self::Budget => "budget",
            Self::Device => "device",
        }
    }
}
