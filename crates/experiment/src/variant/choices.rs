//! A variant's value on every axis of the table of choices.

use bitsweep_quant::{
    ActivationMode, ActivationRange, FeatureNumbers, Granularity, Requantize, Rounding, Scheme, SchemeAxis,
    Symmetry,
};
use bitsweep_results::{Choice, Choices, Value};
use serde_json::{Map, Value as Json, json};

use super::{Activations, AwareTraining, Budget, CalibrationRows, Mixed, Start, Variant};
use crate::subject::Subject;

impl Variant {
    /// The value on every axis that applies to the variants of `subject`, as a file would spell it.
    pub fn choices(&self, subject: &Subject) -> Choices {
        let mut choices = Choices::default();
        let mut set = |choice: Choice, value: &Json| choices.set(choice, Value::from(value));
        for (axis, value) in self.scheme.axis_values() {
            set(choice_of(axis), &value);
        }
        if let Subject::Tensor(_) = subject {
            // A tensor by itself has rows and columns, but no channels.
            match self.scheme.granularity {
                Granularity::InputChannel => set(Choice::Granularity, &json!("row")),
                Granularity::OutputChannel => set(Choice::Granularity, &json!("column")),
                Granularity::Tensor | Granularity::Rows(_) | Granularity::Group(_) => {}
            }
            return choices;
        }
        set(Choice::Transform, &json!(self.transform));
        set(Choice::Biases, &json!(self.biases));
        set(Choice::Scaler, &json!(self.scaler));
        set(Choice::Method, &json!(self.calibration.method));
        set(Choice::BiasCorrection, &json!(self.calibration.bias_correction));
        if let Some(rows) = self.calibration.rows {
            set(Choice::Calibration, &rows_value(rows));
        }
        if !self.layers.is_empty() {
            set(Choice::Layers, &self.layers_value());
        }
        set(Choice::Allocation, &self.mixed.as_ref().map_or_else(|| json!("uniform"), allocation_value));
        if let Some(budget) = self.mixed.as_ref().and_then(|mixed| budget_value(mixed.budget)) {
            set(Choice::Budget, &budget);
        }
        if let Some(activations) = &self.activations {
            set(Choice::ActivationBits, &json!(activations.scheme.bits()));
            set(Choice::Activations, &self.activations_value(activations));
        }
        set(Choice::Training, &self.training.as_ref().map_or_else(|| json!("post-training"), training_value));
        choices
    }

    /// For each layer that has a scheme of its own the axes on which it differs from the others'.
    fn layers_value(&self) -> Json {
        let plain: Vec<(SchemeAxis, Json)> = self.scheme.axis_values().collect();
        let own = |scheme: &Scheme| -> Json {
            let axes = scheme.axis_values().filter(|axis| !plain.contains(axis));
            axes.map(|(axis, value)| (axis.name().to_owned(), value)).collect::<Map<_, _>>().into()
        };
        self.layers
            .iter()
            .map(|(layer, scheme)| (layer.to_string(), own(scheme)))
            .collect::<Map<_, _>>()
            .into()
    }

    /// The mode with what differs from the defaults; the bits have an axis of their own.
    fn activations_value(&self, activations: &Activations) -> Json {
        let codes = activations.scheme.codes();
        let mut settings = Map::new();
        let (mode, range) = match activations.scheme.mode() {
            ActivationMode::Static => ("static", ActivationRange::Block(codes.range)),
            ActivationMode::StaticAverage(average) => ("static", ActivationRange::MovingAverage(average)),
            ActivationMode::DynamicBatch(batch) => {
                settings.insert("batch".to_owned(), json!(batch));
                ("dynamic", ActivationRange::Block(codes.range))
            }
            ActivationMode::DynamicRow => {
                settings.insert("granularity".to_owned(), json!("row"));
                ("dynamic", ActivationRange::Block(codes.range))
            }
        };
        if range != ActivationRange::default() {
            settings.insert("range".to_owned(), json!(range));
        }
        if codes.symmetry == Symmetry::Symmetric {
            settings.insert("symmetry".to_owned(), json!("symmetric"));
        }
        if codes.rounding != Rounding::default() {
            settings.insert("rounding".to_owned(), json!(codes.rounding));
        }
        let requantize = activations.scheme.requantize();
        if requantize != Requantize::default() {
            settings.insert("requantize".to_owned(), json!(requantize));
        }
        let features = activations.scheme.features();
        if features != FeatureNumbers::default() {
            settings.insert("features".to_owned(), json!(features));
        }
        // Which rows static ranges are found on, where that is not a choice of calibration anyway.
        if let (Some(rows @ CalibrationRows::Drawn(_)), None) = (activations.rows, self.calibration.rows) {
            settings.insert("calibration".to_owned(), rows_value(rows));
        }
        if settings.is_empty() { json!(mode) } else { json!({ mode: settings }) }
    }
}

const fn choice_of(axis: SchemeAxis) -> Choice {
    match axis {
        SchemeAxis::Format => Choice::Format,
        SchemeAxis::Bits => Choice::Bits,
        SchemeAxis::Symmetry => Choice::Symmetry,
        SchemeAxis::ZeroPoint => Choice::ZeroPoint,
        SchemeAxis::Codes => Choice::Codes,
        SchemeAxis::CodeRange => Choice::CodeRange,
        SchemeAxis::Granularity => Choice::Granularity,
        SchemeAxis::ScaleFormat => Choice::ScaleFormat,
        SchemeAxis::CodebookFormat => Choice::CodebookFormat,
        SchemeAxis::Range => Choice::Range,
        SchemeAxis::Rounding => Choice::Rounding,
        SchemeAxis::Outliers => Choice::Outliers,
    }
}

fn rows_value(rows: CalibrationRows) -> Json {
    match rows {
        CalibrationRows::All => json!("all training rows"),
        CalibrationRows::Drawn(rows) => json!({ "rows": rows }),
    }
}

fn allocation_value(mixed: &Mixed) -> Json {
    let bits: Vec<u32> = mixed.candidates.iter().map(Scheme::bits).collect();
    json!({ mixed.objective.to_string(): bits })
}

/// The number of bits says how many bytes a uniform budget has.
fn budget_value(budget: Budget) -> Option<Json> {
    match budget {
        Budget::Uniform(_) => None,
        Budget::Bytes(bytes) => Some(json!({ "bytes": bytes })),
        Budget::BitsPerWeight(bits) => Some(json!({ "bits_per_weight": bits })),
        Budget::MacroF1Loss(loss) => Some(json!({ "macro_f1_loss": loss })),
        Budget::OutputError(error) => Some(json!({ "output_error": error })),
    }
}

/// The method with what differs from the defaults.
fn training_value(training: &AwareTraining) -> Json {
    let AwareTraining { method, start, epochs, learning_rate } = training;
    let mut settings = match json!(method) {
        Json::Object(method) => match method.into_values().next() {
            Some(Json::Object(settings)) => settings,
            Some(_) | None => Map::new(),
        },
        _ => Map::new(),
    };
    if *start != Start::default() {
        settings.insert("start".to_owned(), json!(start));
    }
    settings.extend(epochs.map(|epochs| ("epochs".to_owned(), json!(epochs))));
    settings.extend(learning_rate.map(|rate| ("learning_rate".to_owned(), json!(rate))));
    if settings.is_empty() { json!(method.name()) } else { json!({ method.name(): settings }) }
}
