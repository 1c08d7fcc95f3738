#[test]
fn features_have_their_codes() {
    for (row, (features, codes)) in FEATURES_OF_ROWS.iter().zip(&CODES_OF_ROWS).enumerate() {
        assert_eq!(encode(features), *codes, "row {row}");
    }
}

#[test]
fn codes_have_their_outputs() {
    for (row, (codes, expected)) in CODES_OF_ROWS.iter().zip(&OUTPUTS_OF_ROWS).enumerate() {
        assert_eq!(outputs(codes), *expected, "row {row}");
    }
}

#[test]
fn codes_have_their_classes() {
    for (row, (codes, class)) in CODES_OF_ROWS.iter().zip(&CLASSES_OF_ROWS).enumerate() {
        assert_eq!(predict(codes), *class, "row {row}");
    }
}
