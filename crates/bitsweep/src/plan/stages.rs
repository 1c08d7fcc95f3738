//! The stages of a run, each with a version that counts the changes of its numbers.
//!
//! A key hashes the versions of the stages that lie behind a row. `tests/suite/fingerprints.rs` runs small inputs through each
//! stage: it fails when a stage's numbers change and its version does not.

use bitsweep_models::ClassWeights;
use bitsweep_quant::{
    ActivationMode, BiasCorrection, CalibrationMethod, FeatureNumbers, Format, Outliers, Range, Requantize,
    Rounding, ScaleFormat, Scheme, Transform,
};

use bitsweep_experiment::subject::{DataSource, SplitSpec, Subject, TrainedModel, TrainedSpec};
use bitsweep_experiment::variant::{GradientEstimator, ScalerUse, Variant};

macro_rules! stages {
    ($($(#[$documentation:meta])* $stage:ident = $name:literal, $version:literal;)*) => {
        /// A stage whose numbers have a version.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Stage {
            $($(#[$documentation])* $stage,)*
        }

        impl Stage {
            /// All stages.
            pub const ALL: &'static [Stage] = &[$(Stage::$stage),*];

            /// The stage as keys and fingerprints spell it.
            pub const fn name(self) -> &'static str {
                match self { $(Stage::$stage => $name,)* }
            }

            /// The version of the stage's numbers: raise it with every change of them.
            pub const fn version(self) -> u32 {
                match self { $(Stage::$stage => $version,)* }
            }
        }
    };
}

stages! {
    /// Columns and classes of a file.
    ReadTable = "read-table", 1;
    /// Features made of columns of text or with missing values.
    Encode = "encode", 2;
    /// Division into training and test rows.
    Split = "split", 1;
    /// Division into folds.
    KFold = "k-fold", 1;
    /// Validation rows.
    Validation = "validation", 1;
    /// Scaling of features.
    Scale = "scale", 2;
    /// First weights and training by gradient descent.
    Train = "train", 1;
    /// Logistic regression by a solver.
    FitLogistic = "fit-logistic", 1;
    /// Weights of classes, in either training.
    ClassWeights = "class-weights", 1;
    /// The scaler of the features folded into the first layer.
    FoldScaler = "fold-scaler", 1;
    /// Equalization by absolute maxima.
    AbsmaxEqualization = "absmax-equalization", 1;
    /// Cross-layer equalization.
    CrossLayerEqualization = "cross-layer-equalization", 2;
    /// SmoothQuant's scaling of inputs.
    Smooth = "smooth", 2;
    /// AWQ's scaling of inputs.
    Awq = "awq", 2;
    /// High-bias absorption.
    HighBiasAbsorption = "high-bias-absorption", 1;
    /// Even grids, with scales and zero points by smallest and largest value.
    Integer = "integer", 1;
    /// 16-bit floats.
    Float16 = "float16", 1;
    /// Codebooks.
    Codebook = "codebook", 1;
    /// DoReFa's weight function.
    Dorefa = "dorefa", 1;
    /// WRPN's weight function.
    Wrpn = "wrpn", 1;
    /// Formats that are tables of levels.
    Levels = "levels", 1;
    /// Block types of GGUF.
    Gguf = "gguf", 1;
    /// Scales in a format of their own.
    ScaleFormat = "scale-format", 2;
    /// Stochastic rounding.
    StochasticRounding = "stochastic-rounding", 1;
    /// Weights kept beside the codes.
    Outliers = "outliers", 1;
    /// Ranges by percentiles.
    PercentileRange = "percentile-range", 1;
    /// Ranges by least squared error.
    MseRange = "mse-range", 2;
    /// Ranges by Kullback-Leibler divergence.
    KlRange = "kl-range", 1;
    /// Ranges by output error.
    OutputMseRange = "output-mse-range", 2;
    /// The output error on calibration rows.
    Calibration = "calibration", 1;
    /// GPTQ.
    Gptq = "gptq", 1;
    /// AdaRound.
    AdaRound = "adaround", 1;
    /// HQQ.
    Hqq = "hqq", 1;
    /// Greedy descent.
    Greedy = "greedy", 1;
    /// Learned scales.
    LearnedScale = "learned-scale", 1;
    /// Empirical bias correction.
    EmpiricalBiasCorrection = "empirical-bias-correction", 1;
    /// Analytic bias correction.
    AnalyticBiasCorrection = "analytic-bias-correction", 1;
    /// Static quantization of layers' inputs.
    StaticActivations = "static-activations", 1;
    /// Dynamic quantization of layers' inputs.
    DynamicActivations = "dynamic-activations", 1;
    /// Layers in whole numbers.
    Requantize = "requantize", 1;
    /// Codes of features that are whole numbers.
    IntegerFeatures = "integer-features", 1;
    /// Bits chosen for each layer.
    Mixed = "mixed", 2;
    /// Straight-through training.
    StraightThrough = "straight-through", 1;
    /// Learned step sizes.
    Lsq = "lsq", 1;
    /// DoReFa's training.
    DorefaTraining = "dorefa-training", 1;
    /// WRPN's training.
    WrpnTraining = "wrpn-training", 1;
    /// PACT's training.
    Pact = "pact", 1;
    /// Predictions, scores and their intervals, errors of weights, bytes of the scaler, whether the float model has learned.
    Score = "score", 4;
}

/// The stages up to the float model of a subject.
pub fn unit_stages(subject: &Subject) -> Vec<Stage> {
    let Some((data, split)) = subject.rows() else { return Vec::new() };
    let mut stages = match &data.source {
        DataSource::Csv(_) => vec![Stage::ReadTable, Stage::Encode],
        DataSource::Wine | DataSource::Digits | DataSource::WineQuality => Vec::new(),
    };
    let (stage, validation) = match split {
        SplitSpec::Holdout(rule) => (Some(Stage::Split), rule.validation),
        SplitSpec::KFold(rule) => (Some(Stage::KFold), rule.validation),
        SplitSpec::Given | SplitSpec::TestOnly => (None, None),
    };
    stages.extend(stage);
    stages.extend(validation.map(|_| Stage::Validation));
    stages.push(Stage::Scale);
    if let Subject::Trained(TrainedSpec { model, .. }) = subject {
        stages.push(match model {
            TrainedModel::Mlp(..) | TrainedModel::SoftmaxRegression(..) => Stage::Train,
            TrainedModel::Logistic(_) => Stage::FitLogistic,
        });
        let (_, weights) = model.class_weights();
        stages.extend((*weights != ClassWeights::None).then_some(Stage::ClassWeights));
    }
    stages
}

/// The stages that a variant of a subject passes beyond those of its unit; `None` is the float baseline.
pub fn passed(subject: &Subject, variant: Option<&Variant>) -> Vec<Stage> {
    let mut stages = Vec::new();
    if let Some(variant) = variant {
        stages.extend((variant.scaler == ScalerUse::Fold).then_some(Stage::FoldScaler));
        of_schemes(variant, &mut stages);
        of_calibration(variant, &mut stages);
        stages.extend(variant.mixed.as_ref().map(|_| Stage::Mixed));
        stages.extend(variant.training.as_ref().map(|training| match training.method {
            GradientEstimator::StraightThrough => Stage::StraightThrough,
            GradientEstimator::Lsq => Stage::Lsq,
            GradientEstimator::Dorefa(_) => Stage::DorefaTraining,
            GradientEstimator::Wrpn(_) => Stage::WrpnTraining,
            GradientEstimator::Pact(_) => Stage::Pact,
        }));
        if let Some(activations) = &variant.activations {
            stages.push(match activations.scheme.mode() {
                ActivationMode::Static | ActivationMode::StaticAverage(_) => Stage::StaticActivations,
                ActivationMode::DynamicBatch(_) | ActivationMode::DynamicRow => Stage::DynamicActivations,
            });
            stages.extend(of_range(activations.scheme.codes().range));
            match activations.scheme.requantize() {
                Requantize::Float => {}
                Requantize::FixedPoint | Requantize::PowerOfTwo => stages.push(Stage::Requantize),
            }
            match activations.scheme.features() {
                FeatureNumbers::Float => {}
                FeatureNumbers::Integer => stages.push(Stage::IntegerFeatures),
            }
        }
    }
    if !matches!(subject, Subject::Tensor(_)) {
        stages.push(Stage::Score);
    }
    stages.sort_unstable();
    stages.dedup();
    stages
}

fn of_schemes(variant: &Variant, stages: &mut Vec<Stage>) {
    let candidates = variant.mixed.iter().flat_map(|mixed| &mixed.candidates);
    for scheme in [&variant.scheme].into_iter().chain(variant.layers.values()).chain(candidates) {
        let Scheme { format, scale_format, range, rounding, outliers, .. } = *scheme;
        stages.push(match format {
            Format::Integer { .. } => Stage::Integer,
            Format::Float16 | Format::BFloat16 => Stage::Float16,
            Format::Codebook(_) => Stage::Codebook,
            Format::DoReFa { .. } => Stage::Dorefa,
            Format::Wrpn { .. } => Stage::Wrpn,
            Format::Levels(_) => Stage::Levels,
            Format::Gguf(_) => Stage::Gguf,
        });
        stages.extend((scale_format != ScaleFormat::Float).then_some(Stage::ScaleFormat));
        stages.extend(of_range(range));
        stages.extend((rounding == Rounding::Stochastic).then_some(Stage::StochasticRounding));
        stages.extend((outliers != Outliers::None).then_some(Stage::Outliers));
    }
}

const fn of_range(range: Range) -> Option<Stage> {
    match range {
        Range::MinMax => None,
        Range::Percentile(_) => Some(Stage::PercentileRange),
        Range::Mse => Some(Stage::MseRange),
        Range::Kl => Some(Stage::KlRange),
        Range::OutputMse => Some(Stage::OutputMseRange),
    }
}

fn of_calibration(variant: &Variant, stages: &mut Vec<Stage>) {
    stages.extend(match variant.transform {
        Transform::None => None,
        Transform::AbsmaxEqualization => Some(Stage::AbsmaxEqualization),
        Transform::CrossLayerEqualization => Some(Stage::CrossLayerEqualization),
        Transform::Smooth(_) => Some(Stage::Smooth),
        Transform::Awq => Some(Stage::Awq),
        Transform::HighBiasAbsorption => Some(Stage::HighBiasAbsorption),
    });
    stages.extend(match variant.calibration.method {
        CalibrationMethod::Nearest => None,
        CalibrationMethod::Gptq(_) => Some(Stage::Gptq),
        CalibrationMethod::AdaRound(_) => Some(Stage::AdaRound),
        CalibrationMethod::Hqq(_) => Some(Stage::Hqq),
        CalibrationMethod::Greedy => Some(Stage::Greedy),
        CalibrationMethod::LearnedScale(_) => Some(Stage::LearnedScale),
    });
    stages.extend(match variant.calibration.bias_correction {
        BiasCorrection::None => None,
        BiasCorrection::Empirical => Some(Stage::EmpiricalBiasCorrection),
        BiasCorrection::Analytic => Some(Stage::AnalyticBiasCorrection),
    });
    stages.extend(variant.calibration.rows.map(|_| Stage::Calibration));
}
