//! Every spelling of a format in every named experiment that trains a model.

use bitsweep::plan::Plan;
use bitsweep::registry::EXPERIMENTS;
use bitsweep_experiment::config::Document;
use bitsweep_quant::SchemeSpec;

use crate::harness::{measures, run_plan, scores};

/// One scheme for each spelling of `format`, named first.
const SPELLINGS: [(&str, &str); 34] = [
    ("int", "{ bits = 4 }"),
    ("f16", "{ format = 'f16' }"),
    ("bf16", "{ format = 'bf16' }"),
    ("vq", "{ format = { vq = { centroids = 4 } } }"),
    ("pq", "{ format = { pq = { subvectors = 2, centroids = 4 } } }"),
    ("residual", "{ format = { residual = { stages = 2, centroids = 2, width = 2 } } }"),
    ("dorefa", "{ format = 'dorefa', bits = 4 }"),
    ("wrpn", "{ format = 'wrpn', bits = 4 }"),
    ("fp8-e4m3", "{ format = 'fp8-e4m3' }"),
    ("fp8-e5m2", "{ format = 'fp8-e5m2' }"),
    ("fp6-e3m2", "{ format = 'fp6-e3m2' }"),
    ("fp6-e2m3", "{ format = 'fp6-e2m3' }"),
    ("fp4-e2m1", "{ format = 'fp4-e2m1' }"),
    ("fp", "{ format = { fp = { exponent = 2, mantissa = 2 } } }"),
    ("nf", "{ format = 'nf', bits = 3 }"),
    ("sf", "{ format = 'sf', bits = 3 }"),
    ("ternary", "{ format = { ternary = 'least-error' } }"),
    ("power-of-two", "{ format = 'power-of-two', bits = 4 }"),
    ("additive-power-of-two", "{ format = 'additive-power-of-two', bits = 4 }"),
    ("mxfp8-e4m3", "{ format = 'mxfp8-e4m3' }"),
    ("mxfp8-e5m2", "{ format = 'mxfp8-e5m2' }"),
    ("mxfp6-e3m2", "{ format = 'mxfp6-e3m2' }"),
    ("mxfp6-e2m3", "{ format = 'mxfp6-e2m3' }"),
    ("mxfp4", "{ format = 'mxfp4' }"),
    ("mxint8", "{ format = 'mxint8' }"),
    ("nvfp4", "{ format = 'nvfp4' }"),
    ("nf4", "{ format = 'nf4' }"),
    ("q4_0", "{ format = 'q4_0' }"),
    ("q4_1", "{ format = 'q4_1' }"),
    ("q5_0", "{ format = 'q5_0' }"),
    ("q5_1", "{ format = 'q5_1' }"),
    ("q8_0", "{ format = 'q8_0' }"),
    ("asymmetric", "{ bits = 4, symmetry = 'asymmetric' }"),
    ("outliers", "{ bits = 4, outliers = { percent = 2 } }"),
];

#[test]
fn the_list_has_every_spelling_that_files_may_use() {
    let error = toml::from_str::<SchemeSpec>("format = 'no-such'").unwrap_err().to_string();
    let known: Vec<&str> = error.split('`').skip(3).step_by(2).collect();
    assert!(known.len() > 25, "{error}");
    for name in known {
        assert!(SPELLINGS.iter().any(|(spelling, _)| *spelling == name), "`{name}` is missing here");
    }
}

/// The experiment's task with all spellings in place of its own variants, one seed, two epochs.
fn with_all_spellings(text: &str) -> Option<String> {
    let mut table: toml::Table = text.parse().unwrap();
    table.contains_key("model").then(|| {
        for key in ["reproduce", "exclude", "zip", "quantize"] {
            table.remove(key);
        }
        table.insert("seed".to_owned(), toml::Value::Integer(1));
        if let Some(toml::Value::Table(train)) = table.get_mut("train") {
            train.insert("epochs".to_owned(), toml::Value::Integer(2));
        }
        let weights = SPELLINGS.map(|(_, scheme)| scheme).join(", ");
        let quantize: toml::Table = format!("quantize.weights = [{weights}]").parse().unwrap();
        table.extend(quantize);
        toml::to_string(&table).unwrap()
    })
}

#[test]
fn every_spelling_runs_in_every_experiment() {
    let mut units = 0;
    for (name, text) in EXPERIMENTS {
        let Some(text) = with_all_spellings(text) else { continue };
        let plan = Plan::new(name, &Document::new(name, &text, &[]));
        let plan = plan.unwrap_or_else(|error| panic!("{name}: {error}"));
        let records = run_plan(&plan).unwrap_or_else(|error| panic!("{name}: {error}"));
        let rows = records.results;
        units += plan.units.len();
        assert_eq!(rows.len(), plan.units.len() * (SPELLINGS.len() + 1), "{name}");
        for row in &rows {
            let label = plan.labels.get(&row.origin.variant);
            let (measures, macro_f1) = (measures(row), scores(row).macro_f1);
            assert!((0.0..=1.0).contains(&macro_f1.value), "{name}: {label}");
            assert!(macro_f1.low < macro_f1.high, "{name}: {label}");
            assert!(measures.error.mse.is_finite() && measures.size.total() > 0, "{name}: {label}");
            // Few weights may take fewer bytes than the scaler of the features.
            let bytes = measures.size.total() - measures.size.scaler;
            assert!(row.origin.is_float() || bytes < measures.size.float, "{name}: {label}");
        }
    }
    assert!(units > 20, "{units}");
}
