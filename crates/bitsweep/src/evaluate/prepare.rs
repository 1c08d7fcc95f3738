//! Load → split → scale.

use bitsweep_datasets::{
    Dataset, Division, Encoder, Scaler, ScalingError, Split, SplitError, SplitStreams, divide_groups, encode,
    fit, holdout, k_fold,
};
use bitsweep_exchange::packed::FeatureScaling;
use bitsweep_models::Precision;
use bitsweep_random::Stream;
use ndarray::{Array1, Array2, Axis};

use bitsweep_results::{DatasetShape, FailureKind, Flag};

use super::stop::{At, Step, failed};
use crate::plan::Unit;
use bitsweep_experiment::subject::{SplitSpec, Subject};
use bitsweep_experiment::variant::CalibrationRows;

/// Rows to train on, rows to choose on and rows to score on, features scaled.
#[derive(Clone)]
pub(super) struct Prepared<'u> {
    pub(super) dataset: &'u Dataset,
    /// What made features of the columns.
    pub(super) encoder: Encoder,
    /// What features were scaled by.
    pub(super) scaler: Scaler,
    pub(super) train_features: Array2<f64>,
    pub(super) train_labels: Vec<usize>,
    /// Without a row where there are none to choose on.
    pub(super) validation_features: Array2<f64>,
    pub(super) validation_labels: Vec<usize>,
    pub(super) test_features: Array2<f64>,
    pub(super) test_labels: Vec<usize>,
    /// Their row numbers in the dataset.
    pub(super) split: Split,
    /// Number of test rows whose features stand among the training rows, too.
    pub(super) seen_rows: usize,
}

impl Prepared<'_> {
    /// The same rows, every scaled feature divided by its factor.
    pub(super) fn divided_by(&self, unit: &Unit, factors: &Array1<f32>) -> Step<Self> {
        let scaler = stored(unit, self.scaler.divided_by(&factors.mapv(f64::from)));
        let scaler = scaler.map_err(|error| error.in_names_of(self.dataset, self.encoder.names(), &[]));
        self.scaled_by(scaler.at(FailureKind::Transform)?)
    }

    /// The same rows with their features as they are, scaled by nothing.
    pub(super) fn unscaled(&self) -> Step<Self> {
        self.scaled_by(Scaler::None)
    }

    fn scaled_by(&self, scaler: Scaler) -> Step<Self> {
        let train = self.encoder.apply(self.dataset, &self.split.train);
        let scaled = Scaled::of(self.dataset, self.encoder.clone(), scaler, &self.split, &train);
        let Scaled { encoder, scaler, train, validation, test } = scaled.at(FailureKind::Transform)?;
        Ok(Self {
            dataset: self.dataset,
            encoder,
            scaler,
            train_features: train,
            train_labels: self.train_labels.clone(),
            validation_features: validation,
            validation_labels: self.validation_labels.clone(),
            test_features: test,
            test_labels: self.test_labels.clone(),
            split: self.split.clone(),
            seen_rows: self.seen_rows,
        })
    }

    /// Bytes that are stored to make the features that the model takes: [the encoder's](Encoder::stored_bytes) and
    /// [the scaler's](Scaler::stored_bytes).
    pub(super) fn feature_bytes(&self) -> u64 {
        self.encoder.stored_bytes() + self.scaler.stored_bytes()
    }

    /// What features are scaled by, as a file of a model has it.
    pub(super) fn feature_scaling(&self) -> FeatureScaling {
        let single = |numbers: &Array1<f64>| numbers.mapv(|number| number as f32);
        match &self.scaler {
            Scaler::None => FeatureScaling::None,
            Scaler::Divide(divisor) => FeatureScaling::Divide(*divisor as f32),
            Scaler::DivideEach(divisors) => FeatureScaling::DivideEach(single(divisors)),
            Scaler::Standard { mean, scale, constant } => FeatureScaling::Standard {
                mean: single(mean),
                scale: single(scale),
                constant: constant.clone(),
            },
        }
    }

    pub(super) fn classes(&self) -> usize {
        self.dataset.class_names.len()
    }

    pub(super) fn shape(&self) -> DatasetShape {
        DatasetShape {
            train_rows: self.train_labels.len(),
            validation_rows: self.validation_labels.len(),
            test_rows: self.test_labels.len(),
            seen_rows: self.seen_rows,
            features: self.train_features.ncols(),
            classes: self.classes(),
        }
    }

    /// Classes of which there is no test row and, where the model is trained here, those without a training row, as flags.
    pub(super) fn absent_classes(&self, unit: &Unit) -> Vec<Flag> {
        let (labels, classes) = (&self.dataset.labels, self.classes());
        let named = |absent: Vec<usize>| {
            let names = absent.iter().map(|&class| self.dataset.class_names[class].clone());
            (!absent.is_empty()).then(|| (absent.len(), names.take(Flag::NAMED_CLASSES).collect()))
        };
        let untested = named(self.split.classes_without_test_rows(labels, classes))
            .map(|(count, first)| Flag::UntestedClasses { count, first });
        let untrained = match unit.spec.subject {
            Subject::Trained(_) => named(self.split.classes_without_training_rows(labels, classes)),
            Subject::Given(_) | Subject::Tensor(_) => None,
        };
        let untrained = untrained.map(|(count, first)| Flag::UntrainedClasses { count, first });
        untested.into_iter().chain(untrained).collect()
    }

    /// The features of the calibration rows.
    pub(super) fn calibration_features(&self, unit: &Unit, rows: CalibrationRows) -> Step<Array2<f64>> {
        let features = &self.train_features;
        match rows {
            _ if features.nrows() == 0 => Err(failed(FailureKind::Data, NO_TRAINING_ROWS)),
            CalibrationRows::All => Ok(features.clone()),
            CalibrationRows::Drawn(rows) if rows.get() > features.nrows() => {
                Err(failed(FailureKind::Data, too_many_calibration_rows(rows.get(), features.nrows())))
            }
            CalibrationRows::Drawn(rows) => {
                let mut stream = stream(unit, "calibration")?;
                let drawn = stream.choice_without_replacement(features.nrows(), rows.get());
                Ok(features.select(Axis(0), &drawn))
            }
        }
    }
}

/// The stream of one stage of a unit.
pub(super) fn stream(unit: &Unit, stage: &str) -> Step<Stream> {
    Stream::new(unit.spec.rng, unit.spec.seed, stage).at(FailureKind::Data)
}

/// Why a variant that looks at training rows fails where all rows are test rows.
pub(crate) const NO_TRAINING_ROWS: &str =
    "all rows are test rows, and this looks at training rows: expected a `split`, such as `split.holdout`";

/// Why `rows` calibration rows cannot be drawn.
pub(crate) fn too_many_calibration_rows(rows: usize, train_rows: usize) -> String {
    format!("`calibration.rows = {rows}` but there are {train_rows} training rows: expected at most as many")
}

/// What keeps a unit from being evaluated, known before it is.
pub(crate) struct Fault {
    /// The key that asks for what cannot be.
    pub(crate) key: String,
    /// Why it cannot, in the dataset's names.
    pub(crate) reason: String,
}

/// Training, validation and test rows of a unit.
///
/// # Errors
/// Why they cannot be divided as asked.
pub(crate) fn split(unit: &Unit, dataset: &Dataset) -> Result<Split, Fault> {
    let Some((_, split)) = unit.spec.subject.rows() else {
        return Err(Fault { key: "split".to_owned(), reason: "the unit has no rows to split".to_owned() });
    };
    let streams = SplitStreams::new(unit.spec.rng, unit.spec.seed, unit.spec.fold.unwrap_or(0));
    let mut streams = streams.map_err(|error| Fault { key: "seed".to_owned(), reason: error.to_string() })?;
    let (labels, classes) = (&dataset.labels, dataset.classes());
    let mut of_rows = |labels: &[usize], classes: usize| match split {
        SplitSpec::Holdout(rule) => holdout(labels, classes, rule, &mut streams),
        SplitSpec::KFold(rule) => k_fold(labels, classes, rule, &mut streams),
        SplitSpec::Given => Err(SplitError::NotGiven),
        SplitSpec::TestOnly => {
            Ok(Split { train: Vec::new(), validation: Vec::new(), test: (0..labels.len()).collect() })
        }
    };
    let divided = match &dataset.division {
        Division::Given(split) => Ok(split.clone()),
        Division::Groups(groups) => divide_groups(groups, split.is_stratified(), of_rows),
        Division::Free => of_rows(labels, classes),
    };
    divided.map_err(|error| Fault {
        key: format!("{}.{}", split.table(), error.key()),
        reason: error.in_names_of(dataset),
    })
}

/// Scaled features, and what they were made and scaled by.
pub(crate) struct Scaled {
    pub(crate) encoder: Encoder,
    scaler: Scaler,
    pub(super) train: Array2<f64>,
    pub(super) validation: Array2<f64>,
    pub(super) test: Array2<f64>,
}

/// Features of the training, validation and test rows, scaled as the training rows are.
///
/// # Errors
/// When there is nothing to fill in, or they cannot be scaled, or are beyond `f32`, in the dataset's names.
pub(crate) fn scaled(unit: &Unit, dataset: &Dataset, split: &Split) -> Result<Scaled, String> {
    let Some((data, _)) = unit.spec.subject.rows() else {
        return Err("the unit has no features to scale".to_owned());
    };
    let encoder = encode(dataset, &split.train).map_err(|error| error.to_string())?;
    let train = encoder.apply(dataset, &split.train);
    let scaler = match unit.given().and_then(|given| given.scaler.clone()) {
        Some(scaler) => Ok(scaler),
        None => fit(&data.scale, train.view()),
    };
    let scaler = scaler
        .and_then(|scaler| stored(unit, scaler))
        .map_err(|error| error.in_names_of(dataset, encoder.names(), &split.train))?;
    Scaled::of(dataset, encoder, scaler, split, &train)
}

/// A scaler as it is stored beside the model, with which everything is then measured. In mixed precision features are scaled in
/// `f64`, as NumPy scales them; a file of such a model has the rounded scaler.
fn stored(unit: &Unit, scaler: Scaler) -> Result<Scaler, ScalingError> {
    match unit.precision() {
        Precision::Single => scaler.single(),
        Precision::Mixed => Ok(scaler),
    }
}

impl Scaled {
    /// Scales the features of all rows; `train` are those of the training rows as they are.
    fn of(
        dataset: &Dataset,
        encoder: Encoder,
        scaler: Scaler,
        split: &Split,
        train: &Array2<f64>,
    ) -> Result<Self, String> {
        let scale = |features: &Array2<f64>, rows: &[usize]| {
            scaler.apply(features.view()).map_err(|error| error.in_names_of(dataset, encoder.names(), rows))
        };
        let of_rows = |rows: &[usize]| scale(&encoder.apply(dataset, rows), rows);
        let (train, validation, test) =
            (scale(train, &split.train)?, of_rows(&split.validation)?, of_rows(&split.test)?);
        Ok(Self { train, validation, test, scaler, encoder })
    }
}

/// Splits and scales the rows of a unit that has a dataset.
pub(super) fn prepare<'u>(unit: &Unit, dataset: &'u Dataset) -> Step<Prepared<'u>> {
    let split = split(unit, dataset).map_err(|error| error.reason).at(FailureKind::Data)?;
    let Scaled { encoder, scaler, train, validation, test } =
        scaled(unit, dataset, &split).at(FailureKind::Data)?;
    let labels = |rows: &[usize]| rows.iter().map(|&row| dataset.labels[row]).collect();
    Ok(Prepared {
        dataset,
        encoder,
        scaler,
        train_features: train,
        train_labels: labels(&split.train),
        validation_features: validation,
        validation_labels: labels(&split.validation),
        test_features: test,
        test_labels: labels(&split.test),
        seen_rows: split.seen_rows(dataset.values.view()),
        split,
    })
}
