//! The table of choices is complete, and its words are plain.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use bitsweep_results::{Choice, Value};

#[test]
fn each_choice_has_a_column_a_key_and_a_rank_of_its_own() {
    let described = Choice::ALL.map(Choice::description);
    let columns: BTreeSet<&str> = described.iter().map(|own| own.column).collect();
    let keys: BTreeSet<&str> = described.iter().map(|own| own.key).collect();
    let ranks: BTreeSet<u8> = described.iter().map(|own| own.rank).collect();
    assert_eq!([columns.len(), keys.len(), ranks.len()], [Choice::ALL.len(); 3]);
    assert_eq!(ranks.iter().map(|rank| usize::from(*rank)).max(), Some(Choice::ALL.len() - 1));
    for choice in Choice::ALL {
        assert_eq!(Choice::from_column(choice.column()), Some(choice));
        assert!(!choice.description().followers.contains(&choice));
        assert!(choice.description().key.starts_with("quantize."));
    }
    assert!(Choice::ALL.is_sorted());
    assert_eq!(Choice::from_column("colour"), None);
}

#[test]
fn values_read_as_words_within_a_label() {
    let words = |choice: Choice, json: &str| (choice.description().words)(&Value::from_json(json).unwrap());
    assert_eq!(words(Choice::Granularity, "\"output-channel\""), "per output channel");
    assert_eq!(words(Choice::Granularity, "{\"group\":16}"), "per group 16");
    assert_eq!(words(Choice::Granularity, "{\"rows\":4}"), "per 4 rows");
    assert_eq!(words(Choice::Granularity, "\"row\""), "per row");
    assert_eq!(words(Choice::ScaleFormat, "\"double\""), "double scale");
    assert_eq!(words(Choice::Calibration, "\"all\""), "calibrated on all training rows");
    assert_eq!(words(Choice::Calibration, "{\"rows\":64}"), "calibrated on 64 rows");
    assert_eq!(words(Choice::Calibration, "\"64 rows\""), "calibrated on 64 rows");
    assert_eq!(words(Choice::Budget, "{\"bytes\":900}"), "≤ 900 bytes");
    assert_eq!(words(Choice::Budget, "\"900 bytes\""), "≤ 900 bytes");
    assert_eq!(words(Choice::Budget, "{\"macro_f1_loss\":0.01}"), "macro-F1 loss ≤ 0.01");
    assert_eq!(words(Choice::Budget, "\"macro-F1 loss 0.01\""), "macro-F1 loss ≤ 0.01");
    assert_eq!(words(Choice::Transform, "\"none\""), "not equalized");
    assert_eq!(words(Choice::Biases, "\"keep\""), "biases kept");
    assert_eq!(words(Choice::Outliers, "{\"percent\":1}"), "1 % outliers");
}

#[test]
fn a_value_is_shown_without_the_marks_of_its_canonical_form() {
    let shown = |json: &str| Value::from_json(json).unwrap().to_string();
    assert_eq!(shown("\"a \\\"b\\\"\""), "a \"b\"");
    assert_eq!(shown("{\"gptq\":{\"act_order\":true,\"damp\":0.1}}"), "gptq(act order, damp 0.1)");
    assert_eq!(shown("[1,2]"), "1, 2");
    assert_eq!(shown("99.0"), "99");
    assert!(Value::from_json("gptq").is_err());
}
