//! The table of combinations says what a file would be told.

use std::collections::HashSet;

use bitsweep_quant::estimator::{check_learned_step, check_straight_through};
use bitsweep_quant::{
    CalibrationMethod, Combination, Scheme, SchemeAxis, SchemeError, SchemeSpec, Verdict, combinations,
};

use crate::scheme;

/// The subjects of schemes, and how a file spells them.
const SUBJECTS: [(&str, &str); 21] = [
    ("int, symmetric", "bits = 4"),
    ("int, integer zero point", "bits = 4\nsymmetry = 'asymmetric'"),
    ("int, float zero point", "bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'float'"),
    ("int, minimum", "bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'minimum'"),
    ("int, 1 bit symmetric", "bits = 1"),
    ("int, 1 bit integer zero point", "bits = 1\nsymmetry = 'asymmetric'"),
    ("f16", "format = 'f16'"),
    ("bf16", "format = 'bf16'"),
    ("vq", "format = { vq = { centroids = 16 } }"),
    ("pq", "format = { pq = { subvectors = 2, centroids = 16 } }"),
    ("residual", "format = { residual = { stages = 2, centroids = 16 } }"),
    ("dorefa", "format = 'dorefa'\nbits = 4"),
    ("dorefa, 1 bit", "format = 'dorefa'\nbits = 1"),
    ("wrpn", "format = 'wrpn'\nbits = 4"),
    ("fp8, fp6, fp4, fp", "format = 'fp8-e4m3'"),
    ("nf, sf", "format = 'nf'\nbits = 4"),
    ("ternary", "format = { ternary = 'least-error' }"),
    ("power-of-two", "format = 'power-of-two'\nbits = 4"),
    ("additive-power-of-two", "format = 'additive-power-of-two'\nbits = 4"),
    ("q4_0, q5_0, q8_0", "format = 'q4_0'"),
    ("q4_1, q5_1", "format = 'q4_1'"),
];

fn spelled(subject: &str) -> SchemeSpec {
    let (_, toml) = SUBJECTS.iter().find(|(name, _)| *name == subject).unwrap();
    toml::from_str(toml).unwrap()
}

/// What a file says that makes the choice.
fn choice(row: &Combination) -> SchemeSpec {
    let value = match row.value {
        table if table.starts_with('{') => table.to_owned(),
        number if row.axis == SchemeAxis::Bits => number.to_owned(),
        name => format!("'{name}'"),
    };
    let asymmetric = if row.axis == SchemeAxis::ZeroPoint { "symmetry = 'asymmetric'\n" } else { "" };
    toml::from_str(&format!("{asymmetric}{} = {value}", row.axis)).unwrap()
}

/// A subject's spec with the choice in the place of its own; a symmetric one has no zero point to keep.
fn chosen(row: &Combination) -> SchemeSpec {
    let spec = spelled(&row.subject).with(&choice(row));
    let is_symmetric = row.axis == SchemeAxis::Symmetry && row.value == "symmetric";
    SchemeSpec { zero_point: spec.zero_point.filter(|_| !is_symmetric), ..spec }
}

fn of_schemes() -> Vec<Combination> {
    combinations().into_iter().filter(|row| SUBJECTS.iter().any(|(name, _)| *name == row.subject)).collect()
}

#[test]
fn every_pair_of_format_and_choice_is_in_the_table_once() {
    let rows = of_schemes();
    let pairs: HashSet<_> = rows.iter().map(|row| (row.subject.clone(), row.axis, row.value)).collect();
    let choices: HashSet<_> = rows.iter().map(|row| (row.axis, row.value)).collect();
    assert_eq!(pairs.len(), rows.len());
    assert_eq!(rows.len(), SUBJECTS.len() * choices.len());
    let axes: HashSet<_> = choices.iter().map(|(axis, _)| *axis).collect();
    assert_eq!(axes.len(), SchemeAxis::ALL.len() - 1, "all but the format itself");
}

#[test]
fn verdicts_are_what_a_file_would_be_told() {
    for row in of_schemes() {
        let told = chosen(&row).resolve();
        let holds = match (&row.verdict, &told) {
            (Verdict::Applies, Ok(_)) => true,
            (Verdict::Refused { because }, Err(error)) => *because == error.to_string(),
            (Verdict::DoesNotApply, Err(SchemeError::NotApplicable { axis, .. })) => {
                *axis == row.axis || (row.axis == SchemeAxis::ZeroPoint && *axis == SchemeAxis::Symmetry)
            }
            // The name of a block type says its bits and codes.
            (Verdict::DoesNotApply, Ok(_)) => row.subject.starts_with('q'),
            (Verdict::DoesNotApply, Err(SchemeError::Preset { axis, .. })) => *axis == row.axis,
            (Verdict::Applies, Err(_)) | (Verdict::Refused { .. }, Ok(_)) | (Verdict::DoesNotApply, _) => {
                false
            }
        };
        assert!(holds, "{row:?}\n{told:?}");
    }
}

#[test]
fn every_refusal_of_a_pair_is_in_the_table() {
    // All but that of a KL range at more than 8 bits, which takes two choices.
    let rows = of_schemes();
    let sentences: Vec<&str> = rows
        .iter()
        .filter_map(|row| match &row.verdict {
            Verdict::Refused { because } => Some(because.as_str()),
            Verdict::Applies | Verdict::DoesNotApply => None,
        })
        .collect();
    for part in [
        "cannot represent negative weights",
        "leaves a single code",
        "which are -s and +s",
        "whose scale is the mean magnitude",
        "which keep the sign",
        "is undefined for format `wrpn`",
        "bits are undefined for format",
        "merges a histogram into even levels",
        "compares even grids with plain parameters",
        "needs a symmetric range",
        "whose scale is a mean magnitude: expected at least 2 bits",
        "whose scale is a mean magnitude: expected another scale format",
        "would cut the rows",
        "needs a format with levels of its own size",
        "contradicts format `q4_0`",
    ] {
        assert!(sentences.iter().any(|sentence| sentence.contains(part)), "{part}");
    }
}

#[test]
fn methods_and_estimators_say_what_their_checks_say() {
    type Check = Box<dyn Fn(&Scheme) -> Result<(), String>>;
    let method = |name: &str| -> Check {
        let method: CalibrationMethod = serde_json::from_str(&format!("\"{name}\"")).unwrap();
        Box::new(move |scheme| method.check(scheme).map_err(|error| error.to_string()))
    };
    let mut checks: Vec<(String, Check)> = ["gptq", "adaround", "hqq", "greedy", "learned-scale"]
        .iter()
        .map(|name| (format!("method {name}"), method(name)))
        .collect();
    checks.push((
        "estimator straight-through".to_owned(),
        Box::new(|scheme| check_straight_through(scheme).map_err(|error| error.to_string())),
    ));
    checks.push((
        "estimator lsq".to_owned(),
        Box::new(|scheme| check_learned_step(scheme).map(|_| ()).map_err(|error| error.to_string())),
    ));
    let table = combinations();
    for (subject, check) in &checks {
        for (kind, toml) in SUBJECTS {
            let row = table.iter().find(|row| row.subject == *subject && row.value == kind).unwrap();
            let verdict = match check(&scheme(toml)) {
                Ok(()) => Verdict::Applies,
                Err(because) => Verdict::Refused { because },
            };
            assert_eq!(row.verdict, verdict, "{subject} {kind}");
        }
        // On a kind that the subject takes some choices combine with it and some do not.
        let rows = || table.iter().filter(|row| row.subject == *subject && row.axis != SchemeAxis::Format);
        assert!(rows().any(|row| row.verdict == Verdict::Applies), "{subject}");
        assert!(rows().any(|row| matches!(row.verdict, Verdict::Refused { .. })), "{subject}");
        assert!(rows().all(|row| row.verdict != Verdict::DoesNotApply), "{subject}");
    }
    assert!(table.iter().all(|row| {
        SUBJECTS.iter().any(|(name, _)| *name == row.subject)
            || checks.iter().any(|(subject, _)| *subject == row.subject)
    }));
}
