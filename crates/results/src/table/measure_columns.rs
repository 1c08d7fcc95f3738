//! The columns of what was measured.

use bitsweep_metrics::Interval;

use super::column::{Access, Column, Entry, PutFloat, column, count, derived, measure, set, whole};
use crate::measures::{CalibrationMeasures, Measures, Scores};

/// Bytes in a kilobyte, as the notebooks count.
const BYTES_PER_KB: f64 = 1024.0;

pub(super) fn scores() -> Vec<Column> {
    fn interval(names: [&'static str; 3], get: fn(&Scores) -> &Interval, put: [PutFloat; 3]) -> [Column; 3] {
        let part = |name, part: fn(&Interval) -> f64, put| {
            let get = move |entry: &Entry<'_>| {
                entry.row.measures()?.scores.as_ref().map(|scores| part(get(scores)))
            };
            column(name, Access::Float(Box::new(get), Some(put)))
        };
        [
            part(names[0], |interval| interval.value, put[0]),
            part(names[1], |interval| interval.low, put[1]),
            part(names[2], |interval| interval.high, put[2]),
        ]
    }
    let mut columns = Vec::from(interval(
        ["accuracy", "accuracy_low", "accuracy_high"],
        |scores| &scores.accuracy,
        [
            |draft, value| draft.scores().accuracy.value = value,
            |draft, value| draft.scores().accuracy.low = value,
            |draft, value| draft.scores().accuracy.high = value,
        ],
    ));
    columns.extend(interval(
        ["macro_f1", "macro_f1_low", "macro_f1_high"],
        |scores| &scores.macro_f1,
        [
            |draft, value| draft.scores().macro_f1.value = value,
            |draft, value| draft.scores().macro_f1.low = value,
            |draft, value| draft.scores().macro_f1.high = value,
        ],
    ));
    columns.extend([
        measure(
            "log_loss",
            |measures| Some(measures.scores.as_ref()?.log_loss),
            |draft, value| draft.scores().log_loss = value,
        ),
        measure(
            "brier",
            |measures| Some(measures.scores.as_ref()?.brier),
            |draft, value| draft.scores().brier = value,
        ),
        measure(
            "calibration_error",
            |measures| measures.scores.as_ref()?.calibration_error,
            |draft, value| draft.scores().calibration_error = Some(value),
        ),
        measure(
            "agreement",
            |measures| Some(measures.scores.as_ref()?.agreement),
            |draft, value| draft.scores().agreement = value,
        ),
        count(
            "lost",
            |measures| Some(measures.scores.as_ref()?.lost as u64),
            |draft, value| set(&mut draft.scores().lost, value),
        ),
        count(
            "gained",
            |measures| Some(measures.scores.as_ref()?.gained as u64),
            |draft, value| set(&mut draft.scores().gained, value),
        ),
        measure(
            "p_value",
            |measures| measures.scores.as_ref()?.p_value,
            |draft, value| draft.scores().p_value = Some(value),
        ),
    ]);
    columns.extend(against_float());
    columns
}

/// What the float model's own row does not have.
fn against_float() -> [Column; 11] {
    macro_rules! compared {
        ($name:ident) => {
            measure(
                stringify!($name),
                |measures| Some(measures.scores.as_ref()?.against_float.as_ref()?.$name),
                |draft, value| draft.against_float().$name = value,
            )
        };
    }
    macro_rules! perhaps {
        ($name:ident) => {
            measure(
                stringify!($name),
                |measures| measures.scores.as_ref()?.against_float.as_ref()?.$name,
                |draft, value| draft.against_float().$name = Some(value),
            )
        };
    }
    [
        compared!(macro_f1_p_value),
        compared!(kl_mean),
        perhaps!(kl_standard_error),
        compared!(kl_median),
        compared!(kl_p99),
        compared!(probability_change_rms),
        compared!(margin_change_mean),
        compared!(brier_change),
        perhaps!(brier_change_standard_error),
        perhaps!(calibration_change),
        perhaps!(calibration_change_standard_error),
    ]
}

pub(super) fn errors() -> Vec<Column> {
    /// Null where there is nothing to err.
    fn defined(error: f64) -> Option<f64> {
        Some(error).filter(|error| !error.is_nan())
    }
    vec![
        measure(
            "sse",
            |measures| defined(measures.error.sse),
            |draft, value| draft.measures.error.sse = value,
        ),
        measure(
            "mse",
            |measures| defined(measures.error.mse),
            |draft, value| draft.measures.error.mse = value,
        ),
        measure(
            "max_error",
            |measures| defined(measures.error.max_error),
            |draft, value| draft.measures.error.max_error = value,
        ),
        measure(
            "sqnr_db",
            |measures| defined(measures.error.sqnr_db),
            |draft, value| draft.measures.error.sqnr_db = value,
        ),
    ]
}

pub(super) fn calibration() -> Vec<Column> {
    fn own(measures: &Measures) -> Option<&CalibrationMeasures> {
        measures.calibration.as_ref()
    }
    vec![
        count(
            "calibration_rows",
            |measures| Some(own(measures)?.rows as u64),
            |draft, value| set(&mut draft.calibration().rows, value),
        ),
        count(
            "codes_changed",
            |measures| Some(own(measures)?.codes_changed as u64),
            |draft, value| set(&mut draft.calibration().codes_changed, value),
        ),
        measure(
            "proxy_loss_nearest",
            |measures| Some(own(measures)?.proxy_loss_nearest),
            |draft, value| draft.calibration().proxy_loss_nearest = value,
        ),
        measure(
            "proxy_loss",
            |measures| Some(own(measures)?.proxy_loss),
            |draft, value| draft.calibration().proxy_loss = value,
        ),
        measure(
            "clipped_activations",
            |measures| measures.clipped_activations,
            |draft, value| draft.measures.clipped_activations = Some(value),
        ),
    ]
}

pub(super) fn sizes() -> Vec<Column> {
    fn per_kb(measures: &Measures, bytes: u64) -> Option<f64> {
        let scores = measures.scores.as_ref()?;
        (bytes > 0).then(|| scores.macro_f1.value / (bytes as f64 / BYTES_PER_KB))
    }
    macro_rules! bytes {
        ($name:literal, $($field:ident).+) => {
            count(
                $name,
                |measures| Some(measures.size.$($field).+),
                |draft, value| set(&mut draft.measures.size.$($field).+, value),
            )
        };
    }
    vec![
        derived("bits_per_weight", |entry, measures| {
            let (size, bits) = (&measures.size, entry.baseline_bits?);
            (size.float > 0).then(|| size.total() as f64 * f64::from(bits) / size.float as f64)
        }),
        bytes!("payload_bytes", payload),
        derived("payload_kb", |_, measures| Some(measures.size.payload as f64 / BYTES_PER_KB)),
        bytes!("code_bytes", stored.codes),
        bytes!("scale_bytes", stored.scales),
        bytes!("zero_point_bytes", stored.zero_points),
        bytes!("codebook_bytes", stored.codebooks),
        bytes!("bias_bytes", biases),
        bytes!("scaler_bytes", scaler),
        bytes!("outlier_bytes", stored.outliers),
        bytes!("padding_bytes", stored.padding),
        whole("true_bytes", |entry| Some(entry.row.measures()?.size.total()), None),
        bytes!("float_bytes", float),
        derived("compression", |_, measures| {
            (measures.size.total() > 0).then(|| measures.size.compression())
        }),
        derived("macro_f1_per_payload_kb", |_, measures| per_kb(measures, measures.size.payload)),
        derived("macro_f1_per_kb", |_, measures| per_kb(measures, measures.size.total())),
    ]
}
